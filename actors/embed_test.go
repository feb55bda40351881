package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
	"weak"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// These tests are about a tree as a guest in an application with actors of its own.

// host is the actor system of an application; it ends with the test.
func host(t *testing.T) *actor.ActorSystem {
	t.Helper()
	system := newHost()
	t.Cleanup(system.Shutdown)
	return system
}

func newHost() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
}

// guest puts a tree up in a system. Whoever asks for it closes it.
func guest(t *testing.T, system *actor.ActorSystem, text string, opts ...Option) *realTree {
	t.Helper()
	config, err := confload.Parse("code", []byte("[supervisord]\n"+text), confload.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &realTree{t: t, log: &proctest.Output{}}
	opts = append([]Option{WithEnviron(os.Environ()), WithLogger(logTo(r.log))}, opts...)
	if r.Handle, err = Spawn(system, config, opts...); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *realTree) end() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		r.t.Error(err)
	}
}

// running waits until a program is RUNNING, in another process than one before.
func (r *realTree) running(name string, before int) (pid int) {
	r.t.Helper()
	return r.await(name, "running anew", func(i *Info) bool {
		return i.State == supervisor.Running && i.Pid != before
	}).Pid
}

// transitions are the transitions so far.
func transitions(h *Handle) []Record {
	records, _ := h.History(0, 0)
	return slices.DeleteFunc(records, func(r Record) bool { return r.Kind != RecordTransition })
}

// sleeper is a section of a program that runs at once.
func sleeper(name, more string) string {
	return fmt.Sprintf("[program:%s]\ncommand=/bin/sleep 1000\nstartsecs=0\nstdout_logfile=NONE\nstderr_logfile=NONE\n%s\n",
		name, more)
}

func TestTreesInOneProcessDoNotKnowOfEachOther(t *testing.T) {
	proctest.LeakCheck(t)
	shared := host(t)
	trees := []*realTree{guest(t, shared, sleeper("web", "")), guest(t, shared, sleeper("web", "")),
		guest(t, host(t), sleeper("web", ""))}
	pids := map[int]bool{}
	for _, r := range trees {
		pid := r.running("web", 0)
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		pids[r.running("web", pid)] = true
	}
	if len(pids) != len(trees) {
		t.Errorf("%d trees have the processes %v", len(trees), pids)
	}
	kept, _ := trees[1].Info("web")
	trees[0].end()
	trees[2].end()
	if err := syscall.Kill(kept.Pid, syscall.SIGKILL); err != nil {
		t.Errorf("the end of the other trees has ended this one's process: %v", err)
	}
	trees[1].running("web", kept.Pid)
	trees[1].end()
}

// A crasher panics when it is told to, and passes on to the tree what else it is told.
type crasher struct {
	tree    *actor.PID
	answers chan<- interface{}
}

func (c *crasher) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		c.answers <- "started"
	case string:
		panic(m)
	case *StartProgram, *StopProgram, *ManyPrograms, *Ping:
		ctx.Request(c.tree, m)
	case *Outcome, *Fault, Results, *actor.DeadLetterResponse:
		c.answers <- m
	}
}

func TestAPanicOfAnActorOfTheHostHarmsNoProgram(t *testing.T) {
	proctest.LeakCheck(t)
	system := host(t)
	r := guest(t, system, sleeper("web", "")+"[program:w]\ncommand=worker:w\nstartsecs=0\n", WithWorker("w", untilCancelled))
	defer r.end()
	web, w := r.running("web", 0), r.running("w", 0)
	const crashes = 3
	answers := make(chan interface{}, 1+2*crashes)
	pid := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return &crasher{r.Control(), answers} }))
	for range crashes {
		system.Root.Send(pid, &StartProgram{Name: "web"}) // whose answer may come to the next one
		system.Root.Send(pid, "a bug of the host")
	}
	for range 1 + 2*crashes {
		proctest.Receive(t, "a start or an answer", answers)
	}
	_ = system.Root.StopFuture(pid).Wait()
	if err := r.Ping(context.Background()); err != nil {
		t.Error(err)
	}
	if r.running("web", 0) != web || r.running("w", 0) != w {
		t.Error("a program was restarted")
	}
	if records := transitions(r.Handle); len(records) != 4 {
		t.Errorf("there was more than two starts: %+v", records)
	}
}

func TestActorsSteerTheTreeByMessages(t *testing.T) {
	proctest.LeakCheck(t)
	system := host(t)
	r := guest(t, system, sleeper("web", ""))
	answers := make(chan interface{}, 1)
	pid := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return &crasher{r.Control(), answers} }))
	proctest.Receive(t, "the start", answers)
	r.running("web", 0)
	ask := func(m interface{}) interface{} {
		t.Helper()
		system.Root.Send(pid, m)
		return proctest.Receive(t, fmt.Sprintf("the answer to %T", m), answers)
	}
	if o, ok := ask(&StopProgram{Name: "web", Wait: true}).(*Outcome); !ok || o.Fault != nil {
		t.Errorf("stop: %+v", o)
	}
	if i, _ := r.Info("web"); i.State != supervisor.Stopped {
		t.Errorf("it was stopped and is %s", i.State)
	}
	if o, ok := ask(&StopProgram{Name: "web"}).(*Outcome); !ok || o.Fault == nil || o.Fault.Code != NotRunning {
		t.Errorf("stop again: %+v", o)
	}
	if f, ok := ask(&StartProgram{Name: "none"}).(*Fault); !ok || f.Code != BadName {
		t.Errorf("start of what there is not: %v", f)
	}
	if all, ok := ask(&ManyPrograms{Do: Start, All: true, Wait: true}).(Results); !ok || len(all) != 1 || all[0].Status != Success {
		t.Errorf("start all: %+v", all)
	}
	if o, ok := ask(&Ping{}).(*Outcome); !ok || o.Fault != nil {
		t.Errorf("ping: %+v", o)
	}
	r.end()
	if a, ok := ask(&Ping{}).(*actor.DeadLetterResponse); !ok {
		t.Errorf("a tree that is gone has answered: %v", a)
	}
}

