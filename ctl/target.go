package ctl

import (
	"net"
	"strconv"
	"strings"

	"github.com/gwaycc/supd/confload"
)

// defaultURL is the server when nothing names another.
const defaultURL = "http://localhost:9001"

// A target is which server to talk to and as whom.
type target struct {
	url  string
	cred credentials
}

// readTarget returns the server that the configuration file at path names. With a path of nil the file is looked for
// where the server looks for it; without one the default server is returned.
func readTarget(path *string) (target, error) {
	t := target{url: defaultURL}
	if path == nil {
		found, _, err := confload.Find(confload.FindOptions{})
		if err != nil || found == "" {
			return t, err
		}
		path = &found
	}
	c, err := loadCtl(*path)
	if err != nil {
		return t, err
	}
	t.cred = credentials{given(c.Username), given(c.Password)}
	switch {
	case c.ServerURL != "":
		t.url = c.ServerURL
	case len(c.Servers) > 0:
		t = targetOf(c.Servers[0], t)
	}
	return t, nil
}

// targetOf returns the address and the credentials of a server section, the latter unless t has its own. A hashed
// password is of no use to a client.
func targetOf(s confload.Server, t target) target {
	if s.Network == "unix" {
		t.url = "unix://" + s.Path
	} else {
		host := s.Host
		if host == "" {
			host = "localhost"
		}
		t.url = "http://" + net.JoinHostPort(host, strconv.Itoa(s.Port))
	}
	if s.HasAuth && !strings.HasPrefix(s.Password, "{SHA}") && t.cred == (credentials{}) {
		t.cred = credentials{&s.Username, &s.Password}
	}
	return t
}

// given is nil for an option that is not set.
func given(v string) *string {
	if v == "" {
		return nil
	}
	return &v
}
