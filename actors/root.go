package actors

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/events"
	"github.com/gwaycc/supd/supervisor/logs"
)

// root owns the generations of the configuration, which groups there are, and the order in which groups start and stop.
type root struct {
	keepChildren
	latest  *atomic.Pointer[confload.Config] // the configuration read last
	control *actor.PID

	groups   map[string]*actor.PID
	changing map[string]*actor.PID // group that is to become another one → who asked for that
	updates  []*updater            // updates that were asked for; the first is being carried out by updating
	updating *actor.PID
	unready  map[string]asker      // groups that are being made → who asked for them
	ready    []*groupEntry         // groups that are made and not in the table yet
	came     int                   // how many groups were made
	fresh    []*groupEntry         // groups that are ready and not told to the event center, as those made before are not ready
	spawner  *actor.PID            // Spawn, which waits until the first groups are made
	queue    []queued              // groups whose programs are still to be started, in order; the first is being started
	removing map[string]*actor.PID // group → who asked for its removal
	removed  map[string]uint64     // group that is being removed → number of the record of that
	rereads  []asker               // who waits for the configuration
	stopping []stage               // what is still to stop, in order; the first is being stopped
	autorun  bool
	read     reading // what the last reread has found
	ending   uint64  // number of the record of the shutdown
	report   timer   // the next waitingReport; nil none
}

// queued is a group whose programs are to be started, and the record of what for.
type queued struct {
	name  string
	cause uint64
}

// waitingReportEvery is how often the programs are listed that a shutdown waits for (compat.md §3.8).
const waitingReportEvery = 3 * time.Second

// Receive implements actor.Actor.
func (r *root) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		r.groups, r.removing, r.unready = map[string]*actor.PID{}, map[string]*actor.PID{}, map[string]asker{}
		r.removed, r.changing = map[string]uint64{}, map[string]*actor.PID{}
		r.tree.events = ctx.Spawn(r.tree.props(func() actor.Actor { return &eventCenter{tree: r.tree} }, r.tree.depths.events.counted()))
		r.control = ctx.Spawn(r.tree.props(func() actor.Actor { return &control{keepChildren{r.tree}} }, r.tree.depths.control.counted()))
		cfg := r.latest.Load()
		for i := range cfg.Groups {
			r.spawnGroup(ctx, &cfg.Groups[i], asker{})
		}
	case *awaitReady:
		r.spawner = ctx.Sender()
		r.tellSpawner(ctx)
	case *groupReady:
		r.groupReady(ctx, m.entry)
	case *launchAll:
		if !r.autorun {
			r.tree.publish(events.SupervisorStateChangeRunning, events.SupervisorRunning)
		}
		r.autorun = true
		cause := r.tree.recordBegin()
		for _, g := range r.tree.table.tops() {
			r.enqueue(ctx, g.config.Name, cause)
		}
	case *groupLaunched:
		r.dequeue(ctx, m.name)
	case *Reread:
		r.reread(ctx, m)
	case *configLoaded:
		r.configLoaded(ctx, m)
	case *AddGroup:
		r.add(ctx, m)
	case *socketsTried:
		r.socketsTried(ctx, m)
	case *RemoveGroup:
		r.remove(ctx, m)
	case *Update:
		r.update(ctx, m)
	case *relink:
		r.relink(ctx, m.cause)
		ctx.Respond(done)
	case *changeGroup:
		r.changeGroup(ctx, m)
	case *regrouped:
		r.regrouped(ctx, m)
	case *SetEnv:
		r.tree.setEnv(m.Name, m.Value)
		ctx.Respond(done)
	case *ReopenLogs:
		r.tellGroups(ctx, m)
	case *ShutDown:
		r.shutDown(ctx, m)
	case *groupDown:
		if len(r.stopping) > 0 && r.stopping[0].group == m.name {
			r.stopping = r.stopping[1:]
			r.stopNext(ctx)
		}
	case *waitingReport:
		r.reportWaiting(ctx)
	case *actor.Terminated:
		if m.Who.Equal(r.tree.events) {
			ctx.Stop(ctx.Self())
			return
		}
		if m.Who.Equal(r.updating) {
			r.updated(ctx)
			return
		}
		r.groupGone(ctx, m)
	case *actor.Stopping:
		if r.report != nil {
			r.report.Stop()
		}
	case *actor.Stopped:
		r.tree.mailboxes.Close()
		close(r.tree.stopped)
	}
}

// An asker is who asked for something and waits for the answer.
type asker struct {
	pid    *actor.PID // nil: nobody
	client string     // for the history; "" nobody knows
	down   bool       // the programs of the group stay down
}

// spawnGroup makes a group; by gets the answer when its programs can be asked.
func (r *root) spawnGroup(ctx actor.Context, cfg *confload.Group, by asker) {
	r.came++
	e := newGroupEntry(cfg, r.came)
	if by.pid != nil {
		e.cause = r.recordAdded(cfg.Name, by.client)
	}
	pid, err := ctx.SpawnNamed(r.tree.props(func() actor.Actor { return newGroup(r.tree, e) }), "group-"+cfg.Name)
	if err != nil {
		logs.Critical(r.tree.logger, "group %s cannot be made: %v", logs.Clean(cfg.Name), err)
		if by.pid != nil {
			ctx.Send(by.pid, &Fault{Failed, err.Error()})
		}
		return
	}
	r.groups[cfg.Name] = pid
	r.unready[cfg.Name] = by
}

