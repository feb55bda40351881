package ctl

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

var verbGraph = verb{
	name:  "graph",
	short: "show which programs depend on which",
	forms: []form{
		{"graph", "programs, indented below those that need them, with their states"},
		{"graph --format dot", "for Graphviz"},
		{"graph --format mermaid", "for pages in Markdown"},
	},
	notes: `An arrow leads from a program to one that it needs (depends_on=). It is dashed when what is needed is not there now.`,
	example: `$ graph
$ graph --format dot | dot -Tsvg > programs.svg
$ -o json graph | jq -r '.[] | select(.met | not) | .program'`,
	upcheck: true,
	flags:   []form{{"--format text|dot|mermaid", "how to draw it; text if not given"}},
	json:    graphRow{},
	run:     runGraph,
}

// A graphRow is one dependency, for a machine.
type graphRow struct {
	Program      string `json:"program" help:"the program that depends on the other"`
	State        string `json:"state" help:"its state"`
	Needs        string `json:"needs" help:"the program it needs"`
	NeedsState   string `json:"needs_state" help:"the state of that, empty when there is no such program"`
	Condition    string `json:"condition" help:"what it needs of that: running, healthy or exited"`
	ConditionMet bool   `json:"met" help:"whether that is so now"`
}

// A graph is which programs depend on which. Programs that have nothing to do with others are not in it.
type graph struct {
	names []string          // of programs, in the order of starts
	state map[string]string // "": there is no such program
	edges []graphRow
}

func runGraph(s *session, args []string) error {
	format := ""
	rest, err := parseFlags("graph", args, func(fl *pflag.FlagSet) { fl.StringVar(&format, "format", "text", "") })
	if err != nil {
		return err
	}
	draw := map[string]func(*graph) string{"dot": (*graph).dot, "mermaid": (*graph).mermaid, "text": func(g *graph) string { return g.text(s) }}[format]
	switch {
	case len(rest) > 0:
		return misuseError("Error: graph takes no names")
	case draw == nil:
		return misuseError(fmt.Sprintf("Error: bad format %s; it is text, dot or mermaid", quoteLine(format)))
	}
	var groups []treeGroup
	if done, err := s.own(&groups, "getTree"); done {
		return err
	}
	g := graphOf(groups)
	if s.format == formatJSON {
		return s.json(notNil(g.edges))
	}
	if len(g.edges) == 0 && format == "text" {
		s.printf("no program depends on another\n")
		return nil
	}
	s.printf("%s", draw(g))
	return nil
}

func graphOf(groups []treeGroup) *graph {
	g := &graph{state: map[string]string{}}
	involved := map[string]bool{}
	for _, group := range groups {
		for _, p := range group.Programs {
			g.names = append(g.names, p.Namespec)
			g.state[p.Namespec] = p.State
			for _, n := range p.Needs {
				g.edges = append(g.edges, graphRow{p.Namespec, p.State, n.Program, n.State, n.Condition, n.Met})
				involved[p.Namespec], involved[n.Program] = true, true
			}
		}
	}
	for _, e := range g.edges {
		if _, known := g.state[e.Needs]; !known {
			g.names = append(g.names, e.Needs)
			g.state[e.Needs] = ""
		}
	}
	g.names = slices.DeleteFunc(g.names, func(n string) bool { return !involved[n] })
	return g
}

// below is what programs need, and what that needs, and so on.
func (g *graph) below(names []string) map[string]bool {
	needed := map[string]bool{}
	var add func(name string)
	add = func(name string) {
		for _, e := range g.from(name) {
			if !needed[e.Needs] {
				needed[e.Needs] = true
				add(e.Needs)
			}
		}
	}
	for _, n := range names {
		add(n)
	}
	return needed
}

// from lists the dependencies of a program.
func (g *graph) from(name string) []graphRow {
	var out []graphRow
	for _, e := range g.edges {
		if e.Program == name {
			out = append(out, e)
		}
	}
	return out
}

// stateWord is the state of a program for people.
func (g *graph) stateWord(name string) string {
	if st := g.state[name]; st != "" {
		return st
	}
	return "not there"
}

// text draws the graph as lines: what a program needs is below it, indented. What was drawn before is not drawn again.
func (g *graph) text(s *session) string {
	var b strings.Builder
	drawn := map[string]bool{}
	var draw func(name, label string, depth int)
	draw = func(name, label string, depth int) {
		fmt.Fprintf(&b, "%s%s %s%s", strings.Repeat("    ", depth), name, s.paint(stateColour(g.state[name]), g.stateWord(name)), label)
		needs := g.from(name)
		if drawn[name] && len(needs) > 0 {
			b.WriteString(", see above\n")
			return
		}
		b.WriteString("\n")
		drawn[name] = true
		for _, e := range needs {
			draw(e.Needs, dependencyWords(e), depth+1)
		}
	}
	needed := map[string]bool{}
	for _, e := range g.edges {
		needed[e.Needs] = true
	}
	for _, n := range g.names {
		if !needed[n] {
			draw(n, "", 0)
		}
	}
	for _, n := range g.names { // two generations of a configuration can make a cycle
		if !drawn[n] {
			draw(n, "", 0)
		}
	}
	return b.String()
}

// dependencyWords is what a line says of the dependency that leads to it.
func dependencyWords(e graphRow) string {
	var words []string
	if e.Condition != "running" {
		words = append(words, e.Condition)
	}
	if !e.ConditionMet {
		words = append(words, "not met")
	}
	if len(words) == 0 {
		return ""
	}
	return " (" + strings.Join(words, ", ") + ")"
}

// fill is the colour of a state in drawings.
func fill(state string) string {
	switch state {
	case "RUNNING":
		return "palegreen"
	case "STARTING", "BACKOFF", "STOPPING":
		return "khaki"
	case "FATAL", "UNKNOWN", "":
		return "lightpink"
	}
	return "lightgrey"
}

// dot draws the graph for Graphviz.
func (g *graph) dot() string {
	var b strings.Builder
	b.WriteString("digraph supd {\n    rankdir=LR;\n    node [shape=box, style=filled];\n")
	for _, n := range g.names {
		fmt.Fprintf(&b, "    %s [label=%s, fillcolor=%s];\n", dotQuote(n), dotQuote(n+"\n"+g.stateWord(n)), fill(g.state[n]))
	}
	for _, e := range g.edges {
		style := "solid"
		if !e.ConditionMet {
			style = "dashed"
		}
		fmt.Fprintf(&b, "    %s -> %s [label=%s, style=%s];\n", dotQuote(e.Program), dotQuote(e.Needs), dotQuote(e.Condition), style)
	}
	b.WriteString("}\n")
	return b.String()
}

// dotQuote is text as a quoted string of the DOT language.
func dotQuote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

// mermaid draws the graph for Markdown.
func (g *graph) mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	id := map[string]string{}
	for i, n := range g.names {
		id[n] = "p" + strconv.Itoa(i)
		fmt.Fprintf(&b, "    %s[\"%s<br>%s\"]\n    style %s fill:%s\n", id[n], mermaidText(n), g.stateWord(n), id[n], fill(g.state[n]))
	}
	for _, e := range g.edges {
		arrow := "-->"
		if !e.ConditionMet {
			arrow = "-.->"
		}
		fmt.Fprintf(&b, "    %s %s|%s| %s\n", id[e.Program], arrow, e.Condition, id[e.Needs])
	}
	return b.String()
}

// mermaidText is text inside a quoted label.
func mermaidText(text string) string {
	return strings.NewReplacer(`#`, "#35;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "&", "#amp;").Replace(text)
}
