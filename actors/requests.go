package actors

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

// This file is what a program answers to requests, and when.

func (p *program) startRequested(r *startRequest, from *actor.PID) {
	if r.by == supervisor.ByGroup && r.unwanted < p.unwanted { // a client was quicker, and the group takes it for starting
		p.tellGroup(p.m.State, p.m.Last)
		return
	}
	w := waiter{to: from, name: r.name, wait: r.wait, index: r.index}
	refuse := func(o *Outcome) {
		o.Immediate = true
		p.launchedTo(w)
		if !r.quiet {
			p.answer(w, o)
		}
	}
	if p.leaving {
		refuse(&Outcome{Fault: &Fault{BadName, r.name}})
		return
	}
	state := p.m.State
	if r.onlyIfApt && state.IsUp() {
		refuse(&Outcome{Skipped: true})
		return
	}
	if r.by == supervisor.ByAdministrator {
		if p.tree.currentMood() != MoodRunning {
			refuse(&Outcome{Fault: &Fault{Code: ShutdownState}})
			return
		}
		var bad *process.ResolveError // others are for the start to fail with
		if _, _, _, err := p.tree.resolve(p.cfg); errors.As(err, &bad) {
			refuse(&Outcome{Fault: resolveFault(bad)})
			return
		}
	}
	switch {
	case state.IsUp():
		if p.m.Suspended && r.by == supervisor.ByAdministrator {
			p.apply(supervisor.StartRequested{By: r.by}) // it is up, but its schedule did not count
		}
		refuse(&Outcome{Fault: &Fault{AlreadyStarted, r.name}})
		return
	case state == supervisor.Unknown:
		if r.by == supervisor.ByGroup {
			p.tellGroup(state, p.m.Last) // that waits for an answer
		}
		refuse(&Outcome{Fault: &Fault{Failed, r.name + " is in an unknown process state"}})
		return
	case state == supervisor.Stopping:
		o := &Outcome{}
		if r.wait {
			o.Fault = &Fault{AbnormalTermination, r.name}
		}
		refuse(o)
		return
	}
	if r.by == supervisor.ByAutostart && (p.declined || !p.start.IsZero()) {
		refuse(&Outcome{Skipped: true}) // somebody was quicker
		return
	}
	cause := r.cause
	if cause == 0 && r.by == supervisor.ByAdministrator {
		cause = p.tree.asked(p.spec, "client-start", r.client, "asked for start")
	}
	p.lookAround(cause)
	p.launchers = append(p.launchers, w)
	if !r.quiet {
		p.starters = append(p.starters, w)
	}
	p.apply(supervisor.StartRequested{By: r.by, Cause: cause})
	if !p.m.Spawning { // held, or waiting
		p.answerLaunchers()
	}
	p.answerStarters(false) // nothing may have changed, when it was waiting before
	if p.m.Waiting {
		p.summon()
	}
}

func resolveFault(err *process.ResolveError) *Fault {
	code := NotExecutable
	if err.Kind == process.NotFound {
		code = NoFile
	}
	return &Fault{code, err.Error()}
}

func (p *program) stopRequested(r *stopRequest, from *actor.PID) {
	w := waiter{to: from, name: r.name, wait: r.wait, index: r.index}
	byHand := r.by == supervisor.ByAdministrator
	awaiting, owed := byHand && p.m.IsAwaiting(p.policy), byHand && p.isOwed()
	p.declined = p.declined || byHand
	cause := r.cause
	changes := p.m.State.IsUp() || p.m.IsWanted() || awaiting || owed
	if changes && byHand && cause == 0 {
		cause = p.tree.asked(p.spec, "client-stop", r.client, "asked for stop")
	}
	switch {
	case r.by == supervisor.ByGroup:
		p.lent = p.lent || changes
	case byHand, r.by == supervisor.ByUpdate:
		p.disown(cause)
	}
	if !changes {
		switch {
		case r.quiet:
		case r.onlyIfApt && r.wait && p.m.State == supervisor.Stopping:
			w.skip = true // it is no news that it stops, but what comes next counts on its being down
			p.awaitStop(w)
		case r.onlyIfApt:
			p.answer(w, &Outcome{Skipped: true, Immediate: true})
		default:
			p.answer(w, &Outcome{Fault: &Fault{NotRunning, r.name}, Immediate: true})
		}
		return
	}
	p.lastKill = ""
	wasDown := p.m.State.IsDown()
	p.apply(supervisor.StopRequested{By: r.by, Cause: cause, Owed: owed})
	if wasDown && p.policy.Escalate { // it only waited to be started, which its group takes for being on its way up
		p.tellGroup(supervisor.Stopped, cause)
	}
	switch {
	case r.quiet:
	case p.m.State == supervisor.Unknown:
		p.answer(w, &Outcome{Fault: &Fault{Failed, p.lastKill}, Immediate: true})
	case !r.wait || p.m.State.IsDown():
		p.answer(w, &Outcome{Immediate: true})
	default:
		p.awaitStop(w)
	}
}

