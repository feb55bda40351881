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
	json:    outcome{},
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
		s.serverDid(resultUnchanged, "ERROR: already shutting down")
	case refused(err):
		s.serverDid(resultFailed, "ERROR: "+s.client.url+" refused connection (already shut down?)")
		s.fail(exitGeneric)
	case noSocket(err):
		s.serverDid(resultFailed, "ERROR: "+s.client.url+" no such file (already shut down?)")
		s.fail(exitGeneric)
	case err != nil:
		return err
	default:
		s.serverDid("shut down", "Shut down")
	}
	return nil
}
