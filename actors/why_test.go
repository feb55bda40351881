package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process"
)

// An incident is something that happens to programs, and what is to be found out about one of them afterwards: the states and
// decisions on the way back, and the first cause.
type incident struct {
	name   string
	host   *scriptedHost
	groups []confload.Group
	opts   []Option
	happen func(t *testing.T, b *bench)
	ask    string
	way    []string // from the present back to the first cause: "web FATAL", or the code of the reason
	first  string   // is in the text of the last one
}

func (i *incident) investigate(t *testing.T) {
	inVirtualTime(t, i.host, i.groups, func(b *bench) {
		i.happen(t, b)
		chain := b.Why(i.ask).Chain
		var way []string
		for n, r := range chain {
			what := r.Reason.Code
			if r.Kind == RecordTransition {
				what = fmt.Sprintf("%s %s", r.Program, r.To)
			}
			way = append(way, what)
			if n > 0 && r.Seq >= chain[n-1].Seq {
				t.Errorf("record %d has led to %d", r.Seq, chain[n-1].Seq)
			}
		}
		if !slices.Equal(way, i.way) {
			t.Fatalf("got  %q\nwant %q", way, i.way)
		}
		if last := chain[len(chain)-1]; last.Cause != 0 || !strings.Contains(last.Reason.Text, i.first) {
			t.Errorf("the first cause is %+v, want %q", last, i.first)
		}
	}, i.opts...)
}

// wait is an incident in which nothing is done but let time pass.
func wait(d time.Duration) func(*testing.T, *bench) {
	return func(_ *testing.T, b *bench) { b.after(d) }
}

// failing is a host on which a program always ends at once.
func failing(name string) *scriptedHost {
	return newScriptedHost(func(n string, _ int) script {
		if n == name {
			return script{runs: 100 * time.Millisecond, code: 3}
		}
		return script{}
	})
}

// operator is a client of whom something is known.
type operator struct{}

func (operator) String() string { return "uid 7" }

