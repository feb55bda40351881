package actors

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// withCheck puts a function in the place of real checks.
func withCheck(f func(ctx context.Context, who *subject) error) Option {
	return func(o *options) {
		o.tree.check = func(ctx context.Context, _ *confload.Probe, who *subject) error { return f(ctx, who) }
	}
}

// healthy gives a program a health check with the defaults of the configuration.
func healthy(check confload.Probe, edit func(*confload.Liveness)) func(*confload.Program) {
	return func(p *confload.Program) {
		p.Liveness = confload.Liveness{Probe: &check, InitialDelay: time.Minute, Period: time.Minute, Timeout: 30 * time.Second,
			SuccessThreshold: 1, FailureThreshold: 3}
		if edit != nil {
			edit(&p.Liveness)
		}
	}
}

// quickly makes checks follow each other at once.
func quickly(l *confload.Liveness) {
	l.InitialDelay, l.Period, l.Timeout, l.FailureThreshold = 0, 20*time.Millisecond, 20*time.Second, 2
}

// checks records when checks were made, and answers them.
type checks struct {
	mu    sync.Mutex
	began time.Time
	at    []string
	wrong error
	takes time.Duration
}

func (c *checks) check(ctx context.Context, who *subject) error {
	c.mu.Lock()
	c.at = append(c.at, fmt.Sprintf("%.0f", time.Since(c.began).Seconds()))
	wrong, takes := c.wrong, c.takes
	c.mu.Unlock()
	select {
	case <-time.After(takes):
		return wrong
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *checks) begin(b *bench) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.began = b.began
}

// want compares the times of the checks so far, in seconds, and forgets them.
func (c *checks) want(t *testing.T, times string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if got := strings.Join(c.at, " "); got != times {
		t.Errorf("checked at %q, want %q", got, times)
	}
	c.at = nil
}

func (c *checks) answer(wrong error, takes time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong, c.takes = wrong, takes
}

func TestHealthChecksComeAfterTheInitialDelayAndEveryPeriodWhileRunning(t *testing.T) {
	c := &checks{}
	h := newScriptedHost(func(_ string, life int) script {
		if life == 1 {
			return script{runs: 200 * time.Second, code: 1}
		}
		return script{}
	})
	web := both(healthy(confload.Probe{}, nil), func(p *confload.Program) { p.StartSecs = 5 })
	inVirtualTime(t, h, []confload.Group{program1("web", web), program1("needs", needing(0, "web"))}, func(b *bench) {
		c.begin(b)
		b.after(64 * time.Second)
		c.want(t, "")
		if i, _ := b.Info("web"); i.Ready || i.ReadyText != "" {
			t.Errorf("got %+v", i)
		}
		b.after(1500 * time.Millisecond)
		c.want(t, "65")
		if i, _ := b.Info("web"); !i.Ready || b.state("needs") != supervisor.Starting {
			t.Errorf("got %+v, and the other is %s", i, b.state("needs"))
		}
		c.answer(nil, 10*time.Second)      // from begin to begin, whatever a check takes
		b.after(133500 * time.Millisecond) // 199
		c.want(t, "125 185")
		b.after(200 * time.Second) // the second life begins at 200, is RUNNING at 205
		c.want(t, "265 325 385")
		c.answer(nil, time.Hour)
		b.after(100 * time.Second) // 499: the check of 445 was over at 475, though it had not ended
		c.want(t, "445")
		if i, _ := b.Info("web"); i.StatusText != "" || i.Unhealthy {
			t.Errorf("got %+v", i)
		}
		b.forget()
		if err := b.Stop(context.Background(), "web", true); err != nil {
			t.Error(err)
		}
		b.after(time.Hour)
		c.want(t, "")
		b.forget()
	}, withCheck(c.check))
}

