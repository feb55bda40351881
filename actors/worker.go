package actors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

// This file is programs that are functions of this process. To the rest of the tree a life of one is a process like others.

// workerPrefix is how the command of a program begins that is a function.
const workerPrefix = "worker:"

// workerPids is the first of the numbers that stand for a pid of a worker. No kernel gives a process such a number, so that
// whoever takes one for a pid and sends a signal there hits nobody.
const workerPids = 1 << 30

// maxVerdict bounds what is told of an error beside the log of the worker, in bytes.
const maxVerdict = 200

// WithWorker has the programs with command=worker:NAME call f where others start a process. All else that a program can be
// configured to do is done with it too: it is started, restarted, stopped and waited for by the same rules.
//
// Each life is one call of f, on a goroutine of its own. nil ends it with exit status 0, an error with 1, a panic with 2.
// Error and stack go to the stderr log. A signal, whichever it is, cancels ctx, and context.Cause(ctx) tells which it was;
// an f that then returns an error of ctx counts as ended by that signal. Goroutines cannot be killed: when SIGKILL comes to
// an f whose ctx is cancelled already, the life ends, the main log says so, and what f does from then on is ignored.
//
// f is told more of its life by WorkerOf(ctx). Info.Pid of a worker is a number above all pids.
func WithWorker(name string, f func(ctx context.Context) error) Option {
	return func(o *options) {
		if o.tree.workers == nil {
			o.tree.workers = map[string]func(context.Context) error{}
		}
		o.tree.workers[workerPrefix+name] = f
	}
}

// A Worker is what a function called for WithWorker is told of the life it is called for.
type Worker struct {
	Args []string // the words of command=; the first one is worker:NAME
	Env  []string // the environment that a process would get, as KEY=VALUE

	// Stdout and Stderr write to the logs of the program, by any number of goroutines. After the end of the life they
	// answer os.ErrClosed.
	Stdout, Stderr io.Writer
}

type workerKey struct{}

// WorkerOf returns what a worker may know of the life that ctx was made for. For any other ctx the writers throw everything
// away and the rest is empty.
func WorkerOf(ctx context.Context) Worker {
	if w, ok := ctx.Value(workerKey{}).(Worker); ok {
		return w
	}
	return Worker{Stdout: io.Discard, Stderr: io.Discard}
}

// checkWorkers returns an error when a program names a function there is not, or is configured as none can be.
func (t *tree) checkWorkers() error {
	if t.workers == nil {
		return nil
	}
	for i := range t.config.Groups {
		for j := range t.config.Groups[i].Programs {
			p := &t.config.Groups[i].Programs[j]
			args, err := confload.SplitCommand(p.Command)
			if err != nil || len(args) == 0 || !strings.HasPrefix(args[0], workerPrefix) {
				continue
			}
			if t.workers[args[0]] == nil {
				return fmt.Errorf("program %s: there is no worker for command=%s; there are: %s", p.NameSpec(), args[0],
					strings.Join(slices.Sorted(maps.Keys(t.workers)), ", "))
			}
			if err := fitForWorker(p); err != nil {
				return fmt.Errorf("program %s: %w", p.NameSpec(), err)
			}
		}
	}
	return nil
}

// fitForWorker returns a *process.SpawnError when a program has options that only a process of its own can have.
func fitForWorker(p *confload.Program) error {
	var bad []string
	spec := specOf(p, "", nil, nil)
	for _, o := range []struct {
		option string
		given  bool
	}{
		{"a section fcgi-program", p.Kind == confload.KindFCGI},
		{"a section eventlistener", p.Kind == confload.KindEventListener},
		{"user", spec.Credential != nil},
		{"directory", spec.Dir != ""},
		{"umask", p.Umask != nil},
		{"rlimit_…, nice or oom_score_adj", limitsOf(p) != nil},
		{"cgroup_…", p.Cgroup.Any()},
		{"restart_memory_limit", p.RestartMemoryLimit > 0},
		{"restart_when_binary_changed", p.OnBinary.Watch},
		{"watchdog", p.Watchdog > 0},
		{"ready=notify", p.Ready.Kind == confload.ReadyNotify},
		{"ready=fd", p.Ready.Kind == confload.ReadyFD},
	} {
		if o.given {
			bad = append(bad, o.option)
		}
	}
	if bad == nil {
		return nil
	}
	return &process.SpawnError{Text: fmt.Sprintf("a worker is no process of its own, '%s' cannot have %s; leave it out",
		p.Name, strings.Join(bad, ", "))}
}

// start starts the process of a spec, or calls the worker that its path names.
func (t *tree) start(spec *process.Spec, done func(osProcess, error)) {
	f := t.workers[spec.Path]
	if f == nil {
		t.host.Start(spec, done)
		return
	}
	w := &workerProcess{tree: t, spec: spec, id: workerPids + int(t.workerLives.Add(1)%workerPids), began: time.Now()}
	told := Worker{Args: spec.Args, Env: spec.Env, Stdout: w.writer(spec.Stdout), Stderr: w.writer(spec.Stderr)}
	if spec.MergeStderr {
		told.Stderr = told.Stdout
	}
	ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), workerKey{}, told))
	w.cancel = cancel
	done(w, nil)
	go w.run(ctx, f)
}

