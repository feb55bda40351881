package ctl

var verbClear = verb{
	name:  "clear",
	short: "empty the logs of programs",
	forms: []form{
		{"clear NAME ...", "these programs"},
		{"clear GROUP:* ...", "all programs of these groups"},
		{"clear all", "everything"},
	},
	notes: `Both logs are emptied, with what was rotated out of them left where it is. The logs of a program that does not run
are left as they are.`,
	example: `$ clear web
$ clear all`,
	upcheck: true,
	needs:   minimum{1, "clear requires a process name", exitGeneric},
	words:   wordsPrograms,
	json:    outcome{},
	run:     runClear,
}

var clearWording = wording{
	done: "cleared",
	failures: map[faultCode]string{
		faultBadName: "no such process",
		faultFailed:  "failed",
	},
}

func runClear(s *session, args []string) error {
	b := bulk{wording: clearWording, one: "clearProcessLogs", all: "clearAllProcessLogs"}
	// There is no method for a group: supervisorctl tells that there is no process GROUP:None.
	var names []string
	for _, n := range args {
		spec := parseNamespec(n)
		if n == "all" || !spec.wholeGroup() {
			names = append(names, n)
			continue
		}
		members, err := s.members(spec.Group)
		if err != nil {
			return err
		}
		if len(members) == 0 {
			s.did(spec.outcome(resultFailed, "no such group"), "%s: ERROR (no such group)", spec.Group)
			s.fail(exitGeneric)
			s.unknown(wordsPrograms, n)
		}
		names = append(names, members...)
	}
	return s.actOn(b, names)
}

// members are the names of the programs of a group in use.
func (s *session) members(group string) ([]string, error) {
	all, err := s.allPrograms()
	var names []string
	for _, p := range all {
		if p.Group == group {
			names = append(names, p.Namespec)
		}
	}
	return names, err
}
