package logs

import (
	"errors"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A memorySink keeps what it is given. A write waits for a token from gate when there is one; closing ends the wait.
type memorySink struct {
	gate  chan struct{}
	end   chan struct{}
	err   error
	calls []string // Reopen, Clear

	mu     sync.Mutex
	got    strings.Builder
	closed int
}

func newMemorySink(gate chan struct{}) *memorySink {
	return &memorySink{gate: gate, end: make(chan struct{})}
}

func (m *memorySink) Write(p []byte) (int, error) {
	if m.gate != nil {
		select {
		case <-m.gate:
		case <-m.end:
			return len(p), os.ErrClosed
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil {
		m.got.Write(p)
	}
	return len(p), m.err
}

func (m *memorySink) Reopen() error { m.calls = append(m.calls, "reopen"); return m.err }
func (m *memorySink) Clear() error  { m.calls = append(m.calls, "clear"); return m.err }
func (m *memorySink) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed++; m.closed == 1 {
		close(m.end)
	}
	return m.err
}

func (m *memorySink) text() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.got.String()
}

func (m *memorySink) closings() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closed
}

func TestFanOutOfOneAndNone(t *testing.T) {
	one := newMemorySink(nil)
	if FanOut(one) != Sink(one) || FanOut() != Discard {
		t.Error("one or none is wrapped")
	}
}

func TestATroubleOfOneDoesNotConcernTheOthers(t *testing.T) {
	bad, good := newMemorySink(nil), newMemorySink(nil)
	bad.err = syscall.ENOSPC
	f := FanOut(bad, good)
	if n, err := f.Write([]byte("x")); n != 1 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%d, %v", n, err)
	}
	if f.Reopen() == nil || f.Clear() == nil || f.Close() == nil {
		t.Error("an error is kept quiet")
	}
	if good.text() != "x" || strings.Join(good.calls, " ") != "reopen clear" || good.closings() != 1 {
		t.Errorf("%q, %v, closed %d times", good.text(), good.calls, good.closings())
	}
}

func TestASlowTargetHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, quick := newMemorySink(make(chan struct{})), newMemorySink(nil)
		q := Queued(slow, "/dev/stdout")
		f := FanOut(q, quick)
		chunk := strings.Repeat("x", 64<<10)
		began, errs := time.Now(), 0
		for range 20 {
			if _, err := f.Write([]byte(chunk)); err != nil {
				errs++
				if !strings.Contains(err.Error(), "/dev/stdout does not keep up") {
					t.Error(err)
				}
			}
		}
		if time.Since(began) != 0 || errs != 1 || len(quick.text()) != 20*len(chunk) {
			t.Errorf("waited %v, %d errors, %d bytes for the quick one", time.Since(began), errs, len(quick.text()))
		}
		if got := q.Dropped(); got != 4*int64(len(chunk)) {
			t.Errorf("%d bytes dropped", got)
		}
		for range 16 {
			slow.gate <- struct{}{}
		}
		synctest.Wait()
		put(t, f, "after") // there is room again
		slow.gate <- struct{}{}
		synctest.Wait()
		if got := slow.text(); got != strings.Repeat(chunk, 16)+"after" {
			t.Errorf("%d bytes for the slow one", len(got))
		}
		if err := f.Close(); err != nil || slow.closings() != 1 {
			t.Errorf("%v, closed %d times", err, slow.closings())
		}
	})
}

func TestAQueuedSinkCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemorySink(make(chan struct{}))
		q := Queued(m, "m")
		b := []byte("before")
		q.Write(b)
		copy(b, "after!")
		q.Write(nil)
		m.gate <- struct{}{}
		synctest.Wait()
		if m.text() != "before" {
			t.Errorf("%q", m.text())
		}
		q.Close()
	})
}

func TestAQueuedSinkTellsOfTroubleLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemorySink(nil)
		m.err = syscall.EIO
		q := Queued(m, "m")
		put(t, q, "a")
		synctest.Wait()
		if _, err := q.Write([]byte("b")); !errors.Is(err, syscall.EIO) {
			t.Errorf("%v", err)
		}
		synctest.Wait()
		q.Reopen()
		q.Clear()
		if strings.Join(m.calls, " ") != "reopen clear" {
			t.Error(m.calls)
		}
		q.Close()
	})
}

func TestClosingAQueuedSinkLeavesTimeForWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemorySink(make(chan struct{}))
		q := Queued(m, "m")
		put(t, q, "a")
		put(t, q, "b")
		if err := q.Close(); err != nil {
			t.Error(err)
		}
		put(t, q, "late")
		m.gate <- struct{}{}
		m.gate <- struct{}{}
		synctest.Wait()
		if m.text() != "ab" || m.closings() != 1 {
			t.Errorf("%q, closed %d times", m.text(), m.closings())
		}
		q.Close()
		if m.closings() != 1 {
			t.Error("closed twice")
		}
	})
}

func TestClosingAQueuedSinkThatIsStuckEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // a goroutine that is left fails the test
		m := newMemorySink(make(chan struct{}))
		q := Queued(m, "m")
		put(t, q, "a")
		put(t, q, "b")
		q.Close()
		time.Sleep(queuedGrace - time.Millisecond)
		if m.closings() != 0 {
			t.Error("closed too early")
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if m.closings() == 0 || m.text() != "" {
			t.Errorf("%q, closed %d times", m.text(), m.closings())
		}
	})
}
