package ctl

import (
	"fmt"
	"strings"
	"time"
)

var verbTree = verb{
	name:  "tree",
	short: "show groups and programs in the order of their start",
	forms: []form{{"tree", "the strategy and budget of each group, the state of its programs and what they depend on"}},
	notes: `Groups and the programs of each stand in the order in which they are started; they are stopped in reverse. A group with a strategy
has a budget: so many restarts within a time are lived with, one more and the group gives up. A group in a group stands in its
place. A group with auto_shutdown stops when its significant members have ended.`,
	example: `$ tree
$ -o json tree | jq -r '.[] | select(.ready | not) | .namespec'`,
	noArgs:  true,
	upcheck: true,
	json:    treeRow{},
	run:     runTree,
}

// A treeGroup is a group as supd.getTree tells it.
type treeGroup struct {
	Name      string        `xmlrpc:"name"`
	Priority  int           `xmlrpc:"priority"`
	Listener  bool          `xmlrpc:"listener"`
	Strategy  string        `xmlrpc:"strategy"`
	Auto      string        `xmlrpc:"auto_shutdown"` // never, any_significant, all_significant; "" it has no strategy
	Done      bool          `xmlrpc:"done"`          // that has stopped it
	Parent    string        `xmlrpc:"parent"`        // the group that it is in; "" none
	Main      bool          `xmlrpc:"significant"`
	Members   []string      `xmlrpc:"members"` // names of programs and "group:NAME", in start order; empty: there are no groups in it
	GaveUp    bool          `xmlrpc:"gave_up"`
	Intensity int           `xmlrpc:"intensity"`
	Period    float64       `xmlrpc:"period"`
	Used      int           `xmlrpc:"used"`
	Left      int           `xmlrpc:"left"`
	Refill    float64       `xmlrpc:"refill"`
	Programs  []treeProgram `xmlrpc:"processes"`
}

// A branch is one line of the tree: a group, or a program of one.
type branch struct {
	group   *treeGroup
	program *treeProgram // nil: it is the group itself
	depth   int          // in how many groups the group is
}

// branches lists groups and programs in the order in which they are started. A group whose parent is not there is by itself.
func branches(groups []treeGroup) []branch {
	byName := map[string]*treeGroup{}
	for i := range groups {
		byName[groups[i].Name] = &groups[i]
	}
	var out []branch
	for i := range groups {
		if byName[groups[i].Parent] == nil {
			out = groups[i].branches(out, byName, 0)
		}
	}
	return out
}

func (g *treeGroup) branches(out []branch, byName map[string]*treeGroup, depth int) []branch {
	out = append(out, branch{g, nil, depth})
	if len(g.Members) == 0 {
		for i := range g.Programs {
			out = append(out, branch{g, &g.Programs[i], depth})
		}
	}
	for _, m := range g.Members {
		if name, nested := strings.CutPrefix(m, "group:"); nested {
			if inner := byName[name]; inner != nil && inner.Parent == g.Name {
				out = inner.branches(out, byName, depth+1)
			}
			continue
		}
		for i := range g.Programs {
			if p := &g.Programs[i]; p.Namespec == g.Name+":"+m || p.Namespec == m && m == g.Name {
				out = append(out, branch{g, p, depth})
			}
		}
	}
	return out
}

// A treeProgram is a program as supd.getTree tells it.
type treeProgram struct {
	Namespec  string     `xmlrpc:"namespec"`
	Priority  int        `xmlrpc:"priority"`
	Autostart bool       `xmlrpc:"autostart"`
	Main      bool       `xmlrpc:"significant"`
	State     string     `xmlrpc:"statename"`
	PID       int        `xmlrpc:"pid"`
	Ready     bool       `xmlrpc:"ready"`
	Status    string     `xmlrpc:"status"`
	WaitsFor  string     `xmlrpc:"waits_for"`
	Wanted    bool       `xmlrpc:"wanted"`
	Until     float64    `xmlrpc:"until"`
	Text      string     `xmlrpc:"text"`
	Needs     []treeNeed `xmlrpc:"needs"`
}

// A treeNeed is one program that another depends on.
type treeNeed struct {
	Program   string `xmlrpc:"program"`
	Condition string `xmlrpc:"condition"`
	Met       bool   `xmlrpc:"met"`
	State     string `xmlrpc:"statename"` // "" there is no such program
}

// A treeRow is a program and its group, for a machine.
type treeRow struct {
	Order         int      `json:"order" help:"its place in the order of starts, from 1"`
	Namespec      string   `json:"namespec" help:"the program"`
	Group         string   `json:"group" help:"its group"`
	GroupPriority int      `json:"group_priority" help:"the priority of its group"`
	Priority      int      `json:"priority" help:"its priority in the group"`
	Autostart     bool     `json:"autostart" help:"whether it starts by itself"`
	State         string   `json:"state" help:"its state"`
	PID           int      `json:"pid" help:"its process id, 0 when it does not run"`
	Ready         bool     `json:"ready" help:"whether it is RUNNING, ready and has been healthy"`
	Status        string   `json:"status" help:"what is not well with it, or what it says of itself"`
	WaitsFor      string   `json:"waits_for" help:"what it lacks, while it is to be started"`
	Wanted        bool     `json:"wanted" help:"whether it is down and will be started without anybody asking for it"`
	Until         float64  `json:"until" help:"when it is tried again, Unix seconds, 0 when it does not wait for a time"`
	Reason        string   `json:"reason" help:"why it is in its state"`
	Needs         []string `json:"needs" help:"the programs it depends on"`
	Strategy      string   `json:"strategy" help:"of the group: one_for_one, one_for_all, rest_for_one, or empty"`
	Parent        string   `json:"parent" help:"the group that its group is in, or empty"`
	Significant   bool     `json:"significant" help:"whether its end counts for auto_shutdown of its group and for exit_when"`
	AutoShutdown  string   `json:"auto_shutdown" help:"of the group: never, any_significant, all_significant, or empty"`
	Done          bool     `json:"done" help:"whether auto_shutdown has stopped the group"`
	GaveUp        bool     `json:"gave_up" help:"whether the group has given up"`
	BudgetUsed    int      `json:"budget_used" help:"restarts of the group that count now"`
	BudgetLeft    int      `json:"budget_left" help:"restarts left before the group gives up, -1 for any number"`
	Refill        float64  `json:"refill" help:"seconds until the oldest restart does not count any more, 0 when none does"`
}

