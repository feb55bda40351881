package logs

import (
	"os"

	"golang.org/x/sys/unix"
)

// hasWriters tells whether a file is open for writing somewhere, in this process or another: the kernel gives a read lease
// only when it is not. Where leases cannot be had (another owner, a network file system) it says no, and a change of the
// size is what remains to notice a writer by.
func hasWriters(f *os.File) bool {
	raw, err := f.SyscallConn()
	if err != nil {
		return false
	}
	busy := false
	_ = raw.Control(func(fd uintptr) {
		_, err := unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_RDLCK)
		busy = err == unix.EAGAIN
		if err == nil {
			_, _ = unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_UNLCK)
		}
	})
	return busy
}
