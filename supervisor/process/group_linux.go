package process

import (
	"time"

	"golang.org/x/sys/unix"
)

// Group lists the pids of the members of the process group, as far as /proc shows them. After the exit of a leader that
// left none behind it is empty. The pids are for reports: by the time they are read, any of them may be gone.
func (p *Process) Group() []int {
	p.mu.Lock()
	gone, left := p.gone, p.left
	p.mu.Unlock()
	if gone && !left {
		return nil
	}
	var pids []int
	for st := range procStats {
		if st.pgrp == p.pid {
			pids = append(pids, st.pid)
		}
	}
	return pids
}

// hasOldMember tells whether the group has a member that was alive when the leader was reaped. Then the number of the
// group was never free. reapedAt is in the same clock as the kernel's start times.
func (p *Process) hasOldMember() bool {
	for st := range procStats {
		if st.pgrp == p.pid && st.start <= p.reapedAt {
			return true
		}
	}
	return false
}

// sinceBoot is the clock of procStat.start: ticks of a hundredth of a second.
func sinceBoot() uint64 {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) != nil {
		return 0
	}
	return uint64(ts.Nano()) / uint64(10*time.Millisecond)
}
