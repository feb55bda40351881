package main

import (
	"slices"
	"strings"
	"sync"

	"github.com/gwaycc/supd/confload"
)

// loader loads the configuration again and again. Names that [supervisord] environment has once defined for expansions
// stay defined (compat.md §1.4).
type loader struct {
	path string
	mu   sync.Mutex
	opts confload.Options
}

func (l *loader) load() (*confload.Config, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	cfg, err := confload.Load(l.path, l.opts)
	if err == nil {
		l.opts.KnownEnv = append(slices.Clone(l.opts.KnownEnv), cfg.Supervisord.Environment...)
		l.opts.KnownEnv = lastOfEach(l.opts.KnownEnv)
	}
	return cfg, err
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
