package supervisor

import "math"

// This file is what has led to what. Whoever carries out the effects numbers what it records of them, Transition and Note, and
// sets Program.Last. A Transition or Note names the record that has led to it, so that the way from any of them back to the
// first cause can be walked.

// CauseBefore, as a Cause, stands for the record that the effect before it in the same step became. The machine cannot know
// its number.
const CauseBefore = math.MaxUint64

// The codes of notes that something is well, or well again.
const (
	ReasonHealthy  = "healthy"
	ReasonReady    = "ready"
	ReasonNeedsMet = "needs-met"
)

// IsGood tells whether r says that something is well, or well again.
func (r Reason) IsGood() bool {
	return r.Code == ReasonHealthy || r.Code == ReasonReady || r.Code == ReasonNeedsMet
}

// causeOf is the record that has led to what ev brings about; 0 when that comes from outside, as the end of a process does
// that nobody asked for.
func causeOf(p *Program, ev Event) uint64 {
	switch ev := ev.(type) {
	case StartRequested:
		return ev.Cause
	case StopRequested:
		return ev.Cause
	case PolicyChanged:
		return ev.Cause
	case NeedsChanged:
		return ev.Cause
	case Spawned:
		return p.Last
	case SpawnFailed:
		return p.endOf(0)
	case ProcessExited:
		return p.endOf(ev.Cause)
	case KillFailed:
		if p.State == Stopping {
			return p.Last
		}
	case TimerFired:
		if ev.Timer != ReadyTimer && ev.Timer != WatchdogTimer { // that nothing has happened comes from outside
			return p.Last
		}
	}
	return 0
}

// endOf is what has led to the end of a life: what asked for it, or, when an attempt fails that follows a failed one, that
// attempt. So the way back from FATAL leads to the first failure. signal is the cause of a signal that has ended it.
func (p *Program) endOf(signal uint64) uint64 {
	switch {
	case p.State == Stopping || p.State == Unknown:
		return p.Last
	case signal != 0:
		return signal
	case p.State == Starting && p.Failures > 0:
		return p.Last
	}
	return 0
}

// note remembers a decision.
func (s *step) note(r Reason) {
	s.do(Note{Life: s.Life, Reason: r, Cause: s.cause})
	s.cause = CauseBefore
}
