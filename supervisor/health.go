package supervisor

import "fmt"

// A HealthPolicy says what follows from the results of a program's health checks.
type HealthPolicy struct {
	Check            bool // there is a check
	SuccessThreshold int  // so many successes in a row make it healthy; < 1 counts as 1
	FailureThreshold int  // so many failures in a row make it unhealthy; < 1 counts as 1
	OnSuccess        Action
	OnFailure        Action
}

// Action is what a change of health, or of files, does.
type Action int

// The actions of liveness_check_…_action and of triggers.
const (
	NoAction      Action = iota
	RestartAction        // the program is stopped and started again
	StopAction           // the program is stopped and stays down
	CommandAction        // a command is run
	SignalAction         // a signal is sent; for triggers
)

// HealthStatus is what the checks of a life so far say.
type HealthStatus int

// The values of a HealthStatus.
const (
	Untested HealthStatus = iota // neither threshold was reached in this life
	Healthy
	Unhealthy
)

var healthNames = [...]string{"untested", "healthy", "unhealthy"}

// String is the status in words.
func (h HealthStatus) String() string { return healthNames[h] }

// Health is what is known from the checks of one life. The zero value is that of a life that begins.
type Health struct {
	Status    HealthStatus
	Passed    bool   // it was healthy in this life
	Successes int    // in a row, up to now
	Failures  int    // in a row, up to now
	Text      string // what the last check found wrong; "" it succeeded
}

// A Verdict is what follows from one result. The zero value is nothing.
type Verdict struct {
	Action Action
	Reason Reason // zero: no threshold was reached
	Count  int    // of results in a row
}

// Step takes the result of one check: text says what is wrong, "" nothing is. Becoming healthy does what OnSuccess says, once.
// Becoming unhealthy does what OnFailure says, and again after every further FailureThreshold failures in a row.
func (h Health) Step(p *HealthPolicy, text string) (Health, Verdict) {
	h.Text = text
	if text == "" {
		h.Failures = 0
		h.Successes++
		if h.Status == Healthy || h.Successes < p.SuccessThreshold {
			return h, Verdict{}
		}
		h.Status, h.Passed = Healthy, true
		return h, Verdict{p.OnSuccess, Reason{ReasonHealthy, inARow(h.Successes, "succeeded")}, h.Successes}
	}
	h.Successes = 0
	h.Failures++
	if h.Failures%max(1, p.FailureThreshold) != 0 {
		return h, Verdict{}
	}
	h.Status = Unhealthy
	return h, Verdict{p.OnFailure, Reason{"unhealthy", inARow(h.Failures, "failed") + ": " + text}, h.Failures}
}

func inARow(n int, did string) string {
	if n == 1 {
		return "a health check has " + did
	}
	return fmt.Sprintf("%d health checks in a row have %s", n, did)
}

// checked takes the result of a health check.
func (s *step) checked(ev Checked) {
	if s.State != Running || !s.policy.Health.Check {
		return
	}
	var v Verdict
	s.Health, v = s.Health.Step(&s.policy.Health, ev.Wrong)
	switch {
	case ev.Wrong == "" && v.Reason.Code != "":
		s.log(Info, "%s is healthy: %s", s.policy.Name, v.Reason.Text)
	case v.Reason.Code != "":
		s.log(Warn, "%s is unhealthy: %s", s.policy.Name, v.Reason.Text)
	case ev.Wrong != "":
		s.log(Info, "a health check of %s has failed (%d of %d): %s", s.policy.Name,
			(s.Health.Failures-1)%max(1, s.policy.Health.FailureThreshold)+1, max(1, s.policy.Health.FailureThreshold), ev.Wrong)
	}
	switch v.Action {
	case RestartAction:
		s.again(ByHealth, v.Reason)
	case StopAction:
		s.stop(ByHealth, v.Reason)
	case CommandAction:
		s.do(RunAction{s.Life, ev.Wrong != "", v.Reason, v.Count})
	}
	if v.Reason.Code != "" && s.State == Running { // otherwise the transition tells it
		s.note(v.Reason)
	}
}
