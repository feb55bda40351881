package events

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// Serial is a number of an event: one counted over all pools, one in each pool.
type Serial int64

// next is the serial after s: the numbers begin at 0 and begin anew after the largest one (compat.md §11.2, 21).
func (s Serial) next() Serial {
	if s == math.MaxInt64 {
		return 0
	}
	return s + 1
}

// Unit tells what the len token of an envelope counts.
type Unit uint8

// The units of len.
const (
	// Bytes is what supervisord's manual promises. The payload goes out as the program wrote it, whatever its bytes are.
	Bytes Unit = iota
	// Characters is what supervisord does: listeners that read their input as text (Python 3) count so. For them a
	// payload must be text: data that is not valid UTF-8 is replaced by Undecodable: b'…'.
	// For payloads of ASCII both are the same.
	Characters
)

// An Envelope is what a listener is sent: one event with its numbers.
type Envelope struct {
	Server     string // identifier= of supd
	Pool       string
	Serial     Serial
	PoolSerial Serial
	Unit       Unit
	Event      Event
}

// Append appends the envelope, its line feed and the payload to dst (compat.md §5.2).
func (e *Envelope) Append(dst []byte) []byte {
	ev, length := e.Event, len(e.Event.Payload)
	if e.Unit == Characters {
		ev = ev.readable()
		length = utf8.RuneCount(ev.Payload)
	}
	dst = append(dst, "ver:3.0 server:"...)
	dst = append(dst, e.Server...)
	dst = append(dst, " serial:"...)
	dst = strconv.AppendInt(dst, int64(e.Serial), 10)
	dst = append(dst, " pool:"...)
	dst = append(dst, e.Pool...)
	dst = append(dst, " poolserial:"...)
	dst = strconv.AppendInt(dst, int64(e.PoolSerial), 10)
	dst = append(dst, " eventname:"...)
	dst = append(dst, ev.Type.String()...)
	dst = append(dst, " len:"...)
	dst = strconv.AppendInt(dst, int64(length), 10)
	dst = append(dst, '\n')
	return append(dst, ev.Payload...)
}

func isUTF8(b []byte) bool { return utf8.Valid(b) }
