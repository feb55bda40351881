package confload

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// logTargets is the value of a std*_logfile.
type logTargets struct {
	kind   LogKind
	path   string
	syslog bool // the local one is an entry
	extra  []LogTarget
}

var logTargetsType = valueType[logTargets]{
	name: "log file",
	allowed: "AUTO, NONE, OFF, memory, a file in an existing directory, syslog, syslog @[udp:|tcp:]HOST[:PORT], or several with " +
		"commas between them",
	parse: parseLogTargets,
	same: func(a, b logTargets) bool {
		return a.kind == b.kind && a.path == b.path && a.syslog == b.syslog && slices.Equal(a.extra, b.extra)
	},
}

// parseLogTargets reads a std*_logfile. Of the files in a list, AUTO or memory, or else the first one that is no
// device is what Kind and Path tell: a device cannot be read back.
func parseLogTargets(l *loader, s string) (logTargets, error) {
	v := logTargets{kind: LogNone}
	switch strings.ToLower(strings.TrimFunc(s, isSpace)) {
	case "none", "off", "":
		return v, nil
	}
	parts := strings.Split(s, ",")
	for _, part := range parts {
		if len(parts) > 1 { // white space at the ends of a single name is part of it
			part = strings.TrimFunc(part, isSpace)
		}
		if err := v.add(l, part); err != nil {
			if len(parts) > 1 {
				return v, fmt.Errorf("entry %s: %w", quoted(part), err)
			}
			return v, err
		}
	}
	if v.kind == LogAuto || v.kind == LogMemory {
		return v, nil
	}
	i := slices.IndexFunc(v.extra, func(t LogTarget) bool { return t.Path != "" && !strings.HasPrefix(t.Path, "/dev/") })
	if i < 0 {
		i = slices.IndexFunc(v.extra, func(t LogTarget) bool { return t.Path != "" })
	}
	if i >= 0 {
		v.kind, v.path = LogPath, v.extra[i].Path
		v.extra = slices.Delete(v.extra, i, i+1)
	}
	if len(v.extra) == 0 {
		v.extra = nil
	}
	return v, nil
}

// add reads one entry.
func (v *logTargets) add(l *loader, s string) error {
	word := strings.ToLower(s)
	switch word {
	case "none", "off":
		return errors.New("it must stand alone")
	case "":
		return errors.New("it is empty")
	case "auto", "memory":
		kind := LogAuto
		if word == "memory" {
			kind = LogMemory
		}
		switch v.kind {
		case kind:
			return errors.New("it is there twice")
		case LogNone:
			v.kind = kind
			return nil
		}
		return errors.New("AUTO and memory cannot stand together, only one of them could be read back")
	case "syslog":
		v.syslog = true
		return nil
	}
	t := LogTarget{}
	var err error
	if rest, ok := strings.CutPrefix(word, "syslog"); ok && (rest[0] == '@' || isSpace(rune(rest[0]))) {
		t, err = parseSyslogServer(strings.TrimFunc(rest, isSpace))
	} else if t.Path, err = l.logPath(s); err == nil && !filepath.IsAbs(t.Path) {
		t.Path, err = filepath.Abs(t.Path)
	}
	if err == nil && slices.Contains(v.extra, t) {
		err = errors.New("it is there twice")
	}
	v.extra = append(v.extra, t)
	return err
}

// logPath expands ~ in the path of a log file and checks that its directory exists, or can be made if that is wanted.
func (l *loader) logPath(s string) (string, error) {
	if !l.config.Supervisord.MakeLogDirs {
		path, err := l.existingDirPath(s)
		if err == errNoDirectory {
			err = fmt.Errorf("%w; make it, or set make_log_dirs=true in [supervisord]", err)
		}
		return path, err
	}
	path, err := l.expandUser(s)
	if err != nil {
		return "", err
	}
	if path == "" || strings.HasSuffix(path, "/") {
		return "", errors.New("it names no file")
	}
	for dir := filepath.Dir(path); !l.isDir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Lstat(dir); err == nil {
			return "", fmt.Errorf("%s is not a directory", dir)
		}
	}
	return path, nil
}

// The port of a syslog server when none is given, by protocol.
var syslogPorts = map[string]string{"udp": "514", "tcp": "6514"}

// parseSyslogServer reads @[protocol:]host[:port].
func parseSyslogServer(s string) (LogTarget, error) {
	s, ok := strings.CutPrefix(s, "@")
	if !ok {
		return LogTarget{}, errors.New("what follows syslog must begin with @")
	}
	t := LogTarget{Network: "udp"}
	if protocol, rest, ok := strings.Cut(s, ":"); ok && syslogPorts[protocol] != "" {
		t.Network, s = protocol, rest
	}
	host, port := s, syslogPorts[t.Network]
	bare := strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	if strings.Contains(s, ":") && !(net.ParseIP(bare) != nil && strings.Contains(bare, ":") && (s == bare || s == "["+bare+"]")) {
		var err error
		if host, port, err = net.SplitHostPort(s); err != nil {
			return t, fmt.Errorf("%s is not HOST:PORT, and the protocol before it must be udp or tcp", quoted(s))
		}
	} else {
		host = bare
	}
	if host == "" || strings.ContainsFunc(host, func(r rune) bool { return isSpace(r) || r == '/' || r == '@' }) {
		return t, fmt.Errorf("%s is not the name of a host", quoted(host))
	}
	if _, err := parsePort(port); err != nil {
		return t, fmt.Errorf("port %s is not a number from 1 to 65535", quoted(port))
	}
	t.Address = net.JoinHostPort(host, port)
	return t, nil
}

// unclearComma tells whether a comma in a list may have been meant as part of a name: what follows it looks neither like
// the next entry nor is it set off.
func unclearComma(s string) bool {
	for _, part := range strings.Split(s, ",")[1:] {
		word, _, _ := strings.Cut(strings.ToLower(part), "@")
		switch {
		case part == "" || strings.ContainsRune(" \t/~", rune(part[0])):
		case word == "auto" || word == "memory" || strings.TrimFunc(word, isSpace) == "syslog":
		default:
			return true
		}
	}
	return false
}

// wordOf returns the index of s among words, in any case.
func wordOf(s string, words ...string) (int, error) {
	for i, w := range words {
		if strings.EqualFold(s, w) {
			return i, nil
		}
	}
	if hint := nearestHint(strings.ToLower(s), words); hint != "" {
		return 0, errors.New(strings.TrimPrefix(hint, "; "))
	}
	return 0, errNotAllowed
}

// wordType is the type of options with a few words as values.
func wordType(name string, words ...string) valueType[string] {
	return valueType[string]{
		name: name, allowed: strings.Join(words, ", "),
		parse: func(_ *loader, s string) (string, error) {
			i, err := wordOf(s, words...)
			return words[i], err
		},
		same: equal[string],
	}
}

// codeType is wordType for words with a code of their own. Words of the same code are other spellings.
func codeType(name string, words []string, codes []int) valueType[int] {
	return valueType[int]{
		name: name, allowed: strings.Join(words, ", "),
		parse: func(_ *loader, s string) (int, error) {
			i, err := wordOf(s, words...)
			return codes[i], err
		},
		same: equal[int],
	}
}

// The names and codes of RFC 5424 §6.2.1, as syslog(3) spells them.
var (
	facilityType = codeType("syslog facility",
		[]string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
			"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"},
		[]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23})
	severityType = codeType("syslog priority",
		[]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug", "error", "warn"},
		[]int{0, 1, 2, 3, 4, 5, 6, 7, 3, 4})
)