// A workerProcess is one life of a worker, as an osProcess.
type workerProcess struct {
	tree   *tree
	spec   *process.Spec
	id     int
	began  time.Time
	cancel context.CancelCauseFunc

	mu    sync.Mutex     // never held for long
	asked syscall.Signal // the first signal; 0: none came
	ended bool           // f has returned, or was given up

	writing sync.Mutex // held while output is written: all of it is delivered before the end is told
	closed  bool

	verdict string // how it has ended; set before the end is told
}

func (w *workerProcess) ID() int                            { return w.id }
func (w *workerProcess) Began() time.Time                   { return w.began }
func (w *workerProcess) WriteStdin([]byte) error            { return process.ErrClosed }
func (w *workerProcess) SignalGroup(s syscall.Signal) error { return w.Signal(s) }
func (w *workerProcess) Release()                           {}

// Signal cancels the context. A SIGKILL that finds it cancelled ends the life without f.
func (w *workerProcess) Signal(s syscall.Signal) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.ended:
		return process.ErrGone
	case s == 0:
	case w.asked == 0:
		w.asked = s
		w.cancel(fmt.Errorf("stopped by %s", process.SignalName(s)))
	case s == syscall.SIGKILL:
		w.ended = true
		w.tree.logger.Warn(fmt.Sprintf("worker '%s' (%d) goes on although its context was cancelled; "+
			"it is given up, as a goroutine cannot be killed", logs.Clean(w.spec.Name), w.id))
		go w.end(process.Exit{Code: -1, Signal: syscall.SIGKILL, Status: uint32(syscall.SIGKILL)}, "", "")
	}
	return nil
}

// run calls f. What stays in err if f does not return without a panic is what runtime.Goexit leaves.
func (w *workerProcess) run(ctx context.Context, f func(context.Context) error) {
	var err error = &workerPanic{text: "it called runtime.Goexit"}
	defer func() {
		if bug := recover(); bug != nil {
			err = &workerPanic{fmt.Sprintf("panic: %v", bug), "\n" + string(debug.Stack())}
		}
		w.returned(ctx, err)
	}()
	err = f(ctx)
}

// A workerPanic is the end of a function that did not return.
type workerPanic struct{ text, stack string }

func (p *workerPanic) Error() string { return p.text }

func (w *workerProcess) returned(ctx context.Context, err error) {
	w.mu.Lock()
	givenUp, asked := w.ended, w.asked
	w.ended = true
	w.mu.Unlock()
	cause := context.Cause(ctx)
	w.cancel(nil)
	switch bug := (*workerPanic)(nil); {
	case givenUp:
		w.tree.logger.Info(fmt.Sprintf("worker '%s' (%d), which was given up, has returned", logs.Clean(w.spec.Name), w.id))
	case err == nil:
		w.end(process.Exit{}, "", "")
	case errors.As(err, &bug):
		w.end(process.Exit{Code: 2, Status: 2 << 8}, bug.text, bug.text+"\n"+bug.stack)
	case asked != 0 && (errors.Is(err, context.Canceled) || errors.Is(err, cause)):
		w.end(process.Exit{Code: -1, Signal: asked, Status: uint32(asked)}, "", "")
	default:
		w.end(process.Exit{Code: 1, Status: 1 << 8}, err.Error(), err.Error()+"\n")
	}
}

// end tells of the end, after the output. why is what is to be said besides the exit status, last goes to the stderr log.
func (w *workerProcess) end(e process.Exit, why, last string) {
	w.writing.Lock()
	if last != "" {
		_, _ = w.stderr().Write([]byte(last))
	}
	w.closed = true
	w.writing.Unlock()
	w.verdict = process.Describe(e)
	if why != "" {
		w.verdict += ": " + brief(why)
	}
	e.At = time.Now()
	w.spec.Exited(e)
}

// stderr is where the stderr output goes; writing is held.
func (w *workerProcess) stderr() io.Writer {
	switch {
	case w.spec.MergeStderr && w.spec.Stdout != nil:
		return w.spec.Stdout
	case w.spec.MergeStderr || w.spec.Stderr == nil:
		return io.Discard
	}
	return w.spec.Stderr
}

// brief is the first line of a text, fit for a message.
func brief(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	text = logs.Clean(text)
	if len(text) > maxVerdict {
		text = strings.ToValidUTF8(text[:maxVerdict], "") + "…"
	}
	return text
}

// describe says how a process has ended.
func describe(p osProcess, e process.Exit) string {
	if w, ok := p.(*workerProcess); ok {
		return w.verdict
	}
	return process.Describe(e)
}

// maxPiece is how much is written at once, as much as is read from the pipe of a process.
const maxPiece = 64 << 10

// workerOutput is one output of a worker.
type workerOutput struct {
	worker *workerProcess
	sink   io.Writer // nil: it is thrown away
}

func (w *workerProcess) writer(sink io.Writer) io.Writer { return &workerOutput{w, sink} }

// Write implements io.Writer.
func (o *workerOutput) Write(p []byte) (int, error) {
	o.worker.writing.Lock()
	defer o.worker.writing.Unlock()
	if o.worker.closed {
		return 0, os.ErrClosed
	}
	if o.sink != nil {
		for piece := range slices.Chunk(p, maxPiece) {
			_, _ = o.sink.Write(piece) // it reports its own errors
		}
	}
	return len(p), nil
}
