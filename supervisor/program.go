package supervisor

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// A Policy is what one program's options say about its life. Another one takes its place by PolicyChanged.
type Policy struct {
	Name         string // bare process name, as it stands in the main log
	Autorestart  Autorestart
	StartSecs    int      // seconds it must stay up to be RUNNING; <= 0: at once
	StartRetries int      // attempts after the first; RetryForever: no end; otherwise < 0 counts as 0
	ExitCodes    []int    // expected statuses; nil: none is
	StopWaitSecs int      // seconds between a stop signal and the next, or SIGKILL; <= 0: at once
	KillWaitSecs int      // seconds until SIGKILL is sent again; <= 0: StopWaitSecs, at least 1
	StopAsGroup  bool     // the stop signals go to the process group
	KillAsGroup  bool     // SIGKILL goes to the process group
	StopSignals  []string // names of the stop signals in their order, for the log; nil: SIGKILL at once
	OnLoss       OnLoss   // what the loss of a dependency does
	Escalate     bool     // its group decides about every failure; it only tries a failed start again by itself

	Backoff      BackoffPolicy
	RestartPause time.Duration // between the end of a process and the next one's start; 0 none
	Ready        ReadyPolicy
	Health       HealthPolicy
	Watchdog     time.Duration // how often it must report; 0: it need not
	Hooks        HookPolicy
	MemoryLimit  int64 // in bytes: it is restarted when it uses more; 0: none

	OnTrigger [Triggers]Action // what a change of files does, by Trigger; StopAction does nothing
	Cron      bool             // it has a schedule
	CronQueue bool             // a start by its schedule that comes while it is up is made up for
}

// A Program is the state of one program's machine. The zero value is a program that was never started.
type Program struct {
	State      State
	Life       uint64 // number of the last attempt to start it; 0: never
	Pid        int    // 0: no process, or not known yet
	Failures   int    // failed starts in a row; the wait in BACKOFF is as many seconds
	SpawnErr   string // why the last attempt failed or the last exit was bad; "" none
	ExitStatus int    // of the last recorded exit; 0 when none is recorded
	Held       bool   // the supervisor is going down
	Spawning   bool   // a Spawn effect has not been answered
	Lacks      string // what it depends on and is not up, in words; "" nothing
	Lost       string // what of that has been up before
	Waiting    bool   // it is wanted, and is started as soon as it lacks nothing and has no process
	Pausing    bool   // it is down for the time of restartpause
	Failing    bool   // it is Waiting after a failure, which its group is to hear of when it is down
	Resume     Reason // of the start that ends Waiting or Pausing; zero: what it needs is there
	StopsSent  int    // how many of the stop signals were sent
	Announced  bool   // its readiness check was met in this life
	Overdue    bool   // it was not ready in time
	Health     Health // what the checks of this life found
	Status     string // what it says of itself in this life; "" nothing
	Queued     bool   // a start by its schedule has come while it was up
	Suspended  bool   // its schedule does not count, as an administrator has stopped it
	Hook       Hook   // the hook it waits for; NoHook: none
	HookLife   uint64 // the life that hook belongs to
	Ended      Ended  // the process of this life, if it has ended

	PostStarting bool // its post_start_hook is going on
	PostStopDue  bool // its post_stop_hook is still to come

	Reason Reason // why it is in this state
	Last   uint64 // number of the record of its last transition, or of a Note that Decides, which the caller sets; 0: there was none
}

// TooQuick is the SpawnErr of a process that ended before startsecs.
const TooQuick = "Exited too quickly (process log may have details)"

// HasProcess tells whether a process exists or may come to exist from an unanswered Spawn.
func (p *Program) HasProcess() bool { return p.Spawning || p.Pid != 0 }

// IsAwaiting tells whether the program is down and its schedule will start it.
func (p *Program) IsAwaiting(policy *Policy) bool {
	return policy.Cron && !p.Suspended && !p.Held && p.State.IsDown() && !p.HasProcess()
}

// IsWanted tells whether the program is down, or on its way down, and will be started without anybody asking for it.
func (p *Program) IsWanted() bool { return p.Waiting || p.Pausing }

// step is one call of Step: the program being changed and the effects so far.
type step struct {
	Program
	policy  *Policy
	effects []Effect
	cause   uint64 // of the next Transition or Note
}

