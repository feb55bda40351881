package confload

import (
	"net"
	"path/filepath"
	"strconv"
	"strings"
)

// Ctl is what a client needs from a configuration file.
type Ctl struct {
	Path string // absolute
	// HasSection tells whether there is a [supervisorctl] section; without one the other fields have their defaults.
	HasSection  bool
	ServerURL   string // of [supervisorctl], normalised; "" when it gives none
	Username    string // of [supervisorctl]
	Password    string // of [supervisorctl]
	Prompt      string // "supervisor" by default
	HistoryFile string // absolute, "" none
	// TLSCA, TLSCert and TLSKey are files for https servers, absolute; "" none.
	TLSCA, TLSCert, TLSKey string
	// Servers are the file's own server sections, unix first. Those with errors are left out; a Message says why.
	Servers  []Server
	Messages []Message
}

// A Target is a server and how to log in there.
type Target struct {
	URL      string // unix:///path, http://host:port or https://host:port
	Username string
	Password string
}

// Target returns where the client finds the server when the command line does not say: serverurl of [supervisorctl],
// else the first server section of the file, else DefaultServerURL, for a supd.ini SupdIniServerURL. The name and
// password of [supervisorctl] win over those of a server section; a hashed password cannot be used.
func (c *Ctl) Target() Target {
	t := Target{URL: c.ServerURL, Username: c.Username, Password: c.Password}
	if t.URL != "" {
		return t
	}
	t.URL = DefaultServerURL
	if c.IsSupdIni() {
		t.URL = SupdIniServerURL
	}
	if len(c.Servers) == 0 {
		return t
	}
	s := &c.Servers[0]
	t.URL = s.URL()
	if t.Username == "" && t.Password == "" && s.HasAuth && !strings.HasPrefix(s.Password, "{SHA}") {
		t.Username, t.Password = s.Username, s.Password
	}
	return t
}

// IsSupdIni tells whether the file has the name of those of the supervisor in Go.
func (c *Ctl) IsSupdIni() bool { return filepath.Base(c.Path) == supdIni }

// URL is the address of a server for clients on the same machine: unix:///path, http://host:port or https://host:port. A server at all
// addresses is at localhost.
func (s *Server) URL() string {
	if s.Network == "unix" {
		return "unix://" + s.Path
	}
	host := s.Host
	if host == "" {
		host = "localhost"
	}
	scheme := "http://"
	if s.TLSCert != "" {
		scheme = "https://"
	}
	return scheme + net.JoinHostPort(host, strconv.Itoa(s.Port))
}

// LoadCtl reads a file for a client: [supervisorctl] and the server sections. It does not read included files and does
// not look at any other section but for expand_env. The error is an *Error or Errors.
func LoadCtl(path string, opts Options) (*Ctl, error) {
	abs, data, err := opts.readConfig(path)
	if err != nil {
		return nil, err
	}
	l := newLoader(opts)
	l.config = &Config{Path: abs}
	l.main = abs
	l.read(abs, data)
	l.readExpandEnv()
	c := &Ctl{Path: abs}
	setDefaults(l, ctlTable, c)
	if err := l.err(); err != nil {
		return nil, err
	}
	if sec := l.doc.sections["supervisorctl"]; sec != nil {
		c.HasSection = true
		fill(l, ctlTable, sec, c, l.scope(), every)
	}
	if err := l.err(); err != nil {
		return nil, err
	}
	for _, kind := range []struct {
		name, network string
		table         table[Server]
	}{{"unix_http_server", "unix", unixTable}, {"inet_http_server", "tcp", inetTable}} {
		for _, sec := range l.sectionsOf(kind.name) {
			s := readServer(l, sec, kind.network, kind.table)
			if len(l.errs) == 0 {
				c.Servers = append(c.Servers, s)
				continue
			}
			for _, e := range l.errs {
				l.say(Message{Level: Warn, Text: e.Text, File: e.File, Line: e.Line, Section: e.Section, Option: e.Option})
			}
			l.errs = nil
		}
	}
	c.Messages = l.messages
	return c, nil
}
