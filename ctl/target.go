package ctl

import (
	"fmt"

	"github.com/gwaycc/supd/confload"
)

// A target is which server to talk to and as whom, and what a shell needs to know.
type target struct {
	url     string
	cred    credentials
	prompt  string // without the "> "
	history string // the path of a file, "" for none
}

// defaultPrompt is the prompt without a configuration file.
const defaultPrompt = "supervisor"

// readTarget returns the server that the configuration file at path names (confload.Ctl.Target). With a path of nil the
// file is looked for where the server looks for it; without one the default server is returned. A file without
// [supervisorctl] is refused under the name supervisorctl, which does that (compat.md §1.1), and when it has no server.
func readTarget(path *string, strict bool) (target, error) {
	if path == nil {
		found, _, err := confload.Find(confload.FindOptions{})
		if err != nil || found == "" {
			return target{url: confload.DefaultServerURL, prompt: defaultPrompt}, err
		}
		path = &found
	}
	c, err := confload.LoadCtl(*path, confload.Options{})
	if err != nil {
		return target{}, err
	}
	if !c.HasSection && (strict || len(c.Servers) == 0) {
		return target{}, fmt.Errorf("%s does not include supervisorctl section; add to it:\n%s", c.Path, sectionLines(c))
	}
	t := c.Target()
	return target{t.URL, credentials{given(t.Username), given(t.Password)}, c.Prompt, c.HistoryFile}, nil
}

// given is nil for an option that is not set.
func given(v string) *string {
	if v == "" {
		return nil
	}
	return &v
}

// sectionLines are the lines to add to a configuration without [supervisorctl]. Without a server section there must be
// one of those, too.
func sectionLines(c *confload.Ctl) string {
	if len(c.Servers) > 0 {
		return "[supervisorctl]\nserverurl = " + c.Servers[0].URL()
	}
	const socket = "/run/supervisor.sock"
	return "[unix_http_server]\nfile = " + socket + "\n\n" + interfaceLines + "\n\n[supervisorctl]\nserverurl = unix://" + socket
}
