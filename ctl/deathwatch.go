package ctl

import (
	"bytes"
	"slices"
)

// A deathWatch is written the main log and notifies told when a line says that a program has ended.
type deathWatch struct {
	marks [][]byte // what such lines contain
	line  []byte   // the beginning of a line
	told  chan<- struct{}
}

// watchLine is how much of a line is looked at.
const watchLine = 4096

// watch follows the main log and has the program looked at when its end is logged, or when the log ends, because the
// server has. Without a main log only typed lines show that the program has ended.
func (f *foreground) watch() {
	_ = f.s.copyStream(f.ctx, mainLogStream, &deathWatch{marks: deathMarks(f.info.Name), told: f.check})
	notify(f.check)
}

// deathMarks are what a line contains that tells of the end of the program name; the log does not name its group.
func deathMarks(name string) [][]byte {
	return [][]byte{[]byte("exited: " + name + " "), []byte("stopped: " + name + " ")}
}

// Write looks at what was logged.
func (w *deathWatch) Write(b []byte) (int, error) {
	for l := range bytes.Lines(b) {
		w.line = append(w.line, l[:min(len(l), watchLine)]...)
		if !bytes.HasSuffix(l, []byte("\n")) {
			w.line = w.line[:min(len(w.line), watchLine)]
			continue
		}
		if slices.ContainsFunc(w.marks, func(m []byte) bool { return bytes.Contains(w.line, m) }) {
			notify(w.told)
		}
		w.line = w.line[:0]
	}
	return len(b), nil
}

// Close does nothing.
func (w *deathWatch) Close() error { return nil }
