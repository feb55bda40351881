//go:build linux

package process

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

func TestExitStatusIsTold(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		for _, c := range []struct {
			script string
			want   Exit
			text   string
		}{
			{"exit 0", Exit{Code: 0}, "exit status 0"},
			{"exit 3", Exit{Code: 3, Status: 0x300}, "exit status 3"},
			{"exit 255", Exit{Code: 255, Status: 0xff00}, "exit status 255"},
			{"kill -TERM $$", Exit{Code: -1, Signal: syscall.SIGTERM, Status: 15}, "terminated by SIGTERM"},
			{"kill -KILL $$", Exit{Code: -1, Signal: syscall.SIGKILL, Status: 9}, "terminated by SIGKILL"},
			{"ulimit -c 0; kill -SEGV $$", Exit{Code: -1, Signal: syscall.SIGSEGV, Status: 11}, "terminated by SIGSEGV"},
		} {
			l, e := runToEnd(t, h, shell(c.script))
			if e.Code != c.want.Code || e.Signal != c.want.Signal || e.Status&^0x80 != c.want.Status || e.Err != nil {
				t.Errorf("%s: %+v", c.script, e)
			}
			if got := strings.TrimSuffix(Describe(e), " (core dumped)"); got != c.text {
				t.Errorf("%s: %q, want %q", c.script, got, c.text)
			}
			if e.At.Before(l.StartedAt) {
				t.Errorf("%s: ended %v, started %v", c.script, e.At, l.StartedAt)
			}
		}
	})
}

func TestRusageIsTold(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		_, e := runToEnd(t, h, shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"))
		if e.Rusage.Utime.Nano()+e.Rusage.Stime.Nano() == 0 || e.Rusage.Maxrss == 0 {
			t.Errorf("rusage %+v", e.Rusage)
		}
	})
}

func TestChildEnvironment(t *testing.T) {
	proctest.LeakCheck(t)
	h := newHost(t, Options{})
	dir := t.TempDir()
	spec := scripted("status")
	spec.Env = append(spec.Env, "ONLY=this one")
	spec.Args[0] = "as-written"
	spec.Dir = dir
	spec.Path = proctest.Args()[0]
	l, _ := runToEnd(t, h, spec)
	s := proctest.ParseStatus(t, l.out.String())
	if s.Pid != l.Pid() || s.Pgid != s.Pid {
		t.Errorf("pid %d, group %d; want its own group", s.Pid, s.Pgid)
	}
	if self, _ := unix.Getsid(0); s.Sid != self {
		t.Errorf("session %d, want ours, %d", s.Sid, self)
	}
	if s.Ppid != os.Getpid() {
		t.Errorf("parent %d, want %d", s.Ppid, os.Getpid())
	}
	if s.Args[0] != "as-written" {
		t.Errorf("argv %q", s.Args)
	}
	if real, _ := filepath.EvalSymlinks(dir); s.Dir != real {
		t.Errorf("directory %q, want %q", s.Dir, real)
	}
	if len(s.Env) != len(spec.Env) || s.Env[len(s.Env)-1] != "ONLY=this one" {
		t.Errorf("environment %q", s.Env)
	}
}

func TestDirectoryOfTheProgramIsFollowed(t *testing.T) {
	h := newHost(t, Options{})
	t.Chdir(t.TempDir())
	want, _ := os.Getwd()
	l, _ := runToEnd(t, h, command("/bin/pwd"))
	if got := strings.TrimSpace(l.out.String()); got != want {
		t.Errorf("started in %q, want %q", got, want)
	}
}

// The child's descriptors are 0, 1 and 2, whatever this program has open.
func TestNoOtherDescriptorIsInherited(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		idle := start(t, h, command("/bin/sleep", "1000"))
		l, _ := runToEnd(t, h, shell("ls /proc/self/fd"))
		if got := l.out.String(); got != "0\n1\n2\n3\n" { // 3 is the directory that ls reads
			t.Errorf("descriptors %q", got)
		}
		idle.kill(t)
	})
}