func TestFailedHealthChecksRestartTheProgram(t *testing.T) {
	c := &checks{wrong: errors.New("connection refused")}
	var log proctest.Output
	web := healthy(confload.Probe{}, func(l *confload.Liveness) { l.OnFailure.Kind = confload.ActionRestart })
	needs := both(needing(confload.DependsKeep, "web"), func(p *confload.Program) {
		p.DependsOn[0].Condition = confload.NeedsHealthy
	})
	inVirtualTime(t, lives(script{stops: time.Second}), []confload.Group{program1("web", web), program1("needs", needs)}, func(b *bench) {
		c.begin(b)
		b.after(180 * time.Second)
		b.want("  0.0s web STOPPED -> STARTING", "  1.0s web STARTING -> RUNNING")
		b.after(20 * time.Second)
		b.want("181.0s web RUNNING -> STOPPING", "182.0s web STOPPING -> STOPPED", "182.0s web STOPPED -> STARTING", "183.0s web STARTING -> RUNNING")
		c.want(t, "61 121 181")
		i, _ := b.Info("web")
		if i.Unhealthy || i.Reason.Code != "stayed-up" || b.state("needs") != supervisor.Stopped {
			t.Errorf("got %+v, and the other is %s", i, b.state("needs"))
		}
		c.answer(nil, 0)
		b.after(44 * time.Second)
		c.want(t, "243")
		b.want("243.0s needs STOPPED -> STARTING", "244.0s needs STARTING -> RUNNING")
		for _, want := range []string{"a health check of web has failed (1 of 3): connection refused", "(2 of 3)",
			"web is unhealthy: 3 health checks in a row have failed: connection refused", "web is healthy: a health check has succeeded"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log does not say %q:\n%s", want, &log)
			}
		}
	}, withCheck(c.check), WithLogger(logTo(&log)))
}

func TestOnlyThoseThatNeedItHealthyLoseAProgramThatIsUnhealthy(t *testing.T) {
	c := &checks{}
	healthyOnly := both(needing(confload.DependsRestart, "web"), func(p *confload.Program) { p.DependsOn[0].Condition = confload.NeedsHealthy })
	groups := []confload.Group{program1("web", healthy(confload.Probe{}, nil)), program1("strict", healthyOnly),
		program1("easy", both(needing(confload.DependsRestart, "web"), func(p *confload.Program) { p.StartSecs = 2 }))}
	inVirtualTime(t, lives(script{}), groups, func(b *bench) {
		c.begin(b)
		b.after(70 * time.Second)
		b.forget()
		c.answer(errors.New("no"), 0)
		b.after(4 * time.Minute)
		b.want("241.0s strict RUNNING -> STOPPING", "241.0s strict STOPPING -> STOPPED")
		if i, _ := b.Info("strict"); i.WaitsFor != "web (healthy)" {
			t.Errorf("got %+v", i)
		}
		c.answer(nil, 0)
		b.after(time.Minute)
		b.want("361.0s strict STOPPED -> STARTING", "362.0s strict STARTING -> RUNNING")
	}, withCheck(c.check))
}

func TestACheckThatIsStuckFailsAtItsTimeout(t *testing.T) {
	c := &checks{takes: time.Hour}
	web := healthy(confload.Probe{}, func(l *confload.Liveness) { l.OnFailure.Kind, l.FailureThreshold = confload.ActionStop, 1 })
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", web)}, func(b *bench) {
		b.after(time.Hour)
		b.want("  0.0s web STOPPED -> STARTING", "  1.0s web STARTING -> RUNNING", " 91.0s web RUNNING -> STOPPING", " 91.0s web STOPPING -> STOPPED")
		if i, _ := b.Info("web"); i.Reason.Code != "stopped" {
			t.Errorf("got %+v", i)
		}
	}, withCheck(c.check))
}

func TestABugInACheckHarmsNobody(t *testing.T) {
	var n atomic.Int64
	buggy := func(context.Context, *subject) error {
		if n.Add(1) < 3 {
			panic("division of sheep by zero")
		}
		return nil
	}
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", healthy(confload.Probe{}, nil))}, func(b *bench) {
		b.after(130 * time.Second)
		i, _ := b.Info("web")
		if i.State != supervisor.Running || i.Ready || n.Load() != 2 {
			t.Errorf("after %d checks: %+v", n.Load(), i)
		}
		b.after(time.Minute)
		if i, _ := b.Info("web"); !i.Ready {
			t.Errorf("after %d checks: %+v", n.Load(), i)
		}
		b.forget()
	}, withCheck(buggy))
}

