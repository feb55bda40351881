package process

import (
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// readSize is what one read takes at most: all that a pipe holds by default.
const readSize = 64 << 10

var buffers = sync.Pool{New: func() any { return new([readSize]byte) }}

// The states of a stream's worker, as bits.
const (
	working uint32 = 1 << iota // a worker goroutine runs
	again                      // and must look once more
	hungUp                     // the last writer has closed the pipe: the end of file is near
)

// A stream is the reading end of a child's output. Nobody waits on it: wake is called when there is something to read
// and starts a worker, which reads until the pipe is empty and ends. So an idle stream holds no buffer and no stack.
// One that is busy all the time keeps its worker (hot.go).
type stream struct {
	owner  *Process
	kind   kind
	worker atomic.Uint32
	heat   heat // the worker's

	mu     sync.Mutex // held for one read and one write to the sink at a time
	fd     int        // -1: there is none, or it is closed
	closed bool
	lent   bool // fd belongs to reader
	sink   io.Writer
	reader *os.File // what a goroutine waits on in Go's poller; closing it ends that
}

func (s *stream) init(p *Process, k kind, fd int, sink io.Writer) {
	s.owner, s.kind = p, k
	s.fd, s.sink = fd, sink
	if sink == nil {
		s.sink = io.Discard
	}
	s.closed = fd < 0
}

// wake starts the worker, or tells the one that runs to look again.
func (s *stream) wake(hup bool) {
	for {
		old := s.worker.Load()
		next := old | working
		if old&working != 0 {
			next |= again
		}
		if hup {
			next |= hungUp
		}
		if !s.worker.CompareAndSwap(old, next) {
			continue
		}
		if old&working == 0 {
			s.owner.host.workers.Go(s.work)
		}
		return
	}
}

func (s *stream) work() {
	for {
		s.drain()
		if s.heat.rises() {
			s.stayHot()
		}
		for {
			old := s.worker.Load()
			if old&again != 0 {
				if s.worker.CompareAndSwap(old, old&^again) {
					break
				}
			} else if s.worker.CompareAndSwap(old, old&^working) {
				return
			}
		}
	}
}

// drain reads until the pipe is empty. It reports whether the stream is at its end.
func (s *stream) drain() bool {
	buf := buffers.Get().(*[readSize]byte)
	defer buffers.Put(buf)
	for {
		more, end := s.step(buf[:])
		if !more || end {
			return end
		}
	}
}

// step is one read. The lock is free between two steps, so finish gets in while somebody writes at full speed.
func (s *stream) step(buf []byte) (more, end bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false, true
	}
	n, err := readNow(s.fd, buf)
	switch {
	case n > 0:
		_, _ = s.sink.Write(buf[:n])
		// A short read has emptied the pipe, and what is written later wakes us again; but the end of file does not if
		// it was announced already.
		return n == len(buf) || s.worker.Load()&hungUp != 0, false
	case err == syscall.EAGAIN:
		return false, false
	case err == syscall.EINTR:
		return true, false
	}
	s.shut() // end of file, or an error that will not go away
	return false, true
}

// shut ends the stream. The lock is held.
func (s *stream) shut() {
	s.closed = true
	if !s.lent && s.fd >= 0 {
		unix.Close(s.fd)
		s.fd = -1
	}
}

// tryShut ends a stream that is known to be empty, unless a worker holds it.
func (s *stream) tryShut() bool {
	if !s.mu.TryLock() {
		return false
	}
	defer s.mu.Unlock()
	if s.reader != nil {
		return false // its goroutine finds out
	}
	s.shut()
	return true
}

// finish delivers what the pipe holds at this moment and closes it. What the process wrote before it died is then
// delivered, and a grandchild that keeps the pipe or writes into it without end holds nothing up.
func (s *stream) finish() {
	s.mu.Lock()
	if !s.closed {
		s.drainBound()
		s.shut()
	}
	reader := s.reader
	s.mu.Unlock()
	if reader != nil {
		reader.Close()
	}
}

// finishEmpty is finish for a stream that has nothing to deliver. It reports false when there is something, or when a worker
// is at it: then it has done nothing, and finish may wait for the sink.
func (s *stream) finishEmpty() bool {
	if !s.mu.TryLock() {
		return false
	}
	if !s.closed {
		if left, err := unix.IoctlGetInt(s.fd, fionread); err == nil && left > 0 {
			s.mu.Unlock()
			return false
		}
		s.shut()
	}
	reader := s.reader
	s.mu.Unlock()
	if reader != nil {
		reader.Close()
	}
	return true
}

func (s *stream) drainBound() {
	left, err := unix.IoctlGetInt(s.fd, fionread)
	if err != nil || left == 0 {
		return
	}
	buf := buffers.Get().(*[readSize]byte)
	defer buffers.Put(buf)
	for left > 0 {
		n, err := unix.Read(s.fd, buf[:min(left, readSize)])
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 {
			return
		}
		_, _ = s.sink.Write(buf[:n])
		left -= n
	}
}
