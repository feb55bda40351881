package supervisor

import (
	"fmt"
	"slices"
	"time"
)

// Group is the machine of one group: it turns failures of members into ordered stops and starts, within a budget. Like
// Step it has no clock and no I/O, and its methods change nothing in the receiver.
//
// A failure begins a pass: the members that the strategy concerns are stopped in reverse order, then started in order,
// each when the one before has answered. A pass restarts what was up, on its way up, or has failed; a member that is
// down for another reason, because somebody stopped it or it has done its work, stays down. Under one_for_one a pass is
// one member, and passes do not wait for each other.
//
// What happens in the middle of a pass:
//   - A member that ends while the pass is to stop it anyway is down, however it ended; the budget is not charged.
//   - A member that fails on its way up, or one outside the pass that fails, is charged to the budget, and what the
//     strategy says about it is added to the pass: everything concerned is stopped again before anything is started.
//   - A member that somebody else takes down, or wants to stay down, is left out of the rest of the pass.
//
// When the budget is used up the group gives up: everything that is up is stopped in reverse order, GiveUp is reported
// once, and from then on nothing is asked for. A new start of the group is a new Group.
type Group struct {
	Strategy Strategy
	Order    []string // names of the members in start order; never changed
	Budget   Budget

	phase   phase
	members []member // as Order; nil: nothing was told yet
	cause   Reason   // of what is being done
}

// A Member event is a fact about one member of a group, told to the group's machine. Names that are not in Order are
// ignored.
type Member struct {
	Name string
	Fact Fact
}

// Fact is what happened to a member.
type Fact int

// The facts a group's machine is told: each change once, in the order of the changes.
const (
	MemberFailed   Fact = iota // it ended, or could not be started, in a way that its own policy calls a failure
	MemberDown                 // it is down for another reason; a member that cannot be signalled counts as down
	MemberUp                   // it is up (RUNNING, or ready where it says so itself)
	MemberStarting             // somebody other than the group has asked for it to be up
	MemberUnwanted             // somebody other than the group has asked for it to be down, be it up or not
)

var factNames = [...]string{"failed", "down", "up", "starting", "unwanted"}

// String is the fact in transcripts.
func (f Fact) String() string { return factNames[f] }

// GroupAction is one thing a group wants done.
type GroupAction struct {
	Do     GroupVerb
	Member string // "" for Finished and GiveUp
	Reason Reason
}

// GroupVerb is what a GroupAction asks for.
type GroupVerb int

// What a group asks for.
const (
	StopMember  GroupVerb = iota // answered by MemberDown or MemberFailed
	StartMember                  // answered by MemberUp, MemberFailed, or MemberDown when somebody else takes it down
	Finished                     // no pass is under way any more: everything concerned is up, or was left out
	GiveUp                       // the budget is used up and everything is down: the group fails
	Charge                       // nothing: a failure of the member was charged to the budget, or was too much for it
)

var groupVerbs = [...]string{"stop", "start", "finished", "give up", "charge"}

// String is the action in transcripts.
func (a GroupAction) String() string {
	if a.Member == "" {
		return groupVerbs[a.Do]
	}
	return groupVerbs[a.Do] + " " + a.Member
}

// phase is what a group is busy with.
type phase int

const (
	idle     phase = iota
	inPass         // some member has a plan
	givingUp       // the budget is used up, members are on their way down
	gaveUp         // GiveUp was reported
)

// member is what a group knows of one member, and what it still has to do with it.
type member struct {
	is   condition
	plan plan
}

// condition is where a member stands.
type condition int

const (
	isDown     condition = iota
	isStarting           // on its way up, whoever asked
	isUp
	isStopping // the group has asked it to stop
)

// plan is what a pass still has to do with a member.
type plan int

const (
	leave   plan = iota
	stop         // stop it for good
	restart      // stop it, then start it
	start        // it is down or on its way up, it is to be up
)

// Busy tells whether a pass is under way or the group is giving up.
func (g Group) Busy() bool { return g.phase == inPass || g.phase == givingUp }

// GaveUp tells whether GiveUp was reported: the group asks for nothing any more.
func (g Group) GaveUp() bool { return g.phase == gaveUp }

