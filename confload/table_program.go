package confload

import "syscall"

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
	bind(Option{Name: "process_name", Default: "%(program_name)s", Names: namesPerProcess,
		Help: "The name of a process; with more than one it must contain %(process_num)."},
		nameType, func(x *instances) *string { return &x.template }),
	bind(Option{Name: "numprocs", Default: "1", Names: namesPerSection,
		Help: "How many processes the program has; 0 or less makes an empty group."},
		intIn(minInt32, maxProcs), func(x *instances) *int { return &x.count }),
	bind(Option{Name: "numprocs_start", Default: "0", Names: namesPerSection,
		Help: "The first process_num."},
		intIn(minInt32, maxInt32-maxProcs), func(x *instances) *int { return &x.first }),
)

var programTable = tableOf("program",
	bind(Option{Name: "command", Required: true, Names: namesPerProcess,
		Help: "The program and its arguments, split into words by the rules of the shell when it is started."},
		textType, func(p *Program) *string { return &p.Command }),
	bind(Option{Name: "priority", Default: "999", Names: namesPerSection,
		Help: "Low ones start first and stop last; it counts for the group of the program as well."},
		intType, func(p *Program) *int { return &p.Priority }),
	bind(Option{Name: "autostart", Default: "true", Names: namesPerSection,
		Help: "Whether the program is started together with supd."},
		boolType, func(p *Program) *bool { return &p.Autostart }),
	bind(Option{Name: "autorestart", Default: "unexpected", Names: namesPerSection,
		Help: "Whether the program is started again after it ended; unexpected means when the status is not one of exitcodes."},
		autorestartType, func(p *Program) *Autorestart { return &p.Autorestart }),
	bind(Option{Name: "startsecs", Default: "1", Names: namesPerSection,
		Help: "How many seconds the program must run to count as started; 0 or less at once."},
		intType, func(p *Program) *int { return &p.StartSecs }),
	bind(Option{Name: "startretries", Default: "3", Names: namesPerSection,
		Help: "How often a failed start is tried again."},
		intType, func(p *Program) *int { return &p.StartRetries }),
	bind(Option{Name: "exitcodes", Default: "0", Names: namesPerSection,
		Help: "The exit statuses that are expected."},
		exitCodesType, func(p *Program) *[]int { return &p.ExitCodes }),
	bind(Option{Name: "stopsignal", Default: "TERM", Names: namesPerSection,
		Help: "The signal that asks the program to end."},
		signalType, func(p *Program) *syscall.Signal { return &p.StopSignal }),
	bind(Option{Name: "stopwaitsecs", Default: "10", Names: namesPerSection,
		Help: "How many seconds a stop may take before the program is killed."},
		intType, func(p *Program) *int { return &p.StopWaitSecs }),
	bind(Option{Name: "stopasgroup", Default: "false", Names: namesPerSection,
		Help: "Whether stopsignal goes to the whole process group."},
		boolType, func(p *Program) *bool { return &p.StopAsGroup }),
	bind(Option{Name: "killasgroup", Computed: "the value of stopasgroup", Names: namesPerSection,
		Help: "Whether SIGKILL goes to the whole process group."},
		boolType, func(p *Program) *bool { return &p.KillAsGroup }),
	bind(Option{Name: "user", Names: namesPerSection,
		Help: "The account the program runs as; only root can choose one."},
		userType, func(p *Program) **User { return &p.User }),
	bind(Option{Name: "umask", Computed: "that of supd", Names: namesPerSection,
		Help: "The file creation mask of the program."},
		optional(umaskType), func(p *Program) **fsMode { return &p.Umask }),
	bind(Option{Name: "directory", Names: namesPerProcess,
		Help: "Where the program is started; it need not exist yet."},
		textType, func(p *Program) *string { return &p.Directory }),
	bind(Option{Name: "environment", Names: namesPerProcess, secret: true,
		Help: "Variables for the program, over those of [supervisord]; its other options see them as %(ENV_NAME)s."},
		pairsType, func(p *Program) *[]string { return &p.Environment }),
	bind(Option{Name: "serverurl", Default: "AUTO", Names: namesPerSection,
		Help: "The value of SUPERVISOR_SERVER_URL; AUTO is the first server of supd."},
		serverURLType, func(p *Program) *string { return &p.ServerURL }),
	bind(Option{Name: "redirect_stderr", Default: "false", Names: namesPerSection,
		Help: "Whether standard error goes where standard output goes."},
		boolType, func(p *Program) *bool { return &p.RedirectStderr }),

	// *_syslog stands before *_logfile: logfile=syslog turns it on.
	syslogOf("stdout", stdout), logfileOf("stdout", stdout), maxBytesOf("stdout", stdout), backupsOf("stdout", stdout),
	captureOf("stdout", stdout), eventsOf("stdout", stdout),
	syslogOf("stderr", stderr), logfileOf("stderr", stderr), maxBytesOf("stderr", stderr), backupsOf("stderr", stderr),
	captureOf("stderr", stderr), eventsOf("stderr", stderr),
)

