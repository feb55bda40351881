package top

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gwaycc/supd/ctl/api"
)

// A row is a line of the list: a node, a group or a program.
type row struct {
	node    *node
	group   *api.Group   // nil: the row of a node
	program *api.Program // nil: the row of a group
	depth   int
	folded  bool
}

// id tells rows apart.
func (r *row) id() string {
	switch {
	case r.program != nil:
		return r.node.name + "\x00p" + r.program.Namespec
	case r.group != nil:
		return r.node.name + "\x00g" + r.group.Name
	}
	return r.node.name + "\x00n"
}

// names is what an action on a row is about: a program, a group, or all programs of a node.
func (r *row) names() string {
	switch {
	case r.program != nil:
		return r.program.Namespec
	case r.group != nil:
		return r.group.Name + ":*"
	}
	return "*"
}

// An order is how the programs are sorted.
type order int

const (
	byTree order = iota // as they are started, with their groups
	byCPU
	byMemory
	byRestarts
	orders // how many there are
)

func (o order) String() string { return [...]string{"start order", "CPU", "memory", "restarts"}[o] }

// A choice is which rows are shown, and how.
type choice struct {
	filter string // words that all must be in the name, the state or the reason of a program
	unwell bool   // only programs that somebody should look at
	order  order
	folded map[string]bool // by id
}

// narrows tells whether not all programs are shown.
func (c *choice) narrows() bool { return c.unwell || strings.TrimSpace(c.filter) != "" }

func (c *choice) wants(p *api.Program, words []string) bool {
	if c.unwell && !unwell(p) {
		return false
	}
	text := strings.ToLower(p.Namespec + "\n" + p.State + "\n" + p.Reason.Text)
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// rows are the lines of the list.
func (w *world) rows(c *choice) []row {
	words := strings.Fields(strings.ToLower(c.filter))
	several := len(w.nodes) > 1
	var out []row
	for _, n := range w.nodes {
		l := layout{choice: c, words: words, node: n, byName: map[string]*api.Group{}}
		depth := 0
		if several {
			depth = 1
		}
		for i := range n.groups {
			l.byName[n.groups[i].Name] = &n.groups[i]
		}
		for i := range n.groups {
			if g := &n.groups[i]; l.byName[g.Parent] == nil {
				l.add(g, depth)
			}
		}
		if several && c.order == byTree {
			head := row{node: n}
			head.folded = c.folded[head.id()] && !c.narrows()
			if len(l.rows) == 0 && c.narrows() {
				continue
			}
			out = append(out, head)
			if head.folded {
				continue
			}
		}
		out = append(out, l.rows...)
	}
	if c.order != byTree {
		sortRows(out, c.order)
	}
	return out
}

// A layout gathers the rows of one node.
type layout struct {
	*choice
	words  []string
	node   *node
	byName map[string]*api.Group
	rows   []row
}

// add adds a group with what is in it. A group that has nothing to show is left out.
func (l *layout) add(g *api.Group, depth int) {
	head := row{node: l.node, group: g, depth: depth}
	headed := l.order == byTree && !alone(g)
	at := len(l.rows)
	inner := depth
	if headed {
		head.folded = l.folded[head.id()] && !l.narrows()
		l.rows = append(l.rows, head)
		inner++
	}
	if headed && head.folded {
		return
	}
	if len(g.Members) == 0 {
		for i := range g.Programs {
			l.program(g, &g.Programs[i], inner)
		}
	}
	for _, m := range g.Members {
		if name, nested := strings.CutPrefix(m, "group:"); nested {
			if sub := l.byName[name]; sub != nil && sub.Parent == g.Name {
				l.add(sub, inner)
			}
			continue
		}
		for i := range g.Programs {
			if p := &g.Programs[i]; p.Name == m {
				l.program(g, p, inner)
			}
		}
	}
	if headed && len(l.rows) == at+1 && l.narrows() {
		l.rows = l.rows[:at]
	}
}

func (l *layout) program(g *api.Group, p *api.Program, depth int) {
	if l.order != byTree {
		depth = 0
	}
	if l.wants(p, l.words) {
		l.rows = append(l.rows, row{node: l.node, group: g, program: p, depth: depth})
	}
}

// alone tells whether a group is nothing but the program that it is made of.
func alone(g *api.Group) bool {
	return len(g.Programs) == 1 && g.Programs[0].Namespec == g.Name && g.Strategy == "" && g.Parent == "" && len(g.Members) == 0
}

// sortRows sorts programs, the largest first; equal ones stay in start order.
func sortRows(rows []row, o order) {
	key := func(r row) float64 {
		s, _ := r.node.sample(r.program)
		switch o {
		case byCPU:
			return s.CPU
		case byMemory:
			return float64(s.Memory)
		}
		return float64(r.program.Restarts)
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(key(b), key(a)) })
}