func TestWhyNamesTheFirstCause(t *testing.T) {
	var next *confload.Config
	changed := program1("web", func(p *confload.Program) { p.StopWaitSecs = 3 })
	operator := WithClient(context.Background(), operator{})
	command := func(do func(ctx context.Context, b *bench) error) func(*testing.T, *bench) {
		return func(t *testing.T, b *bench) {
			b.after(5 * time.Second)
			if err := do(operator, b); err != nil {
				t.Error(err)
			}
			b.after(5 * time.Second)
		}
	}
	stopsOneAfter := func(d time.Duration) func(*testing.T, *bench) {
		return func(t *testing.T, b *bench) {
			b.after(d)
			if err := b.Stop(operator, "team:c", true); err != nil {
				t.Error(err)
			}
			b.after(20 * time.Second)
		}
	}
	checkedTeam := team(confload.Supervision{Strategy: confload.RestForOne, Intensity: 3, Period: time.Hour})
	healthy(confload.Probe{}, func(l *confload.Liveness) {
		l.InitialDelay, l.Period, l.FailureThreshold = time.Second, time.Second, 3
		l.OnFailure.Kind = confload.ActionRestart
	})(&checkedTeam.Programs[0])
	incidents := []incident{
		{name: "autostart", host: lives(script{}), groups: []confload.Group{program1("web", nil)}, happen: wait(5 * time.Second), ask: "web",
			way: []string{"web RUNNING", "web STARTING", "began"}, first: "supd has started"},
		{name: "a crash loop", host: failing("web"), groups: []confload.Group{program1("web", func(p *confload.Program) { p.StartRetries = 1 })},
			happen: wait(time.Minute), ask: "web",
			way:   []string{"web FATAL", "web BACKOFF", "web STARTING", "web BACKOFF"},
			first: "it ended after 100ms (exit status 3), before startsecs (1)"},
		{name: "a program that is not there",
			host:   lives(script{err: &process.ResolveError{Kind: process.NotFound, Text: "can't find command '/no/such'"}}),
			groups: []confload.Group{program1("web", func(p *confload.Program) { p.StartRetries = 0 })}, happen: wait(time.Minute), ask: "web",
			way: []string{"web FATAL", "web BACKOFF"}, first: "can't find command '/no/such'"},
		{name: "a crash", host: newScriptedHost(func(_ string, life int) script {
			if life == 1 {
				return script{runs: 5 * time.Second, code: 7}
			}
			return script{}
		}), groups: []confload.Group{program1("web", nil)}, happen: wait(20 * time.Second), ask: "web",
			way: []string{"web RUNNING", "web STARTING", "web EXITED"}, first: "the process ended: exit status 7"},
		{name: "a health check that fails", host: lives(script{}), groups: []confload.Group{program1("web", healthy(confload.Probe{}, func(l *confload.Liveness) {
			l.InitialDelay, l.Period, l.FailureThreshold = time.Second, time.Second, 3
			l.OnFailure.Kind = confload.ActionRestart
		}))}, opts: []Option{withCheck(func(context.Context, *subject) error { return errors.New("connection refused") })},
			happen: wait(4500 * time.Millisecond), ask: "web",
			way:   []string{"web STARTING", "web STOPPED", "web STOPPING"},
			first: "3 health checks in a row have failed: connection refused"},
		{name: "a health check that only tells", host: lives(script{}), groups: []confload.Group{program1("web", healthy(confload.Probe{}, func(l *confload.Liveness) {
			l.InitialDelay, l.Period, l.FailureThreshold = time.Second, time.Second, 1
		}))}, opts: []Option{withCheck(func(context.Context, *subject) error { return errors.New("connection refused") })},
			happen: wait(10 * time.Second), ask: "web", way: []string{"unhealthy"}, first: "connection refused"},
		{name: "the loss of a dependency", host: newScriptedHost(func(name string, life int) script {
			switch {
			case name == "db" && life == 1:
				return script{runs: 5 * time.Second, code: 9}
			case name == "db":
				return script{runs: 100 * time.Millisecond, code: 1}
			}
			return script{}
		}), groups: []confload.Group{program1("web", needing(confload.DependsStop, "db")), program1("db", nil)},
			happen: wait(time.Minute), ask: "web",
			way:   []string{"web STOPPED", "web STOPPING", "lost", "db EXITED"},
			first: "the process ended: exit status 9"},
		{name: "a dependency of a dependency that cannot be had", host: failing("db"), groups: []confload.Group{
			program1("web", needing(0, "api")), program1("api", needing(0, "db")), program1("db", func(p *confload.Program) { p.StartRetries = 0 })},
			happen: wait(time.Minute), ask: "web", way: []string{"waits", "began"}, first: "supd has started"},
		{name: "a sibling under one_for_all", host: dyingOnce(1),
			groups: []confload.Group{team(confload.Supervision{Strategy: confload.OneForAll, Intensity: 3, Period: time.Minute})},
			happen: wait(20 * time.Second), ask: "team:a",
			way: []string{"team:a RUNNING", "team:a STARTING", "budget-charged", "team:b EXITED"}, first: "the process ended: exit status 1"},
		{name: "a sibling that used up the budget", host: dyingOnce(1, 2),
			groups: []confload.Group{team(confload.Supervision{Strategy: confload.RestForOne, Intensity: 1, Period: time.Hour})},
			happen: wait(time.Minute), ask: "team:c",
			way: []string{"team:c STOPPED", "team:c STOPPING", "budget-used-up", "team:b EXITED"}, first: "the process ended: exit status 1"},
		{name: "the one that used it up", host: dyingOnce(1, 2),
			groups: []confload.Group{team(confload.Supervision{Strategy: confload.RestForOne, Intensity: 1, Period: time.Hour})},
			happen: wait(time.Minute), ask: "team:b",
			way: []string{"budget-used-up", "team:b EXITED"}, first: "the process ended: exit status 1"},
		{name: "a group that begins anew", host: dyingOnce(1),
			groups: []confload.Group{team(confload.Supervision{Strategy: confload.OneForAll, Intensity: 0, Period: 10 * time.Second, OnGiveUp: confload.GiveUpRestart})},
			happen: wait(time.Minute), ask: "team:c",
			way:   []string{"team:c RUNNING", "team:c STARTING", "group-begins-anew", "group-gave-up", "budget-used-up", "team:b EXITED"},
			first: "the process ended: exit status 1"},
		{name: "an order of the group above", host: dying(map[string][]int{"a": {1}}),
			groups: nest(confload.Supervision{Strategy: confload.OneForAll, Intensity: 1}, confload.Supervision{}),
			happen: wait(20 * time.Second), ask: "in:p",
			way: []string{"in:p RUNNING", "in:p STARTING", "budget-charged", "x:a EXITED"}, first: "the process ended: exit status 1"},
		{name: "an order of the group above after a failure of its own", host: dying(map[string][]int{"a": {2}, "p": {1}}),
			groups: nest(confload.Supervision{Strategy: confload.OneForAll, Intensity: 3}, confload.Supervision{Intensity: 1}),
			happen: func(t *testing.T, b *bench) {
				b.after(10 * time.Second)
				if err := errors.Join(b.Stop(context.Background(), "x:a", true), b.Start(context.Background(), "x:a", true)); err != nil {
					t.Fatal(err)
				}
				b.after(time.Minute)
			}, ask: "in:q",
			way: []string{"in:q RUNNING", "in:q STARTING", "budget-charged", "x:a EXITED"}, first: "the process ended: exit status 1"},
		{name: "not ready in time", host: lives(script{}), groups: []confload.Group{program1("web", func(p *confload.Program) {
			p.Ready = confload.Readiness{Kind: confload.ReadyLog, Pattern: "never"}
			p.ReadyTimeout, p.ReadyTimeoutAction = 10*time.Second, confload.ReadyTimeoutRestart
		})}, happen: wait(12 * time.Second), ask: "web",
			way:   []string{"web RUNNING", "web STARTING", "web STOPPED", "web STOPPING"},
			first: "it is not ready after ready_timeout (10 s)"},
		{name: "stopped by a client", host: lives(script{}), groups: []confload.Group{program1("web", nil)},
			happen: command(func(ctx context.Context, b *bench) error { return b.Stop(ctx, "web", true) }), ask: "web",
			way: []string{"web STOPPED", "web STOPPING", "client-stop"}, first: "a client (uid 7) asked for stop"},
		{name: "stopped by a client when its group has it down", host: dyingOnce(1),
			groups: []confload.Group{team(confload.Supervision{Strategy: confload.OneForAll, Intensity: 3, Period: time.Minute})},
			happen: stopsOneAfter(6500 * time.Millisecond), ask: "team:c", way: []string{"stop-requested", "client-stop"}, first: "a client (uid 7) asked for stop"},
		{name: "stopped by a client when its group is stopping it", host: dyingOnce(1),
			groups: []confload.Group{team(confload.Supervision{Strategy: confload.OneForAll, Intensity: 3, Period: time.Minute})},
			happen: stopsOneAfter(5500 * time.Millisecond), ask: "team:c", way: []string{"team:c STOPPED", "stop-requested", "client-stop"}, first: "a client (uid 7) asked for stop"},
		{name: "a health check in a group with a strategy", host: lives(script{}), groups: []confload.Group{checkedTeam},
			opts:   []Option{withCheck(func(context.Context, *subject) error { return errors.New("connection refused") })},
			happen: wait(4500 * time.Millisecond), ask: "team:a",
			way:   []string{"team:a STARTING", "budget-charged", "team:a STOPPED", "team:a STOPPING"},
			first: "3 health checks in a row have failed: connection refused"},
		{name: "stopped with all others", host: lives(script{}), groups: []confload.Group{program1("web", nil)},
			happen: command(func(ctx context.Context, b *bench) error { _, err := b.StopAll(ctx, true); return err }), ask: "web",
			way: []string{"web STOPPED", "web STOPPING", "client-stop"}, first: "a client (uid 7) asked for stop of all programs"},
		{name: "a client's signal", host: lives(script{}), groups: []confload.Group{program1("web", nil)},
			happen: command(func(ctx context.Context, b *bench) error { return b.Signal(ctx, "web", syscall.SIGKILL) }), ask: "web",
			way: []string{"web RUNNING", "web STARTING", "web EXITED", "client-signal"}, first: "a client (uid 7) had SIGKILL sent"},
		{name: "a start for a dependant", host: lives(script{}), groups: []confload.Group{
			program1("web", both(needing(0, "db"), func(p *confload.Program) { p.Autostart = false })), program1("db", func(p *confload.Program) { p.Autostart = false })},
			happen: command(func(ctx context.Context, b *bench) error { return b.Start(ctx, "web", true) }), ask: "db",
			way: []string{"db RUNNING", "db STARTING", "waits", "client-start"}, first: "a client (uid 7) asked for start"},
		{name: "an update", host: lives(script{}), groups: []confload.Group{program1("web", nil)},
			opts: []Option{WithLoader(func() (*confload.Config, error) { return next, nil })},
			happen: func(t *testing.T, b *bench) {
				next = &confload.Config{Groups: []confload.Group{changed}}
				command(func(ctx context.Context, b *bench) error {
					_, err := b.Reread(ctx)
					_, err2 := b.StopGroup(ctx, "web", true)
					return errors.Join(err, err2, b.RemoveGroup(ctx, "web"), b.AddGroup(ctx, "web"))
				})(t, b)
			}, ask: "web", way: []string{"web RUNNING", "web STARTING", "group-added", "config-read"},
			first: "a client (uid 7) had the configuration read: web has changed (stopwaitsecs)"},
	}
	for _, i := range incidents {
		t.Run(i.name, i.investigate)
	}
}

