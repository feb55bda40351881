package actors

import (
	"time"

	"github.com/gwaycc/supd/supervisor"
)

// A GroupInfo is a group as it is at one moment, with its programs.
type GroupInfo struct {
	Name     string
	Priority int
	Listener bool   // it is a pool of listeners
	Strategy string // one_for_one, one_for_all, rest_for_one; "": each program restarts by itself
	// AutoShutdown is never, any_significant or all_significant; "" with no Strategy. Done: it has stopped the group.
	AutoShutdown string
	Done         bool
	Parent       string      // the group that it is a member of; "" none
	Significant  bool        // its end by auto_shutdown counts for Parent
	Members      []string    // where groups are among them: names of programs and "group:NAME", in start order; else nil
	Budget       *BudgetInfo // nil: there is no strategy, and so no budget
	Programs     []ProgramInfo
}

// A BudgetInfo is how the restart budget of a group stands.
type BudgetInfo struct {
	Intensity int           // restarts that are allowed within Period; -1 any number
	Period    time.Duration // how long one counts
	Used      int           // that count now
	Left      int           // before it gives up; -1 any number
	Refill    time.Duration // until the oldest does not count any more; 0: none counts
	GaveUp    bool
}

// A ProgramInfo is a program with what it depends on.
type ProgramInfo struct {
	*Info
	Needs []NeedInfo
}

// A NeedInfo is one program that another one depends on.
type NeedInfo struct {
	Program   string // namespec
	Condition string // running, healthy or exited
	Met       bool
	Known     bool // there is such a program
	State     supervisor.State
}

// Groups returns all groups and programs in the order in which they are started. It sends no message.
func (h *Handle) Groups() []GroupInfo {
	entries := *h.tree.table.groups.Load()
	groups := make([]GroupInfo, len(entries))
	for i, e := range entries {
		groups[i] = e.look(h.tree)
	}
	return groups
}

func (e *groupEntry) look(t *tree) GroupInfo {
	g := GroupInfo{Name: e.config.Name, Priority: e.config.Priority, Listener: e.config.Listener != nil, Significant: e.config.Significant,
		Members: e.config.Members}
	if above := t.table.parentOf(e); above != nil {
		g.Parent = above.config.Name
	}
	if s := e.config.Supervision; s != nil {
		g.Strategy = strategies[s.Strategy].String()
		g.AutoShutdown = autoShutdowns[s.AutoShutdown].String()
	}
	if s := e.state.Load(); s != nil {
		now := t.since(s.began)
		g.Budget = &BudgetInfo{Intensity: s.Budget.Intensity, Period: s.Budget.Period, Used: s.Budget.Used(now), Left: s.left(now),
			Refill: s.Budget.Refill(now), GaveUp: s.GaveUp()}
		g.Done = s.Over() && !s.GaveUp()
	}
	for _, p := range byPriority(e.entries) {
		g.Programs = append(g.Programs, p.look())
	}
	return g
}

func (e *entry) look() ProgramInfo {
	p := ProgramInfo{Info: e.info.Load()}
	for _, n := range e.needed() {
		i := NeedInfo{Program: n.spec, Condition: n.condition.String(), Met: n.met(), Known: n.entry != nil}
		if i.Known {
			i.State = n.entry.info.Load().State
		}
		p.Needs = append(p.Needs, i)
	}
	return p
}

// left is how many restarts are allowed at the time now before the group gives up; -1 any number.
func (s *groupState) left(now time.Duration) int {
	if s.Budget.Intensity < 0 {
		return -1
	}
	return max(0, s.Budget.Intensity-s.Budget.Used(now))
}
