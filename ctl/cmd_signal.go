package ctl

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
	return s.actOn(bulk{
		wording:  signalWording,
		one:      "signalProcess",
		group:    "signalProcessGroup",
		all:      "signalAllProcesses",
		args:     []any{args[0]},
		badGroup: exitGeneric,
	}, args[1:])
}
