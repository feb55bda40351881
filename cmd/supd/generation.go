package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/ctl/server"
	"github.com/gwaycc/supd/supervisor/logs"
)

// generation is what one reading of the configuration has brought to life: first prepared, then started, then ended.
type generation struct {
	daemon *daemon
	config *confload.Config
	server *server.Server
	late   *lateTree
	early  *earlyLog
	notes  []string // for the log, which is not open yet

	newPid bool // pid replaces the daemon's
	pid    *pidFile
	pidErr error // why there is none

	tree   *actors.Handle  // nil until it has started
	unmet  unmet           // what has changed and waits for a soft restart
	judges <-chan struct{} // closed when it is to be seen again whether exit_when= asks for the end; nil: it does not matter
	reload *reloader       // nil: nobody waits for the configuration files to change
	stirs  chan struct{}   // a program has changed its state; nil: nobody wants to know
}

// lateTree is a tree for the listeners, which are bound before there is one. Its Handle is set before they serve.
type lateTree struct{ *actors.Handle }

// prepare gets hold of all that a configuration asks for and that may be refused, and changes nothing: the listeners, the
// pidfile, the main log, in this order, so that another supd that has one of them is found out before a file of its is
// touched. old is the generation that still runs, nil for the first.
func (d *daemon) prepare(cfg *confload.Config, old *generation) (*generation, error) {
	g := &generation{daemon: d, config: cfg, late: &lateTree{}, early: newEarlyLog(d.logger, d.stderr)}
	var err error
	if g.server, err = server.New(server.Config{Servers: cfg.Servers, Accounts: cfg.Accounts, Tree: g.late, Daemon: g, Logger: g.early,
		Version: interfaceVersion, Release: version, ConfigFile: cfg.Path, Interfaces: cfg.RPCInterfaces}); err != nil {
		return nil, err
	}
	var before *server.Server
	if old != nil {
		before = old.server
	}
	if err := g.server.Listen(before); err != nil {
		return nil, err
	}
	if err := g.lockPid(); err != nil {
		g.abandon()
		return nil, err
	}
	if err := d.tryLog(&cfg.Supervisord); err != nil {
		g.abandon()
		return nil, err
	}
	return g, nil
}

// lockPid takes the pidfile of this generation; one of the same path is kept over a soft restart. One that cannot be
// written is no reason not to run (compat.md §2.4), one that another supervisor holds is.
func (g *generation) lockPid() error {
	path := g.config.Supervisord.PidFile
	if old := g.daemon.pid; old != nil && old.path == path {
		return nil
	}
	g.newPid = true
	g.pid, g.pidErr = lockPidFile(path)
	var locked *errLocked
	if errors.As(g.pidErr, &locked) {
		return g.pidErr
	}
	return nil
}

// abandon gives back what prepare has taken.
func (g *generation) abandon() {
	g.closeServer()
	g.pid.release()
	g.pid = nil
}

// start brings the generation to life. Only a lack of descriptors and the like can stop it.
func (g *generation) start() error {
	d, s := g.daemon, &g.config.Supervisord
	if err := d.openLog(s); err != nil {
		return err
	}
	g.early.become(d.logger)
	g.takePid()
	g.report()
	if !s.NoCleanup {
		if _, err := logs.CleanAuto(s.ChildLogDir, s.Identifier); err != nil {
			d.logger.Warn("could not remove automatic logs of an earlier run: " + err.Error())
		}
	}
	if !d.began && isBackground {
		g.settle()
	}
	options := []actors.Option{actors.WithLogger(d.logger), actors.WithLoader(g.reread),
		actors.WithEnviron(lastOfEach(slices.Concat(g.config.Environ, d.loader.setVariables()))),
		actors.WithDeferredStart(), actors.WithShim("/proc/self/exe"), actors.WithEventSerial(d.serial), actors.WithPast(d.past),
		actors.WithGiveUp(g.gaveUp), actors.WithExitWhen(g.endsWhen)}
	if d.notify != nil {
		g.stirs = make(chan struct{}, 1)
		options = append(options, actors.WithObserver(g.observe))
	}
	tree, err := actors.Spawn(d.newSystem(), g.config, options...)
	if err != nil {
		return err
	}
	g.tree, g.late.Handle = tree, tree
	if tree.NeedsReaper() {
		signal.Notify(d.children, syscall.SIGCHLD)
	}
	d.notify.begin(func(text string) { d.logger.Warn(text) })
	g.server.Serve()
	if d.pid != nil {
		if err := d.pid.write(); err != nil {
			logs.Critical(d.logger, "could not write pidfile %s: %v", s.PidFile, err)
		}
	}
	if !d.began {
		if err := tellReady(); err != nil {
			d.logger.Warn("could not let go of the terminal: " + err.Error())
		}
	}
	d.began = true
	d.logger.Info(fmt.Sprintf("supervisord started with pid %d", os.Getpid()))
	if d.announce != nil {
		d.announce(g.config)
	}
	tree.Autostart()
	g.reload = g.watchConfig()
	d.notify.ready(tree.Infos())
	settleMemory(tree)
	return nil
}

