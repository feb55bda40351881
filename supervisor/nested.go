package supervisor

import "time"

// This file is what a group is asked from outside: by the group that it is a member of, or by a new configuration.

// Stop has everything stopped that is up, in reverse order, each member when the one before is down; then AllDown is reported.
// It ends a pass, and the state of having given up.
func (g Group) Stop(r Reason) (Group, []GroupAction) {
	if g.open(); g.members == nil {
		return g, []GroupAction{{AllDown, "", r}}
	}
	g.phase, g.cause, g.ordered = takenDown, r, false
	g.replan(0, len(g.Order), stop)
	return g, g.next()
}

// Start has members started in order, each when the one before is up, with a full budget; then Finished is reported. It starts
// those that were up, or on their way up, when the group was stopped, gave up or failed; those named in otherwise when there
// is none.
func (g Group) Start(otherwise []string, r Reason) (Group, []GroupAction) {
	if g.open(); g.members == nil {
		return g, []GroupAction{{Finished, "", r}}
	}
	if g.members.count(isMissed) == 0 {
		g.want(otherwise)
	}
	g.phase, g.cause, g.ordered = inPass, r, true
	g.Budget.spent = nil
	for i := range g.Order {
		m := g.members.at(i)
		if !m.wanted {
			continue
		}
		m.plan = start
		if m.is == isStopping {
			m.plan = restart
		}
		g.members = g.members.with(i, m)
	}
	return g, g.next()
}

// want has members count as wanted. Names that are not in Order are ignored.
func (g *Group) want(names []string) {
	for _, name := range names {
		if i, known := g.index[name]; known {
			m := g.members.at(i)
			m.wanted = true
			g.members = g.members.with(i, m)
		}
	}
}

// Standing is the group as a member of another one: MemberFailed when it gave up, MemberDone when its work is done, MemberDown
// when nothing is up and nothing is to be started, MemberUp when all that is not down is up, else MemberStarting.
func (g Group) Standing() Fact {
	switch {
	case g.phase == gaveUp:
		return MemberFailed
	case g.phase == shutDown:
		return MemberDone
	case g.phase == idle && (g.members == nil || g.members.count(isLive) == 0):
		return MemberDown
	case g.phase == idle && g.members.count(isReady) == g.members.count(isLive):
		return MemberUp
	}
	return MemberStarting
}

// IsWanted tells whether a member was up, or on its way up, and nobody but the group itself has taken it down since.
func (g Group) IsWanted() bool { return g.members != nil && g.members.count(isMissed) > 0 }

// Revise gives the group the Strategy, Order, AutoShutdown, Significant and limits of the Budget of another one, while its
// members are what they are, and returns what to do next. Restarts that were spent go on to count; a budget that is smaller
// now shows at the next failure. A pass that is under way goes on as it was planned: members that are gone are left out, and
// new ones are down. What is to be started or stopped for the new order is up to the caller. AutoShutdown looks at ends that
// are still to come.
func (g Group) Revise(to Group) (Group, []GroupAction) {
	was := g
	g.Strategy, g.Order, g.AutoShutdown, g.Significant = to.Strategy, to.Order, to.AutoShutdown, to.Significant
	g.Budget = g.Budget.revised(to.Budget.Intensity, to.Budget.Period)
	g.members, g.index = nil, nil
	if was.members == nil {
		return g, nil
	}
	if g.open(); g.members == nil {
		return g, nil
	}
	for i, name := range g.Order {
		if j, known := was.index[name]; known {
			m := was.members.at(j)
			m.significant = g.members.at(i).significant
			g.members = g.members.with(i, m)
		}
	}
	return g, g.next()
}

// revised is the budget with other limits. What was spent counts on, as far as it can matter.
func (b Budget) revised(intensity int, period time.Duration) Budget {
	b.Intensity, b.Period = intensity, period
	if over := len(b.spent) - max(0, intensity); over > 0 {
		b.spent = b.spent[over:]
	}
	return b
}
