package actors

import (
	"strings"
	"syscall"
	"time"

	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

// This file is what is remembered of lives that have ended.

// A Life is one attempt to run a program, after its end.
type Life struct {
	Number       uint64
	Pid          int       // 0: there was no process
	Start        time.Time // just before the fork; of the failure when there was no process
	End          time.Time
	Exit         string            // how it ended, in words: "exit status 1"; or why there was no process
	Code         int               // exit status; -1: a signal ended it, it is not known, or there was no process
	Signal       syscall.Signal    // that ended it; 0: none
	Core         bool              // it dumped core
	User, System time.Duration     // CPU time, with that of children it has waited for
	MaxRSS       int64             // bytes; not less than what supd itself had when it made the process
	Reason       supervisor.Reason // why it ended
	Record       uint64            // number of the record of its end
	Stdout       string            // the last lines of its output
	Stderr       string            // "" as well when it goes where stdout goes
}

// The bounds of what is kept of a program.
const (
	livesKept    = 10
	linesKept    = 50       // of each output of a life
	outputKept   = 4 << 10  // bytes of each output of a life
	outputsBytes = 16 << 10 // of all outputs of the lives of a program; the oldest go first
)

// former is what is kept of a program while it has no actor.
type former struct {
	first uint64 // the life at which a new actor begins; the first one it starts is the one after
	lives []Life
}

// bury adds the life that has ended to those that are remembered.
func (p *program) bury() {
	lives := append([]Life{*p.dead}, p.entry.ended()...)
	p.dead = nil
	lives = lives[:min(len(lives), livesKept)]
	left := outputsBytes
	for i := range lives {
		l := &lives[i]
		if left -= len(l.Stdout) + len(l.Stderr); left < 0 {
			l.Stdout, l.Stderr = "", ""
		}
	}
	p.entry.lives.Store(&lives)
}

// ended lists the lives of a program that have ended, the last one first.
func (e *entry) ended() []Life {
	if l := e.lives.Load(); l != nil {
		return *l
	}
	return nil
}

// Lives returns the last lives of the program of a namespec that have ended, the last one first, at most 10. ok: there is such
// a program, or there was one when the tree ended. It sends no message.
func (h *Handle) Lives(namespec string) (lives []Life, ok bool) {
	if e := h.tree.table.find(namespec); e != nil {
		return e.ended(), true
	}
	select {
	case <-h.Done():
		f, was := h.tree.former.Load(namespec)
		if was {
			lives = f.(former).lives
		}
		return lives, was
	default:
		return nil, false
	}
}

// lifeOf is what is known of a life at its end.
func lifeOf(e *runEnded) Life {
	l := Life{Number: e.life, Start: e.at, End: e.at, Code: -1}
	for i, t := range e.tails {
		*[]*string{&l.Stdout, &l.Stderr}[i] = t.lines(linesKept)
	}
	if e.proc != nil {
		l.Pid, l.Start = e.proc.ID(), e.proc.Began()
	}
	if e.err != nil {
		l.Exit = logs.Clean(e.err.Error())
		return l
	}
	x := &e.status
	l.Exit, l.Code, l.Signal, l.Core = process.Describe(*x), x.Code, x.Signal, x.Core
	l.User, l.System, l.MaxRSS = time.Duration(x.Rusage.Utime.Nano()), time.Duration(x.Rusage.Stime.Nano()), x.MaxRSS()
	return l
}

// A rememberedSink keeps the end of what goes to a log, for when the process has ended.
type rememberedSink struct {
	logs.Sink
	tail tail
}

// Write implements logs.Sink.
func (s *rememberedSink) Write(p []byte) (int, error) {
	_, _ = s.tail.Write(p)
	return s.Sink.Write(p)
}

// Clear implements logs.Sink.
func (s *rememberedSink) Clear() error {
	s.tail.clear()
	return s.Sink.Clear()
}

// lines returns the last n lines that are whole, as far as they are kept, and what follows them. nil: "".
func (t *tail) lines(n int) string {
	if t == nil {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := t.buf[max(0, len(t.buf)-t.size):]
	text := string(kept)
	if t.cut || len(kept) < len(t.buf) {
		if _, rest, ok := strings.Cut(text, "\n"); ok && rest != "" {
			text = rest // the line before is not whole
		}
	}
	end := len(strings.TrimSuffix(text, "\n"))
	for range n {
		if end = strings.LastIndexByte(text[:end], '\n'); end < 0 {
			return text
		}
	}
	return text[end+1:]
}
