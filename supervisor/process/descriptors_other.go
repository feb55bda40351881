//go:build unix && !linux

package process

import (
	"errors"
	"syscall"
)

func unshareDescriptors() bool { return false }

func forkFetching(forkExecFunc, string, []string, syscall.ProcAttr) (pid, pidfd int, err error) {
	return 0, -1, errors.ErrUnsupported
}

func pidfdOf(int) int { return -1 }
