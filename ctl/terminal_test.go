package ctl

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"
)

// asClient makes the test binary be the client.
const asClient = "SUPD_TEST_AS_CLIENT"

func TestMain(m *testing.M) {
	if os.Getenv(asClient) != "" {
		os.Exit(Run(Env{Name: "supd ctl", Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// dumb as the last argument of a client makes its terminal one that cannot place its cursor.
const dumb = "(dumb)"

// A terminal is a client that runs on a terminal of its own.
type terminal struct {
	t      *testing.T
	master *os.File
	slave  *os.File
	cmd    *exec.Cmd
	before *term.State // the mode before the client ran
	ended  chan struct{}

	mu   sync.Mutex
	seen []byte // all output
	read int    // how much of the output, without escape sequences, has been waited for
	news chan struct{}
}

// openTerminal runs the client with args on a terminal of 80 by 24 characters.
func openTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	kind := "TERM=xterm"
	if len(args) > 0 && args[len(args)-1] == dumb {
		kind, args = "TERM=dumb", args[:len(args)-1]
	}
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, master: master, slave: slave, news: make(chan struct{}, 1), ended: make(chan struct{})}
	x.resize(80, 24)
	if x.before, err = term.GetState(int(slave.Fd())); err != nil {
		t.Fatal(err)
	}
	x.cmd = exec.Command(os.Args[0], args...)
	x.cmd.Env = append(os.Environ(), asClient+"=1", kind, "NO_COLOR=1")
	x.cmd.Stdin, x.cmd.Stdout, x.cmd.Stderr = slave, slave, slave
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true} // so that Ctrl-C reaches it
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = x.cmd.Wait()
		close(x.ended)
	}()
	reader := make(chan struct{})
	go func() {
		defer close(reader)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			x.mu.Lock()
			x.seen = append(x.seen, buf[:n]...)
			x.mu.Unlock()
			select {
			case x.news <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = x.cmd.Process.Kill()
		<-x.ended
		slave.Close()
		<-reader
		master.Close()
	})
	return x
}

func (x *terminal) resize(width, height int) {
	x.t.Helper()
	if err := pty.Setsize(x.master, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}); err != nil {
		x.t.Fatal(err)
	}
}

// escapes are what moves the cursor and colours text.
var escapes = regexp.MustCompile(`\x1b\[[?0-9;]*[a-zA-Z]|\r|\a`)

// text is all output without escape sequences.
func (x *terminal) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return string(escapes.ReplaceAll(x.seen, nil))
}

// wait waits for text to be written behind what was waited for last, and returns what was written up to its end.
func (x *terminal) wait(text string) string {
	x.t.Helper()
	limit := time.After(deadline)
	for {
		all := x.text()
		if i := strings.Index(all[x.read:], text); i >= 0 {
			end := x.read + i + len(text)
			out := all[x.read:end]
			x.read = end
			return out
		}
		select {
		case <-x.news:
		case <-limit:
			x.t.Fatalf("the terminal does not show %q; since the last one it got\n%q\nand before\n%q", text, all[x.read:], all[:x.read])
		}
	}
}

// send types text.
func (x *terminal) send(text string) {
	x.t.Helper()
	if _, err := x.master.WriteString(text); err != nil {
		x.t.Fatal(err)
	}
}

// end waits until the client has ended, and returns its exit status. The terminal must be as it was.
func (x *terminal) end() int {
	x.t.Helper()
	select {
	case <-x.ended:
	case <-time.After(deadline):
		x.t.Fatalf("the client does not end; the terminal shows\n%s", x.text())
	}
	after, err := term.GetState(int(x.slave.Fd()))
	if err != nil || !reflect.DeepEqual(after, x.before) {
		x.t.Errorf("the terminal was left in another mode: %+v, %v; it was %+v", after, err, x.before)
	}
	return x.cmd.ProcessState.ExitCode()
}

// raw is all output as it came.
func (x *terminal) raw() []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	return bytes.Clone(x.seen)
}

// Keys.
const (
	ctrlC = "\x03"
	ctrlD = "\x04"
	enter = "\r"
	tab   = "\t"
	up    = "\x1b[A"
)

const prompt = "supervisor> "

// shellOn opens a shell on the server at url, with more lines in its configuration.
func shellOn(t *testing.T, url, config string, flags ...string) *terminal {
	t.Helper()
	conf := emptyConfig(t)
	writeFile(t, conf, fmt.Sprintf("[supervisorctl]\nserverurl=%s\n%s", url, config))
	return openTerminal(t, append([]string{"-c", conf}, flags...)...)
}
