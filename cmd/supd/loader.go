package main

import (
	"slices"
	"strings"
	"sync"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/logs"
)

// loader loads the configuration again and again. Programs that were run, numbers of processes and variables that were set stay for as long as the
// daemon does, over soft restarts as well. Names that [supervisord] environment has once defined for expansions
// stay defined (compat.md §1.4).
type loader struct {
	path string
	mu   sync.Mutex
	opts confload.Options // its lists are replaced, never changed

	changing sync.Mutex // held by who adds or removes a program that was run, or sets a variable, here and in the tree
}

func (l *loader) load() (*confload.Config, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	cfg, err := l.loadLocked(l.opts)
	if err == nil {
		l.opts.Scales = cfg.Scales
	}
	return cfg, err
}

func (l *loader) loadLocked(opts confload.Options) (*confload.Config, error) {
	cfg, err := confload.Load(l.path, opts)
	if err == nil {
		l.opts.KnownEnv = append(slices.Clone(l.opts.KnownEnv), cfg.Supervisord.Environment...)
		l.opts.KnownEnv = lastOfEach(l.opts.KnownEnv)
	}
	return cfg, err
}

// try loads the configuration with one more program that was run.
func (l *loader) try(r confload.Run) (*confload.Config, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	opts := l.opts
	opts.Runs = append(slices.Clone(opts.Runs), r)
	return l.loadLocked(opts)
}

// keep has r be part of every configuration from now on.
func (l *loader) keep(r confload.Run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opts.Runs = append(slices.Clone(l.opts.Runs), r)
}

// forget takes the program of a name out again, if it is there.
func (l *loader) forget(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opts.Runs = slices.DeleteFunc(slices.Clone(l.opts.Runs), func(r confload.Run) bool { return r.Name == name })
}

// without loads the configuration as it would be without a program that was run. Nothing changes.
func (l *loader) without(p *confload.Program) (*confload.Config, error) {
	l.mu.Lock()
	path, opts := l.path, l.opts
	l.mu.Unlock()
	if p.File != confload.RunSource {
		opts.Skip = p.File
	} else {
		opts.Runs = slices.DeleteFunc(slices.Clone(opts.Runs), func(r confload.Run) bool { return "program:"+r.Name == p.Section })
	}
	return confload.Load(path, opts)
}

// preview loads the configuration of a file, "" for that of the daemon, and leaves everything as it is.
func (l *loader) preview(file string) (*confload.Config, error) {
	l.mu.Lock()
	path, opts := l.path, l.opts
	l.mu.Unlock()
	if file != "" {
		path = file
	}
	return confload.Load(path, opts)
}

// takeScale has a program keep another number of processes until the files say something else, and returns the configuration
// with it. With an error nothing changes.
func (l *loader) takeScale(s confload.Scale) (*confload.Config, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	opts := l.opts
	opts.Scales = slices.DeleteFunc(slices.Clone(opts.Scales), func(o confload.Scale) bool { return o.Name == s.Name })
	opts.Scales = append(opts.Scales, s)
	cfg, err := l.loadLocked(opts)
	if err == nil {
		l.opts.Scales = cfg.Scales
	}
	return cfg, err
}

// setEnv sets a variable for the configurations to come.
func (l *loader) setEnv(name, value string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opts.SetEnv = lastOfEach(append(slices.Clone(l.opts.SetEnv), name+"="+value))
}

// setVariables are the variables that were set, as KEY=VALUE.
func (l *loader) setVariables() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opts.SetEnv
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

// unmet is what has changed in the files and waits for a soft restart.
type unmet struct {
	mu    sync.Mutex
	names []string
}

// reread loads the configuration for a reread or an update, which bring into effect what is of programs, and notes the rest.
func (g *generation) reread() (*confload.Config, error) {
	cfg, err := g.daemon.loader.load()
	if err != nil {
		return nil, err
	}
	names := confload.NeedsReload(g.config, cfg)
	g.unmet.mu.Lock()
	told := slices.Equal(names, g.unmet.names)
	g.unmet.names = names
	g.unmet.mu.Unlock()
	if !told && len(names) > 0 {
		g.daemon.logger.Warn("these options have changed, and come into force with a reload (supd ctl reload): " + logs.Clean(strings.Join(names, ", ")))
	}
	return cfg, nil
}

// NeedsReload implements server.Daemon.
func (g *generation) NeedsReload() []string {
	g.unmet.mu.Lock()
	defer g.unmet.mu.Unlock()
	return g.unmet.names
}
