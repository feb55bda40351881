package actors

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
)

// This file is the restart strategy of a group. The decisions are those of supervisor.Group; here are its facts and actions.

var strategies = map[confload.Strategy]supervisor.Strategy{
	confload.OneForOne: supervisor.OneForOne, confload.OneForAll: supervisor.OneForAll, confload.RestForOne: supervisor.RestForOne,
}

var autoShutdowns = map[confload.AutoShutdown]supervisor.AutoShutdown{
	confload.NeverShutDown: supervisor.NeverShutDown, confload.AnySignificant: supervisor.AnySignificant,
	confload.AllSignificant: supervisor.AllSignificant,
}

// newMachine makes the machine of the group, nil when it has no strategy.
func (g *group) newMachine() *supervisor.Group {
	m := machineOf(g.entry)
	if m != nil {
		g.publish(m)
	}
	return m
}

// machineOf makes the machine of a group with a strategy, nil for one whose programs only look after themselves.
func machineOf(g *groupEntry) *supervisor.Group {
	s := g.config.Supervision
	if s == nil {
		return nil
	}
	m := &supervisor.Group{Strategy: strategies[s.Strategy], Budget: supervisor.Budget{Intensity: s.Intensity, Period: s.Period},
		AutoShutdown: autoShutdowns[s.AutoShutdown]}
	for _, member := range membersOf(g) {
		m.Order = append(m.Order, member.name)
		if e := member.entry; e != nil && e.program.Significant {
			m.Significant = append(m.Significant, e.program.Name)
		}
	}
	m.Significant = append(m.Significant, g.config.SignificantGroups...)
	return m
}

// changed tells the machine what has become of a member.
func (g *group) changed(ctx actor.Context, m *programChanged) {
	if g.tree.currentMood() != MoodRunning {
		return
	}
	if g.machine == nil {
		if m.failed && (m.state == supervisor.Exited || m.state == supervisor.Stopped) {
			// It has left the decision to a strategy that is no more: its failure has overtaken the message that says so.
			g.record(g.specOf(m.entry.program.Name), supervisor.Reason{Code: "no-strategy", Text: "its group has no strategy any more, so that it restarts by itself"}, m.cause)
			g.start(ctx, m.entry)
		}
		return
	}
	fact, is := factOf(m.state, m.settled)
	if m.failed {
		fact, is = supervisor.MemberFailed, true
	}
	if !is {
		return
	}
	g.heard(ctx, m.entry.program.Name, fact, m.cause)
}

// heard tells the machine of a fact, a new one when the old one is over and somebody begins anew.
func (g *group) heard(ctx actor.Context, name string, f supervisor.Fact, cause uint64) {
	if g.machine.Over() && f == supervisor.MemberStarting {
		g.machine = g.newMachine()
		for i := range g.members {
			if was, is := g.factAbout(&g.members[i]); is && g.members[i].name != name {
				g.tell(ctx, g.members[i].name, was, 0)
			}
		}
	}
	g.tell(ctx, name, f, cause)
}

// factAbout is what a member is now. That it has failed is over.
func (g *group) factAbout(m *member) (supervisor.Fact, bool) {
	if m.entry == nil {
		f, known := g.stands[m.group]
		if f == supervisor.MemberFailed {
			f = supervisor.MemberDown
		}
		return f, known
	}
	i := m.entry.info.Load()
	return factOf(i.State, i.settled)
}

// owes tells whether the group has a member down that it is to start again, or may.
func (g *groupEntry) owes(member string) bool {
	s, o := g.state.Load(), g.config.Supervision
	if s == nil || o == nil {
		return false
	}
	comesBack := !s.Over() || s.GaveUp() && (o.OnGiveUp == confload.GiveUpRestart || o.OnGiveUp == confload.GiveUpEscalate)
	return comesBack && s.Owes(member)
}

// IsOwed tells whether a program is down, or on its way down, for the sake of its group, or has failed there, and the group is to
// start it again or has still to decide about that.
func (h *Handle) IsOwed(i *Info) bool {
	g := h.tree.table.group(i.Program.Group)
	return i.lent && !i.State.IsUp() && g != nil && g.owes(i.Program.Name)
}

// factOf is what a group must know of a program, if anything: a member in BACKOFF or STOPPING is still what it was.
func factOf(s supervisor.State, settled bool) (supervisor.Fact, bool) {
	switch {
	case s == supervisor.Running && settled:
		return supervisor.MemberUp, true
	case s == supervisor.Running, s == supervisor.Starting:
		return supervisor.MemberStarting, true
	case s == supervisor.Exited:
		return supervisor.MemberDone, true
	case s.IsDown():
		return supervisor.MemberDown, true
	}
	return 0, false
}

