package actors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// asWorker makes a program one that calls the worker w, and tells files for its output.
func asWorker(p *confload.Program) { p.Command = "worker:w" }

func logged(dir string) func(*confload.Program) {
	return func(p *confload.Program) {
		p.Stdout = confload.Stream{Kind: confload.LogPath, Path: filepath.Join(dir, "out")}
		p.Stderr = confload.Stream{Kind: confload.LogPath, Path: filepath.Join(dir, "err")}
	}
}

func untilCancelled(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestHowAWorkerEndsIsAnExitStatus(t *testing.T) {
	for _, c := range []struct {
		name   string
		f      func(context.Context) error
		status int
		reason string
		log    string // what its stderr log begins with
	}{
		{"nil", func(context.Context) error { return nil }, 0, "exit status 0", ""},
		{"error", func(context.Context) error { return errors.New("no\nluck") }, 1, "exit status 1: no", "no\nluck\n"},
		{"panic", func(context.Context) error { panic("a bug") }, 2, "exit status 2: panic: a bug", "panic: a bug\n\ngoroutine "},
		{"Goexit", func(context.Context) error { runtime.Goexit(); return nil }, 2, "exit status 2: it called runtime.Goexit",
			"it called runtime.Goexit\n"},
		{"cancelled by itself", func(context.Context) error { return context.Canceled }, 1, "exit status 1: context canceled",
			"context canceled\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			edit := both(asWorker, logged(dir), func(p *confload.Program) {
				p.Autorestart, p.ExitCodes = confload.RestartNever, []int{0, 1, 2}
			})
			inVirtualTime(t, lives(script{}), []confload.Group{program1("web", edit)}, func(b *bench) {
				b.after(3 * time.Second)
				b.want("  0.0s web STOPPED -> STARTING", "  1.0s web STARTING -> RUNNING", "  2.0s web RUNNING -> EXITED")
				i, _ := b.Info("web")
				if i.ExitStatus != c.status || i.ExitSignal != 0 || !strings.Contains(i.Reason.Text, c.reason) {
					t.Errorf("status %d, signal %v, %q", i.ExitStatus, i.ExitSignal, i.Reason.Text)
				}
				text, err := os.ReadFile(filepath.Join(dir, "err"))
				if err != nil || !strings.HasPrefix(string(text), c.log) || c.log == "" && len(text) > 0 {
					t.Errorf("logged %q, %v", text, err)
				}
			}, WithWorker("w", func(ctx context.Context) error {
				<-time.After(2 * time.Second)
				return c.f(ctx)
			}))
		})
	}
}

func TestAWorkerThatFailsAtOnceBacksOffAndGivesUp(t *testing.T) {
	edit := both(asWorker, func(p *confload.Program) { p.StartRetries = 1 })
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", edit)}, func(b *bench) {
		b.after(10 * time.Second)
		b.want("  0.0s web STOPPED -> STARTING", "  0.0s web STARTING -> BACKOFF", "  1.0s web BACKOFF -> STARTING",
			"  1.0s web STARTING -> BACKOFF", "  1.0s web BACKOFF -> FATAL")
	}, WithWorker("w", func(context.Context) error { return errors.New("no luck") }))
}