func runTree(s *session, _ []string) error {
	var groups []treeGroup
	if done, err := s.own(&groups, "getTree"); done {
		return err
	}
	if s.format == formatJSON {
		return s.json(notNil(treeRows(groups)))
	}
	width, order := 0, 0
	for _, g := range groups {
		for _, p := range g.Programs {
			width = max(width, len([]rune(p.Namespec)))
		}
	}
	now := time.Now()
	for _, b := range branches(groups) {
		indent := strings.Repeat("  ", b.depth)
		p := b.program
		if p == nil {
			s.printf("%s%s\n", indent, b.group.head())
			continue
		}
		order++
		state := s.paint(stateColour(p.State), fmt.Sprintf("%-8s", p.State))
		s.printf("%s\n", strings.TrimRight(fmt.Sprintf("%s  %3d  %-*s  %s  %s", indent, order, width, p.Namespec, state, p.detail(now)), " "))
		for _, n := range p.Needs {
			s.printf("%s  %3s  %-*s  %s\n", indent, "", width, "", s.need(n))
		}
	}
	return nil
}

func treeRows(groups []treeGroup) []treeRow {
	var rows []treeRow
	for _, b := range branches(groups) {
		g, p := b.group, b.program
		if p == nil {
			continue
		}
		needs := []string{}
		for _, n := range p.Needs {
			needs = append(needs, n.Program)
		}
		rows = append(rows, treeRow{Order: len(rows) + 1, Namespec: p.Namespec, Group: g.Name, GroupPriority: g.Priority, Priority: p.Priority,
			Autostart: p.Autostart, State: p.State, PID: p.PID, Ready: p.Ready, Status: p.Status, WaitsFor: p.WaitsFor, Wanted: p.Wanted,
			Until: p.Until, Reason: p.Text, Needs: needs, Strategy: g.Strategy, Parent: g.Parent, Significant: p.Main, AutoShutdown: g.Auto,
			Done: g.Done, GaveUp: g.GaveUp, BudgetUsed: g.Used, BudgetLeft: g.Left, Refill: g.Refill})
	}
	return rows
}

// head is the line of a group.
func (g *treeGroup) head() string {
	line := fmt.Sprintf("group %s, priority %d", g.Name, g.Priority)
	if g.Listener {
		line += ", listeners"
	}
	if g.Parent != "" {
		line += ", in " + g.Parent
	}
	if g.Main {
		line += ", significant"
	}
	if g.Strategy == "" {
		return line
	}
	if g.Auto != "" && g.Auto != "never" {
		line += ", auto_shutdown " + g.Auto
	}
	switch {
	case g.Done:
		return line + ", is done"
	case g.GaveUp:
		return line + ", " + g.Strategy + ", gave up"
	case g.Left < 0:
		return line + ", " + g.Strategy + ", restarts are not limited"
	}
	line += fmt.Sprintf(", %s, %d of %d restarts in %s used, %d left", g.Strategy, g.Used, g.Intensity, span(g.Period), g.Left)
	if g.Refill > 0 {
		line += ", one more in " + span(g.Refill)
	}
	return line
}

// span is a number of seconds for people.
func span(seconds float64) string {
	return (time.Duration(seconds*1000) * time.Millisecond).Round(100 * time.Millisecond).String()
}

// detail is the end of the line of a program.
func (p *treeProgram) detail(now time.Time) string {
	if p.Main {
		return strings.TrimRight("significant, "+p.standing(now), ", ")
	}
	return p.standing(now)
}

// standing is how it stands with a program, where that is more than its state.
func (p *treeProgram) standing(now time.Time) string {
	switch {
	case p.WaitsFor != "":
		return "waits for " + p.WaitsFor
	case p.Until > 0:
		return "is tried again in " + span(max(0, p.Until-float64(now.UnixMilli())/1000)) + ": " + p.Text
	case p.State == "RUNNING":
		words := fmt.Sprintf("pid %d", p.PID)
		if p.Ready {
			words += ", ready"
		}
		if p.Status != "" {
			words += ", " + p.Status
		}
		return words
	case p.State == "STOPPED" && p.Text == "" && !p.Autostart:
		return "does not start by itself"
	}
	return p.Text
}

// need is a line about a program that another one depends on.
func (s *session) need(n treeNeed) string {
	state := "is not there"
	if n.State != "" {
		state = "is " + s.paint(stateColour(n.State), n.State)
	}
	line := fmt.Sprintf("needs %s (%s), which %s", n.Program, n.Condition, state)
	if !n.Met {
		line += ": not met"
	}
	return line
}