func TestACommandGoesOnWhenNobodyWaitsForItAnyMore(t *testing.T) {
	r := guest(t, host(t), sleeper("web", "autostart=false"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Start(ctx, "web", true); !errors.Is(err, context.Canceled) {
		t.Errorf("start: %v", err)
	}
	r.running("web", 0)
	if _, err := r.StopAll(ctx, true); !errors.Is(err, context.Canceled) {
		t.Errorf("stop: %v", err)
	}
	r.await("web", "stopped", func(i *Info) bool { return i.State == supervisor.Stopped })
	r.end()
	r.end()
	wantFault(t, r.Start(context.Background(), "web", true), ShutdownState)
	if i, ok := r.Info("web"); ok || len(r.Infos()) != 0 {
		t.Errorf("after the end there is still: %+v", i)
	}
}

// Processes and workers stand in one group, need each other and have one strategy.
func TestWorkersAndProcessesAreSupervisedTogether(t *testing.T) {
	proctest.LeakCheck(t)
	fail := make(chan error)
	w := WithWorker("w", func(ctx context.Context) error {
		select {
		case err := <-fail:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	r := guest(t, host(t), sleeper("web", "depends_on=site:w")+"[program:w]\ncommand=worker:w\nstartsecs=0\n"+
		"[group:site]\nprograms=web,w\nstrategy=one_for_all\n", w)
	defer r.end()
	web, worker := r.running("site:web", 0), r.running("site:w", 0)
	if records := transitions(r.Handle); records[0].Program != "site:w" {
		t.Errorf("the worker is needed and did not start first: %+v", records)
	}
	if err := syscall.Kill(web, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	web, worker = r.running("site:web", web), r.running("site:w", worker)
	fail <- errors.New("no luck")
	r.running("site:web", web)
	r.running("site:w", worker)
}

func TestAThousandStartsAndStopsLeaveNothingBehind(t *testing.T) {
	proctest.LeakCheck(t)
	ctx := context.Background()
	r := guest(t, host(t), sleeper("web", "autostart=false")+"[program:w]\ncommand=worker:w\nstartsecs=0\nautostart=false\n",
		WithWorker("w", untilCancelled))
	for range 1000 {
		for _, name := range []string{"web", "w"} {
			if err := errors.Join(r.Start(ctx, name, true), r.Stop(ctx, name, true)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, name := range []string{"web", "w"} {
		if i, _ := r.Info(name); i.Counts.Starts != 1000 {
			t.Errorf("%s was started %d times", name, i.Counts.Starts)
		}
	}
	r.end()
}

// names is how many actors a system knows.
func names(system *actor.ActorSystem) (n int) {
	for _, part := range system.ProcessRegistry.LocalPIDs.LocalPIDs {
		n += part.Count()
	}
	return n
}

func TestAThousandTreesLeaveNothingBehind(t *testing.T) {
	proctest.LeakCheck(t)
	system := host(t)
	first := guest(t, system, "")
	first.end()
	before := names(system)
	var last weak.Pointer[tree]
	for range 1000 {
		r := guest(t, system, sleeper("web", "autostart=false"))
		if err := r.Start(context.Background(), "web", true); err != nil {
			t.Fatal(err)
		}
		last = weak.Make(r.tree)
		r.end()
	}
	proctest.Eventually(t, "the last tree to be forgotten", func() (string, bool) {
		runtime.GC()
		return "it is known", last.Value() == nil
	})
	proctest.Eventually(t, "no names of actors to be left", func() (string, bool) {
		left := names(system)
		return fmt.Sprintf("%d, %d before", left, before), left == before
	})
}

// What has become of programs can be told when the tree has ended.
func TestLivesAreKnownAfterTheEnd(t *testing.T) {
	r := guest(t, host(t), sleeper("web", ""))
	r.running("web", 0)
	r.end()
	if lives, ok := r.Lives("web"); !ok || len(lives) != 1 || lives[0].Signal != syscall.SIGTERM {
		t.Errorf("got %+v, %v", lives, ok)
	}
	if _, ok := r.Lives("nobody"); ok {
		t.Error("nobody had lives")
	}
}

// Nobody is shown as running whose process was killed because there was no time left.
func TestWhatACloseWithoutPatienceKillsIsShownAsDown(t *testing.T) {
	r := guest(t, host(t), sleeper("web", ""))
	pid := r.running("web", 0)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	proctest.Eventually(t, "its process to be gone", func() (string, bool) {
		err := syscall.Kill(pid, 0)
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return fmt.Sprint(err, string(stat)), err == syscall.ESRCH
	})
	for _, i := range r.Infos() {
		if i.Pid != 0 || i.State.IsUp() {
			t.Errorf("%s is shown as %s with pid %d", i.Program.Name, i.State, i.Pid)
		}
	}
}

// An application that ends its actor system first can still close the tree.
func TestATreeCanBeClosedAfterItsActorSystemWasEnded(t *testing.T) {
	proctest.LeakCheck(t)
	system := newHost()
	r := guest(t, system, sleeper("web", ""))
	pid := r.running("web", 0)
	system.Shutdown()
	r.end()
	if lives, ok := r.Lives("web"); !ok {
		t.Errorf("its lives are not known: %v", lives)
	}
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("its process is still there: %v", err)
	}
}
