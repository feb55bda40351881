package process

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What follows are system calls that never wait. Go need not be told of them, as it is of those that may keep a thread: for
// lines that come one by one, telling it took as long as reading.

// readNow reads from a descriptor that does not block.
func readNow(fd int, buf []byte) (int, error) {
	n, _, errno := syscall.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)))
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// epollNow takes the events that are there.
func epollNow(epfd int, events []unix.EpollEvent) (int, error) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epfd), uintptr(unsafe.Pointer(&events[0])),
		uintptr(len(events)), 0, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}
