package actors

import (
	"sync/atomic"
	"time"

	"github.com/gwaycc/supd/supervisor"
)

// Metrics is what a tree has counted. Everything in it is counted where it happens; nothing is sampled.
type Metrics struct {
	Programs []ProgramMetrics // sorted by group, then name
	Groups   []GroupMetrics   // those with a strategy
	Pools    []PoolMetrics
	// Waiting is how many messages wait in the mailboxes of the actors that all depends on: root, control and events.
	Waiting map[string]int64
	// SyslogDropped is how many messages the syslog servers could not be sent.
	SyslogDropped int64
}

// ProgramMetrics is a program with what its logs have taken since its group was added.
type ProgramMetrics struct {
	*Info
	Stdout, Stderr OutputMetrics
}

// OutputMetrics is what one stream of a program has given to its log. Output without a log, or between the marks of a
// capture, is not in it.
type OutputMetrics struct {
	Bytes   int64 // given to the log
	Dropped int64 // bytes that a file, device or pipe could not take
}

// GroupMetrics is how the restart budget of a group stands. It is new when a group begins anew after it gave up.
type GroupMetrics struct {
	Name   string
	Used   int // restarts that count now
	Left   int // restarts that are allowed before it gives up; -1 no limit
	GaveUp bool
}

// PoolMetrics is how the buffer of a pool of listeners stands.
type PoolMetrics struct {
	Name      string
	Waiting   int64  // events
	Discarded uint64 // events, since the pool was added
}

// outputCount counts what goes to one log of a program, over all of its lives.
type outputCount struct{ bytes, dropped atomic.Int64 }

func (c *outputCount) load() OutputMetrics {
	return OutputMetrics{Bytes: c.bytes.Load(), Dropped: c.dropped.Load()}
}

// groupState is the machine of a group as it was after the last thing it was told. It is not changed.
type groupState struct {
	supervisor.Group
	began time.Time // the origin of the times in its budget
}

// poolBuffer is how a pool stands. It is written by the event center.
type poolBuffer struct {
	waiting   atomic.Int64
	discarded atomic.Uint64
}

// publish makes known how the group stands.
func (g *group) publish(m *supervisor.Group) {
	g.entry.state.Store(&groupState{*m, g.began})
	g.tree.table.versions.changed()
}

// Metrics returns what was counted. It sends no message.
func (h *Handle) Metrics() Metrics {
	t := h.tree
	entries := *t.table.sorted.Load()
	m := Metrics{Programs: make([]ProgramMetrics, len(entries)), SyslogDropped: t.outlets.Dropped(),
		Waiting: map[string]int64{"root": t.depths.root.waiting.Load(), "control": t.depths.control.waiting.Load(), "events": t.depths.events.waiting.Load()}}
	for i, e := range entries {
		m.Programs[i] = ProgramMetrics{e.info.Load(), e.output[0].load(), e.output[1].load()}
	}
	for _, g := range *t.table.groups.Load() {
		name := g.config.Name
		if s := g.state.Load(); s != nil {
			now := t.since(s.began)
			m.Groups = append(m.Groups, GroupMetrics{name, s.Budget.Used(now), s.left(now), s.GaveUp()})
		}
		if g.config.Listener != nil {
			m.Pools = append(m.Pools, PoolMetrics{name, g.buffer.waiting.Load(), g.buffer.discarded.Load()})
		}
	}
	return m
}
