package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/logs"
)

// Scale implements server.Daemon. A client that goes away meanwhile changes nothing.
func (g *generation) Scale(ctx context.Context, name string, count int) ([]actors.Updated, error) {
	before := g.tree.Config()
	after, err := g.daemon.loader.takeScale(confload.Scale{Name: name, Count: count})
	if err != nil {
		return nil, &actors.Fault{Code: actors.CantReread, Extra: err.Error()}
	}
	g.daemon.logger.Info(fmt.Sprintf("%s is to have %d processes, as a client has asked for; until its file says something else, or supd ends",
		logs.Clean(name), count))
	groups := groupsOf(name, before, after)
	if len(groups) == 0 { // it had none and gets none
		return nil, nil
	}
	asked := fmt.Sprintf("asked for %d processes of %s", count, logs.Clean(name))
	return g.tree.Update(actors.WithPurpose(context.WithoutCancel(ctx), asked), groups)
}

// groupsOf are the names of the groups that have, or get, processes of a section.
func groupsOf(name string, configs ...*confload.Config) []string {
	var groups []string
	for _, c := range configs {
		for _, g := range c.Groups {
			isOf := func(p confload.Program) bool { return strings.HasSuffix(p.Section, ":"+name) }
			if slices.ContainsFunc(g.Programs, isOf) && !slices.Contains(groups, g.Name) {
				groups = append(groups, g.Name)
			}
		}
	}
	return groups
}

// Preview implements server.Daemon.
func (g *generation) Preview(file string) (*confload.Config, error) {
	cfg, err := g.daemon.loader.preview(file)
	if err != nil {
		return nil, &actors.Fault{Code: actors.CantReread, Extra: err.Error()}
	}
	return cfg, nil
}
