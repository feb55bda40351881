package ctl

import (
	"fmt"
	"strconv"
)

var verbScale = verb{
	name:  "scale",
	short: "change how many processes a program has",
	forms: []form{
		{"scale NAME N", "NAME is that of the section [program:NAME]"},
	},
	notes: `Only processes that are too many are stopped, the last ones first, and only those that are too few are started; what else has changed in
the files for the groups of the program comes into effect as well, as by update. With more than one process, process_name must
contain %(process_num); programs whose options contain %(numprocs) are restarted.

The number counts in the place of numprocs until numprocs in the files says something else than it does now, or the server ends; reread,
update and reload keep it. A server on a TCP port without a password refuses this.`,
	example: `$ scale worker 8
$ scale worker 0`,
	upcheck: true,
	needs:   minimum{2, "scale requires a name and a number of processes", exitGeneric},
	words:   wordsEach,
	json:    outcome{},
	run:     runScale,
}

func runScale(s *session, args []string) error {
	if len(args) > 2 {
		return misuseError("Error: scale takes a name and a number of processes")
	}
	count, err := strconv.Atoi(args[1])
	if err != nil || count < 0 || count > 100_000 {
		return misuseError(fmt.Sprintf("Error: bad number of processes %s; it is 0 to 100000", quoteLine(args[1])))
	}
	var rows []updated
	if err := s.call(&rows, ownMethods+"scaleProgram", textArg(args[0]), count); err != nil {
		return s.notRun(args[0], err)
	}
	if len(rows) == 0 {
		s.did(namespec{Group: args[0]}.outcome(resultUnchanged, "it has that many processes"), "%s: unchanged (it has that many processes)", args[0])
	}
	s.tellUpdated(rows)
	return nil
}
