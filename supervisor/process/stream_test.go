//go:build linux

package process

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// What was written before death arrives before the exit is told, whether it fits into the pipe or not.
func TestOutputBeforeDeathIsDelivered(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		for _, n := range []int{0, 1, 4096, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20} {
			l, e := runToEnd(t, h, scripted(fmt.Sprint("write ", n), fmt.Sprint("ewrite ", n), "exit 5"))
			if e.Code != 5 {
				t.Errorf("%d: %+v", n, e)
			}
			for name, out := range map[string]*proctest.Output{"stdout": &l.out, "stderr": &l.err} {
				if got := out.String(); got != string(proctest.Bytes(n)) {
					t.Errorf("%s: %d of %d bytes, or others", name, len(got), n)
				}
			}
		}
	})
}

// A pipe full to the brim at the moment of death, with a sink that had not read a byte until then.
func TestFullPipeAtDeathIsDelivered(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		for range 5 {
			free := make(chan struct{})
			var got bytes.Buffer
			spec := scripted("write 65536", "write 65536", "exit 0")
			spec.Stdout = writerFunc(func(b []byte) { <-free; got.Write(b) })
			l := start(t, h, spec)
			proctest.Eventually(t, "the process to die behind its blocked sink", func() (string, bool) {
				st := statState(l.Pid())
				return "state " + st, st == "" || st == "Z"
			})
			close(free)
			l.wait(t)
			if want := string(proctest.Bytes(65536)); got.String() != want+want {
				t.Fatalf("%d of %d bytes", got.Len(), 2*len(want))
			}
		}
	})
}

func TestGrandchildWithThePipeHoldsNothingUp(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		for name, step := range map[string]string{"silent": "wait", "at full speed": "flood"} {
			dir := t.TempDir()
			file := filepath.Join(dir, "grandchild")
			l, e := runToEnd(t, h, scripted("fork notify "+file+" | ignore TERM PIPE | "+step, "await "+file, "print last words", "exit 3"))
			if e.Code != 3 || !e.GroupLeft {
				t.Errorf("%s: %+v", name, e)
			}
			if !strings.Contains(l.out.String(), "last words\n") {
				t.Errorf("%s: lost the last words", name)
			}
			pid := atoi(t, proctest.File(t, file))
			if name == "silent" {
				if err := syscall.Kill(pid, 0); err != nil {
					t.Errorf("%s: the grandchild: %v", name, err)
				}
			}
			if err := l.SignalGroup(syscall.SIGKILL); err != nil && step == "wait" {
				t.Errorf("%s: SignalGroup: %v", name, err)
			}
		}
	})
}

func TestSlowSinkDelaysNobodyElse(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		free := make(chan struct{})
		stuck := scripted("write 1000000", "exit 0")
		stuck.Stdout = writerFunc(func([]byte) { <-free })
		blocked := start(t, h, stuck)
		for range 5 {
			l, e := runToEnd(t, h, scripted("write 200000", "exit 4"))
			if e.Code != 4 || l.out.Len() != 200000 {
				t.Errorf("%+v, %d bytes", e, l.out.Len())
			}
		}
		if len(blocked.exits) != 0 {
			t.Error("the blocked one has ended")
		}
		close(free)
		blocked.wait(t)
	})
}

// The other stream of the same process goes on as well.
func TestSlowStdoutDoesNotDelayStderr(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		free := make(chan struct{})
		spec := scripted("print x", "ewrite 300000", "exit 0")
		spec.Stdout = writerFunc(func([]byte) { <-free })
		l := start(t, h, spec)
		l.err.WaitLen(t, 300000)
		close(free)
		l.wait(t)
	})
}

type failingWriter struct{ calls atomic.Int32 }

func (w *failingWriter) Write([]byte) (int, error) {
	w.calls.Add(1)
	return 0, io.ErrShortWrite
}

func TestFailingSinkDoesNotKillTheProgram(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		w := &failingWriter{}
		spec := scripted("write 1000000", "exit 6")
		spec.Stdout = w
		if _, e := runToEnd(t, h, spec); e.Code != 6 || w.calls.Load() == 0 {
			t.Errorf("%+v after %d writes", e, w.calls.Load())
		}
	})
}

func TestClosedOutputIsNotTheEnd(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		file := filepath.Join(t.TempDir(), "go")
		l := start(t, h, scripted("print bye", "close 1 2", "await "+file, "exit 8"))
		l.out.WaitFor(t, "bye")
		if err := l.Signal(0); err != nil {
			t.Error(err)
		}
		runToEnd(t, h, shell("echo > "+file))
		if e := l.wait(t); e.Code != 8 {
			t.Errorf("%+v", e)
		}
	})
}

func TestManyLinesInOrder(t *testing.T) {
	eachHost(t, func(t *testing.T, h *Host) {
		l, _ := runToEnd(t, h, shell("i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done"))
		var want strings.Builder
		for i := range 3000 {
			fmt.Fprintln(&want, i)
		}
		if l.out.String() != want.String() {
			t.Errorf("%d of %d bytes, or in another order", l.out.Len(), want.Len())
		}
	})
}
