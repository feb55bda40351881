package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// manager is a service manager that has started supd. It reads all the time: its socket holds ten messages only.
type manager struct {
	t        *testing.T
	path     string
	messages chan string
	heard    []string
}

// newManager makes a manager whose socket is in the environment of what is started from now on.
func newManager(t *testing.T) *manager {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	m := &manager{t: t, path: path, messages: make(chan string, 10000)}
	go func() {
		defer close(m.messages)
		buf := make([]byte, 4096)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			m.messages <- string(buf[:n])
		}
	}()
	return m
}

// next returns the next message.
func (m *manager) next() string {
	m.t.Helper()
	select {
	case text, ok := <-m.messages:
		if !ok {
			m.t.Fatal("the socket is closed")
		}
		m.heard = append(m.heard, text)
		return text
	case <-time.After(proctest.Deadline):
		m.t.Fatalf("no message; heard so far:\n%s", strings.Join(m.heard, "\n"))
		return ""
	}
}

// until reads messages up to one that begins with a text, and returns them.
func (m *manager) until(start string) []string {
	m.t.Helper()
	var all []string
	for {
		all = append(all, m.next())
		if strings.HasPrefix(all[len(all)-1], start) {
			return all
		}
	}
}

func TestTheServiceManagerHearsOfTheLifeOfTheDaemon(t *testing.T) {
	m := newManager(t)
	t.Setenv("WATCHDOG_USEC", "600000000") // it is said so, and does not come into this
	dir, conf := site(t, "[program:cat]\ncommand=/bin/cat\n[program:env]\ncommand=/bin/sh -c \"env > DIR/env.new && mv DIR/env.new DIR/env; exec cat\"\n")
	good := read(t, conf)
	b := startDaemon(t, up, supdBinary, "-c", conf)
	if got := m.next(); !strings.HasPrefix(got, "READY=1\nSTATUS=") || !strings.HasSuffix(got, " of 2 programs run") {
		t.Errorf("first it says %q", got)
	}
	if out, status := ctlIn(t, conf, "pid"); status != 0 {
		t.Errorf("it does not answer although it is ready: %s", out)
	}
	m.until("STATUS=2 of 2 programs run")

	writeFile(t, dir, "conf", good+"autostart=perhaps\n")
	b.signal(syscall.SIGHUP)
	reloading := regexp.MustCompile(`^RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*$`)
	if got := m.next(); !reloading.MatchString(got) {
		t.Errorf("at a restart that is refused it says %q", got)
	}
	if got := m.next(); got != "READY=1\nSTATUS=2 of 2 programs run" {
		t.Errorf("after it: %q", got)
	}

	writeFile(t, dir, "conf", strings.Replace(good, "[program:cat]\ncommand=/bin/cat\n", "[program:broken]\ncommand=/no/such/file\nstartretries=0\n", 1))
	b.signal(syscall.SIGHUP)
	if got := m.next(); !reloading.MatchString(got) {
		t.Errorf("at a restart it says %q", got)
	}
	for _, got := range m.until("READY=1\nSTATUS=") {
		if strings.Contains(got, "STOPPING") {
			t.Errorf("at a restart it says %q", got)
		}
	}
	m.until("STATUS=1 of 2 programs run, 1 could not be started")

	b.signal(syscall.SIGTERM)
	if s := b.wait(); s != 0 {
		t.Errorf("exit status %d", s)
	}
	if got := m.until("STOPPING=1\n"); len(got) > 2 {
		t.Errorf("at the end it says %q", got)
	}
	m.end()
	for _, name := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
		if env := read(t, filepath.Join(dir, "env")); strings.Contains(env, name) {
			t.Errorf("a program has %s:\n%s", name, env)
		}
	}
}

// end checks that a daemon that has ended said nothing after what was heard last.
func (m *manager) end() {
	m.t.Helper()
	n := &notifier{socket: m.path}
	if err := n.write("the last", notifyPatience); err != nil {
		m.t.Fatal(err)
	}
	if got := m.next(); got != "the last" {
		m.t.Errorf("at the very end it says %q", got)
	}
}

func TestTheWatchdogHearsTheServeLoopTurn(t *testing.T) {
	m := newManager(t)
	t.Setenv("WATCHDOG_USEC", "100000")
	_, conf := site(t, "")
	b := startDaemon(t, up, supdBinary, "-c", conf)
	for range 3 {
		m.until("WATCHDOG=1")
	}
	b.signal(syscall.SIGHUP)
	b.waitForStarts(2)
	m.until("READY=1")
	m.until("WATCHDOG=1")
}

func TestTheEnvironmentSaysWhoIsToBeTold(t *testing.T) {
	self := fmt.Sprint(os.Getpid())
	for _, c := range []struct {
		socket, usec, pid string
		want              time.Duration
	}{
		{"", "5000000", "", -1},
		{"/s", "", "", 0},
		{"/s", "5000000", "", 5 * time.Second},
		{"/s", "5000000", self, 5 * time.Second},
		{"/s", "5000000", "1", 0},
		{"/s", "0", "", 0},
		{"/s", "1", "", 0},
		{"/s", "-5", "", 0},
		{"/s", "soon", "", 0},
		{"/s", "9223372036854775807", "", 0},
	} {
		t.Setenv("NOTIFY_SOCKET", c.socket)
		t.Setenv("WATCHDOG_USEC", c.usec)
		t.Setenv("WATCHDOG_PID", c.pid)
		n := takeNotifier()
		got := time.Duration(-1)
		if n != nil {
			got = n.watchdog
			n.begin(nil)
			if (n.beats() != nil) != (c.want > 0) {
				t.Errorf("%+v: there is a timer, or none", c)
			}
		}
		if got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
		if i := slices.IndexFunc(os.Environ(), func(kv string) bool {
			return strings.HasPrefix(kv, "NOTIFY_SOCKET=") || strings.HasPrefix(kv, "WATCHDOG_")
		}); i >= 0 {
			t.Errorf("%+v: %s is left", c, os.Environ()[i])
		}
	}
}

func TestAServiceManagerThatIsGoneIsNoticedOnce(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "none"))
	_, conf := site(t, "")
	b := startDaemon(t, up, supdBinary, "-c", conf)
	b.out.WaitFor(t, `could not tell the service manager "READY=1\nSTATUS=0 of 0 programs run": `)
	b.signal(syscall.SIGTERM)
	if s := b.wait(); s != 0 || strings.Count(b.out.String(), "could not tell the service manager") != 1 {
		t.Errorf("exit status %d:\n%s", s, b.out)
	}
}

// Between two generations, while the listeners of the first one end, the beat goes on.
func TestTheWatchdogIsFedWhileAGenerationEnds(t *testing.T) {
	m := newManager(t)
	t.Setenv("WATCHDOG_USEC", "100000")
	n := takeNotifier()
	n.begin(func(text string) { t.Error(text) })
	n.beatDuring(func() {
		for range 2 {
			select {
			case got := <-m.messages:
				if got != "WATCHDOG=1" {
					t.Errorf("it says %q", got)
				}
			case <-time.After(proctest.Deadline):
				t.Error("no beat")
				return
			}
		}
	})
	var none *notifier
	worked := false
	none.beatDuring(func() { worked = true })
	if !worked {
		t.Error("without a service manager the work is not done")
	}
}
