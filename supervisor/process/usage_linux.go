package process

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// ticksPerSecond is the unit of times in /proc: USER_HZ, which is 100 on all platforms of ours.
const ticksPerSecond = 100

// Usages tells what processes use, in the order in which they are asked for, with one look at all processes.
func Usages(of []UsageOf) ([]Usage, error) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return nil, err
	}
	var stats []procStat
	for st := range procStats {
		stats = append(stats, st)
	}
	owners := ownersOf(stats, of)
	out := make([]Usage, len(of))
	page := int64(os.Getpagesize())
	for i := range stats {
		st := &stats[i]
		owner, ok := owners[st.pid]
		if !ok || owner < 0 {
			continue
		}
		u := &out[owner]
		u.CPU += time.Duration(st.ticks) * (time.Second / ticksPerSecond)
		u.Memory += st.pages * page
		u.Threads += st.threads
		u.Processes++
		if n, ok := openFiles(st.pid); !ok {
			u.Files = -1
		} else if u.Files >= 0 {
			u.Files += n
		}
	}
	for i := range of {
		if of[i].Cgroup && out[i].Processes > 0 {
			groupUsage(of[i].Pid, &out[i])
		}
	}
	return out, nil
}

// ownersOf tells to which of those asked for each process belongs; -1 none.
func ownersOf(stats []procStat, of []UsageOf) map[int]int {
	index := make(map[int]int, len(of))
	for i := range of {
		index[of[i].Pid] = i
	}
	parent := make(map[int]int, len(stats))
	owners := make(map[int]int, len(stats))
	for i := range stats {
		st := &stats[i]
		parent[st.pid] = st.ppid
		if owner, ok := index[st.pid]; ok {
			owners[st.pid] = owner
		} else if owner, ok := index[st.pgrp]; ok {
			owners[st.pid] = owner
		}
	}
	for i := range stats { // the others belong where their nearest ancestor does
		owner, ancestor := -1, stats[i].pid
		for range len(stats) { // a look that takes time may see a circle
			if o, ok := owners[ancestor]; ok {
				owner = o
				break
			}
			if ancestor = parent[ancestor]; ancestor <= 1 {
				break
			}
		}
		owners[stats[i].pid] = owner
	}
	return owners
}

// openFiles counts the descriptors of a process.
func openFiles(pid int) (int, bool) {
	path := "/proc/" + strconv.Itoa(pid) + "/fd"
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return 0, false
	}
	if st.Size > 0 { // Linux 6.2 says how many there are
		return int(st.Size), true
	}
	dir, err := os.Open(path)
	if err != nil {
		return 0, false
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	return len(names), err == nil
}

// groupUsage puts what the kernel has counted for the control group of a program in the place of sums over processes, as far as it
// counts.
func groupUsage(pid int, u *Usage) {
	own := readProc("/proc/"+strconv.Itoa(pid)+"/cgroup", make([]byte, 4096))
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || !bytes.Contains(own, []byte("/program-")) {
		return // it is not in a group of its own
	}
	dir, err := cgroupRoot(string(own), string(mounts))
	if err != nil {
		return
	}
	buffer := make([]byte, 4096)
	for line := range bytes.SplitSeq(readProc(dir+"/cpu.stat", buffer), []byte("\n")) {
		if micros, ok := bytes.CutPrefix(line, []byte("usage_usec ")); ok {
			u.CPU = time.Duration(decimal(micros)) * time.Microsecond
		}
	}
	if b := bytes.TrimSpace(readProc(dir+"/memory.current", buffer)); len(b) > 0 {
		u.Memory = int64(decimal(b))
	}
}
