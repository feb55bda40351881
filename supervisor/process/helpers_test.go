//go:build linux

package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

func TestMain(m *testing.M) {
	if IsShim(os.Args) {
		os.Exit(RunShim(os.Args))
	}
	roleMain()
	proctest.Main()
	if err := CloseOnExecInherited(); err != nil { // whatever runs the tests may have left some open
		panic(err)
	}
	os.Exit(m.Run())
}

// A life is one started process and what was heard of it.
type life struct {
	*Process
	out, err proctest.Output
	exits    chan Exit // room for more than one, so that a second call would be seen
}

func newHost(t testing.TB, o Options) *Host {
	t.Helper()
	h, err := NewHost(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// eachHost runs the test with all ways to watch a process.
func eachHost(t *testing.T, test func(t *testing.T, h *Host)) {
	for name, o := range map[string]Options{
		"pidfd":           {},
		"without pidfd":   {noPidfd: true},
		"without epoll":   {noLoop: true},
		"without either":  {noPidfd: true, noLoop: true},
		"without unshare": {noUnshare: true},
	} {
		t.Run(name, func(t *testing.T) {
			proctest.LeakCheck(t)
			test(t, newHost(t, o))
		})
	}
}

// scripted is the Spec of a scripted child.
func scripted(steps ...string) *Spec {
	argv := proctest.Args(steps...)
	return &Spec{Name: "prog", Path: argv[0], Args: argv, Env: proctest.Env(), Umask: -1}
}

// command is the Spec of a system program.
func command(path string, args ...string) *Spec {
	return &Spec{Name: "prog", Path: path, Args: append([]string{filepath.Base(path)}, args...), Env: os.Environ(), Umask: -1}
}

func shell(script string) *Spec { return command("/bin/sh", "-c", script) }

// tryStart starts spec, with its output and exit going to the life unless they are set.
func tryStart(t testing.TB, h *Host, spec *Spec) (*life, error) {
	t.Helper()
	l := &life{exits: make(chan Exit, 4)}
	if spec.Stdout == nil {
		spec.Stdout = &l.out
	}
	if spec.Stderr == nil {
		spec.Stderr = &l.err
	}
	if spec.Exited == nil {
		spec.Exited = func(e Exit) { l.exits <- e }
	}
	type started struct {
		p   *Process
		err error
	}
	c := make(chan started, 2)
	h.Start(spec, func(p *Process, err error) { c <- started{p, err} })
	s := proctest.Receive(t, "done", c)
	l.Process = s.p
	return l, s.err
}

func start(t testing.TB, h *Host, spec *Spec) *life {
	t.Helper()
	l, err := tryStart(t, h, spec)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// wait returns how the process ended and checks that it is told once.
func (l *life) wait(t testing.TB) Exit {
	t.Helper()
	e := proctest.Receive(t, fmt.Sprintf("the exit of %d", l.Pid()), l.exits)
	if len(l.exits) > 0 {
		t.Errorf("a second exit: %+v", <-l.exits)
	}
	return e
}

// runToEnd starts spec, waits for its end and returns it.
func runToEnd(t testing.TB, h *Host, spec *Spec) (*life, Exit) {
	t.Helper()
	l := start(t, h, spec)
	return l, l.wait(t)
}

// kill ends a process at the end of a test.
func (l *life) kill(t testing.TB) {
	t.Helper()
	if err := l.Signal(9); err != nil {
		t.Errorf("kill %d: %v", l.Pid(), err)
	}
	l.wait(t)
}

// procStatus reads one field of /proc/PID/status as printed by cat.
func procStatus(t testing.TB, text, field string) string {
	t.Helper()
	for line := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(line, field+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	t.Fatalf("no %s in %q", field, text)
	return ""
}

// Some tests need a program of their own: with other limits, another user, as process 1. They start the test binary with
// a role.
const roleVariable = "SUPD_PROCESS_ROLE"

var roles = map[string]func(){}

func roleMain() {
	name := os.Getenv(roleVariable)
	if name == "" {
		return
	}
	os.Unsetenv(roleVariable)
	role, ok := roles[name]
	if !ok {
		fmt.Println("unknown role", name)
		os.Exit(98)
	}
	role()
	os.Exit(0)
}

// roleSpec is the Spec that runs a role of this test binary, through prefix if there is one.
func roleSpec(role string, prefix ...string) *Spec {
	exe := proctest.Args()[0]
	argv := append(prefix, exe)
	return &Spec{Name: role, Path: argv[0], Args: argv, Env: append(os.Environ(), roleVariable+"="+role, "GORACE=atexit_sleep_ms=0"), Umask: -1}
}

// must is for roles, which have no testing.T.
func must[T any](v T, err error) T {
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(97)
	}
	return v
}

// statState is the state of a process as /proc shows it ("S", "Z"); "" when there is none.
func statState(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, tail, _ := strings.Cut(string(b), ") ")
	return tail[:1]
}
