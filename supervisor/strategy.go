package supervisor

import (
	"fmt"
	"slices"
	"time"
)

// Strategy tells which members of a group are restarted when one of them fails. The names are OTP's.
type Strategy int

// The strategies of a group.
const (
	OneForOne  Strategy = iota // the failed member only
	OneForAll                  // all members
	RestForOne                 // the failed member and those after it in start order
)

var strategyNames = [...]string{"one_for_one", "one_for_all", "rest_for_one"}

// String is the strategy as it is written in a configuration.
func (s Strategy) String() string { return strategyNames[s] }

// Affected returns the members of order, in start order, that a failure of the member failed concerns. It is empty when
// failed is not a member.
func (s Strategy) Affected(order []string, failed string) []string {
	i := slices.Index(order, failed)
	switch {
	case i < 0:
		return nil
	case s == OneForOne:
		return order[i : i+1]
	case s == OneForAll:
		return order
	default:
		return order[i:]
	}
}

// A Member event is a fact about one member of a group, told to the group's machine.
type Member struct {
	Name string
	Fact Fact
}

// Fact is what happened to a member.
type Fact int

// The facts a group's machine is told.
const (
	MemberFailed Fact = iota // it ended in a way its own policy calls a failure
	MemberDown               // it is not running any more
	MemberUp                 // it is up (RUNNING, or ready where it says so itself)
)

// Group is the machine of one group: it turns failures of members into an ordered pass of stops and starts, within a
// budget. Its methods change nothing in the receiver; like Step it has no clock and no I/O.
type Group struct {
	Strategy Strategy
	Order    []string // members in start order
	Budget   Budget
	GaveUp   bool

	stopping []string // members still to stop, in the order to stop them; the first is being stopped
	starting []string // members still to start, in start order; the first is being started once stopping is empty
	down     map[string]bool
}

// GroupAction is one thing a group wants done.
type GroupAction struct {
	Do     GroupVerb
	Member string // "" for Finished and GiveUp
	Reason Reason
}

// GroupVerb is what a GroupAction asks for.
type GroupVerb int

// What a group asks for. One member is stopped or started at a time; the answer is a Member event.
const (
	StopMember GroupVerb = iota
	StartMember
	Finished // the pass is over, all members concerned are up
	GiveUp   // the budget is used up: all members have been told to stop, in reverse order; the group fails
)

var groupVerbs = [...]string{"stop", "start", "finished", "give up"}

// String is the action in transcripts.
func (a GroupAction) String() string {
	if a.Member == "" {
		return groupVerbs[a.Do]
	}
	return groupVerbs[a.Do] + " " + a.Member
}

// Busy tells whether a pass is under way.
func (g Group) Busy() bool { return len(g.stopping) > 0 || len(g.starting) > 0 }

// Tell tells the group of an event at the monotonic time now and returns what becomes of it and what to do next. A
// failure during a pass is charged to the budget as well and the pass begins anew from the earlier of the two members.
func (g Group) Tell(ev Member, now time.Duration) (Group, []GroupAction) {
	g.down = cloneSet(g.down)
	switch ev.Fact {
	case MemberFailed:
		g.down[ev.Name] = true
		return g.failed(ev.Name, now)
	case MemberDown:
		g.down[ev.Name] = true
		if len(g.stopping) > 0 && g.stopping[0] == ev.Name {
			g.stopping = g.stopping[1:]
			return g.next("")
		}
	case MemberUp:
		delete(g.down, ev.Name)
		if len(g.stopping) == 0 && len(g.starting) > 0 && g.starting[0] == ev.Name {
			g.starting = g.starting[1:]
			return g.next("")
		}
	}
	return g, nil
}

func (g Group) failed(name string, now time.Duration) (Group, []GroupAction) {
	affected := g.Strategy.Affected(g.Order, name)
	if g.GaveUp {
		if len(g.stopping) > 0 && g.stopping[0] == name {
			g.stopping = g.stopping[1:]
		}
		return g.next("")
	}
	if len(affected) == 0 {
		return g, nil
	}
	budget, ok := g.Budget.Spend(now)
	g.Budget = budget
	if !ok {
		g.GaveUp = true
		g.starting = nil
		g.stopping = g.upIn(g.Order)
		return g.next(fmt.Sprintf("%s failed; the budget of %d restarts in %s is used up", name, g.Budget.Intensity, g.Budget.Period))
	}
	if g.Busy() && len(g.starting) > len(affected) {
		affected = g.Strategy.Affected(g.Order, g.starting[0])
	}
	g.starting = affected
	g.stopping = g.upIn(affected)
	return g.next(fmt.Sprintf("%s failed; strategy %s", name, g.Strategy))
}

// upIn lists the members of list that are not known to be down, last first.
func (g Group) upIn(list []string) []string {
	var up []string
	for _, m := range slices.Backward(list) {
		if !g.down[m] {
			up = append(up, m)
		}
	}
	return up
}

// next says what the pass needs now.
func (g Group) next(why string) (Group, []GroupAction) {
	for len(g.stopping) > 0 && g.down[g.stopping[0]] {
		g.stopping = g.stopping[1:]
	}
	r := Reason{"group-" + strategyNames[g.Strategy], why}
	if why == "" {
		r.Text = "next in the pass of " + strategyNames[g.Strategy]
	}
	switch {
	case len(g.stopping) > 0:
		return g, []GroupAction{{StopMember, g.stopping[0], r}}
	case g.GaveUp:
		return g, []GroupAction{{GiveUp, "", Reason{"budget-used-up", why}}}
	case len(g.starting) > 0:
		return g, []GroupAction{{StartMember, g.starting[0], r}}
	}
	return g, []GroupAction{{Finished, "", r}}
}

func cloneSet(s map[string]bool) map[string]bool {
	out := make(map[string]bool, len(s))
	for k, v := range s {
		out[k] = v
	}
	return out
}
