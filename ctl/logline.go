package ctl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// A logSource is one log of one program.
type logSource struct {
	program string // as commands take it
	stream  string // stdout or stderr
	colour  int    // the place of the program among all
}

// method is the name of the method that reads the end of the log.
func (l *logSource) method() string {
	return map[string]string{"stdout": "tailProcessStdoutLog", "stderr": "tailProcessStderrLog"}[l.stream]
}

// path is that of the stream of the log.
func (l *logSource) path() string { return logStream(l.program, l.stream) }

// label is what stands before the lines of the log.
func (l *logSource) label() string {
	if l.stream == "stderr" {
		return l.program + " !"
	}
	return l.program
}

// A logLine is a line of a log, without its end.
type logLine struct {
	from *logSource
	text []byte
}

// time is the time that the line carries, the zero time when it carries none: one in the form of RFC 3339 at its begin,
// which log_timestamp and log_format=prefix put there, or that of log_format=json.
func (l *logLine) time() time.Time {
	text, isJSON := bytes.CutPrefix(l.text, []byte(`{"time":"`))
	end := " "
	if isJSON {
		end = `"`
	}
	// The longest has nanoseconds and a zone.
	word, _, _ := bytes.Cut(text[:min(len(text), 40)], []byte(end))
	if len(word) < len("2006-01-02T15:04:05Z") || word[10] != 'T' {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, string(word))
	if err != nil {
		return time.Time{}
	}
	return at
}

// splitLines are the whole lines of text, and what is behind the last of them.
func splitLines(from *logSource, text []byte) (lines []logLine, rest []byte) {
	for {
		line, behind, ok := bytes.Cut(text, []byte("\n"))
		if !ok {
			return lines, text
		}
		lines = append(lines, logLine{from, line})
		text = behind
	}
}

// interleave puts the lines of several logs in the order of their times if each line carries one, otherwise one log
// behind the other. Lines of one time stay in the order of the logs, and those of one log in theirs, whatever its times.
func interleave(logs [][]logLine) []logLine {
	type timed struct {
		logLine
		at time.Time
	}
	var all []timed
	for _, lines := range logs {
		var latest time.Time
		for _, l := range lines {
			at := l.time()
			if at.IsZero() {
				return slices.Concat(logs...)
			}
			if at.After(latest) { // a clock that was set back must not change the order within a log
				latest = at
			}
			all = append(all, timed{l, latest})
		}
	}
	slices.SortStableFunc(all, func(a, b timed) int { return a.at.Compare(b.at) })
	out := make([]logLine, len(all))
	for i := range all {
		out[i] = all[i].logLine
	}
	return out
}

// A logPrinter prints lines of logs. It may be used by several goroutines at a time.
type logPrinter struct {
	json     bool
	prefix   bool
	colour   bool
	terminal bool
	width    int // of the label

	mu  sync.Mutex
	out io.Writer
}

// logPrinter returns a printer for the lines of these logs.
func (s *session) logPrinter(logs []*logSource, noPrefix bool) *logPrinter {
	p := &logPrinter{
		json:     s.format == formatJSON,
		prefix:   len(logs) > 1 && !noPrefix,
		colour:   s.env.colour(),
		terminal: s.env.IsTerminal(),
		out:      s.env.Stdout,
	}
	for _, l := range logs {
		p.width = max(p.width, len([]rune(l.label())))
	}
	return p
}

// logColours are those of the programs, one after the other: cyan, yellow, green, magenta, blue, and bright ones. Red is
// for what is wrong.
var logColours = []int{36, 33, 32, 35, 34, 96, 93, 92, 95, 94}

// print prints lines at once. The error is errOutput.
func (p *logPrinter) print(lines []logLine) error {
	if len(lines) == 0 {
		return nil
	}
	var b bytes.Buffer
	for _, l := range lines {
		if p.json {
			p.row(&b, l)
			continue
		}
		if p.prefix {
			prefix := fmt.Sprintf("%-*s | ", p.width, l.from.label())
			if p.colour {
				prefix = fmt.Sprintf("\x1b[%dm%s\x1b[0m", logColours[l.from.colour%len(logColours)], prefix)
			}
			b.WriteString(prefix)
		}
		if !p.terminal {
			b.Write(l.text)
			b.WriteByte('\n')
			continue
		}
		safe := printable{out: &b} // one for each line: what is held back of one must not come out in another
		_, _ = safe.Write(append(l.text[:len(l.text):len(l.text)], '\n'))
		_ = safe.Close()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.out.Write(b.Bytes()); err != nil {
		return fmt.Errorf("%w: %w", errOutput, err)
	}
	return nil
}

// row prints a line for a machine.
func (p *logPrinter) row(b *bytes.Buffer, l logLine) {
	row := logRow{Program: l.from.program, Stream: l.from.stream, Line: strings.ToValidUTF8(string(l.text), "\uFFFD")}
	if at := l.time(); !at.IsZero() {
		row.Time = at.UTC().Format(time.RFC3339Nano)
	}
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(row) // of strings only, into memory
}
