package supervisor

import "fmt"

// Hook is something that is done at a point in the life of a program.
type Hook int

// The hooks of a program. A program has at most one of each going on, and nothing starts or is signalled while it waits for one.
const (
	NoHook        Hook = iota
	PreStartHook       // before the process is made, in STARTING; the process waits for it
	PostStartHook      // when it is RUNNING; nothing waits for it
	PreStopHook        // before the first stop signal, in STOPPING; the signal waits for it
	PostStopHook       // when the process has ended; STOPPING waits for it, and so does the next process
)

var hookNames = [...]string{"no hook", "pre_start_hook", "post_start_hook", "pre_stop_hook", "post_stop_hook"}

// String is the name of the option.
func (h Hook) String() string { return hookNames[h] }

// Hooks lists all hooks in the order in which they come.
var Hooks = []Hook{PreStartHook, PostStartHook, PreStopHook, PostStopHook}

// A HookPolicy says which hooks a program has, by Hook. The zero value has none.
type HookPolicy struct {
	Has    [PostStopHook + 1]bool
	Ignore bool // it is started although its pre_start_hook has failed
}

// An Ended is a process that has ended. The zero value is none.
type Ended struct {
	Pid  int
	Exit Exit
}

// launch goes on with a start: it waits for a hook of the life before, has pre_start_hook run, or asks for the process.
func (s *step) launch() {
	switch {
	case s.Hook != NoHook || s.Held: // what is held is stopped when it is its turn
	case s.policy.Hooks.Has[PreStartHook]:
		s.runHook(PreStartHook)
	default:
		s.spawn()
	}
}

func (s *step) spawn() {
	if s.Held {
		return
	}
	s.Spawning = true
	s.do(Spawn{s.Life})
}

// runHook begins a hook that the program waits for.
func (s *step) runHook(h Hook) {
	s.Hook, s.HookLife = h, s.Life
	s.log(Debug, "%s of %s begins", h, s.policy.Name)
	s.do(RunHook{Hook: h, Life: s.Life, Pid: s.Pid, Ended: s.Ended, Reason: s.Reason})
}

// postStart begins the hook that nothing waits for.
func (s *step) postStart() {
	if s.State != Running || !s.policy.Hooks.Has[PostStartHook] {
		return
	}
	s.PostStarting = true
	s.log(Debug, "%s of %s begins", PostStartHook, s.policy.Name)
	s.do(RunHook{Hook: PostStartHook, Life: s.Life, Pid: s.Pid, Reason: s.Reason})
}

// endPostStart ends post_start_hook: the program is not RUNNING any more.
func (s *step) endPostStart() {
	if s.PostStarting {
		s.PostStarting = false
		s.do(EndHook{PostStartHook})
	}
}

// preStop brings the process down, after its pre_stop_hook.
func (s *step) preStop() {
	if s.policy.Hooks.Has[PreStopHook] {
		s.runHook(PreStopHook)
		return
	}
	s.signalStop()
}

// postStop begins post_stop_hook for the process that has ended, if there was one. It waits for a pre_stop_hook that goes on.
func (s *step) postStop() {
	if s.Hook == NoHook && s.PostStopDue {
		s.PostStopDue = false
		s.runHook(PostStopHook)
	}
}

// hookEnded goes on where the program has waited for a hook.
func (s *step) hookEnded(ev HookEnded) {
	if ev.Hook == PostStartHook {
		if ev.Life == s.Life && s.PostStarting {
			s.PostStarting = false
			s.hookFailed(ev)
		}
		return
	}
	if ev.Hook != s.Hook || ev.Life != s.HookLife {
		return
	}
	s.Hook, s.HookLife = NoHook, 0
	if ev.Hook == PreStartHook {
		s.preStarted(ev)
		return
	}
	s.hookFailed(ev)
	switch {
	case s.State == Starting && !s.HasProcess():
		s.launch()
	case s.State == Stopping && s.Pid != 0:
		s.signalStop()
	default:
		s.postStop()
		s.stopped()
	}
}

// preStarted goes on with a start, or with a stop that has come meanwhile.
func (s *step) preStarted(ev HookEnded) {
	switch {
	case s.State == Stopping:
		s.stopped()
	case ev.Wrong == "":
		s.spawn()
	case s.policy.Hooks.Ignore:
		s.log(Warn, "%s is started although its %s has failed: %s", s.policy.Name, ev.Hook, ev.Wrong)
		s.spawn()
	default:
		text := fmt.Sprintf("%s has failed: %s", ev.Hook, ev.Wrong)
		s.log(Info, "spawnerr: %s", text)
		s.SpawnErr = text
		s.startFailed(0, text)
	}
}

func (s *step) hookFailed(ev HookEnded) {
	if ev.Wrong != "" {
		s.log(Warn, "%s of %s has failed: %s", ev.Hook, s.policy.Name, ev.Wrong)
	}
}
