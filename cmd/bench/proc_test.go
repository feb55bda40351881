//go:build linux

package main

import (
	"os"
	"testing"
	"time"
)

func TestStatusField(t *testing.T) {
	status := []byte("Name:\tVmRSS: 1 kB\nVmRSS:\t   15848 kB\nThreads:\t9\nEmpty:\n")
	for key, want := range map[string]int64{"VmRSS": 15848 * 1024, "Threads": 9} {
		if got, err := statusField(status, key); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", key, got, err, want)
		}
	}
	for _, key := range []string{"Empty", "Name", "Thread", "VmHWM"} {
		if got, err := statusField(status, key); err == nil {
			t.Errorf("%s: %d", key, got)
		}
	}
}

func TestParseStat(t *testing.T) {
	got, err := parseStat([]byte("4711 (a) Z 1 (x) S 77 4711 4711 0 -1"))
	if err != nil || got != (processState{parent: 77, state: 'S'}) {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range []string{"", "1 (x)", "1 (x) S", "1 (x) S y", "1 x S 1"} {
		if got, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q is read as %+v", bad, got)
		}
	}
}

func TestWakeups(t *testing.T) {
	before := map[string]int64{"1": 10, "2": 5, "3": 7}
	after := map[string]int64{"1": 12, "2": 5, "4": 3}
	if got := wakeups(before, after); got != 5 {
		t.Errorf("%d wake-ups, want 5", got)
	}
}

func TestCPUTimeOfThisProcess(t *testing.T) {
	before, err := cpuTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for begun := monotonic(); monotonic()-begun < int64(20*time.Millisecond); {
	}
	after, err := cpuTime(os.Getpid())
	if err != nil || after <= before || after-before > 10*time.Second {
		t.Errorf("from %v to %v, %v", before, after, err)
	}
}
