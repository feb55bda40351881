// Package sse reads server-sent events (HTML, "Server-sent events"): how a client hears what a server tells as it happens.
package sse

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ContentType is the type of a stream of events, for Accept.
const ContentType = "text/event-stream"

// ErrTooLarge says that an event is larger than the reader takes.
var ErrTooLarge = errors.New("an event is too large")

// An Event is one thing that was told.
type Event struct {
	Kind string // "message" when the server gives it none
	ID   string // the last one given so far: where to go on after the stream broke; "" none yet
	Data []byte // lines are joined by "\n"
}

// A Reader reads events from a stream. Comments and the fields that concern only browsers are passed over.
type Reader struct {
	in   *bufio.Reader
	max  int
	id   string
	line []byte
}

// NewReader returns a reader of events whose data have at most max bytes.
func NewReader(r io.Reader, max int) *Reader {
	return &Reader{in: bufio.NewReaderSize(r, 32<<10), max: max}
}

// Next waits for the next event. The error is io.EOF when the server has ended the stream; an event that was begun then does not
// count.
func (r *Reader) Next() (Event, error) {
	e := Event{Kind: "message"}
	begun := false
	for {
		if err := r.readLine(); err != nil {
			return Event{}, err
		}
		if len(r.line) == 0 {
			if begun {
				e.ID = r.id
				return e, nil
			}
			e.Kind = "message"
			continue
		}
		field, value, _ := bytes.Cut(r.line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			e.Kind = string(value)
		case "id":
			r.id = string(value)
		case "data":
			if begun {
				e.Data = append(e.Data, '\n')
			}
			begun = true
			if e.Data = append(e.Data, value...); len(e.Data) > r.max {
				return Event{}, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, r.max)
			}
		}
	}
}

// readLine reads a line without its end into r.line.
func (r *Reader) readLine() error {
	r.line = r.line[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		r.line = append(r.line, part...)
		switch {
		case err == nil:
			r.line = bytes.TrimSuffix(bytes.TrimSuffix(r.line, []byte("\n")), []byte("\r"))
			return nil
		case !errors.Is(err, bufio.ErrBufferFull):
			if err == io.EOF && len(r.line) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return err
		case len(r.line) > r.max+len("data: "):
			return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, r.max)
		}
	}
}

// Is tells whether a Content-Type is that of a stream of events.
func Is(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(kind), ContentType)
}
