package supervisor

import (
	"fmt"
	"strings"
)

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
	lost, back := s.Lost == "" && ev.Lost != "", s.Lacks != "" && ev.Lacks == ""
	s.Lacks, s.Lost = ev.Lacks, ev.Lost
	if back && s.State.IsUp() {
		s.note(Reason{ReasonNeedsMet, "everything it depends on is up"})
	}
	if s.Waiting && s.Lacks != "" {
		s.Reason = waits(s.Lacks)
	}
	if !lost || !s.State.IsUp() || s.Held {
		return
	}
	switch s.policy.OnLoss {
	case KeepOnLoss:
		s.lost("it goes on without %s")
	case StopOnLoss:
		s.lost("it is stopped for lack of %s")
		s.stopRequested(StopRequested{By: ByLoss})
	case RestartOnLoss:
		s.lost("it is stopped until there is %s")
		s.stopRequested(StopRequested{By: ByLoss})
		s.Waiting = true
	}
}

// lost says what the loss of a dependency does.
func (s *step) lost(format string) {
	text := fmt.Sprintf(format, s.Lost)
	s.log(Warn, "%s %s", s.policy.Name, strings.TrimPrefix(text, "it "))
	s.note(Reason{"lost", text})
}

// wait has the program started when it lacks nothing any more.
func (s *step) wait() {
	if s.Waiting {
		return
	}
	s.Waiting, s.Reason = true, waits(s.Lacks)
	s.log(Info, "%s waits for %s", s.policy.Name, s.Lacks)
	s.note(s.Reason)
}

func waits(lacks string) Reason { return Reason{"waits", "it waits for " + lacks} }

// goOn starts a program that has waited and lacks nothing any more, or tells its group that it has failed. It is the end of every
// step, so that the order in which the end of its process and the return of what it needs are told does not matter.
func (s *step) goOn() {
	if !s.Waiting || s.Held || s.HasProcess() || s.State == Stopping {
		return
	}
	if s.isForGroup() {
		r := Reason{"restart-due", "it was to be " + s.Resume.Text}
		s.unwant()
		s.do(Escalate{r})
		return
	}
	if s.Lacks == "" {
		s.start(s.whyResume())
	}
}

// whyResume is the reason of the start that ends the waiting.
func (s *step) whyResume() Reason {
	if s.Resume != (Reason{}) {
		return s.Resume
	}
	return Reason{ReasonNeedsMet, "everything it depends on is up"}
}
