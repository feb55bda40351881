package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func follow(t testing.TB, path string, last int64) *Follower {
	t.Helper()
	f, err := Follow(path, last)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// rest is what a follower has to say now, with "!" for ErrTruncated, read in pieces of size bytes.
func rest(t testing.TB, f *Follower, size int) string {
	t.Helper()
	var b strings.Builder
	p := make([]byte, size)
	for {
		n, err := f.Read(p)
		b.Write(p[:n])
		switch {
		case err == io.EOF:
			return b.String()
		case errors.Is(err, ErrTruncated):
			b.WriteByte('!')
		case err != nil:
			t.Fatalf("after %q: %v", b.String(), err)
		}
	}
}

// woken tells whether Wait would return now.
func woken(f *Follower) bool {
	select {
	case <-f.armed:
		return true
	default:
		return false
	}
}

func TestFollow(t *testing.T) {
	rename := func(from, to string) func(t *testing.T, path string, _ *File) {
		return func(t *testing.T, path string, _ *File) {
			if err := os.Rename(path+from, path+to); err != nil {
				t.Fatal(err)
			}
		}
	}
	write := func(s string) func(*testing.T, string, *File) {
		return func(t *testing.T, _ string, f *File) { put(t, f, s) }
	}
	// outside writes a file as another program does, with these flags.
	outside := func(s string, flags int) func(*testing.T, string, *File) {
		return func(t *testing.T, path string, _ *File) {
			o, err := os.OpenFile(path, os.O_WRONLY|flags, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			defer o.Close()
			put(t, o, s)
		}
	}
	clear := func(t *testing.T, _ string, f *File) {
		if err := f.Clear(); err != nil {
			t.Fatal(err)
		}
	}
	reopen := func(t *testing.T, _ string, f *File) {
		if err := f.Reopen(); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(t *testing.T, path string, _ *File) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	const look = "look" // the follower reads what there is
	for _, c := range []struct {
		name    string
		options FileOptions
		steps   []any
		want    string
	}{
		{"the last bytes, then what comes", FileOptions{}, []any{write("0123456789"), look, write("a"), write("b"), look}, "6789|ab"},
		{"a shorter file", FileOptions{}, []any{write("01"), look, write("2"), look}, "01|2"},
		{"an empty file", FileOptions{}, []any{look, write("2"), look}, "|2"},
		{"rotation", FileOptions{MaxBytes: 5, Backups: 1}, []any{look, write("12345"), look, write("678"), look, write("90"), look}, "|12345|678|90"},
		{"several rotations at once", FileOptions{MaxBytes: 3, Backups: 4},
			[]any{write("ab"), look, write("c"), write("def"), write("ghi"), write("jkl"), write("m"), look}, "ab|cdefghijklm"},
		{"more rotations than backups", FileOptions{MaxBytes: 3, Backups: 2},
			[]any{write("ab"), look, write("c"), write("def"), write("ghi"), write("jkl"), write("m"), look}, "ab|cghijklm"},
		{"and on", FileOptions{MaxBytes: 2, Backups: 2},
			[]any{look, write("ab"), look, write("cd"), look, write("ef"), write("gh"), write("i"), look}, "|ab|cd|efghi"},
		{"rotation without backups", FileOptions{MaxBytes: 4}, []any{write("ab"), look, write("cdef"), write("gh"), look}, "ab|!gh"},
		{"refilled beyond where it was", FileOptions{MaxBytes: 4}, []any{write("ab"), look, write("cdef"), write("ghi"), look, write("j"), look}, "ab|!ghi|!"},
		{"clear", FileOptions{}, []any{write("abcd"), look, clear, look, write("e"), look, write("f"), clear, write("ghijklmn"), look}, "abcd||e|ghijklmn"},
		{"clear and rotation", FileOptions{MaxBytes: 4, Backups: 2}, []any{write("ab"), look, clear, write("cdef"), write("gh"), look}, "ab|cdefgh"},
		{"rotation and clear", FileOptions{MaxBytes: 4, Backups: 2}, []any{write("ab"), look, write("cdef"), write("gh"), clear, write("i"), look}, "ab|cdefi"},
		{"truncated by another program", FileOptions{},
			[]any{write("abcd"), look, outside("x", os.O_TRUNC), write("y"), look}, "abcd|!xy"},
		{"removed", FileOptions{}, []any{write("ab"), look, remove, write("cd"), look, reopen, look, write("ef"), look}, "ab|cd||ef"},
		{"removed and written again by another program", FileOptions{},
			[]any{write("ab"), look, remove, outside("xy", os.O_CREATE), write("cd"), look, reopen, write("ef"), look}, "ab|cdxy|ef"},
		{"renamed by another program, which makes the new file", FileOptions{},
			[]any{write("ab"), look, rename("", ".1"), outside("", os.O_CREATE), write("cd"), look, write("ef"), reopen, write("gh"), look}, "ab|cd|efgh"},
		{"renamed out of the row, old backups left", FileOptions{},
			[]any{write("ab"), rename("", ".1"), reopen, write("cd"), look, rename("", ".old"), write("ef"), reopen, write("gh"), look}, "cd|efgh"},
		{"old backups before rotations", FileOptions{MaxBytes: 2, Backups: 9},
			[]any{write("ab"), write("cd"), write("e"), look, write("f"), write("gh"), write("ij"), look}, "e|fghij"},
		{"a gap in the row", FileOptions{MaxBytes: 2, Backups: 9},
			[]any{write("a"), look, write("b"), write("cd"), rename(".1", ".gone"), write("ef"), write("g"), look}, "a|befg"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			file := open(t, path, c.options)
			var f *Follower
			var got []string
			for i, step := range c.steps {
				if act, ok := step.(func(*testing.T, string, *File)); ok {
					act(t, path, file)
					continue
				}
				if f == nil {
					f = follow(t, path, 4)
				} else if _, ours := c.steps[i-1].(string); !ours && !woken(f) {
					t.Errorf("not woken before step %d", i)
				}
				got = append(got, rest(t, f, 3))
			}
			if s := strings.Join(got, "|"); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
}

func TestFollowWhatCannotBe(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		path   string
		noFile bool
	}{
		{filepath.Join(dir, "nope"), true},
		{filepath.Join(dir, "nope", "x"), true},
		{dir, false},
	} {
		f, err := Follow(c.path, 10)
		if err == nil {
			f.Close()
		}
		if err == nil || errors.Is(err, ErrNoFile) != c.noFile {
			t.Errorf("%s: %v", c.path, err)
		}
	}
	if n := follow(t, os.DevNull, 10); rest(t, n, 10) != "" {
		t.Error("the null device is not empty")
	}
}

func TestNobodyFollowsAfterClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	file := open(t, path, FileOptions{})
	followers, descriptors := hub.followers.Load(), openDescriptors(t)
	for range 3 {
		a, b := follow(t, path, 0), follow(t, path, 0)
		if watchOf(path) == nil || a.watch != b.watch {
			t.Fatal("no watch in common")
		}
		a.Close()
		put(t, file, "x")
		if rest(t, b, 10) != "x" {
			t.Error("the other one does not follow any more")
		}
		b.Close()
		if watchOf(path) != nil {
			t.Error("a watch is left")
		}
	}
	if n := hub.followers.Load(); n != followers {
		t.Errorf("%d followers are left", n-followers)
	}
	if n := openDescriptors(t); n != descriptors {
		t.Errorf("%d descriptors are left", n-descriptors)
	}
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		if entries, err := os.ReadDir(dir); err == nil {
			return len(entries)
		}
	}
	t.Fatal("cannot list the open descriptors")
	return 0
}

func TestWaitEndsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	file := open(t, path, FileOptions{})
	f := follow(t, path, 0)
	ctx, cancel := context.WithCancel(t.Context())
	rest(t, f, 1)
	ended := make(chan error)
	go func() { ended <- f.Wait(ctx) }()
	cancel()
	if err := within(t, "the end of Wait", ended); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	put(t, file, "x")
	if err := f.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("with bytes to read: %v", err)
	}
}

