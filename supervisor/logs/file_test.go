package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func TestFileRotation(t *testing.T) {
	for _, tt := range []struct {
		name    string
		options FileOptions
		before  map[string]string
		writes  []string
		want    map[string]string
	}{
		{"below the limit", FileOptions{MaxBytes: 5, Backups: 1}, nil,
			[]string{"1234"}, map[string]string{"log": "1234"}},
		{"reaching the limit", FileOptions{MaxBytes: 5, Backups: 1}, nil,
			[]string{"12345"}, map[string]string{"log": "", "log.1": "12345"}},
		{"a chunk is not split", FileOptions{MaxBytes: 5, Backups: 1}, nil,
			[]string{"1", "23456789", "a"}, map[string]string{"log": "a", "log.1": "123456789"}},
		{"the oldest is dropped", FileOptions{MaxBytes: 1, Backups: 2}, nil,
			[]string{"a", "b", "c", "d"}, map[string]string{"log": "", "log.1": "d", "log.2": "c"}},
		{"no backups", FileOptions{MaxBytes: 3, Backups: 0}, nil,
			[]string{"abc", "d"}, map[string]string{"log": "d"}},
		{"no backups, all at once", FileOptions{MaxBytes: 3, Backups: 0}, nil,
			[]string{"abcdef"}, map[string]string{"log": ""}},
		{"negative backups", FileOptions{MaxBytes: 3, Backups: -1}, nil,
			[]string{"abc"}, map[string]string{"log": ""}},
		{"no limit", FileOptions{MaxBytes: 0, Backups: 3}, nil,
			[]string{"a", "b"}, map[string]string{"log": "ab"}},
		{"negative limit", FileOptions{MaxBytes: -1, Backups: 3}, nil,
			[]string{"a", "b"}, map[string]string{"log": "ab"}},
		{"what was there counts", FileOptions{MaxBytes: 5, Backups: 1}, map[string]string{"log": "1234"},
			[]string{"5", "6"}, map[string]string{"log": "6", "log.1": "12345"}},
		{"holes are kept", FileOptions{MaxBytes: 1, Backups: 4}, map[string]string{"log.1": "one", "log.3": "three"},
			[]string{"a"}, map[string]string{"log": "", "log.1": "a", "log.2": "one", "log.4": "three"}},
		{"backups beyond the number stay", FileOptions{MaxBytes: 1, Backups: 1}, map[string]string{"log.1": "1", "log.2": "2"},
			[]string{"a"}, map[string]string{"log": "", "log.1": "a", "log.2": "2"}},
		{"stripped before it counts", FileOptions{MaxBytes: 5, Backups: 1, StripANSI: true}, nil,
			[]string{"\x1b[1m1234\x1b[0m"}, map[string]string{"log": "1234"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, s := range tt.before {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(s), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			f := open(t, filepath.Join(dir, "log"), tt.options)
			for _, s := range tt.writes {
				put(t, f, s)
			}
			if got := tree(t, dir); !maps.Equal(got, tt.want) {
				t.Errorf("got %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestFileRemovedUnderneathComesBackAtRotationAndBackupsStay(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	f := open(t, path, FileOptions{MaxBytes: 4, Backups: 2})
	put(t, f, "1234")
	put(t, f, "a")
	os.Remove(path)
	put(t, f, "b")
	if got := content(t, path); got != "(none)" {
		t.Errorf("before the rotation there is %q", got)
	}
	put(t, f, "cd")
	put(t, f, "e")
	want := map[string]string{"log": "e", "log.1": "1234"}
	if got := tree(t, dir); !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFileRemovedUnderneathComesBackAtReopenAndClear(t *testing.T) {
	for name, act := range map[string]func(*File) error{"reopen": (*File).Reopen, "clear": (*File).Clear} {
		path := filepath.Join(t.TempDir(), "log")
		f := open(t, path, FileOptions{})
		put(t, f, "old")
		os.Remove(path)
		if err := act(f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		put(t, f, "new")
		if got := content(t, path); got != "new" {
			t.Errorf("after %s: %q", name, got)
		}
	}
}

func TestFileTruncatedUnderneathIsNotRotatedTooEarly(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	f := open(t, path, FileOptions{MaxBytes: 100, Backups: 2})
	put(t, f, strings.Repeat("a", 99))
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	put(t, f, "bb")
	if got := tree(t, dir); !maps.Equal(got, map[string]string{"log": "bb"}) {
		t.Errorf("got %q", got)
	}
}

func TestFileReopenAfterRenameGoesOnInANewFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	f := open(t, path, FileOptions{})
	put(t, f, "one")
	os.Rename(path, path+"-moved")
	put(t, f, "two")
	if err := f.Reopen(); err != nil {
		t.Fatal(err)
	}
	put(t, f, "three")
	want := map[string]string{"log": "three", "log-moved": "onetwo"}
	if got := tree(t, dir); !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFileReopenThatFailsKeepsTheOldFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sub")
	os.Mkdir(dir, 0o755)
	f := open(t, filepath.Join(dir, "log"), FileOptions{})
	os.Rename(dir, dir+"-moved")
	if err := f.Reopen(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reopen: %v", err)
	}
	put(t, f, "kept")
	if got := content(t, filepath.Join(dir+"-moved", "log")); got != "kept" {
		t.Errorf("got %q", got)
	}
}

func TestFileClearEmptiesForASecondSinkOnTheSamePathToo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	stdout, stderr := open(t, path, FileOptions{}), open(t, path, FileOptions{})
	put(t, stdout, "out")
	put(t, stderr, "err")
	if err := stdout.Clear(); err != nil {
		t.Fatal(err)
	}
	if err := stderr.Clear(); err != nil {
		t.Fatal(err)
	}
	put(t, stdout, "1")
	put(t, stderr, "2")
	if got := content(t, path); got != "12" {
		t.Errorf("got %q", got)
	}
}

func TestFileRotationKeepsAPrivateFilePrivate(t *testing.T) {
	dir := t.TempDir()
	path, err := CreateAuto(dir, "p", "stdout", "supervisor")
	if err != nil {
		t.Fatal(err)
	}
	f := open(t, path, FileOptions{MaxBytes: 1, Backups: 1})
	put(t, f, "a")
	for _, p := range []string{path, path + ".1"} {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %o", p, got)
		}
	}
}

func TestFileWriteSurvivesAFullDisk(t *testing.T) {
	f := open(t, "/dev/full", FileOptions{MaxBytes: 10, Backups: 2})
	n, err := f.Write([]byte("hello"))
	if n != 5 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("first write: %d, %v", n, err)
	}
	for range 3 {
		put(t, f, "again")
	}
	if got := f.Dropped(); got != 20 {
		t.Errorf("%d bytes dropped, want 20", got)
	}
}

func TestFileRotationThatFailsLosesNothingAndIsReportedOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	obstacle := path + ".1"
	if err := os.MkdirAll(filepath.Join(obstacle, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	f := open(t, path, FileOptions{MaxBytes: 16, Backups: 1})
	var reported []error
	var want strings.Builder
	for i := range 100 {
		s := fmt.Sprintf("line %d\n", i)
		want.WriteString(s)
		if n, err := f.Write([]byte(s)); n != len(s) {
			t.Fatalf("write: %d, %v", n, err)
		} else if err != nil {
			reported = append(reported, err)
		}
	}
	if len(reported) != 1 {
		t.Errorf("reported: %v", reported)
	}
	if got := content(t, path); got != want.String() {
		t.Errorf("lost bytes: %d, want %d", len(got), want.Len())
	}
	os.RemoveAll(obstacle)
	put(t, f, "end\n")
	if got := content(t, obstacle); got != want.String()+"end\n" {
		t.Errorf("not rotated once it was possible: %d bytes", len(got))
	}
}

func TestFileAfterCloseDropsAndSaysSoOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	f := open(t, path, FileOptions{})
	put(t, f, "a")
	for range 2 {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if n, err := f.Write([]byte("bc")); n != 2 || !errors.Is(err, os.ErrClosed) {
		t.Errorf("write: %d, %v", n, err)
	}
	put(t, f, "d")
	if f.Dropped() != 3 {
		t.Errorf("%d bytes dropped, want 3", f.Dropped())
	}
	if err := f.Reopen(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("reopen: %v", err)
	}
	if err := f.Clear(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("clear: %v", err)
	}
	if got := content(t, path); got != "a" {
		t.Errorf("got %q", got)
	}
}

func TestOpenFileErrorsKeepTheSystemsNumber(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]syscall.Errno{
		dir:                          syscall.EISDIR,
		filepath.Join(dir, "x", "y"): syscall.ENOENT,
	} {
		if _, err := OpenFile(path, FileOptions{}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
}

func TestFileIsSmallAndDoesNotAllocate(t *testing.T) {
	dir := t.TempDir()
	const count = 1000
	files := make([]*File, count)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range files {
		files[i] = open(t, filepath.Join(dir, fmt.Sprint(i)), FileOptions{MaxBytes: 1 << 20, Backups: 10})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	// Half of it is the test's own clean-up and the path.
	if each := (after.HeapAlloc - before.HeapAlloc) / count; each > 2048 {
		t.Errorf("a file takes %d bytes", each)
	}
	chunk := make([]byte, 4096)
	if n := testing.AllocsPerRun(100, func() { files[0].Write(chunk) }); n != 0 {
		t.Errorf("a write allocates %v times", n)
	}
	runtime.KeepAlive(files)
}