func (r *root) groupReady(ctx actor.Context, e *groupEntry) {
	name := e.config.Name
	by := r.unready[name]
	delete(r.unready, name)
	r.ready = append(r.ready, e)
	if by.pid != nil || len(r.unready) == 0 { // the first ones all at once: sorting all groups anew for each takes long
		r.tree.table.add(r.ready...)
		r.ready = nil
	}
	r.relink(ctx, e.cause)
	r.askMembers(ctx, e)
	r.announce(ctx, e)
	if by.pid != nil {
		if !by.down && r.autorun && r.tree.currentMood() == MoodRunning {
			r.enqueue(ctx, name, e.cause)
		}
		ctx.Send(by.pid, done)
	}
	r.tellSpawner(ctx)
}

// announce tells the event center of new groups, in the order in which they were made: the first ones when all are ready.
func (r *root) announce(ctx actor.Context, e *groupEntry) {
	r.fresh = append(r.fresh, e)
	if len(r.unready) > 0 {
		return
	}
	r.listen()
	slices.SortFunc(r.fresh, func(a, b *groupEntry) int { return cmp.Compare(a.came, b.came) })
	for _, e := range r.fresh {
		ctx.Send(r.tree.events, &groupAdded{e})
	}
	r.fresh = nil
}

// listen lets everybody know which events are worth making. It comes before anything that could happen to a new group.
func (r *root) listen() {
	var wanted events.Set
	for _, g := range *r.tree.table.groups.Load() {
		if l := g.config.Listener; l != nil {
			set, _ := events.SubscribeNames(l.Events) // the event center complains about a bad name
			wanted |= set
		}
	}
	r.tree.wanted.Store(uint64(wanted))
}

func (r *root) tellSpawner(ctx actor.Context) {
	if len(r.unready) == 0 && r.spawner != nil {
		ctx.Send(r.spawner, r.control)
		r.spawner = nil
	}
}

// enqueue has the programs of a group started when those of the groups before it were.
func (r *root) enqueue(ctx actor.Context, name string, cause uint64) {
	r.queue = append(r.queue, queued{name, cause})
	if len(r.queue) == 1 {
		ctx.Send(r.groups[name], &launchAll{cause})
	}
}

func (r *root) dequeue(ctx actor.Context, name string) {
	if len(r.queue) == 0 || r.queue[0].name != name {
		return
	}
	for r.queue = r.queue[1:]; len(r.queue) > 0; r.queue = r.queue[1:] {
		if pid := r.groups[r.queue[0].name]; pid != nil {
			ctx.Send(pid, &launchAll{r.queue[0].cause})
			return
		}
	}
}

// reread loads the configuration beside the mailbox and answers in configLoaded.
func (r *root) reread(ctx actor.Context, m *Reread) {
	if r.tree.load == nil {
		ctx.Respond(&Fault{CantReread, "there is no file to read"})
		return
	}
	r.rereads = append(r.rereads, asker{pid: ctx.Sender(), client: m.By})
	if len(r.rereads) > 1 {
		return // answered one after the other, each with a configuration of its own
	}
	r.loadInBackground(ctx)
}

func (r *root) loadInBackground(ctx actor.Context) {
	to, self, load := ctx.ActorSystem().Root, ctx.Self(), r.tree.load
	r.tree.world.beside(func() {
		cfg, err := load()
		to.Send(self, &configLoaded{cfg, err})
	})
}

func (r *root) configLoaded(ctx actor.Context, m *configLoaded) {
	by := r.rereads[0]
	r.rereads = r.rereads[1:]
	if len(r.rereads) > 0 {
		r.loadInBackground(ctx)
	}
	if m.err != nil {
		ctx.Send(by.pid, &Fault{CantReread, m.err.Error()})
		return
	}
	active := &confload.Config{}
	for _, g := range *r.tree.table.groups.Load() {
		active.Groups = append(active.Groups, *g.config)
	}
	r.latest.Store(m.config)
	d := confload.Diff(active, m.config)
	r.recordRead(active, m.config, d, by.client)
	ctx.Send(by.pid, &Changes{Added: d.Added, Changed: d.Changed, Removed: d.Removed})
}

func (r *root) add(ctx actor.Context, m *AddGroup) {
	name := m.Name
	if r.groups[name] != nil {
		ctx.Respond(&Fault{AlreadyAdded, name})
		return
	}
	cfg := r.latest.Load()
	for i := range cfg.Groups {
		if cfg.Groups[i].Name != m.Name {
			continue
		}
		r.trySockets(ctx, &cfg.Groups[i], asker{pid: ctx.Sender(), client: m.By, down: m.Down})
		return
	}
	ctx.Respond(&Fault{BadName, m.Name})
}

