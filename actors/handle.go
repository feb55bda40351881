package actors

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/events"
	"github.com/gwaycc/supd/supervisor/process"
	"github.com/gwaycc/supd/supervisor/watch"
)

// Handle is a running tree. All methods may be called from any goroutine, at any time, also after the tree is gone: then
// commands answer with a SHUTDOWN_STATE fault.
type Handle struct {
	tree    *tree
	root    *actor.PID
	control *actor.PID
	latest  *atomic.Pointer[confload.Config]
}

// An Option of Spawn.
type Option func(*options)

type options struct {
	tree     *tree
	deferred bool
	shim     string
}

// WithLogger sets where the main log goes. Without it nothing is logged.
func WithLogger(l hclog.Logger) Option { return func(o *options) { o.tree.logger = l } }

// WithLoader sets how Reread loads the configuration. Without it Reread answers CANT_REREAD. It is called on a goroutine
// of its own, one call at a time.
func WithLoader(load func() (*confload.Config, error)) Option {
	return func(o *options) { o.tree.load = load }
}

// WithEnviron sets the environment that processes inherit, as KEY=VALUE. Without it they inherit nothing but what the
// configuration and SUPERVISOR_* say.
func WithEnviron(environ []string) Option { return func(o *options) { o.tree.environ.Store(&environ) } }

// WithObserver has every transition of every program reported. It is called in the order of the transitions of one
// program, from the actor of that program, and must not block. It may be given more than once.
func WithObserver(f func(Change)) Option {
	return func(o *options) { o.tree.observers = append(o.tree.observers, f) }
}

// WithEventSerial sets the serial number of the first event, for a tree that follows another one (Handle.EventSerial).
// Without it that is 0.
func WithEventSerial(s events.Serial) Option { return func(o *options) { o.tree.firstSerial = s } }

// WithGiveUp is called before the tree shuts down because a group with on_give_up=shutdown has given up. It must not block.
func WithGiveUp(f func(group string, exitCode int, r supervisor.Reason)) Option {
	return func(o *options) { o.tree.onGiveUp = f }
}

// WithExitWhen tells plans when the application ends the tree by itself: f returns why it would if programs were like this, "" it
// would not. It is called on goroutines of those who ask for a plan.
func WithExitWhen(f func([]*Info) string) Option { return func(o *options) { o.tree.ends = f } }

// WithRemoteObserver has every RemoteEvent reported, in the order in which they come, also while the tree shuts down. It
// is called from the control actor and must not block. It may be given more than once.
func WithRemoteObserver(f func(typ, data string)) Option {
	return func(o *options) { o.tree.remote = append(o.tree.remote, f) }
}

// WithDeferredStart has Spawn start no program; Handle.Autostart does.
func WithDeferredStart() Option { return func(o *options) { o.deferred = true } }

// WithShim names the program that sets the limits of programs (process.Options.Shim). Without it programs with rlimit_…,
// nice or oom_score_adj cannot be started.
func WithShim(file string) Option { return func(o *options) { o.shim = file } }

// withHost puts a scripted host in the place of the operating system.
func withHost(h osHost) Option { return func(o *options) { o.tree.host = h } }

