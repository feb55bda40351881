package actors

import (
	"context"
	"strconv"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
)

// This file is how the hooks of a program are run. When, and what follows from them, its machine decides.

// A runningHook is a hook that is going on.
type runningHook struct {
	pid  *actor.PID // nil: none is
	life uint64
}

// probeOf is what a hook does; nil: there is none.
func probeOf(h *confload.Hooks, hook supervisor.Hook) *confload.Probe {
	switch hook {
	case supervisor.PreStartHook:
		return h.PreStart
	case supervisor.PostStartHook:
		return h.PostStart
	case supervisor.PreStopHook:
		return h.PreStop
	case supervisor.PostStopHook:
		return h.PostStop
	}
	return nil
}

// runHook begins a hook.
func (p *program) runHook(e supervisor.RunHook) {
	if p.ending {
		return
	}
	t, what := p.tree, probeOf(&p.cfg.Hooks, e.Hook)
	who := &subject{prog: p.cfg, pid: e.Pid, hook: &e}
	if e.Pid == 0 {
		who.pid = e.Ended.Pid
	}
	p.hooks[e.Hook] = runningHook{life: e.Life, pid: p.ctx.SpawnPrefix(t.props(func() actor.Actor {
		return &errand{timeout: p.cfg.Hooks.Timeout, work: func(ctx context.Context) error { return t.check(ctx, what, who) },
			done: func(ctx actor.Context, err error) { ctx.Send(ctx.Parent(), &hookEnded{e.Hook, e.Life, err}) }}
	}), "hook")}
}

// endHook ends a hook that is going on. Its end is told by childGone.
func (p *program) endHook(hook supervisor.Hook) {
	if pid := p.hooks[hook].pid; pid != nil {
		p.ctx.Stop(pid)
	}
}

// hookEnded hears how a hook has ended.
func (p *program) hookEnded(m *hookEnded) {
	h := &p.hooks[m.hook]
	if h.pid == nil || h.life != m.life {
		return
	}
	h.pid = nil
	wrong := ""
	if m.err != nil {
		wrong = logs.Clean(m.err.Error())
	}
	p.apply(supervisor.HookEnded{Life: m.life, Hook: m.hook, Wrong: wrong})
}

// hookGone tells the machine of a hook that was ended, if who is one.
func (p *program) hookGone(who *actor.PID) {
	for _, hook := range supervisor.Hooks {
		if h := &p.hooks[hook]; who.Equal(h.pid) {
			h.pid = nil
			p.apply(supervisor.HookEnded{Life: h.life, Hook: hook, Wrong: "it was ended"})
		}
	}
}

// hookVariables tell a hook what has happened.
func hookVariables(e *supervisor.RunHook) []string {
	set := []string{"SUPD_HOOK=" + e.Hook.String(), "SUPD_REASON=" + e.Reason.Text}
	if e.Ended.Pid != 0 {
		set = append(set, "SUPD_EXIT="+e.Ended.Exit.Text, "SUPD_EXIT_STATUS="+strconv.Itoa(e.Ended.Exit.Code))
	}
	return set
}
