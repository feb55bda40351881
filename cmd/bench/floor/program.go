//go:build linux

package main

import (
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A program is one supervised command. The atomics are its state for readers.
type program struct {
	index   int
	name    string
	out     *logFile     // nil: throw the output away
	pid     atomic.Int64 // 0: no process
	started atomic.Int64 // Unix seconds of the last start, 0: never
	stopped atomic.Int64 // Unix seconds of the last end, 0: never
}

// A pipe holds 64 KiB unless it is asked for more. One that was found full is made larger once, which spares a writer at
// full speed most of its waiting.
const (
	pipeSize      = 64 << 10
	largePipeSize = 256 << 10
)

var buffers = sync.Pool{New: func() any { return new([128 << 10]byte) }}

// watch sees one life through: output until the process has ended, what is left of it, then the way back to the spawner.
func (p *program) watch(pidfd, out, errs *os.File, ready chan<- *program) {
	var copies sync.WaitGroup
	copies.Go(func() { copyOutput(out, p.out) })
	copies.Go(func() { copyOutput(errs, nil) })
	waitEnd(pidfd)
	past := time.Unix(1, 0)
	out.SetReadDeadline(past)
	errs.SetReadDeadline(past)
	copies.Wait()
	pidfd.Close()
	out.Close()
	errs.Close()
	p.stopped.Store(time.Now().Unix())
	p.pid.Store(0)
	ready <- p
}

// waitEnd parks until the process behind pidfd has ended, and reaps it.
func waitEnd(pidfd *os.File) {
	raw, err := pidfd.SyscallConn()
	if err != nil {
		return
	}
	raw.Read(func(fd uintptr) bool {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PIDFD, int(fd), &info, unix.WEXITED|unix.WNOHANG, nil)
		return err != nil && err != unix.EINTR || info.Signo != 0
	})
}

// copyOutput copies what comes out of f into log until f ends or its deadline passes, and then what f still holds.
//
// It stays inside one call of Read: there, a wake-up that comes between reading and waiting is kept, so a read that did
// not fill the buffer need not be followed by one that finds nothing.
func copyOutput(f *os.File, log *logFile) {
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	large := false
	err = raw.Read(func(fd uintptr) bool {
		ended, most := drain(int(fd), log)
		if most >= pipeSize && !large {
			large = true
			unix.FcntlInt(fd, unix.F_SETPIPE_SZ, largePipeSize)
		}
		return ended
	})
	if err != nil {
		raw.Control(func(fd uintptr) { drain(int(fd), log) })
	}
}

// drain empties fd into log and reports whether fd has ended and how much was read at once at most.
func drain(fd int, log *logFile) (ended bool, most int) {
	buffer := buffers.Get().(*[128 << 10]byte)
	defer buffers.Put(buffer)
	for {
		n, err := syscall.Read(fd, buffer[:])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return false, most
		case err != nil || n == 0:
			return true, most
		}
		most = max(most, n)
		if log != nil {
			log.write(buffer[:n])
		}
		if n < len(buffer) {
			return false, most
		}
	}
}
