package server

import (
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// connTable knows the connections of all servers, bounds their number and tells when none is left. Between two requests
// of a connection it takes no lock.
type connTable struct {
	max      int
	draining atomic.Bool

	mu    sync.Mutex
	conns map[*conn]struct{}
	empty chan struct{} // closed when draining and no connection is left
}

func newConnTable(max int) *connTable {
	return &connTable{max: max, conns: make(map[*conn]struct{}), empty: make(chan struct{})}
}

// track is the ConnState hook of the HTTP servers.
func (t *connTable) track(nc net.Conn, state http.ConnState) {
	c, ok := connOf(nc)
	if !ok {
		return
	}
	switch state {
	case http.StateClosed, http.StateHijacked:
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.conns, c)
		t.tellEmpty()
		return
	case http.StateNew:
		c.enter(state)
		t.mu.Lock()
		if len(t.conns) >= t.max {
			t.evict(c)
		}
		t.conns[c] = struct{}{}
		t.mu.Unlock()
	default:
		c.enter(state)
	}
	// drain first sets the flag and then looks at the state, so one of both sees a connection that becomes idle now.
	if t.draining.Load() {
		c.dismiss(state)
	}
}

// firstRequest is how long a connection may take to say what it wants while the servers close: its request, or the rest of
// it, may be on the way.
const firstRequest = 250 * time.Millisecond

// dismiss closes a connection unless it is being answered.
func (c *conn) dismiss(state http.ConnState) {
	switch state {
	case http.StateNew:
		time.AfterFunc(firstRequest, func() {
			if http.ConnState(c.state.Load()) == http.StateNew {
				c.cut()
			}
		})
	case http.StateActive:
		time.AfterFunc(firstRequest, func() {
			if c.arriving.Load() {
				c.cut()
			}
		})
	case http.StateIdle:
		c.cut()
	}
}

// evict closes the connection that has waited longest for its client; the new one when all are being answered. It stays
// in the table until its goroutine has noticed.
func (t *connTable) evict(newcomer *conn) {
	victim, since := newcomer, newcomer.since.Load()
	for c := range t.conns {
		if s := c.since.Load(); c.waits() && s < since {
			victim, since = c, s
		}
	}
	victim.state.Store(int32(http.StateClosed))
	victim.cut()
}

// drain closes the connections that wait for their client, has the others closed when they are answered, and returns a
// channel that is closed when none is left.
func (t *connTable) drain() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.draining.Store(true)
	for c := range t.conns {
		c.dismiss(http.ConnState(c.state.Load()))
	}
	t.tellEmpty()
	return t.empty
}

func (t *connTable) tellEmpty() {
	if t.draining.Load() && len(t.conns) == 0 {
		select {
		case <-t.empty:
		default:
			close(t.empty)
		}
	}
}

// count is how many connections there are, and how many of them are being answered.
func (t *connTable) count() (all, active int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for c := range t.conns {
		if http.ConnState(c.state.Load()) == http.StateActive {
			active++
		}
	}
	return len(t.conns), active
}

var started = time.Now()

// enter notes that the connection has changed its state.
func (c *conn) enter(state http.ConnState) {
	c.since.Store(int64(time.Since(started)))
	c.arriving.Store(state == http.StateActive)
	c.state.Store(int32(state))
	if state == http.StateIdle {
		c.answering = false
	}
}

// waits tells whether the connection waits for its client.
func (c *conn) waits() bool {
	state := http.ConnState(c.state.Load())
	return state == http.StateNew || state == http.StateIdle
}
