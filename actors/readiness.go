package actors

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
)

// This file is what a program does about readiness and health. What follows from what is found, its machine decides.

// A question is a checker of one life.
type question struct {
	pid  *actor.PID // nil: none
	life uint64
}

// ask begins and ends checks so that those run that matter now.
func (p *program) ask() {
	up := p.proc != nil && (p.m.State == supervisor.Starting || p.m.State == supervisor.Running)
	if c := p.cfg.Ready.Probe; c != nil {
		p.put(&p.readyQuestion, up && !p.m.Announced, func(who *subject) checker {
			return checker{about: aboutReadiness, look: p.probing(c, who), period: readyPeriod, slower: readyMaxPeriod, timeout: readyTimeout}
		})
	}
	if l := &p.cfg.Liveness; l.Probe != nil {
		p.put(&p.healthQuestion, up && p.m.State == supervisor.Running, func(who *subject) checker {
			return checker{about: aboutHealth, look: p.probing(l.Probe, who), delay: l.InitialDelay, period: l.Period, timeout: l.Timeout}
		})
	}
	if p.cfg.RestartMemoryLimit > 0 {
		p.put(&p.memoryQuestion, up, func(who *subject) checker {
			period, look := p.cfg.RestartMemoryPeriod, p.tree.memory
			return checker{about: aboutMemory, look: func(context.Context) (int64, error) { return look(who.pid) },
				delay: period, period: period, timeout: memoryTimeout}
		})
	}
}

// memoryTimeout is how long it may take to find out how much memory a program uses. It takes milliseconds.
const memoryTimeout = 10 * time.Second

// probing is a probe as a check.
func (p *program) probing(c *confload.Probe, who *subject) func(context.Context) (int64, error) {
	check := p.tree.check
	return func(ctx context.Context) (int64, error) { return 0, check(ctx, c, who) }
}

// put has a question asked, or not.
func (p *program) put(q *question, wanted bool, make func(who *subject) checker) {
	if q.pid != nil && (!wanted || q.life != p.m.Life) {
		p.ctx.Stop(q.pid)
		q.pid = nil
	}
	if !wanted || q.pid != nil || p.ending {
		return
	}
	q.life = p.m.Life
	who := &subject{prog: p.cfg, pid: p.m.Pid, file: p.fileBefore}
	c := make(who)
	c.tree, c.prog, c.life = p.tree, p.cfg, q.life
	q.pid = p.ctx.SpawnPrefix(p.tree.props(func() actor.Actor {
		own := c // one that a bug has ended begins as this one did
		return &own
	}), "check")
}

// beforeLaunch notes what must be known from before the process was started.
func (p *program) beforeLaunch() {
	p.fileBefore, p.notReady, p.memoryUnknown = nil, "", false
	if c := p.cfg.Ready.Probe; c != nil && c.Kind == confload.ProbeFile {
		p.fileBefore, _ = os.Stat(c.Path) // without it: nothing was there
	}
}

// checked hears the answer of a check.
func (p *program) checked(m *checked) {
	if m.life != p.m.Life || m.about == aboutReadiness && p.cfg.Ready.Probe == nil {
		return
	}
	wrong := ""
	if m.err != nil {
		wrong = logs.Clean(m.err.Error())
	}
	switch {
	case m.about == aboutMemory && m.err != nil:
		p.cannotMeasure(wrong)
	case m.about == aboutMemory:
		p.apply(supervisor.MemoryUsed{Life: m.life, Bytes: m.bytes})
	case m.about == aboutHealth:
		p.apply(supervisor.Checked{Life: m.life, Wrong: wrong})
	case m.err == nil:
		p.apply(supervisor.ReadinessChanged{Life: m.life, Ready: true, Why: succeeded(p.cfg.Ready.Probe)})
	case wrong != p.notReady:
		p.notReady = wrong
		p.publish()
	}
}

// cannotMeasure says once in a life that a limit of memory is without effect.
func (p *program) cannotMeasure(why string) {
	if !p.memoryUnknown {
		p.memoryUnknown = true
		p.tree.logger.Warn(fmt.Sprintf("restart_memory_limit of %s has no effect: how much memory it uses cannot be found out: %s", p.policy.Name, why))
	}
}

// announced hears what the process says of itself.
func (p *program) announced(m *announced) {
	if m.life == p.m.Life {
		p.apply(m.by.take()...)
	}
}

// runAction runs the command of a change of health, unless the one before is still running.
func (p *program) runAction(e supervisor.RunAction) {
	action, health := p.cfg.Liveness.OnSuccess, supervisor.Healthy
	if e.Failed {
		action, health = p.cfg.Liveness.OnFailure, supervisor.Unhealthy
	}
	name := fmt.Sprintf("%s action", p.cfg.Name)
	if p.ending {
		return
	}
	if p.action != nil {
		p.tree.logger.Warn(fmt.Sprintf("%s is not run again: it has not ended yet", logs.Clean(name)))
		return
	}
	who := subject{prog: p.cfg, pid: p.m.Pid}
	command := &helperCommand{prog: p.cfg, name: name, args: action.Args, set: append(who.variables(), "SUPD_HEALTH="+health.String(),
		"SUPD_REASON="+e.Reason.Text, "SUPD_COUNT="+strconv.Itoa(e.Count))}
	p.action = p.spawnCommand(command, "action")
}

// spawnCommand makes the actor that runs a command once, and warns if that fails.
func (p *program) spawnCommand(c *helperCommand, prefix string) *actor.PID {
	t := p.tree
	return p.ctx.SpawnPrefix(t.props(func() actor.Actor {
		return &errand{tree: t, timeout: actionTimeout,
			chore: &chore{prog: c.prog, what: prefix, do: func(ctx context.Context) error { return t.runCommand(ctx, c) }},
			done: func(err error) {
				if err != nil {
					t.logger.Warn(fmt.Sprintf("%s has failed: %s", logs.Clean(c.name), logs.Clean(err.Error())))
				}
			}}
	}), prefix)
}

// childGone hears that a child other than the run has ended.
func (p *program) childGone(who *actor.PID) {
	switch {
	case who.Equal(p.action):
		p.action = nil
	case who.Equal(p.command):
		p.commandEnded()
	case who.Equal(p.readyQuestion.pid):
		p.readyQuestion.pid = nil
	case who.Equal(p.healthQuestion.pid):
		p.healthQuestion.pid = nil
	case who.Equal(p.memoryQuestion.pid):
		p.memoryQuestion.pid = nil
	default:
		p.hookGone(who)
	}
}

// childFailed answers a bug in a child other than the present run: a check begins anew, unless it cannot even begin or the
// program ends.
func (p *program) childFailed(s actor.Supervisor, child *actor.PID, reason, message interface{}) {
	_, formerRun := reason.(*runEnded)
	_, starting := message.(*actor.Started)
	if formerRun || starting || p.ending {
		s.StopChildren(child)
		return
	}
	s.RestartChildren(child)
}

// readyText says in a word what is not well with a program that is RUNNING; "" nothing is.
func (p *program) readyText() string {
	switch {
	case p.m.State != supervisor.Running:
		return ""
	case p.policy.Ready.Check && !p.m.Announced:
		return "not ready"
	case p.m.Health.Status == supervisor.Unhealthy:
		return "unhealthy"
	}
	return ""
}

// statusText says more about that, or what the program says of itself.
func (p *program) statusText() string {
	switch {
	case !p.m.HasProcess():
		return ""
	case p.m.Health.Status == supervisor.Unhealthy:
		return p.m.Health.Text
	case p.m.Status != "" || p.m.Announced:
		return p.m.Status
	}
	return p.notReady
}
