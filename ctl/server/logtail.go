package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gwaycc/supd/supervisor/logs"
)

// Streams of logs (compat.md §4.10). A stream ends when its client goes away or takes nothing for Limits.StreamTimeout, when
// the group of its program is removed, and when the server closes; a quiet log does not end it. It has one goroutine, that
// of its request, and no buffer while there is nothing to read.

const (
	// streamBacklog is how much of what is in a log already a stream begins with, in bytes.
	streamBacklog = 1024
	// streamBuffer is how much a stream reads at once, in bytes.
	streamBuffer = 32 << 10
	// streamGap is the least time between two deliveries of what has just been written: many streams of a program that
	// writes line by line must not take the time it needs itself. The first line after a pause does not wait.
	streamGap = 20 * time.Millisecond
	// lastWord is how long a stream that is ended waits for its client to take what is under way.
	lastWord = 250 * time.Millisecond
)

// truncatedLine tells a client that what follows is not what came after the line before.
const truncatedLine = "==> File truncated <==\n"

var streamBuffers = sync.Pool{New: func() any { return new([streamBuffer]byte) }}

// serveLogtail answers /logtail/NAMESPEC[/stdout|/stderr].
func (s *Server) serveLogtail(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet {
		return &httpError{status: http.StatusBadRequest}
	}
	name, channel, given := strings.Cut(strings.TrimPrefix(r.URL.Path, "/logtail/"), "/")
	if !given {
		channel = "stdout"
	}
	if _, whole := wholeGroup(name); whole {
		return &httpError{status: http.StatusNotFound}
	}
	group, _, _ := strings.Cut(name, ":")
	// Before the look whether there is such a program: a removal after it ends the stream.
	ctx, err := s.streams.begin(r.Context(), group)
	if err != nil {
		return err
	}
	defer s.streams.finish(ctx)
	info, ok := s.config.Tree.Info(name)
	if !ok {
		return &httpError{status: http.StatusNotFound}
	}
	log := map[string]logs.Log{"stdout": info.Stdout(), "stderr": info.Stderr()}[channel]
	return s.stream(ctx, w, log, true)
}

// serveMainLogtail answers /mainlogtail.
func (s *Server) serveMainLogtail(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet {
		return &httpError{status: http.StatusBadRequest}
	}
	ctx, err := s.streams.begin(r.Context(), "")
	if err != nil {
		return err
	}
	defer s.streams.finish(ctx)
	return s.stream(ctx, w, logs.At(s.config.Daemon.MainLog()), false)
}

// stream sends the end of a log and what is written to it from now on, until ctx ends; nil is no log. unbuffered asks proxies to
// pass it on at once.
func (s *Server) stream(ctx *stream, w http.ResponseWriter, source logs.Log, unbuffered bool) error {
	if source == nil || source.Name() == "" {
		return &httpError{status: http.StatusNotFound}
	}
	log, err := source.Follow(streamBacklog)
	if errors.Is(err, logs.ErrNoFile) {
		return &httpError{status: http.StatusNotFound}
	}
	if err != nil {
		return &httpError{status: http.StatusNotFound, reason: err.Error()}
	}
	defer log.Close()

	control := http.NewResponseController(w)
	defer untilEnd(ctx, control)()

	h := w.Header()
	h.Set("Last-Modified", log.ModTime().UTC().Format(http.TimeFormat))
	h.Set("Content-Type", "text/plain;charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	if unbuffered {
		h.Set("X-Accel-Buffering", "no")
	}
	// The deadline for the last word would also hold for the next answer.
	h.Set("Connection", "close")
	w.WriteHeader(http.StatusOK)
	err = control.Flush()
	for err == nil {
		delivered := time.Now()
		if err = s.deliver(ctx, w, log); err != nil {
			break
		}
		if err = log.Wait(ctx); err == nil {
			err = pause(ctx, streamGap-time.Since(delivered))
		}
	}
	if broken := (*brokenLog)(nil); errors.As(err, &broken) {
		return err
	}
	return nil // the client has gone, or has been told to go
}

// brokenLog is the error of a log that cannot be read any more.
type brokenLog struct{ error }

// deliver sends what there is to read now.
func (s *Server) deliver(ctx context.Context, w http.ResponseWriter, log logs.Following) error {
	buffer := streamBuffers.Get().(*[streamBuffer]byte)
	defer streamBuffers.Put(buffer)
	control := http.NewResponseController(w)
	for {
		n, err := log.Read(buffer[:])
		switch {
		case errors.Is(err, logs.ErrTruncated):
			n = copy(buffer[:], truncatedLine)
		case err != nil && err != io.EOF:
			return &brokenLog{err}
		}
		_ = control.SetWriteDeadline(time.Now().Add(s.config.Limits.StreamTimeout))
		// In this order: whoever ends ctx sets the deadline afterwards.
		if err := ctx.Err(); err != nil {
			_ = control.SetWriteDeadline(time.Now().Add(lastWord))
			return err
		}
		if err == io.EOF {
			return control.Flush()
		}
		if _, err := w.Write(buffer[:n]); err != nil {
			return err
		}
	}
}

// pause waits for d, or returns the error of ctx.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// streams knows the log streams under way, to end them.
type streams struct {
	max int

	mu     sync.Mutex
	open   map[*stream]struct{}
	closed bool
}

// A stream is the context of one log stream.
type stream struct {
	context.Context
	cancel context.CancelFunc
	group  string // "" the main log
}

func newStreams(max int) *streams { return &streams{max: max, open: make(map[*stream]struct{})} }

// begin returns the context of a new stream. The error is for the client.
func (s *streams) begin(parent context.Context, group string) (*stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.open) >= s.max {
		return nil, &httpError{status: http.StatusServiceUnavailable}
	}
	one := &stream{group: group}
	one.Context, one.cancel = context.WithCancel(parent)
	s.open[one] = struct{}{}
	return one, nil
}

// count is how many streams there are.
func (s *streams) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

func (s *streams) finish(one *stream) {
	one.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, one)
}

// endGroup ends the streams of the programs of a group.
func (s *streams) endGroup(group string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for one := range s.open {
		if one.group == group {
			one.cancel()
		}
	}
}

// close ends all streams, and those that would begin.
func (s *streams) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for one := range s.open {
		one.cancel()
	}
}

// streamedTree is a tree whose log streams end with their group.
type streamedTree struct {
	Tree
	streams *streams
}

func (t streamedTree) RemoveGroup(ctx context.Context, name string) error {
	err := t.Tree.RemoveGroup(ctx, name)
	if err == nil && name != "" {
		t.streams.endGroup(name)
	}
	return err
}