func TestSignalsCancelAWorker(t *testing.T) {
	ctx := context.Background()
	causes := make(chan string, 1)
	w := WithWorker("w", func(ctx context.Context) error {
		<-ctx.Done()
		causes <- context.Cause(ctx).Error()
		return fmt.Errorf("gone: %w", ctx.Err())
	})
	edit := both(asWorker, func(p *confload.Program) { p.StopSignal, p.StopAsGroup = syscall.SIGINT, true })
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", edit)}, func(b *bench) {
		b.after(2 * time.Second)
		wantFault(t, b.SendStdin(ctx, "web", []byte("x")), NoFile)
		i, _ := b.Info("web")
		if i.Pid <= 1<<22 || syscall.Kill(i.Pid, 0) != syscall.ESRCH {
			t.Errorf("pid %d may be that of a process", i.Pid)
		}
		if err := b.Signal(ctx, "web", 0); err != nil {
			t.Error(err)
		}
		if err := b.Signal(ctx, "web", syscall.SIGHUP); err != nil {
			t.Error(err)
		}
		if got := <-causes; got != "stopped by SIGHUP" {
			t.Errorf("got %q", got)
		}
		b.after(2 * time.Second)
		b.want("  0.0s web STOPPED -> STARTING", "  1.0s web STARTING -> RUNNING", "  2.0s web RUNNING -> EXITED",
			"  2.0s web EXITED -> STARTING", "  3.0s web STARTING -> RUNNING")
		again, _ := b.Info("web")
		if again.Pid == i.Pid || again.Pid == 0 {
			t.Errorf("pids %d and %d", i.Pid, again.Pid)
		}
		if text := transitions(b.Handle)[2].Reason.Text; !strings.Contains(text, "terminated by SIGHUP") {
			t.Errorf("it ended because: %s", text)
		}
		if err := b.Stop(ctx, "web", true); err != nil {
			t.Error(err)
		}
		if got := <-causes; got != "stopped by SIGINT" {
			t.Errorf("got %q", got)
		}
		b.want("  4.0s web RUNNING -> STOPPING", "  4.0s web STOPPING -> STOPPED")
		wantFault(t, b.SendStdin(ctx, "web", []byte("x")), NotRunning)
	}, w)
}

// A worker that ignores its context is given up after stopwaitsecs; what it does later has no effect on its next worker.
func TestAWorkerThatIgnoresItsContextIsGivenUp(t *testing.T) {
	ctx := context.Background()
	out := &proctest.Output{}
	stuck, wrote := make(chan chan struct{}, 1), make(chan error, 1)
	var once sync.Once
	w := WithWorker("w", func(ctx context.Context) error {
		stubborn := false
		once.Do(func() { stubborn = true })
		if !stubborn {
			return untilCancelled(ctx)
		}
		release := make(chan struct{}) // here, so that virtual time passes meanwhile
		stuck <- release
		<-release
		_, err := WorkerOf(ctx).Stdout.Write([]byte("late"))
		wrote <- err
		return errors.New("late")
	})
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", asWorker)}, func(b *bench) {
		b.after(2 * time.Second)
		if err := b.Stop(ctx, "web", true); err != nil {
			t.Error(err)
		}
		if err := b.Start(ctx, "web", true); err != nil {
			t.Error(err)
		}
		b.want("  0.0s web STOPPED -> STARTING", "  1.0s web STARTING -> RUNNING", "  2.0s web RUNNING -> STOPPING",
			" 12.0s web STOPPING -> STOPPED", " 12.0s web STOPPED -> STARTING", " 13.0s web STARTING -> RUNNING")
		close(<-stuck)
		if err := <-wrote; !errors.Is(err, os.ErrClosed) {
			t.Errorf("a write after the end: %v", err)
		}
		b.after(time.Minute)
		b.want()
		for _, line := range []string{"it is given up", "which was given up, has returned"} {
			if !strings.Contains(out.String(), line) {
				t.Errorf("the log lacks %q:\n%s", line, out)
			}
		}
	}, w, WithLogger(logTo(out)))
}

func TestAWorkerKnowsItsLifeAndWritesToItsLogs(t *testing.T) {
	dir := t.TempDir()
	lines := make(chan []string, 1)
	w := WithWorker("w", func(ctx context.Context) error {
		l := WorkerOf(ctx)
		lines <- append(l.Args, l.Env...)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { fmt.Fprintf(l.Stdout, "%s\n", strings.Repeat("x", 3*maxPiece)) })
		}
		all.Wait()
		fmt.Fprintln(l.Stderr, "it serves")
		return untilCancelled(ctx)
	})
	edit := both(logged(dir), func(p *confload.Program) {
		p.Command, p.Environment = "worker:w 'a b' c", []string{"COLOR=red"}
		p.Ready = confload.Readiness{Kind: confload.ReadyLog, Pattern: "^it serves$"}
	})
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", edit)}, func(b *bench) {
		b.after(2 * time.Second)
		if i, _ := b.Info("web"); !i.Ready {
			t.Errorf("not ready: %+v", i)
		}
		got := strings.Join(<-lines, "|")
		if !strings.HasPrefix(got, "worker:w|a b|c|") || !strings.HasSuffix(got, "|COLOR=red") ||
			!strings.Contains(got, "|SUPERVISOR_PROCESS_NAME=web|") {
			t.Errorf("it knows %s", got)
		}
		text, _ := os.ReadFile(filepath.Join(dir, "out"))
		if want := strings.Repeat(strings.Repeat("x", 3*maxPiece)+"\n", 8); string(text) != want {
			t.Errorf("%d bytes logged, want %d in whole lines", len(text), len(want))
		}
	}, w)
}

