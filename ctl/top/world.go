package top

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gwaycc/supd/ctl/api"
)

// recordsKept is how many records of what has happened are kept.
const recordsKept = 1000

// A node is what is known of one supd.
type node struct {
	name     string // "" the one that the client is connected to
	server   *api.Server
	offline  string // why it cannot be reached; "" it can
	groups   []api.Group
	told     time.Time // when the budgets of the groups were
	programs map[string]*api.Program
	usage    *api.Usage // nil: nothing was told yet
}

// title is the name of a node for people.
func (n *node) title() string {
	switch {
	case n.name != "":
		return n.name
	case n.server != nil:
		return n.server.Node
	}
	return "this supd"
}

// A past is a record of a node.
type past struct {
	node   string
	record api.Record
}

// A world is what is known of all nodes. The one that the client is connected to comes first.
type world struct {
	nodes   []*node
	records []past // the oldest first
	samples int    // of the first node so far
}

func newWorld() *world { return &world{nodes: []*node{{}}} }

// node returns the node with a name, which is made if need be.
func (w *world) node(name string) *node {
	for _, n := range w.nodes {
		if n.name == name {
			return n
		}
	}
	n := &node{name: name, offline: "connecting …"}
	w.nodes = append(w.nodes, n)
	return n
}

// A change is an event of the live stream, in the types of package api.
type change struct {
	node  string
	kind  string
	value any
}

// readChange reads an event of the live stream. Kinds that are not known have no value.
func readChange(kind string, data []byte) (change, error) {
	c := change{kind: kind}
	if kind == "remote" {
		var r struct {
			Node  string          `json:"node"`
			Event string          `json:"event"`
			Data  json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(data, &r); err != nil {
			return c, fmt.Errorf("event %s: %w", kind, err)
		}
		c.node, c.kind, data = r.Node, r.Event, r.Data
	}
	switch c.kind {
	case "hello", "server":
		c.value = new(api.Server)
	case "tree":
		c.value = new(api.Tree)
	case "programs":
		c.value = new([]api.Program)
	case "groups":
		c.value = new([]api.Group)
	case "record":
		c.value = new(api.Record)
	case "usage":
		c.value = new(api.Usage)
	case "offline":
		c.value = new(struct {
			Error string `json:"error"`
		})
	default:
		return c, nil
	}
	if err := json.Unmarshal(data, c.value); err != nil {
		return c, fmt.Errorf("event %s: %w", c.kind, err)
	}
	return c, nil
}

// apply brings the world up to date.
func (w *world) apply(c change, now time.Time) {
	n := w.node(c.node)
	switch v := c.value.(type) {
	case *api.Server:
		if c.kind == "server" && n.server != nil {
			n.server.State = v.State
			return
		}
		w.greet(n, v)
	case *api.Tree:
		n.offline, n.groups, n.told = "", v.Groups, now
		n.programs = map[string]*api.Program{}
		for i := range n.groups {
			for j := range n.groups[i].Programs {
				p := &n.groups[i].Programs[j]
				n.programs[p.Namespec] = p
			}
		}
	case *[]api.Program:
		for i := range *v {
			if p := n.programs[(*v)[i].Namespec]; p != nil {
				*p = (*v)[i]
			}
		}
	case *[]api.Group:
		n.told = now
		for i := range *v {
			n.regroup(&(*v)[i])
		}
	case *api.Usage:
		n.usage = v
		if n.name == "" {
			w.samples++
		}
	case *api.Record:
		w.remember(past{c.node, *v})
	case *struct {
		Error string `json:"error"`
	}:
		n.offline, n.groups, n.programs, n.usage = v.Error, nil, nil, nil
		if n.offline == "" {
			n.offline = "it cannot be reached"
		}
	}
}

// greet takes what a server tells of itself when a stream begins.
func (w *world) greet(n *node, s *api.Server) {
	if n.server != nil && n.server.Instance != s.Instance {
		// The numbers of the records go on over a soft restart, but begin anew with another process.
		w.records = slices.DeleteFunc(w.records, func(p past) bool { return p.node == n.name && n.server.Pid != s.Pid })
	}
	n.server = s
	if n.name != "" {
		return
	}
	for _, other := range s.Nodes {
		w.node(other)
	}
	w.nodes = slices.DeleteFunc(w.nodes, func(o *node) bool { return o.name != "" && !slices.Contains(s.Nodes, o.name) })
}

// regroup takes how a group stands; its programs stay.
func (n *node) regroup(g *api.Group) {
	for i := range n.groups {
		if known := &n.groups[i]; known.Name == g.Name {
			programs := known.Programs
			*known = *g
			known.Programs = programs
			return
		}
	}
}

// remember keeps a record, unless it was told before.
func (w *world) remember(p past) {
	for _, known := range slices.Backward(w.records) {
		if known.node == p.node {
			if known.record.Seq >= p.record.Seq {
				return
			}
			break
		}
	}
	if w.records = append(w.records, p); len(w.records) > recordsKept {
		w.records = slices.Delete(w.records, 0, len(w.records)-recordsKept)
	}
}

// about are the records of a program, of a group ("group:*"), or of a whole node ("").
func (w *world) about(node, name string) []past {
	group, whole := strings.CutSuffix(name, ":*")
	var out []past
	for _, p := range w.records {
		of := p.record.Program
		owner, _, _ := strings.Cut(of, ":")
		if p.node == node && (name == "" || of == "" || of == name || whole && owner == group || !whole && of == groupOf(name)+":*") {
			out = append(out, p)
		}
	}
	return out
}

func groupOf(namespec string) string {
	group, _, _ := strings.Cut(namespec, ":")
	return group
}

// counts are the programs of all nodes by state.
func (w *world) counts() (total int, byState map[string]int) {
	byState = map[string]int{}
	for _, n := range w.nodes {
		total += len(n.programs)
		for _, p := range n.programs {
			byState[p.State]++
		}
	}
	return total, byState
}

// used is what all programs use together.
func (w *world) used() (cpu float64, memory int64, known bool) {
	for _, n := range w.nodes {
		if n.usage == nil {
			continue
		}
		known = true
		for _, name := range slices.Sorted(maps.Keys(n.usage.Programs)) { // always the same sum
			s := n.usage.Programs[name]
			cpu += s.CPU
			memory += s.Memory
		}
	}
	return cpu, memory, known
}

// sample is what a program uses.
func (n *node) sample(p *api.Program) (s api.Sample, known bool) {
	if n.usage == nil || p.Pid == 0 {
		return s, false
	}
	s, known = n.usage.Programs[p.Namespec]
	return s, known
}

// ranks are the roles, from the least.
var ranks = map[api.Role]int{api.Read: 1, api.Operate: 2, api.Admin: 3}

// may tells whether the user may do on a node what needs a role. The first node decides for the others as well.
func (w *world) may(n *node, role api.Role) bool {
	least := ranks[api.Admin]
	for _, of := range []*node{w.nodes[0], n} {
		if of.server == nil {
			return false
		}
		least = min(least, ranks[of.server.Role])
	}
	return least >= ranks[role]
}
