package server

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// TestWhoFallsBehindBeginsAnew reads the ring at different paces.
func TestWhoFallsBehindBeginsAnew(t *testing.T) {
	proctest.LeakCheck(t)
	s, err := New(Config{Tree: newFakeTree(), Daemon: &fakeDaemon{state: 1}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.cancel()
	hub := &s.live
	hub.join()
	whole, slow := hub.begin()
	if !bytes.HasPrefix(whole, []byte("event: tree\n")) {
		t.Errorf("it begins with %.40q", whole)
	}
	_, quick := hub.begin()
	add := func(n int) {
		hub.mu.Lock()
		defer hub.mu.Unlock()
		hub.add(frame{kind: serverFrame, event: []byte(strings.Repeat("x", n))})
		hub.tell()
	}
	frames, news, lost := hub.after(slow)
	if len(frames) != 0 || lost {
		t.Errorf("at the begin there are %d frames, lost %v", len(frames), lost)
	}
	for range 10 {
		add(1 << 20)
		frames, _, lost := hub.after(quick)
		if len(frames) != 1 || lost {
			t.Fatalf("the quick one gets %d frames, lost %v", len(frames), lost)
		}
		quick.next += uint64(len(frames))
	}
	<-news // who waits is told
	if _, _, lost := hub.after(slow); !lost {
		t.Error("the slow one is told nothing of what it has missed")
	}
	if hub.size > ringBytes {
		t.Errorf("%d bytes are kept", hub.size)
	}
	_, slow = hub.begin()
	if frames, _, lost := hub.after(slow); len(frames) != 0 || lost {
		t.Errorf("after it has begun anew there are %d frames, lost %v", len(frames), lost)
	}
	// One that is larger than the ring is kept until there is another one.
	add(2 * ringBytes)
	if frames, _, lost := hub.after(slow); len(frames) != 1 || lost {
		t.Errorf("of a large one it gets %d frames, lost %v", len(frames), lost)
	}
	// When the last one has gone nothing is kept; a place of then is none of now.
	hub.leave()
	if hub.ring != nil || hub.whole != nil || hub.running {
		t.Error("something is kept for nobody")
	}
	hub.join()
	defer hub.leave()
	if _, _, lost := hub.after(quick); !lost {
		t.Error("a place in the frames of before counts")
	}
}
