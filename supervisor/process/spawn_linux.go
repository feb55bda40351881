package process

import (
	"syscall"

	"golang.org/x/sys/unix"
)

func pipe(p []int) error { return unix.Pipe2(p, unix.O_CLOEXEC) }

func forkExec(path string, args []string, attr *syscall.ProcAttr) (pid, pidfd int, err error) {
	pidfd = -1
	attr.Sys.PidFD = &pidfd
	pid, err = syscall.ForkExec(path, args, attr)
	if err != nil {
		return 0, -1, err // ForkExec has closed the descriptor and reaped the child
	}
	return pid, pidfd, nil
}

func unshareFS() error { return unix.Unshare(unix.CLONE_FS) }

// clearSignalMask unblocks all signals on this thread. Children start with the mask of the thread that forks, and this
// program may have been started with signals blocked.
func clearSignalMask() {
	var none unix.Sigset_t
	_ = unix.PthreadSigmask(unix.SIG_SETMASK, &none, nil)
}

// followDirectory makes the thread's private working directory that of the program, which may have changed. Without
// /proc, or when the program may no longer enter its own directory, the thread stays where it was.
func followDirectory() { _ = syscall.Chdir("/proc/self/cwd") }

func onFirstThread() bool { return unix.Gettid() == unix.Getpid() }
