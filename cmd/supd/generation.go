package main

import (
	"fmt"
	"os"

	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
)

// Identification implements server.Daemon.
func (g *generation) Identification() string { return g.config.Supervisord.Identifier }

// State implements server.Daemon.
func (g *generation) State() (code int, name string) {
	m := g.tree.Mood()
	return int(m), m.String()
}

// Pid implements server.Daemon.
func (g *generation) Pid() int { return os.Getpid() }

// MainLogPath implements server.Daemon.
func (g *generation) MainLogPath() string { return g.daemon.log.Path() }

// Shutdown implements server.Daemon.
func (g *generation) Shutdown() { g.tree.Shutdown(false) }

// Restart implements server.Daemon.
func (g *generation) Restart() {
	select {
	case g.daemon.restart <- struct{}{}:
	default: // one is under way
	}
}

// lateTree is a tree for the listeners, which are bound before there is one. Its Handle is set before they serve.
type lateTree struct{ *actors.Handle }

// earlyLog is a logger that is exchanged once, when the main log is open and before anything runs that could use both.
type earlyLog struct{ hclog.Logger }

// notYet lists what a configuration asks for and does not get in this version, so that nobody finds out by its absence.
func notYet(cfg *confload.Config) []string {
	var out []string
	say := func(p *confload.Program, what string) {
		out = append(out, fmt.Sprintf("[%s] %s (%s:%d)", p.Section, what, p.File, p.Line))
	}
	seen := map[string]bool{}
	for i := range cfg.Groups {
		for j := range cfg.Groups[i].Programs {
			p := &cfg.Groups[i].Programs[j]
			if seen[p.Section] {
				continue
			}
			seen[p.Section] = true
			switch p.Kind {
			case confload.KindEventListener:
				say(p, "the listener is run, but this version sends it no events")
			case confload.KindFCGI:
				say(p, "the program is run, but this version gives it no shared socket")
			}
			if p.Stdout.Syslog || p.Stderr.Syslog {
				say(p, "this version does not write output to syslog")
			}
			if p.Kind != confload.KindEventListener && (p.Stdout.CaptureMaxBytes > 0 || p.Stderr.CaptureMaxBytes > 0 || p.Stdout.EventsEnabled || p.Stderr.EventsEnabled) {
				say(p, "this version makes no events of output")
			}
		}
	}
	if cfg.Supervisord.LogSyslog {
		out = append(out, "[supervisord] logfile=syslog: this version does not write the main log to syslog")
	}
	return out
}