func stdout(p *Program) *Stream { return &p.Stdout }
func stderr(p *Program) *Stream { return &p.Stderr }

func logfileOf(name string, of func(*Program) *Stream) binding[Program] {
	return bindParts(Option{Name: name + "_logfile", Default: "AUTO", Names: namesPerProcess,
		Help: "The file for " + name + "; AUTO is one in childlogdir with a name made up, NONE is none."},
		logTargetType,
		func(p *Program) logTarget { s := of(p); return logTarget{kind: s.Kind, path: s.Path} },
		func(p *Program, v logTarget) {
			s := of(p)
			s.Kind, s.Path, s.Syslog = v.kind, v.path, s.Syslog || v.syslog
		})
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
	programs []string
	priority int
}

var groupTable = tableOf("group",
	bind(Option{Name: "programs", Names: NameHere,
		Help: "The programs and fcgi-programs of the group, in start order."},
		listType, func(g *groupSection) *[]string { return &g.programs }),
	bind(Option{Name: "priority", Default: "999", Names: NameHere,
		Help: "Low ones start first and stop last."},
		intType, func(g *groupSection) *int { return &g.priority }),
)

var fcgiTable = tableOf("fcgi-program",
	bindParts(Option{Name: "socket", Required: true, Names: NameHere | NameProgram,
		Help: "The socket the processes share as standard input."},
		socketURLType,
		func(s *Socket) socketURL { return socketURL{s.URL, s.Network, s.Address} },
		func(s *Socket, v socketURL) { s.URL, s.Network, s.Address = v.url, v.network, v.address }),
	bind(Option{Name: "socket_backlog", Computed: "the most the system allows", Names: NameHere,
		Help: "How many connections may wait."},
		intIn(1, 65535), func(s *Socket) *int { return &s.Backlog }),
	bindParts(Option{Name: "socket_owner", Computed: "user= and its group", Names: NameHere,
		Help: "The owner of a unix socket."},
		ownerType,
		func(s *Socket) owner { return owner{s.UID, s.GID} },
		func(s *Socket, v owner) { s.UID, s.GID = v.uid, v.gid }),
	bind(Option{Name: "socket_mode", Default: "0700", Names: NameHere,
		Help: "The permissions of a unix socket."},
		modeType, func(s *Socket) *fsMode { return &s.Mode }),
)

// listenerSection is what an [eventlistener:x] section says besides the program.
type listenerSection struct {
	Listener
	priority int // of the group
}

var listenerTable = tableOf("eventlistener",
	bind(Option{Name: "events", Required: true, Names: NameHere,
		Help: "The types of events the listener gets."},
		eventsType, func(s *listenerSection) *[]string { return &s.Events }),
	bind(Option{Name: "buffer_size", Default: "10", Names: NameHere,
		Help: "How many events wait for a free listener; the oldest is dropped for a new one."},
		intIn(1, maxInt32), func(s *listenerSection) *int { return &s.BufferSize }),
	bind(Option{Name: "event_length", Default: "bytes", Names: NameHere,
		Help: "What the len of an event counts; a listener that reads its input as text, as Python 3 does, needs characters " +
			"once an event is not ASCII."},
		eventLengthType, func(s *listenerSection) *EventLength { return &s.Length }),
	bind(Option{Name: "result_handler", Default: defaultHandler, Names: NameHere,
		Help: "What judges the results of the listener."},
		handlerType, func(s *listenerSection) *string { return &s.ResultHandler }),
	bind(Option{Name: "priority", Default: "-1", Names: namesPerSection,
		Help: "The priority of the group; that of its processes is 999 unless it is given."},
		intType, func(s *listenerSection) *int { return &s.priority }),
)
