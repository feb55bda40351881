package events

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gwaycc/supd/supervisor"
)

// PoolOptions say what a pool is. They never change while it exists.
type PoolOptions struct {
	Name       string   // of the [eventlistener:x]
	Server     string   // identifier= of supd
	Events     Set      // what it is subscribed to
	BufferSize int      // how many events wait for a free listener; less than 1 counts as 1
	Listeners  []string // names of its processes, in the order in which they are asked
	Unit       Unit     // of len
}

// An Effect is something a pool wants done: a Send, a Rest or a supervisor.Log. Effects are to be carried out in the order in
// which they are returned.
type Effect interface{}

// A Send asks for bytes to be written to the standard input of a listener, all of them or none. The answer is Sent or
// Refused with the same numbers, unless Protocol.Sending said that the listener is not READY any more. A listener that
// is in another life by then has not got the event; its Gone takes care of it.
type Send struct {
	Pool     string
	Listener int // index into PoolOptions.Listeners
	Life     uint64
	Serial   Serial
	Bytes    []byte
}

// A Rest asks for Rested with the same number to be called after a time. Until then the pool sends nothing.
type Rest struct {
	Pool   string
	For    time.Duration
	Number uint64
}

// The least and the longest rest after a rejected event.
const (
	restBase = 100 * time.Millisecond
	restCap  = time.Second
)

// Refusal tells why a write to a listener did nothing.
type Refusal uint8

// The refusals.
const (
	// InputClosed: the process has closed its standard input or has ended. It gets nothing more in this life, and the
	// event goes to the next free process.
	InputClosed Refusal = iota
	// InputFull: the process does not read what somebody else has given it, and there is no room for the event. It is
	// discarded, so that it does not hold up all events behind it for ever.
	InputFull
)

// An entry is an event in a pool. It keeps its serials however often it is sent.
type entry struct {
	event              Event
	serial, poolSerial Serial
	rejected           int // how often
}

// A listener is one process of a pool. All of it but its name belongs to one life.
type listener struct {
	name    string
	life    uint64
	alive   bool   // the life has begun and has not ended
	running bool   // its program is RUNNING
	ready   bool   // it has said READY and was sent nothing since
	deaf    bool   // its standard input is closed
	held    *entry // the event that it was sent or is being sent
}

func (l *listener) eligible() bool { return l.running && l.ready && !l.deaf && l.held == nil }

// A Pool is the processes of one [eventlistener:x] and the events that wait for them (compat.md §5.4). Facts about a
// process carry the index of the process and the number of its life: one about an earlier life, or about a life that has
// ended, changes nothing; one about a later life begins it, since facts come from several places and may overtake each
// other.
type Pool struct {
	options   PoolOptions
	listeners []listener
	buffer    []*entry // the oldest first
	serial    Serial   // of the next event
	discarded uint64
	resting   bool     // nothing is sent
	rests     uint64   // how many there were
	effects   []Effect // of the call under way
}

// NewPool returns a pool none of whose processes runs.
func NewPool(o PoolOptions) *Pool {
	o.BufferSize = max(1, o.BufferSize)
	p := &Pool{options: o, listeners: make([]listener, len(o.Listeners))}
	for i, name := range o.Listeners {
		p.listeners[i].name = name
	}
	return p
}

// Name is the name of the pool.
func (p *Pool) Name() string { return p.options.Name }

// Wants tells whether the pool is subscribed to t.
func (p *Pool) Wants(t Type) bool { return p.options.Events.Has(t) }

// Waiting is how many events are in the buffer.
func (p *Pool) Waiting() int { return len(p.buffer) }

// Discarded is how many events the pool has thrown away since it was made.
func (p *Pool) Discarded() uint64 { return p.discarded }

// Accept takes an event; serial is its number over all pools. Hub.Publish calls this for the pools that want it.
func (p *Pool) Accept(ev Event, serial Serial) []Effect {
	e := &entry{event: ev, serial: serial, poolSerial: p.serial}
	p.serial = p.serial.next()
	p.makeRoom()
	p.buffer = append(p.buffer, e)
	return p.dispatch()
}

// Running says that the program of a listener is RUNNING.
func (p *Pool) Running(i int, life uint64) []Effect {
	if l := p.in(i, life); l != nil {
		l.running = true
	}
	return p.dispatch()
}

// NotRunning says that the program of a listener has left RUNNING. An event that it is busy with stays with it.
func (p *Pool) NotRunning(i int, life uint64) []Effect {
	if l := p.in(i, life); l != nil {
		l.running = false
	}
	return p.dispatch()
}

// Gone says that the process of a life has ended. The event it was busy with goes back.
func (p *Pool) Gone(i int, life uint64) []Effect {
	if l := p.in(i, life); l != nil {
		p.end(l)
	}
	return p.dispatch()
}

// Told passes on what a listener has said.
func (p *Pool) Told(i int, life uint64, r Result) []Effect {
	l := p.in(i, life)
	if l == nil {
		return p.dispatch()
	}
	mine := l.held != nil && l.held.serial == r.Serial
	switch {
	case r.Told == ToldReady:
		l.ready = true
	case r.Told == ToldBroken:
		l.ready = false
		p.giveBack(l)
	case r.Told == ToldDone && mine:
		l.held = nil
	case r.Told == ToldRejected && mine:
		p.reject(l)
	}
	return p.dispatch()
}

