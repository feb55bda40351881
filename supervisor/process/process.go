package process

import (
	"errors"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// ErrGone says that there is no such process (group) any more. errors.Is finds syscall.ESRCH in it.
var ErrGone error = gone{}

type gone struct{}

func (gone) Error() string { return "process is gone" }
func (gone) Unwrap() error { return syscall.ESRCH }

// A Process is one operating-system process, from its start to its reaping. Its methods may be called on any goroutine,
// at any time, and do not block.
type Process struct {
	StartedAt time.Time // just before the fork

	host   *Host
	name   string
	exited func(Exit)
	pid    int
	watch  watch // where the event loop knows it
	shim   *shim // what it still has to do before it is the program; nil: it is

	mu       sync.Mutex // guards what follows
	gone     bool       // reaped: pid may belong to somebody else
	left     bool       // the group had members when the leader was reaped
	released bool       // nobody signals the group after the exit any more
	pidfd    int        // -1: there is none
	stdin    stdin
	kept     runtime.Cleanup // closes pidfd when it was kept and nobody has the Process any more
	reapedAt uint64          // sinceBoot at the reaping, when members were left

	stdout, stderr stream // their own locks
}

// Pid is the process id, which is also the id of its process group. It stays the same after the exit.
func (p *Process) Pid() int { return p.pid }

func (p *Process) stream(k kind) *stream {
	if k == kindStdout {
		return &p.stdout
	}
	return &p.stderr
}

// Signal sends sig to the process. It can never reach another process that got the same pid. After the exit it returns
// ErrGone; a process that has died and is not yet reaped takes every signal without effect.
func (p *Process) Signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return ErrGone
	}
	var err error
	if p.pidfd >= 0 && p.host.pidfd.signal {
		err = pidfdSignal(p.pidfd, sig)
	} else {
		err = syscall.Kill(p.pid, sig) // not reaped, so the pid is still its own
	}
	return signalError(err)
}

// SignalGroup sends sig to every member of the process group that the process was started as the leader of. Members
// that left it (setsid, setpgid) are not reached; ErrGone when none is left.
//
// As long as the leader is not reaped, the number of the group is taken and the signal cannot go astray. Afterwards it
// is sent only if the kernel said at the reaping that members were left (Exit.GroupLeft), and then to exactly that
// group: through the leader's pidfd (Linux 6.9), else only after a look at /proc finds a member older than the reaping,
// else not at all.
func (p *Process) SignalGroup(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.gone:
		return signalError(syscall.Kill(-p.pid, sig))
	case !p.left:
		return ErrGone
	}
	err := p.signalLeft(sig)
	if errors.Is(err, syscall.ESRCH) {
		p.left = false
		p.closePidfd()
	}
	return signalError(err)
}

// Release says that the group is not to be signalled after the exit any more: SignalGroup returns ErrGone from then on. Without it
// the descriptor of a process whose group had members left is kept until the garbage collector finds that nobody has the
// Process; with many short lives that is soon too many.
func (p *Process) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.released = true
	if p.gone {
		p.left = false
		p.closePidfd()
	}
}

func signalError(err error) error {
	if errors.Is(err, syscall.ESRCH) {
		return ErrGone
	}
	return err
}

// reap takes the status if the process has ended, delivers what it wrote, and tells the caller. wait is called with the
// lock held and says whether there is a status. At most one call does the work.
func (p *Process) reap(wait func() (Exit, bool)) {
	p.mu.Lock()
	if p.gone {
		p.mu.Unlock()
		return
	}
	e, ended := wait()
	if !ended {
		p.mu.Unlock()
		return
	}
	e.At = time.Now()
	p.gone = true
	p.left = p.groupLeft()
	if p.left {
		p.reapedAt = sinceBoot()
	}
	e.GroupLeft = p.left
	p.left = p.left && !p.released
	p.stdin.close()
	if !p.left || !p.host.pidfd.group {
		p.closePidfd()
	} else {
		p.keepPidfd()
	}
	p.mu.Unlock()

	children.forget(p)
	p.finishOutput()
	p.host.detach(p)
	if p.exited != nil {
		p.exited(e)
	}
}

// outputGrace is how long an exit waits for sinks that keep their writer waiting.
const outputGrace = 2 * time.Second

// finishOutput delivers what the process wrote before it died. A sink that nobody reads, such as a pipe or a terminal, holds
// the exit up for outputGrace only; what it has not taken when it is closed is lost.
func (p *Process) finishOutput() {
	if stdout, stderr := p.stdout.finishEmpty(), p.stderr.finishEmpty(); stdout && stderr {
		return
	}
	done := make(chan struct{})
	go func() {
		p.stdout.finish()
		p.stderr.finish()
		close(done)
	}()
	grace := time.NewTimer(outputGrace)
	defer grace.Stop()
	select {
	case <-done:
	case <-grace.C:
	}
}

func (h *Host) detach(p *Process) {
	if h.loop != nil {
		h.loop.detach(p)
	}
}
