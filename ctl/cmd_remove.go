package ctl

var verbRemove = verb{
	name:  "remove",
	short: "take stopped groups out of use",
	forms: []form{
		{"remove GROUP ...", "these groups; all their programs must be stopped"},
	},
	notes: `The configuration file is not touched: add brings the group back.`,
	example: `$ stop web:*
$ remove web`,
	run: runRemove,
}

func runRemove(s *session, args []string) error {
	for _, g := range args {
		err := s.do("removeProcessGroup", g)
		switch codeOf(err) {
		case faultStillRunning:
			s.printf("ERROR: process/group still running: %s\n", g)
			s.fail(exitGeneric)
		case faultBadName:
			s.printf("ERROR: no such process/group: %s\n", g)
			s.fail(exitGeneric)
		default:
			if err != nil {
				return err
			}
			s.printf("%s: removed process group\n", g)
		}
	}
	return nil
}