func TestDoneComesBeforeOutputAndExit(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		var mu sync.Mutex
		var heard []string
		hear := func(what string) {
			mu.Lock()
			defer mu.Unlock()
			if len(heard) == 0 || heard[len(heard)-1] != what {
				heard = append(heard, what)
			}
		}
		for range 20 {
			heard = nil
			gone := make(chan struct{})
			spec := shell("echo out")
			spec.Stdout = writerFunc(func([]byte) { hear("output") })
			spec.Exited = func(Exit) { hear("exit"); close(gone) }
			h.Start(spec, func(*Process, error) { hear("done") })
			proctest.Receive(t, "the exit", gone)
			if got := strings.Join(heard, " "); got != "done output exit" {
				t.Fatalf("heard %q", got)
			}
		}
	})
}

// A sink that nobody reads holds the exit up for a while only, and is let go of when it is closed.
func TestAnExitDoesNotWaitForASinkForEver(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		stuck, gone := make(chan struct{}), make(chan struct{})
		spec := shell("echo out")
		spec.Stdout = writerFunc(func([]byte) { <-stuck })
		spec.Exited = func(Exit) { close(gone) }
		h.Start(spec, func(*Process, error) {})
		proctest.Receive(t, "the exit", gone)
		close(stuck)
	})
}

type writerFunc func([]byte)

func (f writerFunc) Write(b []byte) (int, error) { f(b); return len(b), nil }

func TestMergedStderrKeepsTheOrder(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		spec := shell("echo 1; echo 2 >&2; echo 3; echo 4 >&2")
		spec.MergeStderr = true
		l, _ := runToEnd(t, h, spec)
		if l.out.String() != "1\n2\n3\n4\n" || l.err.Len() != 0 {
			t.Errorf("stdout %q, stderr %q", l.out.String(), l.err.String())
		}
	})
}

func TestStdinOfTheCaller(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		name := filepath.Join(t.TempDir(), "in")
		os.WriteFile(name, []byte("from a file"), 0o600)
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		spec := command("/bin/cat")
		spec.Stdin = f
		l, _ := runToEnd(t, h, spec)
		if l.out.String() != "from a file" {
			t.Errorf("got %q", l.out.String())
		}
		if err := l.WriteStdin([]byte("x")); !errors.Is(err, ErrClosed) {
			t.Errorf("WriteStdin: %v", err)
		}
		if err := f.Close(); err != nil {
			t.Errorf("the file is still the caller's: %v", err)
		}
	})
}

func TestOutputNobodyWantsIsReadAway(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		exits := make(chan Exit, 1)
		spec := scripted("write 300000", "ewrite 300000", "exit 7")
		spec.Exited = func(e Exit) { exits <- e }
		h.Start(spec, func(*Process, error) {})
		if e := proctest.Receive(t, "the exit", exits); e.Code != 7 {
			t.Errorf("%+v", e)
		}
	})
}

func TestCloseTouchesNoProcess(t *testing.T) {
	h, err := NewHost(Options{})
	if err != nil {
		t.Fatal(err)
	}
	l := start(t, h, scripted("on USR1 print alive", "print ready", "wait"))
	l.out.WaitFor(t, "ready")
	for range 2 {
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Signal(0); err != nil {
		t.Errorf("after Close: %v", err)
	}
	if _, err := tryStart(t, h, shell("exit 0")); !errors.Is(err, ErrHostClosed) {
		t.Errorf("Start after Close: %v", err)
	}
	var ws syscall.WaitStatus
	if pid, err := syscall.Wait4(l.Pid(), &ws, syscall.WNOHANG, nil); pid != 0 {
		t.Errorf("the process ended: %v %v %v", pid, ws, err)
	}
	l.Signal(syscall.SIGKILL)
	if _, err := syscall.Wait4(l.Pid(), &ws, 0, nil); err != nil {
		t.Error(err)
	}
	if children.has(l.Pid()) {
		t.Error("the process of a closed host is still managed")
	}
}
