package actors

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/events"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

// program is one supervised program: it always answers, carries out the effects of its machine (supervisor.Step), and is
// the supervisor of its one child, the run.
type program struct {
	tree   *tree
	entry  *entry
	cfg    *confload.Program
	policy *supervisor.Policy
	files  logFiles
	socket *sharedSocket // nil: it gets a pipe as its standard input

	ctx actor.Context // of this actor; only used from its mailbox
	m   supervisor.Program

	run      *actor.PID
	runPhase runPhase
	wanted   uint64 // life to launch as soon as the old run is gone; 0 none
	leaving  bool   // this actor ends when its run has: there must be no other one
	proc     osProcess
	sinks    [2]logs.Sink // of the present life, still the run's to close; they may be closed at any moment

	start, stop time.Time
	timer       *time.Timer
	timerSeq    uint64
	report      *time.Timer // the next stopReport; nil none

	starters  []waiter
	stoppers  []waiter
	launchers []waiter // wait for launched
	lastKill  string   // why the last signal of a stop could not be sent; "" it could
}

type runPhase int

const (
	noRun      runPhase = iota
	runAlive            // it has a life to care for
	runWaiting          // it has failed and is suspended
	runEnding           // it was told to stop; Terminated will come
)

// waiter is somebody who waits for an answer.
type waiter struct {
	to    *actor.PID
	name  string // as the client typed it
	wait  bool
	index int // >= 0: a session asked
}

// stopReportEvery is how often a waited stop is logged (compat.md §3.6).
const stopReportEvery = 2 * time.Second

func newProgram(t *tree, e *entry, socket *sharedSocket) actor.Actor {
	c := e.program
	return &program{tree: t, entry: e, cfg: c, socket: socket, policy: &supervisor.Policy{
		Name:         logs.Clean(c.Name),
		Autorestart:  autorestart[c.Autorestart],
		StartSecs:    c.StartSecs,
		StartRetries: c.StartRetries,
		ExitCodes:    c.ExitCodes,
		StopWaitSecs: c.StopWaitSecs,
		StopAsGroup:  c.StopAsGroup,
		KillAsGroup:  c.KillAsGroup,
		StopSignal:   process.SignalName(c.StopSignal),
	}}
}

var autorestart = map[confload.Autorestart]supervisor.Autorestart{
	confload.RestartUnexpected: supervisor.RestartUnexpected,
	confload.RestartNever:      supervisor.RestartNever,
	confload.RestartAlways:     supervisor.RestartAlways,
}

// Receive implements actor.Actor.
func (p *program) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		p.ctx = ctx
		p.makeLogFiles()
		p.publish()
	case *startRequest:
		p.startRequested(m, ctx.Sender())
	case *stopRequest:
		p.stopRequested(m, ctx.Sender())
	case *signalRequest:
		p.signalRequested(m, ctx.Sender())
	case *holdRequest:
		p.apply(supervisor.HoldRequested{})
	case *stdinRequest:
		p.stdinRequested(m, ctx.Sender())
	case *clearRequest:
		p.clearRequested(m, ctx.Sender())
	case *runLaunched:
		if m.life == p.m.Life && p.runPhase == runAlive {
			p.sinks = m.sinks
		}
		p.answerLaunchers()
	case *processStarted:
		p.processStarted(m.life, m.proc)
	case *timerFired:
		if m.seq == p.timerSeq {
			p.apply(supervisor.TimerFired{Life: m.life, Timer: m.timer})
		}
	case *stopReport:
		p.stopReported(m)
	case *ReopenLogs:
		p.reopenLogs()
	case *actor.Terminated:
		p.runGone(m)
	case *actor.Stopping:
		p.leaving = true
		p.disarm()
		p.dismissWaiters()
	}
}

