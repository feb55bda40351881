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
	spec   string // namespec
	cfg    *confload.Program
	policy *supervisor.Policy
	files  logFiles
	socket *sharedSocket // nil: it gets a pipe as its standard input

	ctx actor.Context // of this actor; only used from its mailbox
	m   supervisor.Program

	declined bool   // a client has asked it to be down: an autostart that is still to come is none
	unwanted uint64 // how often its group was told that somebody else wants it down
	lent     bool   // its group has taken it down, or was told of a failure, and nobody has decided otherwise since
	leaving  bool   // it was removed, and ends when it is down
	ending   bool   // this actor is being stopped: a new child would have it wait for ever
	run      *actor.PID
	runPhase runPhase
	wanted   uint64 // life to launch as soon as the old run is gone; 0 none
	proc     osProcess
	sinks    [2]logs.Sink // of the present life, still the run's to close; they may be closed at any moment

	start, stop time.Time
	expected    bool           // of the last transition: the status was one of exitcodes
	endedBy     syscall.Signal // of the last process
	counts      Counts
	latest      uint64            // number of the last record of this program
	sent        sentSignal        // the last one that a client had sent
	until       time.Time         // BACKOFF or restartpause: when it is tried again
	dead        *Life             // the life that has just ended, until it is known why; nil: none
	stopping    supervisor.Reason // of the last stop
	timers      [supervisor.TimerSlots]runningTimer
	report      timer // the next stopReport; nil none

	starters  []waiter
	stoppers  []waiter
	launchers []waiter        // wait for launched
	summoned  map[int]bool    // needs, by index, for which a start was asked and not answered
	had       map[string]bool // needs that were met, by namespec, since they are needs
	stuck     bool            // it waits for something that is not to be had
	lastKill  string          // why the last signal of a stop could not be sent; "" it could

	readyQuestion, healthQuestion, memoryQuestion question
	action                                        *actor.PID // the command of a change of health; nil: none runs
	watching                                      *watching
	command                                       *actor.PID             // of a trigger; nil: none runs
	commandAgain                                  *supervisor.RunCommand // to be run when command has ended; nil: none
	next                                          time.Time              // of cron=; zero: never
	planned                                       timer                  // until then; nil: none
	fileBefore                                    os.FileInfo            // the file of ready= before this life; nil: there was none
	notReady                                      string                 // what the last check of ready= found wrong
	hooks                                         []runningHook          // by Hook; nil: none has begun yet
	memoryUnknown                                 bool                   // it was told in this life that the memory it uses cannot be found out
}

type runPhase int

const (
	noRun      runPhase = iota
	runAlive            // it has a life to care for
	runWaiting          // it has failed and is suspended
	runEnding           // it was told to stop; Terminated will come
)

// runningTimer is a timer of the machine. One that has fired already when it is stopped is recognised by its number.
type runningTimer struct {
	timer timer // nil: it does not run
	seq   uint64
}

// waiter is somebody who waits for an answer.
type waiter struct {
	to    *actor.PID
	name  string // as the client typed it
	wait  bool
	index int  // >= 0: a session asked
	skip  bool // it is told that there was nothing to do
}

// stopReportEvery is how often a waited stop is logged (compat.md §3.6).
const stopReportEvery = 2 * time.Second

func newProgram(t *tree, e *entry, socket *sharedSocket, escalate bool) actor.Actor {
	return &program{tree: t, entry: e, spec: e.program.NameSpec(), cfg: e.program, socket: socket, policy: policyOf(e.program, escalate, t.random())}
}

