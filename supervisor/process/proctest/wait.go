package proctest

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// Deadline is how long the helpers wait before they fail the test. It is long because machines are busy; nothing waits
// that long when all is well.
var Deadline = 20 * time.Second

// Eventually asks cond again and again until it says yes. When the deadline comes first it fails the test with what
// cond saw last. It is for states that nobody announces; wait for an event where there is one.
func Eventually(t testing.TB, what string, cond func() (saw string, ok bool)) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(Deadline)
	for {
		saw, ok := cond()
		if ok {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited %v for %s; saw: %s", Deadline, what, saw)
		}
	}
}

// Receive takes the next value of c, or fails the test after the deadline.
func Receive[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(Deadline):
		t.Fatalf("waited %v for %s; nothing came", Deadline, what)
		panic("not reached")
	}
}

// File waits until the file exists and returns what is in it.
func File(t testing.TB, name string) string {
	t.Helper()
	if err := AwaitFile(name, Deadline); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// An Output collects what a process writes and can be waited for. The zero value is ready.
type Output struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	changed chan struct{}
}

// Write takes output.
func (o *Output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
	return o.buf.Write(b)
}

// String is all that has been written.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// Len is how many bytes have been written.
func (o *Output) Len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Len()
}

// WaitFor returns when the output has text in it, or fails the test after the deadline.
func (o *Output) WaitFor(t testing.TB, text string) {
	t.Helper()
	o.wait(t, fmt.Sprintf("%q", text), func(b []byte) bool { return bytes.Contains(b, []byte(text)) })
}

// WaitLen returns when at least n bytes have been written, or fails the test after the deadline.
func (o *Output) WaitLen(t testing.TB, n int) {
	t.Helper()
	o.wait(t, fmt.Sprintf("%d bytes", n), func(b []byte) bool { return len(b) >= n })
}

func (o *Output) wait(t testing.TB, what string, ok func([]byte) bool) {
	t.Helper()
	deadline := time.After(Deadline)
	for {
		o.mu.Lock()
		if ok(o.buf.Bytes()) {
			o.mu.Unlock()
			return
		}
		if o.changed == nil {
			o.changed = make(chan struct{})
		}
		changed := o.changed
		o.mu.Unlock()
		select {
		case <-changed:
		case <-deadline:
			text := o.String()
			if len(text) > 2000 {
				text = text[:2000] + fmt.Sprintf("… (%d bytes)", len(text))
			}
			t.Fatalf("waited %v for %s; got %q", Deadline, what, strings.ToValidUTF8(text, "?"))
		}
	}
}
