package ctl

import (
	"fmt"
	"io"
	"unicode/utf8"
)

// A printable passes text of programs on to a terminal. What could steer the terminal is shown instead of acted on:
// control characters as ^X, those beyond ASCII by number; bytes that are no text as U+FFFD. Tabs and ends of lines go
// through. A log must not be able to move the cursor, set the title or type into the shell of who looks at it.
//
// Output that is not a terminal gets the bytes of the log as they are; see session.logOutput.
type printable struct {
	out  io.Writer
	held []byte // the beginning of a character whose end has not come yet
}

// Write passes text on. It reports all of it as written unless the output fails.
func (p *printable) Write(text []byte) (int, error) {
	b := append(p.held, text...)
	var safe []byte
	for len(b) > 0 && utf8.FullRune(b) {
		if b[0] == '\r' && len(b) == 1 {
			break // the end of a line, if a newline follows
		}
		r, n := utf8.DecodeRune(b)
		switch {
		case r == '\r' && b[1] == '\n', r == '\t', r == '\n':
			safe = append(safe, byte(r))
		case r < ' ':
			safe = append(safe, '^', byte(r)+'@')
		case r == 0x7f:
			safe = append(safe, "^?"...)
		case r >= 0x80 && r < 0xa0:
			safe = fmt.Appendf(safe, "<U+%04X>", r)
		default:
			safe = utf8.AppendRune(safe, r)
		}
		b = b[n:]
	}
	p.held = append([]byte(nil), b...)
	if _, err := p.out.Write(safe); err != nil {
		return 0, err
	}
	return len(text), nil
}

// Close passes on what was held back.
func (p *printable) Close() error {
	var safe []byte
	switch {
	case len(p.held) == 0:
		return nil
	case p.held[0] == '\r':
		safe = []byte("^M")
	default:
		safe = []byte("\uFFFD")
	}
	p.held = nil
	_, err := p.out.Write(safe)
	return err
}

// logOutput returns what text out of logs is written to on its way to out, which is the output or leads there; the
// caller closes it, which leaves out open.
func (s *session) logOutput(out io.Writer) io.WriteCloser {
	if s.env.IsTerminal() {
		return &printable{out: out}
	}
	return plain{out}
}

// plain is an output that is not to be closed.
type plain struct{ io.Writer }

func (plain) Close() error { return nil }