// A program that starts opens its log anew: what happened to the file while it did not run shows then.
func TestOpenWakesFollowers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	file := open(t, path, FileOptions{})
	put(t, file, "ab")
	f := follow(t, path, 10)
	rest(t, f, 10)
	file.Close()
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	open(t, filepath.Dir(path)+"/./log", FileOptions{})
	if !woken(f) {
		t.Error("not woken")
	}
	if got := rest(t, f, 10); got != "!" {
		t.Errorf("got %q", got)
	}
}

// A model of one log file and its backups says what a follower must see: all bytes that were written after what it has
// seen and are still there.
type followModel struct {
	files   []*[]byte // PATH, PATH.1, …
	held    *[]byte
	offset  int
	removed bool // PATH has no name any more
	pending bool // a truncation is to be reported
	options FileOptions
}

func (m *followModel) write(b []byte) {
	*m.files[0] = append(*m.files[0], b...)
	if int64(len(*m.files[0])) < m.options.MaxBytes || m.options.MaxBytes == 0 {
		return
	}
	switch {
	case m.options.Backups == 0 && m.removed:
		m.files[0] = new([]byte)
	case m.options.Backups == 0:
		m.empty(true)
	case m.removed:
		m.files[0] = new([]byte)
	default:
		m.files = append([]*[]byte{new([]byte)}, m.files[:min(len(m.files), m.options.Backups)]...)
	}
	m.removed = false
}

