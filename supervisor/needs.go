package supervisor

// OnLoss tells what becomes of a program that is up when something it depends on is not up any more.
type OnLoss int

// What a loss does. The names are those of depends_policy.
const (
	KeepOnLoss    OnLoss = iota // it goes on, and the log says so
	StopOnLoss                  // it is stopped and stays down
	RestartOnLoss               // it is stopped, and started when everything is up again
)

// needsChanged takes note of what a program lacks. It is told the level, not the edge: the same again changes nothing, and
// what was missed in between does not matter.
func (s *step) needsChanged(ev NeedsChanged) {
	lost := s.Lacks == "" && ev.Lacks != ""
	s.Lacks = ev.Lacks
	if s.Waiting && s.Lacks != "" {
		s.Reason = waits(s.Lacks)
	}
	if !lost || !s.State.IsUp() || s.Held {
		return
	}
	switch s.policy.OnLoss {
	case KeepOnLoss:
		s.log(Warn, "%s goes on without %s", s.policy.Name, s.Lacks)
	case StopOnLoss:
		s.log(Warn, "%s is stopped for lack of %s", s.policy.Name, s.Lacks)
		s.stopRequested(StopRequested{ByLoss})
	case RestartOnLoss:
		s.log(Warn, "%s is stopped until there is %s", s.policy.Name, s.Lacks)
		s.stopRequested(StopRequested{ByLoss})
		s.Waiting = true
	}
}

// wait has the program started when it lacks nothing any more.
func (s *step) wait() {
	if s.Waiting {
		return
	}
	s.Waiting, s.Reason = true, waits(s.Lacks)
	s.log(Info, "%s waits for %s", s.policy.Name, s.Lacks)
}

func waits(lacks string) Reason { return Reason{"waits", "it waits for " + lacks} }

// goOn starts a program that has waited and lacks nothing any more. It is the end of every step, so that the order in which
// the end of its process and the return of what it needs are told does not matter.
func (s *step) goOn() {
	if !s.Waiting || s.Lacks != "" || s.Held || s.HasProcess() || s.State == Stopping {
		return
	}
	s.start(s.whyResume())
}

// whyResume is the reason of the start that ends the waiting.
func (s *step) whyResume() Reason {
	if s.Resume != (Reason{}) {
		return s.Resume
	}
	return Reason{"needs-met", "everything it depends on is up"}
}
