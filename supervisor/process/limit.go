package process

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/gwaycc/supd/supervisor/process/startlimit"
)

// RaiseLimit makes sure that children start with a soft limit of at least want, by supervisord's rule for minfds and
// minprocs (compat.md §2.4): a soft limit below want becomes want, and the hard one too if it is lower, which only
// root can do; nothing is ever lowered. It returns the soft limit that children have afterwards and whether it changed.
// resource is unix.RLIMIT_NOFILE, unix.RLIMIT_NPROC or another of them.
//
// It changes the limit of this program, which is how children get it. Go has raised our own limit on open files to
// almost the hard one at the start, for us alone; as long as nothing is changed here that stays so, and children get
// what we were started with.
func RaiseLimit(resource int, want uint64) (soft uint64, changed bool, err error) {
	var lim unix.Rlimit
	if err := unix.Getrlimit(resource, &lim); err != nil {
		return 0, false, fmt.Errorf("read limit: %w", err)
	}
	soft = childSoftLimit(resource, &lim)
	if soft >= want || soft == uint64(unix.RLIM_INFINITY) {
		return soft, false, nil
	}
	lim.Cur = want
	lim.Max = max(lim.Max, want)
	if err := setLimit(resource, &lim); err != nil {
		return soft, false, fmt.Errorf("raise limit to %d: %w", want, err)
	}
	return want, true, nil
}

// childSoftLimit is the soft limit a child would get now. own is ours.
func childSoftLimit(resource int, own *unix.Rlimit) uint64 {
	if resource != unix.RLIMIT_NOFILE {
		return own.Cur
	}
	soft, hard, ok := startlimit.OpenFiles()
	if ok && own.Max == hard && own.Cur == hard-1 && soft < hard-1 {
		return soft // raised by package syscall, which lowers it again in the child
	}
	return own.Cur
}
