package supervisor

import (
	"fmt"
	"strings"
)

// An Arc is one transition that can happen, for the diagram and for tests: a machine that makes another one is wrong.
type Arc struct {
	From, To State
	Label    string // what triggers it
}

// Arcs lists every transition of the program's machine (compat.md §3.2).
var Arcs = []Arc{
	{Stopped, Starting, "start, autostart, cron"},
	{Exited, Starting, "start, autorestart, cron"},
	{Fatal, Starting, "start, cron"},
	{Fatal, Backoff, "its group tries it anew"},
	{Starting, Running, "stayed up for startsecs"},
	{Starting, Backoff, "spawn error, or ended before startsecs"},
	{Starting, Stopping, "stop"},
	{Starting, Unknown, "cannot be signalled"},
	{Running, Exited, "ended"},
	{Running, Stopping, "stop"},
	{Running, Unknown, "cannot be signalled"},
	{Backoff, Starting, "waited as many seconds as failures"},
	{Backoff, Fatal, "startretries used up, or shutdown"},
	{Backoff, Stopped, "stop, or its files have changed"},
	{Stopping, Stopped, "ended"},
	{Stopping, Unknown, "cannot be signalled"},
	{Unknown, Stopped, "ended"},
}

// Mermaid renders Arcs as a Mermaid state diagram.
func Mermaid() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n    [*] --> STOPPED\n")
	for _, a := range Arcs {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", a.From, a.To, a.Label)
	}
	return b.String()
}

// RulesMarkdown renders Rules as a Markdown table: the first row that matches decides.
func RulesMarkdown() string {
	var b strings.Builder
	b.WriteString("| was UNKNOWN | stop asked for | going down | how it ended | retries left | autorestart | directive | state | reason |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|\n")
	endings := [...]string{"failed start", "expected", "not expected"}
	restarts := [...]string{"unexpected", "false", "true"}
	for i := range Rules {
		r := &Rules[i]
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", r.Unknown, r.StopRequested, r.Held,
			names(r.Endings, endings[:]), r.RetriesLeft, names(r.Autorestart, restarts[:]), r.Directive, r.To, r.Reason.Text)
	}
	return b.String()
}

func (t tri) String() string { return [...]string{"–", "yes", "no"}[t] }

func names[T ~int](list []T, words []string) string {
	if list == nil {
		return "–"
	}
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = words[v]
	}
	return strings.Join(out, ", ")
}
