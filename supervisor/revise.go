package supervisor

import (
	"slices"
	"time"
)

// This file is a change of what a group is asked to be, while its members are what they are.

// Revise gives the group the Strategy, Order and limits of the Budget of another one and returns what to do next. Restarts that
// were spent go on to count; a budget that is smaller now shows at the next failure. A pass that is under way goes on as it was
// planned: members that are gone are left out, new ones are down.
func (g Group) Revise(to Group) (Group, []GroupAction) {
	was := g
	g.Strategy, g.Order = to.Strategy, to.Order
	g.Budget = g.Budget.revised(to.Budget.Intensity, to.Budget.Period)
	if was.members == nil {
		return g, nil
	}
	g.members = make([]member, len(g.Order))
	for i, name := range g.Order {
		if j := slices.Index(was.Order, name); j >= 0 {
			g.members[i] = was.members[j]
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
