//go:build linux

package process

import (
	"bytes"
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

func TestStdinIsEchoed(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		l := start(t, h, command("/bin/cat"))
		for range 100 {
			if err := l.WriteStdin([]byte("hello\n")); err != nil {
				t.Fatal(err)
			}
		}
		l.out.WaitLen(t, 600)
		if l.out.String() != strings.Repeat("hello\n", 100) {
			t.Errorf("got %q", l.out.String())
		}
		l.kill(t)
		if err := l.WriteStdin([]byte("x")); !errors.Is(err, ErrClosed) {
			t.Errorf("after the exit: %v", err)
		}
	})
}

// What does not fit into the pipe waits for the process to read, up to the bound.
func TestStdinLargerThanThePipe(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		l := start(t, h, scripted("on USR1 stdin", "print ready", "wait"))
		l.out.WaitFor(t, "ready\n")
		var sent []byte
		for i := 0; ; i++ {
			chunk := bytes.Repeat([]byte{byte('a' + i%26)}, 50_000)
			err := l.WriteStdin(chunk)
			if errors.Is(err, ErrStdinFull) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			sent = append(sent, chunk...)
		}
		if len(sent) < defaultStdinBuffer || len(sent) > defaultStdinBuffer+2*64<<10 {
			t.Errorf("took %d bytes", len(sent))
		}
		if err := l.Signal(syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		l.out.WaitLen(t, len("ready\n")+len(sent))
		if l.out.String() != "ready\n"+string(sent) {
			t.Error("other bytes than were sent")
		}
		if err := l.WriteStdin([]byte("and more")); err != nil {
			t.Errorf("after it was read: %v", err)
		}
		l.out.WaitFor(t, "and more")
		l.kill(t)
	})
}

func TestStdinClosedByTheChild(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		l := start(t, h, scripted("close 0", "print ready", "wait"))
		l.out.WaitFor(t, "ready")
		if err := l.WriteStdin([]byte("x")); !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
		l.kill(t)
	})
}

// A process that closes its input while bytes wait for it: they are dropped, and the next write is told.
func TestStdinClosedWithBytesWaiting(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		l := start(t, h, scripted("on USR1 close 0", "print ready", "wait"))
		l.out.WaitFor(t, "ready")
		if err := l.WriteStdin(make([]byte, 300_000)); err != nil {
			t.Fatal(err)
		}
		l.Signal(syscall.SIGUSR1)
		proctest.Eventually(t, "ErrClosed", func() (string, bool) {
			err := l.WriteStdin([]byte("x"))
			return errText(err), errors.Is(err, ErrClosed)
		})
		l.kill(t)
	})
}

func errText(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}
