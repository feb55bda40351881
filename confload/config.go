package confload

import (
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"syscall"
	"time"
)

// A Config is one loaded and validated configuration. Whoever has loaded it may change it until it is in use, then nobody.
type Config struct {
	// Path is the absolute path of the main file.
	Path string
	// Files are all files that were read, absolute, the main file first.
	Files []string
	// Includes are the patterns of [include] files=, absolute.
	Includes []string
	// Environ is the environment %(ENV_X)s and the programs start from, as KEY=VALUE: Options.Environ under the variables
	// of Options.EnvFiles and Options.SetEnv.
	Environ []string
	// Supervisord is the [supervisord] section.
	Supervisord Supervisord
	// Servers are the [unix_http_server*] and [inet_http_server*] sections: unix first, then inet, each in file order.
	Servers []Server
	// Accounts are the [user:NAME] sections in file order.
	Accounts []Account
	// RPCInterfaces are the [rpcinterface:x] sections in file order.
	RPCInterfaces []Plugin
	// CtlPlugins are the [ctlplugin:x] sections in file order. They cannot be loaded; a Message says so.
	CtlPlugins []Plugin
	// Groups are sorted by priority, then name.
	Groups []Group
	// Scales are those of Options.Scales that are in force.
	Scales []Scale
	// Messages are what the loader had to say, in order: warnings (unknown options, includes without a match) and
	// infos (included files). None of them is an error.
	Messages []Message
}

// A Message is something worth telling about a configuration that is valid all the same.
type Message struct {
	Level   MessageLevel
	Text    string // one line, complete, without file and line
	File    string // absolute path, "" when it concerns no single file
	Line    int    // 1-based, 0 when unknown
	Section string // "program:web", "" when none
	Option  string // "" when none
}

// MessageLevel is the level of a Message in the main log.
type MessageLevel int

// The levels of a Message.
const (
	Info MessageLevel = iota
	Warn
	Critical
)

// Supervisord is the [supervisord] section, defaults filled in (compat.md §1.6).
type Supervisord struct {
	LogFile         string      // absolute path, or "/dev/stdout" and the like; "" none
	LogSyslog       bool        // the local syslog as well
	LogExtra        []LogTarget // the further entries of a list in logfile=
	LogFileMaxBytes int64       // <= 0: never rotate
	LogFileBackups  int
	LogLevel        string // critical error warn info debug trace blather
	PidFile         string // absolute
	Umask           fs.FileMode
	NoDaemon        bool
	Silent          bool
	MinFDs          int
	MinProcs        int
	NoCleanup       bool
	ChildLogDir     string // absolute, exists
	User            *User  // nil: none
	Directory       string // "" none
	StripANSI       bool
	Environment     []string // KEY=VALUE, in file order
	Identifier      string
	ExitWhen        ExitWhen
	MakeLogDirs     bool // missing directories of log files are made
	ExpandEnv       bool // $NAME and ${NAME} in values stand for environment variables
	ReloadOnChange  ReloadOnChange
}

// A Server is one listener of the control interface.
type Server struct {
	Section  string // "unix_http_server", "inet_http_server:NAME"
	Network  string // "unix" or "tcp"
	Path     string // unix: absolute path of the socket
	Host     string // tcp: lower-cased; "" all addresses; IPv6 without brackets
	Port     int    // tcp: 1–65535
	Mode     fs.FileMode
	UID, GID int    // unix: owner of the socket; -1 unchanged
	Username string // "" with an empty Password: no authentication
	Password string // clear text or "{SHA}" + 40 hex digits; never log it
	HasAuth  bool   // username and password were given
	Role     Role   // the most that anybody may do
	// RequireAuth: a configuration in which it lets everybody in is refused.
	RequireAuth          bool
	AllowUIDs, AllowGIDs []int    // unix: whose processes may connect; both nil: all
	NodeName             string   // "" that of the host
	AllowedHosts         []string // tcp: names it may be called by, lower case; nil: those that cannot be another site's

	TLSCert, TLSKey, TLSClientCA string           // files; "" none
	Certificate                  *tls.Certificate // nil: plain HTTP
	ClientCAs                    *x509.CertPool   // nil: no certificate is asked for

	Remotes       []Remote       // the other nodes that are shown with this one
	RemotesCAFile string         // "" the authorities of the system only
	RemoteCAs     *x509.CertPool // nil: those of the system

	// HealthWithoutAuth: /healthz and /readyz may be asked without username and password.
	HealthWithoutAuth bool
	File              string // absolute path of the file that says where it listens
	Line              int    // and the line
}

