package actors

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/events"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/workers"
)

// Mood is the state of the tree as a whole (compat.md §3.1).
type Mood int32

// The moods of a tree.
const (
	MoodShutdown   Mood = -1
	MoodRestarting Mood = 0
	MoodRunning    Mood = 1
)

var moodNames = map[Mood]string{MoodShutdown: "SHUTDOWN", MoodRestarting: "RESTARTING", MoodRunning: "RUNNING"}

// String is the name of the mood on the wire.
func (m Mood) String() string { return moodNames[m] }

// tree is what the actors of one tree share. All of it is fixed at Spawn, or safe for concurrent use.
type tree struct {
	system    *actor.ActorSystem
	config    *confload.Config
	logger    hclog.Logger
	host      osHost
	clock     clock
	world     world
	step      func(*supervisor.Policy, supervisor.Program, supervisor.Event) (supervisor.Program, []supervisor.Effect) // supervisor.Step, but for tests
	random    func() uint64                                                                                            // for the jitter of waits
	table     *table
	history   history
	ends      func([]*Info) string // see WithExitWhen; nil: never
	former    sync.Map             // namespec of a program that is gone → former
	outlets   logs.Outlets
	cgroups   cgroupPlace
	observers []func(Change)
	onGiveUp  func(group string, exitCode int, r supervisor.Reason) // nil: nobody wants to know
	remote    []func(typ, data string)
	load      func() (*confload.Config, error)
	environ   atomic.Pointer[[]string]                               // what processes inherit; never nil, the list it points to is never changed
	workers   map[string]func(context.Context) error                 // by command; nil: there are none
	check     func(context.Context, *confload.Probe, *subject) error // carries out one check
	files     fileWatcher
	now       func() time.Time             // for cron=; timers do not need it
	ownFiles  sync.Map                     // path → true: supd writes it
	realDirs  sync.Map                     // directory of such a file → where it is, links followed
	memory    func(pid int) (int64, error) // process.Memory, but for tests
	mood      atomic.Int32

	events      *actor.PID    // the event center; set before there is any group
	deaf        chan struct{} // closed when the event center takes no more messages
	wanted      atomic.Uint64 // events.Set: the types somebody listens to
	firstSerial events.Serial
	nextSerial  atomic.Int64
	workerLives atomic.Int64 // of all workers, so far

	orders atomic.Uint64 // number of the last order of a group to one that is its member

	depths    struct{ root, control, events mailboxDepth }
	mailboxes mailboxes
	runs      *actor.Props  // of all runs
	stopped   chan struct{} // closed when the tree is gone
}

// smallMailbox makes mailboxes of which an empty one takes 24 bytes; the library's other kind takes 250.
var smallMailbox = actor.UnboundedLockfree()

// mailboxes run what actors have to do.
type mailboxes interface {
	actor.Dispatcher
	Close() // nothing is kept for them from now on
}

// dispatcher runs the mailboxes of a tree.
type dispatcher struct{ workers.Pool }

// Schedule implements actor.Dispatcher.
func (d *dispatcher) Schedule(run func()) { d.Go(run) }

// Throughput implements actor.Dispatcher: how many messages an actor handles before it lets others run.
func (d *dispatcher) Throughput() int { return 300 }

// firstLife is the life a new program begins at, which is nobody's. PIDs have no incarnation: what is on its way to a program
// that was removed reaches the one that was added under its name, and must not fit there. So lives are counted on.
func (t *tree) firstLife(namespec string) uint64 {
	if f, ok := t.former.Load(namespec); ok {
		return f.(former).first
	}
	return 0
}

// asked records that a client has done something about a program, a group or all, and returns the number of the record. client
// tells which one; "" nobody knows.
func (t *tree) asked(whom, code, client, did string) uint64 {
	return t.history.add(Record{Kind: RecordRequest, Program: whom, Reason: supervisor.Reason{Code: code, Text: aClient(client) + did}})
}

func (t *tree) currentMood() Mood { return Mood(t.mood.Load()) }

// props makes the Props of an actor of the tree: a panic is logged with its stack before it becomes a failure.
func (t *tree) props(p actor.Producer, opts ...actor.PropsOption) *actor.Props {
	return actor.PropsFromProducer(p, append([]actor.PropsOption{actor.WithReceiverMiddleware(t.logPanics), actor.WithDispatcher(t.mailboxes),
		actor.WithMailbox(held(smallMailbox))}, opts...)...)
}

