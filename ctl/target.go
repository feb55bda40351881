package ctl

import (
	"fmt"
	"time"

	"github.com/gwaycc/supd/confload"
)

// A target is which server to talk to and as whom, and what a shell needs to know.
type target struct {
	url     string
	cred    credentials
	files   certificates
	file    string // the configuration file, "" none
	prompt  string // without the "> "
	history string // the path of a file, "" for none

	urlFrom, userFrom, fileFrom string // who says so, for people
}

// defaultPrompt is the prompt without a configuration file.
const defaultPrompt = "supervisor"

// readTarget returns the server that the configuration file at path names (confload.Ctl.Target). With a path of nil the
// file is looked for where the server looks for it; without one the default server is returned. A file without
// [supervisorctl] is refused under the name supervisorctl, which does that (compat.md §1.1), and when it has no server.
func readTarget(path *string, strict bool) (target, error) {
	fileFrom := "-c"
	if path == nil {
		found, _, err := confload.Find(confload.FindOptions{})
		if err != nil || found == "" {
			return target{url: confload.DefaultServerURL, prompt: defaultPrompt, urlFrom: nothingSaid, fileFrom: "none was found"}, err
		}
		path, fileFrom = &found, "found by searching"
	}
	c, err := confload.LoadCtl(*path, confload.Options{})
	if err != nil {
		return target{}, err
	}
	if !c.HasSection && (strict || len(c.Servers) == 0 && !c.IsSupdIni()) {
		return target{}, fmt.Errorf("%s does not include supervisorctl section; add to it:\n%s", c.Path, sectionLines(c))
	}
	t := c.Target()
	out := target{url: t.URL, cred: credentials{username: given(t.Username), password: given(t.Password)}, files: certificates{c.TLSCA, c.TLSCert, c.TLSKey}, file: c.Path, prompt: c.Prompt, history: c.HistoryFile,
		urlFrom: nothingSaid, userFrom: "[supervisorctl]", fileFrom: fileFrom}
	switch {
	case c.ServerURL != "":
		out.urlFrom = "serverurl= in [supervisorctl]"
	case len(c.Servers) > 0:
		out.urlFrom = "[" + c.Servers[0].Section + "]"
	}
	if c.Username == "" && c.Password == "" {
		out.userFrom = out.urlFrom
	}
	return out, nil
}

// nothingSaid is where the address comes from when nobody names one.
const nothingSaid = "nothing names one"

// tell says, if that is wanted, which server a command goes to and how that is known, and has the client tell about each
// call. Passwords are not told.
func (o *options) tell(t target, c *client) {
	if !o.verbose {
		return
	}
	file, user := "none", "none"
	if t.file != "" {
		file = t.file
	}
	if c.cred.username != nil {
		user = fmt.Sprintf("%s (%s)", *c.cred.username, t.userFrom)
	}
	fmt.Fprintf(o.env.Stderr, "server: %s (%s)\nfile: %s (%s)\nuser: %s\n", c.url, t.urlFrom, file, t.fileFrom, user)
	c.called = func(what string, took time.Duration, err error) {
		text := ""
		if err != nil {
			text = ", failed"
		}
		fmt.Fprintf(o.env.Stderr, "%s: %s%s\n", what, took.Round(10*time.Microsecond), text)
	}
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
