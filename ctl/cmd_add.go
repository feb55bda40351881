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
	run: runAdd,
}

func runAdd(s *session, args []string) error {
	for _, g := range args {
		err := s.do("addProcessGroup", g)
		switch codeOf(err) {
		case faultShutdownState:
			s.printf("ERROR: shutting down\n")
			s.fail(exitGeneric)
		case faultAlreadyAdded:
			s.printf("ERROR: process group already active\n")
		case faultBadName:
			s.printf("ERROR: no such process/group: %s\n", g)
			s.fail(exitGeneric)
		default:
			if err != nil {
				return err
			}
			s.printf("%s: added process group\n", g)
		}
	}
	return nil
}
