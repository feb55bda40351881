package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/ctl/server"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

// daemon is one supd from its start to its end. A soft restart makes a new generation inside it.
type daemon struct {
	path   string // absolute path of the configuration
	load   func() (*confload.Config, error)
	echo   io.Writer // the foreground's stdout; nil in the background
	stderr io.Writer

	log      *logs.MainLog
	logger   hclog.Logger
	pid      *pidFile
	signals  chan os.Signal
	children chan os.Signal // SIGCHLD, which comes in floods and must not displace the others
	current  atomic.Pointer[generation]
	restart  chan struct{} // a client asks for a soft restart
	began    bool          // the first generation was up
	announce func(*confload.Config)
}

// generation is what one reading of the configuration has brought to life.
type generation struct {
	daemon *daemon
	config *confload.Config
	tree   *actors.Handle // nil until the listeners are bound
	server *server.Server
}

// stopGrace bounds how long the listeners take to end after the tree has.
const stopGrace = 5 * time.Second

// settleTime is how long after a start the memory that only the start needed is given back.
const settleTime = 2 * time.Second

// daemonMain runs the daemon and returns its exit status. An error is one that supervisord would print.
func daemonMain(f flavour, flags *daemonFlags, args []string, stdout, stderr io.Writer) (int, error) {
	path := flags.config
	if path == "" {
		found, tried, err := confload.Find(confload.FindOptions{})
		if err != nil {
			return exitUsage, err
		}
		if found == "" {
			return exitUsage, &usageError{noConfig(tried)}
		}
		path = found
		if os.Getuid() == 0 {
			fmt.Fprintf(stderr, "Warning: running as root with %s, which was found by searching, the current directory included; name the file with -c\n", found)
		}
	}
	path, err := confload.CheckPath(path)
	if err != nil {
		return exitUsage, &usageError{err.Error()}
	}
	d := newDaemon(flags, path, stdout, stderr)
	cfg, err := d.load()
	if err != nil {
		return exitUsage, err
	}
	background := flags.daemon || f == asSupervisord && !cfg.Supervisord.NoDaemon
	if background && !isBackground {
		return daemonize(args)
	}
	if background || cfg.Supervisord.Silent {
		d.echo = nil
	}
	return d.run(cfg)
}

// newDaemon makes a daemon for the configuration file at path, in the foreground.
func newDaemon(flags *daemonFlags, path string, stdout, stderr io.Writer) *daemon {
	l := &loader{path: path, opts: confload.Options{Overrides: flags.overrides, OverrideFlags: flags.flagOf}}
	return &daemon{path: path, echo: stdout, stderr: stderr, load: l.load}
}

// loader loads the configuration again and again. Names that [supervisord] environment has once defined for expansions
// stay defined (compat.md §1.4).
type loader struct {
	path string
	mu   sync.Mutex
	opts confload.Options
}

func (l *loader) load() (*confload.Config, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	cfg, err := confload.Load(l.path, l.opts)
	if err == nil {
		l.opts.KnownEnv = append(slices.Clone(l.opts.KnownEnv), cfg.Supervisord.Environment...)
		l.opts.KnownEnv = lastOfEach(l.opts.KnownEnv)
	}
	return cfg, err
}

// lastOfEach drops all but the last setting of each variable.
func lastOfEach(env []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, kv := range slices.Backward(env) {
		k, _, _ := strings.Cut(kv, "=")
		if !seen[k] {
			seen[k] = true
			out = append(out, kv)
		}
	}
	return out
}

func noConfig(tried []string) string {
	text := "no configuration file was found, looked for:"
	for _, t := range tried {
		text += "\n  " + t
	}
	return text + "\nmake one of them, or name one with -c FILE"
}