// A Plugin is a [rpcinterface:x] or [ctlplugin:x] section.
type Plugin struct {
	Name    string // after the colon
	Factory string // module:callable
	Options map[string]string
}

// Kind tells which kind of section made a group or a program.
type Kind int

// The kinds of groups and programs.
const (
	KindProgram Kind = iota
	KindFCGI
	KindEventListener
)

// A Group is one process group as supervisord has it: the implied group of a [program:x], [fcgi-program:x] or
// [eventlistener:x], or a [group:x].
type Group struct {
	Name     string
	Priority int
	// Kind is KindProgram for every [group:x] (its programs have their own kinds), else the kind of the only section.
	Kind Kind
	// Programs are in start order: [group:x] in the order of programs=, otherwise by priority, then name.
	Programs []Program
	// Members are, where groups are among them, the members in start order: names of Programs, and "group:NAME" for the group
	// of that name. nil: they are Programs.
	Members []string
	// SignificantGroups are the Members that are groups and count for AutoShutdown.
	SignificantGroups []string
	// Parent is the name of the group that this one is a member of; "" none.
	Parent string
	// Significant: it is one of SignificantGroups of Parent.
	Significant bool
	// Supervision is set for a [group:x] with a strategy, a limit or auto_shutdown, and for one with a group as a member or in
	// another group; nil: each program only looks after itself.
	Supervision *Supervision
	// Listener is set for KindEventListener.
	Listener *Listener
	Section  string // "group:x", "program:x", …
	File     string
	Line     int
}

// Listener holds the options only [eventlistener:x] has.
type Listener struct {
	Events        []string // upper case, as listed
	BufferSize    int
	ResultHandler string
	// CountCharacters: the len token of an event counts characters, as supervisord does, not bytes.
	CountCharacters bool
}

// Socket holds the options only [fcgi-program:x] has.
type Socket struct {
	URL      string // normalised: tcp://host:port or unix:///path
	Network  string // "tcp" or "unix"
	Address  string // host:port or path
	Backlog  int    // 0: SOMAXCONN
	UID, GID int    // -1 unchanged
	Mode     fs.FileMode
}

// Autorestart tells what happens when a program ends by itself after it was RUNNING.
type Autorestart int

// The values of autorestart=.
const (
	RestartUnexpected Autorestart = iota // when the exit status is not in exitcodes
	RestartNever
	RestartAlways
)