func (m *followModel) empty(report bool) {
	if m.held == m.files[0] {
		m.pending = m.pending || report && m.offset > 0
		m.offset = 0
	}
	*m.files[0] = nil
}

func (m *followModel) clear() {
	if m.removed {
		m.files[0], m.removed = new([]byte), false
		return
	}
	m.empty(false)
}

func (m *followModel) reopen() {
	if m.removed {
		m.files[0], m.removed = new([]byte), false
	}
}

// read is what the follower has to say; it may take all or only a part.
func (m *followModel) read(limit int) string {
	var b strings.Builder
	for limit > 0 {
		if m.pending {
			m.pending = false
			b.WriteByte('!')
			continue
		}
		if n := min(limit, len(*m.held)-m.offset); n > 0 {
			b.Write((*m.held)[m.offset : m.offset+n])
			m.offset += n
			limit -= n
			continue
		}
		at := -1
		for i, f := range m.files {
			if f == m.held {
				at = i
			}
		}
		if at == 0 || m.removed && at <= 1 && at != -1 {
			break
		}
		if at < 0 { // fell off the end, or lost its name
			return b.String() + "?"
		}
		if at == 1 && len(*m.files[0]) == 0 {
			break
		}
		m.held, m.offset = m.files[at-1], 0
	}
	return b.String()
}

