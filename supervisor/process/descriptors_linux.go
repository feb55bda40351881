package process

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// unshareDescriptors gives the calling thread, which must be locked for good, a table of descriptors of its own. It holds what
// Go's runtime needs on every thread, and what a child is to get while that is being made. False: it cannot be had, and
// nothing has changed. Go makes no thread from a locked one, so no other thread ever gets this table.
func unshareDescriptors() bool {
	kept, err := descriptorsOfRuntime()
	if err != nil || !canFetch() || unix.Unshare(unix.CLONE_FILES) != nil {
		return false
	}
	// Nothing may stay open here that the program closes: a listening socket, a lock, the end of a pipe, the terminal.
	closeOthers(kept)
	_ = unix.CloseRange(0, 2, 0)
	for range 3 { // the lowest numbers, which are free now, are better not used for anything else
		_, _ = unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	}
	return true
}

// canFetch tells whether all that will be needed is there, and allowed.
func canFetch() bool {
	program, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return false
	}
	defer unix.Close(program)
	fd, err := unix.PidfdGetfd(program, program, 0)
	if err != nil {
		return false
	}
	unix.Close(fd)
	// An empty range is invalid; to a kernel without the call (before 5.9) it is unknown.
	return errors.Is(unix.CloseRange(1, 0, 0), syscall.EINVAL)
}

// descriptorsOfRuntime are those that Go's runtime uses on any thread: its poller's. It knows them by number, and ends the
// program when they are not there. Which of this kind are the runtime's cannot be told, so others are among them.
func descriptorsOfRuntime() ([]int, error) {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil, err
	}
	var fds []int
	found := map[string]bool{}
	for _, e := range entries {
		link, _ := os.Readlink("/proc/self/fd/" + e.Name())
		if link != "anon_inode:[eventpoll]" && link != "anon_inode:[eventfd]" {
			continue
		}
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			return nil, err
		}
		found[link] = true
		fds = append(fds, fd)
	}
	if len(found) < 2 {
		return nil, errors.New("the poller does not run yet")
	}
	slices.Sort(fds)
	return fds, nil
}

// closeOthers closes everything above the standard descriptors but kept, which are in order.
func closeOthers(kept []int) {
	from := uint(3)
	for _, fd := range kept {
		if uint(fd) > from {
			_ = unix.CloseRange(from, uint(fd)-1, 0)
		}
		from = max(from, uint(fd)+1)
	}
	_ = unix.CloseRange(from, ^uint(0)>>32, 0)
}

// fetched are descriptors of the program in the table of this thread.
type fetched struct {
	program int // a pidfd of this program
	fds     []int
}

func (f *fetched) get(theirs int) (int, error) {
	fd, err := unix.PidfdGetfd(f.program, theirs, 0)
	if err != nil {
		return -1, os.NewSyscallError("pidfd_getfd", err)
	}
	f.fds = append(f.fds, fd)
	return fd, nil
}

func (f *fetched) close() {
	closeAll(f.fds)
	unix.Close(f.program)
}

// forkFetching is fork on a thread with descriptors of its own; those in attr are the program's. The pidfd would be in the
// table of this thread, so there is none: a child that nobody has waited for keeps its number, by which one can be had.
func forkFetching(fork forkExecFunc, path string, args []string, attr syscall.ProcAttr) (pid, pidfd int, err error) {
	var f fetched
	if f.program, err = unix.PidfdOpen(os.Getpid(), 0); err != nil {
		return 0, -1, os.NewSyscallError("pidfd_open", err)
	}
	defer f.close()
	attr.Files = slices.Clone(attr.Files)
	for i, fd := range attr.Files {
		if fd == noFile {
			continue
		}
		ours, err := f.get(int(fd))
		if err != nil {
			return 0, -1, err
		}
		attr.Files[i] = uintptr(ours)
	}
	sys := *attr.Sys
	attr.Sys = &sys
	if sys.UseCgroupFD {
		if sys.CgroupFD, err = f.get(sys.CgroupFD); err != nil {
			return 0, -1, err
		}
	}
	if pid, pidfd, err = fork(path, args, &attr); pidfd >= 0 {
		unix.Close(pidfd)
	}
	return pid, -1, err
}

// pidfdOf returns a pidfd of a child that nobody has waited for; -1: there is none to be had.
func pidfdOf(pid int) int {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return -1
	}
	return fd
}
