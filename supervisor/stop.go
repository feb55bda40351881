package supervisor

// This file is how a process is brought down.

func (s *step) stopRequested(ev StopRequested) {
	if ev.By == ByAdministrator && s.policy.Cron && !s.Suspended {
		s.Suspended = true
		s.log(Info, "%s is not started by its schedule until it is started by somebody", s.policy.Name)
	}
	r := Reason{"stop-requested", "stopped by " + ev.By.String()}
	stays := !s.State.IsUp() && (s.IsWanted() || ev.Owed)
	s.stop(ev.By, r)
	if stays { // down as it is, or on its way
		s.Reason = r
		s.do(Note{s.Life, r, s.cause, true})
		s.cause = CauseBefore
	}
}

// stop brings the program down, and ends that it is wanted.
func (s *step) stop(by Origin, r Reason) {
	s.Queued = false
	s.unwant()
	switch s.State {
	case Backoff:
		if by == ByShutdown {
			s.Failures = 0
			s.do(Disarm{})
			s.enter(Fatal, r, Transition{})
			return
		}
		s.log(Debug, "Attempted to kill %s, which is in BACKOFF state.", s.policy.Name)
		s.do(Disarm{})
		s.enter(Stopped, r, Transition{})
	case Starting, Running:
		s.enter(Stopping, r, Transition{Pid: s.Pid})
		s.endPostStart()
		switch {
		case s.Spawning: // the signal follows as soon as there is a process
		case s.Pid != 0:
			s.preStop()
		case s.Hook == PreStartHook:
			s.do(EndHook{PreStartHook})
		default:
			s.stopped()
		}
	}
}

// stopped ends a stop, unless something is still going on.
func (s *step) stopped() {
	s.settleStop()
	s.pauseIfWanted()
}

// settleStop brings a program whose process has ended to where a stop leads. STOPPING lasts until its hooks have
// ended as well; UNKNOWN does not.
func (s *step) settleStop() {
	if s.HasProcess() || s.State != Unknown && (s.State != Stopping || s.Hook != NoHook) {
		return
	}
	rule := Decide(Death{Unknown: s.State == Unknown, StopRequested: s.State == Stopping})
	if s.Suspended && rule.To == Stopped {
		rule.Reason.Text += "; its schedule does not count until it is started"
	}
	s.settle(rule, Transition{Pid: s.Ended.Pid})
}

// pauseIfWanted has a program that was stopped to be started again wait for restartpause.
func (s *step) pauseIfWanted() {
	if s.Waiting && !s.isForGroup() && s.policy.RestartPause > 0 && s.State == Stopped {
		s.pause(s.whyResume())
	}
}

// again stops a program that is up and has it started anew, unless somebody wants it to stay down meanwhile. All but a change of
// files or options is a failure, so that it is up to the group, if that decides about failures, what comes then.
func (s *step) again(by Origin, r Reason) {
	if s.Held {
		return // it is stopped anyway when it is its turn
	}
	queued := s.Queued
	s.stop(by, r)
	s.Queued = queued
	resume := Reason{"restart", "started again: " + r.Text}
	s.Failing = by != ByFiles && by != ByUpdate
	if !s.HasProcess() && !s.isForGroup() && s.policy.RestartPause > 0 {
		s.pause(resume)
		return
	}
	s.Waiting, s.Resume = true, resume
}

// isForGroup tells whether its group is to decide what comes after a stop.
func (s *step) isForGroup() bool { return s.Failing && s.policy.Escalate }

func (s *step) signalStop() {
	s.StopsSent = 0
	s.nextSignal()
}

// nextSignal sends the next one of the stop signals, or SIGKILL when all were sent.
func (s *step) nextSignal() {
	for s.StopsSent < len(s.policy.StopSignals) {
		s.logKill(s.policy.StopAsGroup, s.policy.StopSignals[s.StopsSent])
		s.do(Signal{Group: s.policy.StopAsGroup, Nth: s.StopsSent})
		s.StopsSent++
		if s.policy.StopWaitSecs > 0 {
			s.do(Arm{s.Life, StopTimer, seconds(s.policy.StopWaitSecs)})
			return
		}
	}
	s.kill()
}

// kill sends SIGKILL, and again every killwaitsecs (at least every second) until the process is gone.
func (s *step) kill() {
	s.log(Warn, "killing '%s' (%d) with SIGKILL", s.policy.Name, s.Pid)
	s.logKill(s.policy.KillAsGroup, "SIGKILL")
	s.do(Signal{Kill: true, Group: s.policy.KillAsGroup})
	wait := s.policy.KillWaitSecs
	if wait <= 0 {
		wait = s.policy.StopWaitSecs
	}
	s.do(Arm{s.Life, StopTimer, seconds(max(1, wait))})
}

func (s *step) logKill(group bool, signal string) {
	as := ""
	if group {
		as = "process group "
	}
	s.log(Debug, "killing %s (pid %d) %swith signal %s", s.policy.Name, s.Pid, as, signal)
}

func (s *step) killFailed(ev KillFailed) {
	switch s.State {
	case Starting, Running, Stopping:
		s.do(Disarm{})
		s.log(Critical, "unknown problem killing %s (%d):%s", s.policy.Name, s.Pid, ev.Text)
		s.enter(Unknown, Reason{"kill-failed", "it could not be signalled: " + ev.Text}, Transition{Pid: s.Pid})
	}
}
