package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

// Identification implements server.Daemon.
func (g *generation) Identification() string { return g.config.Supervisord.Identifier }

// mood is that of the tree, which learns a little later that the daemon is to end.
func (g *generation) mood() actors.Mood {
	m := g.tree.Mood()
	if m == actors.MoodRunning && g.daemon.ending.Load() {
		return actors.MoodShutdown
	}
	return m
}

// State implements server.Daemon.
func (g *generation) State() (code int, name string) {
	m := g.mood()
	return int(m), m.String()
}

// Pid implements server.Daemon.
func (g *generation) Pid() int { return os.Getpid() }

// Shutdown implements server.Daemon.
func (g *generation) Shutdown(ctx context.Context) {
	g.shutdown(actors.Requested(ctx, "client-shutdown", "asked for the end of supd"))
}

// shutdown begins the end, which is told to be for a reason.
func (g *generation) shutdown(why supervisor.Reason) {
	g.daemon.ending.Store(true)
	g.tree.ShutdownFor(false, why)
	g.daemon.notify.stopping()
}

// bySignal is the reason of what a signal asked for.
func bySignal(s syscall.Signal) supervisor.Reason {
	return supervisor.Reason{Code: "signal", Text: "supd received " + process.SignalName(s)}
}

// MainLog implements server.Daemon.
func (g *generation) MainLog() string { return g.daemon.log.Path() }

// ClearMainLog implements server.Daemon. What it logs goes into the old file, so that the new one is empty.
func (g *generation) ClearMainLog() error {
	g.daemon.logger.Info("reopening log file")
	err := g.daemon.log.Clear()
	if err != nil {
		g.daemon.logger.Warn("could not clear the main log: " + err.Error())
	}
	return err
}

