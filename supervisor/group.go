package supervisor

import (
	"fmt"
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
//   - A member that somebody else takes down, or wants to stay down, is left out of the rest of the pass; the pass waits for its end
//     where it waits for that of others.
//   - A member that somebody else starts while others are still to be stopped, although it is to start after one of these, is stopped
//     again and started in its turn.
//
// When the budget is used up the group gives up: everything that is up is stopped in reverse order, GiveUp is reported
// once, and from then on nothing is asked for. When AutoShutdown says that the work of the group is done it is the same, and
// ShutDown is reported. What somebody starts while everything is being stopped is stopped as well. A new start of the group is a
// new Group, or Start.
//
// A member may be a group: that group is told Stop and Start, and Standing is what it tells of itself.
type Group struct {
	Strategy     Strategy
	Order        []string // names of the members in start order; never changed
	Budget       Budget
	AutoShutdown AutoShutdown
	Significant  []string // names of the members that AutoShutdown is about; never changed

	phase   phase
	ordered bool           // the pass starts each member when the one before is up, whatever the strategy
	members *roster        // as Order; nil: nothing was told yet
	index   map[string]int // in Order; made with members, never changed
	cause   Reason         // of what is being done
}

// AutoShutdown tells when the work of a group is done. The names and the rules are OTP's: what counts is that a significant
// member ends by itself, in a way after which it is not restarted.
type AutoShutdown int

// The values of AutoShutdown.
const (
	NeverShutDown  AutoShutdown = iota // never
	AnySignificant                     // when one significant member ends
	AllSignificant                     // when the last significant member that is up ends
)

var autoShutdownNames = [...]string{"never", "any_significant", "all_significant"}

// String is the value as it is written in a configuration.
func (a AutoShutdown) String() string { return autoShutdownNames[a] }

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
	MemberDone                 // it has ended by itself, and its own policy says that this is all
	MemberUp                   // it is up (RUNNING, or ready where it says so itself)
	MemberStarting             // somebody other than the group has asked for it to be up
	MemberUnwanted             // somebody other than the group has asked for it to be down, be it up or not
)

var factNames = [...]string{"failed", "down", "done", "up", "starting", "unwanted"}

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
	StopMember  GroupVerb = iota // answered by MemberDown, MemberDone or MemberFailed
	StartMember                  // answered by MemberUp, MemberFailed, MemberDone, or MemberDown when somebody else takes it down
	Finished                     // no pass is under way any more: everything concerned is up, or was left out
	GiveUp                       // the budget is used up and everything is down: the group fails
	Charge                       // nothing: a failure of the member was charged to the budget, or was too much for it
	ShutDown                     // the work of the group is done and everything is down
	AllDown                      // Stop has been carried out
)

var groupVerbs = [...]string{"stop", "start", "finished", "give up", "charge", "shut down", "all down"}

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
	idle         phase = iota
	inPass             // some member has a plan
	givingUp           // the budget is used up, members are on their way down
	gaveUp             // GiveUp was reported
	shuttingDown       // the work is done, members are on their way down
	shutDown           // ShutDown was reported
	takenDown          // somebody has asked for Stop, members are on their way down
)

