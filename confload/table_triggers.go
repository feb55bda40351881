package confload

import (
	"syscall"
	"time"
)

const noTriggers = "supervisord watches no files"
const noCron = "supervisord knows no schedules"

// triggersTable are the options of a program about what has it restarted or started: files and schedules.
var triggersTable = tableOf("program",
	bind(Option{Name: "restart_when_binary_changed", Default: "false", Names: namesPerSection, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: noTriggers, Example: "true",
		Help: "Whether the program is restarted when the file that command executes has changed."},
		boolType, func(p *Program) *bool { return &p.OnBinary.Watch }),
	bind(Option{Name: "restart_cmd_when_binary_changed", Names: namesPerProcess, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: noTriggers, Example: "/usr/bin/logger new",
		Help: "A command that is run then, in place of the restart."},
		commandType, func(p *Program) *[]string { return &p.OnBinary.Command }),
	bind(Option{Name: "restart_signal_when_binary_changed", Names: namesPerSection, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: noTriggers, Example: "USR2",
		Help: "A signal that is sent to the program then, in place of the restart."},
		optionalSignalType, func(p *Program) *syscall.Signal { return &p.OnBinary.Signal }),
	bind(Option{Name: "restart_directory_monitor", Names: namesPerProcess, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: noTriggers, Example: "/tmp",
		Help: "A directory in which, or below which, a change of a file restarts the program."},
		watchedDirType, func(p *Program) *string { return &p.OnFiles.Directory }),
	bind(Option{Name: "restart_file_pattern", Default: "*", Names: namesPerSection, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: noTriggers, Example: "*.py",
		Help: "Which names of files count in restart_directory_monitor."},
		namePatternType, func(p *Program) *string { return &p.OnFiles.Pattern }),
	bind(Option{Name: "restart_cmd_when_file_changed", Names: namesPerProcess, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: noTriggers, Example: "/usr/bin/logger new",
		Help: "A command that is run when one of these files has changed, in place of the restart."},
		commandType, func(p *Program) *[]string { return &p.OnFiles.Command }),
	bind(Option{Name: "restart_signal_when_file_changed", Names: namesPerSection, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: noTriggers, Example: "HUP",
		Help: "A signal that is sent to the program when one of these files has changed, in place of the restart."},
		optionalSignalType, func(p *Program) *syscall.Signal { return &p.OnFiles.Signal }),

	bind(Option{Name: "cron", Names: namesPerSection, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: noCron, Example: "0 30 3 * * *",
		Help: "When the program is started, besides autostart. startsecs is 0 and autorestart false then, unless they are given."},
		cronType, func(p *Program) *Cron { return &p.Cron }),
	bind(Option{Name: "cron_timezone", Computed: "that of the machine", Names: namesPerSection, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: noCron, Example: "UTC",
		Help: "The time zone of cron."},
		zoneType, func(p *Program) **time.Location { return &p.CronZone }),
	bind(Option{Name: "cron_overlap", Default: "skip", Names: namesPerSection, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: noCron,
		Help: "What comes of a start by cron while the program is still up: it is left out, or comes when the program has ended."},
		words[CronOverlap]("skip", "queue"), func(p *Program) *CronOverlap { return &p.CronOverlap }),
)

// optionalSignalType is the type of signals of which there may be none, 0.
var optionalSignalType = valueType[syscall.Signal]{
	name: signalType.name, allowed: "nothing, or " + signalType.allowed,
	parse: func(l *loader, s string) (syscall.Signal, error) {
		if s == "" {
			return 0, nil
		}
		return signalType.parse(l, s)
	},
	same: equal[syscall.Signal],
}