// Restart implements server.Daemon.
func (g *generation) Restart(ctx context.Context) error {
	answer := make(chan error, 1)
	select {
	case g.daemon.restarts <- asker{answer, actors.Requested(ctx, "client-restart", "asked for a restart of supd")}:
	case <-ctx.Done():
		return ctx.Err()
	case <-g.tree.Done():
		return &actors.Fault{Code: actors.ShutdownState}
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// restart is a soft restart on its way: a reading of the configuration under way, or the next generation that came of it.
// It belongs to the goroutine of serve.
type restart struct {
	result chan prepared // nil: none is being prepared
	turn   *atomic.Bool  // whoever sets it first decides: nothing more is done for result, or it will be there before long
	askers []asker
	next   *generation
}

// An asker is a client who asks for a soft restart.
type asker struct {
	answer chan<- error
	why    supervisor.Reason // for the history
}

type prepared struct {
	next *generation
	err  error
}

// serve handles signals and requests until the tree has ended. It returns the next generation, or nil when there is none.
func (g *generation) serve() *generation {
	d := g.daemon
	var r restart
	if d.again { // of the generation before
		d.again = false
		g.prepareNext(&r)
	}
	if g.config.Supervisord.ExitWhen.Policy != confload.ExitNever {
		g.judge()
	}
	for {
		select {
		case s := <-d.signals:
			g.signalled(s.(syscall.Signal), &r)
		case <-d.children:
			g.reap()
		case a := <-d.restarts:
			if g.mood() != actors.MoodRunning || r.next != nil {
				a.answer <- &actors.Fault{Code: actors.ShutdownState}
				continue
			}
			r.askers = append(r.askers, a)
			g.prepareNext(&r)
		case p := <-r.result:
			g.prepared(&r, p)
		case <-g.judges:
			g.judge()
		case <-g.stirs:
			d.notify.changed()
		case <-d.notify.statusDue():
			d.notify.status(g.tree.Infos())
		case <-d.notify.beats():
			d.notify.alive()
		case <-g.tree.Done():
			if r.result != nil && d.ending.Load() {
				d.forgotten = r.forget()
			} else if r.result != nil {
				g.prepared(&r, <-r.result)
			}
			if r.next != nil && d.ending.Load() {
				r.next.abandon()
				r.next = nil
			}
			if r.next == nil {
				d.notify.stopping()
			}
			return r.next
		}
	}
}

// observe notes that a program has changed its state.
func (g *generation) observe(c actors.Change) {
	poke(g.stirs)
}

// poke leaves a note unless there is one; nil takes none.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// gaveUp notes with which status the daemon is to end.
func (g *generation) gaveUp(group string, exitCode int, _ supervisor.Reason) {
	g.daemon.logger.Warn(fmt.Sprintf("supd ends with status %d: group %s gave up", exitCode, logs.Clean(group)))
	g.daemon.ending.Store(true)
	g.daemon.status.Store(int32(exitCode))
}

// judge ends the daemon when exit_when= asks for it, and looks again when something has changed.
func (g *generation) judge() {
	if g.mood() != actors.MoodRunning {
		g.judges = nil
		return
	}
	g.judges = g.tree.VersionAfter(g.tree.Version()) // before the look
	if v := judge(g.config.Supervisord.ExitWhen, g.tree.Infos(), g.tree.IsOwed); v != nil {
		g.daemon.logger.Warn(fmt.Sprintf("supd ends with status %d: %s", v.status, logs.Clean(v.reason)))
		g.daemon.status.Store(int32(v.status))
		g.shutdown(supervisor.Reason{Code: "exit-when", Text: "exit_when: " + v.reason})
	}
}

// endsWhen tells why exit_when= would end the daemon if programs were like this; "" it would not.
func (g *generation) endsWhen(infos []*actors.Info) string {
	if v := judge(g.config.Supervisord.ExitWhen, infos, g.tree.IsOwed); v != nil {
		return fmt.Sprintf("%s; its status is %d", v.reason, v.status)
	}
	return ""
}

// prepareNext reads the configuration and takes what it asks for, beside the loop, which goes on serving.
func (g *generation) prepareNext(r *restart) {
	if r.result != nil || r.next != nil {
		g.daemon.again = true
		return
	}
	g.daemon.notify.reloading()
	result, turn := make(chan prepared, 1), new(atomic.Bool)
	r.result, r.turn = result, turn
	go func() {
		cfg, err := g.daemon.loader.load()
		if err == nil {
			err = staysUser(cfg.Supervisord.User)
		}
		if err != nil {
			result <- prepared{err: err}
			return
		}
		if !turn.CompareAndSwap(false, true) {
			return // forgotten
		}
		next, err := g.daemon.prepare(cfg, g)
		result <- prepared{next, err}
	}()
}

// prepared begins to stop this generation when the next one is ready. When it cannot be had, nothing changes and whoever
// asked is told.
func (g *generation) prepared(r *restart, p prepared) {
	var answer error
	switch {
	case p.err != nil:
		g.daemon.logger.Error("the restart is refused, nothing was stopped or changed: " + logs.Clean(p.err.Error()))
		answer = &actors.Fault{Code: actors.CantReread, Extra: p.err.Error()}
		g.daemon.notify.ready(g.tree.Infos())
	case g.mood() != actors.MoodRunning:
		p.next.abandon()
		answer = &actors.Fault{Code: actors.ShutdownState}
	default:
		r.next = p.next
		why := bySignal(syscall.SIGHUP)
		if len(r.askers) > 0 {
			why = r.askers[0].why
		}
		g.tree.ShutdownFor(true, why)
	}
	r.answer(answer)
	if g.daemon.again && r.next == nil && !g.daemon.ending.Load() {
		g.daemon.again = false
		g.prepareNext(r)
	}
}

// answer ends the reading of the configuration, and tells whoever asked for it what came of it.
func (r *restart) answer(err error) {
	for _, a := range r.askers {
		a.answer <- err
	}
	r.result, r.askers = nil, nil
}

// forget gives up a reading of the configuration that is under way, for a daemon that ends. The channel is closed when what it
// took is given back; nil: it has taken nothing.
func (r *restart) forget() <-chan struct{} {
	result, done := r.result, make(chan struct{})
	r.answer(&actors.Fault{Code: actors.ShutdownState})
	if r.turn.CompareAndSwap(false, true) {
		return nil
	}
	go func() {
		defer close(done)
		if p := <-result; p.next != nil {
			p.next.abandon()
		}
	}()
	return done
}

// signalled does what a signal asks for (compat.md §2.5).
func (g *generation) signalled(s syscall.Signal, r *restart) {
	l, name := g.daemon.logger, process.SignalName(s)
	switch s {
	case syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT:
		g.shutdown(bySignal(s)) // first: a log that nobody reads must not stand in the way
		l.Warn(fmt.Sprintf("received %s indicating exit request", name))
	case syscall.SIGHUP:
		if r.next != nil && !g.daemon.ending.Load() {
			l.Warn(fmt.Sprintf("received %s indicating restart request; it follows the restart in progress", name))
			g.daemon.again = true
			return
		}
		if g.mood() != actors.MoodRunning {
			l.Warn(fmt.Sprintf("ignored %s indicating restart request (shutdown in progress)", name))
			return
		}
		l.Warn(fmt.Sprintf("received %s indicating restart request", name))
		g.prepareNext(r)
	case syscall.SIGUSR2:
		l.Info(fmt.Sprintf("received %s indicating log reopen request", name))
		g.ReopenLogs()
	case syscall.SIGUSR1:
		l.Info(fmt.Sprintf("received %s, which means nothing to supd", name))
	}
}

// ReopenLogs implements server.Daemon.
func (g *generation) ReopenLogs() {
	l := g.daemon.logger
	l.Info("supervisord logreopen")
	if err := g.daemon.log.Reopen(); err != nil {
		l.Warn("could not reopen the main log: " + err.Error())
	}
	g.tree.ReopenLogs()
}

// reap takes the statuses of orphans that have become our children.
func (g *generation) reap() {
	l := g.daemon.logger
	l.Debug("received SIGCHLD indicating a child quit")
	g.tree.ReapOrphans(func(pid int, status uint32) {
		l.Info(fmt.Sprintf("reaped unknown pid %d (%s)", pid, process.DescribeStatus(status)))
	})
}
