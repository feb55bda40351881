//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// monotonic returns the clock the child stamps its announcements with, in nanoseconds.
func monotonic() int64 {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return t.Nano()
}

// cpuTime returns the CPU time, user and system, of all threads pid has or had. It is what utime and stime in
// /proc/PID/stat say, but in nanoseconds; its children are not part of it.
func cpuTime(pid int) (time.Duration, error) {
	const processClock = 2 // CPUCLOCK_SCHED of the whole process, clock_getcpuclockid(3)
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|processClock), &t); err != nil {
		return 0, fmt.Errorf("cannot read the CPU clock of %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// statusField returns the number after "key:" in a file such as /proc/PID/status. A size in kB is returned in bytes.
func statusField(data []byte, key string) (int64, error) {
	for line := range bytes.Lines(data) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || string(name) != key {
			continue
		}
		fields := strings.Fields(string(value))
		if len(fields) == 0 {
			break
		}
		n, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", key, err)
		}
		if len(fields) > 1 && fields[1] == "kB" {
			n *= 1024
		}
		return n, nil
	}
	return 0, fmt.Errorf("there is no field %s", key)
}

// readField reads one field of /proc/PID/NAME.
func readField(pid int, name, key string) (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
	if err != nil {
		return 0, err
	}
	return statusField(data, key)
}

// contextSwitches returns how often each thread of pid left its processor so far. A thread that has ended is missing.
func contextSwitches(pid int) (map[string]int64, error) {
	dir := fmt.Sprintf("/proc/%d/task", pid)
	threads, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	switches := map[string]int64{}
	for _, t := range threads {
		data, err := os.ReadFile(dir + "/" + t.Name() + "/status")
		if err != nil {
			continue
		}
		own, err := statusField(data, "voluntary_ctxt_switches")
		if err != nil {
			return nil, err
		}
		forced, err := statusField(data, "nonvoluntary_ctxt_switches")
		if err != nil {
			return nil, err
		}
		switches[t.Name()] = own + forced
	}
	return switches, nil
}

// wakeups returns the switches of all threads between two readings. A new thread counts from its beginning.
func wakeups(before, after map[string]int64) int64 {
	var sum int64
	for thread, n := range after {
		sum += n - before[thread]
	}
	return sum
}

// A processState is what /proc/PID/stat says about a process.
type processState struct {
	parent int
	state  byte
}

// parseStat reads a line of /proc/PID/stat. The name in it may hold anything, parentheses and spaces too.
func parseStat(data []byte) (processState, error) {
	end := bytes.LastIndexByte(data, ')')
	if end < 0 {
		return processState{}, fmt.Errorf("no name in %q", data)
	}
	fields := strings.Fields(string(data[end+1:]))
	if len(fields) < 2 || len(fields[0]) != 1 {
		return processState{}, fmt.Errorf("no state in %q", data)
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return processState{}, err
	}
	return processState{parent: parent, state: fields[0][0]}, nil
}

// childrenOf returns the processes whose parent is pid, zombies included.
func childrenOf(pid int) (map[int]processState, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	children := map[int]processState{}
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		data, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		if s, err := parseStat(data); err == nil && s.parent == pid {
			children[child] = s
		}
	}
	return children, nil
}

// zombiesOf returns how many children of pid are dead and not waited for.
func zombiesOf(pid int) (int, error) {
	children, err := childrenOf(pid)
	n := 0
	for _, c := range children {
		if c.state == 'Z' {
			n++
		}
	}
	return n, err
}

// descriptorsOf returns how many descriptors pid has open.
func descriptorsOf(pid int) (int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(entries), err
}
