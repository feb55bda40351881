package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/watch"
)

// A reloader reads the configuration anew when its files have changed, as a client would that types reread or update. It is
// the goroutine of reload_on_change, and nothing without that option.
type reloader struct {
	tree     *actors.Handle
	logger   hclog.Logger
	mode     confload.ReloadOnChange
	envFiles []string // of the command line

	watcher *watch.Watcher
	unwatch func()
	changed chan struct{}
	cancel  context.CancelFunc
	ended   chan struct{}
}

// watchConfig begins what reload_on_change= asks for; nil: nothing.
func (g *generation) watchConfig() *reloader {
	mode := g.config.Supervisord.ReloadOnChange
	if mode == confload.ReloadOff {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &reloader{tree: g.tree, logger: g.daemon.logger, mode: mode, envFiles: g.daemon.envFiles, watcher: watch.New(),
		changed: make(chan struct{}, 1), cancel: cancel, ended: make(chan struct{})}
	r.watch()
	go r.run(ctx)
	return r
}

// end stops reading; nil: there is nothing to stop.
func (r *reloader) end() {
	if r == nil {
		return
	}
	r.cancel()
	<-r.ended
}

func (r *reloader) run(ctx context.Context) {
	defer close(r.ended)
	defer func() { r.unwatch() }()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.changed:
			r.reload(ctx)
		}
	}
}

// watch has the files watched that the configuration read last has come from.
func (r *reloader) watch() {
	r.unwatch = r.watcher.Watch(watch.Files(r.sources), func(watch.Change) { poke(r.changed) }, func(err error) {
		r.logger.Warn("not every change of the configuration files is noticed, they cannot all be watched: " + logs.Clean(err.Error()))
	})
}

func (r *reloader) sources() (files, dirs []string) {
	files, dirs = r.tree.Config().Sources()
	return append(files, r.envFiles...), dirs
}

// reload reads the configuration and does with it what the option says. One with an error changes nothing.
func (r *reloader) reload(ctx context.Context) {
	before := r.tree.Config()
	ch, err := r.tree.Reread(ctx)
	var fault *actors.Fault
	switch {
	case errors.As(err, &fault) && fault.Code == actors.CantReread:
		r.logger.Error("the configuration files have changed and have an error, nothing is changed: " + logs.Clean(fault.Extra))
		return
	case err != nil:
		return // supd ends
	}
	if after := r.tree.Config(); !slices.Equal(before.Includes, after.Includes) {
		r.unwatch()
		r.watch()
	}
	if len(ch.Added)+len(ch.Changed)+len(ch.Removed) == 0 {
		r.logger.Info("the configuration files have changed, but no program has")
		return
	}
	what := "the configuration files have changed: " + inWords(ch)
	if r.mode == confload.ReloadReread {
		r.logger.Info(what + "; update brings that into effect")
		return
	}
	r.logger.Info(what)
	r.update(ctx)
}

// inWords tells what a reread has found.
func inWords(ch actors.Changes) string {
	var parts []string
	for _, p := range []struct {
		word   string
		groups []string
	}{{"added", ch.Added}, {"changed", ch.Changed}, {"removed", ch.Removed}} {
		if len(p.groups) > 0 {
			parts = append(parts, p.word+" "+logs.Clean(strings.Join(p.groups, ", ")))
		}
	}
	return strings.Join(parts, "; ")
}

// update brings changes into effect. A program that cannot be stopped or started is told of, and does not hold up others.
func (r *reloader) update(ctx context.Context) {
	rows, err := r.tree.Update(ctx, nil)
	if err != nil && ctx.Err() == nil {
		r.logger.Error("the configuration could not be brought into effect: " + logs.Clean(err.Error()))
	}
	for _, u := range rows {
		name := logs.Clean(u.NameSpec())
		if u.Status != actors.Success {
			r.logger.Error(fmt.Sprintf("%s could not be %s: %s", name, u.Action, logs.Clean(u.Description)))
			continue
		}
		options := ""
		if len(u.Options) > 0 {
			options = " (" + strings.Join(u.Options, ", ") + ")"
		}
		r.logger.Info(fmt.Sprintf("%s was %s%s", name, u.Action, options))
	}
}