// Spawn puts the tree of a configuration into an actor system, at the root and with a guardian of its own, and starts
// the programs with autostart. The configuration is not changed, nor may the caller change it afterwards. Spawn neither
// installs signal handlers nor changes anything else of the process it runs in, with one exception: where programs have cgroup_…
// limits, the process may have to move to a control group below its own.
func Spawn(system *actor.ActorSystem, config *confload.Config, opts ...Option) (*Handle, error) {
	t := &tree{system: system, config: config, logger: hclog.NewNullLogger(), table: newTable(), stopped: make(chan struct{}),
		deaf: make(chan struct{}), clock: realClock{}, world: realWorld{}, mailboxes: &dispatcher{}, step: supervisor.Step,
		random: rand.Uint64}
	t.environ.Store(&[]string{})
	t.mood.Store(int32(MoodRunning))
	t.history.id = fmt.Sprintf("%08x", rand.Uint32())
	t.check, t.memory, t.files = t.probe, process.Memory, watch.New()
	t.ownMain(&config.Supervisord)
	o := options{tree: t}
	for _, opt := range opts {
		opt(&o)
	}
	if err := t.checkWorkers(); err != nil {
		return nil, err
	}
	t.history.now = t.clock.Now
	if t.now == nil {
		t.now = t.clock.Now
	}
	if t.host == nil {
		h, err := process.NewHost(process.Options{Shim: o.shim})
		if err != nil {
			return nil, err
		}
		t.host = realHost{h}
	}
	t.runs = t.props(func() actor.Actor { return &run{tree: t} })
	h := &Handle{tree: t, latest: &atomic.Pointer[confload.Config]{}}
	h.latest.Store(config)
	h.root = system.Root.Spawn(t.props(func() actor.Actor {
		return &root{keepChildren: keepChildren{t}, latest: h.latest}
	}, actor.WithGuardian(guardian{}), t.depths.root.counted()))
	answer, err := h.ask(context.Background(), h.root, &awaitReady{})
	if err != nil {
		return nil, err
	}
	h.control = answer.(*actor.PID)
	if !o.deferred {
		h.Autostart()
	}
	return h, nil
}

// Autostart starts the programs with autostart, in order, but for those that somebody has asked to stop. Calling it again has no
// effect on those that were started.
func (h *Handle) Autostart() { h.tree.system.Root.Send(h.root, &launchAll{}) }

// Start starts the program of a namespec; with wait it returns when the program is RUNNING or has failed.
func (h *Handle) Start(ctx context.Context, name string, wait bool) error {
	return h.command(ctx, &StartProgram{name, wait, ClientOf(ctx)})
}

// Stop stops the program of a namespec; with wait it returns when the program is down.
func (h *Handle) Stop(ctx context.Context, name string, wait bool) error {
	return h.command(ctx, &StopProgram{name, wait, ClientOf(ctx)})
}

// Signal sends a signal to the process of a namespec, not to its process group. Signal 0 tells whether it could be sent.
func (h *Handle) Signal(ctx context.Context, name string, sig syscall.Signal) error {
	return h.command(ctx, &SignalProgram{name, sig, ClientOf(ctx)})
}

// StartGroup starts the programs of a group that are not up.
func (h *Handle) StartGroup(ctx context.Context, group string, wait bool) ([]Result, error) {
	return h.many(ctx, &ManyPrograms{Do: Start, Group: group, Wait: wait})
}

// StartAll starts all programs that are not up.
func (h *Handle) StartAll(ctx context.Context, wait bool) ([]Result, error) {
	return h.many(ctx, &ManyPrograms{Do: Start, All: true, Wait: wait})
}

// StopGroup stops the programs of a group that are up.
func (h *Handle) StopGroup(ctx context.Context, group string, wait bool) ([]Result, error) {
	return h.many(ctx, &ManyPrograms{Do: Stop, Group: group, Wait: wait})
}

// StopAll stops all programs that are up.
func (h *Handle) StopAll(ctx context.Context, wait bool) ([]Result, error) {
	return h.many(ctx, &ManyPrograms{Do: Stop, All: true, Wait: wait})
}

// SignalGroup sends a signal to the processes of a group.
func (h *Handle) SignalGroup(ctx context.Context, group string, sig syscall.Signal) ([]Result, error) {
	return h.many(ctx, &ManyPrograms{Do: Signal, Group: group, Signal: sig})
}

// SignalAll sends a signal to all processes.
func (h *Handle) SignalAll(ctx context.Context, sig syscall.Signal) ([]Result, error) {
	return h.many(ctx, &ManyPrograms{Do: Signal, All: true, Signal: sig})
}

// SendStdin gives bytes to the standard input of the program of a namespec, all of them or, with an error, none. What its
// pipe does not take at once is kept until the program reads.
func (h *Handle) SendStdin(ctx context.Context, name string, data []byte) error {
	return h.command(ctx, &SendStdin{name, data})
}

