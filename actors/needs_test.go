package actors

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
)

// needing makes a program depend on others: "db", "migrate:exited".
func needing(policy confload.DependsPolicy, on ...string) func(*confload.Program) {
	return func(p *confload.Program) {
		p.DependsPolicy = policy
		for _, name := range on {
			d := confload.Dependency{Name: name, Programs: []string{name}}
			if n, ok := strings.CutSuffix(name, ":exited"); ok {
				d = confload.Dependency{Name: n, Programs: []string{n}, Condition: confload.NeedsExited}
			}
			p.DependsOn = append(p.DependsOn, d)
		}
	}
}

func TestAProgramStartsWhenWhatItDependsOnIsRunning(t *testing.T) {
	slow := func(p *confload.Program) { p.StartSecs = 3 }
	groups := []confload.Group{program1("web", needing(0, "api", "cache")), program1("api", needing(0, "db")), program1("cache", slow),
		program1("db", nil)}
	inVirtualTime(t, lives(script{stops: time.Second}), groups, func(b *bench) {
		b.after(500 * time.Millisecond)
		if i, _ := b.Info("web"); i.WaitsFor != "api, cache" || i.State != supervisor.Stopped || i.Reason.Code != "waits" {
			t.Errorf("got %+v", i)
		}
		b.forget()
		b.after(10 * time.Second)
		b.want("  1.0s db STARTING -> RUNNING",
			"  1.0s api STOPPED -> STARTING", "  2.0s api STARTING -> RUNNING", "  3.0s cache STARTING -> RUNNING",
			"  3.0s web STOPPED -> STARTING", "  4.0s web STARTING -> RUNNING")
		b.Shutdown(false)
		<-b.Done()
		b.want(" 10.5s web RUNNING -> STOPPING", " 11.5s web STOPPING -> STOPPED", " 11.5s cache RUNNING -> STOPPING",
			" 12.5s cache STOPPING -> STOPPED", " 12.5s api RUNNING -> STOPPING", " 13.5s api STOPPING -> STOPPED",
			" 13.5s db RUNNING -> STOPPING", " 14.5s db STOPPING -> STOPPED")
	})
}

func TestStartingAProgramStartsWhatItNeedsFirst(t *testing.T) {
	manual := func(f func(*confload.Program)) func(*confload.Program) {
		return func(p *confload.Program) {
			p.Autostart = false
			if f != nil {
				f(p)
			}
		}
	}
	groups := []confload.Group{program1("web", manual(needing(0, "api"))), program1("api", manual(needing(0, "db"))), program1("db", manual(nil))}
	inVirtualTime(t, lives(script{}), groups, func(b *bench) {
		if err := b.Start(context.Background(), "web", true); err != nil {
			t.Error(err)
		}
		b.want("  0.0s db STOPPED -> STARTING", "  1.0s db STARTING -> RUNNING", "  1.0s api STOPPED -> STARTING",
			"  2.0s api STARTING -> RUNNING", "  2.0s web STOPPED -> STARTING", "  3.0s web STARTING -> RUNNING")
	})
}

func TestAStartWhoseDependencyFailsIsToldAndGoesOnWaiting(t *testing.T) {
	broken := true
	h := newScriptedHost(func(name string, _ int) script {
		if name == "db" && broken {
			return script{runs: 100 * time.Millisecond, code: 1}
		}
		return script{}
	})
	manual := func(p *confload.Program) { p.Autostart, p.StartRetries = false, 0 }
	web := func(p *confload.Program) { manual(p); needing(0, "db")(p) }
	inVirtualTime(t, h, []confload.Group{program1("web", web), program1("db", manual)}, func(b *bench) {
		ctx := context.Background()
		wantFault(t, b.Start(ctx, "web", true), AbnormalTermination)
		if i, _ := b.Info("web"); i.WaitsFor != "db" {
			t.Errorf("got %+v", i)
		}
		broken = false
		if err := b.Start(ctx, "db", true); err != nil {
			t.Error(err)
		}
		b.after(2 * time.Second)
		if s := b.state("web"); s != supervisor.Running {
			t.Errorf("web is %s", s)
		}
	})
}

// Who waits for a start hears of it when what is needed, however far below, is taken away.
func TestAStartWhoseDependencyIsStoppedIsTold(t *testing.T) {
	manual := func(needs ...string) func(*confload.Program) {
		return func(p *confload.Program) { p.Autostart = false; needing(0, needs...)(p) }
	}
	slowly := func(p *confload.Program) { p.Autostart, p.StartSecs = false, 60 }
	groups := []confload.Group{program1("web", manual("api")), program1("api", manual("db")), program1("db", slowly)}
	inVirtualTime(t, lives(script{}), groups, func(b *bench) {
		ctx := context.Background()
		for _, name := range []string{"api", "web"} {
			done := make(chan error, 1)
			go func() { done <- b.Start(ctx, name, true) }()
			b.after(10 * time.Second)
			if err := b.Stop(ctx, "db", true); err != nil {
				t.Error(err)
			}
			wantFault(t, <-done, AbnormalTermination)
			if i, _ := b.Info(name); i.WaitsFor == "" {
				t.Errorf("%s does not wait any more: %+v", name, i)
			}
		}
		if err := b.Start(ctx, "db", true); err != nil {
			t.Error(err)
		}
		b.after(5 * time.Second)
		if s := b.state("web"); s != supervisor.Running {
			t.Errorf("web is %s", s)
		}
	})
}

