package process

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// awaitStatus returns when the child has ended, and leaves its status.
func awaitStatus(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == syscall.EINTR {
	}
}
