package confload

import (
	"fmt"
	"path/filepath"
	"slices"
)

// advise says what is valid and hardly meant: a configuration that runs and cannot be steered. Each message names the
// lines to add.
func (l *loader) advise() {
	l.sharedLogs()
	if len(l.config.Servers) == 0 {
		if len(l.config.Groups) > 0 && l.config.Supervisord.ExitWhen.Policy == ExitNever {
			l.add(Info, "supd ctl and supervisorctl cannot steer this supervisor, there is no server section",
				"[unix_http_server]", "file = /tmp/supd.sock")
		}
		return
	}
	if !slices.ContainsFunc(l.config.RPCInterfaces, func(p Plugin) bool { return p.Factory == mainFactory }) {
		l.add(Warn, "supd ctl and supervisorctl cannot steer this supervisor, there is no section for the interface they use",
			"[rpcinterface:supervisor]", "supervisor.rpcinterface_factory = "+mainFactory)
	}
	switch sec := l.doc.sections["supervisorctl"]; {
	case sec != nil && sec.at.file != l.main:
		l.say(Message{Level: Warn, File: sec.at.file, Line: sec.at.line, Section: sec.name,
			Text: "supd ctl and supervisorctl do not read included files; move section [supervisorctl] to " + l.main})
	case sec == nil:
		l.add(Info, "supervisorctl refuses this file, there is no section for it",
			"[supervisorctl]", "serverurl = "+l.clientURL(&l.config.Servers[0]))
	}
}

// clientURL is the URL of a server as a file would give it. What comes from the environment is not told.
func (l *loader) clientURL(s *Server) string {
	e, _ := l.doc.lookup(l.doc.sections[s.Section], addressOption[s.Network])
	switch {
	case !l.hasEnv(e):
		return s.URL()
	case s.Network == "unix":
		return "unix://" + e.value()
	}
	return "http://" + e.value()
}

// addressOption names the option that says where a server of a network listens.
var addressOption = map[string]string{"unix": "file", "tcp": "port"}

// add proposes two lines for the main file. It is said of the first server there, or of the first section.
func (l *loader) add(level MessageLevel, why, header, option string) {
	at := l.doc.order[0].at
	if s := l.config.Servers; len(s) > 0 && l.doc.sections[s[0].Section].at.file == l.main {
		at = l.doc.sections[s[0].Section].at
	}
	l.say(Message{Level: level, File: l.main, Line: at.line,
		Text: fmt.Sprintf("%s; add the lines %s and %s", why, quoted(header), quoted(option))})
}

// missingDirectory warns of a socket whose directory does not exist. It may exist when the server starts: a configuration
// that is read again must not be refused for it.
func (l *loader) missingDirectory(s *Server) {
	dir := filepath.Dir(s.Path)
	if s.Network != "unix" || s.Path == "" || l.isDir(dir) {
		return
	}
	text := fmt.Sprintf("the directory of the socket %s does not exist; make it with: mkdir -p %s", s.Path, dir)
	if e, _ := l.doc.lookup(l.doc.sections[s.Section], addressOption[s.Network]); l.hasEnv(e) {
		text = fmt.Sprintf("the directory of the socket %s does not exist; make it", quoted(e.value()))
	}
	if l.checked != nil {
		l.fail(&Error{File: s.File, Line: s.Line, Section: s.Section, Option: "file", Text: text})
		return
	}
	l.say(Message{Level: Warn, File: s.File, Line: s.Line, Section: s.Section, Option: "file", Text: text})
}

// reopened warns of a section that one file opens twice, and of a program that two included files define. Both are
// merged, as supervisord does. An included file that opens a section of the main file again is meant to change it.
func (r *report) reopened(s *section, at place) {
	_, makesProgram := programKinds[kindOf(s.name)]
	if s.at.line == 0 || s.at == at || s.name == defaultSection || s.at.file != at.file && (!makesProgram || s.at.file == r.main) {
		return
	}
	first := fmt.Sprintf("line %d", s.at.line)
	if s.at.file != at.file {
		first = s.at.file + " " + first
	}
	r.say(Message{Level: Warn, File: at.file, Line: at.line, Section: s.name,
		Text: fmt.Sprintf("section [%s] was opened before, on %s; the options of both are one section, and the later of two counts. "+
			"Rename one, or put them together", s.name, first)})
}

// replaced warns of an option that one file sets twice in a section.
func (r *report) replaced(s *section, name string, at place) {
	old := s.keys[name]
	if old == nil || old.at.file != at.file || old.at == at {
		return
	}
	r.say(Message{Level: Warn, File: at.file, Line: at.line, Section: s.name, Option: name,
		Text: fmt.Sprintf("%s was set before in section [%s], on line %d; this later one counts, remove one of them", name, s.name, old.at.line)})
}
