package ctl

var verbVersion = verb{
	name:    "version",
	short:   "print the version of the server",
	forms:   []form{{"version", "the release of the server, for supd the release of supervisord it stands in for"}},
	example: `$ version`,
	noArgs:  true,
	upcheck: true,
	json:    versionInfo{},
	run: func(s *session, _ []string) error {
		var version string
		if err := s.call(&version, "getSupervisorVersion"); err != nil {
			return err
		}
		if s.format == formatJSON {
			return s.json([]versionInfo{{version, apiVersion}})
		}
		s.printf("%s\n", version)
		return nil
	},
}

// versionInfo is the answer of version for a machine.
type versionInfo struct {
	Version string `json:"version" help:"the release of the server"`
	API     string `json:"api" help:"the version of the API it speaks"`
}