// The same when what is needed is down already, and only waits to be tried again.
func TestAStartWhoseDependencyIsStoppedDuringItsPauseIsTold(t *testing.T) {
	groups := []confload.Group{program1("web", func(p *confload.Program) { p.Autostart = false; needing(0, "db")(p) }),
		program1("db", func(p *confload.Program) {
			p.Autostart, p.StartSecs, p.RestartPause, p.Autorestart = false, 0, 30*time.Second, confload.RestartAlways
			p.Ready = confload.Readiness{Kind: confload.ReadyLog, Pattern: "never"}
		})}
	inVirtualTime(t, lives(script{runs: time.Second}), groups, func(b *bench) {
		done := make(chan error, 1)
		go func() { done <- b.Start(context.Background(), "web", true) }()
		b.after(10 * time.Second)
		if err := b.Stop(context.Background(), "db", true); err != nil {
			t.Error(err)
		}
		wantFault(t, <-done, AbnormalTermination)
	})
}

func TestAStopEndsTheWaiting(t *testing.T) {
	manual := func(p *confload.Program) { p.Autostart = false }
	h := lives(script{stops: -1})
	groups := []confload.Group{program1("web", needing(0, "job:exited")), program1("job", manual)}
	inVirtualTime(t, h, groups, func(b *bench) {
		ctx := context.Background()
		b.after(5 * time.Second)
		done := make(chan error, 1)
		go func() { done <- b.Start(ctx, "web", true) }()
		b.after(time.Second)
		if err := b.Stop(ctx, "web", true); err != nil {
			t.Error(err)
		}
		wantFault(t, <-done, AbnormalTermination)
		if i, _ := b.Info("web"); i.WaitsFor != "" {
			t.Errorf("got %+v", i)
		}
		wantFault(t, b.Stop(ctx, "web", true), NotRunning)
	})
}

func TestAOneShotThatEndedWellLetsOthersStart(t *testing.T) {
	h := newScriptedHost(func(name string, life int) script {
		if name == "job" {
			return script{runs: 5 * time.Second, code: []int{1, 0}[min(life-1, 1)]}
		}
		return script{}
	})
	never := func(p *confload.Program) { p.Autorestart = confload.RestartNever }
	groups := []confload.Group{program1("web", needing(0, "job:exited")), program1("job", never)}
	inVirtualTime(t, h, groups, func(b *bench) {
		ctx := context.Background()
		b.after(10 * time.Second)
		if s := b.state("web"); s != supervisor.Stopped {
			t.Errorf("after a bad end web is %s", s)
		}
		if err := b.Start(ctx, "web", true); err != nil { // starts the job once more
			t.Error(err)
		}
		b.forget()
		if s := b.state("job"); s != supervisor.Exited {
			t.Errorf("job is %s", s)
		}
	})
}

func TestTheLossOfADependencyDoesWhatThePolicySays(t *testing.T) {
	h := newScriptedHost(func(name string, life int) script {
		if name == "db" && life == 1 {
			return script{runs: 5 * time.Second, code: 1}
		}
		return script{}
	})
	groups := []confload.Group{program1("db", nil), program1("keeps", needing(confload.DependsKeep, "db")),
		program1("stops", needing(confload.DependsStop, "db")), program1("restarts", needing(confload.DependsRestart, "db"))}
	inVirtualTime(t, h, groups, func(b *bench) {
		b.after(4 * time.Second)
		b.forget()
		b.after(4 * time.Second)
		b.mu.Lock()
		got := slices.Clone(b.log)
		b.log = nil
		b.mu.Unlock()
		slices.Sort(got)
		want := []string{"  5.0s db EXITED -> STARTING", "  5.0s db RUNNING -> EXITED", "  5.0s restarts RUNNING -> STOPPING",
			"  5.0s restarts STOPPING -> STOPPED", "  5.0s stops RUNNING -> STOPPING", "  5.0s stops STOPPING -> STOPPED",
			"  6.0s db STARTING -> RUNNING", "  6.0s restarts STOPPED -> STARTING", "  7.0s restarts STARTING -> RUNNING"}
		if !slices.Equal(got, want) {
			t.Errorf("got:\n%s", strings.Join(got, "\n"))
		}
	})
}