// HandleFailure implements actor.SupervisorStrategy: this is where autorestart, startretries and backoff are decided. It
// runs in the program's mailbox.
func (p *program) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, _ interface{}) {
	e, ok := reason.(*runEnded)
	if !ok {
		s.ResumeChildren(child) // a bug of ours; the process stays
		return
	}
	if p.leaving || p.run == nil || !p.run.Equal(child) || p.runPhase != runAlive || e.life != p.m.Life {
		s.StopChildren(child)
		return
	}
	if e.proc != nil {
		p.processStarted(e.life, e.proc) // a failure overtakes messages
	}
	p.runPhase = runWaiting
	p.proc, p.sinks = nil, [2]logs.Sink{}
	p.tellPool(listenerGone)
	var child127 *process.ChildError
	switch {
	case errors.As(e.err, &child127):
		p.stop = e.at
		p.tree.logger.Info(fmt.Sprintf("%s: %s", p.policy.Name, logs.Clean(child127.Error())))
		p.apply(supervisor.ProcessExited{Life: e.life, Exit: supervisor.Exit{Code: 127, Text: "exit status 127"}})
	case e.err != nil:
		p.apply(supervisor.SpawnFailed{Life: e.life, Text: logs.Clean(e.err.Error())})
	default:
		p.stop = e.at
		p.apply(supervisor.ProcessExited{Life: e.life, Exit: e.exit})
	}
}

func (p *program) processStarted(life uint64, proc osProcess) {
	if life != p.m.Life || !p.m.Spawning {
		return
	}
	p.proc = proc
	p.start = proc.Began()
	if p.cfg.Kind == confload.KindEventListener {
		p.ctx.Send(p.tree.events, &listenerStarted{p.listenerID(), proc})
	}
	p.apply(supervisor.Spawned{Life: life, Pid: proc.ID()})
}

// apply tells the machine of an event, carries out the effects, and answers whoever waited for what has happened.
func (p *program) apply(todo ...supervisor.Event) {
	for len(todo) > 0 {
		was := p.m.State
		wentUp := false
		m, effects := supervisor.Step(p.policy, p.m, todo[0])
		p.m, todo = m, todo[1:]
		var changes []supervisor.Transition
		for _, e := range effects {
			switch e := e.(type) {
			case supervisor.Transition:
				changes = append(changes, e)
				wentUp = wentUp || e.To == supervisor.Running
				if e.To == supervisor.Starting {
					p.start = time.Now()
				}
			case supervisor.Log:
				p.tree.log(e)
			case supervisor.Spawn:
				p.spawn(e.Life)
			case supervisor.Signal:
				if err := p.signal(e); err != nil {
					todo = append(todo, supervisor.KillFailed{Life: p.m.Life, Text: err.Error()})
				}
			case supervisor.Arm:
				p.arm(e)
			case supervisor.Disarm:
				p.disarm()
			}
		}
		if p.runPhase == runWaiting && p.m.State != supervisor.Backoff {
			p.runPhase = runEnding
			p.supervisor().StopChildren(p.run)
		}
		if len(effects) == 0 && was == p.m.State {
			continue
		}
		p.publish()
		for _, c := range changes {
			if c.From == supervisor.Running {
				p.tellPool(listenerNotRunning)
			}
			p.tree.publish(events.StateType(c.To), func() events.Event {
				return events.StateChanged(events.Process{Name: p.cfg.Name, Group: p.cfg.Group}, c)
			})
			if c.To == supervisor.Running {
				p.tellPool(listenerRunning)
			}
			p.tree.observe(Change{Program: p.cfg, From: c.From, To: c.To, Pid: c.Pid, Tries: c.Tries,
				Expected: c.Expected, Reason: c.Reason, At: time.Now()})
		}
		if len(changes) > 0 {
			p.ctx.Send(p.ctx.Parent(), &programChanged{p.entry, p.m.State})
		}
		p.answerStarters(wentUp)
		p.answerStoppers()
	}
}

func (p *program) listenerID() listenerID {
	return listenerID{p.cfg.Group, p.entry.index, p.cfg.Name, p.m.Life}
}

// tellPool tells the pool of a listener what has become of its process.
func (p *program) tellPool(to listenerChange) {
	if p.cfg.Kind == confload.KindEventListener {
		p.ctx.Send(p.tree.events, &listenerChanged{p.listenerID(), to})
	}
}

func (p *program) supervisor() actor.Supervisor { return p.ctx.(actor.Supervisor) }

