package process

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A stream is hot when its worker starts so often that it had better wait for the next output itself, in Go's poller: one
// wake-up in place of three. It cools down by itself.
const (
	hotTurns   = 32                     // so many turns
	hotWithin  = 500 * time.Millisecond // in this time make a stream hot
	coolPeriod = 500 * time.Millisecond // which it stays while each such period
	coolTurns  = 16                     // has this many turns
)

// heat counts the turns of a worker.
type heat struct {
	turns uint32
	since time.Duration // after epoch
}

var epoch = time.Now()

// rises counts one turn and tells whether the stream has become hot.
func (h *heat) rises() bool {
	if h.turns++; h.turns < hotTurns {
		return false
	}
	now := time.Since(epoch)
	hot := now-h.since < hotWithin
	h.turns, h.since = 0, now
	return hot
}

// stayHot waits for output and delivers it until the stream is at its end or has cooled down. Meanwhile the event loop
// does not watch it. An end that comes together with the last output goes unnoticed until the stream has cooled down, which
// is all the same: the end of the process ends its streams by itself. Called by the worker.
func (s *stream) stayHot() {
	reader := s.borrowReader()
	if reader == nil {
		return
	}
	defer s.returnReader(reader)
	for {
		turns := 0
		_ = reader.SetReadDeadline(time.Now().Add(coolPeriod))
		err := s.await(reader, &turns)
		if !errors.Is(err, os.ErrDeadlineExceeded) || turns < coolTurns {
			return
		}
	}
}

// borrowReader takes the stream from the event loop; nil: it cannot be done.
func (s *stream) borrowReader() *os.File {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	fd, err := unix.FcntlInt(uintptr(s.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	reader := os.NewFile(uintptr(fd), "")
	if reader.SetReadDeadline(time.Time{}) != nil || s.owner.host.loop.pause(s.owner, s.kind, s.fd) != nil { // not in Go's poller
		reader.Close()
		return nil
	}
	s.reader = reader
	return reader
}

func (s *stream) returnReader(reader *os.File) {
	reader.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reader = nil
	if !s.closed {
		_ = s.owner.host.loop.resume(s.owner, s.kind, s.fd) // it was there, so it can only succeed
	}
}

// await delivers output until the end of the stream (nil) or an error of reader, and counts the turns.
func (s *stream) await(reader *os.File, turns *int) error {
	rc, err := reader.SyscallConn()
	if err != nil {
		return err
	}
	return rc.Read(func(uintptr) bool {
		*turns++
		return s.drain()
	})
}

// pump reads a stream that the event loop does not watch, in a goroutine of its own. reader owns the descriptor.
func (s *stream) pump(reader *os.File) {
	defer reader.Close()
	s.worker.Or(working | hungUp)
	turns := 0
	if s.await(reader, &turns) == nil {
		return
	}
	for !s.drain() { // it cannot be waited for in Go's poller
		s.mu.Lock()
		fd := s.fd
		s.mu.Unlock()
		pollOne(fd, unix.POLLIN)
	}
}
