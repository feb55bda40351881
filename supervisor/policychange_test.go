package supervisor

import (
	"fmt"
	"testing"
	"time"
)

// change tells a program of another policy and returns it with the effects as they stand in transcripts.
func change(p Program, from, to Policy, ran time.Duration) (Program, string) {
	p, effects := Step(&to, p, PolicyChanged{From: &from, Ran: ran})
	s := ""
	for _, e := range effects {
		if _, isLog := e.(Log); !isLog {
			s += render(e) + "\n"
		}
	}
	return p, s
}

func TestStartsecsOfAProgramThatIsStartingCountFromItsStart(t *testing.T) {
	from := Policy{Name: "p", StartSecs: 10}
	starting := Program{State: Starting, Life: 3, Pid: 7}
	if _, got := change(starting, from, Policy{Name: "p", StartSecs: 5}, 2*time.Second); got != "arm start timer of life 3 for 3s\n" {
		t.Errorf("shorter: %s", got)
	}
	p, got := change(starting, from, Policy{Name: "p", StartSecs: 1}, 2*time.Second)
	if p.State != Running || got != "disarm\nSTARTING -> RUNNING pid 7 (stayed-up: it has stayed up for startsecs (1))\n" {
		t.Errorf("passed already: %s", got)
	}
	if _, got := change(starting, from, from, 2*time.Second); got != "" {
		t.Errorf("the same: %s", got)
	}
}

func TestWhatWasReadyStaysSoWhenItsPolicyChanges(t *testing.T) {
	from := Policy{Name: "p"}
	to := Policy{Name: "p", Health: HealthPolicy{Check: true, FailureThreshold: 1}}
	p, got := change(Program{State: Running, Life: 1, Pid: 7}, from, to, time.Minute)
	if !p.IsReady(&to) || got != "" {
		t.Errorf("a new health check: %+v %s", p, got)
	}
	p.Health.Status = Unhealthy
	if p, _ := change(p, to, from, time.Minute); p.Health != (Health{}) {
		t.Errorf("without the check its results still count: %+v", p.Health)
	}
}

func TestAnotherReadyTimeoutCountsFromTheStart(t *testing.T) {
	policy := func(timeout time.Duration) Policy {
		return Policy{Name: "p", Ready: ReadyPolicy{Check: true, Timeout: timeout}}
	}
	waits := Program{State: Running, Life: 1, Pid: 7}
	if _, got := change(waits, policy(time.Minute), policy(90*time.Second), 30*time.Second); got != "arm ready timer of life 1 for 1m0s\n" {
		t.Errorf("longer: %s", got)
	}
	if p, got := change(waits, policy(time.Minute), policy(10*time.Second), 30*time.Second); !p.Overdue {
		t.Errorf("passed already: %s", got)
	}
	never := policy(0)
	p, _ := change(waits, policy(time.Minute), never, 30*time.Second)
	if p, effects := Step(&never, p, TimerFired{1, ReadyTimer}); p.Overdue || len(effects) > 0 {
		t.Errorf("the timer from before: %s", fmt.Sprint(effects))
	}
}

func TestWhatThePolicyDoesNotKnowAnyMoreIsForgotten(t *testing.T) {
	from := Policy{Name: "p", Cron: true, CronQueue: true}
	from.Hooks.Has[PostStopHook] = true
	p, got := change(Program{State: Stopping, Life: 1, Queued: true, PostStopDue: true}, from, Policy{Name: "p"}, 0)
	if p.Queued || p.PostStopDue || got != "" {
		t.Errorf("%+v %s", p, got)
	}
}