// run runs generation after generation until one ends in a shutdown.
func (d *daemon) run(cfg *confload.Config) (int, error) {
	d.signals, d.children = make(chan os.Signal, 16), make(chan os.Signal, 1)
	d.restart = make(chan struct{}, 1)
	if err := process.CloseOnExecInherited(); err != nil {
		return exitUsage, err
	}
	process.DefaultInheritedSignals()
	if d.echo == os.Stdout {
		// Through a File, which outlives a reader that goes away; writing to os.Stdout itself would end us by SIGPIPE.
		if f, err := logs.OpenFile("/dev/stdout", logs.FileOptions{}); err == nil {
			d.echo = f
		}
	}
	defer func() { d.pid.release() }()
	for {
		g, err := d.begin(cfg)
		if err != nil {
			if d.began {
				logs.Critical(d.logger, "the restart failed, supd ends: %v", err)
			}
			return exitUsage, err
		}
		next := g.serve()
		g.end()
		if next == nil {
			d.log.Close()
			return 0, nil
		}
		cfg = next
	}
}

// begin brings a generation to life. What another supd may hold is taken before anything is touched: the sockets, then
// the pidfile.
func (d *daemon) begin(cfg *confload.Config) (*generation, error) {
	s := &cfg.Supervisord
	g := &generation{daemon: d, config: cfg}
	var notes []string
	if !d.began {
		note, err := dropPrivileges(s.User)
		if err != nil {
			return nil, err
		}
		if note != "" {
			notes = append(notes, note)
		}
		limits, err := raiseLimits(s)
		if err != nil {
			return nil, err
		}
		notes = append(notes, limits...)
	}
	early := &earlyLog{hclog.New(&hclog.LoggerOptions{Output: d.stderr, DisableTime: true})}
	var err error
	late := &lateTree{}
	if g.server, err = server.New(server.Config{Servers: cfg.Servers, Tree: late, Daemon: g, Logger: early,
		Version: interfaceVersion, Release: version, Interfaces: cfg.RPCInterfaces}); err != nil {
		return nil, err
	}
	if err := g.server.Listen(); err != nil {
		return nil, err
	}
	pidErr := d.lockPid(s.PidFile)
	if locked := (*errLocked)(nil); errors.As(pidErr, &locked) {
		g.closeServer()
		return nil, pidErr
	}
	if err := d.openLog(s); err != nil {
		g.closeServer()
		return nil, err
	}
	early.Logger = d.logger
	if pidErr != nil {
		logs.Critical(d.logger, "could not write pidfile %s: %v", s.PidFile, pidErr)
	}
	d.report(cfg, notes)
	if !s.NoCleanup {
		if _, err := logs.CleanAuto(s.ChildLogDir, s.Identifier); err != nil {
			d.logger.Warn("could not remove automatic logs of an earlier run: " + err.Error())
		}
	}
	if !d.began && isBackground {
		d.logger.Info("daemonizing the supervisord process")
		if s.Directory != "" {
			if err := os.Chdir(s.Directory); err != nil {
				logs.Critical(d.logger, "can't chdir into %q: %v", s.Directory, err)
			} else {
				d.logger.Info(fmt.Sprintf("set current directory: '%s'", s.Directory))
			}
		}
		syscall.Umask(int(s.Umask))
	}
	signal.Notify(d.signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	tree, err := actors.Spawn(d.newSystem(), cfg, actors.WithLogger(d.logger), actors.WithLoader(d.load),
		actors.WithEnviron(os.Environ()), actors.WithDeferredStart())
	if err != nil {
		g.closeServer()
		return nil, err
	}
	g.tree, late.Handle = tree, tree
	d.current.Store(g)
	if tree.NeedsReaper() {
		signal.Notify(d.children, syscall.SIGCHLD)
	}
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
		d.announce(cfg)
	}
	tree.Autostart()
	time.AfterFunc(settleTime, debug.FreeOSMemory)
	return g, nil
}

// lockPid takes the pidfile of this generation; one of the same path is kept over a soft restart.
func (d *daemon) lockPid(path string) error {
	if d.pid != nil && d.pid.path == path {
		return nil
	}
	p, err := lockPidFile(path)
	if err != nil {
		return err
	}
	d.pid.release()
	d.pid = p
	return nil
}

// openLog opens the main log; at a soft restart it turns to the new file.
func (d *daemon) openLog(s *confload.Supervisord) error {
	level, err := logs.ParseLevel(s.LogLevel)
	if err != nil {
		return err
	}
	o := logs.MainOptions{Path: s.LogFile, Level: level, Echo: d.echo,
		File: logs.FileOptions{MaxBytes: s.LogFileMaxBytes, Backups: s.LogFileBackups}}
	if d.log != nil {
		return d.log.Reconfigure(o)
	}
	if d.log, err = logs.OpenMain(o); err != nil {
		return err
	}
	d.logger = d.log.Logger()
	return nil
}

