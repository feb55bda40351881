package proctest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	Main()
	os.Exit(m.Run())
}

func command(steps ...string) *exec.Cmd {
	argv := Args(steps...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = Env()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

func TestSteps(t *testing.T) {
	LeakCheck(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "f")
	for _, c := range []struct {
		steps []string
		out   string
		end   string
	}{
		{nil, "", "exit status 0"},
		{[]string{"print a b", "eprint err", "exit 3", "print never"}, "a b\n", "exit status 3"},
		{[]string{"write 3", "write 100"}, "000" + string(Bytes(100)), "exit status 0"},
		{[]string{"stdin"}, "input", "exit status 0"},
		{[]string{"die TERM"}, "", "signal: terminated"},
		{[]string{"sleep 1ms", "close 1", "print x"}, "", "exit status 99"},
		{[]string{"notify " + file, "await " + file, "print seen"}, "seen\n", "exit status 0"},
		{[]string{"fork notify " + file + "2 | exit 0", "await " + file + "2", "print born"}, "born\n", "exit status 0"},
		{[]string{"nonsense"}, "", "exit status 99"},
	} {
		cmd := command(c.steps...)
		cmd.Stdin = strings.NewReader("input")
		out, err := cmd.Output()
		end := cmd.ProcessState.String()
		if string(out) != c.out || end != c.end {
			t.Errorf("%q: %q, %s, %v", c.steps, out, end, err)
		}
	}
}

func TestSignalsOfTheChild(t *testing.T) {
	LeakCheck(t)
	var out Output
	cmd := command("ignore TERM", "on USR1 print got", "on USR2 exit 4", "print ready", "wait")
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.WaitFor(t, "ready")
	cmd.Process.Signal(syscall.SIGTERM)
	cmd.Process.Signal(syscall.SIGUSR1)
	out.WaitFor(t, "got")
	cmd.Process.Signal(syscall.SIGUSR2)
	cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != 4 {
		t.Errorf("exit status %d", got)
	}
}

func TestStatusStep(t *testing.T) {
	out, err := command("status").Output()
	if err != nil {
		t.Fatal(err)
	}
	s := ParseStatus(t, string(out))
	if s.Ppid != os.Getpid() || s.Pgid != s.Pid || s.Args[1] != "status" || s.UID != os.Geteuid() {
		t.Errorf("%+v", s)
	}
}

func TestCommandLineIsQuoted(t *testing.T) {
	line := strings.ReplaceAll(CommandLine("print it's 100% $HOME"), "%%", "%")
	cmd := exec.Command("/bin/sh", "-c", line)
	cmd.Env = Env()
	out, err := cmd.Output()
	if err != nil || string(out) != "it's 100% $HOME\n" {
		t.Errorf("%s: %q, %v", line, out, err)
	}
}

// A recorder is a testing.TB that only notes that it failed.
type recorder struct {
	testing.TB
	cleanups []func()
	failed   bool
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recorder) Fatalf(string, ...any) {
	r.failed = true
	runtime.Goexit()
}

// runCleanups runs them as testing does: in a goroutine that Fatalf may end.
func (r *recorder) runCleanups() {
	var wg sync.WaitGroup
	for _, f := range r.cleanups {
		wg.Go(f)
		wg.Wait()
	}
}

func TestLeakCheckFindsLeaks(t *testing.T) {
	old := Deadline
	Deadline = 50 * time.Millisecond
	defer func() { Deadline = old }()
	for name, leak := range map[string]func() (undo func()){
		"nothing":   func() func() { return func() {} },
		"goroutine": func() func() { c := make(chan int); go func() { <-c }(); return func() { close(c) } },
		"descriptor": func() func() {
			f, err := os.Open("/dev/null")
			if err != nil {
				t.Fatal(err)
			}
			return func() { f.Close() }
		},
		"process": func() func() {
			cmd := command("wait")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			return func() { cmd.Process.Kill(); cmd.Wait() }
		},
		"zombie": func() func() {
			cmd := command("exit 0")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func(short time.Duration) { Deadline = short }(Deadline)
			Deadline = time.Minute // the short one is for the check
			Eventually(t, "the child to die", func() (string, bool) {
				for _, c := range Children() {
					if c.Pid == cmd.Process.Pid {
						return c.Text, c.Zombie
					}
				}
				return "no child", false
			})
			return func() { cmd.Wait() }
		},
	} {
		r := &recorder{TB: t}
		LeakCheck(r)
		undo := leak()
		r.runCleanups()
		if r.failed != (name != "nothing") {
			t.Errorf("%s: failed is %v", name, r.failed)
		}
		undo()
	}
}

func TestBytesAreNumberedLines(t *testing.T) {
	lines := bytes.Split(Bytes(640), []byte("\n"))
	if len(lines) != 11 || string(lines[9]) != strings.Repeat("0", 61)+"9" {
		t.Errorf("%d lines, the last but one %q", len(lines), lines[len(lines)-2])
	}
}
