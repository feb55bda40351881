//go:build !linux

package process

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
)

// OpenCgroups finds the group that this program is in. Only Linux has any.
func OpenCgroups() (*Cgroups, error) {
	return nil, fmt.Errorf("control groups are not supported on %s", runtime.GOOS)
}

func enterCgroup(*syscall.SysProcAttr, *os.File) {}

func leaveCgroup(*syscall.SysProcAttr) {}
