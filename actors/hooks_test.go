package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// allHooks are hooks of a program, for tests in which hookDiary does them.
func allHooks(timeout time.Duration) confload.Hooks {
	p := &confload.Probe{}
	return confload.Hooks{PreStart: p, PostStart: p, PreStop: p, PostStop: p, Timeout: timeout}
}

// A hookDiary does hooks and keeps account of them, between the transitions in the log of a bench.
type hookDiary struct {
	*bench
	mu    sync.Mutex
	takes map[supervisor.Hook]time.Duration
	wrong map[supervisor.Hook]error
}

func (d *hookDiary) note(format string, args ...interface{}) {
	d.bench.mu.Lock()
	defer d.bench.mu.Unlock()
	d.log = append(d.log, fmt.Sprintf("%5.1fs ", time.Since(d.began).Seconds())+fmt.Sprintf(format, args...))
}

func (d *hookDiary) do(ctx context.Context, who *subject) error {
	<-time.After(time.Millisecond) // the transition that comes with it is noted first, also below
	hook := who.hook.Hook
	said := strings.Join(hookVariables(who.hook)[1:], " ")
	d.note("%s of %s begins, pid %d, %s", hook, who.prog.Name, who.pid, said)
	d.mu.Lock()
	takes, wrong := d.takes[hook], d.wrong[hook]
	d.mu.Unlock()
	select {
	case <-time.After(takes):
		d.note("%s of %s ends", hook, who.prog.Name)
		return wrong
	case <-ctx.Done():
		<-time.After(time.Millisecond)
		d.note("%s of %s is ended", hook, who.prog.Name)
		return ctx.Err()
	}
}

// withHooks is inVirtualTime with hooks done by a diary. log gets the main log; nil: nobody does.
func withHooks(t *testing.T, d *hookDiary, h *scriptedHost, groups []confload.Group, log *proctest.Output, f func(b *bench)) {
	opts := []Option{WithDeferredStart(), withCheck(d.do)}
	if log != nil {
		opts = append(opts, WithLogger(logTo(log)))
	}
	inVirtualTime(t, h, groups, func(b *bench) {
		d.bench = b
		b.Autostart()
		f(b)
	}, opts...)
}

func hooked(timeout time.Duration, edit func(*confload.Hooks)) func(*confload.Program) {
	return func(p *confload.Program) {
		p.Hooks = allHooks(timeout)
		if edit != nil {
			edit(&p.Hooks)
		}
	}
}

func TestHooksComeInTheirOrderAndAreWaitedFor(t *testing.T) {
	d := &hookDiary{takes: map[supervisor.Hook]time.Duration{supervisor.PreStartHook: 5 * time.Second, supervisor.PostStartHook: 30 * time.Second,
		supervisor.PreStopHook: 3 * time.Second, supervisor.PostStopHook: 4 * time.Second}}
	web := program1("web", hooked(time.Minute, nil))
	withHooks(t, d, lives(script{stops: 2 * time.Second}), []confload.Group{web}, nil, func(b *bench) {
		b.after(time.Minute)
		b.want("  0.0s web STOPPED -> STARTING",
			"  0.0s pre_start_hook of web begins, pid 0, SUPD_REASON=started by autostart",
			"  5.0s pre_start_hook of web ends",
			"  6.0s web STARTING -> RUNNING",
			"  6.0s post_start_hook of web begins, pid 101, SUPD_REASON=it has stayed up for startsecs (1)",
			" 36.0s post_start_hook of web ends")
		if err := b.Stop(context.Background(), "web", true); err != nil {
			t.Error(err)
		}
		b.want(" 60.0s web RUNNING -> STOPPING",
			" 60.0s pre_stop_hook of web begins, pid 101, SUPD_REASON=stopped by an administrator",
			" 63.0s pre_stop_hook of web ends",
			" 65.0s post_stop_hook of web begins, pid 101, SUPD_REASON=stopped by an administrator SUPD_EXIT=terminated by SIGTERM SUPD_EXIT_STATUS=-1",
			" 69.0s post_stop_hook of web ends",
			" 69.0s web STOPPING -> STOPPED")
	})
}