// ClearLogs empties the log files of the program of a namespec if it has a process; otherwise it does nothing.
func (h *Handle) ClearLogs(ctx context.Context, name string) error {
	return h.command(ctx, &ClearLogs{name})
}

// ClearAllLogs empties the log files of all programs that have a process, and has a result for every program.
func (h *Handle) ClearAllLogs(ctx context.Context) ([]Result, error) {
	return h.many(ctx, &ManyPrograms{Do: Clear, All: true})
}

// RemoteEvent reports an event of a client to the observers of WithRemoteObserver; it returns when they have been told.
// Both strings are taken as they are. Unlike commands it is accepted until the tree has ended (compat.md §4.3).
func (h *Handle) RemoteEvent(ctx context.Context, typ, data string) error {
	return h.command(ctx, &RemoteEvent{typ, data})
}

// Ping returns when the control actor has answered, also while the tree shuts down. It tells whether commands are still
// taken care of.
func (h *Handle) Ping(ctx context.Context) error { return h.command(ctx, &Ping{}) }

// Info returns what is known of the program of a namespec. It sends no message.
func (h *Handle) Info(name string) (*Info, bool) {
	e := h.tree.table.find(name)
	if e == nil {
		return nil, false
	}
	return e.info.Load(), true
}

// Infos returns what is known of all programs, sorted by group, then name. It sends no message.
func (h *Handle) Infos() []*Info {
	entries := *h.tree.table.sorted.Load()
	out := make([]*Info, len(entries))
	for i, e := range entries {
		out[i] = e.info.Load()
	}
	return out
}

// HasGroup tells whether a group is active.
func (h *Handle) HasGroup(name string) bool { return h.tree.table.group(name) != nil }

// ConfigInfos returns the programs of the configuration read last, sorted by name.
func (h *Handle) ConfigInfos() []ConfigInfo {
	cfg := h.latest.Load()
	var out []ConfigInfo
	for i := range cfg.Groups {
		g := &cfg.Groups[i]
		inUse := h.HasGroup(g.Name)
		for j := range g.Programs {
			out = append(out, ConfigInfo{&g.Programs[j], g.Priority, inUse})
		}
	}
	slices.SortStableFunc(out, func(a, b ConfigInfo) int { return strings.Compare(a.Program.Name, b.Program.Name) })
	return out
}

// Config returns the configuration read last.
func (h *Handle) Config() *confload.Config { return h.latest.Load() }

// Reread loads the configuration anew and tells how it differs from the groups that are active. It changes nothing.
func (h *Handle) Reread(ctx context.Context) (Changes, error) {
	answer, err := h.ask(ctx, h.control, &Reread{ClientOf(ctx)})
	if err != nil {
		return Changes{}, err
	}
	return *answer.(*Changes), nil
}

// AddGroup starts a group of the configuration read last.
func (h *Handle) AddGroup(ctx context.Context, name string) error {
	return h.command(ctx, &AddGroup{Name: name, By: ClientOf(ctx)})
}

// AddGroupDown is AddGroup, but nothing is started: autostart counts at the next start of the tree.
func (h *Handle) AddGroupDown(ctx context.Context, name string) error {
	return h.command(ctx, &AddGroup{Name: name, By: ClientOf(ctx), Down: true})
}

// RemoveGroup removes a group all of whose programs are down.
func (h *Handle) RemoveGroup(ctx context.Context, name string) error {
	return h.command(ctx, &RemoveGroup{Name: name, By: ClientOf(ctx)})
}

// SetEnv sets a variable of the environment that processes inherit, from their next start on; what their configuration says
// wins over it. name is not empty and has no equals sign, neither has a zero byte.
func (h *Handle) SetEnv(ctx context.Context, name, value string) error {
	return h.command(ctx, &SetEnv{name, value})
}

// Environ is the environment that processes inherit, as KEY=VALUE. The caller must not change it.
func (h *Handle) Environ() []string { return *h.tree.environ.Load() }