func TestWhyTellsHowALifeBeganThatEndedByItself(t *testing.T) {
	next := &confload.Config{Groups: []confload.Group{program1("web", func(p *confload.Program) { p.StopWaitSecs = 3 })}}
	h := newScriptedHost(func(_ string, life int) script {
		if life == 2 {
			return script{runs: 5 * time.Second}
		}
		return script{}
	})
	inVirtualTime(t, h, []confload.Group{program1("web", nil)}, func(b *bench) {
		ctx := context.Background()
		b.after(2 * time.Second)
		_, err := b.Reread(ctx)
		_, err2 := b.StopGroup(ctx, "web", true)
		if err := errors.Join(err, err2, b.RemoveGroup(ctx, "web"), b.AddGroup(ctx, "web")); err != nil {
			t.Fatal(err)
		}
		b.after(10 * time.Second)
		a := b.Why("web")
		var codes []string
		for _, r := range append(a.Chain, a.Begun...) {
			codes = append(codes, r.Reason.Code)
		}
		if want := []string{"expected-exit", "start-requested", "group-added", "config-read"}; !slices.Equal(codes, want) || len(a.Chain) != 1 {
			t.Errorf("got %q, want %q", codes, want)
		}
		if a := b.Why("nobody"); a.Chain != nil || a.Begun != nil {
			t.Errorf("nobody: %+v", a)
		}
	}, WithLoader(func() (*confload.Config, error) { return next, nil }))
}

