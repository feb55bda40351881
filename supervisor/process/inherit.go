package process

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// CloseOnExecInherited marks every descriptor above 2 close-on-exec, so that children do not get what this program
// inherited from its own parent. What Go opens is marked anyway. It changes the whole program, so it is for the program
// to call, once, at its start.
func CloseOnExecInherited() error {
	if err := closeRange(); err == nil {
		return nil
	}
	dir := "/proc/self/fd"
	if _, err := os.Stat(dir); err != nil {
		dir = "/dev/fd"
	}
	names, err := filepath.Glob(dir + "/[0-9]*")
	if err != nil || len(names) == 0 {
		return errors.Join(err, errors.New("list open descriptors: "+dir+" is empty"))
	}
	for _, name := range names {
		if fd, err := strconv.Atoi(filepath.Base(name)); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
	return nil
}

// DefaultInheritedSignals makes children start with the default action for the signals that this program was started
// with ignored (nohup, a shell's background job, systemd's IgnoreSIGPIPE). An exec keeps ignored signals ignored, but
// not caught ones, so they are caught here and thrown away: for this program nothing changes. It is for the program to
// call, once, at its start.
//
// SIGTTIN and SIGTTOU stay as they are: caught, a write to the terminal from the background would be tried for ever. So
// do 32 to 34, which belong to C libraries and which Go does not let a program catch.
func DefaultInheritedSignals() {
	drop := make(chan os.Signal, 1) // nobody reads it: Notify never waits
	ignored := ignoredSignals()
	for sig := syscall.Signal(1); sig <= lastSignal; sig++ {
		switch sig {
		case syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGKILL, syscall.SIGSTOP, 32, 33, 34:
			continue
		}
		if ignored(sig) {
			signal.Notify(drop, sig)
		}
	}
}

// lastSignal is the highest number a signal has.
const lastSignal = 64

// ignoredSignals returns what tells whether a signal is ignored. The kernel is asked where that is possible: Go remembers only
// SIGHUP and SIGINT.
func ignoredSignals() func(syscall.Signal) bool {
	byGo := func(s syscall.Signal) bool { return signal.Ignored(s) }
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return byGo
	}
	for line := range strings.Lines(string(status)) {
		if mask, ok := strings.CutPrefix(line, "SigIgn:"); ok {
			bits, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
			return func(s syscall.Signal) bool { return err == nil && bits&(1<<(s-1)) != 0 }
		}
	}
	return byGo
}

// AdoptOrphans makes this program a subreaper: processes that its children leave behind become its children and not
// those of process 1. NeedsReaper is then true. Linux only.
func AdoptOrphans() error { return adopt() }