// TestAnActorOfACheckThatFailsBeginsAnew sends a checker a message that it panics on.
func TestAnActorOfACheckThatFailsBeginsAnew(t *testing.T) {
	c := &checks{}
	var pid *actor.PID
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", healthy(confload.Probe{}, nil))}, func(b *bench) {
		c.begin(b)
		b.after(70 * time.Second)
		c.want(t, "61")
		for _, m := range b.tree.system.ProcessRegistry.LocalPIDs.LocalPIDs {
			for id := range m.Items() {
				if strings.Contains(id, "/check") {
					pid = actor.NewPID(b.tree.system.Address(), id)
				}
			}
		}
		if pid == nil {
			t.Fatal("there is no checker")
		}
		b.tree.system.Root.Send(pid, &checkEnded{}) // of no turn: it is ignored
		b.tree.system.Root.Send(pid, (*checkDue)(nil))
		b.after(70 * time.Second)
		c.want(t, "130")
		if b.state("web") != supervisor.Running {
			t.Errorf("web is %s", b.state("web"))
		}
		b.forget()
	}, withCheck(c.check))
}

func TestACommandThatFailsSaysWhyAndIsRunAsTheProgramIs(t *testing.T) {
	dir := t.TempDir()
	check := confload.Probe{Args: []string{"/bin/sh", "-c", `pwd; echo "not so well: $MOOD $SUPD_PROGRAM $SUPD_PID $(umask)" >&2; echo; exit 3`}}
	umask := os.FileMode(0o027)
	r := spawnReal(t, []confload.Group{program1("web", both(child("wait"), healthy(check, quickly), func(p *confload.Program) {
		p.Directory, p.Umask = dir, &umask
		p.Environment = append(p.Environment, "MOOD=grim")
	}))})
	i := r.await("web", "unhealthy", func(i *Info) bool { return i.Unhealthy })
	if want := fmt.Sprintf("exit status 3: not so well: grim web %d 0027", i.Pid); i.StatusText != want || i.ReadyText != "unhealthy" {
		t.Errorf("got %q (%s), want %q", i.StatusText, i.ReadyText, want)
	}
}

// TestACheckThatIsTooSlowIsKilledWithAllItHasStarted has a check that starts another process, ignores SIGTERM and waits.
func TestACheckThatIsTooSlowIsKilledWithAllItHasStarted(t *testing.T) {
	dir := t.TempDir()
	check := confload.Probe{Args: []string{"/bin/sh", "-c", `trap "" TERM; sleep 100000 & echo $! > $PWD/grandchild.$$; wait; sleep 100000`}}
	r := spawnReal(t, []confload.Group{program1("web", both(child("wait"), healthy(check, quickly), func(p *confload.Program) {
		p.Directory = dir
		p.Liveness.Timeout = 500 * time.Millisecond
	}))})
	r.await("web", "unhealthy", func(i *Info) bool {
		return i.Unhealthy && strings.Contains(i.StatusText, "it was not over after 500ms")
	})
	started := func() (pids []int) {
		files, _ := filepath.Glob(dir + "/grandchild.*")
		for _, f := range files {
			b, _ := os.ReadFile(f)
			if pid, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil { // a check may be killed before it has written
				pids = append(pids, pid)
			}
		}
		return pids
	}
	proctest.Eventually(t, "a check to start a process", func() (string, bool) { return "none", len(started()) > 0 })
	if err := r.Stop(context.Background(), "web", true); err != nil {
		t.Error(err)
	}
	proctest.Eventually(t, "the processes of the checks to be gone", func() (string, bool) {
		var alive []string
		for _, pid := range started() {
			if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && !strings.Contains(string(stat), ") Z ") {
				alive = append(alive, string(stat))
			}
		}
		return fmt.Sprint("alive: ", alive), len(alive) == 0
	})
}

// A process that has left others behind holds a descriptor until it is released.
func TestProcessesAreReleasedWhenTheyAreOver(t *testing.T) {
	h := newScriptedHost(func(name string, life int) script {
		switch {
		case name != "web":
			return script{} // the check is killed at its timeout
		case life == 1:
			return script{runs: 5 * time.Second, code: 7}
		}
		return script{}
	})
	check := healthy(confload.Probe{Args: []string{"/bin/sh"}}, func(l *confload.Liveness) { l.InitialDelay, l.Timeout = time.Second, time.Second })
	inVirtualTime(t, h, []confload.Group{program1("web", check)}, func(b *bench) {
		b.after(5500 * time.Millisecond)
		h.mu.Lock()
		defer h.mu.Unlock()
		if want := []string{"web check", "web"}; !slices.Equal(h.released, want) {
			t.Errorf("released are %q, want %q", h.released, want)
		}
	})
}

