package ctl

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var verbWhy = verb{
	name:  "why",
	short: "tell why a program is as it is",
	forms: []form{
		{"why NAME ...", "what has led to the present state of these programs, the first cause first"},
		{"why GROUP:*", "of all programs of the group"},
	},
	notes: `Each line is something that has happened or was decided because of the line before it. When the first cause is that a process
has ended by itself, the lines below tell how that process had come to run, which may be the change that broke it.

The server remembers the last 4096 things, also over a reload of itself.`,
	example: `$ why web
$ -o json why web | jq -r '.[] | select(.first_cause) | .text'`,
	upcheck: true,
	needs:   minimum{1, "why requires a process name", exitUsage},
	words:   wordsPrograms,
	json:    whyRow{},
	run:     runWhy,
}

// A whyRow is one step of the way from the first cause to the present, for a machine.
type whyRow struct {
	Namespec   string  `json:"namespec" help:"the program that was asked about"`
	Part       string  `json:"part" help:"chain: has led to the present state; begun: how the life began whose end is the first cause"`
	FirstCause bool    `json:"first_cause" help:"nothing that is known has led to it"`
	Seq        int     `json:"seq" help:"its number in history"`
	Cause      int     `json:"cause" help:"the number of what has led to it, 0 when that came from outside"`
	At         float64 `json:"at" help:"when, Unix seconds"`
	Kind       string  `json:"kind" help:"transition, note, group, request or tree"`
	Program    string  `json:"program" help:"whom it concerns: a program, GROUP:* or empty for all"`
	From       string  `json:"from" help:"of a transition: the state before"`
	To         string  `json:"to" help:"of a transition: the state after"`
	Code       string  `json:"code" help:"the reason, a word"`
	Text       string  `json:"text" help:"the reason, for people"`
}

// A whyAnswer is the answer of supd.why.
type whyAnswer struct {
	Namespec string       `xmlrpc:"namespec"`
	State    string       `xmlrpc:"statename"`
	Status   string       `xmlrpc:"status"`
	WaitsFor string       `xmlrpc:"waits_for"`
	Until    float64      `xmlrpc:"until"`
	Chain    []pastRecord `xmlrpc:"chain"`
	Skipped  int          `xmlrpc:"skipped"`
	Complete bool         `xmlrpc:"complete"`
	Begun    []pastRecord `xmlrpc:"begun"`
}

func runWhy(s *session, args []string) error {
	var rows []whyRow
	shown, done := false, false
	err := s.eachNamed(args, func(program string) (bool, error) {
		var a whyAnswer
		var err error
		if done, err = s.own(&a, "why", program); done {
			return true, err
		}
		rows = append(rows, a.rows()...)
		if s.format == formatText {
			if shown {
				s.printf("\n")
			}
			shown = true
			s.showWhy(&a, time.Now())
		}
		return false, nil
	})
	if err == nil && !done && s.format == formatJSON {
		return s.json(notNil(rows))
	}
	return err
}

func (a *whyAnswer) rows() []whyRow {
	var rows []whyRow
	add := func(part string, chain []pastRecord, complete bool) {
		for i, r := range slices.Backward(chain) {
			rows = append(rows, whyRow{a.Namespec, part, complete && i == len(chain)-1, r.Seq, r.Cause, r.At, r.Kind, r.Program, r.From, r.To,
				r.Code, r.Text})
		}
	}
	add("chain", a.Chain, a.Complete)
	add("begun", a.Begun, false)
	return rows
}

func (s *session) showWhy(a *whyAnswer, now time.Time) {
	state := s.paint(stateColour(a.State), a.State)
	s.printf("%s is %s%s\n", a.Namespec, state, a.present(now))
	switch {
	case len(a.Chain) == 0 && a.Complete:
		s.printf("nothing has happened to it yet\n")
		return
	case len(a.Chain) == 0:
		s.printf("what has happened to it is not kept any more; the log of the server has the rest\n")
		return
	}
	if !a.Complete {
		s.printf("%s  what came before is not kept any more\n", strings.Repeat(" ", len(timeLayout)))
	}
	for i, r := range slices.Backward(a.Chain) {
		mark := ""
		if a.Complete && i == len(a.Chain)-1 {
			mark = "first cause"
		}
		s.step(&r, mark)
		if a.Skipped > 0 && i == len(a.Chain)-1 {
			s.printf("%s  %-11s  ... and so on, %d times\n", strings.Repeat(" ", len(timeLayout)), "", a.Skipped)
		}
	}
	if n := len(a.Begun); n > 2 || n > 0 && a.Begun[n-1].Code != "began" { // that supd has started explains little
		s.printf("that attempt had begun so:\n")
		for _, r := range slices.Backward(a.Begun) {
			s.step(&r, "")
		}
	}
}

// step prints one step of the way.
func (s *session) step(r *pastRecord, mark string) {
	column := fmt.Sprintf("%-11s", mark)
	if mark != "" {
		column = s.paint(bold, column)
	}
	s.printf("%s  %s  %s\n", moment(r.At).Format(timeLayout), column, r.line(s.env.colour()))
}

// present is what is to be known about the present beside the state.
func (a *whyAnswer) present(now time.Time) string {
	switch {
	case a.WaitsFor != "":
		return ", waits for " + a.WaitsFor
	case a.Until > 0:
		left := max(0, moment(a.Until).Sub(now))
		return ", is tried again in " + left.Round(100*time.Millisecond).String()
	case a.Status != "":
		return ", " + a.Status
	}
	return ""
}
