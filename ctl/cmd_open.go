package ctl

import (
	"net/url"
	"strings"
)

var verbOpen = verb{
	name:  "open",
	short: "talk to another server",
	forms: []form{
		{"open URL", "http://host:port or unix:///path/of/socket; shows its programs"},
	},
	notes: `The commands that follow in the same session go to that server, with the credentials of the one before. The exit
status stays as it was unless the server gives no answer that can be used.`,
	example: `$ open unix:///run/supd.sock`,
	run:     runOpen,
}

func runOpen(s *session, args []string) error {
	addr := strings.Join(args, " ")
	scheme, _, _ := strings.Cut(addr, ":")
	if scheme = strings.ToLower(scheme); !strings.Contains(addr, ":") || scheme != "http" && scheme != "unix" && (scheme != "https" || s.env.isOriginal()) {
		s.printf("ERROR: url must be http:// or unix://\n")
		s.fail(exitGeneric)
		return nil
	}
	s.hangUp()
	cred := s.client.cred
	if u, err := url.Parse(addr); err == nil && u.User != nil {
		cred = credentials{} // the address brings its own
	}
	s.client = newClient(addr, s.env.Getenv("HOME"), cred, s.client.files)
	before := s.status
	if err := runStatus(s, nil); err != nil {
		return err
	}
	s.status = before
	return nil
}
