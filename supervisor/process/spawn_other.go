//go:build unix && !linux

package process

import (
	"errors"
	"syscall"
)

func pipe(p []int) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := syscall.Pipe(p); err != nil {
		return err
	}
	syscall.CloseOnExec(p[0])
	syscall.CloseOnExec(p[1])
	return nil
}

func forkExec(path string, args []string, attr *syscall.ProcAttr) (pid, pidfd int, err error) {
	pid, err = syscall.ForkExec(path, args, attr)
	return pid, -1, err
}

func unshareFS() error { return errors.ErrUnsupported }
func clearSignalMask() {}
func followDirectory() {}

func onFirstThread() bool { return false }
