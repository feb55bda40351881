package ctl

import (
	"os"

	"golang.org/x/sys/unix"
)

// changeMode changes the mode of a terminal until the function it returns is called. It accepts nil.
func changeMode(tty *os.File, change func(*unix.Termios)) (undo func()) {
	if tty == nil {
		return func() {}
	}
	fd := int(tty.Fd())
	before, err := unix.IoctlGetTermios(fd, ioctlGetTermios)
	if err != nil {
		return func() {}
	}
	after := *before
	change(&after)
	_ = unix.IoctlSetTermios(fd, ioctlSetTermios, &after)
	return func() { _ = unix.IoctlSetTermios(fd, ioctlSetTermios, before) }
}
