package confload

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gwaycc/supd/confload/credential"
)

// servers reads the sections of the control interface: unix first, then inet.
func (l *loader) servers() {
	for _, sec := range l.sectionsOf("unix_http_server") {
		s := readServer(l, sec, "unix", unixTable)
		l.missingDirectory(&s)
		l.config.Servers = append(l.config.Servers, s)
	}
	for _, sec := range l.sectionsOf("inet_http_server") {
		l.config.Servers = append(l.config.Servers, readServer(l, sec, "tcp", inetTable))
	}
}

func readServer(l *loader, sec *section, network string, t table[Server]) Server {
	s := Server{Section: sec.name, Network: network, UID: -1, GID: -1}
	setDefaults(l, t, &s)
	fill(l, t, sec, &s, l.scope(), every)
	s.File, s.Line = sec.at.file, sec.at.line
	if e, ok := l.doc.lookup(sec, addressOption[network]); ok {
		s.File, s.Line = e.at.file, e.at.line
	}
	user, hasUser := l.doc.lookup(sec, "username")
	password, hasPassword := l.doc.lookup(sec, "password")
	if hasUser != hasPassword {
		e := user
		if e == nil {
			e = password
		}
		l.fail(l.errorAt(sec, e, fmt.Sprintf("section [%s] contains incomplete authentication: "+
			"username and password must both be given, or none", sec.name)))
	}
	if strings.HasPrefix(s.Password, "{SHA}") && hasPassword {
		if err := credential.Check(s.Password); err != nil {
			l.say(Message{Level: Warn, File: password.at.file, Line: password.at.line, Section: sec.name, Option: "password", Text: err.Error()})
		}
	}
	s.HasAuth = hasUser && hasPassword && (s.Username != "" || s.Password != "")
	return s
}

// plugins reads [rpcinterface:x] and [ctlplugin:x]. Their options are free, and [DEFAULT] has no part in them.
func (l *loader) plugins() {
	for _, sec := range l.sectionsOf("rpcinterface") {
		p, ok := l.plugin(sec, rpcTable)
		if !ok {
			continue
		}
		l.config.RPCInterfaces = append(l.config.RPCInterfaces, p)
		if p.Factory != mainFactory {
			l.say(Message{Level: Warn, File: sec.at.file, Line: sec.at.line, Section: sec.name, Option: rpcTable[0].Name,
				Text: fmt.Sprintf("the interface of section [%s] cannot be loaded, supd runs no Python code; its methods are missing",
					sec.name)})
		}
	}
	for _, sec := range l.sectionsOf("ctlplugin") {
		// Only the client would load one: a mistake in it is not the daemon's.
		p := Plugin{Name: sectionName(sec.name), Options: map[string]string{}}
		for _, e := range sec.order {
			if e.name == ctlPluginTable[0].Name {
				p.Factory = e.value()
				continue
			}
			p.Options[e.name] = e.value()
		}
		l.config.CtlPlugins = append(l.config.CtlPlugins, p)
		l.say(Message{Level: Warn, File: sec.at.file, Line: sec.at.line, Section: sec.name,
			Text: fmt.Sprintf("the commands of section [%s] cannot be loaded, supd runs no Python code", sec.name)})
	}
}

func (l *loader) plugin(sec *section, t table[pluginFactory]) (Plugin, bool) {
	var f pluginFactory
	ok := fill(l, t, sec, &f, l.scope(), every)
	p := Plugin{Name: sectionName(sec.name), Factory: f.spec, Options: map[string]string{}}
	for _, e := range sec.order {
		if slices.ContainsFunc(t, func(b binding[pluginFactory]) bool { return b.Name == e.name }) {
			continue
		}
		v, good := l.expandEntry(sec, e, &Option{Name: e.name, secret: true}, l.scope())
		ok = ok && good
		p.Options[e.name] = v.text
	}
	return p, ok
}
