package actors

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/process"
)

// A clock is the time of a tree. Every timer and every time that the actors see is from it; only what waits on a goroutine of its
// own, which a simulation has none of, uses package time.
type clock interface {
	Now() time.Time
	AfterFunc(d time.Duration, f func()) timer // f runs on a goroutine of its own, or as one more mailbox would
}

// A timer calls its function once, unless it is stopped before.
type timer interface{ Stop() bool }

// realClock is package time.
type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

// AfterFunc has f run a moment later even when its time has come. Within a bubble of testing/synctest Go 1.26 runs what is due at once on the
// goroutine that asks for it, with one context of the race detector for all of them; two at a time break the detector.
func (realClock) AfterFunc(d time.Duration, f func()) timer { return time.AfterFunc(max(d, 1), f) }

func (t *tree) since(at time.Time) time.Duration { return t.clock.Now().Sub(at) }

// A world is what a tree has around it besides its processes: the system, or what a simulation makes up.
type world interface {
	// find returns what a start would execute. The error is a *process.ResolveError.
	find(command string, env []string) (path string, err error)
	// listen opens the ways by which a process says something of itself.
	listen(a *announcer, spec *process.Spec) error
	// delivery makes a delivery; nil: senders do not wait.
	delivery() delivery
	// beside does something beside the mailboxes.
	beside(f func())
	// start begins a chore. deliver gets its error when it has ended or the time is over.
	start(c *chore, timeout time.Duration, deliver func(error)) *job
}

// A chore is something that is done for a program, once: a check, a hook or a command. It takes its time.
type chore struct {
	prog *confload.Program
	what string // "ready", "health", "memory", "action", "change" or the name of a hook
	do   func(context.Context) error
}

// realWorld is the world that there is.
type realWorld struct{}

func (realWorld) find(command string, env []string) (string, error) {
	return process.Resolve(command, env)
}

func (realWorld) listen(a *announcer, spec *process.Spec) error { return a.open(spec) }

func (realWorld) delivery() delivery { return make(delivery, 1) }

func (realWorld) beside(f func()) { go f() }

func (realWorld) start(c *chore, timeout time.Duration, deliver func(error)) *job {
	return startJob(timeout, c.do, deliver)
}

// open makes the socket of sd_notify and the pipe of ready=fd:N, where the configuration asks for them.
func (a *announcer) open(spec *process.Spec) (err error) {
	if a.prog.Ready.Kind == confload.ReadyNotify || a.prog.Watchdog > 0 {
		if a.socket, err = process.ListenNotify(); err != nil {
			return a.cannot("make the socket for sd_notify", err)
		}
		spec.Env = withVariables(spec.Env, "NOTIFY_SOCKET="+a.socket.Name())
		if a.prog.Watchdog > 0 {
			spec.Env = withVariables(spec.Env, fmt.Sprintf("WATCHDOG_USEC=%d", a.prog.Watchdog.Microseconds()))
		}
		spec.Env = without(spec.Env, "WATCHDOG_PID") // one we have inherited would be that of supd
	}
	if a.prog.Ready.Kind == confload.ReadyFD {
		if a.ours, a.theirs, err = os.Pipe(); err != nil {
			return a.cannot("make the pipe for ready", err)
		}
		spec.Extra = append(spec.Extra, process.Descriptor{Number: a.prog.Ready.FD, File: a.theirs})
	}
	return nil
}

// errLate is the error of a chore that has taken too long.
func errLate(timeout time.Duration) error { return fmt.Errorf("it was not over after %s", timeout) }

// late tells whether err comes of the end of the time of ctx.
func late(ctx context.Context, err error) bool {
	return err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded)
}
