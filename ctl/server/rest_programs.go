package server

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/api"
)

// view is what this supd says of itself to a caller.
func (s *Server) view(to caller) *api.Server {
	_, state := s.config.Daemon.State()
	return &api.Server{Node: s.node, Identifier: s.config.Daemon.Identification(), Version: s.config.Release, Supervisor: s.config.Version,
		Pid: s.config.Daemon.Pid(), State: state, Now: time.Now(), ConfigFile: s.config.ConfigFile, Instance: s.instance,
		User: to.name, Role: to.role, Nodes: s.remoteNames()}
}

// treeVersion names a version of the tree, of this supd and since its last start, and what time has made of the budgets since.
func (s *Server) treeVersion(version uint64, groups []actors.GroupInfo) string {
	name := s.instance + "-" + strconv.FormatUint(version, 10)
	used := 0
	for i := range groups {
		if b := groups[i].Budget; b != nil {
			used += b.Used
		}
	}
	if used > 0 {
		name += "-" + strconv.Itoa(used)
	}
	return name
}

// nextRefill is how long it takes until a restart stops counting; without one it is long.
func nextRefill(groups []actors.GroupInfo) time.Duration {
	next := time.Hour
	for i := range groups {
		if b := groups[i].Budget; b != nil && b.Refill > 0 {
			next = min(next, b.Refill)
		}
	}
	return next
}

// unchanged tells whether the client has this version; it is answered then. Otherwise the answer gets its tag.
func (c *restCall) unchanged(version string) bool {
	tag := `"` + version + `"`
	c.w.Header().Set("ETag", tag)
	for known := range strings.SplitSeq(c.r.Header.Get("If-None-Match"), ",") {
		if known = strings.TrimPrefix(strings.TrimSpace(known), "W/"); known == tag || known == "*" {
			c.w.Header().Set("Cache-Control", "no-cache")
			c.w.WriteHeader(http.StatusNotModified)
			return true
		}
	}
	return false
}

func (c *restCall) tree() (any, error) {
	wait, err := c.integer("wait", 0, 0, maxWaitTime)
	if err != nil {
		return nil, err
	}
	tree := c.server.config.Tree
	version := tree.Version() // before the groups: they are no older
	groups := tree.Groups()
	if c.query("after") == c.server.treeVersion(version, groups) && wait > 0 {
		ctx, cancel := context.WithTimeout(c.r.Context(), min(time.Duration(wait)*time.Second, nextRefill(groups)))
		defer cancel()
		select {
		case <-tree.VersionAfter(version):
		case <-tree.Done():
		case <-ctx.Done():
		}
		version = tree.Version()
		groups = tree.Groups()
	}
	name := c.server.treeVersion(version, groups)
	if c.unchanged(name) {
		return nil, nil
	}
	return treeView(groups, name, time.Now()), nil
}

func (c *restCall) groups() (any, error) {
	version := c.server.config.Tree.Version()
	groups := c.server.config.Tree.Groups()
	if c.unchanged(c.server.treeVersion(version, groups)) {
		return nil, nil
	}
	return treeView(groups, "", time.Now()).Groups, nil
}

func (c *restCall) group() (any, error) {
	for _, g := range c.server.config.Tree.Groups() {
		if g.Name == c.path["name"] {
			return wholeGroupView(&g, time.Now()), nil
		}
	}
	return nil, &actors.Fault{Code: actors.BadName, Extra: c.path["name"]}
}

func (c *restCall) programs() (any, error) {
	if c.unchanged(c.server.treeVersion(c.server.config.Tree.Version(), nil)) {
		return nil, nil
	}
	programs, now := []api.Program{}, time.Now()
	for _, g := range c.server.config.Tree.Groups() {
		for i := range g.Programs {
			programs = append(programs, programView(&g.Programs[i], now))
		}
	}
	return programs, nil
}

func (c *restCall) oneProgram() (any, error) {
	info, err := c.program()
	if err != nil {
		return nil, err
	}
	for _, g := range c.server.config.Tree.Groups() {
		for i := range g.Programs {
			if p := &g.Programs[i]; g.Name == info.Program.Group && p.Program.Name == info.Program.Name {
				return programView(p, time.Now()), nil
			}
		}
	}
	return nil, &actors.Fault{Code: actors.BadName, Extra: c.path["name"]} // it has just gone
}

func (c *restCall) why() (any, error) {
	info, err := c.program()
	if err != nil {
		return nil, err
	}
	a := c.server.config.Tree.Why(info.Program.NameSpec())
	chain, skipped := shortened(a.Chain)
	begun, _ := shortened(a.Begun)
	return &api.Why{Program: info.Program.NameSpec(), State: info.State.String(), Chain: recordViews(chain), Begun: recordViews(begun),
		Complete: a.Complete, Skipped: skipped}, nil
}

func (c *restCall) lives() (any, error) {
	info, err := c.program()
	if err != nil {
		return nil, err
	}
	lives, err := livesOf(c.server.config.Tree, info)
	if err != nil {
		return nil, err
	}
	out := make([]api.Life, len(lives))
	for i := range lives {
		out[i] = lifeView(&lives[i])
	}
	return out, nil
}

func (c *restCall) programConfig() (any, error) {
	info, err := c.program()
	if err != nil {
		return nil, err
	}
	return configView(info, true), nil
}

// configView is the options of a program, with those that nobody gave if they are wanted.
func configView(i *actors.Info, defaults bool) *api.ProgramConfig {
	v := &api.ProgramConfig{Program: i.Program.NameSpec(), File: i.Program.File, Line: i.Program.Line, Section: i.Program.Section, Options: []api.Option{}}
	for _, o := range i.Program.Options() {
		if o.Default && !defaults {
			continue
		}
		v.Options = append(v.Options, api.Option{Name: o.Name, Value: o.Value, File: o.File, Line: o.Line, Default: o.Default, Secret: o.Secret})
	}
	return v
}

func (c *restCall) config() (any, error) {
	out := []*api.ProgramConfig{}
	for _, i := range c.server.config.Tree.Infos() {
		out = append(out, configView(i, false))
	}
	return out, nil
}

func (c *restCall) usageHistory() (any, error) {
	info, err := c.program()
	if err != nil {
		return nil, err
	}
	return c.server.sampler.history(info.Program.NameSpec()), nil
}

// sampleAge is how old a sample may be that is given to somebody who asks for one.
const sampleAge = time.Second

func (c *restCall) usage() (any, error) { return c.server.sampler.fresh(sampleAge), nil }

func (c *restCall) plan() (any, error) {
	info, err := c.program()
	if err != nil {
		return nil, err
	}
	tree := c.server.config.Tree
	do := map[string]func(string) ([]actors.PlanStep, error){"stop": tree.PlanStop, "kill": tree.PlanKill}[c.query("do")]
	if do == nil {
		return nil, &restError{status: http.StatusBadRequest, detail: fmt.Sprintf("do is stop or kill, not %q", c.query("do"))}
	}
	steps, err := do(info.Program.NameSpec())
	if err != nil {
		return nil, err
	}
	return stepViews(steps), nil
}
