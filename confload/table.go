package confload

import "slices"

// This file and table_program.go are the option table.

// includeFiles is what an [include] section says.
type includeFiles struct {
	patterns []string
}

var includeTable = tableOf("include",
	bind(Option{Name: "files", Required: true, Names: NameHere | NameHost, Effect: EffectNow,
		Example: "conf.d/*.conf",
		Peer:    PeerBetter, PeerNote: "an included file that cannot be read is an error, not passed over",
		Help: "Patterns of files to read as well, with white space between them; relative ones start at the directory of the main file."},
		wordsType, func(x *includeFiles) *[]string { return &x.patterns }),
)

var supervisordTable = tableOf("supervisord",
	bindParts(Option{Name: "logfile", Default: "supervisord.log", Names: NameHere, Effect: EffectDaemon,
		Example: "/tmp/supervisord.log",
		Peer:    PeerBetter, PeerNote: "a list, and syslog servers",
		Help: "Where the main log goes: a file, syslog, or several of these with commas between them."},
		mainLogType,
		func(s *Supervisord) mainLog { return mainLog{s.LogFile, s.LogSyslog, s.LogExtra} },
		func(s *Supervisord, v mainLog) { s.LogFile, s.LogSyslog, s.LogExtra = v.path, v.syslog, v.extra }),
	bind(Option{Name: "logfile_maxbytes", Default: "50MB", Names: NameHere, Effect: EffectDaemon,
		Help: "Size at which the main log is rotated; 0 or less never rotates."},
		byteType, func(s *Supervisord) *int64 { return &s.LogFileMaxBytes }),
	bind(Option{Name: "logfile_backups", Default: "10", Names: NameHere, Effect: EffectDaemon,
		Help: "How many rotated main logs are kept."},
		intType, func(s *Supervisord) *int { return &s.LogFileBackups }),
	bind(Option{Name: "loglevel", Default: "info", Names: NameHere, Effect: EffectDaemon,
		Help: "The least important level that goes into the main log."},
		logLevelType, func(s *Supervisord) *string { return &s.LogLevel }),
	bind(Option{Name: "pidfile", Default: "supervisord.pid", Names: NameHere, Effect: EffectDaemon,
		Example: "/tmp/supervisord.pid",
		Peer:    PeerBetter, PeerNote: "the file is locked: a second supd with the same one ends before it has touched anything",
		Help: "The file that holds the process number of supd."},
		filePathType, func(s *Supervisord) *string { return &s.PidFile }),
	bind(Option{Name: "umask", Default: "022", Names: NameHere, Effect: EffectDaemon,
		Help: "The file creation mask of supd, set when it goes into the background."},
		umaskType, func(s *Supervisord) *fsMode { return &s.Umask }),
	bind(Option{Name: "nodaemon", Default: "false", Names: NameHere, Effect: EffectDaemon,
		Help: "Whether supd stays in the foreground."},
		boolType, func(s *Supervisord) *bool { return &s.NoDaemon }),
	bind(Option{Name: "silent", Default: "false", Names: NameHere, Effect: EffectDaemon,
		Help: "Whether the log is not written to standard output in the foreground."},
		boolType, func(s *Supervisord) *bool { return &s.Silent }),
	bind(Option{Name: "minfds", Default: "1024", Names: NameHere, Effect: EffectDaemon,
		Help: "How many open files supd must be allowed."},
		intType, func(s *Supervisord) *int { return &s.MinFDs }),
	bind(Option{Name: "minprocs", Default: "200", Names: NameHere, Effect: EffectDaemon,
		Help: "How many processes supd must be allowed."},
		intType, func(s *Supervisord) *int { return &s.MinProcs }),
	bind(Option{Name: "nocleanup", Default: "false", Names: NameHere, Effect: EffectDaemon,
		Peer: PeerBetter, PeerNote: "a second instance that cannot start removes nothing of the first",
		Help: "Whether AUTO logs of earlier runs are kept at start."},
		boolType, func(s *Supervisord) *bool { return &s.NoCleanup }),
	bind(Option{Name: "childlogdir", Computed: "the directory for temporary files", Names: NameHere, Effect: EffectDaemon,
		Example: "/tmp",
		Help:    "Where AUTO logs are made."},
		directoryType, func(s *Supervisord) *string { return &s.ChildLogDir }),
	bind(Option{Name: "user", Names: NameHere, Effect: EffectDaemon,
		Example: "root",
		Help:    "The account supd changes to when it is started by root."},
		userType, func(s *Supervisord) **User { return &s.User }),
	bind(Option{Name: "directory", Names: NameHere, Effect: EffectDaemon,
		Example: "/tmp",
		Help:    "Where supd changes to when it goes into the background."},
		directoryType, func(s *Supervisord) *string { return &s.Directory }),
	bind(Option{Name: "strip_ansi", Default: "false", Names: NameHere, Effect: EffectDaemon,
		Help: "Whether ANSI escape sequences are taken out of the logs of programs."},
		boolType, func(s *Supervisord) *bool { return &s.StripANSI }),
	bind(Option{Name: "environment", Names: NameHere | NameHost, Effect: EffectProgram, secret: true,
		Example: `KEY="value",OTHER="value"`,
		Help:    "Variables for all programs; other options see them as %(ENV_NAME)s."},
		pairsType, func(s *Supervisord) *[]string { return &s.Environment }),
	bind(Option{Name: "identifier", Default: "supervisor", Names: NameHere, Effect: EffectDaemon,
		Help: "The name of this supd in the API, in events and in the names of AUTO logs."},
		textType, func(s *Supervisord) *string { return &s.Identifier }),
	bind(Option{Name: "exit_when", Default: "never", Names: NameHere, Effect: EffectDaemon,
		Peer: PeerOnlySupd, PeerNote: "supervisord runs until it is told to end",
		Help: "When supd ends by itself: when nothing runs any more, when a program goes FATAL, when any significant program has ended for " +
			"good, or the last of them, or when one program has ended; its exit status is that of the program."},
		exitWhenType, func(s *Supervisord) *ExitWhen { return &s.ExitWhen }),
	bind(Option{Name: "make_log_dirs", Default: "false", Names: NameHere, Effect: EffectDaemon,
		Peer: PeerOnlySupd, PeerNote: "to supervisord a missing directory is an error",
		Help: "Whether missing directories of log files are made, with mode 0755 less the umask; otherwise they are an error."},
		boolType, func(s *Supervisord) *bool { return &s.MakeLogDirs }),
	bind(Option{Name: "expand_env", Default: "false", Names: NameHere, Effect: EffectNow,
		Peer: PeerOnlySupd, PeerNote: "supervisord knows %(ENV_NAME)s only, a $ is a $",
		Help: "Whether $NAME and ${NAME} in the values of all files stand for environment variables, as %(ENV_NAME)s does; $$ is a " +
			"dollar sign then."},
		boolType, func(s *Supervisord) *bool { return &s.ExpandEnv }),
	bind(Option{Name: "reload_on_change", Default: "off", Names: NameHere, Effect: EffectDaemon,
		Peer: PeerOnlySupd, PeerNote: "supervisord reads its files when it is told to",
		Help: "What a change of the configuration files does: nothing, it is checked and the log says what would change, or it is " +
			"brought into effect as by update."},
		words[ReloadOnChange]("off", "reread", "update"), func(s *Supervisord) *ReloadOnChange { return &s.ReloadOnChange }),
)

