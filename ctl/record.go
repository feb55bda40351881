package ctl

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// This file is what the verbs about the past share.

// A pastRecord is something that has happened, as supd.getHistory and supd.why tell it.
type pastRecord struct {
	Seq     int     `xmlrpc:"seq" json:"seq" help:"numbers what has happened, from 1"`
	Cause   int     `xmlrpc:"cause" json:"cause" help:"the number of what has led to it, 0 when that came from outside or nobody knows"`
	At      float64 `xmlrpc:"at" json:"at" help:"when, Unix seconds"`
	Kind    string  `xmlrpc:"kind" json:"kind" help:"transition, note, group, request or tree"`
	Program string  `xmlrpc:"program" json:"program" help:"whom it concerns: a program, GROUP:* or empty for all"`
	From    string  `xmlrpc:"from" json:"from" help:"of a transition: the state before"`
	To      string  `xmlrpc:"to" json:"to" help:"of a transition: the state after"`
	Life    int     `xmlrpc:"life" json:"life" help:"the number of the attempt to start it"`
	PID     int     `xmlrpc:"pid" json:"pid" help:"of the process it concerns, 0 for none"`
	Tries   int     `xmlrpc:"tries" json:"tries" help:"failed attempts to start it in a row"`
	Code    string  `xmlrpc:"code" json:"code" help:"the reason, a word"`
	Text    string  `xmlrpc:"text" json:"text" help:"the reason, for people"`
}

// line says what has happened, without when.
func (r *pastRecord) line(colour bool) string {
	switch {
	case r.To != "":
		to := r.To
		if c := stateColour(to); colour && c != "" {
			to = c + to + "\x1b[0m"
		}
		return fmt.Sprintf("%s %s -> %s: %s", r.Program, r.From, to, r.Text)
	case r.Program == "" || r.Kind == "request" && strings.HasSuffix(r.Program, ":*"):
		return r.Text
	}
	return r.Program + ": " + r.Text
}

// moment is a time of the server in the time zone of the client.
func moment(seconds float64) time.Time {
	return time.UnixMilli(int64(math.Round(seconds * 1000)))
}

const (
	timeLayout  = "2006-01-02 15:04:05"
	milliLayout = "2006-01-02 15:04:05.000"
)

// own calls a method that only supd has. done: there is nothing more to do, as the server has no such method and that was said,
// or because of err.
func (s *session) own(reply any, method string, args ...any) (done bool, err error) {
	err = s.call(reply, ownMethods+method, args...)
	if codeOf(err) != faultUnknownMethod {
		return err != nil, err
	}
	s.problem("error: %s does not keep what has happened: it is supervisord, or a supd older than this client", s.client.url)
	s.fail(exitGeneric)
	return true, nil
}

// ownMethods is before the names of methods that supervisord does not have.
const ownMethods = "supd."

// parseFlags reads the flags among the arguments of a verb, which define has defined, and returns the other arguments.
func parseFlags(verb string, args []string, define func(*pflag.FlagSet)) ([]string, error) {
	fl := pflag.NewFlagSet(verb, pflag.ContinueOnError)
	fl.SetOutput(io.Discard)
	fl.Usage = func() {}
	define(fl)
	if err := fl.Parse(args); err != nil {
		return nil, misuseError("Error: " + flagError(err))
	}
	return fl.Args(), nil
}

// eachNamed asks for something about each program that names mean. Names nobody has are told.
func (s *session) eachNamed(names []string, do func(program string) (done bool, err error)) error {
	all, err := s.allPrograms()
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, p := range s.pick(all, names, s.problems(), exitGeneric) {
		if seen[p.Namespec] {
			continue
		}
		seen[p.Namespec] = true
		if done, err := do(p.Namespec); done {
			return err
		}
	}
	return nil
}

// paint puts text into a colour if that is wanted.
func (s *session) paint(escape, text string) string {
	if !s.env.colour() || escape == "" {
		return text
	}
	return escape + text + "\x1b[0m"
}

const bold = "\x1b[1m"

// recordRow is a line of history.
func recordRow(r *pastRecord, cause string, colour bool) string {
	return fmt.Sprintf("%s %5d %-7s %s\n", moment(r.At).Format(milliLayout), r.Seq, cause, r.line(colour))
}
