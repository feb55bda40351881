package actors

import (
	"sync"
	"time"

	"github.com/gwaycc/supd/supervisor"
)

// A Record is something that happened in a tree or was decided there, and what has led to it.
type Record struct {
	Seq      uint64 // numbers the records of a tree, and of those it follows (WithPast), from 1, without gaps
	Cause    uint64 // number of the record that has led to it; 0: it came from outside, or nobody knows
	At       time.Time
	Kind     RecordKind
	Program  string           // whom it concerns: a namespec, "group:*" for a group, "" for all
	From, To supervisor.State // of a RecordTransition
	Life     uint64           // number of the attempt to start it; 0: it was never started
	Pid      int              // of the process it concerns; 0 none
	Tries    int              // To BACKOFF: failed attempts so far; To STARTING: before this one
	Expected bool             // To EXITED: the status is one of exitcodes
	Reason   supervisor.Reason
}

// RecordKind is what a Record tells of.
type RecordKind uint8

// The kinds of records.
const (
	RecordTransition RecordKind = iota // a program has changed its state
	RecordNote                         // of one program: health, readiness, a loss and the like
	RecordGroup                        // what the strategy of a group has decided
	RecordRequest                      // somebody outside has asked for something
	RecordTree                         // about all: it has begun, it ends
)

var recordKinds = [...]string{"transition", "note", "group", "request", "tree"}

// String is the kind on the wire.
func (k RecordKind) String() string { return recordKinds[k] }

// historySize is how many records are kept.
const historySize = 4096

// history is the last records of a tree. Any number of readers follow it without anything being kept for them: a reader
// that is too slow is told how many records it has missed.
type history struct {
	id    string           // of the numbers; another one when they have begun anew
	now   func() time.Time // nil: time.Now
	mu    sync.Mutex
	ring  []Record // the record number n stands at (n-1) % historySize
	last  uint64
	added chan struct{} // closed at the next record; nil: nobody waits
}

// add records r, now unless it has a time, and returns its number.
func (h *history) add(r Record) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case !r.At.IsZero():
	case h.now == nil:
		r.At = time.Now()
	default:
		r.At = h.now()
	}
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
	return r.Seq
}

// first is the number of the oldest record that is kept. The caller holds h.mu.
func (h *history) first() uint64 { return h.last - uint64(len(h.ring)) + 1 }

// at returns a record that is kept. The caller holds h.mu.
func (h *history) at(seq uint64) *Record { return &h.ring[(seq-1)%historySize] }

