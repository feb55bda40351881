package actors

import (
	"slices"
	"syscall"
	"time"

	"github.com/gwaycc/supd/supervisor"
)

// Counts is what has happened to a program since its group was added. It only grows.
type Counts struct {
	Starts uint64            // lives begun, failed attempts included
	Ends   [EndCauses]uint64 // lives that have ended, by EndCause

	inState [stateCount]time.Duration // before the present state, by its place in supervisor.States
	state   supervisor.State          // the present one
	entered time.Time                 // when it was entered; zero: the program is not there yet
}

// stateCount is how many states there are.
const stateCount = 8

// InState is how long the program has been in a state so far, until now.
func (c *Counts) InState(s supervisor.State, now time.Time) time.Duration {
	d := c.inState[slices.Index(supervisor.States, s)]
	if s == c.state && !c.entered.IsZero() {
		d += max(0, now.Sub(c.entered))
	}
	return d
}

// enter takes into account that a state begins.
func (c *Counts) enter(s supervisor.State, now time.Time) {
	if !c.entered.IsZero() {
		c.inState[slices.Index(supervisor.States, c.state)] += max(0, now.Sub(c.entered))
	}
	c.state, c.entered = s, now
}

// Restarts is how many lives were begun after the first.
func (c *Counts) Restarts() uint64 { return max(c.Starts, 1) - 1 }

// EndCause is how a life ended. Each life ends in one way.
type EndCause int

// The causes of an end.
const (
	EndExpected    EndCause = iota // it exited by itself with a status that is in exitcodes
	EndUnexpected                  // it exited by itself with another status
	EndSignal                      // a signal ended it that supd did not send to stop it
	EndFailedStart                 // there was no process, or it ended before startsecs; it will be tried again
	EndGaveUp                      // the same, but startretries are used up: the program is FATAL
	EndStopped                     // it was asked to stop
	EndCauses      = iota          // how many there are
)

var endCauseNames = [EndCauses]string{"expected", "unexpected", "signal", "failed_start", "gave_up", "stopped"}

// String is the cause in metrics.
func (c EndCause) String() string { return endCauseNames[c] }

// count takes a transition into account. by is the signal that has ended the process, if one has.
func (c *Counts) count(t supervisor.Transition, by syscall.Signal) {
	switch t.To {
	case supervisor.Starting:
		c.Starts++
	case supervisor.Exited:
		switch {
		case by != 0:
			c.Ends[EndSignal]++
		case t.Expected:
			c.Ends[EndExpected]++
		default:
			c.Ends[EndUnexpected]++
		}
	case supervisor.Backoff:
		c.Ends[EndFailedStart]++
	case supervisor.Fatal:
		// A program gives up in the same step as its last start fails; one that is FATAL because of a shutdown does not.
		if t.Reason.Code == supervisor.ReasonGaveUp {
			c.Ends[EndFailedStart]--
			c.Ends[EndGaveUp]++
		}
	case supervisor.Stopped:
		if t.From == supervisor.Stopping || t.From == supervisor.Unknown {
			c.Ends[EndStopped]++
		}
	}
}
