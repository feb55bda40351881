package actors

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// scheduled gives a program a schedule, with the defaults that go with it. Virtual time begins at midnight.
func scheduled(t *testing.T, schedule string, edit func(*confload.Program)) func(*confload.Program) {
	cron, err := confload.ParseCron("CRON_TZ=UTC " + schedule)
	if err != nil {
		t.Fatal(err)
	}
	return func(p *confload.Program) {
		p.Cron, p.Autostart, p.Autorestart, p.StartSecs = cron, false, confload.RestartNever, 0
		if edit != nil {
			edit(p)
		}
	}
}

// TestAJobRunsExactlyOncePerTick is B11: jobs that are over within a moment or within the second, with supervisord's
// startsecs as well, and with autorestart=false.
func TestAJobRunsExactlyOncePerTick(t *testing.T) {
	for _, c := range []struct {
		runs      time.Duration
		startSecs int
	}{{time.Millisecond, 0}, {time.Second, 0}, {time.Second, 1}, {4999 * time.Millisecond, 1}} {
		h := newScriptedHost(func(string, int) script { return script{runs: c.runs} })
		web := scheduled(t, "*/5 * * * * *", func(p *confload.Program) { p.StartSecs = c.startSecs })
		inVirtualTime(t, h, []confload.Group{program1("job", web)}, func(b *bench) {
			b.after(time.Hour + time.Second)
			if n := len(h.started()); n != 720 {
				t.Errorf("%v, startsecs %d: it ran %d times in an hour, every 5 seconds", c.runs, c.startSecs, n)
			}
			b.forget()
		})
	}
}

func TestAJobThatIsStillRunningIsNotStartedTwice(t *testing.T) { // B11
	for _, c := range []struct {
		overlap confload.CronOverlap
		want    []string
	}{
		{confload.CronSkip, []string{" 10.0s job STOPPED -> STARTING", " 10.0s job STARTING -> RUNNING", " 35.0s job RUNNING -> EXITED",
			" 40.0s job EXITED -> STARTING", " 40.0s job STARTING -> RUNNING"}},
		{confload.CronQueue, []string{" 10.0s job STOPPED -> STARTING", " 10.0s job STARTING -> RUNNING", " 35.0s job RUNNING -> EXITED",
			" 35.0s job EXITED -> STARTING", " 35.0s job STARTING -> RUNNING"}},
	} {
		h := newScriptedHost(func(string, int) script { return script{runs: 25 * time.Second} }) // panics at two processes
		var log proctest.Output
		inVirtualTime(t, h, []confload.Group{program1("job", scheduled(t, "*/10 * * * * *", func(p *confload.Program) { p.CronOverlap = c.overlap }))},
			func(b *bench) {
				b.after(45 * time.Second)
				b.want(c.want...)
				b.after(time.Hour)
				b.forget()
			}, WithLogger(logTo(&log)))
		if c.overlap == confload.CronSkip {
			if want := "job is not started by its schedule (2000-01-01 00:00:20 UTC): it is still RUNNING"; !strings.Contains(log.String(), want) {
				t.Errorf("got %.2000s", log.String())
			}
		}
	}
}

func TestTheNextRunIsKnownAndAStopSuspendsTheSchedule(t *testing.T) {
	h := newScriptedHost(func(string, int) script { return script{runs: time.Second} })
	inVirtualTime(t, h, []confload.Group{program1("job", scheduled(t, "@hourly", nil))}, func(b *bench) {
		ctx := context.Background()
		synctest.Wait()
		next := func() time.Duration {
			i, _ := b.Info("job")
			if i.NextRun.IsZero() {
				return 0
			}
			return i.NextRun.Sub(b.began)
		}
		if got := next(); got != time.Hour {
			t.Errorf("next after %v", got)
		}
		b.after(time.Hour + time.Minute)
		if got := next(); got != 2*time.Hour || len(h.started()) != 1 {
			t.Errorf("next after %v, %d starts", got, len(h.started()))
		}
		if err := b.Stop(ctx, "job", true); err != nil { // though it does not run
			t.Error(err)
		}
		if got := next(); got != 0 {
			t.Errorf("next after %v", got)
		}
		if err := b.Stop(ctx, "job", true); err == nil {
			t.Error("a second stop has nothing to stop")
		}
		b.after(10 * time.Hour)
		if len(h.started()) != 1 {
			t.Errorf("%d starts", len(h.started()))
		}
		if err := b.Start(ctx, "job", false); err != nil {
			t.Error(err)
		}
		b.after(time.Minute)
		if got := next(); got != 12*time.Hour {
			t.Errorf("next after %v", got)
		}
		b.after(time.Hour)
		if len(h.started()) != 3 {
			t.Errorf("%d starts", len(h.started()))
		}
		b.forget()
	})
}

