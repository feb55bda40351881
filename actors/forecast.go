package actors

import (
	"syscall"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process"
)

// This file foretells what a death would lead to: the machines of the groups as they stand, told at once of what would come true
// later.

// PlanKill tells what the death of a program by SIGKILL would lead to.
func (h *Handle) PlanKill(name string) ([]PlanStep, error) {
	e := h.tree.table.find(name)
	if e == nil {
		return nil, &Fault{BadName, name}
	}
	g := h.tree.table.group(e.program.Group)
	if g == nil {
		return nil, &Fault{BadName, name}
	}
	var out plan
	i := e.info.Load()
	if i.Pid == 0 {
		out.add("nothing", e.program.NameSpec(), "it has no process")
		return out, nil
	}
	state := g.state.Load()
	policy := policyOf(i.Program, state != nil && !state.GaveUp(), 0)
	m := supervisor.Program{State: i.State, Life: i.Life, Pid: i.Pid, Failures: i.Failures}
	exit := supervisor.Exit{Code: -1, Text: "terminated by " + process.SignalName(9), Ran: h.tree.since(i.Start)}
	next, effects := supervisor.Step(policy, m, supervisor.ProcessExited{Life: i.Life, Exit: exit})
	f := &forecast{plan: &out, tree: h.tree, down: map[*entry]bool{}, machines: map[string]*supervisor.Group{}, told: map[string]supervisor.Fact{}}
	for above := g; above != nil; above = h.tree.table.parentOf(above) {
		f.machine(above) // as they stand before it happens
	}
	escalated := out.follow(e.program.NameSpec(), effects)
	f.lose(e)
	if escalated {
		f.tell(g, e.program.Name, supervisor.MemberFailed)
	} else if fact, is := factOf(next.State, false); is && !next.IsWanted() {
		f.tell(g, e.program.Name, fact)
	}
	top := g
	for above := g; above != nil; above = h.tree.table.parentOf(above) {
		top = above
	}
	f.settle(top)
	switch {
	case f.end != "":
		out.end(h.tree, f.end, f.down)
	case f.down[e] && next.State.IsDown() && !next.IsWanted():
		ended := *i
		ended.State, ended.Pid, ended.Expected, ended.ExitStatus, ended.ExitSignal = next.State, 0, false, -1, syscall.SIGKILL
		h.tree.endAfter(&out, f.down, map[*entry]*Info{e: &ended})
	}
	return out, nil
}

// A forecast is what groups would do.
type forecast struct {
	plan     *plan
	tree     *tree
	down     map[*entry]bool              // what is down by now
	end      string                       // why supd ends; "" it does not
	machines map[string]*supervisor.Group // of groups, by name; nil: it has no strategy
	told     map[string]supervisor.Fact   // what the group above was told of a group
}

// machine returns the machine of a group as it stands, in the middle of a pass perhaps; nil: it has no strategy.
func (f *forecast) machine(g *groupEntry) *supervisor.Group {
	name := g.config.Name
	if m, known := f.machines[name]; known {
		return m
	}
	var m *supervisor.Group
	if s := g.state.Load(); s != nil {
		own := s.Group
		m = &own
	}
	f.machines[name] = m
	f.told[name], _ = f.standing(g)
	return m
}

// lose has a program go down, and those stopped that do not go on without it.
func (f *forecast) lose(e *entry) {
	f.down[e] = true
	f.plan.losses([]*entry{e}, f.down, nil)
}

// settle has come true what groups have asked for already.
func (f *forecast) settle(g *groupEntry) {
	m := f.machine(g)
	if m == nil {
		return
	}
	for _, member := range membersOf(g) {
		if inner := f.inner(g, member.group); member.entry == nil && inner != nil {
			f.settle(inner)
			continue
		}
		switch fact, awaits := m.Awaits(member.name); {
		case !awaits:
		case fact == supervisor.MemberDown:
			f.plan.add("wait", f.spec(g, member.name), "until it is down")
			f.tell(g, member.name, fact)
		default:
			f.plan.add("wait", f.spec(g, member.name), "until it is up")
			f.tell(g, member.name, fact)
		}
	}
}

// spec is how a member is called.
func (f *forecast) spec(g *groupEntry, member string) string {
	if e := g.find(member); e != nil {
		return e.program.NameSpec()
	}
	name, _ := confload.GroupMember(member)
	return name + ":*"
}

