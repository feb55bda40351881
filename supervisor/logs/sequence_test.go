package logs

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// 64 MiB of numbered lines, in chunks that do not keep to lines, go through rotation while the file is reopened and read
// from other goroutines. Each byte must be there, once and in order, and a reader must always find a file.
func TestSequenceThroughRotationIsComplete(t *testing.T) {
	const (
		total    = 64 << 20
		maxBytes = 1 << 20
		backups  = 100
	)
	path := filepath.Join(t.TempDir(), "log")
	f := open(t, path, FileOptions{MaxBytes: maxBytes, Backups: backups})

	var stop atomic.Bool
	var others sync.WaitGroup
	others.Go(func() {
		for !stop.Load() {
			if err := f.Reopen(); err != nil {
				t.Error(err)
				return
			}
			runtime.Gosched()
		}
	})
	others.Go(func() {
		for !stop.Load() {
			if _, err := Read(path, -10, 0); err != nil {
				t.Error(err)
				return
			}
			if _, _, _, err := Tail(path, 0, 10); err != nil {
				t.Error(err)
				return
			}
			runtime.Gosched()
		}
	})

	rnd := rand.New(rand.NewPCG(7, 8))
	var buf []byte
	line, written := 0, 0
	for written < total {
		n := 1 + rnd.IntN(64<<10)
		for len(buf) < n {
			buf = strconv.AppendInt(buf, int64(line), 10)
			buf = append(buf, " the quick brown fox jumps over the lazy dog\n"...)
			line++
		}
		put(t, f, string(buf[:n]))
		buf = append(buf[:0], buf[n:]...)
		written += n
	}
	stop.Store(true)
	others.Wait()
	f.Close()

	if got := readBack(t, path, backups); got != int64(written) {
		t.Errorf("%d bytes in order, want %d", got, written)
	}
	if n := f.Dropped(); n != 0 {
		t.Errorf("%d bytes dropped", n)
	}
}

// readBack follows the sequence from the oldest backup on, and returns how far it is good.
func readBack(t *testing.T, path string, backups int) int64 {
	t.Helper()
	var parts []io.Reader
	for i := backups; i >= 0; i-- {
		name := path
		if i > 0 {
			name = fmt.Sprintf("%s.%d", path, i)
		}
		file, err := os.Open(name)
		if err == nil {
			defer file.Close()
			parts = append(parts, file)
			continue
		}
		if !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		file, err = os.Open(name + gzSuffix)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		z, err := gzip.NewReader(file)
		if err != nil {
			t.Fatalf("%s: %v", file.Name(), err)
		}
		parts = append(parts, z)
	}
	if len(parts) < 5 {
		t.Errorf("only %d files: hardly rotated", len(parts))
	}
	r := bufio.NewReaderSize(io.MultiReader(parts...), 1<<20)
	var good int64
	var want []byte
	for line := int64(0); ; line++ {
		got, err := r.ReadSlice('\n')
		want = strconv.AppendInt(want[:0], line, 10)
		want = append(want, " the quick brown fox jumps over the lazy dog\n"...)
		if err == io.EOF && len(got) <= len(want) && string(got) == string(want[:len(got)]) {
			return good + int64(len(got))
		}
		if err != nil || string(got) != string(want) {
			t.Errorf("line %d is %q, %v", line, got, err)
			return good
		}
		good += int64(len(got))
	}
}

// Clear and Reopen from other goroutines must not tear chunks apart or stop the stream.
func TestClearAndReopenBetweenWritesKeepChunksWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	f := open(t, path, FileOptions{MaxBytes: 1 << 12, Backups: 2})
	var stop atomic.Bool
	var others sync.WaitGroup
	for _, act := range []func() error{f.Clear, f.Reopen} {
		others.Go(func() {
			for !stop.Load() {
				if err := act(); err != nil {
					t.Error(err)
					return
				}
				runtime.Gosched()
			}
		})
	}
	const chunk = "0123456789abcde\n"
	for range 20000 {
		put(t, f, chunk)
	}
	stop.Store(true)
	others.Wait()
	put(t, f, chunk)
	f.Close()
	for name, s := range tree(t, filepath.Dir(path)) {
		for i := 0; i < len(s); i += len(chunk) {
			if s[i:min(i+len(chunk), len(s))] != chunk {
				t.Fatalf("%s is torn at byte %d", name, i)
			}
		}
	}
}
