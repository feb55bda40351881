package ctl

var verbReload = verb{
	name:  "reload",
	short: "restart the server and all programs",
	forms: []form{
		{"reload", "stop everything, read the configuration, start anew"},
	},
	notes: `Returns at once. To bring a changed configuration into effect without stopping the rest use update.
With -i it asks first.`,
	example: `$ reload`,
	noArgs:  true,
	json:    outcome{},
	run:     runReload,
}

func runReload(s *session, _ []string) error {
	if s.confirm {
		if yes, err := s.ask("Really restart the remote supervisord process"); err != nil || !yes {
			return err
		}
	}
	err := s.do("restart")
	if codeOf(err) == faultShutdownState {
		s.serverDid(resultFailed, "ERROR: already shutting down")
		s.fail(exitGeneric)
		return nil
	}
	if err != nil {
		return err
	}
	s.serverDid("restarted", "Restarted supervisord")
	return nil
}
