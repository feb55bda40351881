package server

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How server-sent events are spoken (HTML, "Server-sent events"): each is a block of lines, ended by an empty one.

const (
	// retryAfter is when a client that has lost its stream is to try again, in milliseconds.
	retryAfter = 1000
	// pingEvery is how long a stream may be silent: a comment tells dead connections from quiet ones.
	pingEvery = 25 * time.Second
)

// appendEvent appends an event. id "" is none. data has no line ends, as JSON has none.
func appendEvent(dst []byte, kind, id string, data []byte) []byte {
	if id != "" {
		dst = append(append(append(dst, "id: "...), id...), '\n')
	}
	dst = append(append(append(dst, "event: "...), kind...), '\n')
	dst = append(append(dst, "data: "...), data...)
	return append(dst, "\n\n"...)
}

// An sseStream writes events to one client. Only the goroutine of its request uses it.
type sseStream struct {
	ctx     *stream
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration // for taking what is sent
	release func()
}

// openSSE begins an answer of events. The caller closes it.
func (s *Server) openSSE(ctx *stream, w http.ResponseWriter) (*sseStream, error) {
	e := &sseStream{ctx: ctx, w: w, control: http.NewResponseController(w), timeout: s.config.Limits.StreamTimeout}
	e.release = untilEnd(ctx, e.control)
	describeSSE(w)
	err := e.send([]byte("retry: " + strconv.Itoa(retryAfter) + "\n\n"))
	if err != nil {
		e.release()
		return nil, err
	}
	return e, nil
}

// eventStream is the content type of an answer of events.
const eventStream = "text/event-stream"

// describeSSE sets the headers of an answer of events.
func describeSSE(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", eventStream)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Accel-Buffering", "no") // to a proxy: pass it on at once
}

func (e *sseStream) close() { e.release() }

// send writes events and has them delivered. An error means that the client has gone, or is to go.
func (e *sseStream) send(events ...[]byte) error {
	_ = e.control.SetWriteDeadline(time.Now().Add(e.timeout))
	// In this order: whoever ends ctx sets the deadline afterwards.
	if err := e.ctx.Err(); err != nil {
		_ = e.control.SetWriteDeadline(time.Now().Add(lastWord))
		return err
	}
	for _, b := range events {
		if _, err := e.w.Write(b); err != nil {
			return err
		}
	}
	return e.control.Flush()
}

// ping writes a comment.
func (e *sseStream) ping() error { return e.send([]byte(": ping\n\n")) }

// untilEnd has writing end soon after ctx has. release must be called before the handler returns.
func untilEnd(ctx context.Context, control *http.ResponseController) (release func()) {
	// net/http asks a connection that has a deadline no more whether the client is still there.
	_ = control.SetReadDeadline(time.Time{})
	told := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(told)
		_ = control.SetWriteDeadline(time.Now().Add(lastWord))
	})
	return func() {
		if !stop() {
			<-told // the connection is not ours any more after the handler
		}
	}
}

// wantsEvents tells whether the answer is to be a stream of events.
func wantsEvents(r *http.Request) bool {
	return slices.ContainsFunc(strings.Split(r.Header.Get("Accept"), ","), func(entry string) bool {
		kind, _, _ := strings.Cut(entry, ";")
		return strings.TrimSpace(kind) == "text/event-stream"
	})
}
