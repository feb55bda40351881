package logs

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// tenBytes is a file that holds 0123456789.
func tenBytes(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	path := tenBytes(t)
	for _, tt := range []struct {
		offset, length int64
		want           string
		err            error
	}{
		{-3, 0, "789", nil},
		{-10, 0, "0123456789", nil},
		{-11, 0, "0123456789", nil},
		{math.MinInt64, 0, "0123456789", nil},
		{-3, 1, "", ErrBadArguments},
		{-3, -1, "", ErrBadArguments},
		{0, -1, "", ErrBadArguments},
		{0, 0, "0123456789", nil},
		{4, 0, "456789", nil},
		{4, 3, "456", nil},
		{8, 3, "89", nil},
		{10, 0, "", nil},
		{11, 5, "", nil},
		{math.MaxInt64, math.MaxInt64, "", nil},
		{3, math.MaxInt64, "3456789", nil},
	} {
		got, err := Read(path, tt.offset, tt.length)
		if string(got) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("read(%d, %d) = %q, %v; want %q, %v", tt.offset, tt.length, got, err, tt.want, tt.err)
		}
	}
}

func TestTail(t *testing.T) {
	path := tenBytes(t)
	for _, tt := range []struct {
		offset, length int64
		want           string
		overflow       bool
	}{
		{7, 4, "6789", false},
		{0, 4, "6789", true},
		{0, 10, "0123456789", false},
		{0, 20, "0123456789", false},
		{6, 4, "6789", false},
		{5, 4, "6789", true},
		{9, 1, "9", false},
		{8, 1, "9", true},
		{10, 4, "", false},
		{11, 4, "", false},
		{0, 0, "", true},
		{10, 0, "", false},
		{0, -5, "", true},
		{20, -15, "", true},
		{-5, 3, "789", true},
		{-5, 100, "0123456789", false},
		{math.MaxInt64, math.MaxInt64, "", false},
		{math.MinInt64, math.MinInt64, "", true},
	} {
		got, offset, overflow, err := Tail(path, tt.offset, tt.length)
		if string(got) != tt.want || offset != 10 || overflow != tt.overflow || err != nil {
			t.Errorf("tail(%d, %d) = %q, %d, %v, %v; want %q, 10, %v", tt.offset, tt.length, got, offset, overflow, err, tt.want, tt.overflow)
		}
	}
}

func TestReadOfWhatIsNoLog(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	file := tenBytes(t)
	for _, tt := range []struct {
		path   string
		noFile bool
		fails  bool
	}{
		{filepath.Join(dir, "none"), true, true},
		{filepath.Join(dir, "none", "none"), true, true},
		{filepath.Join(file, "below a file"), true, true},
		{"", true, true},
		{dir, false, true},
		{pipe, false, true},
		{"/dev/zero", false, true},
		{"/dev/null", false, false},
	} {
		data, err := Read(tt.path, 0, 10)
		if len(data) != 0 || errors.Is(err, ErrNoFile) != tt.noFile || (err != nil) != tt.fails || errors.Is(err, ErrBadArguments) {
			t.Errorf("read %q: %q, %v", tt.path, data, err)
		}
		data, offset, overflow, err := Tail(tt.path, 7, 10)
		if len(data) != 0 || overflow || errors.Is(err, ErrNoFile) != tt.noFile || (err != nil) != tt.fails {
			t.Errorf("tail %q: %q, %v, %v", tt.path, data, overflow, err)
		}
		want := int64(7)
		if tt.noFile || !tt.fails {
			want = 0
		}
		if offset != want {
			t.Errorf("tail %q: offset %d, want %d", tt.path, offset, want)
		}
	}
}

func TestReadPrefersNoFileToBadArguments(t *testing.T) {
	if _, err := Read(filepath.Join(t.TempDir(), "none"), 0, -1); !errors.Is(err, ErrNoFile) {
		t.Error(err)
	}
}

func TestReadTakesOnlyTheWindow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const size = 1 << 40 // a hole
	if err := f.Truncate(size); err != nil {
		t.Skipf("no sparse files here: %v", err)
	}
	if _, err := f.WriteAt([]byte("the end"), size-7); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(path, size-7, 0); string(got) != "the end" || err != nil {
		t.Errorf("read: %q, %v", got, err)
	}
	if got, err := Read(path, -3, 0); string(got) != "end" || err != nil {
		t.Errorf("read from the end: %q, %v", got, err)
	}
	if got, offset, overflow, err := Tail(path, 0, 3); string(got) != "end" || offset != size || !overflow || err != nil {
		t.Errorf("tail: %q, %d, %v, %v", got, offset, overflow, err)
	}
}
