package ctl

import (
	"io"

	"github.com/spf13/pflag"
)

var verbLogtail = verb{
	name:  "logtail",
	short: "show the end of a program's log",
	forms: []form{
		{"logtail NAME", "the last 1600 bytes of its stdout"},
		{"logtail -t stderr NAME", "the last 1600 bytes of its stderr"},
	},
	notes: `This is tail with the name of the log in front, as another supervisor has it; tail and logs can do more.`,
	example: `$ logtail web
$ logtail -t stderr web`,
	upcheck: true,
	needs:   minimum{1, "logtail requires a process name", exitGeneric},
	words:   wordsEach,
	flags:   []form{{"-t stdout|stderr", "which of its logs; stdout if not given"}},
	run:     runLogtail,
}

func runLogtail(s *session, args []string) error {
	fl := pflag.NewFlagSet("logtail", pflag.ContinueOnError)
	fl.SetOutput(io.Discard)
	fl.Usage = func() {}
	channel := fl.StringP("type", "t", "stdout", "")
	if err := fl.Parse(args); err != nil {
		return misuseError("Error: " + flagError(err))
	}
	if fl.NArg() != 1 {
		return misuseError("Error: logtail takes the name of one process")
	}
	method := logMethods[*channel]
	if method == "" {
		return s.badChannel(*channel)
	}
	return s.showLog(fl.Arg(0), tailBytes, method, fl.Arg(0))
}
