package actors

import (
	"sync"
	"time"

	"github.com/gwaycc/supd/supervisor"
)

// A Record is one transition of one program, as the history of a tree keeps it.
type Record struct {
	Seq      uint64 // numbers the records of a tree from 1, without gaps
	At       time.Time
	Program  string // namespec
	From, To supervisor.State
	Life     uint64 // number of the attempt to start it; 0: it was never started
	Pid      int    // of the process it concerns; 0 none
	Tries    int    // To BACKOFF: failed attempts so far; To STARTING: before this one
	Expected bool   // To EXITED: the status is one of exitcodes
	Reason   supervisor.Reason
}

// historySize is how many records are kept.
const historySize = 4096

// history is the last records of a tree. Any number of readers follow it without anything being kept for them: a reader
// that is too slow is told how many records it has missed.
type history struct {
	mu    sync.Mutex
	ring  []Record // the record number n stands at (n-1) % historySize
	last  uint64
	added chan struct{} // closed at the next record; nil: nobody waits
}

func (h *history) add(r Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	r.Seq = h.last
	if len(h.ring) < historySize {
		h.ring = append(h.ring, r)
	} else {
		h.ring[(r.Seq-1)%historySize] = r
	}
	if h.added != nil {
		close(h.added)
		h.added = nil
	}
}

// since returns the records after number seq, at most max of them; max <= 0: all. missed tells how many of them are not kept
// any more.
func (h *history) since(seq uint64, max int) (records []Record, missed uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := h.last - uint64(len(h.ring)) + 1
	if seq+1 < first {
		missed = first - seq - 1
		seq = first - 1
	}
	for n := seq + 1; n <= h.last && (max <= 0 || len(records) < max); n++ {
		records = append(records, h.ring[(n-1)%historySize])
	}
	return records, missed
}

// after returns a channel that is closed when there is a record after number seq.
func (h *history) after(seq uint64) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last > seq {
		c := make(chan struct{})
		close(c)
		return c
	}
	if h.added == nil {
		h.added = make(chan struct{})
	}
	return h.added
}

// History returns the records after number seq, the oldest first, at most max of them; max <= 0: all that are kept. missed
// is how many after seq are not kept any more. HistoryAfter tells when there are new ones.
func (h *Handle) History(seq uint64, max int) (records []Record, missed uint64) {
	return h.tree.history.since(seq, max)
}

// HistoryAfter returns a channel that is closed when there is a record after number seq.
func (h *Handle) HistoryAfter(seq uint64) <-chan struct{} { return h.tree.history.after(seq) }
