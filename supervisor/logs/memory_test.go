package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
)

func TestMemoryIsReadAsAFile(t *testing.T) {
	m := NewMemory(100)
	fmt.Fprint(m, "0123456789")
	file := At(tenBytes(t))
	numbers := []int64{math.MinInt64, -11, -10, -3, -1, 0, 1, 3, 4, 7, 9, 10, 11, math.MaxInt64}
	for _, offset := range numbers {
		for _, length := range numbers {
			want, wantErr := file.Read(offset, length)
			got, err := m.Read(offset, length)
			if string(got) != string(want) || errors.Is(err, ErrBadArguments) != errors.Is(wantErr, ErrBadArguments) {
				t.Errorf("read(%d, %d) = %q, %v; of a file %q, %v", offset, length, got, err, want, wantErr)
			}
			if offset < 0 { // bytes before the first have never been there
				continue
			}
			want, wantNext, wantMore, _ := file.Tail(offset, length)
			got, next, more, err := m.Tail(offset, length)
			if string(got) != string(want) || next != wantNext || more != wantMore || err != nil {
				t.Errorf("tail(%d, %d) = %q %d %v; of a file %q %d %v", offset, length, got, next, more, want, wantNext, wantMore)
			}
		}
	}
	if size, ok := m.Size(); size != 10 || !ok {
		t.Errorf("size %d %v", size, ok)
	}
}

// A reader who asks for what is new gets it, also after old lines have fallen out.
func TestMemoryCountsBytesNotWrites(t *testing.T) {
	m := NewMemory(20)
	var offset int64
	for i := range 50 {
		fmt.Fprintf(m, "line %d\n", i)
		data, next, more, _ := m.Tail(offset, 100)
		if !strings.HasSuffix(string(data), fmt.Sprintf("line %d\n", i)) || next != offset+int64(len(fmt.Sprintf("line %d\n", i))) || more {
			t.Fatalf("line %d: %q %d after %d, %v", i, data, next, offset, more)
		}
		offset = next
	}
	if got, _ := m.Read(0, 0); string(got) != "line 48\nline 49\n" {
		t.Errorf("all of it is %q", got)
	}
	if got, _ := m.Read(-6, 0); string(got) != "ne 49\n" {
		t.Errorf("its end is %q", got)
	}
	if got, _ := m.Read(0, 7); string(got) != "line 48" {
		t.Errorf("its begin is %q", got)
	}
	if got, _, more, _ := m.Tail(0, 8); string(got) != "line 49\n" || !more {
		t.Errorf("the last 8 bytes are %q, %v", got, more)
	}
	if err := m.Clear(); err != nil {
		t.Error(err)
	}
	if got, _ := m.Read(0, 0); len(got) != 0 {
		t.Errorf("cleared, it has %q", got)
	}
	fmt.Fprint(m, "new\n")
	if got, _, _, _ := m.Tail(offset, 100); string(got) != "new\n" {
		t.Errorf("after it was cleared, new is %q", got)
	}
	for range 2 {
		fmt.Fprint(m, strings.Repeat("x", 55)) // a line that is longer than all of it
	}
	if got, _ := m.Read(0, 0); string(got) != strings.Repeat("x", 20) {
		t.Errorf("of a long line, it has %q", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	for max, want := range map[int64]int64{0: MaxMemory, -5: MaxMemory, 7: 7, 50 << 20: MaxMemory} {
		m := NewMemory(max)
		for range 3 * MaxMemory / 4096 {
			_, _ = m.Write([]byte(strings.Repeat("y", 4096)))
		}
		if size, _ := m.Size(); size != want || int64(len(m.ring)) != want {
			t.Errorf("with %d bytes it keeps %d in %d", max, size, len(m.ring))
		}
	}
}

// TestMemoryKeepsTheEnd writes pieces at random and compares with the end of all that was written.
func TestMemoryKeepsTheEnd(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		size := 1 + r.Int64N(40)
		m, all := NewMemory(size), ""
		for range 50 {
			piece := strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(60))
			_, _ = io.WriteString(m, piece)
			all += piece
			got, _ := m.Read(0, 0)
			if want := all[max(0, int64(len(all))-size):]; string(got) != want {
				t.Fatalf("of %d bytes it has %q, want %q", size, got, want)
			}
		}
	}
}

func TestMemoryIsFollowed(t *testing.T) {
	m := NewMemory(20)
	fmt.Fprint(m, "one\ntwo\n")
	f, err := m.Follow(4)
	if err != nil {
		t.Fatal(err)
	}
	next := func() (string, error) {
		var all strings.Builder
		p := make([]byte, 3)
		for {
			n, err := f.Read(p)
			all.Write(p[:n])
			if err != nil {
				return all.String(), err
			}
		}
	}
	want := func(text string, as error) {
		t.Helper()
		if got, err := next(); got != text || err != as {
			t.Errorf("%q %v, want %q %v", got, err, text, as)
		}
	}
	want("two\n", io.EOF)
	wrote := make(chan struct{})
	go func() {
		fmt.Fprint(m, "three\n")
		close(wrote)
	}()
	if err := f.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	<-wrote
	want("three\n", io.EOF)
	for i := range 9 {
		fmt.Fprintf(m, "four %d\n", i)
	}
	want("", ErrTruncated)
	want("four 7\nfour 8\n", io.EOF)
	fmt.Fprint(m, "unread\n")
	_ = m.Clear()
	fmt.Fprint(m, "five\n")
	want("five\n", io.EOF)
	ended, end := context.WithCancel(t.Context())
	end()
	if err := f.Wait(ended); err != context.Canceled {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestMemoryGetsTheLinesOfFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	m := NewMemory(0)
	var outlets Outlets
	for _, x := range []Outlet{
		{Memory: m, File: FileOptions{StripANSI: true}},
		{Memory: m, Files: []string{file}, File: FileOptions{StripANSI: true}, Line: LineFormat{Format: "prefix", Program: "web", Stream: "stdout", Life: 2}},
	} {
		s, err := outlets.Open(x)
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, "\x1b[1mword\n")
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if got, _ := m.Read(0, 0); string(got) != "word\nweb stdout 2 | word\n" {
		t.Errorf("%q", got)
	}
	if got := content(t, file); got != "web stdout 2 | word\n" {
		t.Errorf("the file has %q", got)
	}
}