func TestStopAllTakesDependantsDownFirst(t *testing.T) {
	groups := []confload.Group{program1("db", nil), program1("api", needing(0, "db")), program1("web", needing(0, "api")), program1("other", nil)}
	for _, wait := range []bool{true, false} {
		inVirtualTime(t, lives(script{stops: time.Second}), groups, func(b *bench) {
			b.after(10 * time.Second)
			b.forget()
			results, err := b.StopAll(context.Background(), wait)
			if err != nil || len(results) != 4 {
				t.Errorf("got %v, %v", results, err)
			}
			b.after(10 * time.Second)
			b.mu.Lock()
			log := strings.Join(b.log, "\n")
			b.log = nil
			b.mu.Unlock()
			for i, line := range []string{" 10.0s web RUNNING", " 10.0s other RUNNING", " 11.0s web STOPPING", " 11.0s api RUNNING", " 12.0s db RUNNING", " 13.0s db STOPPING"} {
				if !strings.Contains(log, line) {
					t.Errorf("no line %d %q in:\n%s", i, line, log)
				}
			}
		})
	}
}

func TestAGroupThatComesLaterIsWaitedFor(t *testing.T) {
	next := &confload.Config{Groups: []confload.Group{program1("web", needing(0, "db")), program1("db", nil)}}
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", needing(0, "db"))}, func(b *bench) {
		ctx := context.Background()
		b.after(5 * time.Second)
		if s := b.state("web"); s != supervisor.Stopped {
			t.Errorf("web is %s", s)
		}
		if _, err := b.Reread(ctx); err != nil {
			t.Error(err)
		}
		if err := b.AddGroup(ctx, "db"); err != nil {
			t.Error(err)
		}
		b.after(3 * time.Second)
		if s := b.state("web"); s != supervisor.Running {
			t.Errorf("web is %s", s)
		}
	}, WithLoader(func() (*confload.Config, error) { return next, nil }))
}

// TestDiamondsOfDependenciesUnderRandomFailures is 200 programs in layers, each depending on some of the layer below, that
// die, are stopped and started at random: no program is ever up that was started before what it needs was, everything is
// answered, and in the end everything runs and goes down in reverse order.
func TestDiamondsOfDependenciesUnderRandomFailures(t *testing.T) {
	const layers, width = 10, 20
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 7))
		name := func(layer, i int) string { return fmt.Sprintf("p%d_%d", layer, i) }
		needs := map[string][]string{}
		var groups []confload.Group
		for layer := range layers {
			for i := range width {
				n := name(layer, i)
				if layer > 0 {
					for range 1 + rng.IntN(3) {
						on := name(layer-1, rng.IntN(width))
						if !slices.Contains(needs[n], on) {
							needs[n] = append(needs[n], on)
						}
					}
				}
				policy := confload.DependsPolicy(rng.IntN(3))
				groups = append(groups, program1(n, func(p *confload.Program) {
					needing(policy, needs[n]...)(p)
					p.Autorestart = confload.RestartAlways
				}))
			}
		}
		rng.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
		h := newScriptedHost(func(n string, life int) script {
			r := rand.New(rand.NewPCG(seed, uint64(len(n)*1000+life)))
			if r.IntN(4) == 0 && life < 5 {
				return script{runs: time.Duration(1500+r.IntN(20000)) * time.Millisecond, code: r.IntN(2), stops: time.Duration(r.IntN(3)) * time.Second}
			}
			return script{stops: time.Duration(r.IntN(3)) * time.Second}
		})
		running := map[string]bool{}
		var violations []string
		observe := func(c Change) {
			h.mu.Lock()
			defer h.mu.Unlock()
			n := c.Program.Name
			running[n] = c.To == supervisor.Running
			if c.Reason.Code == "needs-met" || c.Reason.Code == "start-requested" && c.To == supervisor.Starting {
				// What it needs was RUNNING when it looked; that may have changed in this very moment, but not long before.
				for _, on := range needs[n] {
					if !running[on] && h.lives[on] == 0 {
						violations = append(violations, n+" before "+on)
					}
				}
			}
		}
		inVirtualTime(t, h, groups, func(b *bench) {
			ctx := context.Background()
			for range 100 {
				n := name(rng.IntN(layers), rng.IntN(width))
				if rng.IntN(2) == 0 {
					_ = b.Stop(ctx, n, rng.IntN(2) == 0)
				} else {
					_ = b.Start(ctx, n, false)
				}
				b.after(time.Duration(rng.IntN(3000)) * time.Millisecond)
			}
			for range 15 { // until nothing dies by itself any more
				if _, err := b.StartAll(ctx, false); err != nil {
					t.Error(err)
				}
				b.after(5 * time.Minute)
			}
			for n := range needs {
				if s := b.state(n); s != supervisor.Running {
					i, _ := b.Info(n)
					t.Fatalf("seed %d: %s is %s: %+v", seed, n, s, i)
				}
			}
			b.forget()
			b.Shutdown(false)
			<-b.Done()
			synctest.Wait()
			down := map[string]bool{}
			for _, line := range b.log {
				f := strings.Fields(line)
				switch f[4] {
				case "STOPPED":
					down[f[1]] = true
				case "STOPPING":
					for n, list := range needs {
						if slices.Contains(list, f[1]) && !down[n] {
							t.Errorf("seed %d: %s is stopped before %s", seed, f[1], n)
						}
					}
				}
			}
		}, WithObserver(observe))
		if len(violations) > 0 {
			t.Errorf("seed %d: %v", seed, violations)
		}
	}
}
