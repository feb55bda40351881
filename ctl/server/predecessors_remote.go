package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/supervisor"
)

// What the predecessors' paths say of other nodes. These are asked over /api/v1, never over the same paths: nodes that name each
// other would ask in circles.

// away is the other node that the end of a path names; nil: it is about this one.
func (c *oldCall) away(parts []string) *remote {
	if len(parts) != 2 || parts[0] == c.server.node {
		return nil
	}
	return c.server.remote(parts[0])
}

// list is the programs of all nodes. One that cannot be reached has none.
func (c *oldCall) list() []oldProgram {
	s, now := c.server, time.Now()
	programs := []oldProgram{}
	for _, i := range s.config.Tree.Infos() {
		programs = append(programs, s.oldProgram(c.r.Context(), i, now))
	}
	others := make([][]oldProgram, len(s.remotes))
	s.each(func(i int, r *remote) { others[i], _ = r.oldPrograms(c.r.Context()) })
	for _, o := range others {
		programs = append(programs, o...)
	}
	return programs
}

// listNodes is all nodes with the load of their hosts.
func (c *oldCall) listNodes() []oldNode {
	s := c.server
	nodes := make([]oldNode, 1+len(s.remotes))
	nodes[0] = oldNodeOf(s.node, s.host.now())
	s.each(func(i int, r *remote) {
		ctx, cancel := context.WithTimeout(c.r.Context(), remotePatience)
		defer cancel()
		var load api.Load
		if r.ask(ctx, http.MethodGet, "/server/load", nil, &load) != nil {
			nodes[i+1] = oldNode{Name: r.Name, Status: "OFFLINE"}
			return
		}
		nodes[i+1] = oldNodeOf(r.Name, load)
	})
	return nodes
}

func oldNodeOf(name string, load api.Load) oldNode {
	n := oldNode{Name: name, Status: "ONLINE", CPUPercent: load.CPU, MemTotal: load.Memory, MemUsed: load.MemoryUsed}
	if load.Memory > 0 {
		n.MemPercent = 100 * float64(load.MemoryUsed) / float64(load.Memory)
	}
	return n
}

// oldPrograms are the programs of another node.
func (r *remote) oldPrograms(ctx context.Context) ([]oldProgram, error) {
	ctx, cancel := context.WithTimeout(ctx, remotePatience)
	defer cancel()
	var programs []api.Program
	if err := r.ask(ctx, http.MethodGet, "/programs", nil, &programs); err != nil {
		return nil, err
	}
	var configs []api.ProgramConfig
	if err := r.ask(ctx, http.MethodGet, "/config", nil, &configs); err != nil {
		return nil, err
	}
	byName := make(map[string]*api.ProgramConfig, len(configs))
	for i := range configs {
		byName[configs[i].Program] = &configs[i]
	}
	now := time.Now()
	out := make([]oldProgram, len(programs))
	for i := range programs {
		out[i] = oldProgramOf(r.Name, &programs[i], byName[programs[i].Namespec], now)
	}
	return out, nil
}

// oldProgram is a program of another node.
func (r *remote) oldProgram(ctx context.Context, name string) (oldProgram, error) {
	ctx, cancel := context.WithTimeout(ctx, remotePatience)
	defer cancel()
	var p api.Program
	var config api.ProgramConfig
	path := "/programs/" + url.PathEscape(name)
	err := r.ask(ctx, http.MethodGet, path, nil, &p)
	if err == nil {
		err = r.ask(ctx, http.MethodGet, path+"/config", nil, &config)
	}
	if err != nil {
		return oldProgram{}, err
	}
	return oldProgramOf(r.Name, &p, &config, time.Now()), nil
}

// oldProgramOf is a program of another node. config may be nil.
func oldProgramOf(node string, p *api.Program, config *api.ProgramConfig, now time.Time) oldProgram {
	seconds := func(t time.Time) int64 {
		if t.IsZero() {
			return 0
		}
		return t.Unix()
	}
	o := oldProgram{Node: node, Name: p.Name, Group: p.Group, Description: p.Description, Start: seconds(p.Start), Stop: seconds(p.Stop), Now: now.Unix(),
		State: stateNumber(p.State), StateName: p.State, SpawnErr: p.SpawnError, ExitStatus: p.ExitStatus, LogFile: p.Stdout, StdoutLog: p.Stdout, StderrLog: p.Stderr,
		Pid: p.Pid}
	if config == nil {
		return o
	}
	o.IniPath = config.File
	for _, option := range config.Options {
		switch option.Name {
		case "command":
			o.Command = option.Value
		case "directory":
			o.Directory = option.Value
		}
	}
	return o
}

// stateNumber is the number that supervisord has for a state.
func stateNumber(name string) int {
	for _, s := range supervisor.States {
		if s.String() == name {
			return int(s)
		}
	}
	return int(supervisor.Unknown)
}

// do does something to one program of another node.
func (r *remote) do(ctx context.Context, verb, name string) error {
	var results []api.Result
	if err := r.ask(ctx, http.MethodPost, "/actions", api.Action{Do: verb, Names: []string{name}}, &results); err != nil {
		return err
	}
	for _, result := range results {
		if !result.OK && !isDone(verb, actors.FaultCode(result.Code)) {
			return errors.New(result.Error)
		}
	}
	return nil
}

// logOf gives the log of a program of another node.
func (c *oldCall) logOf(r *remote, name, stream string) error {
	if stream != "stdout" && stream != "stderr" {
		return &httpError{status: http.StatusNotFound}
	}
	text, err := r.text(c.r.Context(), "/programs/"+url.PathEscape(name)+"/logs/"+stream+"?offset=-"+strconv.Itoa(maxWindow), maxWindow)
	var refused *restError
	switch {
	case errors.As(err, &refused):
		return &httpError{status: http.StatusNotFound}
	case err != nil:
		return &httpError{status: http.StatusBadGateway}
	}
	return c.text(string(text))
}

// daemonOf ends another node, or brings its configuration into effect.
func (c *oldCall) daemonOf(r *remote, verb string) error {
	if err := c.accept(api.Admin, nil); err != nil {
		return err
	}
	if verb == "shutdown" {
		if err := r.ask(c.r.Context(), http.MethodPost, "/server/shutdown", nil, &struct{}{}); err != nil {
			return &httpError{status: http.StatusBadGateway, reason: fmt.Sprintf("node %s: %s", r.Name, whyOffline(err))}
		}
		return c.text("Shutdown...")
	}
	var rows []api.Updated
	err := r.ask(c.r.Context(), http.MethodPost, "/config/update", api.UpdateRequest{}, &rows)
	return c.write(http.StatusOK, oldSuccess{err == nil})
}