// Receive implements actor.Actor.
func (p *program) Receive(ctx actor.Context) {
	if p.ending {
		// The library goes on delivering until the run has ended. A new life now would keep this actor for ever.
		if ctx.Sender() != nil {
			ctx.Respond(&Fault{BadName, p.cfg.NameSpec()})
		}
		return
	}
	switch m := ctx.Message().(type) {
	case *actor.Started:
		p.ctx = ctx
		p.counts.enter(p.m.State, p.tree.clock.Now())
		p.m.Life = p.tree.firstLife(p.spec)
		p.remind()
		p.makeLogFiles()
		p.ownLogs()
		p.watch()
		p.plan()
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
	case *needsMoved:
		p.lookAround(m.cause)
	case *indexed:
		p.summonAnswered(m)
	case *processStarted:
		p.processStarted(m.life, m.proc)
	case *announced:
		p.announced(m)
	case *checked:
		p.checked(m)
	case *filesChanged:
		p.filesChanged(m)
	case *cronDue:
		p.cronCame(m)
	case *timerFired:
		if m.seq == p.timers[m.timer.Slot()].seq {
			p.apply(supervisor.TimerFired{Life: m.life, Timer: m.timer})
		}
	case *configure:
		p.configure(m)
	case *leave:
		p.leaving = true
		p.apply(supervisor.HoldRequested{})
		p.disown(0)
		if p.m.State.IsUp() || p.m.IsWanted() {
			p.apply(supervisor.StopRequested{By: supervisor.ByUpdate})
		}
	case *stopReport:
		p.stopReported(m)
	case *ReopenLogs:
		p.reopenLogs()
	case *actor.Terminated:
		p.runGone(m)
	case *actor.Stopping:
		p.ending, p.wanted = true, 0
		p.tree.former.Store(p.spec, p.leave())
		for slot := range p.timers {
			p.disarm(slot)
		}
		p.watching.end()
		p.unplan()
		p.disownLogs(p.cfg)
		p.dismissWaiters()
	case *actor.Restarting:
		p.watching.end()
		p.unplan()
	}
	p.endIfLeft()
	if !p.ending {
		p.despair()
	}
}

// endIfLeft ends the program when it was removed and is down, and its post_stop_hook with it.
func (p *program) endIfLeft() {
	if p.leaving && !p.ending && p.runPhase != runAlive && p.m.State.IsDown() {
		p.ctx.Stop(p.ctx.Self())
	}
}

// HandleFailure implements actor.SupervisorStrategy: this is where autorestart, startretries and backoff are decided. It
// runs in the program's mailbox.
func (p *program) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, message interface{}) {
	if !child.Equal(p.run) {
		p.childFailed(s, child, reason, message)
		return
	}
	e, ok := reason.(*runEnded)
	if !ok {
		s.ResumeChildren(child) // a bug of ours; the process stays
		return
	}
	if e.proc != nil {
		e.proc.Release() // what it has left behind is let alone from now on
	}
	if p.ending || p.runPhase != runAlive || e.life != p.m.Life {
		s.StopChildren(child)
		return
	}
	if e.proc != nil {
		p.processStarted(e.life, e.proc) // a failure overtakes messages
	}
	p.runPhase = runWaiting
	p.proc, p.sinks = nil, [2]logs.Sink{}
	p.tellPool(listenerGone)
	dead := lifeOf(e)
	p.dead = &dead
	var child127 *process.ChildError
	switch {
	case errors.As(e.err, &child127):
		p.answerUnwaited()
		p.stop = e.at
		p.tree.logger.Info(fmt.Sprintf("%s: %s", p.policy.Name, logs.Clean(child127.Error())))
		p.apply(supervisor.ProcessExited{Life: e.life, Exit: supervisor.Exit{Code: 127, Text: "exit status 127",
			Why: logs.Clean(child127.Error())}})
	case e.err != nil:
		p.apply(supervisor.SpawnFailed{Life: e.life, Text: logs.Clean(e.err.Error())})
	default:
		p.stop, p.endedBy = e.at, e.by
		p.apply(supervisor.ProcessExited{Life: e.life, Exit: e.exit, Cause: p.blame(e)})
	}
	if p.dead != nil {
		p.bury()
	}
	p.endIfLeft()
	p.despair()
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
		was, wasSettled := p.m, p.m.IsSettled(p.policy)
		wentUp, failed := false, false
		m, effects := p.tree.step(p.policy, p.m, todo[0])
		p.m, todo = m, todo[1:]
		var changes []supervisor.Transition
		for _, e := range effects {
			switch e := e.(type) {
			case supervisor.Escalate:
				failed, p.lent = true, true
			case supervisor.Transition:
				changes = append(changes, e)
				wentUp = wentUp || e.To == supervisor.Running
				p.expected = e.Expected
				p.counts.count(e, p.endedBy)
				p.counts.enter(e.To, p.tree.clock.Now())
				if e.To == supervisor.Starting {
					p.lent = false
					p.start, p.endedBy = p.tree.clock.Now(), 0
				}
			}
		}
		quiet := len(effects) == 0 && was == p.m
		var first uint64 // record of this step
		if !quiet {
			first = p.remember(effects)
			if p.dead != nil && p.dead.Record != 0 {
				p.bury() // before anybody is told of the end
			}
			p.publish() // first: whoever reads of it in the log finds it so
		}
		for _, e := range effects {
			switch e := e.(type) {
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
				p.disarm(0)
			case supervisor.RunAction:
				p.runAction(e)
			case supervisor.RunCommand:
				p.runCommand(e)
			case supervisor.SendSignal:
				p.sendSignal(e)
			case supervisor.RunHook:
				p.runHook(e)
			case supervisor.EndHook:
				p.endHook(e.Hook)
			}
		}
		if p.runPhase == runWaiting && p.m.State != supervisor.Backoff {
			p.runPhase = runEnding
			p.supervisor().StopChildren(p.run)
		}
		if quiet {
			continue
		}
		p.ask()
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
				Expected: c.Expected, Reason: c.Reason, At: p.tree.clock.Now()})
		}
		if settled := p.m.IsSettled(p.policy); len(changes) > 0 || failed || settled != wasSettled {
			p.ctx.Send(p.ctx.Parent(), &programChanged{p.entry, p.m.State, settled, failed, p.isOver(), p.m.Last})
		}
		if was.Hook == supervisor.PostStopHook && p.isOver() {
			p.ctx.Send(p.ctx.Parent(), &cleanedUp{p.entry})
		}
		if len(changes) > 0 || was.IsWanted() != p.m.IsWanted() || was.IsReady(p.policy) != p.m.IsReady(p.policy) || was.Health.Status != p.m.Health.Status || was.Overdue != p.m.Overdue {
			cause := p.latest
			if was.IsReady(p.policy) && !p.m.IsReady(p.policy) && first != 0 {
				cause = first // what has followed at once is not why
			}
			p.tellDependants(cause)
		}
		p.answerStarters(wentUp)
		p.answerStoppers()
	}
}