func TestFollowAgainstAModel(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 12))
	seen := 0
	for round := range 400 {
		dir := t.TempDir()
		path := filepath.Join(dir, "log")
		o := FileOptions{MaxBytes: int64(rnd.IntN(30)), Backups: rnd.IntN(5)}
		file, err := OpenFile(path, o)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Follow(path, 0)
		if err != nil {
			t.Fatal(err)
		}
		m := &followModel{files: []*[]byte{new([]byte)}, options: o}
		m.held = m.files[0]
		var steps []string
		next := 0
		for range 80 {
			switch k := rnd.IntN(20); {
			case k < 10:
				b := make([]byte, 1+rnd.IntN(12))
				for i := range b {
					b[i] = byte('a' + next%26)
					next++
				}
				steps = append(steps, "write "+string(b))
				put(t, file, string(b))
				m.write(b)
			case k == 10:
				steps = append(steps, "clear")
				if err := file.Clear(); err != nil {
					t.Fatal(err)
				}
				m.clear()
			case k == 11:
				steps = append(steps, "reopen")
				if err := file.Reopen(); err != nil {
					t.Fatal(err)
				}
				m.reopen()
			default:
				size := 1 + rnd.IntN(40)
				all := rnd.IntN(2) == 0
				if all {
					size = 1 << 20
				}
				want := m.read(size)
				var got string
				if all {
					got = rest(t, f, 1+rnd.IntN(7))
				} else {
					got = upTo(t, f, size)
				}
				steps = append(steps, fmt.Sprintf("read %d %q", size, got))
				if strings.HasSuffix(want, "?") { // the model does not know how to go on
					goto done
				}
				seen += len(got)
				if got != want {
					t.Fatalf("round %d, %+v: got %q, want %q after\n%s", round, o, got, want, strings.Join(steps, "\n"))
				}
			}
		}
	done:
		f.Close()
		file.Close()
	}
	if seen < 20000 {
		t.Errorf("only %d bytes were compared", seen)
	}
}

// upTo reads at most so many bytes.
func upTo(t testing.TB, f *Follower, limit int) string {
	t.Helper()
	var b strings.Builder
	for limit > 0 {
		p := make([]byte, limit)
		n, err := f.Read(p)
		b.Write(p[:n])
		limit -= n
		switch {
		case err == io.EOF:
			return b.String()
		case errors.Is(err, ErrTruncated):
			b.WriteByte('!')
		case err != nil:
			t.Fatal(err)
		}
	}
	return b.String()
}

// One program writes numbered lines through fast rotations. Followers that the writer waits for when they are about to
// fall behind the backups must see each byte once and in order; those that never read, or are closed in between, must not
// be noticed.
func TestFollowersOfAFastWriter(t *testing.T) {
	const (
		total    = 4 << 20
		maxBytes = 4 << 10
		backups  = 20
		allowed  = maxBytes * (backups - 4)
	)
	before := runtime.NumGoroutine()
	path := filepath.Join(t.TempDir(), "log")
	file := open(t, path, FileOptions{MaxBytes: maxBytes, Backups: backups})
	for range 20 {
		follow(t, path, 0) // never reads
	}

	var mu sync.Mutex
	progress := sync.NewCond(&mu)
	read := make([]int, 6)
	slowest := func() int {
		m := total * 2
		for _, n := range read {
			m = min(m, n)
		}
		return m
	}
	var readers sync.WaitGroup
	for i := range read {
		f := follow(t, path, 0)
		readers.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(i), 1))
			// On a failure the writer must not wait for this reader.
			defer func() { mu.Lock(); read[i] = total * 2; mu.Unlock(); progress.Broadcast() }()
			lines := lineChecker{}
			p := make([]byte, 5000)
			for lines.bytes < total {
				n, err := f.Read(p[:1+rnd.IntN(len(p))])
				if err == io.EOF {
					if err := f.Wait(t.Context()); err != nil {
						t.Error(err)
						return
					}
					continue
				}
				if err != nil {
					t.Errorf("after %d bytes: %v", lines.bytes, err)
					return
				}
				if err := lines.check(p[:n]); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				read[i] = lines.bytes
				mu.Unlock()
				progress.Broadcast()
			}
		})
	}
	var coming sync.WaitGroup
	stop := make(chan struct{})
	coming.Go(func() { // comes and goes all the time
		p := make([]byte, 100)
		for {
			select {
			case <-stop:
				return
			default:
			}
			f, err := Follow(path, 50)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := f.Read(p); err != nil && err != io.EOF {
				t.Error(err)
			}
			f.Close()
		}
	})

	rnd := rand.New(rand.NewPCG(9, 9))
	var buf []byte
	line, written := 0, 0
	for written < total {
		n := min(1+rnd.IntN(3000), total-written)
		for len(buf) < n {
			buf = appendNumbered(buf, line)
			line++
		}
		mu.Lock()
		for written+n > slowest()+allowed {
			progress.Wait()
		}
		mu.Unlock()
		put(t, file, string(buf[:n]))
		buf = append(buf[:0], buf[n:]...)
		written += n
	}
	readers.Wait()
	close(stop)
	coming.Wait()
	for end := deadline(); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines are left", runtime.NumGoroutine()-before)
		}
	}
}

