package ctl

var verbStartGroup = verb{
	name:  "start-group",
	short: "start all programs of groups and wait until they run",
	forms: []form{
		{"start-group GROUP ...", "the same as start GROUP:* ..."},
	},
	notes: `An unknown group is told, does not keep the others from being started, and gives exit status 2.`,
	example: `$ start-group web
$ start-group web batch`,
	upcheck: true,
	needs:   minimum{1, "start-group requires a group name", exitUsage},
	words:   wordsGroups,
	json:    outcome{},
	run:     func(s *session, args []string) error { return s.eachGroup(runStart, args) },
}

// eachGroup runs a verb on the programs of groups.
func (s *session) eachGroup(run func(*session, []string) error, groups []string) error {
	var names []string
	for _, g := range groups {
		names = append(names, g+":*")
	}
	return run(s, names)
}
