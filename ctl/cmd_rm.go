package ctl

var verbRm = verb{
	name:  "rm",
	short: "stop and remove programs that run has added",
	forms: []form{
		{"rm NAME ...", "these programs"},
	},
	notes: `The file of a program that was run with --save is deleted. Programs of other files are refused: take those out of their file and
type update. A server on a TCP port without a password refuses this.`,
	example: `$ rm job`,
	upcheck: true,
	needs:   minimum{1, "rm requires a process name", exitGeneric},
	words:   wordsEach,
	json:    outcome{},
	run: func(s *session, args []string) error {
		for _, name := range args {
			if err := s.do("supd.removeProgram", name); err != nil {
				if err = s.notRun(name, err); err != nil {
					return err
				}
				continue
			}
			s.did(parseNamespec(name).outcome("removed", ""), "%s: removed", name)
		}
		return nil
	},
}
