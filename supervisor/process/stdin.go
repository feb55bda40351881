package process

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// What WriteStdin returns.
var (
	// ErrClosed: the process closed its input, has ended, or was started with a descriptor of the caller's.
	ErrClosed = errors.New("standard input is closed")
	// ErrStdinFull: the process does not read and the buffer has no room for all of the bytes; none was taken.
	ErrStdinFull = errors.New("standard input is full")
)

// stdin is our end of the input pipe and what did not fit into it. The Process's lock guards it.
type stdin struct {
	fd      int // -1: closed
	pending []byte
	watched bool // the event loop tells when the pipe has room
}

// WriteStdin queues b for the process's standard input, all of it or, with an error, nothing. It never blocks: what
// the pipe does not take is kept and written when the process reads; while something is kept, more is taken only up to
// Options.StdinBuffer bytes in all. nil means that the bytes are on their way, not that they were read: a process that
// closes its input without reading loses them.
func (p *Process) WriteStdin(b []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	in := &p.stdin
	if in.fd < 0 {
		return ErrClosed
	}
	if len(in.pending) > 0 && len(in.pending)+len(b) > p.host.opt.StdinBuffer {
		return ErrStdinFull
	}
	if len(in.pending) > 0 {
		in.pending = append(in.pending, b...)
		return nil
	}
	n, err := in.write(b)
	if err != nil {
		return err
	}
	if n < len(b) {
		in.pending = append(in.pending, b[n:]...)
		p.awaitRoom()
	}
	return nil
}

// write puts what fits into the pipe. It closes the pipe when nobody reads it.
func (in *stdin) write(b []byte) (int, error) {
	done := 0
	for done < len(b) {
		n, err := unix.Write(in.fd, b[done:])
		switch {
		case err == nil:
			done += n
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return done, nil
		default:
			in.close()
			return done, ErrClosed
		}
	}
	return done, nil
}

func (in *stdin) close() {
	if in.fd >= 0 {
		unix.Close(in.fd)
	}
	in.fd, in.pending = -1, nil
}

// awaitRoom has flush called when the pipe has room.
func (p *Process) awaitRoom() {
	if p.stdin.watched {
		return
	}
	p.stdin.watched = true
	if l := p.host.loop; l != nil && l.add(p, kindStdin, p.stdin.fd) == nil {
		return
	}
	go p.flushSlowly()
}

// flush writes what is pending. It reports whether nothing is left to wait for.
func (p *Process) flush() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	in := &p.stdin
	if in.fd < 0 || len(in.pending) == 0 {
		return true
	}
	n, err := in.write(in.pending)
	if err != nil {
		return true
	}
	in.pending = in.pending[n:]
	if len(in.pending) == 0 {
		in.pending = nil
	}
	return len(in.pending) == 0
}

// flushSlowly is flush without an event loop: it holds a thread until all is written.
func (p *Process) flushSlowly() {
	for {
		p.mu.Lock()
		fd, err := -1, error(nil)
		if p.stdin.fd >= 0 {
			fd, err = unix.FcntlInt(uintptr(p.stdin.fd), unix.F_DUPFD_CLOEXEC, 0)
		}
		p.mu.Unlock()
		if fd < 0 || err != nil {
			break
		}
		pollOne(fd, unix.POLLOUT)
		unix.Close(fd)
		if p.flush() {
			break
		}
	}
	p.mu.Lock()
	p.stdin.watched = false
	p.mu.Unlock()
}

// pollOne waits up to a second for events on fd.
func pollOne(fd int, events int16) {
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: events}}, 1000)
}
