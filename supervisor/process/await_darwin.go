package process

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// awaitStatus returns when the child has ended, and leaves its status. darwin's waitid is not safe to use (Go issue
// 44513), so kqueue tells. On an error it returns early, and wait4 waits with the process locked.
func awaitStatus(pid int) {
	kq, err := unix.Kqueue()
	if err != nil {
		return
	}
	defer unix.Close(kq)
	unix.CloseOnExec(kq)
	ev := []unix.Kevent_t{{Ident: uint64(pid), Filter: unix.EVFILT_PROC, Flags: unix.EV_ADD | unix.EV_ONESHOT, Fflags: unix.NOTE_EXIT}}
	out := make([]unix.Kevent_t, 1)
	for {
		_, err := unix.Kevent(kq, ev, out, nil)
		if err != syscall.EINTR {
			return
		}
	}
}
