package actors

import (
	"fmt"
	"sync"
	"time"

	"github.com/gwaycc/supd/supervisor/logs"
)

// A markedSink is the log of a program with log_marks: a line says where each life begins and ends.
type markedSink struct {
	logs.Sink
	mu      sync.Mutex
	midLine bool // the last line has no end yet
}

// Write implements logs.Sink.
func (s *markedSink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(p) > 0 {
		s.midLine = p[len(p)-1] != '\n'
	}
	return s.Sink.Write(p)
}

// mark writes a line of its own.
func (s *markedSink) mark(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.midLine {
		text = "\n" + text
	}
	s.midLine = false
	_, _ = s.Sink.Write([]byte(text + "\n")) // it reports its own errors
}

const markTime = "2006-01-02 15:04:05"

// markBegin marks the begin of a life in the logs of a program. It comes before any output.
func markBegin(marks []*markedSink, name string, pid int, life uint64, at time.Time) {
	for _, m := range marks {
		m.mark(fmt.Sprintf("--- %s %s: life %d begins, pid %d ---", at.Local().Format(markTime), logs.Clean(name), life, pid))
	}
}

// markEnd marks the end of a life. All output has come.
func markEnd(marks []*markedSink, name string, life uint64, how string, at time.Time, ran time.Duration) {
	for _, m := range marks {
		m.mark(fmt.Sprintf("--- %s %s: life %d ends after %s, %s ---", at.Local().Format(markTime), logs.Clean(name), life,
			ran.Round(time.Millisecond), how))
	}
}