// report logs what had to wait until the log was open.
func (d *daemon) report(cfg *confload.Config, notes []string) {
	warnRoot(d.logger, &cfg.Supervisord)
	for _, m := range cfg.Messages {
		text := m.Text
		if m.File != "" && m.Level != confload.Info {
			text = fmt.Sprintf("%s (%s:%d)", text, m.File, m.Line)
		}
		switch m.Level {
		case confload.Critical:
			logs.Critical(d.logger, "%s", text)
		case confload.Warn:
			d.logger.Warn(text)
		default:
			d.logger.Info(text)
		}
	}
	for _, n := range notes {
		d.logger.Info(n)
	}
	for _, m := range notYet(cfg) {
		d.logger.Warn(m)
	}
}

func (d *daemon) newSystem() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(logs.SlogHandler(d.logger))
	}))
}

// serve handles signals and requests until the tree has ended. It returns the configuration of the next generation, or
// nil when there is none.
func (g *generation) serve() *confload.Config {
	d := g.daemon
	var next *confload.Config
	for {
		select {
		case s := <-d.signals:
			if cfg := g.signalled(s); cfg != nil {
				next = cfg
			}
		case s := <-d.children:
			g.signalled(s)
		case <-d.restart:
			if cfg := g.softRestart("restart request"); cfg != nil {
				next = cfg
			}
		case <-g.tree.Done():
			if g.tree.Mood() == actors.MoodShutdown {
				return nil
			}
			return next
		}
	}
}

// signalled does what a signal asks for. At a soft restart it returns the new configuration.
func (g *generation) signalled(s os.Signal) *confload.Config {
	l := g.daemon.logger
	name := process.SignalName(s.(syscall.Signal))
	switch s {
	case syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT:
		g.tree.Shutdown(false) // first: a log that nobody reads must not stand in the way
		l.Warn(fmt.Sprintf("received %s indicating exit request", name))
	case syscall.SIGHUP:
		if g.tree.Mood() != actors.MoodRunning {
			l.Warn(fmt.Sprintf("ignored %s indicating restart request (shutdown in progress)", name))
			return nil
		}
		l.Warn(fmt.Sprintf("received %s indicating restart request", name))
		return g.softRestart(name)
	case syscall.SIGUSR2:
		l.Info(fmt.Sprintf("received %s indicating log reopen request", name))
		l.Info("supervisord logreopen")
		if err := g.daemon.log.Reopen(); err != nil {
			l.Warn("could not reopen the main log: " + err.Error())
		}
		g.tree.ReopenLogs()
	case syscall.SIGUSR1:
		l.Info(fmt.Sprintf("received %s, which means nothing to supd", name))
	case syscall.SIGCHLD:
		l.Debug(fmt.Sprintf("received %s indicating a child quit", name))
		g.tree.ReapOrphans(func(pid int, status uint32) {
			l.Info(fmt.Sprintf("reaped unknown pid %d (%s)", pid, process.DescribeStatus(status)))
		})
	}
	return nil
}

// softRestart reads the configuration and, when it is good, begins to stop this generation. A bad one changes nothing.
func (g *generation) softRestart(why string) *confload.Config {
	if g.tree.Mood() != actors.MoodRunning {
		return nil
	}
	cfg, err := g.daemon.load()
	if err != nil {
		g.daemon.logger.Error(fmt.Sprintf("%s: the configuration cannot be used, nothing was stopped or changed: %s", why, logs.Clean(err.Error())))
		return nil
	}
	g.tree.Shutdown(true)
	return cfg
}

// end closes what is left of a generation whose tree has ended.
func (g *generation) end() {
	g.closeServer()
	ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	if err := g.tree.Close(ctx); err != nil {
		g.daemon.logger.Warn("the tree did not end cleanly: " + err.Error())
	}
}

func (g *generation) closeServer() {
	ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	_ = g.server.Close(ctx)
}
