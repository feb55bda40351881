package actors

import (
	"time"

	"github.com/gwaycc/supd/supervisor"
)

// This file is what a program records of itself.

// remember records the decisions of a step and returns the number of the first record; 0: there was none.
func (p *program) remember(effects []supervisor.Effect) (first uint64) {
	at, before := p.tree.clock.Now(), uint64(0)
	for _, e := range effects {
		r, decides := Record{At: at, Program: p.spec}, false
		switch e := e.(type) {
		case supervisor.Transition:
			r.From, r.To, r.Life, r.Pid, r.Tries, r.Expected = e.From, e.To, e.Life, e.Pid, e.Tries, e.Expected
			r.Reason, r.Cause = e.Reason, e.Cause
		case supervisor.Note:
			r.Kind, r.Life, r.Reason, r.Cause, decides = RecordNote, e.Life, e.Reason, e.Cause, e.Decides
		case supervisor.Arm:
			if e.Timer == supervisor.BackoffTimer || e.Timer == supervisor.PauseTimer {
				p.until = at.Add(e.After)
			}
			continue
		default:
			continue
		}
		if r.Cause == supervisor.CauseBefore {
			r.Cause = before
		}
		before = p.tree.history.add(r)
		if first == 0 {
			first = before
		}
		if r.Kind == RecordTransition {
			p.explainDeath(&r, before)
		}
		if r.Kind == RecordTransition || decides {
			p.m.Last = before
		}
	}
	if before != 0 {
		p.latest = before
	}
	return first
}

// explainDeath gives the life that has just ended the reason of its end: that of the first transition afterwards or, when it
// was asked to stop, of that.
func (p *program) explainDeath(r *Record, seq uint64) {
	switch d := p.dead; {
	case d == nil || d.Record != 0:
	case r.From == supervisor.Stopping:
		d.Record, d.Reason = seq, p.stopping
	case r.To != supervisor.Running: // which it may have been without anybody seeing it
		d.Record, d.Reason = seq, r.Reason
	}
	if r.To == supervisor.Stopping {
		p.stopping = r.Reason
	}
}

// resumes is when the program is tried again; zero: it does not wait for a time.
func (p *program) resumes() time.Time {
	if p.m.State == supervisor.Backoff || p.m.Pausing {
		return p.until
	}
	return time.Time{}
}

// remind tells a new actor of what was of the program before.
func (p *program) remind() {
	if f, ok := p.tree.former.Load(p.spec); ok {
		lives := f.(former).lives
		p.entry.lives.Store(&lives)
	}
}

// leave is what remains of a program whose actor ends. When its group is removed while others go on, the output of its lives is
// let go: nobody knows whether it will ever come back.
func (p *program) leave() former {
	f := former{p.m.Life, p.entry.ended()}
	if p.tree.currentMood() != MoodRunning {
		return f
	}
	f.first++ // see firstLife
	lives := make([]Life, len(f.lives))
	for i, l := range f.lives {
		l.Stdout, l.Stderr = "", ""
		lives[i] = l
	}
	f.lives = lives
	return f
}