// inner is the group of a name if it is a member of g.
func (f *forecast) inner(g *groupEntry, name string) *groupEntry {
	if e := f.tree.table.group(name); e != nil && e.config.Parent == g.config.Name {
		return e
	}
	return nil
}

// standing is what the group above hears of a group; false: nothing.
func (f *forecast) standing(g *groupEntry) (supervisor.Fact, bool) {
	m := f.machine(g)
	if m == nil {
		return 0, false
	}
	fact := m.Standing()
	if fact == supervisor.MemberFailed && g.config.Supervision.OnGiveUp != confload.GiveUpEscalate {
		fact = supervisor.MemberDown
	}
	return fact, true
}

// now is the time in the budget of a group.
func (f *forecast) now(g *groupEntry) time.Duration {
	if s := g.state.Load(); s != nil {
		return f.tree.since(s.began)
	}
	return 0
}

// tell tells a group what has become of a member.
func (f *forecast) tell(g *groupEntry, member string, fact supervisor.Fact) {
	if m := f.machine(g); m != nil {
		next, actions := m.Tell(supervisor.Member{Name: member, Fact: fact}, f.now(g))
		f.take(g, next, actions)
	}
}

// take does what a group has decided, as if it took no time, and tells the group above.
func (f *forecast) take(g *groupEntry, next supervisor.Group, actions []supervisor.GroupAction) {
	name := g.config.Name
	*f.machines[name] = next
	for _, a := range actions {
		f.act(g, a)
	}
	fact, _ := f.standing(g)
	was, told := f.told[name]
	if above := f.tree.table.parentOf(g); above != nil && (!told || was != fact) {
		f.told[name] = fact
		f.tell(above, "group:"+name, fact)
	}
}

// act has an action come true.
func (f *forecast) act(g *groupEntry, a supervisor.GroupAction) {
	e := g.find(a.Member)
	switch a.Do {
	case supervisor.StopMember, supervisor.StartMember:
		if e == nil {
			f.order(g, a)
			return
		}
		if a.Do == supervisor.StartMember {
			f.plan.add("start", e.program.NameSpec(), "%s", a.Reason.Text)
			delete(f.down, e)
			f.tell(g, a.Member, supervisor.MemberUp)
			return
		}
		if !f.down[e] {
			f.plan.add("stop", e.program.NameSpec(), "%s", a.Reason.Text)
			f.lose(e)
		}
		f.tell(g, a.Member, supervisor.MemberDown)
	case supervisor.GiveUp:
		f.plan.add("give up", g.config.Name+":*", "%s; on_give_up is %s", a.Reason.Text, onGiveUpWords[g.config.Supervision.OnGiveUp])
		if g.config.Supervision.OnGiveUp == confload.GiveUpShutdown {
			f.end = "group " + g.config.Name + " gave up"
		}
	case supervisor.ShutDown:
		f.plan.add("finish", g.config.Name+":*", "%s", a.Reason.Text)
	}
}

// order has a group that is a member start or stop.
func (f *forecast) order(g *groupEntry, a supervisor.GroupAction) {
	name, _ := confload.GroupMember(a.Member)
	inner := f.inner(g, name)
	if inner == nil || f.machine(inner) == nil {
		f.tell(g, a.Member, supervisor.MemberDown)
		return
	}
	delete(f.told, name) // an order is answered in any case
	why := memberOrder{by: g.config.Name, why: a.Reason}
	if a.Do == supervisor.StopMember {
		next, actions := f.machines[name].Stop(why.reason())
		f.take(inner, next, actions)
		return
	}
	var autostart []string
	for _, m := range membersOf(inner) {
		if m.entry == nil || m.entry.program.Autostart {
			autostart = append(autostart, m.name)
		}
	}
	next, actions := f.machines[name].Start(autostart, why.reason())
	f.take(inner, next, actions)
}

var onGiveUpWords = map[confload.OnGiveUp]string{
	confload.GiveUpLeave: "leave: they stay down", confload.GiveUpRestart: "restart: it begins anew after the period", confload.GiveUpShutdown: "shutdown: supd ends",
	confload.GiveUpEscalate: "that it is a failure of the group it is in",
}