func TestStoppingAGroupSuspendsItsJobsAndUpdateForgetsThat(t *testing.T) {
	h := newScriptedHost(func(string, int) script { return script{runs: time.Second} })
	inVirtualTime(t, h, []confload.Group{program1("job", scheduled(t, "@hourly", nil))}, func(b *bench) {
		ctx := context.Background()
		b.after(time.Minute)
		results, err := b.StopGroup(ctx, "job", true)
		if err != nil || len(results) != 1 || results[0].Status != Success {
			t.Errorf("got %+v, %v", results, err)
		}
		b.after(2 * time.Hour)
		if n := len(h.started()); n != 0 {
			t.Errorf("%d starts", n)
		}
		for _, err := range []error{b.RemoveGroup(ctx, "job"), b.AddGroup(ctx, "job")} {
			if err != nil {
				t.Fatal(err)
			}
		}
		b.after(2 * time.Hour)
		if n := len(h.started()); n != 2 { // and no more: the schedule of the one that was removed has ended with it (B11)
			t.Errorf("%d starts", n)
		}
		b.forget()
	})
}

func TestNoStartByScheduleDuringAShutdown(t *testing.T) {
	h := newScriptedHost(func(name string, _ int) script {
		if name == "slow" {
			return script{stops: 9 * time.Second}
		}
		return script{runs: 900 * time.Millisecond}
	})
	inVirtualTime(t, h, []confload.Group{program1("job", scheduled(t, "* * * * * *", nil)), program1("slow", func(p *confload.Program) { p.Priority = 1000 })}, func(b *bench) {
		b.after(5500 * time.Millisecond)
		b.Shutdown(false)
		synctest.Wait()
		b.forget()
		<-b.Done()
		b.want("  5.9s job RUNNING -> EXITED", " 14.5s slow STOPPING -> STOPPED") // of those that were running
	})
}

// TestClockChangesMakeNoBurstAndLoseNothing has a wall clock beside the timers, as after a suspension or a change of time.
func TestClockChangesMakeNoBurstAndLoseNothing(t *testing.T) {
	var shift atomic.Int64
	clock := func(o *options) {
		o.tree.now = func() time.Time { return time.Now().Round(0).Add(time.Duration(shift.Load())) }
	}
	h := newScriptedHost(func(string, int) script { return script{runs: time.Second} })
	inVirtualTime(t, h, []confload.Group{program1("job", scheduled(t, "@hourly", nil))}, func(b *bench) {
		b.after(30 * time.Minute)
		shift.Store(int64(5 * time.Hour)) // asleep for five hours: once for all that was missed
		b.after(31 * time.Minute)
		if len(h.started()) != 1 {
			t.Errorf("%d starts", len(h.started()))
		}
		b.after(59 * time.Minute) // it is 7 o'clock
		if len(h.started()) != 2 {
			t.Errorf("%d starts", len(h.started()))
		}
		shift.Store(int64(-time.Hour)) // set from 7 to 1 o'clock: the timer finds out at what would have been 8, and is 2 now
		b.after(119 * time.Minute)
		if len(h.started()) != 2 {
			t.Errorf("%d starts", len(h.started()))
		}
		b.after(time.Minute) // 3 o'clock
		if i, _ := b.Info("job"); len(h.started()) != 3 || i.NextRun.Hour() != 4 {
			t.Errorf("%d starts, next %v", len(h.started()), i.NextRun)
		}
		b.forget()
		var told []string
		records, _ := b.History(0, 0)
		for _, r := range records {
			if r.To == supervisor.Starting {
				told = append(told, r.Reason.Text)
			}
		}
		if want := []string{"its schedule: 2000-01-01 01:00:00 UTC, late by 5h0m0s", "its schedule: 2000-01-01 07:00:00 UTC",
			"its schedule: 2000-01-01 03:00:00 UTC"}; !slices.Equal(told, want) {
			t.Errorf("got %q", told)
		}
	}, clock)
}
