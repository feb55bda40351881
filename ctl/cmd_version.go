package ctl

var verbVersion = verb{
	name:    "version",
	short:   "print the version of the server",
	forms:   []form{{"version", "the release of the server, for supd the release of supervisord it stands in for"}},
	example: `$ version`,
	noArgs:  true,
	upcheck: true,
	run: func(s *session, _ []string) error {
		var version string
		if err := s.call(&version, "getSupervisorVersion"); err != nil {
			return err
		}
		s.printf("%s\n", version)
		return nil
	},
}
