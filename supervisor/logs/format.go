package logs

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

// maxFormatted bounds what is kept of a line that is not complete, in bytes. A longer line comes out in several parts.
const maxFormatted = 64 << 10

// LineFormat says what Formatted makes of a line. The zero value leaves everything as it is.
type LineFormat struct {
	Format    string // "prefix", "json"; anything else: raw
	Timestamp bool   // each line begins with the time; json always has it
	Program   string // "group:name" or "name"
	Stream    string // "stdout", "stderr"
	Life      uint64 // of the process
}

// Formatted returns a Sink that gives lines to s in a format:
//
//	raw     LINE, or TIME LINE
//	prefix  TIME PROGRAM STREAM LIFE | LINE, or without TIME
//	json    {"time":TIME,"program":…,"stream":…,"life":…,"message":LINE}
//
// TIME is RFC 3339 in UTC with milliseconds, of the moment in which the line was complete. A line goes out when it is
// complete, so that lines of several programs on one terminal do not mix; the begin of a line waits for up to 64 KiB, and
// Close completes it. A longer line comes in parts: all but the last one are "partial":true in json.
//
// A message in json is text: bytes that are not UTF-8 are replaced by U+FFFD, and the line as it was stands in "base64".
//
// With raw and no time s itself is returned: it costs nothing.
func Formatted(s Sink, f LineFormat) Sink {
	if f.Format != "prefix" && f.Format != "json" && !f.Timestamp {
		return s
	}
	w := &formatter{Sink: s, json: f.Format == "json", timestamp: f.Timestamp}
	switch f.Format {
	case "json":
		w.head = append(appendJSONString([]byte(`","program":`), []byte(f.Program)), `,"stream":`...)
		w.head = append(appendJSONString(w.head, []byte(f.Stream)), `,"life":`...)
		w.head = append(strconv.AppendUint(w.head, f.Life, 10), `,"message":`...)
	case "prefix":
		w.head = fmt.Appendf(nil, "%s %s %d | ", f.Program, f.Stream, f.Life)
	}
	return w
}

type formatter struct {
	Sink
	json      bool
	timestamp bool
	head      []byte // what stands between the time and the line

	mu     sync.Mutex
	line   []byte // that is not complete
	closed bool
}

// Write completes lines. See Sink for errors.
func (w *formatter) Write(p []byte) (int, error) {
	n := len(p)
	buf := stripBuffers.Get().(*[]byte)
	defer stripBuffers.Put(buf)
	*buf = w.add((*buf)[:0], p)
	if len(*buf) == 0 {
		return n, nil
	}
	_, err := w.Sink.Write(*buf) // without the lock: it may wait for a reader, and Close must not
	return n, err
}

// add appends the lines that p completes, in their format.
func (w *formatter) add(out, p []byte) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return out
	}
	at := time.Now().UTC()
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		part, rest := p, []byte(nil)
		if end >= 0 {
			part, rest = p[:end], p[end+1:]
		}
		for len(w.line)+len(part) > maxFormatted {
			fits := maxFormatted - len(w.line)
			w.line, part = append(w.line, part[:fits]...), part[fits:]
			cut := lineEnd(w.line)
			out = w.appendLine(out, at, w.line[:cut], true)
			w.line = append(w.line[:0], w.line[cut:]...)
		}
		switch {
		case end < 0:
			w.line = append(w.line, part...)
		case len(w.line) == 0:
			out = w.appendLine(out, at, part, false)
		default:
			out = w.appendLine(out, at, append(w.line, part...), false)
			w.line = w.line[:0]
		}
		p = rest
	}
	if len(w.line) == 0 {
		w.line = nil // an idle stream keeps no buffer
	}
	return out
}

// Close completes the last line.
func (w *formatter) Close() error {
	w.mu.Lock()
	var out []byte
	if len(w.line) > 0 {
		out = w.appendLine(nil, time.Now().UTC(), w.line, false)
	}
	w.line, w.closed = nil, true
	w.mu.Unlock()
	var err error
	if len(out) > 0 {
		_, err = w.Sink.Write(out)
	}
	return errors.Join(err, w.Sink.Close())
}

const timeFormat = "2006-01-02T15:04:05.000Z"

// appendLine appends a line in its format. partial says that its rest follows.
func (w *formatter) appendLine(b []byte, at time.Time, line []byte, partial bool) []byte {
	if !w.json {
		if w.timestamp {
			b = append(at.AppendFormat(b, timeFormat), ' ')
		}
		return append(append(append(b, w.head...), line...), '\n')
	}
	b = at.AppendFormat(append(b, `{"time":"`...), timeFormat)
	b = appendJSONString(append(b, w.head...), line)
	if partial {
		b = append(b, `,"partial":true`...)
	}
	if !utf8.Valid(line) {
		b = append(b, `,"base64":"`...)
		b = base64.StdEncoding.AppendEncode(b, line)
		b = append(b, '"')
	}
	return append(b, "}\n"...)
}

const hexDigits = "0123456789abcdef"

// appendJSONString appends s as a JSON string (RFC 8259 §7).
func appendJSONString(b, s []byte) []byte {
	b = append(b, '"')
	plain := 0 // where the bytes begin that need no change
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			_, size := utf8.DecodeRune(s[i:])
			if size == 1 {
				b = utf8.AppendRune(append(b, s[plain:i]...), utf8.RuneError)
				plain = i + 1
			}
			i += size
			continue
		}
		i++
		if c >= ' ' && c != '"' && c != '\\' && c != 0x7f {
			continue
		}
		b = append(b, s[plain:i-1]...)
		plain = i
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(append(b, s[plain:]...), '"')
}
