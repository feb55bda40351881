package logs

import (
	"bytes"
	"sync"
)

const escape = 0x1b

// maxSequence bounds what is held back of a terminal sequence that does not end: what is longer is text.
const maxSequence = 128

// A stripper removes control sequences (ESC [, parameter and intermediate bytes 0x20–0x3f, one final byte 0x40–0x7e;
// ECMA-48 §5.4) from a stream. The result does not depend on how the stream is cut into chunks. What begins like a
// sequence and turns out not to be one comes out unchanged. Other escape sequences are left alone, as supervisord does.
type stripper struct {
	held [maxSequence]byte // the sequence so far; empty outside of one
	n    int
}

// stripBuffers hold the stripped copies of chunks while they are written.
var stripBuffers = sync.Pool{New: func() any { return new([]byte) }}

// transparent tells whether p passes unchanged.
func (s *stripper) transparent(p []byte) bool { return s.n == 0 && bytes.IndexByte(p, escape) < 0 }

// strip appends to dst what is left of p.
func (s *stripper) strip(dst, p []byte) []byte {
	for len(p) > 0 {
		if s.n == 0 {
			i := bytes.IndexByte(p, escape)
			if i < 0 {
				return append(dst, p...)
			}
			dst = append(dst, p[:i]...)
			s.hold(escape)
			p = p[i+1:]
			continue
		}
		c := p[0]
		switch {
		case s.n == 1 && c == '[',
			s.n > 1 && s.n < maxSequence && 0x20 <= c && c <= 0x3f:
			s.hold(c)
			p = p[1:]
		case s.n > 1 && 0x40 <= c && c <= 0x7e:
			s.n = 0
			p = p[1:]
		default: // not a sequence; c is looked at again, as it may begin one
			dst = append(dst, s.rest()...)
		}
	}
	return dst
}

func (s *stripper) hold(c byte) {
	s.held[s.n] = c
	s.n++
}

// rest ends the sequence that is held back and returns it. The bytes are good until the next call of strip.
func (s *stripper) rest() []byte {
	b := s.held[:s.n]
	s.n = 0
	return b
}

// A Stripper removes control sequences as FileOptions.StripANSI does, for output that is looked at before it is stored. The
// zero value is at the begin of a stream.
type Stripper struct{ s stripper }

// Strip appends to dst what is left of the next piece of the stream.
func (s *Stripper) Strip(dst, p []byte) []byte { return s.s.strip(dst, p) }

// Rest returns what was held back at the end of the stream, good until the next call.
func (s *Stripper) Rest() []byte { return s.s.rest() }
