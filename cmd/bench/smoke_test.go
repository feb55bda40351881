//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	actAsChild()
	os.Exit(m.Run())
}

// testLog sends progress to the test's log.
type testLog struct{ *testing.T }

func (l testLog) Write(data []byte) (int, error) {
	l.Log(strings.TrimSpace(string(data)))
	return len(data), nil
}

func smallBench(t *testing.T, only string) *bench {
	t.Helper()
	s := settings{
		programs: 5, runs: 1,
		settleTime: 20 * time.Millisecond, idleTime: 200 * time.Millisecond, watchTime: 200 * time.Millisecond,
		killCount: 20, killTime: 2 * time.Second, stormDeaths: 20,
		callTime: 100 * time.Millisecond, commandCount: 10, updateCount: 2,
		floodBytes: 20e6, rotateAt: 1 << 20,
		writers: 5, lineRate: 1000, lineTime: 300 * time.Millisecond,
	}
	selected, err := selectFigures(only)
	if err != nil {
		t.Fatal(err)
	}
	b, err := newBench(s, selected, t.TempDir(), testLog{t})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func buildFloor(t *testing.T) peer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "floor")
	if out, err := exec.Command("go", "build", "-o", path, "./floor").CombinedOutput(); err != nil {
		t.Fatalf("cannot build the floor: %v\n%s", err, out)
	}
	return newPeer(peerFloor, path)
}

// expectValues fails the test unless every figure p can have was measured, and nothing was lost or left over.
func expectValues(t *testing.T, b *bench, p peer) {
	t.Helper()
	for _, in := range []scenario{inFile, inSingle, inFleet, inFlood, inLines} {
		for _, f := range b.applicable(in, p) {
			got, ok := b.results.get(f.name, p.name)
			_, kind, _ := strings.Cut(f.name, ".")
			none := kind == "lost" || kind == "fds" || kind == "zombies" || kind == "others"
			switch {
			case !ok:
				t.Errorf("%s was not measured", f.name)
			case got.failure != "":
				t.Errorf("%s failed: %s", f.name, got.failure)
			case none && (got.value != 0 || got.note != ""):
				t.Errorf("%s is %v, %s", f.name, got.value, got.note)
			case !none && got.value <= 0 && f.name != "idle.wakeups" && f.name != "watch.after" && f.name != "watch.page":
				t.Errorf("%s is %v", f.name, got.value)
			}
		}
	}
	expectNoChildren(t)
}

func expectNoChildren(t *testing.T) {
	t.Helper()
	if left, err := childrenOf(os.Getpid()); err != nil || len(left) > 0 {
		t.Errorf("processes are left: %v, %v", left, err)
	}
}

func TestEveryFigureOfTheFloor(t *testing.T) {
	floor := buildFloor(t)
	b := smallBench(t, "")
	if err := b.run(t.Context(), []peer{floor}); err != nil {
		t.Fatal(err)
	}
	expectValues(t, b, floor)
	var out bytes.Buffer
	if err := b.report([]peer{floor}).writeText(&out); err != nil {
		t.Fatal(err)
	}
	t.Log(out.String())
}

func TestChildWithoutCompiler(t *testing.T) {
	floor := buildFloor(t)
	b := smallBench(t, "start,lines,flood")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b.child = child{argv: []string{self, childWord}}
	if err := b.run(t.Context(), []peer{floor}); err != nil {
		t.Fatal(err)
	}
	expectValues(t, b, floor)
}

func TestSupervisordIsCommanded(t *testing.T) {
	p := newPeer(peerSupervisord, "/usr/bin/supervisord")
	if err := p.present(); err != nil {
		t.Skip(err)
	}
	b := smallBench(t, "control,update")
	if err := b.run(t.Context(), []peer{p}); err != nil {
		t.Fatal(err)
	}
	expectValues(t, b, p)
}

func TestSupdIsWatched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "supd")
	if out, err := exec.Command("go", "build", "-o", path, "../supd").CombinedOutput(); err != nil {
		t.Fatalf("cannot build supd: %v\n%s", err, out)
	}
	b := smallBench(t, "watch")
	p := newPeer(peerSupd, path)
	if err := b.run(t.Context(), []peer{p}); err != nil {
		t.Fatal(err)
	}
	expectValues(t, b, p)
}

func TestPeerThatFailsIsReported(t *testing.T) {
	for program, reason := range map[string]string{"/nonexistent/supd": "no such file", "/bin/false": "ended"} {
		b := smallBench(t, "start")
		p := newPeer(peerSupd, program)
		if err := b.run(t.Context(), []peer{p}); err != nil {
			t.Fatal(err)
		}
		got, _ := b.results.get("start.wall", peerSupd)
		if !strings.Contains(got.failure, reason) {
			t.Errorf("%s fails with %q", program, got.failure)
		}
	}
	err := run([]string{"-peers", "supd", "-supd", "/nonexistent/supd", "-only", "file", "-dir", t.TempDir()}, testLog{t}, testLog{t})
	if !errors.Is(err, errPeerFailed) {
		t.Errorf("the run ends with %v", err)
	}
}

func TestCancelLeavesNothingBehind(t *testing.T) {
	floor := buildFloor(t)
	b := smallBench(t, "idle")
	b.settleTime = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := b.run(ctx, []peer{floor}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the run ends with %v", err)
	}
	expectNoChildren(t)
}
