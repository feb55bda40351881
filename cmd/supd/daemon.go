package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/events"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

// daemon is one supd from its start to its end. A soft restart makes a new generation inside it.
type daemon struct {
	path     string // absolute path of the configuration
	loader   *loader
	envFiles []string  // that loader reads
	echo     io.Writer // the foreground's stdout; nil in the background
	stderr   io.Writer

	outlets  logs.Outlets // of the main log
	log      *logs.MainLog
	logger   hclog.Logger
	pid      *pidFile // nil: none could be had
	signals  chan os.Signal
	children chan os.Signal // SIGCHLD, which comes in floods and must not displace the others
	restarts chan asker     // clients who ask for a soft restart, and wait to hear whether it can be had
	again    bool           // a restart was asked for after the configuration was read, which may have changed; serve's
	ending   atomic.Bool    // somebody wants the daemon to end: no generation follows
	status   atomic.Int32   // to end with
	began    bool           // the first generation was up
	serial   events.Serial  // of the next event
	past     *actors.Past   // what the generations so far have left; nil: there was none
	announce func(*confload.Config)
	notify   *notifier // nil: no service manager wants to hear from us

	forgotten <-chan struct{} // closed when what a reading of the configuration took, that nobody wants any more, is given back; nil: none is
}

// logPatience is how long a syslog server may take for the last lines of the main log.
const logPatience = time.Second

// stopGrace bounds how long the listeners take to end after the tree has.
const stopGrace = 5 * time.Second

// daemonMain runs the daemon and returns its exit status. An error is one that supervisord would print.
func daemonMain(f flavour, flags *daemonFlags, args []string, stdout, stderr io.Writer) (int, error) {
	path := flags.config
	if path == "" {
		found, err := findConfig()
		if err != nil {
			return exitUsage, err
		}
		path = found
		if os.Getuid() == 0 && !isBackground {
			fmt.Fprintf(stderr, "Warning: running as root with %s, which was found by searching, the current directory included; name the file with -c\n", found)
		}
	}
	path, err := confload.CheckPath(path)
	if err != nil {
		return exitUsage, &usageError{err.Error()}
	}
	d := newDaemon(flags, path, stdout, stderr)
	cfg, err := d.loader.load()
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
	l := &loader{path: path, opts: confload.Options{EnvFiles: flags.envFiles, Overrides: flags.overrides, OverrideFlags: flags.flagOf}}
	return &daemon{path: path, echo: stdout, stderr: stderr, loader: l, envFiles: flags.envFiles, notify: takeNotifier()}
}

// findConfig returns the configuration file to use when none is named.
func findConfig() (string, error) {
	found, tried, err := confload.Find(confload.FindOptions{})
	if err == nil && found == "" {
		err = &usageError{noConfig(tried)}
	}
	return found, err
}

func noConfig(tried []string) string {
	text := "no configuration file was found, looked for:"
	for _, t := range tried {
		text += "\n  " + t
	}
	return text + "\nmake one of them (supd init prints one to start from), or name one with -c FILE"
}

// run runs generation after generation until one ends in a shutdown.
func (d *daemon) run(cfg *confload.Config) (int, error) {
	d.signals, d.children = make(chan os.Signal, 16), make(chan os.Signal, 1)
	d.restarts = make(chan asker)
	if err := process.CloseOnExecInherited(); err != nil {
		return exitUsage, err
	}
	process.DefaultInheritedSignals()
	// From here on signals wait until there is somebody to handle them.
	signal.Notify(d.signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	if d.echo == os.Stdout {
		// Through a File, which outlives a reader that goes away; writing to os.Stdout itself would end us by SIGPIPE.
		if f, err := logs.OpenFile("/dev/stdout", logs.FileOptions{}); err == nil {
			d.echo = f
		}
	}
	defer func() { d.pid.release() }()
	g, err := d.first(cfg)
	if err != nil {
		return exitUsage, err
	}
	for {
		if err := g.start(); err != nil {
			g.abandon()
			if d.began {
				logs.Critical(d.logger, "the restart failed, supd ends: %v", err)
			}
			return exitUsage, err
		}
		next := g.serve()
		d.notify.beatDuring(g.end)
		if next == nil {
			d.awaitForgotten()
			d.log.Close()
			_ = d.outlets.Close(logPatience)
			return int(d.status.Load()), nil
		}
		g = next
	}
}

// awaitForgotten waits until nothing is left of a soft restart that came too late: no socket file, no pidfile.
func (d *daemon) awaitForgotten() {
	if d.forgotten == nil {
		return
	}
	select {
	case <-d.forgotten:
	case <-time.After(stopGrace):
	}
}

// first prepares the first generation, and what concerns the process supd runs in.
func (d *daemon) first(cfg *confload.Config) (*generation, error) {
	s := &cfg.Supervisord
	note, err := dropPrivileges(s.User)
	if err != nil {
		return nil, err
	}
	notes, err := raiseLimits(s)
	if err != nil {
		return nil, err
	}
	if note != "" {
		notes = append([]string{note}, notes...)
	}
	g, err := d.prepare(cfg, nil)
	if err != nil {
		return nil, err
	}
	for i := range cfg.Groups {
		if err := actors.CheckSockets(&cfg.Groups[i]); err != nil {
			g.abandon()
			return nil, err
		}
	}
	g.notes = notes
	return g, nil
}

func (d *daemon) newSystem() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(logs.SlogHandler(d.logger))
	}))
}
