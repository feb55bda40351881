package supervisor

import "fmt"

// Trigger names what outside of a program has it act.
type Trigger int

// The triggers of a program.
const (
	BinaryTrigger Trigger = iota // the file that it executes has changed
	FilesTrigger                 // files in its restart_directory_monitor have changed
)

// Triggers is how many there are.
const Triggers = 2

var triggerNames = [Triggers]string{"binary", "files"}

// String is the trigger in a word.
func (t Trigger) String() string { return triggerNames[t] }

// triggered does what the policy says about a change of files. It concerns a program that is up or being tried: one that is
// down stays down, and finds what has changed at its next start.
func (s *step) triggered(ev Triggered) {
	if s.Held || !s.State.IsUp() {
		return
	}
	r := Reason{ev.Trigger.String() + "-changed", ev.What}
	switch s.policy.OnTrigger[ev.Trigger] {
	case RestartAction:
		if ev.Known {
			return
		}
		s.log(Info, "%s is restarted: %s", s.policy.Name, ev.What)
		s.Failures = 0 // what made it fail may be what has changed
		s.again(ByFiles, r)
	case CommandAction:
		s.log(Info, "%s has its command run: %s", s.policy.Name, ev.What)
		s.do(RunCommand{ev.Trigger, r})
	case SignalAction:
		if s.Pid != 0 && !ev.Known {
			s.log(Info, "%s is sent a signal: %s", s.policy.Name, ev.What)
			s.do(SendSignal{ev.Trigger, r})
		}
	}
}

// due starts a program whose schedule says so.
func (s *step) due(ev Due) {
	switch {
	case !s.policy.Cron || s.Held || s.Suspended || s.IsWanted():
		return // it is not to start, or will anyway
	case s.State.IsUp() || s.HasProcess():
		s.overlapped(ev)
		return
	}
	s.Failures = 0
	s.begin(Reason{"cron", "its schedule: " + ev.What})
}

// overlapped is a start that came while the program was up or going down.
func (s *step) overlapped(ev Due) {
	if !s.policy.CronQueue {
		s.log(Info, "%s is not started by its schedule (%s): it is still %s", s.policy.Name, ev.What, s.State)
		return
	}
	if !s.Queued {
		s.log(Info, "%s is started by its schedule (%s) when it has ended: it is still %s", s.policy.Name, ev.What, s.State)
	}
	s.Queued = true
}

// begin starts a program that is down, or has it wait for what it lacks.
func (s *step) begin(r Reason) {
	if s.Lacks != "" {
		s.wait()
		s.Resume = r
		return
	}
	s.start(r)
}

// unqueue makes up for a start that came too early, when the program has come to rest.
func (s *step) unqueue() {
	if !s.Queued || s.Held || s.HasProcess() || s.IsWanted() || !s.State.IsDown() {
		return
	}
	s.Queued = false
	r := Reason{"cron", fmt.Sprintf("its schedule came while it was up, and it is %s now", s.State)}
	if s.policy.RestartPause > 0 {
		s.pause(r)
		return
	}
	s.begin(r)
}