func TestWhyOfAWatchdog(t *testing.T) {
	r := spawnReal(t, []confload.Group{program1("web", both(child("say WATCHDOG=1", "wait"), func(p *confload.Program) {
		p.Watchdog = 300 * time.Millisecond
	}))})
	first := r.await("web", "RUNNING", func(i *Info) bool { return i.State == supervisor.Running })
	r.await("web", "restarted", func(i *Info) bool { return i.State == supervisor.Running && i.Pid != first.Pid })
	var last Record
	for _, rec := range r.Why("web").Chain {
		last = rec
		if rec.Reason.Code == "watchdog" {
			break
		}
	}
	if last.Cause != 0 || last.Reason.Text != "it has not reported within watchdog_secs (300ms)" {
		t.Errorf("got %+v", last)
	}
}

func TestGroupsShowsBudgetsAndDependencies(t *testing.T) {
	g := team(confload.Supervision{Strategy: confload.RestForOne, Intensity: 3, Period: time.Minute})
	inVirtualTime(t, dyingOnce(1), []confload.Group{g, program1("web", needing(0, "team:b", "gone"))}, func(b *bench) {
		b.after(25 * time.Second)
		groups := b.Groups()
		if len(groups) != 2 || groups[0].Name != "team" || len(groups[0].Programs) != 3 || groups[1].Budget != nil || groups[1].Strategy != "" {
			t.Fatalf("got %+v", groups)
		}
		if got, want := *groups[0].Budget, (BudgetInfo{Intensity: 3, Period: time.Minute, Used: 1, Left: 2, Refill: 40 * time.Second}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		want := []NeedInfo{{"team:b", "running", true, true, supervisor.Running}, {"gone", "running", false, false, 0}}
		if got := groups[1].Programs[0].Needs; !slices.Equal(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		b.after(time.Minute)
		if got := b.Groups()[0].Budget; got.Used != 0 || got.Left != 3 || got.Refill != 0 {
			t.Errorf("got %+v", got)
		}
	})
}
