package actors

import (
	"context"
	"slices"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
)

// This file is an update: a new configuration is brought into effect with the smallest change.

// An Updated tells what an update has done, or would do, to one program or group.
type Updated struct {
	Group, Name string // Name is "" for a whole group
	Action      UpdateAction
	Options     []string  // that have changed, by name; nil when it came or went
	Status      FaultCode // Success, or why it could not be done
	Description string    // "OK", or the text of a fault
}

// NameSpec is how clients name it: "group:name", or "group" for a whole group and for a program of that name.
func (u *Updated) NameSpec() string {
	if u.Name == "" {
		return u.Group
	}
	return confload.NameSpec(u.Group, u.Name)
}

// UpdateAction is what an update does, in a word.
type UpdateAction string

// The actions of an update.
const (
	UpdateAdded     UpdateAction = "added"     // it came, and was started if autostart says so
	UpdateRemoved   UpdateAction = "removed"   // it was stopped and has gone
	UpdateReplaced  UpdateAction = "replaced"  // a whole group was stopped, removed and added anew
	UpdateRestarted UpdateAction = "restarted" // it was stopped and started with its new options
	UpdateStarted   UpdateAction = "started"   // it had failed, and was started with its new options
	UpdateChanged   UpdateAction = "changed"   // its new options are in effect, nothing was restarted
	UpdatePrepared  UpdateAction = "prepared"  // it is down and stays so; its new options count from its next start on
)

// An updatePlan is what an update has to do, as things are now: programs are stopped, the one that others need last; then groups
// go, change and come; then programs are started, in the order of starts.
type updatePlan struct {
	rows   []*Updated
	groups []confload.GroupUpdate
	stop   []*entry
	start  map[string]bool // namespecs of programs of groups that change
}

