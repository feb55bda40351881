package actors

import (
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
)

// This file is a group that becomes another one while its programs run: root decides which, the group does it.

// become is the group as config has it, and who is to go for that. The entries of programs that stay are the same.
func (g *groupEntry) become(config *confload.Group) (next *groupEntry, gone []*entry) {
	next = newGroupEntry(config, g.came)
	next.cause = g.cause
	for i, e := range next.entries {
		if was := g.find(e.program.Name); was != nil {
			next.put(i, was)
		}
	}
	for _, e := range g.entries {
		if next.find(e.program.Name) == nil {
			gone = append(gone, e)
		}
	}
	return next, gone
}

// put has a program stand at index i.
func (g *groupEntry) put(i int, e *entry) {
	g.entries[i] = e
	if g.byName != nil {
		g.byName[e.program.Name] = e
	}
}

// without is the group without some of its programs.
func (g *groupEntry) without(gone []*entry) *groupEntry {
	config := *g.config
	config.Programs = slices.DeleteFunc(slices.Clone(config.Programs), func(p confload.Program) bool {
		return slices.ContainsFunc(gone, func(e *entry) bool { return e.program.Name == p.Name })
	})
	rest := &groupEntry{config: &config, came: g.came, cause: g.cause}
	rest.pid.Store(g.pid.Load()) // groups in it may tell it how they stand
	rest.state.Store(g.state.Load())
	if g.byName != nil {
		rest.byName = map[string]*entry{}
	}
	for _, e := range g.entries {
		if !slices.Contains(gone, e) {
			rest.entries = append(rest.entries, nil)
			rest.put(len(rest.entries)-1, e)
		}
	}
	return rest
}

// changeGroup has a group become what a configuration says. Programs that are to go must be down.
func (r *root) changeGroup(ctx actor.Context, m *changeGroup) {
	name := m.config.Name
	pid, e := r.groups[name], r.tree.table.group(name)
	switch {
	case r.tree.currentMood() != MoodRunning:
		ctx.Respond(&Fault{Code: ShutdownState})
		return
	case pid == nil || e == nil || r.removing[name] != nil || r.changing[name] != nil:
		ctx.Respond(&Fault{BadName, name})
		return
	}
	next, gone := e.become(m.config)
	for _, p := range gone {
		if !p.info.Load().State.IsDown() {
			ctx.Respond(&Fault{StillRunning, p.program.NameSpec()})
			return
		}
	}
	r.changing[name] = ctx.Sender()
	// From here on control routes nothing to those who go; what it has routed before stands in front of their end.
	r.tree.table.add(e.without(gone))
	ctx.Send(r.control, &regroup{group: pid, next: next, gone: gone, cause: m.cause})
}

// regrouped shows everybody what a group has become.
func (r *root) regrouped(ctx actor.Context, m *regrouped) {
	name := m.next.config.Name
	r.tree.table.add(m.next)
	r.relink(ctx, m.cause)
	r.askMembers(ctx, m.next)
	if r.tree.table.parentOf(m.next) != nil {
		ctx.Send(r.groups[name], &tellStanding{})
	}
	if by := r.changing[name]; by != nil {
		delete(r.changing, name)
		ctx.Send(by, done)
	}
}

// unchanged answers who has waited for a change of a group that has ended.
func (r *root) unchanged(ctx actor.Context, name string) {
	if by := r.changing[name]; by != nil {
		delete(r.changing, name)
		ctx.Send(by, &Fault{BadName, name})
	}
}

// regroup ends those who go and then lets the group become what it is to be.
func (g *group) regroup(ctx actor.Context, m *regroup) {
	g.becoming, g.leaving = m, len(m.gone)
	for _, e := range m.gone {
		ctx.Send(e.pid.Load(), &leave{})
	}
	g.becomeIfReady(ctx)
}

func (g *group) becomeIfReady(ctx actor.Context) {
	if m := g.becoming; m != nil && g.leaving <= 0 && g.launching < 0 {
		g.becoming = nil
		g.become(ctx, m)
	}
}

// become makes the programs that come and gives those that stay their options.
func (g *group) become(ctx actor.Context, m *regroup) {
	if g.tree.currentMood() == MoodRunning { // otherwise everything ends as it is
		left := g.entry.config.Parent != "" && g.entry.config.Parent != m.next.config.Parent
		g.entry, g.members = m.next, membersOf(m.next)
		g.entry.pid.Store(ctx.Self())
		g.forgetGroups()
		was := g.machine
		g.changeStrategy(ctx)
		escalate := g.machine != nil
		for _, e := range g.entry.entries {
			if e.pid.Load() == nil {
				g.spawnProgram(ctx, e, nil)
			} else {
				ctx.Send(e.pid.Load(), &configure{g.entry.program(e), escalate, m.cause})
			}
		}
		if left {
			g.leaveParent(ctx, was, m.cause)
		}
	}
	ctx.Send(ctx.Parent(), &regrouped{g.entry, m.cause})
}

// program is what the configuration of the group says about one of its programs.
func (g *groupEntry) program(e *entry) *confload.Program {
	i := slices.IndexFunc(g.config.Programs, func(p confload.Program) bool { return p.Name == e.program.Name })
	return &g.config.Programs[i]
}

// changeStrategy goes over to the strategy and the members of the configuration. Without a strategy, a pass that is under way is
// finished first, each program by itself.
func (g *group) changeStrategy(ctx actor.Context) {
	was := g.machine
	g.machine = g.newMachine()
	switch {
	case was != nil && g.machine != nil:
		g.revise(ctx, was, *g.machine)
	case was != nil && was.Busy():
		to := supervisor.Group{Strategy: supervisor.OneForOne, Budget: supervisor.Unlimited}
		for _, e := range g.entry.entries {
			to.Order = append(to.Order, e.program.Name)
		}
		g.revise(ctx, was, to)
	case g.machine != nil:
		for i := range g.members {
			if f, is := g.factAbout(&g.members[i]); is {
				g.tell(ctx, g.members[i].name, f, 0)
			}
		}
	}
}

func (g *group) revise(ctx actor.Context, was *supervisor.Group, to supervisor.Group) {
	next, actions := was.Revise(to)
	g.machine = &next
	g.take(ctx, next, actions, g.because)
}

// dropStrategy leaves the programs to themselves when a strategy that is no more has finished.
func (g *group) dropStrategy(ctx actor.Context) {
	if g.machine == nil || g.entry.config.Supervision != nil || g.machine.Busy() {
		return
	}
	g.machine = nil
	g.entry.state.Store(nil)
	for _, e := range g.entry.entries {
		ctx.Send(e.pid.Load(), &configure{g.entry.program(e), false, 0})
	}
}