// Step tells program p, whose options are policy, of event ev and returns what becomes of it and what is to be done. It
// has no other input: the same arguments always give the same results. It keeps neither policy nor what it returns. A
// fact that does not fit, because it speaks of an earlier life or answers a question that is not open, changes nothing
// and has no effects.
func Step(policy *Policy, p Program, ev Event) (Program, []Effect) {
	s := step{Program: p, policy: policy, cause: causeOf(&p, ev)}
	switch ev := ev.(type) {
	case StartRequested:
		s.startRequested(ev)
	case StopRequested:
		s.stopRequested(ev)
	case HoldRequested:
		s.Held = true
		s.unwant()
	case NeedsChanged:
		s.needsChanged(ev)
	case Spawned:
		if ev.Life == s.Life && s.Spawning {
			s.spawned(ev)
		}
	case SpawnFailed:
		if ev.Life == s.Life && s.Spawning {
			s.spawnFailed(ev)
		}
	case ProcessExited:
		if ev.Life == s.Life && s.HasProcess() {
			s.exited(ev.Exit)
		}
	case TimerFired:
		if ev.Life == s.Life {
			s.timerFired(ev.Timer)
		}
	case KillFailed:
		if ev.Life == s.Life && s.Pid != 0 {
			s.killFailed(ev)
		}
	case ReadinessChanged:
		if ev.Life == s.Life {
			s.readinessChanged(ev)
		}
	case StatusTold:
		if ev.Life == s.Life && s.HasProcess() {
			s.Status = ev.Text
		}
	case WatchdogFed:
		if ev.Life == s.Life {
			s.watchDog()
		}
	case Checked:
		if ev.Life == s.Life {
			s.checked(ev)
		}
	case Triggered:
		s.triggered(ev)
	case Due:
		s.due(ev)
	case HookEnded:
		s.hookEnded(ev)
	case PolicyChanged:
		s.policyChanged(ev)
	case MemoryUsed:
		if ev.Life == s.Life {
			s.memoryUsed(ev)
		}
	}
	s.unqueue()
	s.goOn()
	return s.Program, s.effects
}

func (s *step) do(e Effect) { s.effects = append(s.effects, e) }

func (s *step) log(l Level, format string, args ...interface{}) {
	s.do(Log{l, fmt.Sprintf(format, args...)})
}

func (s *step) enter(to State, r Reason, t Transition) {
	t.From, t.To, t.Life, t.Reason, t.Cause = s.State, to, s.Life, r, s.cause
	s.State, s.Reason, s.cause = to, r, CauseBefore
	s.do(t)
}

func (s *step) startRequested(ev StartRequested) {
	if ev.By == ByAdministrator {
		s.Suspended = false
	}
	if s.Held || s.HasProcess() {
		return // the caller has told the client why, see CanStart
	}
	switch s.State {
	case Stopped, Exited, Fatal:
		if ev.By == ByAdministrator {
			s.Failures = 0
		}
		if s.Pausing {
			s.unwant()
		}
		r := Reason{"start-requested", "started by " + ev.By.String()}
		if s.State == Fatal && s.Failures > 0 {
			wait := s.backoffWait()
			s.Failures = 0
			if ev.By == ByGroup {
				s.retryForGroup(r, wait)
				return
			}
		}
		if s.Lacks != "" {
			s.wait()
			return
		}
		s.start(r)
	}
}

// retryForGroup has a program that has failed to start wait before it is tried anew, as long as after its last failed attempt: a
// group without a limit would try it without a pause otherwise.
func (s *step) retryForGroup(r Reason, wait time.Duration) {
	r.Text += ", after a wait of " + inSeconds(wait)
	s.Resume = r
	s.enter(Backoff, Reason{"group-retry", r.Text}, Transition{})
	s.do(Arm{s.Life, BackoffTimer, wait})
}

// start begins a new life.
func (s *step) start(r Reason) {
	s.Life++
	s.Pid, s.SpawnErr, s.ExitStatus = 0, "", 0
	s.Waiting, s.Failing, s.Resume, s.StopsSent = false, false, Reason{}, 0
	s.Announced, s.Overdue, s.Health, s.Status = false, false, Health{}, ""
	s.Ended, s.PostStopDue = Ended{}, false
	s.enter(Starting, r, Transition{Tries: s.Failures})
	s.launch()
}

func (s *step) spawned(ev Spawned) {
	s.Pid, s.Spawning = ev.Pid, false
	s.log(Info, "spawned: '%s' with pid %d", s.policy.Name, s.Pid)
	if s.State == Stopping {
		s.preStop()
		return
	}
	if s.policy.StartSecs <= 0 {
		s.up()
		s.awaitReady()
		return
	}
	s.do(Arm{s.Life, StartTimer, seconds(s.policy.StartSecs)})
}

// up promotes a program that has stayed up long enough.
func (s *step) up() {
	if s.policy.Backoff.Reset <= 0 {
		s.Failures = 0
	}
	s.enter(Running, Reason{"stayed-up", fmt.Sprintf("it has stayed up for startsecs (%d)", max(0, s.policy.StartSecs))},
		Transition{Pid: s.Pid})
	s.log(Info, "success: %s entered RUNNING state, process has stayed up for > than %d seconds (startsecs)",
		s.policy.Name, s.policy.StartSecs)
}

func (s *step) spawnFailed(ev SpawnFailed) {
	s.Spawning = false
	s.log(Info, "spawnerr: %s", ev.Text)
	if s.State == Stopping {
		s.stopped()
		return
	}
	s.SpawnErr = ev.Text
	s.startFailed(0, ev.Text)
}

