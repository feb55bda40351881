package actors

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

// This file is how a process says itself that it is ready: by sd_notify, a descriptor, or a line of its output.

// An announcer hears what the process of one life says of itself. nil hears nothing.
type announcer struct {
	tree *tree
	prog *confload.Program
	life uint64
	to   *actor.PID // the program

	socket *process.NotifySocket // nil: none
	ours   *os.File              // of ready=fd:N, where we read; nil: none
	theirs *os.File              // its other end, until the process has it

	reloading bool // the last that was heard of its status is RELOADING=1
	refused   bool // a stranger was reported

	mu       sync.Mutex
	news     [3]supervisor.Event // readiness, status, watchdog; nil: nothing new
	underWay bool                // the program will take them
}

// announcerFor prepares the spec of a life so that the process can say what its configuration expects of it. nil: nothing.
func (r *run) announcerFor(spec *process.Spec, to *actor.PID) (*announcer, error) {
	a := &announcer{tree: r.tree, prog: r.prog, life: r.life, to: to}
	if err := r.tree.world.listen(a, spec); err != nil {
		return nil, err
	}
	switch {
	case r.prog.Ready.Kind == confload.ReadyLog:
		pattern, err := regexp.Compile(r.prog.Ready.Pattern)
		if err != nil {
			return nil, a.cannot("use the pattern of ready", err)
		}
		w := &readyLog{pattern: pattern, found: func(line string) { a.ready(fmt.Sprintf("it wrote %q", line)) }}
		spec.Stdout = &lineWatcher{Writer: spec.Stdout, log: w}
		if spec.Stderr != nil {
			spec.Stderr = &lineWatcher{Writer: spec.Stderr, log: w}
		}
	case a.socket == nil && a.ours == nil:
		return nil, nil
	}
	return a, nil
}

func (a *announcer) cannot(what string, err error) error {
	a.close()
	a.handedOver()
	return &process.SpawnError{Text: fmt.Sprintf("could not %s of '%s': %v", what, a.prog.Name, err), Err: err}
}

// handedOver closes what only the process needs, once it has it or there will be none.
func (a *announcer) handedOver() {
	if a != nil && a.theirs != nil {
		a.theirs.Close()
		a.theirs = nil
	}
}

// begin listens, now that there is a process. It is called on the spawner's goroutine.
func (a *announcer) begin(pid int) {
	if a == nil {
		return
	}
	if a.ours != nil {
		go a.awaitLine(a.ours)
	}
	if a.socket != nil {
		uid := uint32(os.Getuid())
		if u := a.prog.User; u != nil {
			uid = u.UID
		}
		go a.socket.Serve(pid, uid, process.NotifyHandler{Told: a.told, Refused: a.stranger})
	}
}

// close ends the listening, or sees to it that it does not begin. It may be called more than once.
func (a *announcer) close() {
	if a == nil {
		return
	}
	if a.ours != nil {
		a.ours.Close()
	}
	if a.socket != nil {
		a.socket.Close()
	}
}

// send tells the program. At most one message of an announcer is under way, however much the process says: until it is
// taken, a later word of the same kind replaces the earlier one.
func (a *announcer) send(events ...supervisor.Event) {
	if len(events) == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range events {
		a.news[kindOfNews(e)] = e
	}
	if !a.underWay {
		a.underWay = true
		a.tree.system.Root.Send(a.to, &announced{a.life, a})
	}
}

// take returns what is new.
func (a *announcer) take() []supervisor.Event {
	a.mu.Lock()
	defer a.mu.Unlock()
	var events []supervisor.Event
	for i, e := range a.news {
		if e != nil {
			events = append(events, e)
		}
		a.news[i] = nil
	}
	a.underWay = false
	return events
}

func kindOfNews(e supervisor.Event) int {
	switch e.(type) {
	case supervisor.ReadinessChanged:
		return 0
	case supervisor.StatusTold:
		return 1
	}
	return 2
}

func (a *announcer) ready(why string) {
	a.send(supervisor.ReadinessChanged{Life: a.life, Ready: true, Why: why})
}

