package ctl

import (
	"io"
	"sync"
	"time"
)

// A programLog is a log of the program in the foreground, while it is shown.
type programLog struct {
	*logSource
	from int64 // where in the log the stream begins, or before that; -1 when it is not known
	out  io.WriteCloser
	news chan struct{} // holds a value when something has come
	done chan struct{} // closed when the stream is over

	mu  sync.Mutex
	got int64 // bytes that have come
}

func newProgramLog(name, stream string, out io.WriteCloser) *programLog {
	return &programLog{
		logSource: &logSource{program: name, stream: stream},
		from:      -1,
		out:       out,
		news:      make(chan struct{}, 1),
		done:      make(chan struct{}),
	}
}

// Write shows what comes out of the stream.
func (l *programLog) Write(b []byte) (int, error) {
	n, err := l.out.Write(b)
	l.mu.Lock()
	l.got += int64(n)
	l.mu.Unlock()
	notify(l.news)
	return n, err
}

// Close ends what is shown.
func (l *programLog) Close() error { return l.out.Close() }

// received is how many bytes have come.
func (l *programLog) received() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.got
}

// reached is where in the log the stream is, or before that.
func (l *programLog) reached() int64 { return l.from + l.received() }

// follow begins to show a log.
func (f *foreground) follow(l *programLog) {
	if size, ok := f.sizeOf(l); ok {
		l.from = max(0, size-streamBacklog)
	}
	f.running.Go(func() {
		defer close(l.done)
		f.ended <- streamEnd{l.path(), f.s.copyStream(f.ctx, l.path(), l)}
	})
}

// sizeOf asks how long a log is by now.
func (f *foreground) sizeOf(l *programLog) (size int64, ok bool) {
	_, size, _, err := f.s.client.tailLog(f.ctx, l.method(), l.program, 0)
	return size, err == nil
}

// catchUp waits until all that is in a log by now is shown. When it cannot be known what that is, after a rotation, it
// waits for what may still come.
func (f *foreground) catchUp(l *programLog) {
	before := l.reached()
	size, known := f.sizeOf(l)
	known = known && l.from >= 0 && before <= size
	limit := time.NewTimer(f.quiet)
	defer limit.Stop()
	for !known || l.reached() < size {
		select {
		case <-l.news:
			if known {
				limit.Reset(f.quiet)
			}
		case <-l.done:
			return
		case <-limit.C:
			return
		case <-f.ctx.Done():
			return
		}
	}
}

// notify makes c, of capacity 1, hold a value.
func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// A sharedWriter passes one write at a time on.
type sharedWriter struct {
	mu  sync.Mutex
	out io.Writer
}

func (w *sharedWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(b)
}
