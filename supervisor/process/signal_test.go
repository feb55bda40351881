//go:build linux

package process

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

func TestSignals(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		l := start(t, h, scripted("on HUP print hup", "ignore TERM", "on USR2 exit 9", "print ready", "wait"))
		l.out.WaitFor(t, "ready")
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
			if err := l.Signal(sig); err != nil {
				t.Fatal(err)
			}
		}
		l.out.WaitFor(t, "hup")
		if err := l.Signal(syscall.SIGUSR2); err != nil {
			t.Fatal(err)
		}
		if e := l.wait(t); e.Code != 9 {
			t.Errorf("%+v", e)
		}
	})
}

func TestGoneAfterTheExit(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		l, e := runToEnd(t, h, shell("exit 0"))
		if e.GroupLeft {
			t.Error("nobody is left")
		}
		for name, err := range map[string]error{"Signal": l.Signal(syscall.SIGTERM), "SignalGroup": l.SignalGroup(syscall.SIGTERM)} {
			if !errors.Is(err, ErrGone) || !errors.Is(err, syscall.ESRCH) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// The whole group gets the signal, and the leader's exit is told though the others are still dying.
func TestSignalGroup(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		file := filepath.Join(t.TempDir(), "grandchild")
		l := start(t, h, scripted("fork on TERM exit 0 | notify "+file+" | wait", "await "+file, "print ready", "wait"))
		l.out.WaitFor(t, "ready")
		pid := atoi(t, proctest.File(t, file))
		group := l.Group()
		slices.Sort(group)
		if !slices.Equal(group, slices.Sorted(slices.Values([]int{l.Pid(), pid}))) {
			t.Errorf("group %v, want %d and %d", group, l.Pid(), pid)
		}
		if err := l.SignalGroup(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if e := l.wait(t); e.Signal != syscall.SIGTERM {
			t.Errorf("%+v", e)
		}
		waitGone(t, pid)
	})
}

// waitGone waits until pid is no process any more, or a zombie of somebody else's.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	proctest.Eventually(t, fmt.Sprintf("process %d to end", pid), func() (string, bool) {
		st := statState(pid)
		return "state " + st, st == "" || st == "Z"
	})
}

// Members that outlive the leader are reached; once they are gone too, nobody is.
func TestSignalGroupAfterTheLeader(t *testing.T) {
	if err := AdoptOrphans(); err != nil { // so that the grandchild is ours to reap when its parent is gone
		t.Fatal(err)
	}
	defer unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	eachHost(t, func(t *testing.T, h *Host) {
		file := filepath.Join(t.TempDir(), "grandchild")
		l, e := runToEnd(t, h, scripted("fork ignore TERM | notify "+file+" | wait", "await "+file, "exit 0"))
		pid := atoi(t, proctest.File(t, file))
		if !e.GroupLeft || !slices.Equal(l.Group(), []int{pid}) {
			t.Errorf("left %v, group %v, want %d", e.GroupLeft, l.Group(), pid)
		}
		if err := l.Signal(syscall.SIGKILL); !errors.Is(err, ErrGone) {
			t.Errorf("Signal: %v", err)
		}
		if err := l.SignalGroup(syscall.SIGTERM); err != nil {
			t.Errorf("SignalGroup: %v", err)
		}
		if statState(pid) == "" {
			t.Error("the grandchild did not ignore SIGTERM")
		}
		if err := l.SignalGroup(syscall.SIGKILL); err != nil {
			t.Errorf("SignalGroup: %v", err)
		}
		if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil {
			t.Error(err)
		}
		if err := l.SignalGroup(syscall.SIGTERM); !errors.Is(err, ErrGone) {
			t.Errorf("after the last: %v", err)
		}
	})
}

// A process that was released keeps no descriptor, whether that was before or after its end.
func TestReleaseGivesTheDescriptorBack(t *testing.T) {
	if err := AdoptOrphans(); err != nil { // so that the grandchild is ours to reap when its parent is gone
		t.Fatal(err)
	}
	defer unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	eachHost(t, func(t *testing.T, h *Host) {
		for _, early := range []bool{true, false} {
			file := filepath.Join(t.TempDir(), "grandchild")
			last := "exit 0"
			if early {
				last = "wait"
			}
			l := start(t, h, scripted("fork ignore TERM | notify "+file+" | wait", "await "+file, last))
			pid := atoi(t, proctest.File(t, file))
			if early {
				l.Release()
				if err := l.Signal(syscall.SIGKILL); err != nil {
					t.Error(err)
				}
			}
			if e := l.wait(t); !e.GroupLeft {
				t.Errorf("%+v", e)
			}
			l.Release()
			l.Release()
			if l.pidfd >= 0 {
				t.Errorf("released early %v: descriptor %d is kept", early, l.pidfd)
			}
			if err := l.SignalGroup(syscall.SIGKILL); !errors.Is(err, ErrGone) {
				t.Errorf("SignalGroup: %v", err)
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
			if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil {
				t.Error(err)
			}
		}
	})
}

// A status taken by somebody else in the program is reported as such and holds nothing up.
func TestStolenStatus(t *testing.T) {
	proctest.LeakCheck(t)
	h := newHost(t, Options{})
	var ws syscall.WaitStatus
	stolen := make(chan struct{})
	spec := command("/bin/cat")
	l := &life{exits: make(chan Exit, 4)}
	spec.Exited = func(e Exit) { l.exits <- e }
	h.Start(spec, func(p *Process, err error) {
		l.Process = p
		p.Signal(syscall.SIGKILL)
		syscall.Wait4(p.Pid(), &ws, 0, nil) // before the host watches
		close(stolen)
	})
	proctest.Receive(t, "the theft", stolen)
	e := l.wait(t)
	if e.Code != -1 || e.Signal != 0 || !errors.Is(e.Err, syscall.ECHILD) {
		t.Errorf("%+v", e)
	}
	if got := Describe(e); got != "unknown exit status (waitid: no child processes)" {
		t.Errorf("%q", got)
	}
}

func TestDescribe(t *testing.T) {
	for status, want := range map[uint32]string{
		0x0000: "exit status 0", 0x7f00: "exit status 127", 0x000f: "terminated by SIGTERM", 0x008b: "terminated by SIGSEGV (core dumped)",
		0x0028: "terminated by signal 40", 0x137f: "unknown termination cause 0x137f",
	} {
		if got := DescribeStatus(status); got != want {
			t.Errorf("%#04x: %q, want %q", status, got, want)
		}
	}
}

// The names are Python's (signal.Signals), which is where supervisord has them from.
func TestSignalNames(t *testing.T) {
	want := "SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM " +
		"SIGSTKFLT SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGPOLL SIGPWR SIGSYS "
	got := ""
	for sig := syscall.Signal(1); sig < 32; sig++ {
		got += SignalName(sig) + " "
	}
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := fmt.Sprint(SignalName(34), SignalName(40), SignalName(64)); got != "SIGRTMINsignal 40SIGRTMAX" {
		t.Errorf("got %q", got)
	}
}
