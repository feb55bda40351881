package confload

import (
	"slices"
	"time"
)

// instances tells which processes a program-like section makes. The name is the template as written: it is expanded for
// each process.
type instances struct {
	template string
	count    int
	first    int
}

// maxProcs bounds numprocs.
const maxProcs = 100_000

var instancesTable = tableOf("program",
	bind(Option{Name: "process_name", Default: "%(program_name)s", Names: namesPerProcess, Effect: EffectInPlace,
		Peer: PeerBetter, PeerNote: "the expanded name is checked as well, and two processes of one name in a group are an error",
		Help: "The name of a process; with more than one it must contain %(process_num)."},
		nameType, func(x *instances) *string { return &x.template }),
	bind(Option{Name: "numprocs", Default: "1", Names: namesPerSection, Effect: EffectInPlace,
		Help: "How many processes the program has; 0 or less makes an empty group."},
		intIn(minInt32, maxProcs), func(x *instances) *int { return &x.count }),
	bind(Option{Name: "numprocs_start", Default: "0", Names: namesPerSection, Effect: EffectInPlace,
		Help: "The first process_num."},
		intIn(minInt32, maxInt32-maxProcs), func(x *instances) *int { return &x.first }),
)

var programTable = slices.Concat(processTable, lifecycleTable, triggersTable, hooksTable, limitsTable, cgroupTable)

