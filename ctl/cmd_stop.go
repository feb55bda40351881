package ctl

var verbStop = verb{
	name:  "stop",
	short: "stop programs and wait until they are gone",
	forms: []form{
		{"stop NAME ...", "these programs"},
		{"stop GROUP:* ...", "all programs of these groups"},
		{"stop all", "everything that runs"},
	},
	notes: `Sends stopsignal and waits; what is still there after stopwaitsecs is killed. A program that does not run is no error.`,
	example: `$ stop web
$ stop web:*
$ stop all`,
	upcheck: true,
	needs:   minimum{1, "stop requires a process name", exitGeneric},
	words:   wordsPrograms,
	json:    outcome{},
	run:     runStop,
}

var stopWording = wording{
	done: "stopped",
	fine: faultNotRunning,
	failures: map[faultCode]string{
		faultBadName:    "no such process",
		faultNotRunning: "not running",
	},
}

func runStop(s *session, args []string) error {
	return s.actOn(bulk{
		wording:  stopWording,
		one:      "stopProcess",
		group:    "stopProcessGroup",
		all:      "stopAllProcesses",
		badGroup: exitGeneric,
	}, args)
}