// disown tells the group that somebody else wants the program down, be it up or not.
func (p *program) disown(cause uint64) {
	p.lent = false
	if p.policy.Escalate {
		p.unwanted++
		p.ctx.Send(p.ctx.Parent(), &memberUnwanted{p.entry, p.unwanted, cause})
	}
}

// isOwed tells whether the program is down, or on its way down, for the sake of its group, which is to start it again.
func (p *program) isOwed() bool {
	g := p.tree.table.group(p.cfg.Group)
	return p.lent && !p.m.State.IsUp() && g != nil && g.owes(p.cfg.Name)
}

// tellGroup tells the group of a state that is no news for anybody else.
func (p *program) tellGroup(s supervisor.State, cause uint64) {
	p.ctx.Send(p.ctx.Parent(), &programChanged{entry: p.entry, state: s, settled: p.m.IsSettled(p.policy), cause: cause})
}

// awaitStop has somebody wait for the program to be down.
func (p *program) awaitStop(w waiter) {
	p.stoppers = append(p.stoppers, w)
	if len(p.stoppers) == 1 {
		p.stopReported(&stopReport{p.m.Life})
	}
}

// stopReported logs that somebody waits for the program to stop, and again every while until it has.
func (p *program) stopReported(m *stopReport) {
	if m.life != p.m.Life || p.m.State != supervisor.Stopping || len(p.stoppers) == 0 {
		return
	}
	p.tree.logger.Info(fmt.Sprintf("waiting for %s to stop", p.policy.Name))
	root, self := p.ctx.ActorSystem().Root, p.ctx.Self()
	p.report = p.tree.clock.AfterFunc(stopReportEvery, func() { root.Send(self, m) })
}

func (p *program) signalRequested(r *signalRequest, from *actor.PID) {
	w := waiter{to: from, name: r.name, wait: false, index: r.index}
	o := &Outcome{Immediate: true}
	switch {
	case !p.m.State.IsSignallable() && r.onlyIfApt:
		o.Skipped = true
	case !p.m.State.IsSignallable() || p.proc == nil:
		o.Fault = &Fault{NotRunning, r.name}
	default:
		p.tree.logger.Debug(fmt.Sprintf("sending %s (pid %d) sig %s", p.policy.Name, p.m.Pid, process.SignalName(r.signal)))
		p.noteSignal(r)
		if err := p.proc.Signal(r.signal); err != nil && !errors.Is(err, syscall.ESRCH) && !errors.Is(err, process.ErrGone) {
			o.Fault = &Fault{Failed, err.Error()}
			p.apply(supervisor.KillFailed{Life: p.m.Life, Text: err.Error()})
		}
	}
	p.answer(w, o)
}

// A sentSignal is the last signal that a client had sent to the process of a life.
type sentSignal struct {
	life   uint64
	signal syscall.Signal
	cause  uint64 // record of the request
}

func (p *program) noteSignal(r *signalRequest) {
	if r.signal == 0 {
		return // which only asks
	}
	cause := r.cause
	if cause == 0 {
		cause = p.tree.asked(p.spec, "client-signal", r.client, "had "+process.SignalName(r.signal)+" sent")
	}
	p.sent = sentSignal{p.m.Life, r.signal, cause}
}

// blame is the record of the client's signal that has ended a process; 0: it was no such signal. A process that exits after it
// was asked to, with SIGTERM or the like, has ended by that.
func (p *program) blame(e *runEnded) uint64 {
	asking := p.sent.signal == syscall.SIGTERM || p.sent.signal == syscall.SIGINT || p.sent.signal == syscall.SIGQUIT
	if p.sent.life != e.life || e.by != p.sent.signal && (e.by != 0 || !asking) {
		return 0
	}
	return p.sent.cause
}

