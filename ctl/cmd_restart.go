package ctl

var verbRestart = verb{
	name:  "restart",
	short: "stop programs, then start them",
	forms: []form{
		{"restart NAME ...", "these programs"},
		{"restart GROUP:* ...", "all programs of these groups"},
		{"restart all", "everything"},
	},
	notes: `Stops all that are named, then starts them; what was stopped before is started, too. The configuration is not
read again: to bring a change of it into effect use update.`,
	example: `$ restart web
$ restart web:*`,
	upcheck: true,
	needs:   minimum{1, "restart requires a process name", exitGeneric},
	words:   wordsPrograms,
	json:    outcome{},
	run:     runRestart,
}

func runRestart(s *session, args []string) error {
	if err := runStop(s, args); err != nil {
		return err
	}
	return runStart(s, args)
}
