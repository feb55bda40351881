package confload

import "time"

// Hooks is what is done at points in the life of a program, besides starting and stopping it.
type Hooks struct {
	PreStart, PostStart, PreStop, PostStop *Probe // nil: nothing

	Timeout         time.Duration // of each
	PreStartFailure HookFailure
}

// HookFailure tells what a hook that fails does.
type HookFailure int

// The values of pre_start_hook_failure=.
const (
	HookFails   HookFailure = iota // it is a failed start
	HookIgnored                    // the log says so
)

// hooksTable are the options of a program about hooks, and the restart for its use of memory.
var hooksTable = tableOf("program",
	hookOption("pre_start_hook", "/usr/local/bin/prepare --all", "What is done before each start; the process waits for it.",
		func(h *Hooks) **Probe { return &h.PreStart }),
	bind(Option{Name: "pre_start_hook_failure", Default: "fail", Names: namesPerSection, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: noHooks,
		Help: "What a pre_start_hook that fails does: the start has failed, or the log says so and the program is started."},
		words[HookFailure]("fail", "ignore"), func(p *Program) *HookFailure { return &p.Hooks.PreStartFailure }),
	hookOption("post_start_hook", "http://127.0.0.1:8080/warm-up", "What is done when the program is RUNNING; nothing waits for it.",
		func(h *Hooks) **Probe { return &h.PostStart }),
	hookOption("pre_stop_hook", "/usr/local/bin/deregister", "What is done before a stop; the stop signal waits for it.",
		func(h *Hooks) **Probe { return &h.PreStop }),
	hookOption("post_stop_hook", "/usr/local/bin/clean-up", "What is done when the process has ended, by a stop or by itself; a stop and the next "+
		"start wait for it.",
		func(h *Hooks) **Probe { return &h.PostStop }),
	bind(Option{Name: "hook_timeout", Default: "60", Names: namesPerSection, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: noHooks,
		Help: "How many seconds each hook may take; a command is then killed, and the hook has failed."},
		secondsFrom(0.1), func(p *Program) *time.Duration { return &p.Hooks.Timeout }),

	bind(Option{Name: "restart_memory_limit", Default: "0", Names: namesPerSection, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: "supervisord leaves it to the listener memmon", Example: "512MB",
		Help: "How much memory the process and its descendants may use before the program is restarted; 0 sets no limit."},
		sizeFrom(0), func(p *Program) *int64 { return &p.RestartMemoryLimit }),
	bind(Option{Name: "restart_memory_period", Default: "30", Names: namesPerSection, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: "memmon looks every minute",
		Help: "How many seconds lie between two looks at the memory of a program that has a restart_memory_limit."},
		secondsFrom(0.1), func(p *Program) *time.Duration { return &p.RestartMemoryPeriod }),
)

const noHooks = "supervisord has no hooks"

func hookOption(name, example, help string, field func(*Hooks) **Probe) binding[Program] {
	return bind(Option{Name: name, Names: namesPerProcess, Effect: EffectInPlace, secret: true,
		Peer: PeerOnlySupd, PeerNote: noHooks, Example: example, Help: help},
		hookType, func(p *Program) **Probe { return field(&p.Hooks) })
}

// hookType is the type of hooks: what a check can be.
var hookType = valueType[*Probe]{name: "hook", allowed: probeType.allowed, parse: probeType.parse, same: probeType.same}
