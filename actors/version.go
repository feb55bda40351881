package actors

import (
	"sync"
	"sync/atomic"
)

// versions counts the changes of the snapshot table. Without a reader that waits, a change costs one addition.
type versions struct {
	n      atomic.Uint64
	waited atomic.Bool // next is set
	mu     sync.Mutex
	next   chan struct{} // closed at the next change; nil: nobody waits
}

// changed notes a change that can be seen in the table already.
func (v *versions) changed() {
	v.n.Add(1)
	if !v.waited.Load() {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.next != nil {
		close(v.next)
		v.next = nil
		v.waited.Store(false)
	}
}

// after returns a channel that is closed when there is a version above n.
func (v *versions) after(n uint64) <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.next == nil {
		v.next = make(chan struct{})
		v.waited.Store(true) // before the look at n: a change that does not see this is seen there
	}
	if v.n.Load() > n {
		c := make(chan struct{})
		close(c)
		return c
	}
	return v.next
}

// Version is a number that grows whenever something has changed that Info, Infos or Groups tell. Who reads it first and them
// afterwards has seen at least that version. It says nothing of the time that budgets take to refill.
func (h *Handle) Version() uint64 { return h.tree.table.versions.n.Load() }

// VersionAfter returns a channel that is closed when Version is above v.
func (h *Handle) VersionAfter(v uint64) <-chan struct{} { return h.tree.table.versions.after(v) }
