package process

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hasOtherChildren tells whether this program has children that are not managed.
func hasOtherChildren() bool {
	children.forking.Lock()
	defer children.forking.Unlock()
	if _, err := peekZombie(); err != nil {
		return false
	}
	return slices.ContainsFunc(childPids(), func(pid int) bool { return !children.has(pid) })
}

func adoptsOrphans() bool {
	if os.Getpid() == 1 {
		return true
	}
	var subreaper int32
	err := unix.Prctl(unix.PR_GET_CHILD_SUBREAPER, uintptr(unsafe.Pointer(&subreaper)), 0, 0, 0)
	return err == nil && subreaper != 0
}

// peekZombie returns the pid of a child that has ended, 0 when there is none, and leaves its status. ECHILD: there are
// no children.
func peekZombie() (int, error) {
	var info siginfo
	for {
		err := unix.Waitid(unix.P_ALL, 0, (*unix.Siginfo)(unsafe.Pointer(&info)), unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		if err != syscall.EINTR {
			return int(info.pid), err
		}
	}
}

// reapOrphans takes what there is. The kernel shows only one ended child at a time, and always the same: while that is
// ours and not reaped yet, the others behind it are found through /proc.
func (r *registry) reapOrphans() (reaped []orphan) {
	r.forking.Lock()
	defer r.forking.Unlock()
	for {
		pid, err := peekZombie()
		if err != nil || pid == 0 {
			return reaped
		}
		if r.has(pid) {
			break
		}
		o, ok := reapOne(pid)
		if !ok {
			return reaped
		}
		reaped = append(reaped, o)
	}
	for _, pid := range childPids() {
		if r.has(pid) {
			continue
		}
		if o, ok := reapOne(pid); ok {
			reaped = append(reaped, o)
		}
	}
	return reaped
}

func reapOne(pid int) (orphan, bool) {
	var status syscall.WaitStatus
	for {
		got, err := syscall.Wait4(pid, &status, syscall.WNOHANG, nil)
		if err != syscall.EINTR {
			return orphan{pid, uint32(status)}, err == nil && got == pid
		}
	}
}

// childPids lists the children of all threads of this program, dead ones included.
func childPids() (pids []int) {
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, name := range lists {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // the thread is gone
		}
		for f := range strings.FieldsSeq(string(b)) {
			if pid, err := strconv.Atoi(f); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	if len(lists) > 0 {
		return pids
	}
	self := os.Getpid() // a kernel without CONFIG_PROC_CHILDREN
	for st := range procStats {
		if st.ppid == self {
			pids = append(pids, st.pid)
		}
	}
	return pids
}