// processTable are supervisord's options of a program, some of them extended, and those about dependencies.
var processTable = tableOf("program",
	bind(Option{Name: "command", Required: true, Names: namesPerProcess,
		Example: "/bin/cat",
		Help:    "The program and its arguments, split into words by the rules of the shell when it is started."},
		textType, func(p *Program) *string { return &p.Command }),
	bind(Option{Name: "priority", Default: "999", Names: namesPerSection, Effect: EffectInPlace,
		Help: "Low ones start first and stop last; it counts for the group of the program as well."},
		intType, func(p *Program) *int { return &p.Priority }),
	bind(Option{Name: "autostart", Default: "true", Names: namesPerSection, Effect: EffectInPlace,
		Help: "Whether the program is started together with supd."},
		boolType, func(p *Program) *bool { return &p.Autostart }),
	bind(Option{Name: "autorestart", Default: "unexpected", Names: namesPerSection, Effect: EffectInPlace,
		Help: "Whether the program is started again after it ended; unexpected means when the status is not one of exitcodes."},
		autorestartType, func(p *Program) *Autorestart { return &p.Autorestart }),
	bind(Option{Name: "startsecs", Default: "1", Names: namesPerSection, Effect: EffectInPlace,
		Help: "How many seconds the program must run to count as started; 0 or less at once."},
		intType, func(p *Program) *int { return &p.StartSecs }),
	bind(Option{Name: "startretries", Default: "3", Names: namesPerSection, Effect: EffectInPlace,
		Peer: PeerBetter, PeerNote: "-1 tries for ever, with supervisord it is the same as 0",
		Help: "How often a failed start is tried again; -1 for ever."},
		intType, func(p *Program) *int { return &p.StartRetries }),
	bind(Option{Name: "exitcodes", Default: "0", Names: namesPerSection, Effect: EffectInPlace,
		Help: "The exit statuses that are expected."},
		exitCodesType, func(p *Program) *[]int { return &p.ExitCodes }),
	stopSignalOption,
	bind(Option{Name: "stopwaitsecs", Default: "10", Names: namesPerSection, Effect: EffectInPlace,
		Help: "How many seconds a stop may take before the next signal is sent, or the program is killed."},
		intType, func(p *Program) *int { return &p.StopWaitSecs }),
	bind(Option{Name: "stopasgroup", Default: "false", Names: namesPerSection, Effect: EffectInPlace,
		Help: "Whether stopsignal goes to the whole process group."},
		boolType, func(p *Program) *bool { return &p.StopAsGroup }),
	bind(Option{Name: "killasgroup", Computed: "the value of stopasgroup", Names: namesPerSection, Effect: EffectInPlace,
		Example: "false",
		Help:    "Whether SIGKILL goes to the whole process group."},
		boolType, func(p *Program) *bool { return &p.KillAsGroup }),
	bind(Option{Name: "user", Names: namesPerSection,
		Example: "root",
		Peer:    PeerBetter, PeerNote: "USER:GROUP as well",
		Help: "The account the program runs as, and its group when it is another than the account's own; only root can choose one."},
		accountType, func(p *Program) **User { return &p.User }),
	bind(Option{Name: "umask", Computed: "that of supd", Names: namesPerSection,
		Example: "022",
		Help:    "The file creation mask of the program."},
		optional(umaskType), func(p *Program) **fsMode { return &p.Umask }),
	bind(Option{Name: "directory", Names: namesPerProcess,
		Example: "/tmp",
		Help:    "Where the program is started; it need not exist yet."},
		textType, func(p *Program) *string { return &p.Directory }),
	bind(Option{Name: "environment", Names: namesPerProcess, secret: true,
		Example: `KEY="value",OTHER="value"`,
		Help:    "Variables for the program, over those of [supervisord]; its other options see them as %(ENV_NAME)s."},
		pairsType, func(p *Program) *[]string { return &p.Environment }),
	bind(Option{Name: "conf_file", Names: namesPerProcess, Effect: EffectInPlace,
		Example: "/etc/web.conf",
		Peer:    PeerOnlySupd, PeerNote: "supervisord shows nothing of the kind",
		Help: "A file of the program's own, shown to clients (supd ctl -o json status); supd does not read it."},
		shownPathType, func(p *Program) *string { return &p.ConfFile }),
	bind(Option{Name: "serverurl", Default: "AUTO", Names: namesPerSection,
		Help: "The value of SUPERVISOR_SERVER_URL; AUTO is the first server of supd."},
		serverURLType, func(p *Program) *string { return &p.ServerURL }),
	bind(Option{Name: "redirect_stderr", Default: "false", Names: namesPerSection,
		Help: "Whether standard error goes where standard output goes."},
		boolType, func(p *Program) *bool { return &p.RedirectStderr }),

	bind(Option{Name: "depends_on", Names: namesPerSection, Effect: EffectInPlace,
		Example: "fcgi", // a program of the sample
		Peer:    PeerOnlySupd, PeerNote: "supervisord starts programs in the order of priority and waits for none",
		Help: "Programs or groups that must be RUNNING and ready before the program is started, :healthy what must be well besides, " +
			":exited what must have ended well. They are started with it and stopped after it."},
		dependencyListType, func(p *Program) *[]Dependency { return &p.DependsOn }),
	bind(Option{Name: "depends_policy", Default: "keep", Names: namesPerSection, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: "it goes with depends_on",
		Help: "What becomes of the program when something it depends on goes down: it goes on, is stopped, or is stopped and " +
			"started again when that is back."},
		dependsPolicyType, func(p *Program) *DependsPolicy { return &p.DependsPolicy }),
	bind(Option{Name: "significant", Default: "false", Names: namesPerSection, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: "it goes with auto_shutdown and exit_when",
		Help: "Whether the end of the program, when it is not restarted, counts for auto_shutdown of its group and for exit_when."},
		boolType, func(p *Program) *bool { return &p.Significant }),

	// *_syslog stands before *_logfile: logfile=syslog turns it on.
	syslogOf("stdout", stdout), logfileOf("stdout", stdout), maxBytesOf("stdout", stdout), backupsOf("stdout", stdout),
	rotateEveryOf("stdout", stdout), compressOf("stdout", stdout), captureOf("stdout", stdout), eventsOf("stdout", stdout),
	syslogOf("stderr", stderr), logfileOf("stderr", stderr), maxBytesOf("stderr", stderr), backupsOf("stderr", stderr),
	rotateEveryOf("stderr", stderr), compressOf("stderr", stderr), captureOf("stderr", stderr), eventsOf("stderr", stderr),

	bind(Option{Name: "log_format", Default: "raw", Names: namesPerSection,
		Peer: PeerOnlySupd, PeerNote: "supervisord keeps output as it comes",
		Help: "What the lines of the logs look like: raw is what the program writes, byte for byte; prefix puts its name, the " +
			"output and the number of the life in front; json makes an object of each line."},
		wordType("log format", "raw", "prefix", "json"), func(p *Program) *string { return &p.LogFormat }),
	bind(Option{Name: "log_timestamp", Computed: "true with log_format=prefix or json, false with raw", Names: namesPerSection,
		Peer: PeerOnlySupd, PeerNote: "it goes with log_format",
		Example: "true",
		Help:    "Whether each line of the logs has the time; json always has."},
		boolType, func(p *Program) *bool { return &p.LogTimestamp }),
	bind(Option{Name: "log_marks", Default: "false", Names: namesPerSection,
		Peer: PeerOnlySupd, PeerNote: "supervisord puts nothing into the logs of programs",
		Help: "Whether a line in the logs of the program says where each of its lives begins and ends."},
		boolType, func(p *Program) *bool { return &p.LogMarks }),
	bind(Option{Name: "syslog_facility", Default: "user", Names: namesPerSection,
		Peer: PeerOnlySupd, PeerNote: "supervisord always uses user",
		Help: "The facility of what goes to a syslog."},
		facilityType, func(p *Program) *int { return &p.SyslogFacility }),
	bind(Option{Name: "syslog_tag", Computed: "supervisord, with the name of the process in front of each line", Names: namesPerProcess,
		Peer: PeerOnlySupd, PeerNote: "supervisord always puts the name of the process in front",
		Example: "web",
		Help:    "The name under which lines go to a syslog, which are then sent as they are."},
		textType, func(p *Program) *string { return &p.SyslogTag }),
	priorityOf("stdout", stdout), priorityOf("stderr", stderr),
)

