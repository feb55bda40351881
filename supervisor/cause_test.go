package supervisor

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// chronicle carries out a machine's steps and records them as a caller does.
type chronicle struct {
	policy Policy
	p      Program
	last   uint64
	lines  []string
}

func (c *chronicle) tell(ev Event) {
	var effects []Effect
	c.p, effects = Step(&c.policy, c.p, ev)
	for _, e := range effects {
		switch e := e.(type) {
		case Transition:
			c.add(e.To.String(), e.Cause)
			c.p.Last = c.last
		case Note:
			c.add(e.Reason.Code, e.Cause)
		}
	}
}

func (c *chronicle) add(what string, cause uint64) {
	if cause == CauseBefore {
		cause = c.last
	}
	c.last++
	c.lines = append(c.lines, fmt.Sprintf("%d %s < %d", c.last, what, cause))
}

// The causes from 90 on are those of others.
func TestEachRecordNamesWhatHasLedToIt(t *testing.T) {
	exited := func(life uint64, code int, ran time.Duration) ProcessExited {
		return ProcessExited{Life: life, Exit: Exit{Code: code, Text: "it ended", Ran: ran}}
	}
	start := StartRequested{Cause: 90}
	for _, c := range []struct {
		name   string
		edit   func(*Policy)
		events []Event
		want   []string
	}{
		{"a start and a stop", nil, []Event{start, Spawned{1, 7}, TimerFired{1, StartTimer}, StopRequested{Cause: 91}, exited(1, 0, time.Minute)},
			[]string{"1 STARTING < 90", "2 RUNNING < 1", "3 STOPPING < 91", "4 STOPPED < 3"}},
		{"an end by itself is a first cause", nil, []Event{start, Spawned{1, 7}, TimerFired{1, StartTimer}, exited(1, 1, time.Minute)},
			[]string{"1 STARTING < 90", "2 RUNNING < 1", "3 EXITED < 0", "4 STARTING < 3"}},
		{"an end that was not seen RUNNING", nil, []Event{start, Spawned{1, 7}, exited(1, 1, time.Minute)},
			[]string{"1 STARTING < 90", "2 RUNNING < 1", "3 EXITED < 0", "4 STARTING < 3"}},
		{"an end by somebody's signal", nil, []Event{start, Spawned{1, 7}, TimerFired{1, StartTimer}, ProcessExited{1, Exit{Code: -1}, 91}},
			[]string{"1 STARTING < 90", "2 RUNNING < 1", "3 EXITED < 91", "4 STARTING < 3"}},
		{"giving up leads back to the first failure", func(p *Policy) { p.StartRetries = 1 },
			[]Event{start, SpawnFailed{1, "no such file"}, TimerFired{1, BackoffTimer}, Spawned{2, 8}, exited(2, 1, 0)},
			[]string{"1 STARTING < 90", "2 BACKOFF < 0", "3 STARTING < 2", "4 BACKOFF < 3", "5 FATAL < 4"}},
		{"a health check", func(p *Policy) { p.Health = HealthPolicy{Check: true, OnFailure: RestartAction} },
			[]Event{start, Spawned{1, 7}, TimerFired{1, StartTimer}, Checked{1, "refused"}, exited(1, 0, time.Minute)},
			[]string{"1 STARTING < 90", "2 RUNNING < 1", "3 STOPPING < 0", "4 STOPPED < 3", "5 STARTING < 4"}},
		{"a health check that only tells", func(p *Policy) { p.Health = HealthPolicy{Check: true} },
			[]Event{start, Spawned{1, 7}, TimerFired{1, StartTimer}, Checked{1, "refused"}, Checked{1, ""}},
			[]string{"1 STARTING < 90", "2 RUNNING < 1", "3 unhealthy < 0", "4 healthy < 0"}},
		{"a watchdog", func(p *Policy) { p.Watchdog = time.Second },
			[]Event{start, Spawned{1, 7}, TimerFired{1, StartTimer}, TimerFired{1, WatchdogTimer}},
			[]string{"1 STARTING < 90", "2 RUNNING < 1", "3 STOPPING < 0"}},
		{"the loss of a dependency and its return", func(p *Policy) { p.OnLoss = RestartOnLoss },
			[]Event{NeedsChanged{"db", "db", 0}, start, NeedsChanged{"", "", 91}, Spawned{1, 7}, TimerFired{1, StartTimer}, NeedsChanged{"db", "db", 92},
				exited(1, 0, time.Minute), NeedsChanged{"", "", 93}},
			[]string{"1 waits < 90", "2 STARTING < 91", "3 RUNNING < 2", "4 lost < 92", "5 STOPPING < 4", "6 STOPPED < 5", "7 STARTING < 93"}},
		{"a program that goes on without it", nil,
			[]Event{start, Spawned{1, 7}, NeedsChanged{"db", "db", 92}, NeedsChanged{"", "", 93}},
			[]string{"1 STARTING < 90", "2 lost < 92", "3 needs-met < 93"}},
	} {
		w := chronicle{policy: Policy{Name: "web", StartSecs: 1, StartRetries: 3, ExitCodes: []int{0}, StopSignals: []string{"SIGTERM"}, StopWaitSecs: 10}}
		if c.edit != nil {
			c.edit(&w.policy)
		}
		for _, ev := range c.events {
			w.tell(ev)
		}
		if !slices.Equal(w.lines, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, w.lines, c.want)
		}
	}
}