// Tell tells the group of an event at the monotonic time now and returns what becomes of it and what to do next.
func (g Group) Tell(ev Member, now time.Duration) (Group, []GroupAction) {
	i := slices.Index(g.Order, ev.Name)
	if i < 0 {
		return g, nil
	}
	if g.members == nil {
		g.members = make([]member, len(g.Order))
	} else {
		g.members = slices.Clone(g.members)
	}
	m := &g.members[i]
	was := *m
	var charged []GroupAction
	switch ev.Fact {
	case MemberStarting:
		if m.is == isDown {
			m.is = isStarting
		}
	case MemberUnwanted:
		switch m.plan {
		case start:
			m.plan = leave
		case restart:
			m.plan = stop
			if m.is != isStopping { // whoever wants it down sees to that
				m.plan = leave
			}
		}
	case MemberUp:
		if m.is != isStopping { // its end is still to come
			m.is = isUp
		}
	case MemberDown:
		m.is, m.plan = isDown, leave
		if was.is == isStopping {
			m.plan = afterStop(was.plan)
		}
	case MemberFailed:
		m.is = isDown
		switch {
		case was.plan == stop || was.plan == restart:
			m.plan = afterStop(was.plan)
		case was.plan == start && was.is == isDown:
			// nothing was running that could fail
		case g.phase == idle || g.phase == inPass:
			charged = []GroupAction{g.failed(i, now)}
		}
	}
	return g, append(charged, g.next()...)
}

// afterStop is what remains to be done with a member that was to be stopped, once it is down.
func afterStop(p plan) plan {
	if p == restart {
		return start
	}
	return leave
}

// failed charges the failure of member i to the budget, tells of that, and plans the pass, or the end. The receiver's members
// are its own.
func (g *Group) failed(i int, now time.Duration) GroupAction {
	name := g.Order[i]
	var within bool
	if g.Budget, within = g.Budget.Spend(now); !within {
		g.phase = givingUp
		g.cause = Reason{"budget-used-up", fmt.Sprintf("%s failed, and the budget is used up: %s", name, g.Budget)}
		for j := range g.members {
			g.members[j].replan(stop)
		}
		return GroupAction{Charge, name, g.cause}
	}
	g.phase = inPass
	g.cause = Reason{"group-restart", fmt.Sprintf("%s failed, and the strategy of the group is %s", name, g.Strategy)}
	for _, affected := range g.Strategy.Affected(g.Order, name) {
		g.members[slices.Index(g.Order, affected)].replan(restart)
	}
	g.members[i].plan = start
	return GroupAction{Charge, name, Reason{"budget-charged", g.cause.Text + "; " + g.Budget.state(now)}}
}

// replan plans to stop or to restart a member that is not down. One that is down is left down when everything stops;
// otherwise it keeps its plan, which may be a start later in the pass.
func (m *member) replan(p plan) {
	switch {
	case m.is != isDown:
		m.plan = p
	case p == stop:
		m.plan = leave
	}
}

// next says what is to be done now. The receiver's members are its own.
func (g *Group) next() []GroupAction {
	if i := g.last(func(m member) bool { return m.is == isStopping }); i >= 0 {
		return nil
	}
	if i := g.last(func(m member) bool { return m.plan == stop || m.plan == restart }); i >= 0 {
		g.members[i].is = isStopping
		return []GroupAction{{StopMember, g.Order[i], g.cause}}
	}
	var actions []GroupAction
	for i := range g.members {
		m := &g.members[i]
		if m.plan != start {
			continue
		}
		if m.is == isUp {
			m.plan = leave
			continue
		}
		if m.is == isDown {
			m.is = isStarting
			actions = append(actions, GroupAction{StartMember, g.Order[i], g.cause})
		}
		if g.Strategy != OneForOne {
			break // those after it wait until it is up
		}
	}
	if g.last(func(m member) bool { return m.plan != leave }) >= 0 {
		return actions
	}
	switch g.phase {
	case inPass:
		g.phase = idle
		return append(actions, GroupAction{Finished, "", g.cause})
	case givingUp:
		g.phase = gaveUp
		return append(actions, GroupAction{GiveUp, "", g.cause})
	}
	return actions
}

// last is the index of the last member in start order for which is holds, or -1.
func (g *Group) last(is func(member) bool) int {
	for i, m := range slices.Backward(g.members) {
		if is(m) {
			return i
		}
	}
	return -1
}