// planUpdate compares the groups that are active with a configuration. names are the groups it is about; nil: all.
func (t *tree) planUpdate(to *confload.Config, names []string) *updatePlan {
	active, entries := &confload.Config{}, map[string]*groupEntry{}
	for _, g := range *t.table.groups.Load() {
		active.Groups = append(active.Groups, *g.config)
		entries[g.config.Name] = g
	}
	p := &updatePlan{start: map[string]bool{}}
	for _, n := range names {
		isIn := func(c *confload.Config) bool { return groupNamed(c, n) != nil }
		if !isIn(active) && !isIn(to) {
			p.rows = append(p.rows, &Updated{Group: n, Status: BadName, Description: (&Fault{BadName, n}).Error()})
		}
	}
	for _, u := range confload.Updates(active, to) {
		if names == nil || slices.Contains(names, u.Name) {
			p.groups = append(p.groups, u)
			p.planGroup(entries[u.Name], &u)
		}
	}
	comes := func(u confload.GroupUpdate) int { // what comes may start what was stopped for a change
		if u.Old == nil || u.Whole {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(p.groups, func(a, b confload.GroupUpdate) int { return comes(a) - comes(b) })
	var concerned []*entry
	for _, e := range slices.Backward(t.table.inStartOrder()) {
		if slices.Contains(p.stop, e) {
			concerned = append(concerned, e)
		}
	}
	p.stop = concerned
	return p
}

// planGroup plans one group; e is nil for one that comes.
func (p *updatePlan) planGroup(e *groupEntry, u *confload.GroupUpdate) {
	whole := func(a UpdateAction) {
		p.rows = append(p.rows, &Updated{Group: u.Name, Action: a, Options: changedOptions(u.Old, u.New)})
		if e != nil {
			p.stop = append(p.stop, e.entries...)
		}
	}
	switch {
	case u.Old == nil:
		whole(UpdateAdded)
		return
	case u.New == nil:
		whole(UpdateRemoved)
		return
	case u.Whole:
		whole(UpdateReplaced)
		return
	}
	if len(u.Options) > 0 && !saidByPrograms(u) {
		p.rows = append(p.rows, &Updated{Group: u.Name, Action: UpdateChanged, Options: u.Options})
	}
	for i := range u.Programs {
		p.planProgram(e, u.Name, &u.Programs[i])
	}
}

// saidByPrograms tells whether all that has changed in a group is options of its programs that count for it as well.
func saidByPrograms(u *confload.GroupUpdate) bool {
	return !slices.ContainsFunc(u.Options, func(o string) bool {
		return !slices.ContainsFunc(u.Programs, func(p confload.ProgramUpdate) bool { return slices.Contains(p.Options, o) })
	})
}

func (p *updatePlan) planProgram(g *groupEntry, group string, u *confload.ProgramUpdate) {
	row := &Updated{Group: group, Options: u.Options}
	p.rows = append(p.rows, row)
	switch {
	case u.Old == nil:
		row.Name, row.Action = u.New.Name, UpdateAdded
		if u.New.Autostart {
			p.start[u.New.NameSpec()] = true
		}
		return
	case u.New == nil:
		row.Name, row.Action = u.Old.Name, UpdateRemoved
		p.stop = append(p.stop, g.find(u.Old.Name))
		return
	}
	e := g.find(u.New.Name)
	row.Name, row.Action = u.New.Name, UpdateChanged
	if !u.Restart {
		return
	}
	switch i := e.info.Load(); {
	case i.State.IsUp() || i.Wanted:
		row.Action = UpdateRestarted
		p.stop = append(p.stop, e)
		p.start[u.New.NameSpec()] = true
	case u.New.Autostart && (i.State == supervisor.Fatal || i.State == supervisor.Exited && !i.Expected):
		row.Action = UpdateStarted
		p.start[u.New.NameSpec()] = true
	default:
		row.Action = UpdatePrepared
	}
}

// text is the plan for the history.
func (p *updatePlan) text() string {
	var rows []Updated
	for _, r := range p.rows {
		if r.Status == 0 {
			rows = append(rows, *r)
		}
	}
	return updatesText(rows)
}

// updatesText tells what an update does to what, in a line.
func updatesText(rows []Updated) string {
	var parts []string
	for i := range rows {
		r := &rows[i]
		part := logs.Clean(r.NameSpec()) + " " + string(r.Action)
		if len(r.Options) > 0 {
			part += " (" + strings.Join(r.Options, ", ") + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

// update carries out one update after the other.
func (r *root) update(ctx actor.Context, m *Update) {
	r.updates = append(r.updates, &updater{tree: r.tree, command: m, client: ctx.Sender(), latest: r.latest.Load})
	if len(r.updates) == 1 {
		r.beginUpdate(ctx)
	}
}

func (r *root) beginUpdate(ctx actor.Context) {
	u := r.updates[0]
	r.updating = ctx.Spawn(r.tree.props(func() actor.Actor { return u }))
}

// updated goes on with the next update.
func (r *root) updated(ctx actor.Context) {
	r.updates, r.updating = r.updates[1:], nil
	if len(r.updates) > 0 {
		r.beginUpdate(ctx)
	}
}

// An updater carries out one update. It asks root and sessions, one at a time, and goes on when it has the answer.
type updater struct {
	tree    *tree
	latest  func() *confload.Config
	command *Update
	client  *actor.PID

	plan   *updatePlan
	cause  uint64                           // number of the record of the update
	groups []confload.GroupUpdate           // still to be changed, removed or added
	failed map[string]string                // namespec → why it could not be stopped
	then   func(actor.Context, interface{}) // takes the next answer
}

// Receive implements actor.Actor.
func (u *updater) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		u.ask(ctx, &Reread{u.command.By}, u.planned)
	case *Fault, *Outcome, *Changes, Results:
		u.then(ctx, m)
	}
}

func (u *updater) ask(ctx actor.Context, m interface{}, then func(actor.Context, interface{})) {
	u.then = then
	ctx.Request(ctx.Parent(), m)
}

// do does something to several programs in a session, which answers Results.
func (u *updater) do(ctx actor.Context, m *ManyPrograms, entries []*entry, then func(actor.Context, interface{})) {
	u.then = then
	m.By = u.command.By
	s := newSession(u.tree, m, entries, ctx.Self())
	s.cause, s.by = u.cause, supervisor.ByUpdate
	ctx.Spawn(u.tree.props(func() actor.Actor { return s }))
}

func (u *updater) finish(ctx actor.Context, answer interface{}) {
	if u.client != nil {
		ctx.Send(u.client, answer)
	}
	ctx.Stop(ctx.Self())
}

// planned decides what to do with the configuration that was read, and stops what is to stop.
func (u *updater) planned(ctx actor.Context, answer interface{}) {
	if f, bad := answer.(*Fault); bad {
		u.finish(ctx, f)
		return
	}
	u.plan = u.tree.planUpdate(u.latest(), u.command.Groups)
	u.groups, u.failed = u.plan.groups, map[string]string{}
	if len(u.groups) == 0 {
		u.report(ctx, nil)
		return
	}
	h := &u.tree.history
	did, cause := "brought the configuration into effect", h.lastOf(RecordRequest, codeRead)
	if u.command.For != "" {
		did, cause = u.command.For, 0
	}
	u.cause = h.add(Record{Kind: RecordRequest, Cause: cause, Reason: supervisor.Reason{Code: "update",
		Text: aClient(u.command.By) + did + ": " + u.plan.text()}})
	// What is not needed any more is lost by nobody when it goes.
	u.ask(ctx, &relink{u.cause}, func(ctx actor.Context, _ interface{}) {
		u.do(ctx, &ManyPrograms{Do: Stop, Wait: true}, u.plan.stop, u.stopped)
	})
}

// stopped goes on when what is to stop has.
func (u *updater) stopped(ctx actor.Context, answer interface{}) {
	for _, r := range answer.(Results) {
		if r.Status != Success {
			u.failed[r.NameSpec()] = r.Description
		}
	}
	u.nextGroup(ctx)
}

// nextGroup has the next group go, change or come, and starts programs when all have.
func (u *updater) nextGroup(ctx actor.Context) {
	if u.tree.currentMood() != MoodRunning {
		u.finish(ctx, &Fault{Code: ShutdownState})
		return
	}
	if len(u.groups) == 0 {
		u.startPrograms(ctx)
		return
	}
	g := u.groups[0]
	u.groups = u.groups[1:]
	settled := func(ctx actor.Context, answer interface{}) {
		if f, bad := answer.(*Fault); bad {
			u.fail(&g, f)
		}
		u.nextGroup(ctx)
	}
	add := &AddGroup{Name: g.Name, By: u.command.By}
	switch {
	case g.Old == nil:
		u.ask(ctx, add, settled)
	case g.New == nil:
		u.ask(ctx, &RemoveGroup{g.Name, u.command.By, u.cause}, settled)
	case g.Whole:
		u.ask(ctx, &RemoveGroup{g.Name, u.command.By, u.cause}, func(ctx actor.Context, answer interface{}) {
			if _, bad := answer.(*Fault); bad {
				settled(ctx, answer)
				return
			}
			u.ask(ctx, add, settled)
		})
	default:
		u.ask(ctx, &changeGroup{g.New, u.cause}, settled)
	}
}

// fail notes that a group could not become what it was to be: nothing of it was changed.
func (u *updater) fail(g *confload.GroupUpdate, f *Fault) {
	for _, r := range u.plan.rows {
		if r.Group == g.Name {
			r.Status, r.Description = f.Code, f.Error()
		}
	}
}

// startPrograms starts what was stopped for its options, and what is new in a group. What could not be stopped is left alone.
func (u *updater) startPrograms(ctx actor.Context) {
	var entries []*entry
	for _, e := range u.tree.table.inStartOrder() {
		if spec := e.program.NameSpec(); u.plan.start[spec] && u.failed[spec] == "" {
			entries = append(entries, e)
		}
	}
	u.do(ctx, &ManyPrograms{Do: Start}, entries, u.report)
}

// report answers the client; started is Results of the start.
func (u *updater) report(ctx actor.Context, started interface{}) {
	results, _ := started.(Results)
	for _, r := range results {
		if r.Status == Success {
			continue
		}
		u.failed[r.NameSpec()] = r.Description
		if e := u.tree.table.find(r.NameSpec()); r.Status == SpawnError && e != nil {
			u.failed[r.NameSpec()] = "spawn error: " + e.info.Load().SpawnErr
		}
	}
	out := []Updated{}
	for _, r := range u.plan.rows {
		if r.Status == 0 {
			r.Status, r.Description = Success, "OK"
		}
		if why := u.failed[r.NameSpec()]; why != "" && r.Status == Success {
			r.Status, r.Description = Failed, why
		}
		out = append(out, *r)
	}
	u.finish(ctx, out)
}

// Update loads the configuration anew and brings it into effect with the smallest change: only programs whose own options have
// changed, in something that belongs to the start of a process, are restarted. groups are those it is about; nil: all. What
// could not be done is in the answer; the error is that nothing was done, a *Fault CantReread for a bad configuration.
func (h *Handle) Update(ctx context.Context, groups []string) ([]Updated, error) {
	answer, err := h.ask(ctx, h.control, &Update{Groups: groups, By: ClientOf(ctx), For: purposeOf(ctx)})
	if err != nil {
		return nil, err
	}
	return answer.([]Updated), nil
}

// NameSpec is how clients name the program.
func (r *Result) NameSpec() string { return confload.NameSpec(r.Group, r.Name) }
