package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"syscall"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/ctl/api"
)

// An action is one that was asked for, understood.
type action struct {
	tree   Tree
	do     string
	wait   bool
	signal syscall.Signal
	input  []byte
}

// actions are what /actions does.
var actions = map[string]bool{"start": true, "stop": true, "restart": true, "signal": true, "input": true, "clear-logs": true}

// act answers /actions.
func (c *restCall) act() (any, error) {
	var asked api.Action
	if err := c.decode(&asked); err != nil {
		return nil, err
	}
	a := &action{tree: c.server.config.Tree, do: asked.Do, wait: asked.Wait == nil || *asked.Wait, input: []byte(asked.Input)}
	if !actions[a.do] {
		return nil, badAction("do is start, stop, restart, signal, input or clear-logs, not %q", a.do)
	}
	if len(asked.Names) == 0 {
		return nil, badAction("names is empty; give namespecs, group:* or *")
	}
	if a.do == "signal" {
		var err error
		if a.signal, err = confload.ParseSignal(asked.Signal); err != nil {
			return nil, &actors.Fault{Code: actors.BadSignal, Extra: asked.Signal}
		}
	}
	var names []string // each once
	seen := map[string]bool{}
	for _, name := range asked.Names {
		switch {
		case seen[name]:
			continue
		case !c.server.knows(name):
			return nil, &actors.Fault{Code: actors.BadName, Extra: name}
		}
		seen[name] = true
		names = append(names, name)
	}
	if code, _ := c.server.config.Daemon.State(); code < 1 {
		return nil, &actors.Fault{Code: actors.ShutdownState}
	}
	ctx := c.r.Context()
	if a.do == "restart" {
		ctx = context.WithoutCancel(ctx) // one whose client goes away is finished
	}
	results := []api.Result{}
	for _, name := range names {
		some, err := a.on(ctx, name)
		if err != nil {
			return nil, err
		}
		results = append(results, some...)
	}
	return results, nil
}

func badAction(format string, args ...any) error {
	return &restError{status: http.StatusBadRequest, detail: fmt.Sprintf(format, args...)}
}

// knows tells whether a name is one of a program, a group or all.
func (s *Server) knows(name string) bool {
	if name == "*" {
		return true
	}
	if group, whole := wholeGroup(name); whole {
		for _, g := range s.config.Tree.Groups() {
			if g.Name == group {
				return true
			}
		}
		return false
	}
	_, ok := s.config.Tree.Info(name)
	return ok
}

// on does it to what a name stands for.
func (a *action) on(ctx context.Context, name string) ([]api.Result, error) {
	group, whole := wholeGroup(name)
	switch {
	case name == "*":
		return a.onMany(a.all(ctx))
	case whole:
		return a.onMany(a.group(ctx, group))
	}
	err := a.one(ctx, name)
	if err != nil {
		var f *actors.Fault
		if !errors.As(err, &f) {
			return nil, err // it is the waiting that has ended
		}
		return []api.Result{{Program: name, Code: int(f.Code), Error: f.Error()}}, nil
	}
	return []api.Result{{Program: name, OK: true, Code: int(actors.Success)}}, nil
}

func (a *action) onMany(results []actors.Result, err error) ([]api.Result, error) {
	out := make([]api.Result, len(results))
	for i := range results {
		out[i] = resultView(&results[i])
	}
	return out, err
}

func (a *action) one(ctx context.Context, name string) error {
	switch a.do {
	case "start":
		return a.tree.Start(ctx, name, a.wait)
	case "stop":
		return a.tree.Stop(ctx, name, a.wait)
	case "restart":
		if err := a.tree.Stop(ctx, name, true); err != nil && !isFault(err, actors.NotRunning) {
			return err
		}
		return a.tree.Start(ctx, name, a.wait)
	case "signal":
		return a.tree.Signal(ctx, name, a.signal)
	case "input":
		return a.tree.SendStdin(ctx, name, a.input)
	}
	return a.tree.ClearLogs(ctx, name)
}

