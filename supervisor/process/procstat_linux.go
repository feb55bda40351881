package process

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// statSize is more than /proc/PID/stat has, in bytes.
const statSize = 1024

// A procStat is what /proc/PID/stat says.
type procStat struct {
	pid, ppid, pgrp int
	ticks           uint64 // of CPU time, with that of children it has waited for
	threads         int
	start           uint64 // clock ticks after boot
	pages           int64  // resident
}

// procStats iterates over all processes that can be seen.
func procStats(yield func(procStat) bool) {
	proc, err := os.Open("/proc")
	if err != nil {
		return
	}
	defer proc.Close()
	names, _ := proc.Readdirnames(-1)
	var buffer [statSize]byte
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if st, ok := readStat(pid, buffer[:]); ok && !yield(st) {
			return
		}
	}
}

// readProc reads the begin of a small file below /proc. It costs three system calls and no memory.
func readProc(path string, buffer []byte) []byte {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, buffer)
	if err != nil {
		return nil
	}
	return buffer[:n]
}

// readStat reads what is known of a process; ok is false when it is gone.
func readStat(pid int, buffer []byte) (st procStat, ok bool) {
	b := readProc("/proc/"+strconv.Itoa(pid)+"/stat", buffer)
	end := bytes.LastIndexByte(b, ')') // the name in front may hold anything
	if end < 0 {
		return st, false
	}
	st.pid = pid
	field := 2
	for word := range bytes.FieldsSeq(b[end+1:]) {
		field++ // numbered as in proc(5)
		n := decimal(word)
		switch field {
		case 4:
			st.ppid = int(n)
		case 5:
			st.pgrp = int(n)
		case 14, 15, 16, 17:
			st.ticks += n
		case 20:
			st.threads = int(n)
		case 22:
			st.start = n
		case 24:
			st.pages = int64(n)
			return st, true
		}
	}
	return st, false
}

// decimal reads a number; what is none counts as 0.
func decimal(b []byte) (n uint64) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}