// stdinRequested passes bytes on. A program that is being stopped gets no more (compat.md §3.6).
func (p *program) stdinRequested(r *stdinRequest, from *actor.PID) {
	o := &Outcome{Immediate: true}
	switch {
	case p.proc == nil || p.m.State == supervisor.Stopping:
		o.Fault = &Fault{NotRunning, r.name}
	default:
		switch err := p.proc.WriteStdin(r.data); {
		case errors.Is(err, process.ErrClosed):
			o.Fault = &Fault{NoFile, r.name}
		case err != nil:
			o.Fault = &Fault{Failed, r.name + ": " + err.Error()}
		}
	}
	p.answer(waiter{to: from, name: r.name, wait: false, index: -1}, o)
}

// clearRequested empties the logs of the present life. Another life than that has nothing open that could be emptied.
func (p *program) clearRequested(r *clearRequest, from *actor.PID) {
	o := &Outcome{Immediate: true}
	for _, s := range p.sinks {
		if s == nil {
			continue
		}
		if err := s.Clear(); err != nil && !errors.Is(err, os.ErrClosed) {
			p.tree.logger.Warn(fmt.Sprintf("could not clear a log of %s: %v", logs.Clean(p.cfg.NameSpec()), err))
			o.Fault = &Fault{Failed, r.name}
		}
	}
	p.answer(waiter{to: from, name: r.name, wait: false, index: r.index}, o)
}

// answerStarters answers those who wait for a start. wentUp: the program was RUNNING, if only for a moment.
func (p *program) answerStarters(wentUp bool) {
	p.starters = slices.DeleteFunc(p.starters, func(w waiter) bool {
		outcome := p.m.StartOutcome()
		switch {
		case wentUp, outcome == supervisor.Done:
			p.answer(w, &Outcome{})
		case outcome == supervisor.SpawnBad:
			p.answer(w, &Outcome{Fault: &Fault{SpawnError, w.name}, Immediate: !w.wait})
		case !w.wait && !p.m.Spawning:
			p.answer(w, &Outcome{Immediate: true})
		case outcome == supervisor.Abnormal:
			p.answer(w, &Outcome{Fault: &Fault{AbnormalTermination, w.name}})
		default:
			return false
		}
		return true
	})
}

// answerUnwaited answers those who did not want to wait for a start: there is a child by now, and what becomes of it is
// another matter. supervisord tells them the same, unless it happens to see the child end.
func (p *program) answerUnwaited() {
	p.starters = slices.DeleteFunc(p.starters, func(w waiter) bool {
		if !w.wait {
			p.answer(w, &Outcome{Immediate: true})
		}
		return !w.wait
	})
}

func (p *program) answerStoppers() {
	if !p.m.State.IsDown() {
		return
	}
	for _, w := range p.stoppers {
		p.answer(w, &Outcome{Skipped: w.skip})
	}
	p.stoppers = nil
	if p.report != nil {
		p.report.Stop()
		p.report = nil
	}
}

func (p *program) answerLaunchers() {
	for _, w := range p.launchers {
		p.launchedTo(w)
	}
	p.launchers = nil
}

// launchedTo tells those who start several programs in order that the next one may follow.
func (p *program) launchedTo(w waiter) {
	if w.index >= 0 && w.to != nil {
		p.ctx.Send(w.to, &launched{w.index})
	}
}

func (p *program) answer(w waiter, o *Outcome) {
	switch {
	case w.to == nil:
	case w.index >= 0:
		p.ctx.Send(w.to, &indexed{w.index, o})
	default:
		p.ctx.Send(w.to, o)
	}
}

func (p *program) dismissWaiters() {
	gone := &Fault{Code: ShutdownState}
	if p.tree.currentMood() == MoodRunning {
		gone = &Fault{BadName, p.cfg.NameSpec()} // the group was removed
	}
	for _, w := range slices.Concat(p.starters, p.stoppers) {
		p.answer(w, &Outcome{Fault: gone})
	}
	p.answerLaunchers()
	p.starters, p.stoppers = nil, nil
}