// settle is what a daemon does when it goes to the background.
func (g *generation) settle() {
	l, s := g.daemon.logger, &g.config.Supervisord
	l.Info("daemonizing the supervisord process")
	if s.Directory != "" {
		if err := os.Chdir(s.Directory); err != nil {
			logs.Critical(l, "can't chdir into %q: %v", s.Directory, err)
		} else {
			l.Info(fmt.Sprintf("set current directory: '%s'", s.Directory))
		}
	}
	syscall.Umask(int(s.Umask))
}

// takePid makes the pidfile of this generation the daemon's.
func (g *generation) takePid() {
	d := g.daemon
	if g.pidErr != nil {
		logs.Critical(d.logger, "could not write pidfile %s: %v", g.config.Supervisord.PidFile, g.pidErr)
	}
	if g.newPid {
		d.pid.release()
		d.pid, g.pid = g.pid, nil
	}
}

// end closes what is left of a generation whose tree has ended.
func (g *generation) end() {
	g.closeServer()
	g.reload.end()
	ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	if err := g.tree.Close(ctx); err != nil {
		g.daemon.logger.Warn("the tree did not end cleanly: " + err.Error())
	}
	g.daemon.serial, g.daemon.past = g.tree.EventSerial(), g.tree.Past()
}

func (g *generation) closeServer() {
	ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	_ = g.server.Close(ctx)
}

// openLog opens the main log; at a soft restart it turns to the new file, or stays with the old one when the new one has
// become impossible since it was tried.
func (d *daemon) openLog(s *confload.Supervisord) error {
	o, err := d.logOptions(s)
	if err != nil {
		return err
	}
	o.Also, err = d.openAlso(s)
	if d.log != nil {
		if err == nil {
			err = d.log.Reconfigure(o)
		}
		if err != nil {
			logs.Critical(d.logger, "%v; the log goes on in %s", err, d.log.Path())
		}
		return nil
	}
	if err != nil {
		return err
	}
	if d.log, err = logs.OpenMain(o); err != nil {
		return err
	}
	d.logger = d.log.Logger()
	return nil
}

// tryLog tells whether the main log can be opened. At the first start openLog finds out.
func (d *daemon) tryLog(s *confload.Supervisord) error {
	o, err := d.logOptions(s)
	if err != nil || d.log == nil || o.Path == "" || o.Path == d.log.Path() {
		return err
	}
	also, err := d.openAlso(s)
	if err != nil {
		return err
	}
	if also != nil {
		_ = also.Close()
	}
	f, err := logs.OpenFile(o.Path, o.File)
	if err != nil {
		return fmt.Errorf("cannot open the main log (logfile= in [supervisord], or -l): %w", err)
	}
	return f.Close()
}

func (d *daemon) logOptions(s *confload.Supervisord) (logs.MainOptions, error) {
	level, err := logs.ParseLevel(s.LogLevel)
	if err != nil {
		return logs.MainOptions{}, err
	}
	return logs.MainOptions{Path: s.LogFile, Level: level, Echo: d.echo,
		File: logs.FileOptions{MaxBytes: s.LogFileMaxBytes, Backups: s.LogFileBackups, MakeDir: s.MakeLogDirs}}, nil
}

// openAlso opens where the main log goes besides its file.
func (d *daemon) openAlso(s *confload.Supervisord) (logs.Sink, error) {
	x := logs.OutletForMain(s)
	if len(x.Files)+len(x.Syslogs) == 0 {
		return nil, nil
	}
	sink, err := d.outlets.Open(x)
	if err != nil {
		return nil, fmt.Errorf("cannot open the main log (logfile= in [supervisord], or -l): %w", err)
	}
	return sink, nil
}
