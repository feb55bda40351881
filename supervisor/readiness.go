package supervisor

import (
	"fmt"
	"time"
)

// A ReadyPolicy says what readiness is for a program. The zero value is supervisord's: a program that is RUNNING is ready.
type ReadyPolicy struct {
	Check     bool          // it is ready only when it was found or says so
	Timeout   time.Duration // how long it may take from the start on; 0: for ever
	OnTimeout OnTimeout
}

// OnTimeout tells what becomes of a program that is not ready in time.
type OnTimeout int

// What the end of ready_timeout does. The names are those of ready_timeout_action.
const (
	ReportOnTimeout  OnTimeout = iota // the log says so
	RestartOnTimeout                  // it is stopped and started again
)

// IsReady tells whether p, whose options are policy, is up for others: it is RUNNING, its readiness check is met, and its
// health check has succeeded in this life. A health check that fails later does not change that, see Health.
func (p *Program) IsReady(policy *Policy) bool {
	return p.State == Running && (!policy.Ready.Check || p.Announced) && (!policy.Health.Check || p.Health.Passed)
}

// IsSettled tells whether those who are to start after p need not wait for it any longer: it is RUNNING, and its readiness check is
// met or is overdue, so that nobody knows when it will be. Health is another matter: a first check may come late.
func (p *Program) IsSettled(policy *Policy) bool {
	return p.State == Running && (!policy.Ready.Check || p.Announced || p.Overdue)
}

// readinessChanged takes note that the readiness check was met, or that the program takes that back.
func (s *step) readinessChanged(ev ReadinessChanged) {
	if s.State != Starting && s.State != Running || s.Announced == ev.Ready || !s.policy.Ready.Check {
		return
	}
	s.Announced = ev.Ready
	if !ev.Ready {
		s.log(Info, "%s is not ready any more: %s", s.policy.Name, ev.Why)
		s.note(Reason{"unready", "it is not ready any more: " + ev.Why})
		return
	}
	s.Overdue = false
	s.log(Info, "%s is ready: %s", s.policy.Name, ev.Why)
	s.note(Reason{ReasonReady, "it is ready: " + ev.Why})
	s.watchDog()
}

// awaitReady begins what concerns only programs that are RUNNING.
func (s *step) awaitReady() {
	s.watchDog()
	s.postStart()
	p := &s.policy.Ready
	if !p.Check || s.Announced || p.Timeout <= 0 {
		return
	}
	if left := p.Timeout - seconds(s.policy.StartSecs); left > 0 {
		s.do(Arm{s.Life, ReadyTimer, left})
		return
	}
	s.readyTimeout()
}

// readyTimeout says that the program is not ready in time.
func (s *step) readyTimeout() {
	why := "it is not ready after ready_timeout (" + inSeconds(s.policy.Ready.Timeout) + ")"
	s.Overdue = true
	if s.policy.Ready.OnTimeout == RestartOnTimeout && !s.Held {
		s.log(Warn, "%s is restarted: %s", s.policy.Name, why)
		s.again(ByReadiness, Reason{"ready-timeout", why})
		return
	}
	s.log(Warn, "%s goes on, but %s", s.policy.Name, why)
	s.note(Reason{"ready-timeout", why})
}

// watchDog gives a program that has to report regularly its time anew.
func (s *step) watchDog() {
	if s.policy.Watchdog > 0 && s.State == Running && (!s.policy.Ready.Check || s.Announced) {
		s.do(Arm{s.Life, WatchdogTimer, s.policy.Watchdog})
	}
}

// watchdogBit restarts a program that has not reported.
func (s *step) watchdogBit() {
	if s.Held {
		return // it is stopped anyway when it is its turn
	}
	why := fmt.Sprintf("it has not reported within watchdog_secs (%s)", inSeconds(s.policy.Watchdog))
	s.log(Warn, "%s is restarted: %s", s.policy.Name, why)
	s.again(ByHealth, Reason{"watchdog", why})
}