func stdout(p *Program) *Stream { return &p.Stdout }
func stderr(p *Program) *Stream { return &p.Stderr }

func logfileOf(name string, of func(*Program) *Stream) binding[Program] {
	return bindParts(Option{Name: name + "_logfile", Default: "AUTO", Names: namesPerProcess,
		Peer: PeerBetter, PeerNote: "expanded once: a percent sign is %% here as everywhere, not %%%%; a list, syslog servers, and memory",
		Help: "Where " + name + " goes: a file, AUTO for one in childlogdir with a name made up, NONE, memory for its last MiB (or " +
			"less, by " + name + "_logfile_maxbytes) until supd ends or restarts, a syslog, or several of these with commas between them. AUTO, memory, or " +
			"else the first file is what is read back."},
		logTargetsType,
		func(p *Program) logTargets { s := of(p); return logTargets{kind: s.Kind, path: s.Path, extra: s.Extra} },
		func(p *Program, v logTargets) {
			s := of(p)
			s.Kind, s.Path, s.Extra, s.Syslog = v.kind, v.path, v.extra, s.Syslog || v.syslog
		})
}

func rotateEveryOf(name string, of func(*Program) *Stream) binding[Program] {
	return bind(Option{Name: name + "_logfile_rotate_every", Default: "never", Names: namesPerProcess,
		Peer: PeerOnlySupd, PeerNote: "supervisord rotates by size only",
		Help: "Rotates the file at the beginning of each hour, day or week (Monday) of local time as well, before the first line " +
			"that comes after it."},
		wordType("period", "never", "hour", "day", "week"), func(p *Program) *string { return &of(p).RotateEvery })
}

func compressOf(name string, of func(*Program) *Stream) binding[Program] {
	return bind(Option{Name: name + "_logfile_compress", Default: "false", Names: namesPerProcess,
		Peer: PeerOnlySupd, PeerNote: "supervisord does not compress",
		Help: "Whether rotated files are compressed; .gz is added to their names."},
		boolType, func(p *Program) *bool { return &of(p).Compress })
}

func priorityOf(name string, of func(*Program) *Stream) binding[Program] {
	return bind(Option{Name: "syslog_" + name + "_priority", Default: "info", Names: namesPerSection,
		Peer: PeerOnlySupd, PeerNote: "supervisord always uses info",
		Help: "The priority of " + name + " in a syslog."},
		severityType, func(p *Program) *int { return &of(p).SyslogSeverity })
}