// A Program is one process to be supervised: one instance (numprocs) of a section, inside one group.
type Program struct {
	Name       string // process name, expanded
	Group      string // name of the group it belongs to
	Kind       Kind
	Section    string // "program:web"
	File       string // absolute path of the file that opened the section
	Line       int    // line of the section header
	ProcessNum int

	given []GivenOption // of its section; see Options

	Command      string // expanded; split into words when it is spawned
	Directory    string // "" none
	Umask        *fs.FileMode
	User         *User    // nil: that of supd
	Environment  []string // KEY=VALUE: [supervisord] environment overlaid by the program's own, keys unique
	ConfFile     string   // absolute; a file that clients are shown, it need not exist; "" none
	ServerURL    string   // "" = AUTO
	Priority     int
	Autostart    bool
	Autorestart  Autorestart
	StartSecs    int   // seconds; negative counts as 0
	StartRetries int   // -1: for ever; otherwise negative counts as 0
	ExitCodes    []int // nil: no status is expected
	StopSignal   syscall.Signal
	StopWaitSecs int // seconds
	StopAsGroup  bool
	KillAsGroup  bool

	RedirectStderr bool
	Stdout         Stream
	Stderr         Stream
	LogFormat      string // "prefix" or "json"; anything else is raw
	LogTimestamp   bool   // each line begins with the time; always true for json
	SyslogFacility int    // code of RFC 5424
	SyslogTag      string // "" = supervisord, and the name of the process in front of each line

	Socket *Socket // set for KindFCGI

	LogMarks bool // the logs say where each life begins and ends

	DependsOn     []Dependency // what must be up before it starts; nil: nothing
	DependsPolicy DependsPolicy

	Significant bool // its end counts for the group and for exit_when

	Ready              Readiness
	ReadyTimeout       time.Duration // from the start on; 0: none
	ReadyTimeoutAction ReadyTimeoutAction
	Watchdog           time.Duration // 0: none
	Liveness           Liveness
	Backoff            Backoff
	RestartPause       time.Duration
	LaterStopSignals   []syscall.Signal // sent after StopSignal, StopWaitSecs apart
	KillWaitSecs       int              // seconds from one SIGKILL to the next; 0: StopWaitSecs
	Hooks              Hooks

	RestartMemoryLimit  int64         // bytes the process and its descendants may use before it is restarted; 0: any
	RestartMemoryPeriod time.Duration // between two looks at them

	OnBinary    BinaryTrigger
	OnFiles     FilesTrigger
	Cron        Cron
	CronZone    *time.Location // nil: that of the machine
	CronOverlap CronOverlap

	LoginEnv    bool                           // HOME, USER, LOGNAME and SHELL are those of User
	EnvFiles    []string                       // absolute paths, to be read at each start with ReadEnvFiles; Environment wins over them
	Limits      [len(Resources)]*ResourceLimit // in the order of Resources; nil: that of supd
	Cgroup      CgroupLimits
	Nice        *int // nil: that of supd
	OOMScoreAdj *int // nil: that of supd
}

// NameSpec is how clients name the program.
func (p *Program) NameSpec() string { return NameSpec(p.Group, p.Name) }

// NameSpec is how clients name a program of a group: "group:name", or "name" when both are the same.
func NameSpec(group, name string) string {
	if name == group {
		return name
	}
	return group + ":" + name
}

// LogKind tells what a std*_logfile= asks for.
type LogKind int

// The kinds of log files.
const (
	LogAuto   LogKind = iota // a file in childlogdir with a name made up by supd
	LogNone                  // read and thrown away
	LogPath                  // Stream.Path
	LogMemory                // the end of it is kept in memory
)

// A Stream says where one output of a program goes.
type Stream struct {
	Kind            LogKind
	Path            string // LogPath only
	MaxBytes        int64  // rotation; <= 0 never
	Backups         int
	RotateEvery     string // "hour", "day" or "week"; anything else never
	Compress        bool   // rotated files
	CaptureMaxBytes int64
	EventsEnabled   bool
	Syslog          bool // to the local syslog as well
	SyslogSeverity  int  // code of RFC 5424 for all syslogs
	// Extra are the further entries of a list in std*_logfile=, in order: everything but NONE, the local syslog, and the
	// one that Kind and Path tell, which is what is read back.
	Extra []LogTarget
}

// A LogTarget is a file or a remote syslog server.
type LogTarget struct {
	Path    string // of a file or device, absolute; "" for a server
	Network string // of a server: "udp" or "tcp"
	Address string // of a server: host:port
}

// A User is a resolved account.
type User struct {
	Name     string // "" when only the number is known
	UID, GID uint32
	Groups   []uint32 // supplementary groups, primary first
	OtherGID bool     // GID was asked for, it is not that of the account
}
