package process

import (
	"os"
	"syscall"
)

// await waits for a process without pidfd, in a goroutine (and thread) of its own. It first waits until there is a
// status without taking it, so that the status is taken with the lock held and no signal goes to a reused pid.
func (p *Process) await() {
	awaitStatus(p.pid)
	p.reap(func() (Exit, bool) {
		var status syscall.WaitStatus
		var usage syscall.Rusage
		for {
			_, err := syscall.Wait4(p.pid, &status, 0, &usage)
			if err == nil {
				break
			}
			if err != syscall.EINTR {
				return Exit{Code: -1, Err: os.NewSyscallError("wait4", err)}, true
			}
		}
		e := exitOf(uint32(status))
		e.Rusage = usage
		return e, true
	})
}
