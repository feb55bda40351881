package ctl

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"
)

// How much of a log is read to find the lines asked for, in bytes: little at first, and then more.
const (
	firstWindow = 16 << 10
	maxWindow   = 8 << 20
)

// A logEnd is the end of a log as it was at one moment.
type logEnd struct {
	lines []logLine // that are whole
	rest  []byte    // behind the last of them, the begin of a line
	first int64     // the size of the log when the first part of it was read; unknownSize
	size  int64     // when this was read
	short bool      // there is more than may be read, and it is not enough
}

// unknownSize is what a server says of a log that is as large or larger: more does not go into XML-RPC's int.
const unknownSize = math.MaxInt32

// enough returns a function that tells whether these are all lines that are asked for, when there are more before them.
func (o logOptions) enough() func([]logLine) bool {
	return func(lines []logLine) bool {
		if o.lines >= 0 && len(lines) >= o.lines {
			return true
		}
		if o.since.IsZero() {
			return false
		}
		for i := range lines {
			if at := lines[i].time(); !at.IsZero() {
				return at.Before(o.since)
			}
		}
		return len(lines) > 0 // none carries a time; those before will not either
	}
}

// logEnd reads the end of a log until it is enough and goes back to from, where in the log, or all that may be read.
func (s *session) logEnd(ctx context.Context, l *logSource, from int64, enough func([]logLine) bool) (*logEnd, error) {
	end := &logEnd{first: -1}
	for window := int64(firstWindow); ; window = min(window*8, maxWindow) {
		text, size, more, err := s.logWindow(ctx, l, window)
		if err != nil {
			return nil, err
		}
		if end.first < 0 {
			end.first = size
		}
		end.size = size
		if more {
			// The first line has lost its begin.
			if _, behind, ok := bytes.Cut(text, []byte("\n")); ok {
				text = behind
			}
		}
		end.lines, end.rest = splitLines(l, text)
		met := enough(end.lines)
		if !more || met && size-window <= from {
			return end, nil
		}
		if window == maxWindow {
			end.short = !met
			return end, nil
		}
	}
}

// logWindow reads the last bytes of a log. more tells that there are more before them.
func (s *session) logWindow(ctx context.Context, l *logSource, length int64) (text []byte, size int64, more bool, err error) {
	// supervisord cannot send what begins within a character, which has up to four bytes.
	for try := range int64(4) {
		text, size, more, err = s.client.tailLog(ctx, l.method(), l.program, length+try)
		if statusOf(err) == 0 {
			break
		}
	}
	return text, size, more, err
}

// tailLog calls one of the methods that read the last bytes of a log. The text has the control characters and the ends
// of lines that the server has sent.
func (c *client) tailLog(ctx context.Context, method, name string, length int64) (text []byte, size int64, more bool, err error) {
	body, err := c.post(ctx, method, []any{name, 0, length})
	if err != nil {
		return nil, 0, false, err
	}
	// As it is, it would become the end of a line.
	body = bytes.ReplaceAll(body, []byte("\r"), []byte("&#13;"))
	var reply []any
	if err := c.understand(method, decode(body, controlStandIn, &reply)); err != nil {
		return nil, 0, false, err
	}
	if len(reply) != 3 {
		return nil, 0, false, c.understand(method, errShape)
	}
	shown, isText := reply[0].(string) // nil when it is empty
	size, isSize := reply[1].(int64)
	more, isMore := reply[2].(bool)
	if !isText && reply[0] != nil || !isSize || !isMore {
		return nil, 0, false, c.understand(method, errShape)
	}
	return []byte(withControls(shown)), size, more, nil
}

// chosen are the lines that are asked for of the end of a log. It tells when it cannot be known which they are. rest
// says that what is behind the last end of a line is a line as well.
func (s *session) chosen(l *logSource, end *logEnd, o logOptions, rest bool) []logLine {
	lines := end.lines
	if rest && len(end.rest) > 0 {
		lines = append(lines[:len(lines):len(lines)], logLine{l, end.rest})
	}
	if !o.since.IsZero() {
		var known bool
		if lines, known = linesSince(lines, o.since); !known {
			fmt.Fprintf(s.env.Stderr, "error: the lines of %s of %s carry no time; log_timestamp=true in the section of the program makes "+
				"them carry one, as do log_format=prefix and log_format=json\n", l.stream, l.program)
			s.fail(exitGeneric)
			return nil
		}
	}
	if end.short {
		s.advise("of %s of %s only the last %d MiB are shown", l.stream, l.program, maxWindow>>20)
	}
	if o.lines >= 0 && len(lines) > o.lines {
		lines = lines[len(lines)-o.lines:]
	}
	return lines
}

// linesSince are the lines from the first on that carries a time that is not before since; those in front of a time that
// is before it are left out. known is false when there are lines but no time.
func linesSince(lines []logLine, since time.Time) (later []logLine, known bool) {
	wanted := false
	for _, l := range lines {
		if at := l.time(); !at.IsZero() {
			known = true
			wanted = !at.Before(since)
		}
		if wanted {
			later = append(later, l)
		}
	}
	return later, known || len(lines) == 0
}

// logProblem tells that a log cannot be read.
func (s *session) logProblem(l *logSource, err error) {
	switch {
	case codeOf(err) == faultBadName:
		fmt.Fprintf(s.env.Stderr, "%s is not there any more\n", l.program)
	case statusOf(err) == http.StatusInternalServerError:
		fmt.Fprintf(s.env.Stderr, "error: %s of %s cannot be read: %v\n", l.stream, l.program, err)
		s.advise("supervisord cannot send a log that is not UTF-8; logs -f shows what comes next")
	default:
		fmt.Fprintf(s.env.Stderr, "error: %s of %s cannot be read: %v\n", l.stream, l.program, err)
		s.hint(err)
	}
	s.fail(exitGeneric)
}

// withControls puts the control characters into a text that decode was given controlStandIn for.
func withControls(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= controlStandIn && r < controlStandIn+' ' {
			return r - controlStandIn
		}
		return r
	}, text)
}