// member is what a group knows of one member, and what it still has to do with it.
type member struct {
	is          condition
	plan        plan
	wanted      bool // it was up or on its way up, and nobody but the group has taken it down since
	significant bool
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

// Busy tells whether a pass is under way or everything is being stopped.
func (g Group) Busy() bool { return g.phase != idle && !g.Over() }

// GaveUp tells whether GiveUp was reported: the group asks for nothing any more.
func (g Group) GaveUp() bool { return g.phase == gaveUp }

// Over tells whether GiveUp or ShutDown was reported: the group asks for nothing any more.
func (g Group) Over() bool { return g.phase == gaveUp || g.phase == shutDown }

// Tell tells the group of an event at the monotonic time now and returns what becomes of it and what to do next.
func (g Group) Tell(ev Member, now time.Duration) (Group, []GroupAction) {
	g.open()
	i, known := g.index[ev.Name]
	if !known {
		return g, nil
	}
	m := g.members.at(i)
	was := m
	switch ev.Fact {
	case MemberStarting:
		m.wanted = true
		if m.is == isDown {
			m.is, m.plan = isStarting, g.planFor(i, m.plan)
		}
	case MemberUnwanted:
		m.wanted = false
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
		if was.is == isDown {
			m.plan = g.planFor(i, m.plan)
		}
		if m.is != isStopping { // its end is still to come
			m.is, m.wanted = isUp, true
		}
	case MemberDown, MemberDone:
		m.is, m.plan, m.wanted = isDown, leave, false
		if was.is == isStopping {
			m.plan, m.wanted = afterStop(was.plan), was.wanted
		}
	case MemberFailed:
		m.is = isDown
		if was.plan == stop || was.plan == restart {
			m.plan = afterStop(was.plan)
		}
	}
	g.members = g.members.with(i, m)
	var charged []GroupAction
	if g.phase == idle || g.phase == inPass {
		switch {
		case ev.Fact == MemberFailed && was.isCharged():
			charged = []GroupAction{g.failed(i, now)}
		case ev.Fact == MemberDone && m.significant && was.is != isDown && was.is != isStopping:
			g.done(i)
		}
	}
	return g, append(charged, g.next()...)
}

// planFor is what is to be done with member i, whose plan was p, when somebody else starts it.
func (g *Group) planFor(i int, p plan) plan {
	switch g.phase {
	case givingUp, shuttingDown, takenDown:
		return stop
	case inPass:
		if g.isStopping() && g.isAhead(i) {
			return restart
		}
	}
	return p
}

// isStopping tells whether members are still to be stopped before any is started.
func (g *Group) isStopping() bool {
	return g.members.count(isAwaited) > 0 || g.members.count(isToStop) > 0
}

// isAhead tells whether a member that comes up while others are being stopped is one that is to start after one of these.
func (g *Group) isAhead(i int) bool {
	switch g.Strategy {
	case OneForAll:
		return true
	case RestForOne:
		for _, of := range []trait{isToStop, isToStart} {
			if first := g.members.first(of); first >= 0 && first <= i {
				return true
			}
		}
	}
	return false
}

// Owes tells whether a member is down, or on its way down, for the sake of the group: it was up, or on its way up, and nobody but
// the group has taken it down since.
func (g Group) Owes(name string) bool {
	if g.members == nil {
		return false
	}
	i, known := g.index[name]
	return known && g.members.at(i).wanted
}

// Awaits is the fact about a member that the group waits for, as it has asked for that; false: it waits for none.
func (g Group) Awaits(name string) (Fact, bool) {
	if g.members == nil {
		return 0, false
	}
	i, known := g.index[name]
	if !known {
		return 0, false
	}
	switch m := g.members.at(i); {
	case m.is == isStopping:
		return MemberDown, true
	case m.is == isStarting && m.plan == start:
		return MemberUp, true
	}
	return 0, false
}

// isCharged tells whether a failure of the member is one for the group: it was not to be stopped anyway, and something was
// running that could fail.
func (m member) isCharged() bool {
	return m.plan == leave || m.plan == start && m.is != isDown
}

// open makes the members of a group that was told nothing yet.
func (g *Group) open() {
	if g.members != nil || len(g.Order) == 0 {
		return
	}
	members := make([]member, len(g.Order))
	g.index = make(map[string]int, len(g.Order))
	for i, name := range g.Order {
		g.index[name] = i
	}
	for _, name := range g.Significant {
		if i, known := g.index[name]; known {
			members[i].significant = true
		}
	}
	g.members = newRoster(members)
}

// afterStop is what remains to be done with a member that was to be stopped, once it is down.
func afterStop(p plan) plan {
	if p == restart {
		return start
	}
	return leave
}

// failed charges the failure of member i to the budget, tells of that, and plans the pass, or the end.
func (g *Group) failed(i int, now time.Duration) GroupAction {
	name := g.Order[i]
	var within bool
	if g.Budget, within = g.Budget.Spend(now); !within {
		g.phase = givingUp
		g.cause = Reason{"budget-used-up", fmt.Sprintf("%s failed, and the budget is used up: %s", name, g.Budget)}
		g.replan(0, len(g.Order), stop)
		return GroupAction{Charge, name, g.cause}
	}
	g.phase = inPass
	g.cause = Reason{"group-restart", fmt.Sprintf("%s failed, and the strategy of the group is %s", name, g.Strategy)}
	from, to := g.Strategy.affected(len(g.Order), i)
	g.replan(from, to, restart)
	m := g.members.at(i)
	m.plan, m.wanted = start, true
	g.members = g.members.with(i, m)
	return GroupAction{Charge, name, Reason{"budget-charged", g.cause.Text + "; " + g.Budget.state(now)}}
}

// done looks whether the end of the significant member i is that of the group.
func (g *Group) done(i int) {
	if g.AutoShutdown == NeverShutDown || g.AutoShutdown == AllSignificant && g.members.count(isVital) > 0 {
		return
	}
	g.phase = shuttingDown
	g.cause = Reason{"auto-shutdown", fmt.Sprintf("%s is significant and has ended, and auto_shutdown of the group is %s", g.Order[i], g.AutoShutdown)}
	g.replan(0, len(g.Order), stop)
}

// replan plans to stop or to restart the members from one index to before another that are not down. One that somebody wants down
// is only awaited. One that is down is left down when everything stops; otherwise it keeps its plan, which may be a start later in
// the pass.
func (g *Group) replan(from, to int, p plan) {
	for i := from; i < to; i++ {
		m := g.members.at(i)
		was := m
		switch {
		case m.is != isDown && !m.wanted:
			m.plan = stop
		case m.is != isDown:
			m.plan = p
		case p == stop:
			m.plan = leave
		}
		if m != was {
			g.members = g.members.with(i, m)
		}
	}
}

// next says what is to be done now.
func (g *Group) next() []GroupAction {
	if g.members == nil || g.members.count(isAwaited) > 0 {
		return nil
	}
	if i := g.members.last(isToStop); i >= 0 {
		m := g.members.at(i)
		m.is = isStopping
		g.members = g.members.with(i, m)
		return []GroupAction{{StopMember, g.Order[i], g.cause}}
	}
	actions := g.starts()
	if g.members.count(isToStart) > 0 {
		return actions
	}
	g.ordered = false
	switch g.phase {
	case inPass:
		g.phase = idle
		return append(actions, GroupAction{Finished, "", g.cause})
	case takenDown:
		g.phase = idle
		return append(actions, GroupAction{AllDown, "", g.cause})
	case givingUp:
		g.phase = gaveUp
		return append(actions, GroupAction{GiveUp, "", g.cause})
	case shuttingDown:
		g.phase = shutDown
		return append(actions, GroupAction{ShutDown, "", g.cause})
	}
	return actions
}

// starts says what is to be started now: the next member or, where they do not wait for each other, all.
func (g *Group) starts() (actions []GroupAction) {
	oneByOne := g.ordered || g.Strategy != OneForOne
	search := isToSettle
	if oneByOne {
		search = isToStart
	}
	for i := g.members.first(search); i >= 0; i = g.members.first(search) {
		m := g.members.at(i)
		switch m.is {
		case isUp:
			m.plan = leave
		case isDown:
			m.is = isStarting
			actions = append(actions, GroupAction{StartMember, g.Order[i], g.cause})
		}
		g.members = g.members.with(i, m)
		if oneByOne && m.plan == start {
			break // those after it wait until it is up
		}
	}
	return actions
}
