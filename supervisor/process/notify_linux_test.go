package process

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// heard is what a NotifySocket told.
type heard struct {
	told    chan string
	refused chan int
}

// serveNotify serves a new socket for a program whose first process is leader.
func serveNotify(t *testing.T, leader int, uid uint32) (*NotifySocket, heard) {
	t.Helper()
	n, err := ListenNotify()
	if err != nil {
		t.Fatal(err)
	}
	h := heard{make(chan string, 16), make(chan int, 16)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		n.Serve(leader, uid, NotifyHandler{Told: func(s string) { h.told <- s }, Refused: func(pid int) { h.refused <- pid }})
	}()
	t.Cleanup(func() {
		n.Close()
		proctest.Receive(t, "Serve to end", ended)
	})
	return n, h
}

func sendNotify(t *testing.T, name, text string, oob []byte) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Sendmsg(fd, []byte(text), oob, &unix.SockaddrUnix{Name: name}, 0); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyProcessesOfTheProgramAreHeard(t *testing.T) {
	proctest.LeakCheck(t)
	us, uid := os.Getpid(), uint32(os.Getuid())
	n, h := serveNotify(t, us, uid)
	sendNotify(t, n.Name(), "READY=1", nil)
	if got := proctest.Receive(t, "a message", h.told); got != "READY=1" {
		t.Errorf("got %q", got)
	}
	// A program whose leader is somebody else: a sleeping child of ours.
	other := exec.Command("/bin/sleep", "1000")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Process.Kill(); _ = other.Wait() }()
	n, h = serveNotify(t, other.Process.Pid, uid)
	sendNotify(t, n.Name(), "READY=1", nil)
	if got := proctest.Receive(t, "a refusal", h.refused); got != us {
		t.Errorf("refused %d, want %d", got, us)
	}
	if len(h.told) > 0 {
		t.Errorf("told %q", <-h.told)
	}
}

func TestSystemdNotifyIsHeardAndWaitsUntilItWas(t *testing.T) {
	path, err := exec.LookPath("systemd-notify")
	if err != nil {
		t.Fatal("systemd-notify is not there: type make peers")
	}
	proctest.LeakCheck(t)
	n, h := serveNotify(t, os.Getpid(), uint32(os.Getuid()))
	cmd := exec.Command(path, "--ready", "--status=all is well")
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+n.Name())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := proctest.Receive(t, "a message", h.told); !strings.Contains(got, "READY=1") || !strings.Contains(got, "STATUS=all is well") {
		t.Errorf("got %q", got)
	}
}

func TestDescriptorsThatComeWithAMessageAreClosed(t *testing.T) {
	proctest.LeakCheck(t)
	n, h := serveNotify(t, os.Getpid(), uint32(os.Getuid()))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	sendNotify(t, n.Name(), "BARRIER=1", unix.UnixRights(int(w.Fd())))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	proctest.Receive(t, "the message", h.told)
	closed := make(chan error, 1)
	go func() {
		_, err := r.Read(make([]byte, 1))
		closed <- err
	}()
	if err := proctest.Receive(t, "the barrier to fall", closed); err == nil {
		t.Error("something was written")
	}
}

func TestMessagesThatAreTooLongAreDropped(t *testing.T) {
	proctest.LeakCheck(t)
	n, h := serveNotify(t, os.Getpid(), uint32(os.Getuid()))
	sendNotify(t, n.Name(), strings.Repeat("x", maxNotifyMessage+1), nil)
	sendNotify(t, n.Name(), strings.Repeat("y", maxNotifyMessage), nil)
	if got := proctest.Receive(t, "a message", h.told); got[0] != 'y' || len(got) != maxNotifyMessage {
		t.Errorf("got %.10q…, %d bytes", got, len(got))
	}
}

// TestAnEndedSenderIsBelievedWhenItRanAsTheUserOfTheProgram asks belongs directly: whether a sender is still there when it
// is looked at is a matter of luck.
func TestAnEndedSenderIsBelievedWhenItRanAsTheUserOfTheProgram(t *testing.T) {
	cmd := exec.Command("/bin/true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	gone := int32(cmd.Process.Pid)
	for _, c := range []struct {
		from unix.Ucred
		want bool
	}{
		{unix.Ucred{Pid: gone, Uid: 7}, true},
		{unix.Ucred{Pid: gone, Uid: 0}, false},
		{unix.Ucred{Pid: 0, Uid: 7}, true}, // in a pid namespace we do not see
		{unix.Ucred{Pid: 1, Uid: 7}, false},
		{unix.Ucred{Pid: int32(os.Getpid()), Uid: 7}, false},
	} {
		if got := belongs(1<<30, 7, &c.from); got != c.want {
			t.Errorf("%+v: %t", c.from, got)
		}
	}
}

func TestExtraDescriptorsArePassedUnderTheirNumbers(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		spec := shell(`echo ready >&9; for n in 3 4 5 6 7 8 10; do if [ -e /proc/$$/fd/$n ]; then echo open $n; fi; done`)
		spec.Extra = []Descriptor{{9, w}}
		l := start(t, h, spec)
		w.Close()
		l.wait(t)
		b := make([]byte, 16)
		n, err := r.Read(b)
		if err != nil || string(b[:n]) != "ready\n" {
			t.Errorf("got %q, %v", b[:n], err)
		}
		if got := l.out.String(); got != "" {
			t.Errorf("got %q", got)
		}
		if _, err := r.Read(b); err == nil {
			t.Error("the other end is still open")
		}
	})
}

func TestAnotherGroupIsTakenEvenByOurOwnUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can take another group")
	}
	proctest.LeakCheck(t)
	h := newHost(t, Options{})
	spec := shell("id -g; id -G")
	spec.Credential = &Credential{UID: 0, GID: 1, Groups: []uint32{1, 2}, OtherGID: true}
	l := start(t, h, spec)
	l.wait(t)
	if got := l.out.String(); got != "1\n1 2\n" {
		t.Errorf("got %q", got)
	}
}
