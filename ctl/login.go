package ctl

import "fmt"

// login asks for the credentials that the server wants (compat.md §8.3). They hold for the rest of the session.
func (s *session) login() error {
	s.problem("Server requires authentication")
	fmt.Fprint(s.problems(), "Username:")
	name, err := s.input().line(s.ctx)
	if err != nil {
		return fmt.Errorf("no user name could be read (%w); give -u and -p", err)
	}
	password, err := s.input().secret(s.ctx, func() { fmt.Fprint(s.env.Stderr, "Password:") })
	fmt.Fprintln(s.env.Stderr)
	if err != nil {
		return fmt.Errorf("no password could be read (%w); give -u and -p", err)
	}
	s.problem("")
	s.client.cred = credentials{username: &name, password: &password}
	return nil
}
