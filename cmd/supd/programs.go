package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/logs"
)

// This file is programs that clients add and remove, and the variables they set.

// Environ implements server.Daemon.
func (g *generation) Environ() []string { return g.tree.Environ() }

// SetEnv implements server.Daemon. The value is never told: it may be a secret.
func (g *generation) SetEnv(ctx context.Context, name, value string) error {
	l := g.daemon.loader
	l.changing.Lock()
	defer l.changing.Unlock()
	if err := g.tree.SetEnv(ctx, name, value); err != nil {
		return err
	}
	l.setEnv(name, value)
	g.daemon.logger.Info(fmt.Sprintf("the variable %s was set", logs.Clean(name)))
	return nil
}

// RunProgram implements server.Daemon. A client that goes away meanwhile changes nothing.
func (g *generation) RunProgram(ctx context.Context, r confload.Run, save, wait bool) ([]actors.Result, error) {
	if err := g.takeRun(context.WithoutCancel(ctx), r, save); err != nil {
		return nil, err
	}
	return g.tree.StartGroup(ctx, r.GroupName(), wait)
}

// takeRun makes a program part of the configuration, and its group part of the tree: both or, with an error, neither.
func (g *generation) takeRun(ctx context.Context, r confload.Run, save bool) error {
	l := g.daemon.loader
	l.changing.Lock()
	defer l.changing.Unlock()
	if g.tree.HasGroup(r.GroupName()) {
		return &actors.Fault{Code: actors.AlreadyAdded, Extra: r.GroupName()}
	}
	cfg, err := l.try(r)
	if err == nil && save {
		if r.File, err = cfg.PlaceFor(r.Name); err == nil {
			_, err = l.try(r) // once more: %(here)s is another directory now
		}
	}
	if err != nil {
		return &actors.Fault{Code: actors.CantReread, Extra: err.Error()}
	}
	undo := func() { l.forget(r.Name) }
	if save {
		if err := writeRun(&r); err != nil {
			return &actors.Fault{Code: actors.Failed, Extra: err.Error()}
		}
		undo = func() { _ = os.Remove(r.File) }
	} else {
		l.keep(r)
	}
	if _, err = g.tree.Reread(ctx); err == nil {
		err = g.tree.AddGroupDown(ctx, r.GroupName())
	}
	if err != nil {
		undo()
		_, _ = g.tree.Reread(ctx) // so that it is not added later; what is wrong is told already
		return err
	}
	where := "until it is removed or supd ends"
	if save {
		where = "it is in " + r.File
	}
	g.daemon.logger.Info(fmt.Sprintf("added %s, which a client has asked for; %s", logs.Clean(r.NameSpec()), logs.Clean(where)))
	return nil
}

// RemoveProgram implements server.Daemon. name is that given to RunProgram, or that of a process.
func (g *generation) RemoveProgram(ctx context.Context, name string) error {
	p, err := g.findRun(name)
	if err != nil {
		return err
	}
	if g.tree.HasGroup(p.Group) {
		if _, err := g.tree.StopGroup(ctx, p.Group, true); err != nil {
			return err
		}
	}
	return g.dropRun(context.WithoutCancel(ctx), p)
}

// findRun returns the program of a name if it was run and can be forgotten: nothing else may be in its group, depend on it or name it.
func (g *generation) findRun(name string) (*confload.Program, error) {
	var found *confload.Program
	for _, c := range g.tree.ConfigInfos() {
		p := c.Program
		if found == nil && (p.NameSpec() == name || p.Section == "program:"+name) {
			found = p
		}
	}
	if found == nil {
		return nil, &actors.Fault{Code: actors.BadName, Extra: name}
	}
	if found.File != confload.RunSource && !confload.WrittenRun(found.File, found.Section) {
		return nil, &actors.Fault{Code: actors.Failed, Extra: fmt.Sprintf("%s is in %s, which supd ctl run has not written; "+
			"take it out there and type update", name, found.File)}
	}
	for _, c := range g.tree.ConfigInfos() {
		if p := c.Program; p.Group == found.Group && p.Section != found.Section {
			return nil, &actors.Fault{Code: actors.Failed, Extra: fmt.Sprintf("the group %s has other programs as well; "+
				"change its file and type update", found.Group)}
		}
		if p := c.Program; p.Section != found.Section && g.dependsOn(p, found.Section) {
			return nil, &actors.Fault{Code: actors.Failed, Extra: fmt.Sprintf("%s depends on it, and the configuration could not be "+
				"read any more; remove %[1]s first, or change its depends_on", p.NameSpec())}
		}
	}
	if _, err := g.daemon.loader.without(found); err != nil {
		return nil, &actors.Fault{Code: actors.Failed, Extra: "the configuration could not be read any more: " + err.Error()}
	}
	return found, nil
}

// dependsOn tells whether depends_on of a program names one of a section.
func (g *generation) dependsOn(p *confload.Program, section string) bool {
	for _, c := range g.tree.ConfigInfos() {
		needed := func(d confload.Dependency) bool { return slices.Contains(d.Programs, c.Program.NameSpec()) }
		if c.Program.Section == section && slices.ContainsFunc(p.DependsOn, needed) {
			return true
		}
	}
	return false
}

// dropRun takes a program that was run, and is down, out of the tree and the configuration.
func (g *generation) dropRun(ctx context.Context, p *confload.Program) error {
	l := g.daemon.loader
	l.changing.Lock()
	defer l.changing.Unlock()
	if g.tree.HasGroup(p.Group) {
		if err := g.tree.RemoveGroup(ctx, p.Group); err != nil {
			return err
		}
	}
	var err error
	if p.File == confload.RunSource {
		l.forget(strings.TrimPrefix(p.Section, "program:"))
	} else if err = os.Remove(p.File); err != nil {
		err = &actors.Fault{Code: actors.Failed,
			Extra: "it was stopped and removed, but will be back: its file cannot be deleted: " + err.Error()}
	}
	if _, err := g.tree.Reread(ctx); err != nil {
		g.daemon.logger.Warn("the configuration could not be read again: " + logs.Clean(err.Error()))
	}
	g.daemon.logger.Info(fmt.Sprintf("removed %s, which a client has asked for", logs.Clean(p.NameSpec())))
	return err
}

// writeRun writes the file of a program, whole or not at all, and never over another one.
func writeRun(r *confload.Run) error {
	text, err := r.Text()
	if err != nil {
		return err
	}
	dir := filepath.Dir(r.File)
	f, err := os.CreateTemp(dir, ".supd-run-*") // no pattern of [include] takes it that does not begin with a dot
	if err != nil {
		return fmt.Errorf("could not write %s: %w", r.File, err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Chmod(r.Mode()), f.Sync(), f.Close()); err == nil {
		err = os.Link(f.Name(), r.File) // a rename would replace what is there
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s exists and was not touched; choose another name, or leave out --save", r.File)
	case err != nil:
		return fmt.Errorf("could not write %s: %w", r.File, err)
	}
	return nil
}
