package actors

import (
	"slices"
	"strings"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
)

// This file is a program that gets other options while it exists. What belongs to the start of a process counts from the next
// life on; whoever wants it at once stops the program before and starts it after.

func (p *program) configure(m *configure) {
	was, before, ready := p.cfg, p.policy, p.m.IsReady(p.policy)
	changed := confload.ChangedOptions(was, m.program)
	if len(changed) == 0 && before.Escalate == m.escalate {
		return
	}
	p.cfg, p.policy = m.program, policyOf(m.program, m.escalate, before.Backoff.Seed)
	p.reconfigure(was, changed)
	var ran time.Duration
	if p.proc != nil {
		ran = p.tree.since(p.proc.Began())
	}
	// Nobody is to be up here with other options, unless somebody was quicker with a start than the update.
	p.apply(supervisor.PolicyChanged{From: before, Ran: ran, Stale: confload.NeedsRestart(was, m.program), Cause: m.cause})
	p.publish()
	p.ask()
	if p.m.IsReady(p.policy) != ready {
		p.tellDependants(p.latest)
	}
}

// reconfigure begins anew what goes on for as long as the options stay the same.
func (p *program) reconfigure(was *confload.Program, changed []string) {
	differs := func(names ...string) bool {
		return slices.ContainsFunc(changed, func(o string) bool {
			return slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(o, n) })
		})
	}
	if differs("stdout_logfile", "stderr_logfile", "redirect_stderr") {
		p.changeLogFiles(was)
	}
	// The executable is looked for in the PATH of the environment.
	if differs("restart_when_", "restart_directory_monitor", "restart_file_pattern", "command", "environment", "envfiles") {
		p.watching.end()
		p.watch()
	}
	if differs("cron") {
		p.plan()
	}
	if differs("ready") {
		p.drop(&p.readyQuestion)
	}
	if differs("liveness_check_") {
		p.drop(&p.healthQuestion)
	}
	if differs("restart_memory_") {
		p.drop(&p.memoryQuestion)
	}
}

// drop ends a check. The next one begins when it is asked for again.
func (p *program) drop(q *question) {
	if q.pid != nil {
		p.ctx.Stop(q.pid)
		q.pid = nil
	}
}

// changeLogFiles settles anew where the output goes. A log that is made up stays the same one.
func (p *program) changeLogFiles(was *confload.Program) {
	p.disownLogs(was)
	same := func(a, b *confload.Stream) bool {
		return a.Kind == b.Kind && a.Path == b.Path && (a.Kind != confload.LogMemory || a.MaxBytes == b.MaxBytes)
	}
	if !same(&was.Stdout, &p.cfg.Stdout) {
		p.files.stdout, p.files.memory[0] = "", nil
	}
	if !same(&was.Stderr, &p.cfg.Stderr) || p.cfg.RedirectStderr {
		p.files.stderr, p.files.memory[1] = "", nil
	}
	p.makeLogFiles()
	p.ownLogs()
}
