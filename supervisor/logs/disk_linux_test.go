package logs

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// smallDisk is a file system of size bytes. It takes root; elsewhere /dev/full stands in for it (file_test.go).
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("supd-test", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("no right to mount a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestFileGoesOnWhenTheDiskHasRoomAgain(t *testing.T) {
	dir := smallDisk(t, "64k")
	path := filepath.Join(dir, "log")
	f := open(t, path, FileOptions{})
	chunk := make([]byte, 8<<10)
	var reported []error
	for range 16 { // twice what fits
		if n, err := f.Write(chunk); n != len(chunk) {
			t.Fatalf("write: %d, %v", n, err)
		} else if err != nil {
			reported = append(reported, err)
		}
	}
	if len(reported) != 1 || !errors.Is(reported[0], syscall.ENOSPC) {
		t.Errorf("reported: %v", reported)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Size() + f.Dropped(); got != 16*int64(len(chunk)) {
		t.Errorf("%d bytes stored and %d dropped of %d", info.Size(), f.Dropped(), 16*len(chunk))
	}
	if err := f.Clear(); err != nil {
		t.Fatal(err)
	}
	before := f.Dropped()
	put(t, f, "room again")
	if got := content(t, path); got != "room again" || f.Dropped() != before {
		t.Errorf("got %q, %d more dropped", got, f.Dropped()-before)
	}
}

func TestFileRotatesOnAFullDisk(t *testing.T) {
	dir := smallDisk(t, "64k")
	path := filepath.Join(dir, "log")
	f := open(t, path, FileOptions{MaxBytes: 16 << 10, Backups: 2})
	if err := os.WriteFile(filepath.Join(dir, "hog"), make([]byte, 32<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	chunk := make([]byte, 8<<10)
	for range 40 {
		if n, err := f.Write(chunk); n != len(chunk) || err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("write: %d, %v", n, err)
		}
	}
	os.Remove(filepath.Join(dir, "hog"))
	before := f.Dropped()
	put(t, f, "room again")
	if f.Dropped() != before {
		t.Error("dropped though there was room")
	}
}

func TestOutageReportsOnceInAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o outage
		first, second := errors.New("first"), errors.New("second")
		expect := func(when string, got, want error) {
			if got != want {
				t.Errorf("%s: %v, want %v", when, got, want)
			}
		}
		expect("at first", o.begin(first), first)
		expect("still failing", o.begin(second), nil)
		o.end()
		expect("failing again at once", o.begin(second), nil)
		o.end()
		<-time.After(reportEvery)
		expect("failing again later", o.begin(second), second)
	})
}
