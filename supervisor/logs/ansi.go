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

// Stripped returns a Sink that gives to s what is left without terminal control sequences, as FileOptions.StripANSI does for
// one File.
func Stripped(s Sink) Sink { return &strippedSink{Sink: s} }

type strippedSink struct {
	Sink
	mu   sync.Mutex
	ansi stripper
}

// Write strips p. See Sink for errors.
func (s *strippedSink) Write(p []byte) (int, error) {
	s.mu.Lock()
	if s.ansi.transparent(p) {
		s.mu.Unlock()
		return s.Sink.Write(p)
	}
	buf := stripBuffers.Get().(*[]byte)
	defer stripBuffers.Put(buf)
	*buf = s.ansi.strip((*buf)[:0], p)
	s.mu.Unlock()
	_, err := s.Sink.Write(*buf)
	return len(p), err
}

// Close passes on what was held back of an unfinished sequence.
func (s *strippedSink) Close() error {
	s.mu.Lock()
	rest := bytes.Clone(s.ansi.rest())
	s.mu.Unlock()
	if len(rest) > 0 {
		_, _ = s.Sink.Write(rest)
	}
	return s.Sink.Close()
}
