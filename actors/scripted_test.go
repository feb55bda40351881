package actors

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process"
)

// A script is how one life of a scripted process goes: it stands in for the operating system where a test is about time.
type script struct {
	err   error         // the start fails with it
	runs  time.Duration // it ends by itself after this long; 0: it doesn't
	code  int           // with this status
	stops time.Duration // it needs this long to obey a signal; < 0: only SIGKILL ends it
	kills time.Duration // it needs this long to end by SIGKILL

	noStdin bool                                // it has closed its standard input
	begun   func(p *scriptedProcess)            // called on a goroutine of its own when it runs
	given   func(p *scriptedProcess, in string) // called on a goroutine of its own with what it gets to read
}

// scriptedHost is an osHost whose processes follow scripts, by program name and number of the life, counted from 1.
type scriptedHost struct {
	script func(name string, life int) script

	mu     sync.Mutex
	lives  map[string]int
	live   map[string]int
	nextID int
	starts []string // names in the order of the starts
	env    []string // of the last start
	stdin  string   // what processes were given

	released []string // names of processes whose groups nobody signals any more
}

func newScriptedHost(f func(name string, life int) script) *scriptedHost {
	return &scriptedHost{script: f, lives: map[string]int{}, live: map[string]int{}, nextID: 100}
}

type scriptedProcess struct {
	host  *scriptedHost
	name  string
	id    int
	began time.Time
	spec  *process.Spec
	how   script
	once  sync.Once

	talk  sync.Mutex // all that it has written is delivered before its end is told
	ended bool
}

// started lists the names of what was started so far.
func (h *scriptedHost) started() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.starts)
}

func (h *scriptedHost) Close() error { return nil }

func (h *scriptedHost) Start(spec *process.Spec, done func(osProcess, error)) {
	h.mu.Lock()
	h.lives[spec.Name]++
	how := h.script(spec.Name, h.lives[spec.Name])
	h.starts = append(h.starts, spec.Name)
	h.env = spec.Env
	h.nextID++
	p := &scriptedProcess{host: h, name: spec.Name, id: h.nextID, began: time.Now(), spec: spec, how: how}
	if how.err == nil {
		h.live[spec.Name]++
		if h.live[spec.Name] > 1 {
			panic("two processes of " + spec.Name)
		}
	}
	h.mu.Unlock()
	if how.err != nil {
		done(nil, how.err)
		return
	}
	done(p, nil)
	if how.begun != nil {
		go how.begun(p)
	}
	if how.runs > 0 {
		time.AfterFunc(how.runs, func() { p.end(process.Exit{Code: how.code, Status: uint32(how.code) << 8}) })
	}
}

func (p *scriptedProcess) end(e process.Exit) {
	p.once.Do(func() {
		p.host.mu.Lock()
		p.host.live[p.name]--
		p.host.mu.Unlock()
		p.talk.Lock()
		p.ended = true
		p.talk.Unlock()
		e.At = time.Now()
		p.spec.Exited(e)
	})
}

// says writes to the standard output of the process. It reports whether the process was still there to do so.
func (p *scriptedProcess) says(text string) bool {
	p.talk.Lock()
	defer p.talk.Unlock()
	if !p.ended {
		_, _ = p.spec.Stdout.Write([]byte(text))
	}
	return !p.ended
}

func (p *scriptedProcess) ID() int          { return p.id }
func (p *scriptedProcess) Began() time.Time { return p.began }

func (p *scriptedProcess) Signal(s syscall.Signal) error {
	byTERM := process.Exit{Code: -1, Signal: s, Status: uint32(s)}
	switch {
	case s == syscall.SIGKILL && p.how.kills > 0:
		time.AfterFunc(p.how.kills, func() { p.end(byTERM) })
	case s == syscall.SIGKILL, p.how.stops == 0:
		go p.end(byTERM)
	case p.how.stops > 0:
		time.AfterFunc(p.how.stops, func() { p.end(byTERM) })
	}
	return nil
}

func (p *scriptedProcess) WriteStdin(b []byte) error {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	if p.how.noStdin {
		return process.ErrClosed
	}
	p.host.stdin += string(b)
	if p.how.given != nil {
		go p.how.given(p, string(b))
	}
	return nil
}

func (p *scriptedProcess) SignalGroup(s syscall.Signal) error { return p.Signal(s) }

func (p *scriptedProcess) Release() {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	p.host.released = append(p.host.released, p.name)
}

// bench is a tree on a scripted host, in virtual time.
type bench struct {
	*Handle
	t     *testing.T
	host  *scriptedHost
	began time.Time
	mu    sync.Mutex
	log   []string
}

// program returns a configuration of one program with supervisord's defaults, changed by edit.
func program1(name string, edit func(*confload.Program)) confload.Group {
	p := confload.Program{Name: name, Group: name, Section: "program:" + name, Command: os.Args[0], Priority: 999,
		Autostart: true, StartSecs: 1, StartRetries: 3, ExitCodes: []int{0}, StopSignal: syscall.SIGTERM, StopWaitSecs: 10,
		Stdout: confload.Stream{Kind: confload.LogNone}, Stderr: confload.Stream{Kind: confload.LogNone}}
	if edit != nil {
		edit(&p)
	}
	return confload.Group{Name: p.Group, Priority: p.Priority, Programs: []confload.Program{p}, Section: p.Section}
}

// inVirtualTime runs f in a bubble in which time passes only when nothing else happens.
func inVirtualTime(t *testing.T, h *scriptedHost, groups []confload.Group, f func(*bench), opts ...Option) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, host: h, began: time.Now()}
		system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
			return slog.New(slog.NewTextHandler(io.Discard, nil))
		}))
		defer system.Shutdown()
		opts = append([]Option{withHost(h), WithObserver(b.changed)}, opts...)
		handle, err := Spawn(system, &confload.Config{Groups: groups}, opts...)
		if err != nil {
			t.Fatal(err)
		}
		b.Handle = handle
		f(b)
		ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
		defer cancel()
		if err := b.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
		<-time.After(time.Minute) // the library's throttle of dead letters ends
	})
}

func (b *bench) changed(c Change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.log = append(b.log, fmt.Sprintf("%5.1fs %s %s -> %s", time.Since(b.began).Seconds(), c.Program.NameSpec(), c.From, c.To))
}

// after lets virtual time pass.
func (b *bench) after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// want compares what has happened so far with lines, and forgets it.
func (b *bench) want(lines ...string) {
	b.t.Helper()
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	if got, want := strings.Join(b.log, "\n"), strings.Join(lines, "\n"); got != want {
		b.t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	b.log = nil
}

func (b *bench) state(name string) supervisor.State {
	i, ok := b.Info(name)
	if !ok {
		b.t.Fatalf("no program %s", name)
	}
	return i.State
}

// forget drops what has happened so far.
func (b *bench) forget() {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.log = nil
}