func TestAfterACrashTheNextProcessWaitsForPostStopHook(t *testing.T) {
	d := &hookDiary{takes: map[supervisor.Hook]time.Duration{supervisor.PostStopHook: 4 * time.Second}}
	h := newScriptedHost(func(_ string, life int) script {
		if life == 1 {
			return script{runs: 10 * time.Second, code: 7}
		}
		return script{}
	})
	web := program1("web", func(p *confload.Program) { p.Hooks = confload.Hooks{PostStop: &confload.Probe{}, Timeout: time.Minute} })
	withHooks(t, d, h, []confload.Group{web}, nil, func(b *bench) {
		b.after(20 * time.Second)
		b.want("  0.0s web STOPPED -> STARTING", "  1.0s web STARTING -> RUNNING", " 10.0s web RUNNING -> EXITED", " 10.0s web EXITED -> STARTING",
			" 10.0s post_stop_hook of web begins, pid 101, SUPD_REASON=the process ended: exit status 7 SUPD_EXIT=exit status 7 SUPD_EXIT_STATUS=7",
			" 14.0s post_stop_hook of web ends",
			" 15.0s web STARTING -> RUNNING")
	})
}

func TestAFailedPreStartHookIsAFailedStart(t *testing.T) {
	d := &hookDiary{wrong: map[supervisor.Hook]error{supervisor.PreStartHook: errors.New("exit status 3: the disk is full")}}
	web := program1("web", both(hooked(time.Minute, nil), func(p *confload.Program) { p.StartRetries, p.Autostart = 1, false }))
	brave := program1("brave", both(hooked(time.Minute, func(h *confload.Hooks) { h.PreStartFailure = confload.HookIgnored }),
		func(p *confload.Program) { p.Autostart = false }))
	var log proctest.Output
	withHooks(t, d, lives(script{}), []confload.Group{web, brave}, &log, func(b *bench) {
		wantFault(t, b.Start(context.Background(), "web", true), SpawnError)
		b.after(10 * time.Second)
		i, _ := b.Info("web")
		if want := "pre_start_hook has failed: exit status 3: the disk is full"; i.State != supervisor.Fatal || i.SpawnErr != want {
			t.Errorf("got %+v", i)
		}
		if err := b.Start(context.Background(), "brave", true); err != nil {
			t.Error(err)
		}
		log.WaitFor(t, "brave is started although its pre_start_hook has failed: exit status 3: the disk is full")
		b.forget()
	})
	if !slices.Equal(d.host.starts, []string{"brave"}) {
		t.Errorf("started were %q", d.host.starts)
	}
}

func TestAHookThatTakesTooLongIsEndedAndHasFailed(t *testing.T) {
	d := &hookDiary{takes: map[supervisor.Hook]time.Duration{supervisor.PreStopHook: time.Hour}}
	var log proctest.Output
	web := program1("web", func(p *confload.Program) {
		p.Hooks = confload.Hooks{PreStop: &confload.Probe{}, Timeout: 20 * time.Second}
	})
	withHooks(t, d, lives(script{}), []confload.Group{web}, &log, func(b *bench) {
		b.after(10 * time.Second)
		b.forget()
		if err := b.Stop(context.Background(), "web", true); err != nil {
			t.Error(err)
		}
		b.want(" 10.0s web RUNNING -> STOPPING", " 10.0s pre_stop_hook of web begins, pid 101, SUPD_REASON=stopped by an administrator",
			" 30.0s pre_stop_hook of web is ended", " 30.0s web STOPPING -> STOPPED")
		log.WaitFor(t, "pre_stop_hook of web has failed: it was not over after 20s")
	})
}