// trySockets finds out, beside the mailbox, whether the sockets of a group can be had, and answers in socketsTried.
func (r *root) trySockets(ctx actor.Context, g *confload.Group, by asker) {
	to, self := ctx.ActorSystem().Root, ctx.Self()
	if !slices.ContainsFunc(g.Programs, func(p confload.Program) bool { return p.Socket != nil }) {
		r.spawnGroup(ctx, g, by)
		return
	}
	r.tree.world.beside(func() { to.Send(self, &socketsTried{g, by, CheckSockets(g)}) })
}

func (r *root) socketsTried(ctx actor.Context, m *socketsTried) {
	switch {
	case m.err != nil:
		ctx.Send(m.asker.pid, &Fault{Failed, m.err.Error()})
	case r.groups[m.group.Name] != nil: // somebody was quicker
		ctx.Send(m.asker.pid, &Fault{AlreadyAdded, m.group.Name})
	case r.tree.currentMood() != MoodRunning:
		ctx.Send(m.asker.pid, &Fault{Code: ShutdownState})
	default:
		r.spawnGroup(ctx, m.group, m.asker)
	}
}

func (r *root) remove(ctx actor.Context, m *RemoveGroup) {
	name := m.Name
	pid, e := r.groups[name], r.tree.table.group(name)
	switch {
	case pid == nil || e == nil || r.removing[name] != nil:
		ctx.Respond(&Fault{BadName, name})
		return
	case r.changing[name] != nil:
		ctx.Respond(&Fault{StillRunning, name})
		return
	}
	for _, p := range e.entries {
		if !p.info.Load().State.IsDown() {
			ctx.Respond(&Fault{StillRunning, name})
			return
		}
	}
	r.removing[name] = ctx.Sender()
	r.removed[name] = r.recordRemoved(name, m.By, m.cause)
	// From here on control routes nothing to the group; what it has routed before stands in front of the end.
	r.tree.table.remove(name)
	ctx.Send(r.control, &retire{pid})
}

// tellGroups sends m to all groups, always in the same order.
func (r *root) tellGroups(ctx actor.Context, m any) {
	for _, name := range slices.Sorted(maps.Keys(r.groups)) {
		ctx.Send(r.groups[name], m)
	}
}

// groupGone frees the name of a group that has ended, whether it was asked to or not.
func (r *root) groupGone(ctx actor.Context, m *actor.Terminated) {
	for name, pid := range r.groups {
		if !pid.Equal(m.Who) {
			continue
		}
		delete(r.groups, name)
		r.tree.table.remove(name)
		r.relink(ctx, r.removed[name])
		delete(r.removed, name)
		r.dequeue(ctx, name)
		r.unchanged(ctx, name)
		if asker := r.removing[name]; asker != nil {
			delete(r.removing, name)
			r.listen()
			ctx.Send(r.tree.events, &groupRemoved{name})
			ctx.Send(asker, done)
		}
		if len(r.stopping) > 0 && r.stopping[0].group == name {
			r.stopping = r.stopping[1:]
			r.stopNext(ctx)
		}
		return
	}
}

// shutDown holds all programs, then stops group after group, the last one first: the next group is told when every
// program of the one before is down.
func (r *root) shutDown(ctx actor.Context, m *ShutDown) {
	mood := MoodShutdown
	if m.Restart {
		mood = MoodRestarting
	}
	if !r.tree.mood.CompareAndSwap(int32(MoodRunning), int32(mood)) {
		if mood == MoodShutdown { // a shutdown outdoes a restart
			r.tree.mood.Store(int32(mood))
		}
		return
	}
	r.queue = nil
	r.ending = r.tree.recordEnd(m)
	r.tree.publish(events.SupervisorStateChangeStopping, events.SupervisorStopping)
	r.tellGroups(ctx, &holdRequest{})
	r.stopping = stages(r.tree.table.stretches())
	r.reportWaiting(ctx)
	r.stopNext(ctx)
}

func (r *root) stopNext(ctx actor.Context) {
	for ; len(r.stopping) > 0; r.stopping = r.stopping[1:] {
		if pid := r.groups[r.stopping[0].group]; pid != nil {
			ctx.Send(pid, &stopGroup{by: supervisor.ByShutdown, only: r.stopping[0].entries, cause: r.ending})
			return
		}
	}
	ctx.Poison(r.tree.events) // it ends when it has dealt with what has happened so far; then the tree does
}

func (r *root) reportWaiting(ctx actor.Context) {
	var names []string
	for _, e := range *r.tree.table.sorted.Load() {
		if !e.info.Load().State.IsDown() {
			names = append(names, logs.Clean(e.program.Name))
		}
	}
	if len(names) == 0 {
		return
	}
	r.tree.logger.Info(fmt.Sprintf("waiting for %s to die", strings.Join(names, ", ")))
	to, self := ctx.ActorSystem().Root, ctx.Self()
	r.report = r.tree.clock.AfterFunc(waitingReportEvery, func() { to.Send(self, &waitingReport{}) })
}
