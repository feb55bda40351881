package ctl

var verbStart = verb{
	name:  "start",
	short: "start programs and wait until they run",
	forms: []form{
		{"start NAME ...", "these programs"},
		{"start GROUP:* ...", "all programs of these groups"},
		{"start all", "everything that is stopped"},
	},
	notes: `Waits until each program has been up for its startsecs or has failed. A program that runs already is no error.
The exit status is 7 when a program did not come up, 2 when no name is given.`,
	example: `$ start web
$ start web:* mailer
$ start all`,
	upcheck: true,
	needs:   minimum{1, "start requires a process name", exitUsage},
	words:   wordsPrograms,
	json:    outcome{},
	run:     runStart,
}

var startWording = wording{
	done: "started",
	fine: faultAlreadyStarted,
	failures: map[faultCode]string{
		faultBadName:        "no such process",
		faultNoFile:         "no such file",
		faultNotExecutable:  "file is not executable",
		faultAlreadyStarted: "already started",
		faultSpawnError:     "spawn error",
		faultAbnormal:       "abnormal termination",
	},
}

func runStart(s *session, args []string) error {
	return s.actOn(bulk{
		wording:  startWording,
		one:      "startProcess",
		group:    "startProcessGroup",
		all:      "startAllProcesses",
		badGroup: exitUsage,
	}, args)
}