func isFault(err error, code actors.FaultCode) bool {
	var f *actors.Fault
	return errors.As(err, &f) && f.Code == code
}

func (a *action) all(ctx context.Context) ([]actors.Result, error) {
	switch a.do {
	case "start":
		return a.tree.StartAll(ctx, a.wait)
	case "stop":
		return a.tree.StopAll(ctx, a.wait)
	case "restart":
		if _, err := a.tree.StopAll(ctx, true); err != nil {
			return nil, err
		}
		return a.tree.StartAll(ctx, a.wait)
	case "signal":
		return a.tree.SignalAll(ctx, a.signal)
	case "clear-logs":
		return a.tree.ClearAllLogs(ctx)
	}
	return a.each(ctx, func(*actors.Info) bool { return true })
}

func (a *action) group(ctx context.Context, group string) ([]actors.Result, error) {
	switch a.do {
	case "start":
		return a.tree.StartGroup(ctx, group, a.wait)
	case "stop":
		return a.tree.StopGroup(ctx, group, a.wait)
	case "restart":
		if _, err := a.tree.StopGroup(ctx, group, true); err != nil {
			return nil, err
		}
		return a.tree.StartGroup(ctx, group, a.wait)
	case "signal":
		return a.tree.SignalGroup(ctx, group, a.signal)
	}
	return a.each(ctx, func(i *actors.Info) bool { return i.Program.Group == group })
}

// each does to one program after the other what the tree does not do to many.
func (a *action) each(ctx context.Context, among func(*actors.Info) bool) ([]actors.Result, error) {
	var results []actors.Result
	for _, i := range a.tree.Infos() {
		if !among(i) || a.do == "input" && i.Pid == 0 {
			continue
		}
		r := actors.Result{Name: i.Program.Name, Group: i.Program.Group, Status: actors.Success, Description: "OK"}
		if err := a.one(ctx, i.Program.NameSpec()); err != nil {
			var f *actors.Fault
			if !errors.As(err, &f) {
				return results, err
			}
			r.Status, r.Description = f.Code, f.Error()
		}
		results = append(results, r)
	}
	return results, nil
}

func (c *restCall) reread() (any, error) {
	changes, err := c.server.config.Tree.Reread(c.r.Context())
	if err != nil {
		return nil, err
	}
	plan, err := c.planSteps()
	if err != nil {
		return nil, err
	}
	return &api.Changes{Added: orEmpty(changes.Added), Changed: orEmpty(changes.Changed), Removed: orEmpty(changes.Removed), Plan: plan,
		Reload: orEmpty(c.server.config.Daemon.NeedsReload())}, nil
}

func (c *restCall) planUpdate() (any, error) { return c.planSteps() }

func (c *restCall) planSteps() ([]api.Step, error) {
	cfg, err := preview(c.r.Context(), c.server.config.Daemon, "")
	if err != nil {
		return nil, err
	}
	return stepViews(c.server.config.Tree.PlanUpdate(cfg, nil)), nil
}

func (c *restCall) update() (any, error) {
	var asked api.UpdateRequest
	if err := c.decode(&asked); err != nil {
		return nil, err
	}
	groups := asked.Groups
	if len(groups) == 0 {
		groups = nil
	}
	rows, err := c.server.config.Tree.Update(c.r.Context(), groups)
	if err != nil {
		return nil, err
	}
	return updatedViews(rows), nil
}

func (c *restCall) restartServer() (any, error) {
	if code, _ := c.server.config.Daemon.State(); code < 1 {
		return nil, &actors.Fault{Code: actors.ShutdownState}
	}
	return struct{}{}, c.server.config.Daemon.Restart(c.r.Context())
}

func (c *restCall) shutdownServer() (any, error) {
	c.server.config.Daemon.Shutdown(c.r.Context())
	return struct{}{}, nil
}

func (c *restCall) reopenLogs() (any, error) {
	c.server.config.Daemon.ReopenLogs()
	return struct{}{}, nil
}

func (c *restCall) clearMainLog() (any, error) {
	return struct{}{}, c.server.config.Daemon.ClearMainLog()
}
