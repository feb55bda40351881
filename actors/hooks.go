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
	pid   *actor.PID // nil: none is
	life  uint64
	wrong *string // what was wrong, set before the actor ends
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
	if p.hooks == nil {
		p.hooks = make([]runningHook, supervisor.PostStopHook+1)
	}
	wrong := "it was ended"
	p.hooks[e.Hook] = runningHook{life: e.Life, wrong: &wrong, pid: p.ctx.SpawnPrefix(t.props(func() actor.Actor {
		return &errand{tree: t, timeout: p.cfg.Hooks.Timeout,
			chore: &chore{prog: p.cfg, what: e.Hook.String(), do: func(ctx context.Context) error { return t.check(ctx, what, who) }},
			done: func(err error) {
				wrong = ""
				if err != nil {
					wrong = logs.Clean(err.Error())
				}
			}}
	}), "hook")}
}

// endHook ends a hook that is going on.
func (p *program) endHook(hook supervisor.Hook) {
	if p.hooks != nil && p.hooks[hook].pid != nil {
		p.ctx.Stop(p.hooks[hook].pid)
	}
}

// hookGone tells the machine of the end of a hook, if who is one. The end of the actor is the only message about it: a second
// one could be overtaken by it.
func (p *program) hookGone(who *actor.PID) {
	for hook := range p.hooks {
		if h := &p.hooks[hook]; who.Equal(h.pid) {
			h.pid = nil
			p.apply(supervisor.HookEnded{Life: h.life, Hook: supervisor.Hook(hook), Wrong: *h.wrong})
			return
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
