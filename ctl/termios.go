package ctl

import (
	"os"

	"golang.org/x/sys/unix"
)

// hideTyping keeps what is typed on a terminal off the screen, until the function it returns is called.
func hideTyping(tty *os.File) (undo func()) {
	if tty == nil {
		return func() {}
	}
	fd := int(tty.Fd())
	before, err := unix.IoctlGetTermios(fd, ioctlGetTermios)
	if err != nil {
		return func() {}
	}
	silent := *before
	silent.Lflag &^= unix.ECHO
	_ = unix.IoctlSetTermios(fd, ioctlSetTermios, &silent)
	return func() { _ = unix.IoctlSetTermios(fd, ioctlSetTermios, before) }
}