func syslogOf(name string, of func(*Program) *Stream) binding[Program] {
	return bind(Option{Name: name + "_syslog", Default: "false", Names: namesPerProcess,
		Help: "Whether " + name + " goes to the system log as well."},
		boolType, func(p *Program) *bool { return &of(p).Syslog })
}

func maxBytesOf(name string, of func(*Program) *Stream) binding[Program] {
	return bind(Option{Name: name + "_logfile_maxbytes", Default: "50MB", Names: namesPerProcess,
		Help: "Size at which the file is rotated; 0 or less never rotates."},
		byteType, func(p *Program) *int64 { return &of(p).MaxBytes })
}

func backupsOf(name string, of func(*Program) *Stream) binding[Program] {
	return bind(Option{Name: name + "_logfile_backups", Default: "10", Names: namesPerProcess,
		Help: "How many rotated files are kept."},
		intType, func(p *Program) *int { return &of(p).Backups })
}

func captureOf(name string, of func(*Program) *Stream) binding[Program] {
	return bind(Option{Name: name + "_capture_maxbytes", Default: "0", Names: namesPerSection,
		Help: "How much is kept of what the program writes between the capture marks for an event; 0 turns capturing off."},
		byteType, func(p *Program) *int64 { return &of(p).CaptureMaxBytes })
}

func eventsOf(name string, of func(*Program) *Stream) binding[Program] {
	return bind(Option{Name: name + "_events_enabled", Default: "false", Names: namesPerSection,
		Help: "Whether each piece of output is an event."},
		boolType, func(p *Program) *bool { return &of(p).EventsEnabled })
}

// groupSection is what a [group:x] section says.
type groupSection struct {
	programs    []string
	priority    int
	significant bool
	Supervision
}

var groupTable = tableOf("group",
	bind(Option{Name: "programs", Names: NameHere, Effect: EffectInPlace,
		Example: "example",
		Peer:    PeerBetter, PeerNote: "group:NAME as well, a group in the group",
		Help: "The programs and fcgi-programs of the group, and groups in it as group:NAME, in start order."},
		listType, func(g *groupSection) *[]string { return &g.programs }),
	bind(Option{Name: "priority", Default: "999", Names: NameHere, Effect: EffectInPlace,
		Help: "Low ones start first and stop last."},
		intType, func(g *groupSection) *int { return &g.priority }),
	bind(Option{Name: "strategy", Default: "one_for_one", Names: NameHere, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: "supervisord restarts each program for itself",
		Help: "Which programs are restarted when one fails: that one, all, or that one and those after it in programs=."},
		strategyType, func(g *groupSection) *Strategy { return &g.Strategy }),
	bind(Option{Name: "intensity", Default: "-1", Names: NameHere, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: "supervisord counts the failed starts of each program only",
		Help: "How many restarts within the period the group lives with; one more and it gives up; -1 is no limit."},
		intIn(-1, maxInt32), func(g *groupSection) *int { return &g.Intensity }),
	bind(Option{Name: "period", Default: "60", Names: NameHere, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: "it goes with intensity",
		Help: "For how long a restart counts."},
		secondsType, func(g *groupSection) *time.Duration { return &g.Period }),
	bind(Option{Name: "on_give_up", Computed: "escalate for a group in another one, else leave", Names: NameHere, Effect: EffectInPlace,
		Example: "leave",
		Peer:    PeerOnlySupd, PeerNote: "it goes with intensity",
		Help: "What happens when the group has given up: its programs stay down, it begins anew after the period, supd ends, or it is " +
			"a failure in the group that it is part of."},
		onGiveUpType, func(g *groupSection) *OnGiveUp { return &g.OnGiveUp }),
	bind(Option{Name: "give_up_exitcode", Default: "1", Names: NameHere, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: "it goes with on_give_up",
		Help: "The exit status of supd when it ends because the group gave up."},
		intIn(0, 255), func(g *groupSection) *int { return &g.GiveUpExitCode }),
	bind(Option{Name: "auto_shutdown", Default: "never", Names: NameHere, Effect: EffectInPlace,
		Peer: PeerOnlySupd, PeerNote: "supervisord has no group that ends by itself",
		Help: "When the group stops because its work is done: never, when any of its significant members has ended for good, or when the " +
			"last of them has."},
		autoShutdownType, func(g *groupSection) *AutoShutdown { return &g.AutoShutdown }),
	bind(Option{Name: "significant", Default: "false", Names: NameHere, Effect: EffectGroup,
		Peer: PeerOnlySupd, PeerNote: "it goes with auto_shutdown",
		Help: "Whether auto_shutdown of the group that it is part of counts the end of this group by its own auto_shutdown."},
		boolType, func(g *groupSection) *bool { return &g.significant }),
)

