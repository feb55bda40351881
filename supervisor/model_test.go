package supervisor

import (
	"slices"
	"strconv"
)

// request is something asked of a program from outside, at an even millisecond.
type request struct {
	at  int
	ask ask
	by  Origin
}

type ask int

const (
	askStart ask = iota
	askStop
	askHold
	askSignal // a signal of the administrator's choice; it is refused
)

// model is a program as supervisord's main loop keeps it (compat.md §3.2, §3.3): nothing is planned ahead, each pass
// looks at the clock and at the state and does what is due. It differs from supervisord where compat.md says so: exits
// are handled at their true time, an administrator's start resets the failures, and a process that could not be
// signalled may end. There is one pass per millisecond, so what is due "after" n seconds is due in the pass at n seconds.
type model struct {
	policy   *Policy
	world    *world
	record   *record
	requests []request // still to come

	state     State
	pending   bool // the attempt is not answered yet
	asked     bool // the process of this life was asked for
	prepared  bool // pre_start_hook has done its work, or need not
	signalled bool // the stop signal was sent
	cleaned   bool // post_stop_hook has begun, or need not
	laststart int
	delay     int
	backoff   int
	going     bool // the supervisor is going down
	spawnerr  string
	status    int
	expected  bool
}

// pass is one turn of the loop.
func (m *model) pass(now int) {
	for n, ok := m.world.tell(now); ok; n, ok = m.world.tell(now) {
		m.hear(now, n)
	}
	for len(m.requests) > 0 && m.requests[0].at == now {
		m.obey(now, m.requests[0])
		m.requests = m.requests[1:]
	}
	for m.transition(now) {
	}
	m.record.summary(m.backoff, m.spawnerr, m.status)
}

func (m *model) enter(now int, s State, code string) {
	m.record.transition(now, m.state, s, m.backoff, m.expected, code)
	m.state = s
}

// transition does one thing that is due and tells whether there was one.
func (m *model) transition(now int) bool {
	switch m.state {
	case Exited:
		if m.going {
			return false
		}
		if m.policy.Autorestart == RestartAlways {
			m.spawn(now, "autorestart")
			return true
		}
		if m.policy.Autorestart == RestartUnexpected && !m.expected {
			m.spawn(now, "autorestart-unexpected")
			return true
		}
	case Backoff:
		if !m.retriesLeft() {
			m.enter(now, Fatal, "gave-up")
			m.backoff = 0
			return true
		}
		if now >= m.delay && !m.going {
			m.spawn(now, "retry")
			return true
		}
	case Starting:
		if m.world.exists && now-m.laststart >= 1000*m.policy.StartSecs {
			m.backoff = 0
			m.enter(now, Running, "stayed-up")
			if m.policy.Hooks.Has[PostStartHook] {
				m.world.runHook(now, PostStartHook)
			}
			return true
		}
		if !m.asked && !m.going && m.world.hook == NoHook {
			m.launch(now)
			return true
		}
	case Stopping:
		if !m.pending && !m.world.exists && m.world.hook == NoHook {
			if !m.clean(now) {
				m.enter(now, Stopped, "stopped")
			}
			return true
		}
		if m.world.exists && m.signalled && now >= m.delay {
			m.delay = now + 1000*max(1, m.policy.StopWaitSecs)
			m.signal(now, true)
			return true
		}
	}
	return false
}

func (m *model) spawn(now int, code string) {
	m.spawnerr, m.status = "", 0
	m.asked, m.signalled, m.cleaned = false, false, true
	m.prepared = !m.policy.Hooks.Has[PreStartHook]
	m.enter(now, Starting, code)
}

// launch does the next thing on the way to a process.
func (m *model) launch(now int) {
	if !m.prepared {
		m.world.runHook(now, PreStartHook)
		return
	}
	m.asked, m.pending = true, true
	m.world.spawn(now)
}

// clean begins post_stop_hook when it is due, and tells whether it was.
func (m *model) clean(now int) bool {
	if m.cleaned {
		return false
	}
	m.cleaned = true
	m.world.runHook(now, PostStopHook)
	return true
}

// endBeside ends post_start_hook.
func (m *model) endBeside(now int) {
	if m.world.besideAt != never {
		m.world.endHook(now, PostStartHook)
	}
}