// spawn gives a life to the run: to the one that waits, or to a new one. One that is ending is awaited first, so that
// its name is free.
func (p *program) spawn(life uint64) {
	if p.leaving {
		return
	}
	switch p.runPhase {
	case runEnding:
		p.wanted = life
		return
	case runWaiting:
		p.supervisor().RestartChildren(p.run)
	default:
		pid, err := p.ctx.SpawnNamed(p.tree.props(func() actor.Actor {
			return &run{tree: p.tree, prog: p.cfg, files: &p.files, index: p.entry.index, socket: p.socket}
		}), "run")
		if err != nil {
			panic(fmt.Sprintf("the run of %s cannot be made: %v", p.cfg.NameSpec(), err))
		}
		p.run = pid
	}
	p.runPhase = runAlive
	p.ctx.Send(p.run, &launch{life})
}

func (p *program) runGone(m *actor.Terminated) {
	if p.run == nil || !p.run.Equal(m.Who) || p.runPhase != runEnding {
		return
	}
	p.run, p.runPhase = nil, noRun
	if life := p.wanted; life != 0 {
		p.wanted = 0
		p.spawn(life)
	}
}

// signal carries out a Signal effect. A process that is gone already is no error.
func (p *program) signal(e supervisor.Signal) error {
	sig := p.cfg.StopSignal
	if e.Kill {
		sig = syscall.SIGKILL
	}
	send := p.proc.Signal
	if e.Group {
		send = p.proc.SignalGroup
	}
	err := send(sig)
	if errors.Is(err, syscall.ESRCH) || errors.Is(err, process.ErrGone) {
		p.tree.logger.Debug(fmt.Sprintf("unable to signal %s (pid %d), it probably just exited on its own", p.policy.Name, p.m.Pid))
		return nil
	}
	p.lastKill = ""
	if err != nil {
		p.lastKill = err.Error()
	}
	return err
}

func (p *program) arm(e supervisor.Arm) {
	p.disarm()
	root, self, seq := p.ctx.ActorSystem().Root, p.ctx.Self(), p.timerSeq
	p.timer = time.AfterFunc(e.After, func() { root.Send(self, &timerFired{e.Life, e.Timer, seq}) })
}

// disarm stops the timer. One that has fired already is recognised by its number.
func (p *program) disarm() {
	p.timerSeq++
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}

// publish puts a new snapshot into the table.
func (p *program) publish() {
	p.entry.info.Store(&Info{
		Program: p.cfg, State: p.m.State, Start: p.start, Stop: p.stop, SpawnErr: p.m.SpawnErr,
		ExitStatus: p.m.ExitStatus, Pid: p.m.Pid, StdoutLog: p.files.stdout, StderrLog: p.files.stderr, Reason: p.m.Reason,
	})
}

func (p *program) reopenLogs() {
	for _, s := range p.sinks {
		if s == nil {
			continue
		}
		if err := s.Reopen(); err != nil && !errors.Is(err, os.ErrClosed) {
			p.tree.logger.Warn(fmt.Sprintf("could not reopen a log of %s: %v", logs.Clean(p.cfg.NameSpec()), err))
		}
	}
}

// makeLogFiles settles where the output goes for as long as the group exists; automatic files are made now.
func (p *program) makeLogFiles() {
	if p.files.stdout == "" {
		p.files.stdout = p.logFile(&p.cfg.Stdout, "stdout")
	}
	if p.files.stderr == "" && !p.cfg.RedirectStderr {
		p.files.stderr = p.logFile(&p.cfg.Stderr, "stderr")
	}
}

func (p *program) logFile(s *confload.Stream, channel string) string {
	switch s.Kind {
	case confload.LogPath:
		return s.Path
	case confload.LogAuto:
		d := p.tree.config.Supervisord
		path, err := logs.CreateAuto(d.ChildLogDir, p.cfg.Name, channel, d.Identifier)
		if err != nil {
			logs.Critical(p.tree.logger, "could not make the %s log of %s, its output is thrown away: %v", channel, p.policy.Name, err)
			return ""
		}
		return path
	}
	return ""
}
