package server

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/supervisor/logs"
)

// refusals logs who was refused and why and, at the end of a minute, how many more there were: whoever tries passwords, or has
// browsers try something, must not fill the disk, nor hide what others try.
type refusals struct {
	logger hclog.Logger

	mu      sync.Mutex
	sources map[string]*refusedSource // of this minute, by where they come from and what for
	end     *time.Timer               // of this minute; nil: none has begun
	closed  bool
}

// refusedSource is what one source was refused within a minute.
type refusedSource struct {
	n    int    // all of them
	last string // the last one that was not logged
}

const (
	refusalsLogged = 20 // of a source within refusalPeriod
	refusalSources = 50 // that are told apart
	refusalPeriod  = time.Minute
)

// tell logs a refusal, unless its source has had too many.
func (f *refusals) tell(source, format string, args ...any) {
	text := logs.Clean(fmt.Sprintf(format, args...))
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.end == nil && !f.closed {
		f.sources = map[string]*refusedSource{}
		f.end = time.AfterFunc(refusalPeriod, f.flush)
	}
	s := f.sources[source]
	if s == nil && len(f.sources) >= refusalSources {
		source = "others"
		s = f.sources[source]
	}
	if s == nil {
		s = &refusedSource{}
		if f.sources != nil {
			f.sources[source] = s
		}
	}
	if s.n++; s.n <= refusalsLogged {
		f.logger.Warn(text)
		return
	}
	s.last = text
}

// flush tells what was not logged in the minute that ends.
func (f *refusals) flush() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(f.sources)) {
		if s := f.sources[name]; s.n > refusalsLogged {
			f.logger.Warn(fmt.Sprintf("%d more requests were refused, the last of them: %s", s.n-refusalsLogged, s.last))
		}
	}
	if f.end != nil {
		f.end.Stop()
	}
	f.sources, f.end = nil, nil
}

// close tells what is still to be told.
func (f *refusals) close() {
	f.flush()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
}