var unixTable = tableOf("unix_http_server", slices.Concat([]binding[Server]{
	bind(Option{Name: "file", Required: true, Names: NameHere, Effect: EffectDaemon,
		Example: "/tmp/supervisor.sock",
		Help:    "The path of the socket."},
		socketPathType, func(s *Server) *string { return &s.Path }),
	bind(Option{Name: "chmod", Default: "0700", Effect: EffectDaemon,
		Help: "The permissions of the socket."},
		modeType, func(s *Server) *fsMode { return &s.Mode }),
	bindParts(Option{Name: "chown", Computed: "unchanged", Effect: EffectDaemon,
		Example: "root",
		Help:    "The owner of the socket."},
		ownerType,
		func(s *Server) owner { return owner{s.UID, s.GID} },
		func(s *Server, v owner) { s.UID, s.GID = v.uid, v.gid }),
	usernameOf(func(s *Server) *string { return &s.Username }, EffectDaemon, "The name clients must give."),
	passwordOf(func(s *Server) *string { return &s.Password }, EffectDaemon,
		"The password clients must give, in clear text or as {SHA} and the SHA-1 in hexadecimal."),
	roleOfServer(), requireAuth(),
}, peerOptions())...)

var inetTable = tableOf("inet_http_server", slices.Concat([]binding[Server]{
	bindParts(Option{Name: "port", Required: true, Effect: EffectDaemon,
		Example: "127.0.0.1:9001",
		Peer:    PeerBetter, PeerNote: "IPv6 addresses as well, in brackets",
		Help: "The address to listen at."},
		inetAddressType,
		func(s *Server) inetAddress { return inetAddress{s.Host, s.Port} },
		func(s *Server, v inetAddress) { s.Host, s.Port = v.host, v.port }),
	usernameOf(func(s *Server) *string { return &s.Username }, EffectDaemon, "The name clients must give."),
	passwordOf(func(s *Server) *string { return &s.Password }, EffectDaemon,
		"The password clients must give, in clear text or as {SHA} and the SHA-1 in hexadecimal."),
	bind(Option{Name: "health_without_auth", Default: "false", Effect: EffectDaemon,
		Peer: PeerOnlySupd, PeerNote: "supervisord has neither page",
		Help: "Whether /healthz and /readyz answer without a name and password; /readyz names the programs that are not ready."},
		boolType, func(s *Server) *bool { return &s.HealthWithoutAuth }),
	roleOfServer(), requireAuth(),
}, networkOptions())...)