// since returns the records after number seq, at most max of them; max <= 0: all. missed tells how many of them are not kept
// any more.
func (h *history) since(seq uint64, max int) (records []Record, missed uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := h.first()
	if seq+1 < first {
		missed = first - seq - 1
		seq = first - 1
	}
	for n := seq + 1; n <= h.last && (max <= 0 || len(records) < max); n++ {
		records = append(records, *h.at(n))
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

// An Answer says why a program is as it is. Each list begins with the youngest record; each record is what has led to the one
// before it. When the last one of Chain has a Cause, that is not kept any more; otherwise it is the first cause.
type Answer struct {
	Chain []Record // from the present on back; nil: nothing is known
	Begun []Record // when the first cause is that a process has ended by itself: how that life came to be
	// Complete: the last record of Chain is the first cause, or nothing has happened; false: what came before is not kept any more.
	Complete bool
}

// answer says why a program is as it is.
func (h *history) answer(namespec string) Answer {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := Answer{Chain: h.chain(h.present(namespec))}
	if len(a.Chain) == 0 {
		a.Complete = h.first() <= 1
		return a
	}
	root := &a.Chain[len(a.Chain)-1]
	a.Complete = root.Cause == 0
	if root.Cause == 0 && root.Kind == RecordTransition {
		a.Begun = h.chain(h.beginOf(root))
	}
	return a
}

// chain returns a record and the way back from there, as far as it is kept. The caller holds h.mu.
func (h *history) chain(seq uint64) []Record {
	var records []Record
	for first := h.first(); seq != 0 && seq >= first; {
		r := h.at(seq)
		records = append(records, *r)
		seq = r.Cause
	}
	return records
}

// beginOf is the number of the record of the begin of the life that r speaks of; 0: it is not kept. The caller holds h.mu.
func (h *history) beginOf(r *Record) uint64 {
	for n, first := r.Seq-1, h.first(); n >= first && n > 0; n-- {
		b := h.at(n)
		if b.Kind == RecordTransition && b.To == supervisor.Starting && b.Program == r.Program && b.Life == r.Life {
			return n
		}
	}
	return 0
}

// present is the number of the record that says why a program is as it is: that of its last transition, unless something was
// decided since that holds it there or is wrong with it. 0: there is none. The caller holds h.mu.
func (h *history) present(namespec string) uint64 {
	var note uint64 // the last note; 0: none yet
	good := false
	for n, first := h.last, h.first(); n >= first && n > 0; n-- {
		r := h.at(n)
		if r.Program != namespec || r.Kind == RecordRequest {
			continue
		}
		if r.Kind == RecordTransition {
			if note == 0 || good {
				return n
			}
			return note
		}
		if note == 0 {
			note, good = n, r.Reason.IsGood()
		}
	}
	return note
}

// lastOf is the number of the last record of a kind with this reason; 0: there is none.
func (h *history) lastOf(k RecordKind, code string) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	for n, first := h.last, h.first(); n >= first && n > 0; n-- {
		if r := h.at(n); r.Kind == k && r.Reason.Code == code {
			return n
		}
	}
	return 0
}

// History returns the records after number seq, the oldest first, at most max of them; max <= 0: all that are kept. missed
// is how many after seq are not kept any more. HistoryAfter tells when there are new ones.
func (h *Handle) History(seq uint64, max int) (records []Record, missed uint64) {
	return h.tree.history.since(seq, max)
}

// HistoryID tells the numbers of records from those of another history: it stays the same as long as trees follow each other
// (WithPast).
func (h *Handle) HistoryID() string { return h.tree.history.id }

// HistoryAfter returns a channel that is closed when there is a record after number seq.
func (h *Handle) HistoryAfter(seq uint64) <-chan struct{} { return h.tree.history.after(seq) }

// Why returns why the program of a namespec is as it is. It sends no message.
func (h *Handle) Why(namespec string) Answer { return h.tree.history.answer(namespec) }

// A Past is what is known of trees that have ended, for one that follows them: WithPast takes it over, so it is good for one.
type Past struct {
	id       string
	records  []Record // as in history
	last     uint64
	programs map[string]former
}

// Past returns the records and the lives of a tree that has ended. Before that they are not complete.
func (h *Handle) Past() *Past {
	p := &Past{programs: map[string]former{}}
	h.tree.former.Range(func(spec, f any) bool {
		p.programs[spec.(string)] = f.(former)
		return true
	})
	h.tree.history.mu.Lock()
	defer h.tree.history.mu.Unlock()
	p.id, p.records, p.last = h.tree.history.id, h.tree.history.ring, h.tree.history.last
	return p
}

// WithPast lets a tree know what happened in those before it: its records and lives go on from there. nil: there were none.
// Lives of programs that the configuration does not have are forgotten.
func WithPast(p *Past) Option {
	return func(o *options) {
		if p == nil {
			return
		}
		o.tree.history.id, o.tree.history.ring, o.tree.history.last = p.id, p.records, p.last
		for i := range o.tree.config.Groups {
			for j := range o.tree.config.Groups[i].Programs {
				spec := o.tree.config.Groups[i].Programs[j].NameSpec()
				if f, ok := p.programs[spec]; ok {
					o.tree.former.Store(spec, f)
				}
			}
		}
	}
}
