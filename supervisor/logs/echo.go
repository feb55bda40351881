package logs

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// maxEcho is how much waits for a reader of the echo, in bytes.
const maxEcho = 1 << 20

// echo writes lines to a writer that may block for as long as it likes, and holds nobody up: what the writer does not take
// waits, and when too much waits, lines are left out and counted.
type echo struct {
	w io.Writer

	mu      sync.Mutex
	waiting []byte
	missing int           // lines left out since the last one that was taken
	busy    chan struct{} // closed when nothing waits any more; nil: nothing does
}

// newEcho returns nil for a nil writer.
func newEcho(w io.Writer) *echo {
	if w == nil {
		return nil
	}
	return &echo{w: w}
}

// line queues one line.
func (e *echo) line(b []byte) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.waiting)+len(b) > maxEcho {
		e.missing++
		return
	}
	e.waiting = append(e.waiting, b...)
	if e.busy == nil {
		e.busy = make(chan struct{})
		go e.write(e.busy)
	}
}

// write writes until nothing waits.
func (e *echo) write(done chan struct{}) {
	defer close(done)
	var taken []byte
	for {
		e.mu.Lock()
		taken, e.waiting = e.waiting, taken[:0]
		if e.missing > 0 {
			taken = fmt.Appendf(taken, "(%d lines are missing here: nobody read the output)\n", e.missing)
			e.missing = 0
		}
		if len(taken) == 0 {
			e.busy, e.waiting = nil, nil
			e.mu.Unlock()
			return
		}
		e.mu.Unlock()
		_, _ = e.w.Write(taken)
	}
}

// flush waits until all lines are written, at most for the given time.
func (e *echo) flush(limit time.Duration) {
	if e == nil {
		return
	}
	e.mu.Lock()
	busy := e.busy
	e.mu.Unlock()
	if busy == nil {
		return
	}
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	select {
	case <-busy:
	case <-timeout.C:
	}
}
