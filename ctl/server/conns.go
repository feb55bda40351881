package server

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// connTable knows the connections of all servers, bounds their number and tells when none is left.
type connTable struct {
	max int

	mu       sync.Mutex
	conns    map[net.Conn]connEntry
	draining bool
	empty    chan struct{} // closed when draining and no connection is left
}

type connEntry struct {
	state http.ConnState
	since time.Time
}

func newConnTable(max int) *connTable {
	return &connTable{max: max, conns: make(map[net.Conn]connEntry), empty: make(chan struct{})}
}

// track is the ConnState hook of the HTTP servers.
func (t *connTable) track(c net.Conn, state http.ConnState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch state {
	case http.StateClosed, http.StateHijacked:
		delete(t.conns, c)
		t.tellEmpty()
		return
	case http.StateNew:
		if len(t.conns) >= t.max {
			t.evict(c)
		}
	}
	t.conns[c] = connEntry{state, time.Now()}
	if t.draining {
		t.dismiss(c, state)
	}
}

// firstRequest is how long a connection that was just accepted may take to say what it wants while the servers close: its
// request may be on the way.
const firstRequest = 250 * time.Millisecond

// dismiss closes a connection unless it is being answered. The caller holds t.mu.
func (t *connTable) dismiss(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateActive:
	case http.StateNew:
		time.AfterFunc(firstRequest, func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			if e, ok := t.conns[c]; ok && e.state == http.StateNew {
				c.Close()
			}
		})
	default:
		c.Close()
	}
}

// evict closes the connection that has waited longest for its client; the new one when all are being answered. It stays
// in the table until its goroutine has noticed.
func (t *connTable) evict(newcomer net.Conn) {
	victim := newcomer
	since := time.Now()
	for c, e := range t.conns {
		if e.state != http.StateActive && e.state != http.StateClosed && e.since.Before(since) {
			victim, since = c, e.since
		}
	}
	if e, ok := t.conns[victim]; ok {
		e.state = http.StateClosed
		t.conns[victim] = e
	}
	victim.Close()
}

// drain closes the connections that wait for their client, has the others closed when they are answered, and returns a
// channel that is closed when none is left.
func (t *connTable) drain() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.draining = true
	for c, e := range t.conns {
		t.dismiss(c, e.state)
	}
	t.tellEmpty()
	return t.empty
}

func (t *connTable) tellEmpty() {
	if t.draining && len(t.conns) == 0 {
		select {
		case <-t.empty:
		default:
			close(t.empty)
		}
	}
}
