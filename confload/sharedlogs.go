package confload

import (
	"fmt"
	"strings"
)

// A rotation is what one output says about the rotation of its files.
type rotation struct {
	maxBytes int64
	backups  int
	every    string
	compress bool
}

// A logUser is an output that writes to a file.
type logUser struct {
	rotation
	section, option string
}

// sharedLogs warns of files that several outputs write to and rotate by different rules: whoever writes rotates.
func (l *loader) sharedLogs() {
	first := map[string]logUser{}
	for i := range l.config.Groups {
		for j := range l.config.Groups[i].Programs {
			p := &l.config.Groups[i].Programs[j]
			l.sharedLog(first, p.Section, "stdout_logfile", &p.Stdout)
			l.sharedLog(first, p.Section, "stderr_logfile", &p.Stderr)
		}
	}
}

// sharedLog compares an output with the first one that writes to the same files.
func (l *loader) sharedLog(first map[string]logUser, section, option string, s *Stream) {
	u := logUser{rotation{s.MaxBytes, s.Backups, s.RotateEvery, s.Compress}, section, option}
	for _, path := range s.files() {
		was, shared := first[path]
		switch {
		case !shared:
			first[path] = u
		case was.rotation != u.rotation:
			l.warnShared(u, was)
		}
	}
}

// files are the paths an output writes to, without those in /dev.
func (s *Stream) files() []string {
	var out []string
	if s.Kind == LogPath && !strings.HasPrefix(s.Path, "/dev/") {
		out = append(out, s.Path)
	}
	for _, t := range s.Extra {
		if t.Path != "" && !strings.HasPrefix(t.Path, "/dev/") {
			out = append(out, t.Path)
		}
	}
	return out
}

func (l *loader) warnShared(u, was logUser) {
	sec := l.doc.sections[u.section]
	m := Message{Level: Warn, File: sec.at.file, Line: sec.at.line, Section: u.section, Option: u.option,
		Text: fmt.Sprintf("a file of %s in [%s] is one of %s in [%s] as well, with other rules for its rotation (maxbytes, backups, "+
			"rotate_every, compress); give both the same rules, or another file", u.option, u.section, was.option, was.section)}
	if e, found := l.doc.lookup(sec, u.option); found {
		m.File, m.Line = e.at.file, e.at.line
	}
	l.say(m)
}
