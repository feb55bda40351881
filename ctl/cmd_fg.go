package ctl

var verbFg = verb{
	name:  "fg",
	short: "type to a program and see what it prints",
	forms: []form{
		{"fg NAME", "until Ctrl-C, the end of the input, or the program's end"},
	},
	notes: `Each line goes to the standard input of the program, which must be running. Both its logs are shown as they grow,
beginning with their last 1024 bytes. Ctrl-C leaves the program running.`,
	example: `$ fg console
$ echo reload | $ fg console`,
	upcheck: true,
	words:   wordsProgram,
	run:     runFg,
}

func runFg(s *session, args []string) error {
	switch {
	case len(args) == 0:
		return misuseError("ERROR: no process name supplied")
	case len(args) > 1:
		s.printf("ERROR: too many process names supplied\n")
		s.fail(exitGeneric)
		return nil
	}
	var info programInfo
	err := s.call(&info, "getProcessInfo", args[0])
	switch {
	case codeOf(err) == faultBadName:
		s.printf("ERROR: bad process name supplied\n")
		s.unknown(wordsPrograms, args[0])
		s.fail(exitGeneric)
	case codeOf(err) != 0:
		s.printf("ERROR: %v\n", err)
	case err != nil:
		return err
	case info.State != stateRunning:
		s.printf("ERROR: process not running\n")
		s.fail(exitGeneric)
	default:
		return newForeground(s, args[0], info).run()
	}
	return nil
}
