package ctl

import (
	"fmt"
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
UNKNOWN, and 4 when a name is not known or the server does not answer.`,
	example: `$ status
$ status web:*
$ status web || echo "web is down"
$ -o json status | jq -r '.[] | select(.state == "FATAL") | .namespec'`,
	json: true,
	run:  runStatus,
}

func runStatus(s *session, args []string) error {
	up, err := s.upcheck()
	if err != nil {
		return err
	}
	if !up {
		s.fail(exitUnknown)
		return nil
	}
	all, err := s.allPrograms()
	if err != nil {
		return err
	}
	shown := all
	if len(args) > 0 && !slices.Contains(args, "all") {
		shown = s.pick(all, args)
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

// pick returns the programs that names mean, in the order of the names, and tells about names that mean none.
func (s *session) pick(all []programInfo, names []string) []programInfo {
	var picked []programInfo
	for _, n := range names {
		spec := parseNamespec(n)
		before := len(picked)
		for _, p := range all {
			if spec.has(p.Group, p.Name) {
				picked = append(picked, p)
			}
		}
		if len(picked) > before {
			continue
		}
		if spec.wholeGroup() {
			s.problem("%s: ERROR (no such group)", spec.Group)
		} else {
			s.problem("%s: ERROR (no such process)", n)
		}
		s.fail(exitUnknown)
	}
	return picked
}

// statusTable prints a line for each program: name, state, description, in columns.
func (s *session) statusTable(programs []programInfo) {
	width := 30
	for _, p := range programs {
		width = max(width, len([]rune(p.Namespec)))
	}
	colour := s.env.colour()
	var b strings.Builder
	for _, p := range programs {
		state := fmt.Sprintf("%-10s", p.StateName)
		if c := stateColour(p.StateName); colour && c != "" {
			state = c + p.StateName + "\x1b[0m" + state[len(p.StateName):]
		}
		fmt.Fprintf(&b, "%-*s%s%s\n", width+3, p.Namespec, state, p.Description)
	}
	s.printf("%s", b.String())
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
