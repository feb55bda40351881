package ctl

import (
	"strings"

	"github.com/gwaycc/supd/confload"
)

var verbSignal = verb{
	name:  "signal",
	short: "send a signal to programs",
	forms: []form{
		{"signal SIGNAL NAME ...", "these programs"},
		{"signal SIGNAL GROUP:* ...", "all programs of these groups"},
		{"signal SIGNAL all", "everything that runs"},
	},
	notes: `The signal is a name, with or without SIG, or a number; 0 only asks whether the process is there. It goes to the
process itself, not to the processes that one has started.`,
	example: `$ signal HUP web
$ signal USR1 web:*`,
	upcheck: true,
	needs:   minimum{2, "signal requires a signal name and a process name", exitGeneric},
	words:   wordsSignalled,
	json:    outcome{},
	run:     runSignal,
}

var signalWording = wording{
	done: "signalled",
	failures: map[faultCode]string{
		faultBadName:    "no such process",
		faultBadSignal:  "bad signal name",
		faultNotRunning: "not running",
	},
}

func runSignal(s *session, args []string) error {
	if _, err := confload.ParseSignal(args[0]); err != nil {
		if _, err := confload.ParseSignal(args[1]); err == nil && !s.env.isOriginal() {
			s.advise("the signal comes first: %s signal %s %s", s.self, args[1], args[0])
		} else if near := confload.Nearest(strings.TrimPrefix(strings.ToUpper(args[0]), "SIG"), signalNames); near != "" && !s.env.isOriginal() {
			s.advise("did you mean %s?", near)
		}
	}
	return s.actOn(bulk{
		wording:  signalWording,
		one:      "signalProcess",
		group:    "signalProcessGroup",
		all:      "signalAllProcesses",
		args:     []any{args[0]},
		badGroup: exitGeneric,
	}, args[1:])
}
