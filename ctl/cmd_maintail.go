package ctl

import "strings"

var verbMaintail = verb{
	name:  "maintail",
	short: "show the end of the server's log",
	forms: []form{
		{"maintail", "the last 1600 bytes"},
		{"maintail -N", "the last N bytes; bytes, not lines"},
		{"maintail -f", "the end, and then what is written, until Ctrl-C"},
	},
	notes: `On a terminal control characters in the log are shown as ^X; a pipe gets them as they are.`,
	example: `$ maintail
$ maintail -f | grep exited`,
	upcheck: true,
	flags:   []form{{"-f", "go on with what is written, until Ctrl-C"}},
	run:     runMaintail,
}

func runMaintail(s *session, args []string) error {
	if len(args) > 1 {
		return misuseError("Error: too many arguments")
	}
	last := ""
	if len(args) == 1 {
		last = args[0]
		if last == "-f" {
			return s.follow(mainLogStream)
		}
	}
	n, ok := tailLength(last)
	if !ok || last != "" && !strings.HasPrefix(last, "-") {
		return s.badTailArgument(last)
	}
	return s.showLog("supervisord", n, "readLog")
}
