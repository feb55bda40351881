package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Memory is how much memory the process pid and what belongs to it use now, in bytes: the resident memory of the members of its
// process group and of the descendants of these. Pages that several of them share count for each. A process that is gone counts
// nothing. A process that has left the group and whose parent has ended is not found.
func Memory(pid int) (int64, error) {
	if _, err := os.Stat("/proc/self/statm"); err != nil {
		return 0, fmt.Errorf("/proc is not there: %w", err)
	}
	var total int64
	for _, member := range family(pid) {
		total += resident(member)
	}
	return total, nil
}

// family lists the members of the process group of pid, and their descendants.
func family(pid int) []int {
	var found []int
	children := map[int][]int{}
	for st := range procStats {
		if st.pid == pid || st.pgrp == pid {
			found = append(found, st.pid)
		}
		children[st.ppid] = append(children[st.ppid], st.pid)
	}
	in := map[int]bool{}
	for _, p := range found {
		in[p] = true
	}
	for i := 0; i < len(found); i++ {
		for _, c := range children[found[i]] {
			if !in[c] {
				in[c] = true
				found = append(found, c)
			}
		}
	}
	return found
}

// resident is the second number of /proc/PID/statm, in bytes; 0 when the process is gone.
func resident(pid int) int64 {
	b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(f[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
