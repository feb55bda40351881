package ctl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// clientVariable makes the test binary the client itself, so that it can be run as a program.
const clientVariable = "SUPD_CTL_TEST_CLIENT"

func init() {
	if os.Getenv(clientVariable) != "" {
		os.Exit(Run(Env{
			Name: "supervisorctl", Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
		}, os.Args[1:]))
	}
}

// clientCommand is a command that runs the real client or ours.
func clientCommand(real bool, args ...string) *exec.Cmd {
	cmd := exec.Command(realClient, args...)
	if !real {
		cmd = exec.Command(os.Args[0], args...)
	}
	cmd.Env = append(os.Environ(), "PYTHONIOENCODING=utf-8", "LANG=C.UTF-8", "NO_COLOR=1")
	if !real {
		cmd.Env = append(cmd.Env, clientVariable+"=1")
	}
	return cmd
}

// A screen collects what a program prints.
type screen struct {
	t    *testing.T
	d    *daemon
	cmd  *exec.Cmd
	keys io.Writer // its standard input

	mu   sync.Mutex
	text bytes.Buffer
	seen int // up to where expect has looked
	news chan struct{}
	done chan struct{} // closed when no more comes
}

// collect takes what comes from the files until all of them end.
func (s *screen) collect(from ...*os.File) {
	s.news, s.done = make(chan struct{}, 1), make(chan struct{})
	var all sync.WaitGroup
	for _, f := range from {
		all.Go(func() {
			defer f.Close()
			buf := make([]byte, 4096)
			for {
				n, err := f.Read(buf)
				s.mu.Lock()
				s.text.Write(buf[:n])
				s.mu.Unlock()
				notify(s.news)
				if err != nil {
					return
				}
			}
		})
	}
	go func() {
		all.Wait()
		close(s.done)
	}()
}

// onTerminal starts a client on a terminal of its own.
func onTerminal(t *testing.T, d *daemon, real bool, args ...string) *screen {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(master.Fd())
	n, err1 := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	err2 := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	slave, err3 := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	s := &screen{t: t, d: d, cmd: clientCommand(real, args...), keys: master}
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = slave, slave, slave
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	s.start(master)
	return s
}

// onPipes starts a client on pipes; what it prints on its error output is on the screen as well.
func onPipes(t *testing.T, d *daemon, real bool, args ...string) *screen {
	t.Helper()
	in, keys, err1 := os.Pipe()
	out, stdout, err2 := os.Pipe()
	errs, stderr, err3 := os.Pipe()
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer stdout.Close()
	defer stderr.Close()
	s := &screen{t: t, d: d, cmd: clientCommand(real, args...), keys: keys}
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = in, stdout, stderr
	s.start(out, errs)
	t.Cleanup(func() { keys.Close() })
	return s
}

func (s *screen) start(from ...*os.File) {
	s.t.Helper()
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
		<-s.done
	})
	s.collect(from...)
}

// expect waits until text is on the screen, behind what was expected last.
func (s *screen) expect(text string) {
	s.t.Helper()
	limit := time.After(deadline)
	for {
		s.mu.Lock()
		now := strings.ReplaceAll(s.text.String(), "\r\n", "\n")
		s.mu.Unlock()
		if i := strings.Index(now[s.seen:], text); i >= 0 {
			s.seen += i + len(text)
			return
		}
		select {
		case <-s.news:
		case <-limit:
			s.t.Fatalf("%q: %q is not on the screen; it shows\n%s", s.cmd.Args, text, now)
		}
	}
}

// press types on the keyboard.
func (s *screen) press(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.keys, keys); err != nil {
		s.t.Fatal(err)
	}
}

// settle waits until the real client waits for its input, or for its streams when it does not read: it loses a Ctrl-C
// that comes while it prints.
func (s *screen) settle() {
	s.t.Helper()
	if s.cmd.Path != realClient {
		return
	}
	waits := []string{"7 ", "23 ", "270 ", "271 ", "72 ", "73 "} // poll, select and their variants, on amd64 and arm64
	if slices.Contains(s.cmd.Args, "fg") {
		waits = []string{"0 0x0 ", "63 0x0 "} // read
	}
	limit := time.After(deadline)
	for tick := time.Tick(5 * time.Millisecond); ; {
		call, err := os.ReadFile(fmt.Sprintf("/proc/%d/syscall", s.cmd.Process.Pid))
		if err != nil {
			s.t.Fatal(err)
		}
		if slices.ContainsFunc(waits, func(w string) bool { return strings.HasPrefix(string(call), w) }) {
			return
		}
		select {
		case <-tick:
		case <-limit:
			s.t.Fatalf("supervisorctl does not wait for anything; it is in the system call %s", call)
		}
	}
}

// interrupt does what Ctrl-C does where there is no terminal.
func (s *screen) interrupt() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		s.t.Fatal(err)
	}
}

// end waits until the client has ended, and returns all that was on the screen and the exit status. Hints are left out.
func (s *screen) end() string {
	s.t.Helper()
	limit := time.AfterFunc(2*deadline, func() { _ = s.cmd.Process.Signal(syscall.SIGABRT) })
	defer limit.Stop()
	err := s.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	<-s.done
	var out strings.Builder
	for l := range strings.Lines(strings.ReplaceAll(s.text.String(), "\r\n", "\n")) {
		// The second is of a thread of supervisorctl that finds its own connection closed.
		if !strings.HasPrefix(l, "hint: ") && !strings.HasPrefix(l, "CLOSED Cannot connect") {
			out.WriteString(l)
		}
	}
	return fmt.Sprintf("%s[%v]", normal(s.d, out.String(), step{}), s.cmd.ProcessState)
}

// hold stops the daemon until the function it returns is called. Supervisord loses what a log gains between its look at
// the size and its read.
func (d *daemon) hold(t *testing.T) (release func()) {
	t.Helper()
	d.signal(t, syscall.SIGSTOP)
	if err := unix.Waitid(unix.P_PID, d.pid, nil, unix.WSTOPPED, nil); err != nil {
		t.Fatal(err)
	}
	return func() { d.signal(t, syscall.SIGCONT) }
}