// A mailboxDepth counts the messages that wait in the mailbox of one actor.
type mailboxDepth struct{ waiting atomic.Int64 }

// counted has the messages of an actor counted that lives as long as the tree.
func (d *mailboxDepth) counted() actor.PropsOption {
	return actor.WithMailbox(held(actor.UnboundedLockfree(d)))
}

// MailboxStarted implements actor.MailboxMiddleware.
func (d *mailboxDepth) MailboxStarted() {}

// MessagePosted implements actor.MailboxMiddleware.
func (d *mailboxDepth) MessagePosted(interface{}) { d.waiting.Add(1) }

// MessageReceived implements actor.MailboxMiddleware.
func (d *mailboxDepth) MessageReceived(interface{}) { d.waiting.Add(-1) }

// MailboxEmpty implements actor.MailboxMiddleware.
func (d *mailboxDepth) MailboxEmpty() {}

func (t *tree) logPanics(next actor.ReceiverFunc) actor.ReceiverFunc {
	return func(ctx actor.ReceiverContext, env *actor.MessageEnvelope) {
		defer func() {
			if bug := recover(); bug != nil {
				logs.Critical(t.logger, "internal error in %s on %T: %v\n%s", ctx.Self().GetId(), env.Message, bug, debug.Stack())
				panic(bug)
			}
		}()
		next(ctx, env)
	}
}

// observe hands a change to the observers.
func (t *tree) observe(c Change) {
	for _, o := range t.observers {
		t.harmless(func() { o(c) })
	}
}

// gaveUp says that a group gave up and that everything is to end for it.
func (t *tree) gaveUp(group string, exitCode int, r supervisor.Reason) {
	if t.onGiveUp != nil {
		t.onGiveUp(group, exitCode, r)
	}
}

// observeRemote hands an event of a client to listeners and observers.
func (t *tree) observeRemote(e *RemoteEvent) {
	t.publish(events.RemoteCommunication, func() events.Event { return events.Remote(e.Type, e.Data) })
	for _, o := range t.remote {
		t.harmless(func() { o(e.Type, e.Data) })
	}
}

// harmless calls an observer. A bug in it harms nobody else.
func (t *tree) harmless(call func()) {
	defer func() {
		if bug := recover(); bug != nil {
			logs.Critical(t.logger, "internal error in an observer: %v\n%s", bug, debug.Stack())
		}
	}()
	call()
}

// log writes a line the core has asked for.
func (t *tree) log(l supervisor.Log) {
	switch l.Level {
	case supervisor.Debug:
		t.logger.Debug(l.Text)
	case supervisor.Info:
		t.logger.Info(l.Text)
	case supervisor.Warn:
		t.logger.Warn(l.Text)
	case supervisor.Error:
		t.logger.Error(l.Text)
	default:
		logs.Critical(t.logger, "%s", l.Text)
	}
}

// keepChildren is the supervisor strategy for bugs: an actor that panicked goes on with its next message, so that no
// process is harmed. One that panicked before it was up is restarted, a few times.
type keepChildren struct{ tree *tree }

const maxBugRestarts = 5

// HandleFailure implements actor.SupervisorStrategy.
func (k keepChildren) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, child *actor.PID, stats *actor.RestartStatistics, reason, message interface{}) {
	if !keep(s, child, stats, message) {
		logs.Critical(k.tree.logger, "%s cannot be brought up: %s", child.GetId(), fmt.Sprint(reason))
	}
}

// keep has an actor that panicked go on. It returns false when it has given it up.
func keep(s actor.Supervisor, child *actor.PID, stats *actor.RestartStatistics, message interface{}) bool {
	if _, starting := message.(*actor.Started); !starting {
		s.ResumeChildren(child)
		return true
	}
	stats.Fail()
	if stats.NumberOfFailures(time.Minute) > maxBugRestarts {
		s.StopChildren(child)
		return false
	}
	s.RestartChildren(child)
	return true
}

// guardian is keepChildren for the roots of all trees. An actor system never forgets a guardian, so there is one for all, which
// knows of no tree: a tree that has ended leaves nothing behind. What has panicked is in the log by itself (logPanics).
type guardian struct{}

// HandleFailure implements actor.SupervisorStrategy.
func (guardian) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, child *actor.PID, stats *actor.RestartStatistics,
	_, message interface{}) {
	keep(s, child, stats, message)
}
