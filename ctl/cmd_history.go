package ctl

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"
)

// What history asks for, and how long it waits.
const (
	historyLines   = 20
	historyMax     = 4096        // what a server keeps
	historyWait    = 30          // seconds the server waits for news
	historyPause   = time.Second // before asking a server again that has not answered
	historyRetries = 60          // in a row
)

var verbHistory = verb{
	name:  "history",
	short: "show what has happened and what has led to it",
	forms: []form{
		{"history", "the last 20 things"},
		{"history NAME", "about this program, or GROUP:* for a group and its programs"},
		{"history -f NAME", "the last ones, and then what happens, until Ctrl-C"},
	},
	notes: `Each line has a number; "< 12" says that line 12 has led to it. Lines without one came from outside: a process that ended by itself, a
request, a check that found something. The numbers go on over a reload of the server. The last 4096 are kept.

-f waits in the server: what happens is shown at once. While a server restarts it waits for the next one. For -o json each line is
then an object on a line of its own.`,
	example: `$ history
$ history -n 100 web
$ history -f web:*
$ -o json history -n all | jq -r '.[] | select(.to == "FATAL") | .program'`,
	upcheck: true,
	words:   wordsProgram,
	flags: []form{
		{"-f, --follow", "go on with what happens, until Ctrl-C"},
		{"-n, --lines N", "the last N, or all; 20 if not given"},
	},
	json: pastRecord{},
	run:  runHistory,
}

// A historyAnswer is the answer of supd.getHistory.
type historyAnswer struct {
	Records []pastRecord `xmlrpc:"records"`
	Next    int          `xmlrpc:"next"`
	Missed  int          `xmlrpc:"missed"`
}

func runHistory(s *session, args []string) error {
	follow, n := false, ""
	names, err := parseFlags("history", args, func(fl *pflag.FlagSet) {
		fl.BoolVarP(&follow, "follow", "f", false, "")
		fl.StringVarP(&n, "lines", "n", strconv.Itoa(historyLines), "")
	})
	if err != nil {
		return err
	}
	lines, err := strconv.Atoi(n)
	switch {
	case n == "all":
		lines = historyMax
	case err != nil || lines < 0:
		return misuseError("Error: bad number of lines " + quoteLine(n) + "; give a number from 0 on, or all")
	case len(names) > 1:
		return misuseError("Error: history takes one name; GROUP:* is a whole group")
	}
	name := strings.Join(names, "")
	if name == "all" {
		name = ""
	}
	return s.showHistory(name, lines, follow)
}

func (s *session) showHistory(name string, lines int, follow bool) error {
	var a historyAnswer
	if done, err := s.own(&a, "getHistory", -max(1, lines), historyMax, name); done {
		return err
	}
	if lines == 0 {
		a.Records = nil
	}
	if s.format == formatJSON && !follow {
		return s.json(notNil(a.Records))
	}
	if len(a.Records) == 0 && lines > 0 && !follow {
		s.problem("nothing is known to have happened")
		if name != "" {
			s.unknown(wordsPrograms, name)
		}
	}
	for failures := 0; ; {
		if err := s.printRecords(a.Records); err != nil || !follow || s.ctx.Err() != nil {
			return ignoreBroken(err)
		}
		next := historyAnswer{Next: a.Next}
		err := s.call(&next, ownMethods+"getHistory", a.Next, historyMax, name, historyWait)
		switch {
		case s.ctx.Err() != nil:
			return nil
		case err == nil:
			failures = 0
		case !restarting(err) || failures == historyRetries:
			return err
		default:
			failures++
			s.rest(historyPause)
			next = historyAnswer{Next: a.Next}
		}
		if next.Missed > 0 {
			s.advise("%d records were missed, as too much happens", next.Missed)
		}
		a = next
	}
}

// ignoreBroken is err, unless it is that nobody reads the output any more.
func ignoreBroken(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// restarting tells whether an error is one that a server gives which is being restarted.
func restarting(err error) bool {
	return refused(err) || noSocket(err) || codeOf(err) == faultShutdownState || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// rest waits, unless the session is interrupted.
func (s *session) rest(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.ctx.Done():
	}
}

func (s *session) printRecords(records []pastRecord) error {
	for i := range records {
		r := &records[i]
		if s.format == formatJSON {
			if err := json.NewEncoder(s.env.Stdout).Encode(r); err != nil {
				return err
			}
			continue
		}
		cause := ""
		if r.Cause != 0 {
			cause = "< " + strconv.Itoa(r.Cause)
		}
		if _, err := io.WriteString(s.env.Stdout, recordRow(r, cause, s.env.colour())); err != nil {
			return err
		}
	}
	return nil
}