func appendNumbered(b []byte, line int) []byte {
	b = strconv.AppendInt(b, int64(line), 10)
	return append(b, " the quick brown fox\n"...)
}

// lineChecker checks that a stream consists of numbered lines from 0 on.
type lineChecker struct {
	line, bytes int
	expected    []byte // rest of the line under way
}

func (c *lineChecker) check(p []byte) error {
	for len(p) > 0 {
		if len(c.expected) == 0 {
			c.expected = appendNumbered(nil, c.line)
			c.line++
		}
		n := min(len(p), len(c.expected))
		if !bytes.Equal(p[:n], c.expected[:n]) {
			return fmt.Errorf("at byte %d, in line %d: got %q, want %q", c.bytes, c.line-1, p[:n], c.expected[:n])
		}
		c.bytes += n
		c.expected, p = c.expected[n:], p[n:]
	}
	return nil
}

// Emptying a file while it is read must not give bytes of after it as those before, whoever comes first.
func TestFollowWhileItIsEmptied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	file := open(t, path, FileOptions{MaxBytes: 300})
	f := follow(t, path, 0)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 20000 {
			put(t, file, fmt.Sprintf("%06d\n", i))
		}
	}()
	p := make([]byte, 7*10)
	last, finished := -1, false
	var part []byte
	for {
		n, err := f.Read(p)
		if err == ErrTruncated {
			part = nil // a line may have been cut off
			continue
		}
		if err == io.EOF {
			if finished {
				return
			}
			select {
			case <-done:
				finished = true
			case <-f.armed:
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		part = append(part, p[:n]...)
		for len(part) >= 7 {
			i, err := strconv.Atoi(string(part[:6]))
			if err != nil || part[6] != '\n' || i <= last {
				t.Fatalf("%q after %d: %v", part[:7], last, err)
			}
			last, part = i, part[7:]
		}
	}
}

// BenchmarkFollowedWrite is a write while nobody follows, while somebody follows another file, and while followers of
// this one wait, or never read.
func BenchmarkFollowedWrite(b *testing.B) {
	chunk := bytes.Repeat([]byte("a"), 100)
	for _, c := range []struct {
		name           string
		other, waiting int
		idle           int
	}{{"unfollowed", 0, 0, 0}, {"other", 1, 0, 0}, {"waiting", 0, 1, 0}, {"neverReads", 0, 0, 200}} {
		b.Run(c.name, func(b *testing.B) {
			dir := b.TempDir()
			file := open(b, filepath.Join(dir, "log"), FileOptions{MaxBytes: 50 << 20, Backups: 1})
			open(b, filepath.Join(dir, "other"), FileOptions{})
			ctx, cancel := context.WithCancel(b.Context())
			var waiters sync.WaitGroup
			for range c.other {
				follow(b, filepath.Join(dir, "other"), 0)
			}
			for range c.idle {
				follow(b, file.Path(), 0)
			}
			for range c.waiting {
				f := follow(b, file.Path(), 0)
				waiters.Go(func() {
					p := make([]byte, 32<<10)
					for {
						if _, err := f.Read(p); err == io.EOF && f.Wait(ctx) != nil {
							return
						}
					}
				})
			}
			b.ReportAllocs()
			for b.Loop() {
				file.Write(chunk)
			}
			cancel()
			waiters.Wait()
		})
	}
}
