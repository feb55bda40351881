package logs

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// What supd itself uses of the codes of RFC 5424 §6.2.1.
const (
	facilityUser    = 1
	severityWarning = 4
	severityInfo    = 6
)

// maxSyslogLine bounds one message, in bytes: with its header it fits into the 8 KiB that rsyslog takes by default. A
// longer line becomes several messages.
const maxSyslogLine = 7 << 10

// SyslogOptions say what the messages of one stream look like.
type SyslogOptions struct {
	Facility int    // code of RFC 5424, 0–23
	Severity int    // code of RFC 5424, 0–7
	Tag      string // name of the application; characters that cannot be in one are replaced by _
	Prefix   string // in front of each line
}

// A syslogStream is a Sink that makes a message of each line. The begin of a line that is not complete waits for its
// rest; Close sends it.
type syslogStream struct {
	server  *SyslogServer
	options SyslogOptions

	mu      sync.Mutex
	line    []byte // that is not complete
	closed  bool
	trouble outage
}

// Stream returns a Sink that sends each line as a message. Closing it does not close the server.
func (s *SyslogServer) Stream(o SyslogOptions) Sink {
	o.Tag = headerField(o.Tag, 48)
	return &syslogStream{server: s, options: o}
}

// Write never waits for the server. See Sink for errors; trouble with the server is reported although messages wait for
// it to end.
func (w *syslogStream) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return len(p), nil
	}
	n := len(p)
	var trouble error
	note := func(err error) {
		if err != nil {
			trouble = err
		}
	}
	sent := false
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		part, rest := p, []byte(nil)
		if end >= 0 {
			part, rest = p[:end], p[end+1:]
		}
		for len(w.line)+len(part) > maxSyslogLine {
			fits := maxSyslogLine - len(w.line)
			w.line, part = append(w.line, part[:fits]...), part[fits:]
			cut := lineEnd(w.line)
			note(w.send(w.line[:cut]))
			w.line = append(w.line[:0], w.line[cut:]...)
			sent = true
		}
		w.line, p = append(w.line, part...), rest
		if end >= 0 {
			note(w.send(w.line))
			w.line = w.line[:0]
			sent = true
		}
	}
	if len(w.line) == 0 {
		w.line = nil // an idle stream keeps no buffer
	}
	if trouble != nil {
		return n, w.trouble.begin(trouble)
	}
	if sent {
		w.trouble.end()
	}
	return n, nil
}

// lineEnd is where a line that is too long is cut: not inside a character.
func lineEnd(line []byte) int {
	for n := len(line); n > len(line)-utf8.UTFMax && n > 0; n-- {
		if r, size := utf8.DecodeLastRune(line[:n]); r != utf8.RuneError || size != 1 {
			return n
		}
	}
	return len(line)
}

func (w *syslogStream) send(line []byte) error {
	o := &w.options
	return w.server.send(w.server.message(time.Now(), o.Facility<<3|o.Severity, o.Tag, o.Prefix+string(line)))
}

// Reopen does nothing: the connection is made anew when it breaks.
func (w *syslogStream) Reopen() error { return nil }

// Clear does nothing: what was sent cannot be taken back.
func (w *syslogStream) Clear() error { return nil }

// Close sends a line that was not completed.
func (w *syslogStream) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	if len(w.line) == 0 {
		return nil
	}
	return w.trouble.begin(w.send(w.line))
}

// message renders one message as the server wants it.
func (s *SyslogServer) message(at time.Time, priority int, tag, text string) []byte {
	b := make([]byte, 0, len(text)+len(tag)+len(s.host)+80)
	switch s.address.Network {
	case "":
		// What syslog(3) sends. A connection of the stream kind separates messages by the line feed.
		b = append(b, '<')
		b = strconv.AppendInt(b, int64(priority), 10)
		b = append(b, '>')
		b = at.AppendFormat(b, time.Stamp)
		b = append(b, ' ')
		b = append(b, tag...)
		b = append(b, ": "...)
		b = append(b, text...)
		return append(b, '\n')
	case "tcp":
		b = s.rfc5424(b, at, priority, tag, text)
		length := strconv.AppendInt(nil, int64(len(b)), 10)
		return append(append(length, ' '), b...)
	}
	return s.rfc5424(b, at, priority, tag, text)
}

// rfc5424 appends a message without process id, message id and structured data.
func (s *SyslogServer) rfc5424(b []byte, at time.Time, priority int, tag, text string) []byte {
	b = append(b, '<')
	b = strconv.AppendInt(b, int64(priority), 10)
	b = append(b, ">1 "...)
	b = at.AppendFormat(b, "2006-01-02T15:04:05.000000Z07:00")
	b = append(b, ' ')
	b = append(b, s.host...)
	b = append(b, ' ')
	b = append(b, tag...)
	b = append(b, " - - - "...)
	return append(b, text...)
}

// headerField makes a name fit into a header: printable ASCII without spaces, and without the colon and brackets that end
// the tag of a local message. "-" stands for nothing.
func headerField(name string, limit int) string {
	name = strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(":[]", r) {
			return '_'
		}
		return r
	}, name)
	if name == "" {
		return "-"
	}
	return name[:min(len(name), limit)]
}
