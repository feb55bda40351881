package ctl

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

var verbStatus = verb{
	name:  "status",
	short: "show the state of programs",
	forms: []form{
		{"status", "all programs"},
		{"status all", "the same"},
		{"status NAME ...", "these programs"},
		{"status GROUP:* ...", "all programs of these groups"},
	},
	notes: `The exit status is 0 when every program shown is up or on its way, 3 when one is STOPPED, EXITED, FATAL or
UNKNOWN, and 4 when a name is not known or the server does not answer.

With -w it asks once a second: on a terminal the lines are redrawn in place, elsewhere each program is a line at first
and whenever it has changed, with the time in front (for -o json an object on each line).

With SUPERVISOR_GROUP_DISPLAY=true in its environment it shows group:name also where both are the same.`,
	example: `$ status
$ status web:*
$ status web || echo "web is down"
$ status -w web:*
$ -o json status | jq -r '.[] | select(.state == "FATAL") | .namespec'`,
	words: wordsPrograms,
	flags: []form{{"-w, --watch", "go on showing them until Ctrl-C"}},
	json:  programInfo{},
	run:   runStatus,
}

func runStatus(s *session, args []string) error {
	args, watching := takeWatchFlag(args)
	up, err := s.upcheck()
	if err != nil {
		return err
	}
	if !up {
		s.fail(exitUnknown)
		return nil
	}
	all, err := s.allForStatus()
	if err != nil {
		return err
	}
	shown := all
	if len(args) > 0 && !slices.Contains(args, "all") {
		shown = s.pick(all, args, s.problems(), exitUnknown)
	} else {
		args = nil
	}
	if watching && (len(shown) > 0 || args == nil) {
		return s.watch(args)
	}
	if slices.ContainsFunc(shown, func(p programInfo) bool { return p.stopped() }) {
		s.fail(exitStopped)
	}
	if s.format == formatJSON {
		return s.json(notNil(shown))
	}
	s.statusTable(shown)
	return nil
}

// pick returns the programs that names mean, in the order of the names. Names that mean none are told to problems and make
// the exit status unknown.
func (s *session) pick(all []programInfo, names []string, problems io.Writer, unknown int) []programInfo {
	var picked []programInfo
	for _, n := range names {
		before := len(picked)
		for _, p := range all {
			if means(n, p) {
				picked = append(picked, p)
			}
		}
		if len(picked) > before {
			continue
		}
		if spec := parseNamespec(n); spec.wholeGroup() {
			fmt.Fprintf(problems, "%s: ERROR (no such group)\n", spec.Group)
		} else {
			fmt.Fprintf(problems, "%s: ERROR (no such process)\n", n)
		}
		s.fail(unknown)
		s.unknown(wordsPrograms, n)
	}
	return picked
}

// statusTable prints a line for each program: name, state, description, in columns.
func (s *session) statusTable(programs []programInfo) {
	var b strings.Builder
	for _, row := range statusRows(programs, s.env.longNames()) {
		b.WriteString(row.render(s.env.colour(), 0) + "\n")
	}
	s.printf("%s", b.String())
}

// A statusRow is a line of status; name and state are padded to their columns.
type statusRow struct{ name, state, description string }

// statusRows are the lines of status for these programs. With long each has its group in front, also one of the same name.
func statusRows(programs []programInfo, long bool) []statusRow {
	width := 30
	names := make([]string, len(programs))
	for i, p := range programs {
		if names[i] = p.Namespec; long {
			names[i] = p.Group + ":" + p.Name
		}
		width = max(width, len([]rune(names[i])))
	}
	var rows []statusRow
	for i, p := range programs {
		rows = append(rows, statusRow{fmt.Sprintf("%-*s", width+3, names[i]), fmt.Sprintf("%-10s", p.StateName), p.Description})
	}
	return rows
}

// render is the line, cut to width columns unless that is 0, with the state in its colour if that is wanted.
func (r statusRow) render(colour bool, width int) string {
	line := []rune(r.name + r.state + r.description)
	if width > 0 {
		line = line[:min(len(line), width)]
	}
	state := strings.TrimRight(r.state, " ")
	c := stateColour(state)
	from := len([]rune(r.name))
	to := from + len(state)
	if !colour || c == "" || len(line) < to {
		return string(line)
	}
	return string(line[:from]) + c + state + "\x1b[0m" + string(line[to:])
}

// stateColour is the escape sequence that begins the colour of a state, "" for the default colour.
func stateColour(state string) string {
	switch state {
	case "RUNNING":
		return "\x1b[32m"
	case "STARTING", "BACKOFF", "STOPPING":
		return "\x1b[33m"
	case "FATAL", "UNKNOWN":
		return "\x1b[31m"
	}
	return ""
}

// notNil returns list, or an empty one, so that a machine never gets null.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