var fcgiTable = tableOf("fcgi-program",
	bindParts(Option{Name: "socket", Required: true, Names: NameHere | NameProgram, Effect: EffectGroup,
		Example: "unix:///tmp/%(program_name)s.sock",
		Help:    "The socket the processes share as standard input."},
		socketURLType,
		func(s *Socket) socketURL { return socketURL{s.URL, s.Network, s.Address} },
		func(s *Socket, v socketURL) { s.URL, s.Network, s.Address = v.url, v.network, v.address }),
	bind(Option{Name: "socket_backlog", Computed: "the most the system allows", Names: NameHere, Effect: EffectGroup,
		Example: "128",
		Help:    "How many connections may wait."},
		intIn(1, 65535), func(s *Socket) *int { return &s.Backlog }),
	bindParts(Option{Name: "socket_owner", Computed: "user= and its group", Names: NameHere, Effect: EffectGroup,
		Example: "root",
		Help:    "The owner of a unix socket."},
		ownerType,
		func(s *Socket) owner { return owner{s.UID, s.GID} },
		func(s *Socket, v owner) { s.UID, s.GID = v.uid, v.gid }),
	bind(Option{Name: "socket_mode", Default: "0700", Names: NameHere, Effect: EffectGroup,
		Help: "The permissions of a unix socket."},
		modeType, func(s *Socket) *fsMode { return &s.Mode }),
)

// listenerSection is what an [eventlistener:x] section says besides the program.
type listenerSection struct {
	Listener
	priority int // of the group
}

var listenerTable = tableOf("eventlistener",
	bind(Option{Name: "events", Required: true, Names: NameHere, Effect: EffectGroup,
		Example: "PROCESS_STATE,TICK_60",
		Help:    "The types of events the listener gets."},
		eventsType, func(s *listenerSection) *[]string { return &s.Events }),
	bind(Option{Name: "buffer_size", Default: "10", Names: NameHere, Effect: EffectGroup,
		Help: "How many events wait for a free listener; the oldest is dropped for a new one."},
		intIn(1, maxInt32), func(s *listenerSection) *int { return &s.BufferSize }),
	bind(Option{Name: "result_handler", Default: defaultHandler, Names: NameHere, Effect: EffectGroup,
		Peer: PeerMissing, PeerNote: "only the default handler, supd runs no Python code", peerSame: defaultHandler,
		Help: "What judges the results of the listener."},
		handlerType, func(s *listenerSection) *string { return &s.ResultHandler }),
	bind(Option{Name: "payload_length", Default: "bytes", Names: NameHere, Effect: EffectGroup,
		Peer: PeerOnlySupd, PeerNote: "supervisord counts characters",
		Help: "What the len of an event counts. The two differ when a payload is not ASCII only: a listener that reads its input " +
			"as text, like those in Python 3, needs characters, which supervisord counts; what is not UTF-8 is then sent as " +
			"Undecodable: b'…'."},
		payloadLengthType, func(s *listenerSection) *bool { return &s.CountCharacters }),
	bind(Option{Name: "priority", Default: "-1", Names: namesPerSection, Effect: EffectGroup,
		Help: "The priority of the group; that of its processes is 999 unless it is given."},
		intType, func(s *listenerSection) *int { return &s.priority }),
)
