package main

import (
	"context"
	"fmt"
	"os"
	"syscall"

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

// Shutdown implements server.Daemon.
func (g *generation) Shutdown() { g.tree.Shutdown(false) }

// Restart implements server.Daemon.
func (g *generation) Restart() {
	select {
	case g.daemon.restart <- struct{}{}:
	default: // one is under way
	}
}

// treeOf is the tree of a generation for the listeners, which are bound before there is one.
type treeOf struct{ g *generation }

func (t treeOf) Start(ctx context.Context, name string, wait bool) error {
	return t.g.tree.Start(ctx, name, wait)
}

func (t treeOf) StartGroup(ctx context.Context, group string, wait bool) ([]actors.Result, error) {
	return t.g.tree.StartGroup(ctx, group, wait)
}

func (t treeOf) StartAll(ctx context.Context, wait bool) ([]actors.Result, error) {
	return t.g.tree.StartAll(ctx, wait)
}

func (t treeOf) Stop(ctx context.Context, name string, wait bool) error {
	return t.g.tree.Stop(ctx, name, wait)
}

func (t treeOf) StopGroup(ctx context.Context, group string, wait bool) ([]actors.Result, error) {
	return t.g.tree.StopGroup(ctx, group, wait)
}

func (t treeOf) StopAll(ctx context.Context, wait bool) ([]actors.Result, error) {
	return t.g.tree.StopAll(ctx, wait)
}

func (t treeOf) Signal(ctx context.Context, name string, sig syscall.Signal) error {
	return t.g.tree.Signal(ctx, name, sig)
}

func (t treeOf) SignalGroup(ctx context.Context, group string, sig syscall.Signal) ([]actors.Result, error) {
	return t.g.tree.SignalGroup(ctx, group, sig)
}

func (t treeOf) SignalAll(ctx context.Context, sig syscall.Signal) ([]actors.Result, error) {
	return t.g.tree.SignalAll(ctx, sig)
}

func (t treeOf) Info(name string) (*actors.Info, bool)              { return t.g.tree.Info(name) }
func (t treeOf) Infos() []*actors.Info                              { return t.g.tree.Infos() }
func (t treeOf) ConfigInfos() []actors.ConfigInfo                   { return t.g.tree.ConfigInfos() }
func (t treeOf) Reread(ctx context.Context) (actors.Changes, error) { return t.g.tree.Reread(ctx) }
func (t treeOf) AddGroup(ctx context.Context, name string) error    { return t.g.tree.AddGroup(ctx, name) }
func (t treeOf) RemoveGroup(ctx context.Context, name string) error {
	return t.g.tree.RemoveGroup(ctx, name)
}

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