// isOver tells whether the program is down and nothing is done for it any more.
func (p *program) isOver() bool { return p.m.State.IsDown() && p.m.Hook != supervisor.PostStopHook }

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
	if p.ending {
		return
	}
	p.beforeLaunch()
	switch p.runPhase {
	case runEnding:
		p.wanted = life
		return
	case runWaiting:
		p.supervisor().RestartChildren(p.run)
	default:
		pid, err := p.ctx.SpawnNamed(p.tree.runs, "run")
		if err != nil {
			panic(fmt.Sprintf("the run of %s cannot be made: %v", p.cfg.NameSpec(), err))
		}
		p.run = pid
	}
	p.runPhase = runAlive
	p.ctx.Send(p.run, &launch{life, p.entry, p.cfg, p.files, p.socket})
}

func (p *program) runGone(m *actor.Terminated) {
	if !m.Who.Equal(p.run) {
		p.childGone(m.Who)
		return
	}
	if p.runPhase != runEnding {
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
	sig := stopSignals(p.cfg)[e.Nth]
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
	slot := e.Timer.Slot()
	p.disarm(slot)
	root, self, seq := p.ctx.ActorSystem().Root, p.ctx.Self(), p.timers[slot].seq
	p.timers[slot].timer = p.tree.clock.AfterFunc(e.After, func() { root.Send(self, &timerFired{e.Life, e.Timer, seq}) })
}

// disarm stops the timer of a slot.
func (p *program) disarm(slot int) {
	t := &p.timers[slot]
	t.seq++
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
}

// publish puts a new snapshot into the table.
func (p *program) publish() {
	waitsFor := ""
	if p.m.Waiting {
		waitsFor = p.m.Lacks
	}
	p.entry.info.Store(&Info{
		Expected: p.m.State == supervisor.Exited && p.expected, WaitsFor: waitsFor, Wanted: p.m.IsWanted(), ByGroup: p.policy.Escalate,
		Ready: p.m.IsReady(p.policy), Unhealthy: p.m.Health.Status == supervisor.Unhealthy, Overdue: p.m.Overdue,
		ReadyText: p.readyText(), StatusText: p.statusText(),
		Program: p.cfg, State: p.m.State, Start: p.start, Stop: p.stop, SpawnErr: p.m.SpawnErr,
		ExitStatus: p.m.ExitStatus, ExitSignal: p.endedBy, Pid: p.m.Pid, Life: p.m.Life, StdoutLog: p.files.name(0), StderrLog: p.files.name(1),
		memory: p.files.memory, lent: p.lent, settled: p.m.IsSettled(p.policy), Reason: p.m.Reason,
		Failures: p.m.Failures, Counts: p.counts, Until: p.resumes(), NextRun: p.nextRun(), CleaningUp: p.m.Hook == supervisor.PostStopHook,
	})
	p.tree.table.versions.changed()
}
