package ctl

import (
	"fmt"
	"strings"
	"time"
)

var verbLives = verb{
	name:  "lives",
	short: "show the last lives of a program and how they ended",
	forms: []form{
		{"lives NAME ...", "the present life of these programs and the last 10 that have ended"},
	},
	notes: `With each life that has ended are shown why it did, what it used, and the last lines of what it wrote: at most 50 lines and 4 KiB of each
stream; of all lives of a program 16 KiB are kept, of the oldest nothing. It does not matter where the output goes, nor whether the
log was rotated. The memory is the most that the process held at a time; it is no less than what supd itself held when it made the
process.

Lives are remembered over an update and a reload of the server, their output only over the latter.`,
	example: `$ lives web
$ -o json lives web | jq -r '.[] | select(.signal != 0) | .exit'`,
	upcheck: true,
	needs:   minimum{1, "lives requires a process name", exitUsage},
	words:   wordsPrograms,
	json:    lifeRow{},
	run:     runLives,
}

// A lifeRow is one life of a program.
type lifeRow struct {
	Namespec   string  `xmlrpc:"-" json:"namespec" help:"the program"`
	Number     int     `xmlrpc:"number" json:"number" help:"counts the attempts to start it"`
	PID        int     `xmlrpc:"pid" json:"pid" help:"its process id, 0 when there was no process"`
	Start      float64 `xmlrpc:"start" json:"start" help:"when it began, Unix seconds"`
	End        float64 `xmlrpc:"end" json:"end" help:"when it ended, Unix seconds, 0 for the present life"`
	Exit       string  `xmlrpc:"exit" json:"exit" help:"how it ended, or why there was no process"`
	ExitStatus int     `xmlrpc:"exitstatus" json:"exitstatus" help:"its exit status, -1 for death by signal and when there was no process"`
	Signal     int     `xmlrpc:"signal" json:"signal" help:"the number of the signal that ended it, 0 for none"`
	Core       bool    `xmlrpc:"core" json:"core" help:"whether it dumped core"`
	User       float64 `xmlrpc:"user" json:"user" help:"CPU seconds in the program"`
	System     float64 `xmlrpc:"system" json:"system" help:"CPU seconds in the kernel"`
	MaxRSS     int     `xmlrpc:"maxrss" json:"maxrss" help:"the most memory it held, KiB"`
	Record     int     `xmlrpc:"record" json:"record" help:"the number of its end in history"`
	Code       string  `xmlrpc:"code" json:"code" help:"why it ended, a word"`
	Text       string  `xmlrpc:"text" json:"text" help:"why it ended, for people"`
	Stdout     string  `xmlrpc:"stdout" json:"stdout" help:"the last lines of its output"`
	Stderr     string  `xmlrpc:"stderr" json:"stderr" help:"the last lines of its error output"`
}

func runLives(s *session, args []string) error {
	var rows []lifeRow
	done := false
	err := s.eachNamed(args, func(program string) (bool, error) {
		var lives []lifeRow
		var err error
		if done, err = s.own(&lives, "getLives", program); done {
			return true, err
		}
		for i := range lives {
			lives[i].Namespec = program
			if s.format == formatText {
				s.showLife(&lives[i])
			}
		}
		if len(lives) == 0 {
			fmt.Fprintf(s.env.Stderr, "%s was never started\n", program)
		}
		rows = append(rows, lives...)
		return false, nil
	})
	if err == nil && !done && s.format == formatJSON {
		return s.json(notNil(rows))
	}
	return err
}

func (s *session) showLife(l *lifeRow) {
	start := moment(l.Start)
	head := fmt.Sprintf("%s life %d: began %s", l.Namespec, l.Number, start.Format(timeLayout))
	switch {
	case l.End == 0:
		s.printf("%s, runs with pid %d\n", head, l.PID)
		return
	case l.PID == 0:
		s.printf("%s, there was no process: %s\n", head, l.Exit)
		return
	}
	ran := moment(l.End).Sub(start).Round(time.Millisecond)
	colour := ""
	if l.Signal != 0 || l.ExitStatus != 0 {
		colour = stateColour("FATAL")
	}
	s.printf("%s, pid %d, ran %s: %s\n", head, l.PID, ran, s.paint(colour, l.Exit))
	s.printf("  why:    %s (record %d)\n", l.Text, l.Record)
	s.printf("  used:   %.2f s CPU (%.2f in the program, %.2f in the kernel), %.1f MiB memory at most\n", l.User+l.System, l.User, l.System,
		float64(l.MaxRSS)/1024)
	s.showTail("stdout", l.Stdout)
	s.showTail("stderr", l.Stderr)
}

// showTail prints the last lines of a stream, fit for a terminal if it is one.
func (s *session) showTail(stream, text string) {
	if text == "" {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "  %s:\n", stream)
	for line := range strings.Lines(text) {
		b.WriteString("    | " + strings.TrimSuffix(line, "\n") + "\n")
	}
	out := s.logOutput(s.env.Stdout)
	defer out.Close()
	_, _ = out.Write([]byte(b.String()))
}
