package ctl

var verbStopGroup = verb{
	name:  "stop-group",
	short: "stop all programs of groups and wait until they have ended",
	forms: []form{
		{"stop-group GROUP ...", "the same as stop GROUP:* ..."},
	},
	notes: `An unknown group is told, does not keep the others from being stopped, and gives exit status 1.`,
	example: `$ stop-group web
$ stop-group web batch`,
	upcheck: true,
	needs:   minimum{1, "stop-group requires a group name", exitGeneric},
	words:   wordsGroups,
	json:    outcome{},
	run:     func(s *session, args []string) error { return s.eachGroup(runStop, args) },
}