// bringDown begins to stop a process.
func (m *model) bringDown(now int) {
	if m.policy.Hooks.Has[PreStopHook] {
		m.world.runHook(now, PreStopHook)
		return
	}
	m.stopSignal(now)
}

func (m *model) stopSignal(now int) {
	m.signalled = true
	m.delay = now + 1000*m.policy.StopWaitSecs
	m.signal(now, false)
}

func (m *model) signal(now int, kill bool) {
	if !m.world.signal(now, kill) {
		m.enter(now, Unknown, "kill-failed")
	}
}

func (m *model) obey(now int, r request) {
	switch r.ask {
	case askStart:
		if (m.state == Stopped || m.state == Exited || m.state == Fatal) && !m.going {
			if r.by == ByAdministrator {
				m.backoff = 0
			}
			m.spawn(now, "start-requested")
		}
	case askStop:
		switch m.state {
		case Starting, Running:
			m.enter(now, Stopping, "stop-requested")
			m.endBeside(now)
			if m.world.exists {
				m.bringDown(now)
			} else if m.world.hook == PreStartHook {
				m.world.endHook(now, PreStartHook)
			}
		case Backoff:
			if r.by == ByShutdown {
				m.backoff = 0
				m.enter(now, Fatal, "stop-requested")
			} else {
				m.enter(now, Stopped, "stop-requested")
			}
		}
	case askHold:
		m.going = true
	case askSignal:
		if m.world.exists && m.state != Unknown {
			m.enter(now, Unknown, "kill-failed")
		}
	}
}

func (m *model) hear(now int, n news) {
	if n.hook != NoHook {
		m.hearHook(now, n)
		return
	}
	m.pending = false
	switch {
	case n.spawned:
		m.laststart = now
		m.cleaned = !m.policy.Hooks.Has[PostStopHook]
		if m.state == Stopping {
			m.bringDown(now)
		}
	case n.failed && m.state == Stopping: // it is down then
	case n.failed:
		m.failedStart(now, "no process")
	default:
		m.finish(now, n)
	}
}

func (m *model) hearHook(now int, n news) {
	switch {
	case n.hook == PreStartHook && m.state == Starting:
		m.prepared = true
		if n.wrong && !m.policy.Hooks.Ignore {
			m.failedStart(now, "pre_start_hook has failed: no luck")
		}
	case n.hook == PreStopHook && m.state == Stopping && m.world.exists:
		m.stopSignal(now)
	case n.hook == PreStopHook && !m.world.exists:
		m.clean(now)
	}
}

func (m *model) finish(now int, n news) {
	expected := n.code >= 0 && slices.Contains(m.policy.ExitCodes, n.code)
	m.endBeside(now)
	switch {
	case m.state == Stopping:
		m.status = n.code
		return
	case m.state == Unknown:
		m.status = n.code
		if m.world.hook == NoHook {
			m.clean(now)
		}
		m.enter(now, Stopped, "ended-unknown")
		return
	case m.state == Starting && n.ran < 1000*m.policy.StartSecs:
		m.failedStart(now, "Exited too quickly (process log may have details)")
		m.clean(now)
		return
	case m.state == Starting:
		m.backoff = 0
		m.enter(now, Running, "stayed-up")
	}
	m.backoff, m.status, m.expected = 0, n.code, expected
	if !expected {
		m.spawnerr = "Bad exit code " + strconv.Itoa(n.code)
	}
	stays := map[Autorestart]string{RestartNever: "no-autorestart", RestartAlways: "exited", RestartUnexpected: "exited"}
	code := stays[m.policy.Autorestart]
	if m.policy.Autorestart == RestartUnexpected && expected {
		code = "expected-exit"
	}
	if m.going {
		code = "held"
	}
	m.enter(now, Exited, code)
	m.clean(now)
}

func (m *model) retriesLeft() bool {
	return m.policy.StartRetries == -1 || m.backoff <= max(0, m.policy.StartRetries)
}

func (m *model) failedStart(now int, why string) {
	m.spawnerr = why
	m.backoff++
	m.delay = now + 1000*m.backoff
	code := "start-failed"
	if m.going && m.retriesLeft() {
		code = "held"
	}
	m.enter(now, Backoff, code)
}