// TestAHookThatHangsHoldsUpNobodyElse is defect B30 of a predecessor: everything stood still during a hook.
func TestAHookThatHangsHoldsUpNobodyElse(t *testing.T) {
	d := &hookDiary{takes: map[supervisor.Hook]time.Duration{supervisor.PreStartHook: time.Hour}}
	slow := program1("slow", both(hooked(2*time.Hour, nil), func(p *confload.Program) { p.Priority, p.Group = 1, "g" }))
	quick := program1("quick", func(p *confload.Program) { p.Priority, p.Group = 2, "g" })
	slow.Name, slow.Programs = "g", append(slow.Programs, quick.Programs...)
	withHooks(t, d, lives(script{}), []confload.Group{slow, program1("other", nil)}, nil, func(b *bench) {
		b.after(2 * time.Second)
		if b.state("g:slow") != supervisor.Starting || b.state("g:quick") != supervisor.Running || b.state("other") != supervisor.Running {
			t.Errorf("slow is %s, quick %s, other %s", b.state("g:slow"), b.state("g:quick"), b.state("other"))
		}
		wantFault(t, b.Start(context.Background(), "g:slow", true), AlreadyStarted)
		wantFault(t, b.Signal(context.Background(), "g:slow", 1), NotRunning)
		b.forget()
		if err := b.Stop(context.Background(), "g:slow", true); err != nil { // a stop cancels the start
			t.Error(err)
		}
		b.want("  2.0s g:slow STARTING -> STOPPING", "  2.0s pre_start_hook of slow is ended", "  2.0s g:slow STOPPING -> STOPPED")
	})
}

func TestAShutdownWaitsForTheHooksOfAStopAndEndsOthers(t *testing.T) {
	d := &hookDiary{takes: map[supervisor.Hook]time.Duration{supervisor.PreStartHook: time.Hour, supervisor.PostStopHook: 5 * time.Second}}
	starting := program1("starting", hooked(2*time.Hour, nil))
	running := program1("running", func(p *confload.Program) { p.Hooks = confload.Hooks{PostStop: &confload.Probe{}, Timeout: time.Minute} })
	withHooks(t, d, lives(script{}), []confload.Group{running, starting}, nil, func(b *bench) {
		b.after(10 * time.Second)
		b.forget()
		b.Shutdown(false)
		<-b.Done()
		b.want(" 10.0s starting STARTING -> STOPPING", " 10.0s pre_start_hook of starting is ended", " 10.0s starting STOPPING -> STOPPED",
			" 10.0s running RUNNING -> STOPPING",
			" 10.0s post_stop_hook of running begins, pid 101, SUPD_REASON=stopped by shutdown of the supervisor SUPD_EXIT=terminated by SIGTERM SUPD_EXIT_STATUS=-1",
			" 15.0s post_stop_hook of running ends", " 15.0s running STOPPING -> STOPPED")
	})
}

func TestAShutdownWaitsForPostStopHookOfAProgramThatIsDownAlready(t *testing.T) {
	d := &hookDiary{takes: map[supervisor.Hook]time.Duration{supervisor.PostStopHook: 20 * time.Second}}
	web := program1("web", func(p *confload.Program) {
		p.Autorestart, p.Hooks = confload.RestartNever, confload.Hooks{PostStop: &confload.Probe{}, Timeout: time.Minute}
	})
	withHooks(t, d, lives(script{runs: 5 * time.Second}), []confload.Group{web}, nil, func(b *bench) {
		b.after(10 * time.Second)
		b.forget()
		b.Shutdown(false)
		<-b.Done()
		b.want(" 25.0s post_stop_hook of web ends")
	})
}

func TestHooksEndWithTheirGroupAndWithTheTree(t *testing.T) {
	d := &hookDiary{takes: map[supervisor.Hook]time.Duration{supervisor.PostStopHook: time.Hour}}
	edit := func(p *confload.Program) {
		p.Autorestart, p.Hooks = confload.RestartNever, confload.Hooks{PostStop: &confload.Probe{}, Timeout: 2 * time.Hour}
	}
	withHooks(t, d, lives(script{runs: 5 * time.Second}), []confload.Group{program1("web", edit), program1("other", edit)}, nil, func(b *bench) {
		b.after(10 * time.Second)
		b.forget()
		if err := b.RemoveGroup(context.Background(), "web"); err != nil {
			t.Error(err)
		}
		b.want(" 10.0s post_stop_hook of web is ended")
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		_ = b.Close(ctx)
		b.want(" 13.0s post_stop_hook of other is ended")
	})
}
