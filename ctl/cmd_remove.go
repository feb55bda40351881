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
	words: wordsGroups,
	json:  outcome{},
	run:   runRemove,
}

func runRemove(s *session, args []string) error {
	for _, g := range args {
		err := s.do("removeProcessGroup", g)
		switch codeOf(err) {
		case faultStillRunning:
			s.groupFailed(g, "ERROR: process/group still running: "+g, "still running")
			s.fail(exitGeneric)
			s.advise("stop it first: stop %s:*", g)
		case faultBadName:
			s.groupFailed(g, "ERROR: no such process/group: "+g, "no such group")
			s.fail(exitGeneric)
			s.unknown(wordsGroups, g)
		default:
			if err != nil {
				return err
			}
			s.groupDid(g, "removed", "removed process group")
		}
	}
	return nil
}
