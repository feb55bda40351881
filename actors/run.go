package actors

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/events"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

// run is one life of one operating-system process. It fails with a runEnded when the process has ended or could not be
// started; its parent, the program, decides what becomes of it. A run that failed and waits is the BACKOFF of its program.
type run struct {
	tree *tree

	// What belongs to the life is told with it, so that all runs of a tree are made alike.
	entry  *entry
	prog   *confload.Program
	files  logFiles
	socket *sharedSocket // nil: none

	life      uint64
	birth     *birth
	sinks     [2]logs.Sink
	pids      []*atomic.Int64 // to be told the pid of this life before any output comes
	marks     []*markedSink   // logs in which this life is marked
	proc      osProcess
	announcer *announcer // nil: nothing is expected of the process
	tails     [2]*tail   // of stdout and stderr of this life; nil: there is none

	cgroup *process.Cgroup // of this life; nil: none

	early  *processExited // an exit that overtook processStarted
	exited bool
}

// logFiles are the logs of a program, fixed until its options say something else: paths of files, "" none, and logs in memory by
// channel, nil none.
type logFiles struct {
	stdout, stderr string
	memory         [2]*logs.Memory
}

// runEnded is the failure of a run: exactly one of exit and err tells why.
type runEnded struct {
	life uint64
	exit supervisor.Exit // meaningful when err is nil
	by   syscall.Signal  // what ended the process; 0: it exited
	at   time.Time
	proc osProcess // the process that ended; nil: there was none
	err  error

	status process.Exit // meaningful when err is nil
	tails  [2]*tail     // the end of its output
}

// Error makes runEnded readable in the actor library's own log.
func (e *runEnded) Error() string {
	if e.err != nil {
		return e.err.Error()
	}
	return e.exit.Text
}

// birth guards against a run that is stopped while its process is still being made: whoever comes second ends the process,
// and what it has to announce is not listened to.
type birth struct {
	mu        sync.Mutex
	abandoned bool
	proc      osProcess
}

func (b *birth) born(p osProcess, a *announcer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.proc = p
	if b.abandoned {
		_ = p.SignalGroup(syscall.SIGKILL)
		return
	}
	a.begin(p.ID())
}

func (b *birth) abandon(a *announcer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.abandoned = true
	a.close()
	if b.proc != nil {
		_ = b.proc.SignalGroup(syscall.SIGKILL)
	}
}

// Receive implements actor.Actor.
func (r *run) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *launch:
		r.launch(ctx, m)
	case *processStarted:
		if m.life != r.life {
			return
		}
		r.proc = m.proc
		ctx.Send(ctx.Parent(), m)
		if r.early != nil {
			r.end(ctx, r.early)
		}
	case *startFailed:
		if m.life == r.life {
			r.closeSinks()
			_ = r.leaveCgroup()
			r.fail(ctx, &runEnded{life: r.life, err: m.err, at: r.tree.clock.Now(), tails: r.tails})
		}
	case *processExited:
		switch {
		case m.life != r.life:
		case r.proc == nil:
			r.early = m
		default:
			r.end(ctx, m)
		}
	case *actor.Stopping, *actor.Restarting:
		if r.birth != nil && !r.exited {
			r.birth.abandon(r.announcer)
		}
	}
}

func (r *run) launch(ctx actor.Context, m *launch) {
	r.life, r.entry, r.prog, r.files, r.socket = m.life, m.entry, m.program, m.files, m.socket
	r.birth = &birth{}
	spec, err := r.prepare(ctx.Parent())
	if err != nil {
		r.closeSinks()
		r.announcer.handedOver()
		r.cgroup.Started()
		_ = r.leaveCgroup()
		r.exited = true
		ctx.Send(ctx.Parent(), &runLaunched{life: r.life})
		r.fail(ctx, &runEnded{life: r.life, err: err, at: r.tree.clock.Now()})
		return
	}
	root, self, life, b, sinks, socket := ctx.ActorSystem().Root, ctx.Self(), m.life, r.birth, r.sinks, r.socket
	pids, marks, name, announcer, cgroup := r.pids, r.marks, r.prog.NameSpec(), r.announcer, r.cgroup
	spec.Exited = func(e process.Exit) {
		socket.release()
		root.Send(self, &processExited{life, e})
	}
	r.tree.start(spec, func(p osProcess, err error) {
		announcer.handedOver()
		cgroup.Started()
		if err != nil {
			socket.release()
			if child := (*process.ChildError)(nil); errors.As(err, &child) && sinks[1] != nil {
				_, _ = sinks[1].Write([]byte(strings.Join(child.Lines, "\n") + "\n"))
			}
			root.Send(self, &startFailed{life, err})
			return
		}
		for _, pid := range pids {
			pid.Store(int64(p.ID()))
		}
		markBegin(marks, name, p.ID(), life, p.Began())
		b.born(p, announcer)
		root.Send(self, &processStarted{life, p})
	})
	ctx.Send(ctx.Parent(), &runLaunched{life, r.sinks})
}

func (r *run) end(ctx actor.Context, m *processExited) {
	r.exited = true
	at := m.exit.At
	exit := supervisor.Exit{Code: m.exit.Code, Text: describe(r.proc, m.exit) + r.leaveCgroup(), Ran: max(0, at.Sub(r.proc.Began()))}
	markEnd(r.marks, r.prog.NameSpec(), r.life, exit.Text, at, exit.Ran)
	r.closeSinks()
	r.fail(ctx, &runEnded{life: r.life, at: at, proc: r.proc, by: m.exit.Signal, exit: exit, status: m.exit, tails: r.tails})
}

