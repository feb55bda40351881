package process

// NeedsReaper tells whether ReapOrphans must be called on SIGCHLD: this program is process 1 or a subreaper, so
// orphans become its children, or it had children before NewHost, from the program that became it by exec.
func (h *Host) NeedsReaper() bool { return h.others || adoptsOrphans() }

// ReapOrphans reaps every child of this program that has ended and was not started by a Host, and reports its raw wait
// status. It takes no status of a child of a Host, and does not wait for a child that lives. It is meant for programs
// that start processes through Hosts only: a child of os/exec looks like an orphan.
//
// It may be called on any goroutine. While it looks, no Host forks.
func (h *Host) ReapOrphans(report func(pid int, status uint32)) {
	for {
		reaped := children.reapOrphans()
		for _, o := range reaped {
			report(o.pid, o.status)
		}
		if len(reaped) == 0 {
			return
		}
	}
}

type orphan struct {
	pid    int
	status uint32
}