func TestAWorkerWithRedirectedStderrHasOneLog(t *testing.T) {
	dir := t.TempDir()
	w := WithWorker("w", func(ctx context.Context) error {
		l := WorkerOf(ctx)
		fmt.Fprintln(l.Stdout, "out")
		fmt.Fprintln(l.Stderr, "err")
		return errors.New("no luck")
	})
	edit := both(asWorker, logged(dir), func(p *confload.Program) { p.RedirectStderr, p.StartRetries = true, 0 })
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", edit)}, func(b *bench) {
		b.after(2 * time.Second)
		b.forget()
		if text, err := os.ReadFile(filepath.Join(dir, "out")); err != nil || string(text) != "out\nerr\nno luck\n" {
			t.Errorf("logged %q, %v", text, err)
		}
	}, w)
}

func TestWorkerOfAnotherContextThrowsOutputAway(t *testing.T) {
	l := WorkerOf(context.Background())
	if n, err := io.WriteString(l.Stdout, "x"); n != 1 || err != nil {
		t.Error(n, err)
	}
	if n, err := io.WriteString(l.Stderr, "x"); n != 1 || err != nil || l.Args != nil || l.Env != nil {
		t.Error(n, err, l)
	}
}

func TestSpawnRefusesWorkersThatCannotBe(t *testing.T) {
	mask := os.FileMode(0o22)
	five := 5
	system := host(t)
	for _, c := range []struct {
		edit func(*confload.Program)
		want string
	}{
		{func(p *confload.Program) { p.Command = "worker:none" },
			"program web: there is no worker for command=worker:none; there are: worker:v, worker:w"},
		{func(p *confload.Program) { p.User = &confload.User{Name: "x", UID: uint32(os.Getuid()) + 1} },
			"cannot have user; leave it out"},
		{func(p *confload.Program) { p.Directory, p.Umask = "/", &mask }, "cannot have directory, umask;"},
		{func(p *confload.Program) { p.Nice = &five }, "cannot have rlimit_…, nice or oom_score_adj;"},
		{func(p *confload.Program) { p.Cgroup.MemoryMax = new(uint64) }, "cannot have cgroup_…;"},
		{func(p *confload.Program) { p.RestartMemoryLimit, p.OnBinary.Watch = 1, true },
			"cannot have restart_memory_limit, restart_when_binary_changed;"},
		{func(p *confload.Program) { p.Kind = confload.KindFCGI }, "cannot have a section fcgi-program;"},
		{func(p *confload.Program) { p.Kind = confload.KindEventListener }, "cannot have a section eventlistener;"},
		{func(p *confload.Program) { p.Watchdog = time.Second }, "cannot have watchdog;"},
		{func(p *confload.Program) { p.Ready.Kind = confload.ReadyNotify }, "cannot have ready=notify;"},
		{func(p *confload.Program) { p.Ready.Kind = confload.ReadyFD }, "cannot have ready=fd;"},
	} {
		groups := []confload.Group{program1("web", both(asWorker, c.edit))}
		_, err := Spawn(system, &confload.Config{Groups: groups},
			WithWorker("w", untilCancelled), WithWorker("v", untilCancelled))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

// A group that comes later is not looked at by Spawn: its worker cannot be started, and says why.
func TestAWorkerAddedLaterWithOptionsItCannotHaveIsNotStarted(t *testing.T) {
	ctx := context.Background()
	bad := program1("bad", both(asWorker, func(p *confload.Program) { p.Directory, p.StartRetries = "/", 0 }))
	load := WithLoader(func() (*confload.Config, error) { return &confload.Config{Groups: []confload.Group{bad}}, nil })
	inVirtualTime(t, lives(script{}), nil, func(b *bench) {
		if _, err := b.Reread(ctx); err != nil {
			t.Fatal(err)
		}
		if err := b.AddGroup(ctx, "bad"); err != nil {
			t.Fatal(err)
		}
		b.after(5 * time.Second)
		if i, _ := b.Info("bad"); i.State != supervisor.Fatal || !strings.Contains(i.SpawnErr, "cannot have directory") {
			t.Errorf("%+v", i)
		}
	}, load, WithWorker("w", untilCancelled))
}

// Close ends what it must not wait for: the worker's context is cancelled.
func TestCloseThatMustNotWaitCancelsWorkers(t *testing.T) {
	ended := make(chan error, 1)
	w := WithWorker("w", func(ctx context.Context) error {
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return nil
	})
	r := spawnReal(t, []confload.Group{program1("web", asWorker)}, w)
	r.await("web", "started", func(i *Info) bool { return i.Pid != 0 })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got := proctest.Receive(t, "the end", ended); got == nil || !strings.HasPrefix(got.Error(), "stopped by SIG") {
		t.Error(got)
	}
}

// A workingActor panics, stops itself, or says that it lives.
type workingActor struct{ pids chan<- *actor.PID }

func (a *workingActor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		a.pids <- ctx.Self()
	case string:
		if m == "panic" {
			panic("a bug")
		}
		ctx.Stop(ctx.Self())
	}
}

func TestAWorkerWhoseActorCannotBeMadeFails(t *testing.T) {
	var system *actor.ActorSystem
	w := WithWorker("w", func(ctx context.Context) error {
		return ActorWorker(system, actor.PropsFromProducer(func() actor.Actor { panic("a bug") }))(ctx)
	})
	edit := both(asWorker, func(p *confload.Program) { p.Autostart, p.StartRetries = false, 0 })
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", edit)}, func(b *bench) {
		system = b.tree.system
		before := names(system)
		if err := b.Start(context.Background(), "web", true); err == nil {
			t.Error("it was started")
		}
		b.forget()
		if text := fmt.Sprint(b.History(0, 0)); !strings.Contains(text, "exit status 1: the actor cannot be made: a bug") {
			t.Errorf("history: %s", text)
		}
		if left := names(system); left > before {
			t.Errorf("%d names of actors, %d before", left, before)
		}
	}, w)
}

