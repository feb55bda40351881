package ctl

import (
	"fmt"

	"github.com/gwaycc/supd/confload"
)

// A target is which server to talk to and as whom.
type target struct {
	url  string
	cred credentials
}

// readTarget returns the server that the configuration file at path names (confload.Ctl.Target). With a path of nil the
// file is looked for where the server looks for it; without one the default server is returned. A file without
// [supervisorctl] is refused, as supervisorctl does (compat.md §1.1).
func readTarget(path *string) (target, error) {
	if path == nil {
		found, _, err := confload.Find(confload.FindOptions{})
		if err != nil || found == "" {
			return target{url: confload.DefaultServerURL}, err
		}
		path = &found
	}
	c, err := confload.LoadCtl(*path, confload.Options{})
	if err != nil {
		return target{}, err
	}
	if !c.HasSection {
		return target{}, fmt.Errorf("%s does not include supervisorctl section; add a line [supervisorctl]", c.Path)
	}
	t := c.Target()
	return target{t.URL, credentials{given(t.Username), given(t.Password)}}, nil
}

// given is nil for an option that is not set.
func given(v string) *string {
	if v == "" {
		return nil
	}
	return &v
}
