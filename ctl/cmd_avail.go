package ctl

var verbAvail = verb{
	name:  "avail",
	short: "list the configured programs",
	forms: []form{
		{"avail", "all programs of the configuration as it was last read"},
	},
	notes: `Each line tells whether the program is in use or only available, whether it starts by itself, and the
priorities of its group and of itself.`,
	example: `$ avail
$ -o json avail`,
	noArgs: true,
	json:   configInfo{},
	run:    runAvail,
}

func runAvail(s *session, _ []string) error {
	var list []configInfo
	err := s.call(&list, "getAllConfigInfo")
	if codeOf(err) == faultShutdownState {
		s.problem("ERROR: supervisor shutting down")
		s.fail(exitGeneric)
		return nil
	}
	if err != nil {
		return err
	}
	for i := range list {
		list[i].Namespec = namespec{list[i].Group, list[i].Name}.String()
	}
	if s.format == formatJSON {
		return s.json(notNil(list))
	}
	for _, c := range list {
		use, start := "avail", "manual"
		if c.InUse {
			use = "in use"
		}
		if c.Autostart {
			start = "auto"
		}
		s.printf("%-32s %-9s %-9s %d:%d\n", c.Namespec, use, start, c.GroupPriority, c.ProgramPriority)
	}
	return nil
}