// tell tells the machine of a fact, whose record is cause, and does what follows.
func (g *group) tell(ctx actor.Context, name string, f supervisor.Fact, cause uint64) {
	next, actions := g.machine.Tell(supervisor.Member{Name: name, Fact: f}, g.tree.since(g.began))
	g.take(ctx, next, actions, cause)
}

// take does what the machine has decided.
func (g *group) take(ctx actor.Context, next supervisor.Group, actions []supervisor.GroupAction, cause uint64) {
	*g.machine = next
	g.publish(g.machine)
	for _, a := range actions {
		if a.Do == supervisor.Charge {
			g.record(g.specOf(a.Member), a.Reason, cause)
			continue
		}
		g.act(ctx, a)
	}
}

// record remembers a decision. What is asked for from now on comes of it.
func (g *group) record(whom string, r supervisor.Reason, cause uint64) {
	g.because = g.tree.history.add(Record{Kind: RecordGroup, Program: whom, Reason: r, Cause: cause})
}

func (g *group) act(ctx actor.Context, a supervisor.GroupAction) {
	name := logs.Clean(g.entry.config.Name)
	switch a.Do {
	case supervisor.StopMember:
		g.tree.logger.Warn(fmt.Sprintf("group %s stops %s: %s", name, logs.Clean(a.Member), a.Reason.Text))
		e := g.entry.find(a.Member)
		if e == nil {
			g.order(ctx, a)
			return
		}
		ctx.Send(e.pid.Load(), &stopRequest{name: e.program.NameSpec(), by: supervisor.ByGroup, quiet: true, cause: g.because})
	case supervisor.StartMember:
		g.tree.logger.Warn(fmt.Sprintf("group %s starts %s: %s", name, logs.Clean(a.Member), a.Reason.Text))
		e := g.entry.find(a.Member)
		if e == nil {
			g.order(ctx, a)
			return
		}
		g.start(ctx, e)
	case supervisor.Finished:
		g.tree.logger.Info(fmt.Sprintf("group %s is complete again", name))
	case supervisor.GiveUp:
		g.gaveUp(ctx, a.Reason)
	case supervisor.ShutDown:
		done := supervisor.Reason{Code: "group-done", Text: "the group has shut down: " + a.Reason.Text}
		g.record(g.entry.config.Name+":*", done, g.because)
		g.tree.logger.Info(fmt.Sprintf("group %s has shut down: %s", name, logs.Clean(a.Reason.Text)))
	case supervisor.AllDown:
		g.tree.logger.Info(fmt.Sprintf("group %s is down", name))
	}
}

// start has a program started for the group.
func (g *group) start(ctx actor.Context, e *entry) {
	ctx.Send(e.pid.Load(), &startRequest{name: e.program.NameSpec(), by: supervisor.ByGroup, quiet: true, index: -1,
		unwanted: g.unwanted[e], cause: g.because})
}

// gaveUp does what on_give_up says. Everything is down by now.
func (g *group) gaveUp(ctx actor.Context, r supervisor.Reason) {
	s := g.entry.config.Supervision
	if s == nil {
		return // a change of the configuration has taken the strategy away meanwhile
	}
	g.record(g.entry.config.Name+":*", supervisor.Reason{Code: "group-gave-up", Text: "the group gave up: " + r.Text}, g.because)
	logs.Critical(g.tree.logger, "group %s gave up: %s", logs.Clean(g.entry.config.Name), logs.Clean(r.Text))
	switch s.OnGiveUp {
	case confload.GiveUpRestart:
		pause := max(s.Period, time.Second)
		g.tree.logger.Warn(fmt.Sprintf("group %s begins anew in %s", logs.Clean(g.entry.config.Name), pause))
		if g.gaveUps++; g.retry != nil {
			g.retry.Stop() // somebody has begun anew before it was over
		}
		root, self, due := ctx.ActorSystem().Root, ctx.Self(), &beginAnew{g.gaveUps}
		g.retry = g.tree.clock.AfterFunc(pause, func() { root.Send(self, due) })
	case confload.GiveUpShutdown:
		g.tree.gaveUp(g.entry.config.Name, s.GiveUpExitCode, r)
		ctx.Send(ctx.Parent(), &ShutDown{Why: supervisor.Reason{Code: "on-give-up", Text: "on_give_up of the group is shutdown"}, cause: g.because})
	}
}

// beginAnew starts what was up in a group that gave up, in order and with a new budget, unless somebody has begun anew before.
func (g *group) beginAnew(ctx actor.Context, m *beginAnew) {
	if m.gaveUps != g.gaveUps || g.machine == nil || !g.machine.GaveUp() || g.tree.currentMood() != MoodRunning {
		return
	}
	anew := supervisor.Reason{Code: "group-begins-anew", Text: "on_give_up of the group is restart"}
	g.record(g.entry.config.Name+":*", anew, g.because)
	next, actions := g.machine.Start(nil, anew)
	g.take(ctx, next, actions, g.because)
}