// reject takes back the event that a listener has rejected. When it was rejected more often than there are processes to
// try, the pool rests before it is sent again, each time longer: a listener that rejects everything would otherwise keep
// itself and supd busy. The order of events stays.
func (p *Pool) reject(l *listener) {
	e := l.held
	p.giveBack(l)
	e.rejected++
	again := e.rejected - len(p.listeners)
	if again <= 0 {
		return
	}
	p.resting = true
	p.rests++
	rest := Rest{p.options.Name, min(restBase<<min(again-1, 8), restCap), p.rests}
	p.log(supervisor.Debug, "event %d was rejected %d times, pool %s rests for %v", e.serial, e.rejected, p.options.Name, rest.For)
	p.effects = append(p.effects, rest)
}

// Rested says that the time of a Rest is over. A number of an earlier one changes nothing.
func (p *Pool) Rested(number uint64) []Effect {
	if number == p.rests {
		p.resting = false
	}
	return p.dispatch()
}

// Sent says that all bytes of a Send are on their way.
func (p *Pool) Sent(i int, life uint64, serial Serial) []Effect {
	if l := p.in(i, life); l != nil {
		p.log(supervisor.Debug, "event %d sent to listener %s", serial, l.name)
	}
	return p.dispatch()
}

// Refused says that nothing of a Send could be written.
func (p *Pool) Refused(i int, life uint64, serial Serial, why Refusal) []Effect {
	l := p.in(i, life)
	if l == nil || l.held == nil || l.held.serial != serial {
		return p.dispatch()
	}
	e := l.held
	l.held = nil
	if why == InputFull {
		l.ready = true
		p.discarded++
		p.log(supervisor.Error, "pool %s cannot send event %d to listener %s, its input buffer is full; "+
			"discarding event %d", p.options.Name, serial, l.name, serial)
		return p.dispatch()
	}
	l.deaf = true
	p.log(supervisor.Debug, "epipe occurred while sending event %d to listener %s, listener state unchanged", serial, l.name)
	if next := p.free(); next >= 0 && !p.resting {
		p.send(next, e)
	} else {
		p.rebuffer(e)
	}
	return p.dispatch()
}

// close discards what nobody has acknowledged.
func (p *Pool) close() []Effect {
	var left []*entry
	for i := range p.listeners {
		if e := p.listeners[i].held; e != nil {
			left = append(left, e)
			p.listeners[i].held = nil
		}
	}
	left = append(left, p.buffer...)
	p.buffer = nil
	if len(left) == 0 {
		return nil
	}
	p.discarded += uint64(len(left))
	slices.SortFunc(left, func(a, b *entry) int { return cmp.Compare(a.serial, b.serial) })
	var serials strings.Builder
	for _, e := range left {
		fmt.Fprintf(&serials, " %d", e.serial)
	}
	p.log(supervisor.Info, "pool %s ends, discarding events nobody has acknowledged:%s", p.options.Name, serials.String())
	out := p.effects
	p.effects = nil
	return out
}

// in returns listener i, if the life is one that a fact can be about now.
func (p *Pool) in(i int, life uint64) *listener {
	if i < 0 || i >= len(p.listeners) {
		return nil
	}
	l := &p.listeners[i]
	if life > l.life {
		p.end(l)
		l.life, l.alive = life, true
	}
	if life < l.life || !l.alive {
		return nil
	}
	return l
}

// end ends the life of a listener.
func (p *Pool) end(l *listener) {
	p.giveBack(l)
	l.alive, l.running, l.ready, l.deaf = false, false, false, false
}

// giveBack takes the event a listener holds, if any, back into the buffer.
func (p *Pool) giveBack(l *listener) {
	if e := l.held; e != nil {
		l.held = nil
		p.rebuffer(e)
	}
}

// rebuffer puts an event at the head of the buffer, with the serials it has.
func (p *Pool) rebuffer(e *entry) {
	p.log(supervisor.Debug, "rebuffering event %d for pool %s (buf size=%d, max=%d)", e.serial, p.options.Name,
		len(p.buffer), p.options.BufferSize)
	p.makeRoom()
	p.buffer = slices.Insert(p.buffer, 0, e)
}

// makeRoom discards the oldest event of a full buffer.
func (p *Pool) makeRoom() {
	if len(p.buffer) < p.options.BufferSize {
		return
	}
	p.discarded++
	p.log(supervisor.Error, "pool %s event buffer overflowed, discarding event %d", p.options.Name, p.pop().serial)
}

// pop takes the oldest event out of the buffer.
func (p *Pool) pop() *entry {
	e := p.buffer[0]
	p.buffer[0] = nil
	p.buffer = p.buffer[1:]
	return e
}

// dispatch sends the oldest events for as long as there is a free listener and no rest. It returns the effects of the whole call.
func (p *Pool) dispatch() []Effect {
	for len(p.buffer) > 0 && !p.resting {
		i := p.free()
		if i < 0 {
			break
		}
		p.send(i, p.pop())
	}
	out := p.effects
	p.effects = nil
	return out
}

// free is the first listener that can be sent an event, -1 when there is none.
func (p *Pool) free() int {
	return slices.IndexFunc(p.listeners, func(l listener) bool { return l.eligible() })
}

func (p *Pool) send(i int, e *entry) {
	l := &p.listeners[i]
	l.ready, l.held = false, e
	envelope := Envelope{p.options.Server, p.options.Name, e.serial, e.poolSerial, p.options.Unit, e.event}
	p.effects = append(p.effects, Send{p.options.Name, i, l.life, e.serial, envelope.Append(nil)})
}

func (p *Pool) log(level supervisor.Level, format string, args ...interface{}) {
	p.effects = append(p.effects, supervisor.Log{Level: level, Text: fmt.Sprintf(format, args...)})
}
