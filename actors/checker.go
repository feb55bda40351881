package actors

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
)

// A checker puts one question to one life of a program again and again, and tells the program, its parent, each answer. It
// lives as long as the question matters: its end is the end of a check that is under way.
type checker struct {
	tree  *tree
	prog  *confload.Program
	life  uint64
	about topic
	look  func(context.Context) (int64, error) // the check; the number is for aboutMemory alone

	delay   time.Duration // before the first check
	period  time.Duration // from begin to begin
	slower  time.Duration // the period grows up to this; 0: it stays
	timeout time.Duration // of one check

	turn  *turn // the present one
	timer timer
	job   *job // the check under way; nil: none
}

// A topic is what a check is about.
type topic int

const (
	aboutReadiness topic = iota // ready=
	aboutHealth                 // liveness_check_script
	aboutMemory                 // restart_memory_limit: the answer is what the program uses, in bytes
)

var topicNames = [...]string{"ready", "health", "memory"}

// A turn is the wait for one check, and the check. Messages name it, so that what an earlier turn has left behind, before a
// bug made the checker begin anew, is known as such.
type turn struct{ began time.Time }

// How often the check of ready= is done: often at first, as programs start quickly, then every second.
const (
	readyPeriod    = 100 * time.Millisecond
	readyMaxPeriod = time.Second
	readyTimeout   = 5 * time.Second // of one check
)

// Receive implements actor.Actor.
func (c *checker) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		c.arm(ctx, c.delay)
	case *checkDue:
		if m.turn == c.turn {
			c.begin(ctx)
		}
	case *checkEnded:
		if m.turn != c.turn {
			return
		}
		c.job = nil
		ctx.Send(ctx.Parent(), &checked{c.life, c.about, m.bytes, m.err})
		c.arm(ctx, c.period-c.tree.since(m.turn.began))
		c.period = min(c.period*3/2, max(c.period, c.slower))
	case *actor.Stopping, *actor.Restarting:
		if c.timer != nil {
			c.timer.Stop()
		}
		c.job.end()
	}
}

func (c *checker) arm(ctx actor.Context, after time.Duration) {
	root, self, t := ctx.ActorSystem().Root, ctx.Self(), &turn{}
	c.turn = t
	c.timer = c.tree.clock.AfterFunc(max(0, after), func() { root.Send(self, &checkDue{t}) })
}

func (c *checker) begin(ctx actor.Context) {
	root, self, t, look := ctx.ActorSystem().Root, ctx.Self(), c.turn, c.look
	t.began = c.tree.clock.Now()
	var bytes int64
	check := &chore{prog: c.prog, what: topicNames[c.about], do: func(ctx context.Context) (err error) {
		bytes, err = look(ctx)
		return err
	}}
	c.job = c.tree.world.start(check, c.timeout, func(err error) { root.Send(self, &checkEnded{t, bytes, err}) })
}

// An errand is something that is done once: the command of a change of health, or a hook. Its end is the end of what it does.
type errand struct {
	tree    *tree
	chore   *chore
	timeout time.Duration
	done    func(error) // called when the work has ended by itself or its time is over
	job     *job
}

// actionTimeout is how long the command of a change of health may take.
const actionTimeout = 5 * time.Minute

// Receive implements actor.Actor.
func (a *errand) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		root, self := ctx.ActorSystem().Root, ctx.Self()
		a.job = a.tree.world.start(a.chore, a.timeout, func(err error) { root.Send(self, &checkEnded{err: err}) })
	case *checkEnded:
		a.done(m.err)
		ctx.Stop(ctx.Self())
	case *actor.Stopping, *actor.Restarting:
		a.job.end()
	}
}

// A job is work for an actor that takes its time.
type job struct{ stop func() }

// startJob does work on a goroutine of its own until it is done, end is called or the time is over, and then calls deliver with
// its error. A panic of work is an error.
func startJob(timeout time.Duration, work func(context.Context) error, deliver func(error)) *job {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer cancel()
		err := guarded(ctx, work)
		if late(ctx, err) {
			err = errLate(timeout)
		}
		deliver(err)
	}()
	return &job{func() {
		cancel()
		patience := time.NewTimer(jobPatience)
		defer patience.Stop()
		select {
		case <-ended:
		case <-patience.C:
		}
	}}
}

func guarded(ctx context.Context, work func(context.Context) error) (err error) {
	defer func() {
		if bug := recover(); bug != nil {
			err = fmt.Errorf("internal error: %v\n%s", bug, debug.Stack())
		}
	}()
	return work(ctx)
}

// jobPatience is how long the end of a job is awaited: longer than that of a command that is killed. What takes longer hangs
// in the system, such as on a file system that does not answer.
const jobPatience = killPatience + 5*time.Second

// end has the work stop and waits until it has. nil: there is none.
func (j *job) end() {
	if j != nil {
		j.stop()
	}
}