// ReopenLogs has all log files of programs closed and opened again, as after somebody has moved them away.
func (h *Handle) ReopenLogs() { h.tree.system.Root.Send(h.control, &ReopenLogs{}) }

// EventSerial is the serial number that the next event would get.
func (h *Handle) EventSerial() events.Serial { return events.Serial(h.tree.nextSerial.Load()) }

// Mood is the state of the tree as a whole.
func (h *Handle) Mood() Mood { return h.tree.currentMood() }

// Shutdown begins to stop everything and returns at once; Done tells when it is over. With restart the mood is
// RESTARTING meanwhile; the tree ends all the same.
func (h *Handle) Shutdown(restart bool) {
	h.tree.system.Root.Send(h.root, &ShutDown{Restart: restart})
}

// ShutdownFor is Shutdown with a reason for the history; the zero Reason is that a client asked for it.
func (h *Handle) ShutdownFor(restart bool, why supervisor.Reason) {
	h.tree.system.Root.Send(h.root, &ShutDown{Restart: restart, Why: why})
}

// Done is closed when the tree has ended.
func (h *Handle) Done() <-chan struct{} { return h.tree.stopped }

// outletPatience is how long Close waits for syslog servers to take what is left.
const outletPatience = 2 * time.Second

// killedPatience is how long Close waits for processes that it has killed to end.
const killedPatience = 2 * time.Second

// Close stops everything in order and returns when the tree has ended. When ctx ends first, what is left is killed.
func (h *Handle) Close(ctx context.Context) error {
	h.Shutdown(false)
	err := ctx.Err() // one that has ended before counts, however soon the tree ends
	if err == nil {
		select {
		case <-h.Done():
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if err != nil {
		h.tree.system.Root.Stop(h.root)
		<-h.Done()
		if r, ok := h.tree.host.(realHost); ok {
			r.Wait(killedPatience)
		}
	}
	h.tree.cgroups.close()
	return errors.Join(err, h.tree.host.Close(), h.tree.outlets.Close(outletPatience))
}

// Control is the PID of the control actor, which takes the exported messages of this package.
func (h *Handle) Control() *actor.PID { return h.control }

// NeedsReaper tells whether orphans may become children of this process, see ReapOrphans.
func (h *Handle) NeedsReaper() bool {
	r, ok := h.tree.host.(realHost)
	return ok && r.NeedsReaper()
}

// ReapOrphans takes the exit statuses of children that belong to no program. A daemon calls it at SIGCHLD.
func (h *Handle) ReapOrphans(report func(pid int, status uint32)) {
	if r, ok := h.tree.host.(realHost); ok {
		r.Host.ReapOrphans(report)
	}
}

func (h *Handle) command(ctx context.Context, m interface{}) error {
	answer, err := h.ask(ctx, h.control, m)
	if err != nil {
		return err
	}
	if o := answer.(*Outcome); o.Fault != nil {
		return o.Fault
	}
	return nil
}

func (h *Handle) many(ctx context.Context, m *ManyPrograms) ([]Result, error) {
	m.By = ClientOf(ctx)
	answer, err := h.ask(ctx, h.control, m)
	if err != nil {
		return nil, err
	}
	return answer.(Results), nil
}

// ask sends a request and waits for its answer; a *Fault is returned as the error.
func (h *Handle) ask(ctx context.Context, to *actor.PID, m interface{}) (interface{}, error) {
	p, pid := newPromise(h.tree.system)
	defer h.tree.system.ProcessRegistry.Remove(pid)
	h.tree.system.Root.RequestWithCustomSender(to, m, pid)
	var answer interface{}
	select {
	case answer = <-p.answer:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-h.tree.stopped:
		select {
		case answer = <-p.answer:
		default:
			return nil, &Fault{Code: ShutdownState}
		}
	}
	switch a := answer.(type) {
	case *Fault:
		return nil, a
	case *actor.DeadLetterResponse:
		if h.Mood() != MoodRunning {
			return nil, &Fault{Code: ShutdownState}
		}
		return nil, &Fault{Code: BadName}
	}
	return answer, nil
}
