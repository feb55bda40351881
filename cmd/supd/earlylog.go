package main

import (
	"io"
	"sync"

	"github.com/hashicorp/go-hclog"
)

// earlyLog is the logger of what is prepared while there is no log for it: its lines go to the error output and are kept
// for the log. It becomes another logger once, before anything runs that could use both.
type earlyLog struct {
	hclog.Logger

	mu   sync.Mutex
	kept []keptLine
}

type keptLine struct {
	level hclog.Level
	text  string
	args  []any
}

var _ hclog.SinkAdapter = (*earlyLog)(nil)

// newEarlyLog is the main log where there is one already.
func newEarlyLog(main hclog.Logger, stderr io.Writer) *earlyLog {
	e := &earlyLog{Logger: main}
	if main != nil {
		return e
	}
	l := hclog.NewInterceptLogger(&hclog.LoggerOptions{Output: stderr, DisableTime: true})
	l.RegisterSink(e)
	e.Logger = l
	return e
}

// Accept implements hclog.SinkAdapter.
func (e *earlyLog) Accept(_ string, level hclog.Level, text string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.kept = append(e.kept, keptLine{level, text, args})
}

// become makes e the logger l.
func (e *earlyLog) become(l hclog.Logger) { e.Logger = l }

// replay logs what was kept.
func (e *earlyLog) replay(l hclog.Logger) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, k := range e.kept {
		l.Log(k.level, k.text, k.args...)
	}
	e.kept = nil
}
