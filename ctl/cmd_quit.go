package ctl

var verbQuit = verb{
	name:    "quit",
	short:   "leave the shell",
	forms:   []form{{"quit", "end the shell; the server and the programs go on"}},
	example: `$ quit`,
	run:     runQuit,
}

func runQuit(s *session, _ []string) error {
	s.printf("\n")
	s.done = true
	return nil
}
