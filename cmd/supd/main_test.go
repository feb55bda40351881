package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// supdBinary is the program under test, built once with the race detector.
var supdBinary string

func TestMain(m *testing.M) {
	actAsApplication()
	proctest.Main()
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // the tests were started by nohup, what they start was not
	}
	os.Setenv("GORACE", "atexit_sleep_ms=50") // a program with the race detector sleeps for a second before it exits
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "supd-test-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		supdBinary = filepath.Join(dir, "supd")
		build := exec.Command("go", "build", "-race", "-ldflags", "-X main.version="+cmp.Or(os.Getenv("SUPD_VERSION"), version), "-o", supdBinary, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=1")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building supd: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// peer returns the path of a program of Debian's supervisor package.
func peer(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath("/usr/bin/" + name)
	if err != nil {
		t.Fatalf("%s is missing; type: make peers", name)
	}
	return path
}

// background is a daemon in the foreground of its own process group.
type background struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *proctest.Output
	done chan struct{}
	err  error
}

// startDaemon runs a daemon and waits until its output says that it is up.
func startDaemon(t *testing.T, ready string, name string, args ...string) *background {
	t.Helper()
	b := &background{t: t, cmd: exec.Command(name, args...), out: &proctest.Output{}, done: make(chan struct{})}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	b.cmd.Stdout, b.cmd.Stderr = w, w
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	up := make(chan bool, 1)
	go func() {
		defer r.Close()
		lines := bufio.NewReader(r)
		told := false
		for {
			line, err := lines.ReadString('\n')
			_, _ = io.WriteString(b.out, line)
			if !told && strings.Contains(line, ready) {
				told = true
				up <- true
			}
			if err != nil {
				if !told {
					up <- false
				}
				return
			}
		}
	}()
	go func() {
		b.err = b.cmd.Wait()
		close(b.done)
	}()
	t.Cleanup(func() {
		_ = b.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-b.done:
		case <-time.After(20 * time.Second):
			_ = syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL)
			t.Errorf("%s did not end; it said:\n%s", name, b.out)
			<-b.done
		}
		if strings.Contains(b.out.String(), "DATA RACE") {
			t.Errorf("%s has a data race:\n%s", name, b.out)
		}
	})
	if ready == "" {
		return b
	}
	select {
	case ok := <-up:
		if !ok {
			<-b.done
			t.Fatalf("%s ended: %v\n%s", name, b.err, b.out)
		}
	case <-time.After(proctest.Deadline):
		t.Fatalf("%s is not up; it said:\n%s", name, b.out)
	}
	return b
}

// wait returns the exit status when the daemon has ended by itself.
func (b *background) wait() int {
	b.t.Helper()
	select {
	case <-b.done:
		return b.cmd.ProcessState.ExitCode()
	case <-time.After(proctest.Deadline):
		b.t.Fatalf("%s does not end; it said:\n%s", b.cmd.Path, b.out)
		return -1
	}
}

// stop ends the daemon.
func (b *background) stop() {
	b.t.Helper()
	_ = b.cmd.Process.Signal(syscall.SIGTERM)
	b.wait()
}

// runTool runs a program to its end and returns its output, stderr included, and exit status.
func runTool(t *testing.T, dir, name string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// freePort is an address on which nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// writeFile writes a file below dir and returns its path.
func writeFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// waitForStarts returns when the daemon has said n times that it is up.
func (b *background) waitForStarts(n int) {
	b.t.Helper()
	proctest.Eventually(b.t, fmt.Sprintf("start %d", n), func() (string, bool) {
		out := b.out.String()
		return out, strings.Count(out, "supervisord started with pid") >= n
	})
}