// awaitLine waits for a line feed on the descriptor of ready=fd:N.
func (a *announcer) awaitLine(f *os.File) {
	b := make([]byte, 256)
	for {
		n, err := f.Read(b)
		if bytes.IndexByte(b[:n], '\n') >= 0 {
			a.ready(fmt.Sprintf("it wrote a line to descriptor %d", a.prog.Ready.FD))
			return
		}
		if err != nil {
			return // nobody has the other end any more, or the life is over
		}
	}
}

// maxStatus bounds, in bytes, what is kept of a STATUS=.
const maxStatus = 256

// told takes one message of the sd_notify protocol. What is not understood means nothing, as the protocol wants it.
func (a *announcer) told(text string) {
	var events []supervisor.Event
	status, hasStatus := "", false
	ready, reloads := false, false
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		switch {
		case key == "READY" && value == "1":
			ready = true
			if a.prog.Ready.Kind == confload.ReadyNotify {
				events = append(events, supervisor.ReadinessChanged{Life: a.life, Ready: true, Why: "it says so (READY=1)"})
			}
		case key == "STOPPING" && value == "1":
			if a.prog.Ready.Kind == confload.ReadyNotify {
				events = append(events, supervisor.ReadinessChanged{Life: a.life, Why: "it says that it is stopping (STOPPING=1)"})
			}
		case key == "RELOADING" && value == "1":
			reloads = true
		case key == "STATUS":
			status, hasStatus = cleanStatus(value), true
		case key == "WATCHDOG" && value == "1":
			events = append(events, supervisor.WatchdogFed{Life: a.life})
		}
	}
	switch {
	case hasStatus:
	case reloads:
		status, hasStatus = "reloading", true
	case ready && a.reloading:
		hasStatus = true // it is not reloading any more
	}
	if hasStatus {
		a.reloading = reloads
		events = append(events, supervisor.StatusTold{Life: a.life, Text: status})
	}
	a.send(events...)
}

func cleanStatus(s string) string {
	if len(s) > maxStatus {
		s = strings.ToValidUTF8(s[:maxStatus], "") + "…"
	}
	return logs.Clean(s)
}

// stranger reports, once in a life, that somebody else has used the socket.
func (a *announcer) stranger(pid int) {
	if a.refused {
		return
	}
	a.refused = true
	a.tree.logger.Warn(fmt.Sprintf("process %d is not one of %s, what it says to its NOTIFY_SOCKET is not believed", pid, logs.Clean(a.prog.NameSpec())))
}

// maxReadyLine is how much of a line is looked at, in bytes.
const maxReadyLine = 8 << 10

// A readyLog waits for a line of output that matches.
type readyLog struct {
	pattern *regexp.Regexp
	found   func(line string)
	over    atomic.Bool
}

// A lineWatcher shows a readyLog the lines of one stream, after they were written.
type lineWatcher struct {
	io.Writer
	log  *readyLog
	line []byte // of the line that is not at its end yet, at most maxReadyLine bytes
}

// Write implements io.Writer.
func (w *lineWatcher) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	for rest := p; len(rest) > 0 && !w.log.over.Load(); {
		part, after, whole := bytes.Cut(rest, []byte("\n"))
		line := part
		if len(w.line) > 0 || !whole {
			w.line = append(w.line, part[:min(len(part), maxReadyLine-len(w.line))]...)
			line = w.line
		}
		if !whole {
			break
		}
		w.log.look(line[:min(len(line), maxReadyLine)])
		w.line, rest = w.line[:0], after
	}
	if w.line != nil && w.log.over.Load() {
		w.line = nil
	}
	return n, err
}

func (l *readyLog) look(line []byte) {
	line = bytes.TrimSuffix(line, []byte("\r"))
	if l.pattern.Match(line) && l.over.CompareAndSwap(false, true) {
		l.found(cleanStatus(string(line)))
	}
}

// withVariables sets variables in an environment, over what it has.
func withVariables(env []string, set ...string) []string {
	for _, kv := range set {
		name, _, _ := strings.Cut(kv, "=")
		env = append(without(env, name), kv)
	}
	return env
}

// without takes a variable out of an environment.
func without(env []string, name string) []string {
	out := make([]string, 0, len(env)+1)
	for _, kv := range env {
		if k, _, _ := strings.Cut(kv, "="); k != name {
			out = append(out, kv)
		}
	}
	return out
}
