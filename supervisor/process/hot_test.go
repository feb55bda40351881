//go:build linux

package process

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// startHot starts a process whose stdout becomes hot with the first byte.
func startHot(t *testing.T, h *Host, spec *Spec) *life {
	t.Helper()
	l := &life{exits: make(chan Exit, 4)}
	spec.Stdout, spec.Stderr = &l.out, &l.err
	spec.Exited = func(e Exit) { l.exits <- e }
	c := make(chan error, 1)
	h.Start(spec, func(p *Process, err error) {
		if err == nil {
			p.stdout.heat = heat{turns: hotTurns - 1, since: time.Since(epoch) + time.Hour}
		}
		l.Process = p
		c <- err
	})
	if err := proctest.Receive(t, "done", c); err != nil {
		t.Fatal(err)
	}
	return l
}

func isHot(p *Process) bool {
	p.stdout.mu.Lock()
	defer p.stdout.mu.Unlock()
	return p.stdout.reader != nil
}

func TestHotStreamCoolsDown(t *testing.T) {
	proctest.LeakCheck(t)
	h := newHost(t, Options{})
	l := startHot(t, h, scripted("on USR1 write 100000", "print ready", "wait"))
	l.out.WaitFor(t, "ready\n")
	proctest.Eventually(t, "the stream to become hot", func() (string, bool) { return "it is not", isHot(l.Process) })
	proctest.Eventually(t, "the stream to cool down", func() (string, bool) { return "it is hot", !isHot(l.Process) })
	l.Signal(syscall.SIGUSR1)
	l.out.WaitLen(t, 100_000+len("ready\n"))
	if l.out.String() != "ready\n"+string(proctest.Bytes(100_000)) {
		t.Error("other bytes than were written")
	}
	l.kill(t)
}

func TestHotStreamLosesNothing(t *testing.T) {
	proctest.LeakCheck(t)
	h := newHost(t, Options{})
	for range 10 {
		l := startHot(t, h, shell("i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done; exec head -c 1000000 /dev/zero"))
		if e := l.wait(t); e.Code != 0 {
			t.Fatalf("%+v", e)
		}
		var want strings.Builder
		for i := range 3000 {
			fmt.Fprintln(&want, i)
		}
		want.WriteString(strings.Repeat("\x00", 1_000_000))
		if l.out.String() != want.String() {
			t.Fatalf("%d of %d bytes, or others", l.out.Len(), want.Len())
		}
	}
}

// A grandchild that keeps a hot pipe, silent or writing, holds the exit up no more than a cold one.
func TestHotStreamWithAGrandchild(t *testing.T) {
	proctest.LeakCheck(t)
	h := newHost(t, Options{})
	for _, what := range []string{"sleep 1000", "yes"} {
		l := startHot(t, h, shell("echo x; trap '' PIPE; "+what+" & exit 3"))
		if e := l.wait(t); e.Code != 3 || !e.GroupLeft {
			t.Errorf("%s: %+v", what, e)
		}
		l.SignalGroup(syscall.SIGKILL)
	}
}