var ctlTable = tableOf("supervisorctl",
	bind(Option{Name: "serverurl", Computed: "the server of the same file, else " + DefaultServerURL + ", of a supd.ini " + SupdIniServerURL,
		Names: NameHere, Effect: EffectClient,
		Example: "unix:///tmp/supervisor.sock",
		Peer:    PeerBetter, PeerNote: "supd ctl does without: it takes the server of the same file then",
		Help: "Where the client finds the server."},
		ctlURLType, func(c *Ctl) *string { return &c.ServerURL }),
	usernameOf(func(c *Ctl) *string { return &c.Username }, EffectClient, "The name the client gives."),
	passwordOf(func(c *Ctl) *string { return &c.Password }, EffectClient, "The password the client gives, in clear text."),
	bind(Option{Name: "prompt", Default: "supervisor", Effect: EffectClient,
		Help: "The prompt of the shell, without the >."},
		textType, func(c *Ctl) *string { return &c.Prompt }),
	bind(Option{Name: "history_file", Names: NameHere, Effect: EffectClient,
		Example: "~/.sc_history",
		Help:    "Where the shell keeps the commands typed."},
		historyType, func(c *Ctl) *string { return &c.HistoryFile }),
	bind(onlySupd(Option{Name: "tls_ca", Names: NameHere, Effect: EffectClient, Example: "/etc/supd/ca.crt",
		Help: "Authorities (PEM) that may have signed the certificate of an https server, besides those of the system."}, clientTLS),
		filePathType, func(c *Ctl) *string { return &c.TLSCA }),
	bind(onlySupd(Option{Name: "tls_cert", Names: NameHere, Effect: EffectClient, Example: "/etc/supd/server.crt",
		Help: "The certificate (PEM) the client gives to a server that asks for one; tls_key must be given as well."}, clientTLS),
		filePathType, func(c *Ctl) *string { return &c.TLSCert }),
	bind(onlySupd(Option{Name: "tls_key", Names: NameHere, Effect: EffectClient, Example: "/etc/supd/server.key",
		Help: "The private key of tls_cert (PEM)."}, clientTLS),
		filePathType, func(c *Ctl) *string { return &c.TLSKey }),
)

// clientTLS is what supervisorctl does instead.
const clientTLS = "supervisorctl trusts what the system trusts, and has no certificate"

func usernameOf[T any](field func(*T) *string, effect Effect, help string) binding[T] {
	return bind(Option{Name: "username", Effect: effect,
		Example: "user",
		Help:    help, secret: true}, textType, field)
}

func passwordOf[T any](field func(*T) *string, effect Effect, help string) binding[T] {
	return bind(Option{Name: "password", Effect: effect,
		Example: "123",
		Help:    help, secret: true}, textType, field)
}

// A pluginFactory is the only option of a plugin section that supd knows.
type pluginFactory struct {
	spec string
}

var rpcTable = tableOf("rpcinterface",
	bind(Option{Name: "supervisor.rpcinterface_factory", Required: true, Effect: EffectDaemon,
		Example: mainFactory,
		Peer:    PeerMissing, PeerNote: "only supervisord's own interface, supd runs no Python code", peerSame: mainFactory,
		Help: "The maker of the interface; supd knows " + mainFactory + "."},
		textType, func(f *pluginFactory) *string { return &f.spec }),
)

var ctlPluginTable = tableOf("ctlplugin",
	bind(Option{Name: "supervisor.ctl_factory", Effect: EffectClient,
		Example: "my.plugin:make_ctl",
		Peer:    PeerMissing, PeerNote: "plugins of the client are not loaded, supd runs no Python code",
		Help: "The maker of commands for supervisorctl; supd cannot load one."},
		textType, func(f *pluginFactory) *string { return &f.spec }),
)