func (s *step) exited(e Exit) {
	pid := s.Pid
	s.Pid, s.Spawning = 0, false
	s.Ended, s.PostStopDue = Ended{pid, e}, pid != 0 && s.policy.Hooks.Has[PostStopHook]
	s.endPostStart()
	expected := e.Code >= 0 && slices.Contains(s.policy.ExitCodes, e.Code)
	level := Warn
	if expected {
		level = Info
	}
	switch {
	case s.State == Stopping || s.State == Unknown:
		s.ExitStatus = e.Code
		s.do(Disarm{})
		s.postStop()
		s.settleStop()
		s.log(level, "stopped: %s (%s)", s.policy.Name, e.Text)
		s.pauseIfWanted()
		return
	case s.State == Starting && e.Ran < seconds(s.policy.StartSecs):
		s.do(Disarm{})
		s.SpawnErr = TooQuick
		s.log(Warn, "exited: %s (%s; not expected)", s.policy.Name, e.Text)
		s.startFailed(pid, e.early(s.policy.StartSecs))
		return
	case s.State == Starting:
		s.do(Disarm{})
		s.Pid = pid
		exit := s.cause
		s.cause = s.Last
		s.up()
		s.Pid, s.cause = 0, exit
	}
	if r := s.policy.Backoff.Reset; r > 0 && e.Ran-seconds(s.policy.StartSecs) >= r {
		s.Failures = 0
	}
	s.ExitStatus = e.Code
	d := Death{Held: s.Held, Ending: UnexpectedExit, Autorestart: s.policy.Autorestart}
	word := "not expected"
	if expected {
		d.Ending, word = ExpectedExit, "expected"
	} else {
		s.SpawnErr = "Bad exit code " + strconv.Itoa(e.Code)
	}
	rule := Decide(d)
	s.enter(Exited, rule.whyIn(Exited, Reason{"exited", "the process ended: " + e.full()}, e.full()), Transition{Pid: pid, Expected: expected})
	s.log(level, "exited: %s (%s; %s)", s.policy.Name, e.Text, word)
	s.postStop()
	s.settle(rule, Transition{})
}

// startFailed counts a failed start and waits, or gives up.
func (s *step) startFailed(pid int, why string) {
	s.Failures++
	rule := Decide(Death{Held: s.Held, Ending: FailedStart, RetriesLeft: s.retriesLeft()})
	s.enter(Backoff, rule.whyIn(Backoff, Reason{"start-failed", why}, why), Transition{Pid: pid, Tries: s.Failures})
	if rule.Directive == StopRun {
		rule.Reason.Text = why + "; " + rule.Reason.Text
	}
	s.postStop()
	s.settle(rule, Transition{})
}

// early tells of an end before startSecs.
func (e *Exit) early(startSecs int) string {
	if e.Why != "" {
		return e.full()
	}
	return fmt.Sprintf("it ended after %s (%s), before startsecs (%d)", e.Ran.Round(time.Millisecond), e.Text, startSecs)
}

// full is how the process ended, and why when the supervisor knows.
func (e *Exit) full() string {
	if e.Why != "" {
		return e.Why + " (" + e.Text + ")"
	}
	return e.Text
}

// settle brings the program to where a rule sends it, unless it is there already.
func (s *step) settle(r Rule, t Transition) {
	switch r.Directive {
	case RestartNow:
		if s.policy.Escalate {
			s.do(Escalate{r.Reason})
			return
		}
		if s.policy.RestartPause > 0 {
			s.pause(r.Reason)
			return
		}
		if s.Lacks != "" {
			s.wait()
			return
		}
		s.start(r.Reason)
	case RestartLater:
		s.do(Arm{s.Life, BackoffTimer, s.backoffWait()})
	case StopRun:
		if r.To == s.State {
			return
		}
		s.enter(r.To, r.Reason, t)
		if r.To == Fatal {
			if !s.policy.Escalate {
				s.Failures = 0
			}
			s.log(Info, "gave up: %s entered FATAL state, too many start retries too quickly", s.policy.Name)
			if s.policy.Escalate {
				s.do(Escalate{r.Reason})
			}
		}
	}
}

func (s *step) timerFired(t Timer) {
	switch {
	case t == StartTimer && s.State == Starting && s.Pid != 0:
		s.up()
		s.awaitReady()
	case t == PauseTimer && s.Pausing && !s.Held:
		s.paused()
	case t == ReadyTimer && s.State == Running && !s.Announced && s.policy.Ready.Timeout > 0:
		s.readyTimeout()
	case t == WatchdogTimer && s.State == Running:
		s.watchdogBit()
	case t == BackoffTimer && s.State == Backoff && !s.Held && s.Lacks != "":
		s.wait()
	case t == BackoffTimer && s.State == Backoff && !s.Held && s.Resume != Reason{}:
		s.start(s.Resume)
	case t == BackoffTimer && s.State == Backoff && !s.Held:
		s.start(Reason{"retry", fmt.Sprintf("attempt %d after a wait of %s", s.Failures+1, inSeconds(s.backoffWait()))})
	case t == StopTimer && s.State == Stopping && s.Pid != 0:
		s.nextSignal()
	}
}

// seconds is n seconds: none when n is negative, and the longest Duration there is when n is too many.
func seconds(n int) time.Duration {
	return time.Duration(min(max(0, int64(n)), math.MaxInt64/int64(time.Second))) * time.Second
}
