package ctl

var verbShutdown = verb{
	name:  "shutdown",
	short: "stop all programs and the server",
	forms: []form{
		{"shutdown", "stop everything; the server ends when all programs have"},
	},
	notes:   `Returns at once. A server that is shutting down already is no error. With -i it asks first.`,
	example: `$ shutdown`,
	noArgs:  true,
	run:     runShutdown,
}

func runShutdown(s *session, _ []string) error {
	if s.confirm {
		if yes, err := s.ask("Really shut the remote supervisord process down"); err != nil || !yes {
			return err
		}
	}
	err := s.do("shutdown")
	switch {
	case codeOf(err) == faultShutdownState:
		s.printf("ERROR: already shutting down\n")
	case refused(err):
		s.printf("ERROR: %s refused connection (already shut down?)\n", s.client.url)
		s.fail(exitGeneric)
	case noSocket(err):
		s.printf("ERROR: %s no such file (already shut down?)\n", s.client.url)
		s.fail(exitGeneric)
	case err != nil:
		return err
	default:
		s.printf("Shut down\n")
	}
	return nil
}
