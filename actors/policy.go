package actors

import (
	"syscall"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

// policyOf is what the options of a program are for its machine. escalate: its group decides about its failures. seed is for
// the jitter of its waits.
func policyOf(c *confload.Program, escalate bool, seed uint64) *supervisor.Policy {
	p := &supervisor.Policy{
		Name:         logs.Clean(c.Name),
		Autorestart:  autorestart[c.Autorestart],
		StartSecs:    c.StartSecs,
		StartRetries: c.StartRetries,
		ExitCodes:    c.ExitCodes,
		StopWaitSecs: c.StopWaitSecs,
		KillWaitSecs: c.KillWaitSecs,
		StopAsGroup:  c.StopAsGroup,
		KillAsGroup:  c.KillAsGroup,
		OnLoss:       onLoss[c.DependsPolicy],
		Escalate:     escalate,
		Backoff: supervisor.BackoffPolicy{Kind: backoff[c.Backoff.Kind], Base: c.Backoff.Base, Cap: c.Backoff.Limit(),
			Jitter: c.Backoff.Jitter, Reset: c.Backoff.Reset, Seed: seed},
		RestartPause: c.RestartPause,
		Ready: supervisor.ReadyPolicy{Check: c.Ready.Kind != confload.ReadyStartSecs, Timeout: c.ReadyTimeout,
			OnTimeout: onTimeout[c.ReadyTimeoutAction]},
		Health: supervisor.HealthPolicy{Check: c.Liveness.Probe != nil, SuccessThreshold: c.Liveness.SuccessThreshold,
			FailureThreshold: c.Liveness.FailureThreshold, OnSuccess: actions[c.Liveness.OnSuccess.Kind], OnFailure: actions[c.Liveness.OnFailure.Kind]},
		Watchdog: c.Watchdog, MemoryLimit: c.RestartMemoryLimit,
		Hooks:     supervisor.HookPolicy{Ignore: c.Hooks.PreStartFailure == confload.HookIgnored},
		Cron:      c.Cron.Text != "",
		CronQueue: c.CronOverlap == confload.CronQueue,
	}
	if c.OnBinary.Watch {
		p.OnTrigger[supervisor.BinaryTrigger] = onChange(&c.OnBinary.OnChange)
	}
	if c.OnFiles.Directory != "" {
		p.OnTrigger[supervisor.FilesTrigger] = onChange(&c.OnFiles.OnChange)
	}
	for _, h := range supervisor.Hooks {
		p.Hooks.Has[h] = probeOf(&c.Hooks, h) != nil
	}
	for _, s := range stopSignals(c) {
		p.StopSignals = append(p.StopSignals, process.SignalName(s))
	}
	return p
}

// onChange is what a change of files does. A command wins over a signal, as in other supervisors that have both.
func onChange(c *confload.OnChange) supervisor.Action {
	switch {
	case c.Command != nil:
		return supervisor.CommandAction
	case c.Signal != 0:
		return supervisor.SignalAction
	}
	return supervisor.RestartAction
}

// stopSignals are the signals of a stop in their order.
func stopSignals(c *confload.Program) []syscall.Signal {
	return append([]syscall.Signal{c.StopSignal}, c.LaterStopSignals...)
}

var autorestart = map[confload.Autorestart]supervisor.Autorestart{
	confload.RestartUnexpected: supervisor.RestartUnexpected,
	confload.RestartNever:      supervisor.RestartNever,
	confload.RestartAlways:     supervisor.RestartAlways,
}

var onLoss = map[confload.DependsPolicy]supervisor.OnLoss{
	confload.DependsKeep:    supervisor.KeepOnLoss,
	confload.DependsStop:    supervisor.StopOnLoss,
	confload.DependsRestart: supervisor.RestartOnLoss,
}

var backoff = map[confload.BackoffKind]supervisor.BackoffKind{
	confload.BackoffLinear:      supervisor.BackoffLinear,
	confload.BackoffConstant:    supervisor.BackoffConstant,
	confload.BackoffExponential: supervisor.BackoffExponential,
}

var onTimeout = map[confload.ReadyTimeoutAction]supervisor.OnTimeout{
	confload.ReadyTimeoutReport:  supervisor.ReportOnTimeout,
	confload.ReadyTimeoutRestart: supervisor.RestartOnTimeout,
}

var actions = map[confload.ActionKind]supervisor.Action{
	confload.ActionNone:    supervisor.NoAction,
	confload.ActionRestart: supervisor.RestartAction,
	confload.ActionStop:    supervisor.StopAction,
	confload.ActionCommand: supervisor.CommandAction,
}
