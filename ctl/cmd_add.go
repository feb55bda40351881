package ctl

var verbAdd = verb{
	name:  "add",
	short: "bring groups of the configuration into use",
	forms: []form{
		{"add GROUP ...", "these groups, as they were when the configuration was last read"},
	},
	notes: `Programs with autostart are started. Run reread first when the file has changed.`,
	example: `$ reread
$ add web mailer`,
	words: wordsNewGroups,
	json:  outcome{},
	run:   runAdd,
}

func runAdd(s *session, args []string) error {
	for _, g := range args {
		err := s.do("addProcessGroup", g)
		switch codeOf(err) {
		case faultShutdownState:
			s.groupFailed(g, "ERROR: shutting down", "shutting down")
			s.fail(exitGeneric)
		case faultAlreadyAdded:
			s.did(namespec{Group: g}.outcome(resultUnchanged, "already active"), "ERROR: process group already active")
		case faultBadName:
			s.groupFailed(g, "ERROR: no such process/group: "+g, "no such group")
			s.fail(exitGeneric)
			s.advise("a group that is new in the configuration file is known after reread")
		default:
			if err != nil {
				return err
			}
			s.groupDid(g, "added", "added process group")
		}
	}
	return nil
}
