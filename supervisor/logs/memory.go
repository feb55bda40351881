package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// MaxMemory is the most a Memory keeps, in bytes.
const MaxMemory = 1 << 20

// A Memory is a log without a file: the last bytes of a stream. It is the Sink of one life after the other, Close keeps what
// is in it. Its bytes are numbered from the first that was ever written, so that a reader who comes back with the offset it
// was given gets what is new, also after older bytes have fallen out. What has lost its begin is not shown: the oldest byte
// that can be read begins a line, unless one line fills all of it. All methods may be called on any goroutine.
type Memory struct {
	max int64

	mu       sync.Mutex
	ring     []byte // the byte of number n is at n % max; it grows up to max
	end      int64  // the number of the next byte
	oldest   int64  // the number of the first that is kept
	cleared  int64  // the number of the next byte when it was cleared last
	modified time.Time
	wake     chan struct{} // closed at the next change; nil: nobody waits
}

var (
	_ Sink = (*Memory)(nil)
	_ Log  = (*Memory)(nil)
)

// NewMemory returns an empty Memory that keeps maxBytes, but at most MaxMemory; 0 or less is MaxMemory.
func NewMemory(maxBytes int64) *Memory {
	if maxBytes <= 0 {
		maxBytes = MaxMemory
	}
	return &Memory{max: min(maxBytes, MaxMemory), modified: time.Now()}
}

// Name is what clients are told in the place of a path.
func (m *Memory) Name() string { return "memory" }

// Write implements Sink.
func (m *Memory) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(p)
	if skip := int64(len(p)) - m.max; skip > 0 {
		m.end += skip
		p = p[skip:]
		m.ring = append(m.ring, make([]byte, m.max-int64(len(m.ring)))...)
	}
	for len(p) > 0 {
		at := m.end % m.max
		if at == int64(len(m.ring)) { // not full yet
			took := min(int64(len(p)), m.max-at)
			m.ring = append(m.ring, p[:took]...)
			m.end, p = m.end+took, p[took:]
			continue
		}
		took := int64(copy(m.ring[at:], p))
		m.end, p = m.end+took, p[took:]
	}
	m.oldest = max(m.oldest, m.end-m.max)
	m.modified = time.Now()
	m.tell()
	return n, nil
}

// begin is the number of the first byte that is shown: the begin of a line, if older bytes have fallen out.
func (m *Memory) begin() int64 {
	if m.oldest == m.cleared {
		return m.oldest
	}
	for n := m.oldest; n < m.end-1; n++ {
		if m.ring[n%m.max] == '\n' {
			return n + 1
		}
	}
	return m.oldest
}

// window returns a copy of the bytes from number from to number to, all of which are kept.
func (m *Memory) window(from, to int64) []byte {
	out := make([]byte, 0, to-from)
	for from < to {
		at := from % m.max
		part := m.ring[at:min(int64(len(m.ring)), at+to-from)]
		out = append(out, part...)
		from += int64(len(part))
	}
	return out
}

// tell wakes those who wait.
func (m *Memory) tell() {
	if m.wake != nil {
		close(m.wake)
		m.wake = nil
	}
}

// Reopen implements Sink: there is nothing to open.
func (m *Memory) Reopen() error { return nil }

// Clear implements Sink. The numbers go on.
func (m *Memory) Clear() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.oldest, m.cleared = m.end, m.end
	return nil
}

// Close implements Sink: the next life goes on.
func (m *Memory) Close() error { return nil }

// Size implements Log.
func (m *Memory) Size() (int64, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.end - m.begin(), true
}

// Read implements Log. An offset before the oldest byte counts as that of the oldest byte.
func (m *Memory) Read(offset, length int64) ([]byte, error) {
	if length < 0 || offset < 0 && length != 0 {
		return nil, fmt.Errorf("cannot read log %s: %w", m.Name(), ErrBadArguments)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if offset < 0 {
		offset = addSaturating(m.end, offset)
	}
	from, to := min(max(offset, m.begin()), m.end), m.end
	if length > 0 {
		to = min(to, addSaturating(from, length))
	}
	return m.window(from, to), nil
}

// Tail implements Log. Bytes that have fallen out do not count for overflow.
func (m *Memory) Tail(offset, length int64) (data []byte, newOffset int64, overflow bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	begin := m.begin()
	overflow = m.end > addSaturating(max(offset, begin), length)
	var n int64
	if length > 0 && (overflow || offset < m.end) {
		n = min(length, m.end-begin)
	}
	return m.window(m.end-n, m.end), m.end, overflow, nil
}

// Follow implements Log.
func (m *Memory) Follow(last int64) (Following, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &memoryFollower{memory: m, modified: m.modified, offset: max(m.begin(), m.end-max(last, 0))}, nil
}

// A memoryFollower reads a Memory as it grows. One that lags by more than is kept gets ErrTruncated and goes on with the oldest
// byte; after Clear it goes on without a word, as with files.
type memoryFollower struct {
	memory   *Memory
	modified time.Time
	offset   int64
	armed    chan struct{} // closed when there may be more after an io.EOF
}

// ModTime implements Following.
func (f *memoryFollower) ModTime() time.Time { return f.modified }

// Close implements Following.
func (f *memoryFollower) Close() error { return nil }

// Read implements Following.
func (f *memoryFollower) Read(p []byte) (int, error) {
	m := f.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if f.offset < m.oldest {
		f.offset = m.begin()
		if m.oldest > m.cleared {
			return 0, ErrTruncated
		}
	}
	if f.offset == m.end {
		if m.wake == nil {
			m.wake = make(chan struct{})
		}
		f.armed = m.wake
		return 0, io.EOF
	}
	n := copy(p, m.window(f.offset, min(m.end, f.offset+int64(len(p)))))
	f.offset += int64(n)
	return n, nil
}

// Wait implements Following.
func (f *memoryFollower) Wait(ctx context.Context) error {
	if f.armed == nil {
		return errors.New("internal error: Wait before an io.EOF")
	}
	select {
	case <-f.armed:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
