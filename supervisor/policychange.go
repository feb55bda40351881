package supervisor

// This file is a change of policy while a program exists.

// policyChanged goes over to another policy. Waits under way are over when they would have been, but for those of startsecs and
// ready_timeout, which are measured from the start. What was ready stays ready until a check says otherwise.
func (s *step) policyChanged(ev PolicyChanged) {
	before, now := ev.From, s.policy
	if ev.Stale && (s.State == Starting || s.State == Running) {
		s.again(ByUpdate, Reason{"update", "somebody has started it with the options that it had before the update"})
	}
	if s.IsReady(before) && now.Health.Check {
		s.Health.Passed = true
	}
	if !now.Health.Check {
		s.Health = Health{}
	}
	s.PostStopDue = s.PostStopDue && now.Hooks.Has[PostStopHook]
	s.Queued = s.Queued && now.Cron && now.CronQueue
	switch {
	case s.State == Starting && s.Pid != 0 && now.StartSecs != before.StartSecs:
		if left := seconds(now.StartSecs) - ev.Ran; left > 0 {
			s.do(Arm{s.Life, StartTimer, left})
			return
		}
		s.do(Disarm{})
		s.up()
		s.awaitReady()
	case s.State == Running && now.Ready.Check && !s.Announced && now.Ready.Timeout != before.Ready.Timeout:
		s.Overdue = false
		switch left := now.Ready.Timeout - ev.Ran; {
		case now.Ready.Timeout <= 0: // a timer that runs finds that
		case left > 0:
			s.do(Arm{s.Life, ReadyTimer, left})
		default:
			s.readyTimeout()
		}
	}
}
