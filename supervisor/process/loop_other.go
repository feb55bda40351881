//go:build unix && !linux

package process

import (
	"syscall"

	"golang.org/x/sys/unix"
)

const fionread = 0x4004667f // FIONREAD on the BSDs and darwin

const maxRSSUnit = 1 // bytes, of Rusage.Maxrss

var pythonNames map[syscall.Signal]string

type watch struct{}

// A loop does not exist here: newLoop returns nil and each stream has a goroutine.
type loop struct{}

func newLoop() (*loop, error)               { return nil, nil }
func (*loop) close() error                  { return nil }
func (*loop) attach(*Process)               {}
func (*loop) detach(*Process)               {}
func (*loop) add(*Process, kind, int) error { return unix.ENOSYS }

func (*loop) pause(*Process, kind, int) error  { return unix.ENOSYS }
func (*loop) resume(*Process, kind, int) error { return unix.ENOSYS }
