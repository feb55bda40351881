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
	if n, ok := m.world.tell(now); ok {
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
		if !m.pending && now-m.laststart >= 1000*m.policy.StartSecs {
			m.backoff = 0
			m.enter(now, Running, "stayed-up")
			return true
		}
	case Stopping:
		if !m.pending && now >= m.delay {
			m.delay = now + 1000*max(1, m.policy.StopWaitSecs)
			m.signal(now, true)
			return true
		}
	}
	return false
}

func (m *model) spawn(now int, code string) {
	m.spawnerr, m.status = "", 0
	m.pending = true
	m.enter(now, Starting, code)
	m.world.spawn(now)
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
			if !m.pending {
				m.delay = now + 1000*m.policy.StopWaitSecs
				m.signal(now, false)
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
	m.pending = false
	switch {
	case n.spawned:
		m.laststart = now
		if m.state == Stopping {
			m.delay = now + 1000*m.policy.StopWaitSecs
			m.signal(now, false)
		}
	case n.failed && m.state == Stopping:
		m.enter(now, Stopped, "stopped")
	case n.failed:
		m.failedStart(now, "no process")
	default:
		m.finish(now, n)
	}
}

func (m *model) finish(now int, n news) {
	expected := n.code >= 0 && slices.Contains(m.policy.ExitCodes, n.code)
	switch {
	case m.state == Stopping:
		m.status = n.code
		m.enter(now, Stopped, "stopped")
		return
	case m.state == Unknown:
		m.status = n.code
		m.enter(now, Stopped, "ended-unknown")
		return
	case m.state == Starting && n.ran < 1000*m.policy.StartSecs:
		m.failedStart(now, "Exited too quickly (process log may have details)")
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