// TestAStopEndsACheckThatIsUnderWay stops a program whose check would take for ever.
func TestAStopEndsACheckThatIsUnderWay(t *testing.T) {
	dir := t.TempDir()
	check := confload.Probe{Args: []string{"/bin/sh", "-c", `echo $$ > pid; exec sleep 100000`}}
	r := spawnReal(t, []confload.Group{program1("web", both(child("wait"), healthy(check, quickly), func(p *confload.Program) {
		p.Directory = dir
		p.Liveness.Timeout = time.Hour
	}))})
	pid := 0
	proctest.Eventually(t, "the check to run", func() (string, bool) {
		b, _ := os.ReadFile(dir + "/pid")
		pid, _ = strconv.Atoi(strings.TrimSpace(string(b)))
		return string(b), pid > 0
	})
	if err := r.Stop(context.Background(), "web", true); err != nil {
		t.Error(err)
	}
	proctest.Eventually(t, "the check to be gone", func() (string, bool) {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return string(b), err != nil
	})
}

// TestTheActionOfAFailureIsACommandThatKnowsWhatHasHappened also has it written in mixed case.
func TestTheActionOfAFailureIsACommandThatKnowsWhatHasHappened(t *testing.T) {
	dir := t.TempDir()
	check := confload.Probe{Args: []string{"/bin/sh", "-c", "test ! -e sick"}}
	report := func(file string) confload.Action {
		return confload.Action{Kind: confload.ActionCommand, Args: []string{"/bin/sh", "-c",
			`test -e $0 || { echo "$SUPD_PROGRAM $SUPD_PID $SUPD_HEALTH $SUPD_COUNT $SUPD_REASON" > $0.part; mv $0.part $0; }; exit 7`, file}}
	}
	r := spawnReal(t, []confload.Group{program1("web", both(child("wait"), healthy(check, quickly), func(p *confload.Program) {
		p.Directory = dir
		p.Liveness.OnFailure, p.Liveness.OnSuccess = report(dir+"/Fail.LOG"), report(dir+"/Well.LOG")
	}))})
	i := r.await("web", "healthy", func(i *Info) bool { return i.Ready })
	if got, want := proctest.File(t, dir+"/Well.LOG"), fmt.Sprintf("web %d healthy 1 a health check has succeeded\n", i.Pid); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	r.log.WaitFor(t, "web action has failed: exit status 7")
	touch(t, dir+"/sick")
	got, want := proctest.File(t, dir+"/Fail.LOG"), fmt.Sprintf("web %d unhealthy 2 2 health checks in a row have failed: exit status 1\n", i.Pid)
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if i, _ := r.Info("web"); i.State != supervisor.Running {
		t.Errorf("got %+v", i)
	}
}

func TestAProgramWhoseServerIsGoneIsRestartedUntilItIsBack(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	r := spawnReal(t, []confload.Group{program1("web", both(child("wait"), healthy(confload.Probe{Kind: confload.ProbeTCP, Addr: addr}, quickly),
		func(p *confload.Program) { p.Liveness.OnFailure.Kind = confload.ActionRestart }))})
	first := r.await("web", "healthy", func(i *Info) bool { return i.Ready })
	l.Close()
	r.await("web", "restarted", func(i *Info) bool { return i.State == supervisor.Running && i.Pid != first.Pid })
	if l, err = net.Listen("tcp", addr); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r.await("web", "healthy", func(i *Info) bool { return i.Ready && i.Pid != first.Pid })
	r.log.WaitFor(t, "connection refused")
}

func TestAStopActionKeepsTheProgramDown(t *testing.T) {
	check := confload.Probe{Args: []string{"/bin/false"}}
	r := spawnReal(t, []confload.Group{program1("web", both(child("wait"), healthy(check, quickly), func(p *confload.Program) {
		p.Liveness.OnFailure.Kind, p.Autorestart = confload.ActionStop, confload.RestartAlways
	}))})
	i := r.await("web", "STOPPED", func(i *Info) bool {
		return i.State == supervisor.Stopped && i.Start.Before(time.Now()) && i.Pid == 0 && !i.Stop.IsZero()
	})
	if i.Wanted {
		t.Errorf("got %+v", i)
	}
}
