package ctl

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// A seam joins the end of a log, as it was read at one moment, with the stream of that log, which was opened before that
// and so begins within what was read. It finds out where the stream goes beyond it, so that no line is lost and none
// comes twice.
//
// A stream begins streamBacklog bytes before the end of the log, wherever that was when it was opened: not before what the
// size was before that, and not behind what it was after it. Mostly both are the same, as nothing was written meanwhile; then
// bytes are counted. Otherwise the lines of both are compared. That leaves a doubt only about lines that are the same over and
// over while they are written faster than they can be asked for; then one may come twice rather than be lost.
type seam struct {
	from, to int64 // where in the log the stream begins, at least and at most
	known    bool  // that is so: the log was not rotated meanwhile, and not too large for its size to be told
	end      *logEnd
	had      [][]byte // the whole lines of end, asSent, once they are needed
	buf      []byte   // what has come of the stream
	joined   bool
}

// newSeam returns the seam of a stream with the end of its log; before is the size of the log before the stream was opened.
func newSeam(before int64, end *logEnd) *seam {
	return &seam{
		from:  max(0, before-streamBacklog),
		to:    max(0, end.first-streamBacklog),
		known: before <= end.first && end.first <= end.size && end.size < unknownSize,
		end:   end,
	}
}

// certain tells whether it is known where in the log the stream begins.
func (s *seam) certain() bool { return s.known && s.from == s.to }

// add takes the next bytes of the stream and returns those that go on behind the whole lines of the end: what has come
// of a line that is not whole yet is among them. Until that is known there are none.
func (s *seam) add(p []byte) []byte {
	if s.joined {
		return p
	}
	s.buf = append(s.buf, p...)
	find := s.compare
	if s.certain() {
		find = s.count
	}
	rest, ok := find()
	if !ok {
		return nil
	}
	s.joined, s.buf = true, nil
	return rest
}

// count is what is behind the whole lines of the end, by the number of bytes.
func (s *seam) count() ([]byte, bool) {
	n := s.end.size - s.from
	if int64(len(s.buf)) < n {
		return nil, false
	}
	if i := bytes.LastIndexByte(s.buf[:n], '\n'); i >= 0 {
		return s.buf[i+1:], true
	}
	return slices.Concat(s.end.rest, s.buf[n:]), true
}

// compare is what is behind the whole lines of the end, by the text that is in both.
func (s *seam) compare() ([]byte, bool) {
	least := int64(streamBacklog) // of the stream is in the end as well
	if s.known {
		least = s.end.size - s.to
	}
	if int64(len(s.buf)) < least {
		return nil, false
	}
	if n := s.withinRest(int(least)); n > 0 {
		return slices.Concat(s.end.rest, s.buf[n:]), true
	}
	// The first line of the stream may have lost its begin.
	first, text, _ := bytes.Cut(s.buf, []byte("\n"))
	lines, _ := splitLines(nil, text)
	if len(lines) == 0 {
		return nil, false
	}
	got, first := allSent(lines), asSent(fromRune(first))
	if s.had == nil {
		s.had = allSent(s.end.lines)
	}
	had := s.had
	behind := []int{len(s.buf) - len(text)} // in buf, so many lines that are in both
	for _, l := range lines {
		behind = append(behind, behind[len(behind)-1]+len(l.text)+1)
	}
	for both := 1; both <= len(had); both++ {
		switch {
		case !sameLines(had[len(had)-both:], got) || !endsWith(had[:len(had)-both], first):
		case both > len(got):
			return nil, false // the rest of what is in both is yet to come
		case s.fits(behind[both]):
			return s.buf[behind[both]:], true
		}
	}
	// Either only the end of a line is in both, or the log was rotated and nothing is.
	return text, true
}

// endsWith tells whether text can be the end of the last of lines; without lines it can.
func endsWith(lines [][]byte, text []byte) bool {
	return len(lines) == 0 || bytes.HasSuffix(lines[len(lines)-1], text)
}

// fromRune is text without the bytes of a character at its begin whose first is missing.
func fromRune(text []byte) []byte {
	for n := 0; n < utf8.UTFMax-1 && len(text) > 0 && !utf8.RuneStart(text[0]); n++ {
		text = text[1:]
	}
	return text
}

// withinRest is how many bytes of the stream, at least as many as given, are the last of a line that has no end yet; 0 when the
// stream does not begin within that line.
func (s *seam) withinRest(least int) int {
	if !s.known {
		return 0
	}
	most := min(int(s.end.size-s.from), len(s.buf), len(s.end.rest)+utf8.UTFMax)
	rest := asSent(s.end.rest)
	for n := least; n <= most; n++ {
		if text := fromRune(s.buf[:n]); len(text) > 0 && bytes.HasSuffix(rest, asSent(text)) {
			return n
		}
	}
	return 0
}

// fits tells whether the stream can begin where it would if n bytes of it were up to the last whole line of the end.
func (s *seam) fits(n int) bool {
	if !s.known {
		return true
	}
	begin := s.end.size - int64(n+len(s.end.rest))
	// What was replaced by U+FFFD, of three bytes, had one to three.
	longest := begin + 2*int64(bytes.Count(s.end.rest, []byte("\uFFFD")))
	return longest >= s.from && begin <= s.to
}

// sameLines tells whether the lines of both are the same, as far as both go.
func sameLines(had, got [][]byte) bool {
	n := min(len(had), len(got))
	return slices.EqualFunc(had[:n], got[:n], bytes.Equal)
}

// allSent is each of the lines asSent.
func allSent(lines []logLine) [][]byte {
	out := make([][]byte, len(lines))
	for i := range lines {
		out[i] = asSent(lines[i].text)
	}
	return out
}

// asSent is text with U+FFFD for whatever a server may put it in the place of when it sends text over XML-RPC.
func asSent(text []byte) []byte {
	if !bytes.ContainsFunc(text, replaced) {
		return text
	}
	var out []byte
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if replaced(r) {
			r = utf8.RuneError
		}
		out = utf8.AppendRune(out, r)
		text = text[n:]
	}
	return out
}

// replaced tells whether r, RuneError for a byte that is no text, may come as U+FFFD.
func replaced(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' || r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF
}
