package proctest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gwaycc/supd/supervisor/process/startlimit"
)

// A Status is what a scripted child knows of itself. Signal masks and descriptors include what Go's runtime does in the
// child; to see those that an exec hands over, run a C program (cat /proc/self/status).
type Status struct {
	Pid, Ppid, Pgid, Sid int
	UID, GID             int // effective
	Groups               []int
	Umask                int
	Dir                  string
	Args                 []string
	Env                  []string
	OpenFiles            [2]uint64         // soft and hard limit at the start
	Processes            [2]uint64         // soft and hard limit
	Descriptors          map[string]string // number → what it is
	Signals              map[string]string // SigBlk, SigIgn, SigCgt as in /proc
}

func status(file string) error {
	s := Status{Pid: os.Getpid(), Ppid: os.Getppid(), Pgid: syscall.Getpgrp(), UID: os.Geteuid(), GID: os.Getegid(),
		Args: os.Args, Env: os.Environ(), Descriptors: map[string]string{}, Signals: map[string]string{}}
	s.Sid, _ = unix.Getsid(0)
	s.Groups, _ = os.Getgroups()
	s.Dir, _ = os.Getwd()
	s.OpenFiles[0], s.OpenFiles[1], _ = startlimit.OpenFiles()
	var lim unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NPROC, &lim) == nil {
		s.Processes = [2]uint64{lim.Cur, lim.Max}
	}
	names, _ := filepath.Glob("/proc/self/fd/*")
	for _, name := range names {
		if target, err := os.Readlink(name); err == nil {
			s.Descriptors[filepath.Base(name)] = target
		}
	}
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch value = strings.TrimSpace(value); key {
		case "SigBlk", "SigIgn", "SigCgt":
			s.Signals[key] = value
		case "Umask":
			n, _ := strconv.ParseInt(value, 8, 0)
			s.Umask = int(n)
		}
	}
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if file != "" {
		return writeAtOnce(file, b)
	}
	_, err = os.Stdout.Write(append(b, '\n'))
	return err
}

// ParseStatus reads what the status step wrote.
func ParseStatus(t testing.TB, text string) Status {
	t.Helper()
	var s Status
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatalf("not a status: %v\n%s", err, text)
	}
	return s
}