func TestAnActorIsAWorker(t *testing.T) {
	ctx := context.Background()
	var system *actor.ActorSystem
	pids := make(chan *actor.PID, 1)
	w := WithWorker("w", func(ctx context.Context) error {
		return ActorWorker(system, actor.PropsFromProducer(func() actor.Actor { return &workingActor{pids} }))(ctx)
	})
	edit := both(asWorker, func(p *confload.Program) { p.Autostart = false })
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", edit)}, func(b *bench) {
		system = b.tree.system
		if err := b.Start(ctx, "web", true); err != nil {
			t.Fatal(err)
		}
		system.Root.Send(<-pids, "panic")
		second := <-pids
		b.after(2 * time.Second)
		b.want("  0.0s web STOPPED -> STARTING", "  1.0s web STARTING -> RUNNING", "  1.0s web RUNNING -> EXITED",
			"  1.0s web EXITED -> STARTING", "  2.0s web STARTING -> RUNNING")
		if text := transitions(b.Handle)[2].Reason.Text; !strings.Contains(text, "exit status 1: the actor has failed: a bug") {
			t.Errorf("it ended because: %s", text)
		}
		system.Root.Send(second, "end")
		b.after(time.Second)
		b.want("  3.0s web RUNNING -> EXITED")
		if err := b.Start(ctx, "web", true); err != nil {
			t.Fatal(err)
		}
		third := <-pids
		if err := b.Stop(ctx, "web", true); err != nil {
			t.Fatal(err)
		}
		if p, ok := system.ProcessRegistry.GetLocal(third.GetId()); ok {
			t.Errorf("the actor is still there: %v", p)
		}
		b.forget()
	}, w)
}
