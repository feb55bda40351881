package logs

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// FanOut returns a Sink that gives everything to all of sinks, in order. What goes wrong with one does not concern the
// others; an error tells of each that has begun to fail. A sink that may keep its writer waiting belongs into Queued.
// One sink is returned as it is, none is Discard.
func FanOut(sinks ...Sink) Sink {
	switch len(sinks) {
	case 0:
		return Discard
	case 1:
		return sinks[0]
	}
	return fanOut(sinks)
}

type fanOut []Sink

func (f fanOut) Write(p []byte) (int, error) {
	var first error
	for _, s := range f {
		if _, err := s.Write(p); err != nil {
			first = errors.Join(first, err)
		}
	}
	return len(p), first
}

func (f fanOut) Reopen() error { return f.each(Sink.Reopen) }
func (f fanOut) Clear() error  { return f.each(Sink.Clear) }
func (f fanOut) Close() error  { return f.each(Sink.Close) }

func (f fanOut) each(do func(Sink) error) error {
	var all error
	for _, s := range f {
		all = errors.Join(all, do(s))
	}
	return all
}

// The bounds of a Queued sink.
const (
	queuedBytes = 1 << 20         // that wait for the sink
	queuedGrace = 2 * time.Second // that Close leaves for them
)

// Queued returns a Sink in front of one that may keep its writer waiting, such as a pipe or a terminal that nobody reads.
// Writes are copied into a queue of 1 MiB and never wait; one that finds the queue full is dropped as a whole. name is
// for errors. Close returns at once: what is in the queue is still written, for up to 2 s. Nothing runs while the queue is
// empty.
func Queued(s Sink, name string) *QueuedSink {
	return &QueuedSink{sink: s, name: name}
}

// A QueuedSink is what Queued returns.
type QueuedSink struct {
	sink Sink
	name string

	mu      sync.Mutex
	queue   [][]byte
	bytes   int
	working bool
	closing bool
	dropped atomic.Int64
	full    outage
	failed  error // what the sink said last, not reported yet
	timer   *time.Timer
}

// Write queues a copy of p. See Sink for errors; those of the sink behind come with a later write.
func (q *QueuedSink) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	err := q.failed
	q.failed = nil
	switch {
	case q.closing:
		return len(p), err
	case q.bytes+len(p) > queuedBytes && q.bytes > 0:
		q.dropped.Add(int64(len(p)))
		if slow := q.full.begin(fmt.Errorf("%s does not keep up, output for it is dropped", q.name)); slow != nil {
			err = errors.Join(err, slow)
		}
		return len(p), err
	}
	q.full.end()
	q.queue = append(q.queue, append([]byte(nil), p...))
	q.bytes += len(p)
	if !q.working {
		q.working = true
		go q.work()
	}
	return len(p), err
}

// Dropped is how many bytes found the queue full.
func (q *QueuedSink) Dropped() int64 { return q.dropped.Load() }

func (q *QueuedSink) work() {
	for {
		q.mu.Lock()
		if len(q.queue) == 0 {
			q.working, q.queue = false, nil
			closing := q.closing
			q.mu.Unlock()
			if closing {
				q.closeSink()
			}
			return
		}
		p := q.queue[0]
		q.queue[0] = nil
		q.queue = q.queue[1:]
		q.mu.Unlock()

		_, err := q.sink.Write(p)

		q.mu.Lock()
		q.bytes -= len(p)
		if err != nil {
			q.failed = err
		}
		q.mu.Unlock()
	}
}

func (q *QueuedSink) closeSink() error {
	if q.timer != nil {
		q.timer.Stop()
	}
	return q.sink.Close()
}

// Reopen opens the target of the sink behind again. What is in the queue goes to the new one.
func (q *QueuedSink) Reopen() error { return q.sink.Reopen() }

// Clear clears the sink behind.
func (q *QueuedSink) Clear() error { return q.sink.Clear() }

// Close ends the sink. See Queued.
func (q *QueuedSink) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closing {
		return nil
	}
	q.closing = true
	if !q.working {
		return q.sink.Close()
	}
	// Closing the sink takes the target away from under a write that waits, and the rest of the queue is dropped by it.
	q.timer = time.AfterFunc(queuedGrace, func() { q.sink.Close() })
	return nil
}
