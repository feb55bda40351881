package events

import "bytes"

// The marks between which a program's output is captured (compat.md §5.5). The first byte of each is nowhere else in it:
// that makes it simple to find them.
const (
	beginMark = "<!--XSUPERVISOR:BEGIN-->"
	endMark   = "<!--XSUPERVISOR:END-->"
)

// A Capture takes what stands between the capture marks out of a program's output. The result does not depend on how the
// output is cut into pieces, except for where Text cuts it. Of ordinary output nothing is held back but bytes at the end
// of a piece that begin a mark.
type Capture struct {
	// MaxBytes bounds what is kept of one captured text: the last MaxBytes bytes of it. 0 or less: nothing is captured,
	// and marks are ordinary output.
	MaxBytes int64
	// Text takes ordinary output, in order; the bytes are good until it returns. It is never called with nothing.
	Text func([]byte)
	// Captured takes a captured text, which it may keep; it may be empty.
	Captured func([]byte)

	inside bool
	begun  int // how many bytes of the mark that is looked for stand at the end of what was read
	kept   tail
}

func (c *Capture) mark() string {
	if c.inside {
		return endMark
	}
	return beginMark
}

// Write takes a piece of output.
func (c *Capture) Write(p []byte) {
	if c.MaxBytes <= 0 {
		c.pass(p)
		return
	}
	for len(p) > 0 {
		if c.begun > 0 {
			p = c.goOn(p)
			continue
		}
		mark := c.mark()
		if i := indexMark(p, mark); i >= 0 {
			c.pass(p[:i])
			c.toggle()
			p = p[i+len(mark):]
			continue
		}
		c.begun = markAtEnd(p, mark)
		c.pass(p[:len(p)-c.begun])
		return
	}
}

// goOn compares p with the rest of a mark that has begun. It returns what is not used up.
func (c *Capture) goOn(p []byte) []byte {
	mark := c.mark()
	rest := mark[c.begun:]
	n := 0
	for n < len(rest) && n < len(p) && rest[n] == p[n] {
		n++
	}
	switch {
	case n == len(rest):
		c.begun = 0
		c.toggle()
	case n == len(p):
		c.begun += n
	default: // it was none: no mark can begin inside of another one, so that all of it is passed on
		held := mark[:c.begun+n]
		c.begun = 0
		c.pass([]byte(held))
	}
	return p[n:]
}

// Close says that the output has ended. What was held back is passed on. A captured text without its end mark makes no
// event; what is kept of it goes to Text, so that it is not lost.
func (c *Capture) Close() {
	if c.begun > 0 {
		held := c.mark()[:c.begun]
		c.begun = 0
		c.pass([]byte(held))
	}
	if c.inside {
		c.inside = false
		c.pass(c.kept.take())
	}
}

// pass takes bytes that are no mark to where they belong.
func (c *Capture) pass(b []byte) {
	switch {
	case len(b) == 0:
	case c.inside:
		c.kept.add(b, c.MaxBytes)
	default:
		c.Text(b)
	}
}

func (c *Capture) toggle() {
	c.inside = !c.inside
	if !c.inside {
		c.Captured(c.kept.take())
	}
}

// indexMark finds a mark in p.
func indexMark(p []byte, mark string) int {
	for from := 0; ; {
		i := bytes.IndexByte(p[from:], mark[0])
		if i < 0 || len(p)-from-i < len(mark) {
			return -1
		}
		from += i
		if string(p[from:from+len(mark)]) == mark {
			return from
		}
		from++
	}
}

// markAtEnd returns how many bytes at the end of p are the begin of a mark.
func markAtEnd(p []byte, mark string) int {
	end := p[max(0, len(p)-len(mark)+1):]
	i := bytes.LastIndexByte(end, mark[0])
	if i < 0 || string(end[i:]) != mark[:len(end)-i] {
		return 0
	}
	return len(end) - i
}

// A tail keeps the last bytes of what it is given. The zero value is empty.
type tail struct {
	b     []byte
	first int // where the oldest byte is, once b is full
}

// add adds p and keeps the last limit bytes. limit is the same at every call and at least 1.
func (t *tail) add(p []byte, limit int64) {
	if int64(len(p)) >= limit {
		t.b, t.first = append(t.b[:0], p[int64(len(p))-limit:]...), 0
		return
	}
	n := min(int64(len(p)), limit-int64(len(t.b)))
	t.b, p = append(t.b, p[:n]...), p[n:]
	for len(p) > 0 {
		n := copy(t.b[t.first:], p)
		t.first, p = (t.first+n)%len(t.b), p[n:]
	}
}

// take returns what is kept, in order, and begins anew.
func (t *tail) take() []byte {
	b := t.b
	if t.first > 0 {
		b = append(bytes.Clone(b[t.first:]), b[:t.first]...)
	}
	*t = tail{}
	return b
}