// fail tells the program by failing. It is the last thing a message handler does.
func (r *run) fail(ctx actor.Context, e *runEnded) {
	r.exited = true
	ctx.(actor.Supervisor).EscalateFailure(e, nil)
}

func (r *run) closeSinks() {
	for i, s := range r.sinks {
		if s != nil {
			_ = s.Close()
		}
		r.sinks[i] = nil
	}
	r.announcer.close()
}

// prepare makes everything a start needs but the process. Its errors have the texts of compat.md §3.5.
func (r *run) prepare(to *actor.PID) (*process.Spec, error) {
	path, args, env, err := r.tree.resolve(r.prog)
	if err != nil {
		return nil, err
	}
	spec := specOf(r.prog, path, args, env)
	spec.Limits = limitsOf(r.prog)
	spec.MergeStderr = r.prog.RedirectStderr
	r.pids, r.marks, r.tails = nil, nil, [2]*tail{}
	if r.sinks[0], err = r.open(r.files.stdout, r.files.memory[0], &r.prog.Stdout, events.Stdout); err != nil {
		return nil, err
	}
	spec.Stdout = r.sinks[0]
	if !r.prog.RedirectStderr {
		if r.sinks[1], err = r.open(r.files.stderr, r.files.memory[1], &r.prog.Stderr, events.Stderr); err != nil {
			return nil, err
		}
		spec.Stderr = r.sinks[1]
	}
	if r.announcer, err = r.announcerFor(spec, to); err != nil {
		return nil, err
	}
	if r.prog.Cgroup.Any() {
		r.enterCgroup(spec)
	}
	if r.socket != nil { // last: whoever gets it gives it back when the process has ended
		if spec.Stdin, err = r.socket.acquire(); err != nil {
			return nil, &process.SpawnError{Text: err.Error(), Err: err}
		}
	}
	return spec, nil
}

// open opens where one output goes. path is that of its log file, "" for none; memory is nil for none.
func (r *run) open(path string, memory *logs.Memory, s *confload.Stream, c events.Channel) (logs.Sink, error) {
	strip := r.tree.config.Supervisord.StripANSI && !r.decorated(s)
	outlet := logs.OutletFor(r.prog, s, c.String(), path, r.life, strip)
	outlet.Memory, outlet.File.MakeDir = memory, r.tree.config.Supervisord.MakeLogDirs
	sink, err := r.tree.outlets.Open(outlet)
	if err == nil {
		if sink != logs.Discard {
			sink = &reportedSink{Sink: sink, run: r, count: &r.entry.output[c]}
			if r.prog.LogMarks {
				m := &markedSink{Sink: sink}
				r.marks = append(r.marks, m)
				sink = m
			}
		}
		m := &rememberedSink{Sink: sink, tail: tail{size: outputKept}}
		r.tails[c] = &m.tail
		return r.decorate(m, s, c), nil
	}
	if errors.Is(err, syscall.EMFILE) {
		return nil, &process.SpawnError{Text: fmt.Sprintf("too many open files to spawn '%s'", r.prog.Name), Err: err}
	}
	return nil, &process.SpawnError{Text: fmt.Sprintf("unknown error making dispatchers for '%s': %s", r.prog.Name, process.ErrnoName(err)), Err: err}
}

// reportedSink says in the main log that a log cannot be written, and counts what goes into it. The sink gives each outage
// back once.
type reportedSink struct {
	logs.Sink
	run     *run
	count   *outputCount
	dropped int64 // of the sink, as far as they are counted
}

func (s *reportedSink) Write(p []byte) (int, error) {
	n, err := s.Sink.Write(p)
	s.count.bytes.Add(int64(len(p)))
	if d := logs.Dropped(s.Sink); d > s.dropped {
		s.count.dropped.Add(d - s.dropped)
		s.dropped = d
	}
	if err != nil {
		what := "output of %s is lost, its log cannot be written: %v"
		if !logs.IsLoss(err) {
			what = "nothing of the output of %s is lost, but: %v"
		}
		s.run.tree.logger.Warn(fmt.Sprintf(what, logs.Clean(s.run.prog.NameSpec()), err))
	}
	return n, err
}

// resolve finds what a program would execute, with which arguments and environment. The error is a *process.ResolveError,
// or a *process.SpawnError when there is no environment to look into or a worker has options that it cannot have.
func (t *tree) resolve(p *confload.Program) (path string, args, env []string, err error) {
	args, err = confload.SplitCommand(p.Command)
	switch {
	case err != nil:
		return "", nil, nil, &process.ResolveError{Kind: process.NotExecutable,
			Text: fmt.Sprintf("can't parse command '%s': %s", p.Command, err)}
	case len(args) == 0:
		return "", nil, nil, &process.ResolveError{Kind: process.NotExecutable, Text: "command is empty"}
	}
	if env, err = t.environment(p); err != nil {
		return "", nil, nil, err
	}
	if t.workers[args[0]] != nil {
		return args[0], args, env, fitForWorker(p)
	}
	path, err = t.world.find(args[0], env)
	return path, args, env, err
}

func (t *tree) serverURL(p *confload.Program) string {
	if p.ServerURL != "" {
		return p.ServerURL
	}
	if len(t.config.Servers) == 0 {
		return ""
	}
	return t.config.Servers[0].URL() // unix listeners come first
}
