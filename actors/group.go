package actors

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/supervisor"
)

// group supervises the programs of one group: it starts them in order, stops them in reverse order, and keeps them alive
// when one of the actors has a bug.
type group struct {
	keepChildren
	entry *groupEntry

	machine *supervisor.Group // nil: programs restart themselves, each for itself
	began   time.Time
	because uint64      // number of the record of what the machine decided last
	retry   *time.Timer // begins anew after giving up; nil: none is waiting

	launching int             // index of the program whose launch is awaited; -1 none
	launch    uint64          // number of the record of what the programs with autostart are launched for
	draining  map[*entry]bool // programs to go down before groupDown, which is owed to the parent; nil none is
	retiring  int             // programs still to end before the group does
	retired   bool
}

func newGroup(t *tree, e *groupEntry) actor.Actor {
	g := &group{keepChildren: keepChildren{t}, entry: e, launching: -1, began: time.Now()}
	g.machine = g.newMachine()
	return g
}

// Receive implements actor.Actor.
func (g *group) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		sockets := g.tree.socketsOf(g.entry.config)
		for _, e := range g.entry.entries {
			pid, err := ctx.SpawnNamed(g.tree.props(func() actor.Actor { return newProgram(g.tree, e, sockets[e.program.Section], g.machine != nil) }), e.program.Name)
			if err != nil {
				panic(err) // names are unique by configuration
			}
			e.pid.Store(pid)
		}
		ctx.Send(ctx.Parent(), &groupReady{g.entry})
	case *launchAll:
		g.launch = m.cause
		g.launchFrom(ctx, 0)
	case *launched:
		if m.index == g.launching {
			g.launchFrom(ctx, m.index+1)
		}
	case *stopGroup:
		g.stop(ctx, m)
	case *programChanged:
		g.changed(ctx, m)
		if m.over {
			g.programDown(ctx, m.entry)
		}
	case *cleanedUp:
		g.programDown(ctx, m.entry)
	case *memberUnwanted:
		if g.machine != nil {
			g.tell(ctx, m.entry, supervisor.MemberUnwanted, 0)
		}
	case *beginAnew:
		g.beginAnew(ctx)
	case *actor.Stopping:
		if g.retry != nil {
			g.retry.Stop()
		}
	case *holdRequest, *ReopenLogs:
		for _, e := range g.entry.entries {
			ctx.Send(e.pid.Load(), m)
		}
	case *retire:
		g.retired = true
		g.retiring = len(ctx.Children())
		for _, c := range ctx.Children() {
			ctx.Poison(c) // after what stands in its mailbox, so that nobody waits in vain
		}
		g.endIfRetired(ctx)
	case *actor.Terminated:
		g.programGone(ctx, m)
	}
}

// launchFrom starts the programs with autostart from index i on, each when the one before stands in the spawner's queue.
func (g *group) launchFrom(ctx actor.Context, i int) {
	for ; i < len(g.entry.entries); i++ {
		if e := g.entry.entries[i]; e.program.Autostart {
			g.launching = i
			ctx.Request(e.pid.Load(), &startRequest{name: e.program.NameSpec(), by: supervisor.ByAutostart, quiet: true, index: i, cause: g.launch})
			return
		}
	}
	g.launching = -1
	ctx.Send(ctx.Parent(), &groupLaunched{g.entry.config.Name})
}

// stop asks programs to stop at once, the last one first, as supervisord does at shutdown.
func (g *group) stop(ctx actor.Context, m *stopGroup) {
	order := slices.Clone(g.entry.entries)
	if m.only != nil {
		order = slices.Clone(m.only)
	}
	g.draining = map[*entry]bool{}
	for _, e := range order {
		if !e.info.Load().isOver() {
			g.draining[e] = true
		}
	}
	if g.endDrain(ctx) {
		return
	}
	slices.SortFunc(order, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(b.program.Priority, a.program.Priority), strings.Compare(b.program.Name, a.program.Name))
	})
	for _, e := range order {
		ctx.Send(e.pid.Load(), &stopRequest{name: e.program.NameSpec(), by: m.by, quiet: true, cause: m.cause})
	}
}

func (g *group) programDown(ctx actor.Context, e *entry) {
	if g.draining != nil {
		delete(g.draining, e)
		g.endDrain(ctx)
	}
}

// endDrain tells the parent when nothing of the group is up any more.
func (g *group) endDrain(ctx actor.Context) bool {
	if len(g.draining) > 0 {
		return false
	}
	g.draining = nil
	ctx.Send(ctx.Parent(), &groupDown{g.entry.config.Name})
	return true
}

func (g *group) programGone(ctx actor.Context, m *actor.Terminated) {
	if g.launching >= 0 && m.Who.Equal(g.entry.entries[g.launching].pid.Load()) {
		g.launchFrom(ctx, g.launching+1)
	}
	if g.retired {
		g.retiring--
		g.endIfRetired(ctx)
	}
}

func (g *group) endIfRetired(ctx actor.Context) {
	if g.retiring <= 0 {
		ctx.Stop(ctx.Self())
	}
}
