package confload

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestOnlyTheMandatorySectionGivesAllDefaults(t *testing.T) {
	cwd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	o := testOptions(t)
	c, err := Parse("/x/s.conf", []byte("[supervisord]\n"), o)
	if err != nil {
		t.Fatal(err)
	}
	want := Supervisord{LogFile: cwd + "/supervisord.log", LogFileMaxBytes: 50 << 20, LogFileBackups: 10, LogLevel: "info",
		PidFile: cwd + "/supervisord.pid", Umask: 0o22, MinFDs: 1024, MinProcs: 200, ChildLogDir: o.TempDir, Identifier: "supervisor"}
	if !reflect.DeepEqual(c.Supervisord, want) {
		t.Errorf("got  %+v\nwant %+v", c.Supervisord, want)
	}
	if c.Path != "/x/s.conf" || len(c.Groups)+len(c.Servers)+len(c.Messages) != 0 || !slices.Equal(c.Files, []string{"/x/s.conf"}) {
		t.Errorf("%+v", c)
	}
}

// setLifecycleDefaults sets the defaults of what supervisord does not have.
func setLifecycleDefaults(p *Program) {
	p.Ready.Text, p.ReadyTimeout, p.Backoff.Base = "startsecs", time.Minute, time.Second
	p.OnFiles.Pattern = "*"
	p.Hooks.Timeout, p.RestartMemoryPeriod = time.Minute, 30*time.Second
	p.Liveness = Liveness{InitialDelay: time.Minute, Period: time.Minute, Timeout: 30 * time.Second, SuccessThreshold: 1, FailureThreshold: 3}
}

func TestProgramDefaults(t *testing.T) {
	p := program(t, "[program:web]\ncommand=/bin/x")
	stream := Stream{Kind: LogAuto, MaxBytes: 50 << 20, Backups: 10, RotateEvery: "never", SyslogSeverity: 6}
	want := Program{Name: "web", Group: "web", Kind: KindProgram, Section: "program:web", File: p.File, Line: 2, Command: "/bin/x",
		Priority: 999, Autostart: true, Autorestart: RestartUnexpected, StartSecs: 1, StartRetries: 3, ExitCodes: []int{0},
		StopSignal: syscall.SIGTERM, StopWaitSecs: 10, Stdout: stream, Stderr: stream, LogFormat: "raw", SyslogFacility: 1}
	setLifecycleDefaults(&want)
	want.given = p.given
	if !reflect.DeepEqual(p, want) {
		t.Errorf("got  %+v\nwant %+v", p, want)
	}
}

func TestEveryOptionReachesItsField(t *testing.T) {
	dir := t.TempDir()
	text := strings.ReplaceAll(`
[supervisord]
logfile=DIR/main.log
logfile_maxbytes=1KB
logfile_backups=3
loglevel=DEBUG
pidfile=DIR/s.pid
umask=077
nodaemon=yes
silent=on
minfds=11
minprocs=12
nocleanup=1
childlogdir=DIR
user=root
directory=DIR
strip_ansi=true
environment=A=1
identifier=me
[unix_http_server]
file=DIR/s.sock
chmod=0770
chown=root:root
username=u
password={SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d
[inet_http_server:two]
port=*:9001
[supervisorctl]
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
extra=%(ENV_N)s
[program:web]
command=cat
process_name=p%(process_num)d
numprocs=1
numprocs_start=4
priority=5
autostart=no
autorestart=true
startsecs=-1
startretries=0
exitcodes=0,2
stopsignal=INT
stopwaitsecs=20
stopasgroup=true
user=root
umask=027
directory=/nope
redirect_stderr=false
stdout_logfile=DIR/o.log, /dev/stdout
stdout_logfile_rotate_every=week
stdout_logfile_compress=on
log_format=prefix
log_timestamp=off
syslog_facility=daemon
syslog_tag=t%(process_num)d
syslog_stdout_priority=debug
syslog_stderr_priority=warning
stdout_logfile_maxbytes=2KB
stdout_logfile_backups=1
stdout_capture_maxbytes=4KB
stdout_events_enabled=true
stdout_syslog=true
stderr_logfile=NONE
stderr_logfile_maxbytes=0
stderr_logfile_rotate_every=hour
stderr_logfile_compress=0
stderr_logfile_backups=0
stderr_capture_maxbytes=1
stderr_events_enabled=on
stderr_syslog=true
environment=B=2
serverurl=http://h
`, "DIR", dir)
	c := mustParse(t, text)
	root, err := lookupUser("root")
	if err != nil {
		t.Fatal(err)
	}
	if want := (Supervisord{LogFile: dir + "/main.log", LogFileMaxBytes: 1024, LogFileBackups: 3, LogLevel: "debug", PidFile: dir + "/s.pid",
		Umask: 0o77, NoDaemon: true, Silent: true, MinFDs: 11, MinProcs: 12, NoCleanup: true, ChildLogDir: dir, User: root, Directory: dir,
		StripANSI: true, Environment: []string{"A=1"}, Identifier: "me"}); !reflect.DeepEqual(c.Supervisord, want) {
		t.Errorf("got  %+v\nwant %+v", c.Supervisord, want)
	}
	if want := []Server{
		{Section: "unix_http_server", Network: "unix", Path: dir + "/s.sock", Mode: 0o770, Username: "u",
			Password: "{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d", HasAuth: true, Role: RoleAdmin, File: c.Path, Line: 21},
		{Section: "inet_http_server:two", Network: "tcp", Port: 9001, UID: -1, GID: -1, Role: RoleAdmin, File: c.Path, Line: 27},
	}; !reflect.DeepEqual(c.Servers, want) {
		t.Errorf("got  %+v\nwant %+v", c.Servers, want)
	}
	if want := []Plugin{{"supervisor", mainFactory, map[string]string{"extra": "7"}}}; !reflect.DeepEqual(c.RPCInterfaces, want) {
		t.Errorf("got  %+v\nwant %+v", c.RPCInterfaces, want)
	}
	p := c.Groups[0].Programs[0]
	umask := fsMode(0o27)
	want := Program{Name: "p4", Group: "web", Section: "program:web", File: p.File, Line: p.Line, ProcessNum: 4, Command: "cat",
		Directory: "/nope", Umask: &umask, User: root, Environment: []string{"A=1", "B=2"}, ServerURL: "http://h", Priority: 5,
		Autorestart: RestartAlways, StartSecs: -1, ExitCodes: []int{0, 2}, StopSignal: syscall.SIGINT, StopWaitSecs: 20,
		StopAsGroup: true, KillAsGroup: true,
		Stdout: Stream{Kind: LogPath, Path: dir + "/o.log", MaxBytes: 2048, Backups: 1, RotateEvery: "week", Compress: true,
			CaptureMaxBytes: 4096, EventsEnabled: true, Syslog: true, SyslogSeverity: 7, Extra: []LogTarget{{Path: "/dev/stdout"}}},
		Stderr:    Stream{Kind: LogNone, RotateEvery: "hour", CaptureMaxBytes: 1, EventsEnabled: true, Syslog: true, SyslogSeverity: 4},
		LogFormat: "prefix", SyslogFacility: 3, SyslogTag: "t4"}
	setLifecycleDefaults(&want)
	want.given = p.given
	if !reflect.DeepEqual(p, want) {
		t.Errorf("got  %+v\nwant %+v", p, want)
	}
	if len(c.Messages) != 0 {
		t.Errorf("messages %+v", c.Messages)
	}
}

// TestErrors goes through compat.md §1.5 to §1.7: what is refused, and what the error says.
func TestErrors(t *testing.T) {
	const prog = "[program:x]\ncommand=c\n"
	for _, c := range []struct {
		name, text string
		says       []string
	}{
		{"boolean", prog + "autostart=maybe", []string{"not a valid boolean value: 'maybe'", "autostart", "allowed: true, yes", "on line 4", "in section 'program:x' (file: '"}},
		{"integer", prog + "startsecs=1.5", []string{"not a valid integer value: '1.5'"}},
		{"size", prog + "stdout_logfile_maxbytes=1M", []string{"not a valid byte size value: '1M'", "KB, MB or GB"}},
		{"signal", prog + "stopsignal=NOPE", []string{"not a valid signal value: 'NOPE'"}},
		{"user", prog + "user=nosuchuser", []string{"'nosuchuser'", "no account"}},
		{"umask", prog + "umask=rwx", []string{"octal", "'rwx'"}},
		{"log directory", prog + "stdout_logfile=/no/such/dir/x", []string{"the directory named as part of the path does not exist", "'/no/such/dir/x'"}},
		{"command missing", "[program:x]\n", []string{"program section program:x does not specify a command; add a line command = …", "in section 'program:x' (file: '"}},
		{"command mistyped", "[program:x]\nstartsecs=1\ncomand=c", []string{"does not specify a command; line 4 says 'comand', did you mean 'command'? on line 2"}},
		{"events mistyped", "[eventlistener:x]\ncommand=c\nevent=TICK_5", []string{"line 4 says 'event', did you mean 'events'?"}},
		{"numprocs without number", prog + "numprocs=2", []string{"%(process_num) must be present within process_name when numprocs > 1; write process_name = %(program_name)s_%(process_num)02d on line 4"}},
		{"numprocs too large", prog + "numprocs=1000000000", []string{"at most 100000"}},
		{"stop and kill", prog + "stopasgroup=true\nkillasgroup=false", []string{"stopasgroup=true and killasgroup=false"}},
		{"program name", "[program:a b]\ncommand=c", []string{"' '", "'a b'", "invalid name"}},
		{"process name", prog + "process_name=a:b", []string{"':'", "'a:b'"}},
		{"process name expanded", prog + "process_name=a%(ENV_SECRET)s%(here)s", []string{"'/'", "'a%(ENV_SECRET)s/"}},
		{"group name", "[group:a/b]\n", []string{"'/'"}},
		{"unknown member", prog + "[group:g]\nprograms=y", []string{"[group:g] names unknown program or fcgi-program 'y'"}},
		{"member with a typo", "[program:worker]\ncommand=c\n[group:g]\nprograms=wroker", []string{"did you mean 'worker'?"}},
		{"trailing comma", prog + "[group:g]\nprograms=x,", []string{"unknown program or fcgi-program ''"}},
		{"ambiguous member", prog + "[fcgi-program:x]\ncommand=c\nsocket=tcp://h:1\n[group:g]\nprograms=x", []string{"ambiguous"}},
		{"listener in group", "[eventlistener:l]\ncommand=c\nevents=EVENT\n[group:g]\nprograms=l", []string{"eventlisteners cannot be in a group"}},
		{"secret member", "[group:g]\nprograms=a%(ENV_SECRET)s", []string{"number 1 of programs"}},
		{"twin groups", prog + "[eventlistener:x]\ncommand=c\nevents=EVENT", []string{"[program:x] and [eventlistener:x] both make a group named 'x'"}},
		{"twin processes", prog + "process_name=p\n[program:y]\ncommand=c\nprocess_name=p\n[group:g]\nprograms=x,y", []string{"more than one process named 'p'"}},
		{"unix without file", "[unix_http_server]\n", []string{"section [unix_http_server] has no file value"}},
		{"inet without port", "[inet_http_server]\n", []string{"section [inet_http_server] has no port value"}},
		{"port", "[inet_http_server]\nport=0", []string{"'0'", "1 to 65535"}},
		{"user without password", "[inet_http_server]\nport=1\nusername=u", []string{"incomplete authentication", "[inet_http_server]"}},
		{"password without user", "[unix_http_server]\nfile=/tmp/x\npassword=hunter2", []string{"incomplete authentication"}},
		{"chmod", "[unix_http_server]\nfile=/tmp/x\nchmod=9", []string{"chmod", "'9'"}},
		{"chown", "[unix_http_server]\nfile=/tmp/x\nchown=nosuchuser", []string{"chown", "'nosuchuser'"}},
		{"listener without events", "[eventlistener:l]\ncommand=c", []string{`[eventlistener:l] section requires a "events" line`}},
		{"listener with empty events", "[eventlistener:l]\ncommand=c\nevents=", []string{"no event type"}},
		{"unknown event", "[eventlistener:l]\ncommand=c\nevents=TICK_6", []string{"unknown event type", "did you mean 'TICK_5'?"}},
		{"buffer size", "[eventlistener:l]\ncommand=c\nevents=EVENT\nbuffer_size=0", []string{"buffer_size", "'0'", "at least 1"}},
		{"event length", "[eventlistener:l]\ncommand=c\nevents=EVENT\npayload_length=runes", []string{"payload_length", "'runes'", "bytes, characters"}},
		{"result handler", "[eventlistener:l]\ncommand=c\nevents=EVENT\nresult_handler=a:b", []string{"'a:b'", defaultHandler}},
		{"listener redirects", "[eventlistener:l]\ncommand=c\nevents=EVENT\nredirect_stderr=true", []string{"redirect_stderr=true", "eventlistener protocol"}},
		{"fcgi without socket", "[fcgi-program:f]\ncommand=c", []string{`[fcgi-program:f] section requires a "socket" line`}},
		{"fcgi socket", "[fcgi-program:f]\ncommand=c\nsocket=unix://a", []string{"not absolute"}},
		{"fcgi number", "[fcgi-program:f]\ncommand=c\nsocket=unix:///tmp/%(process_num)d", []string{"'process_num'", "cannot be expanded"}},
		{"fcgi backlog", "[fcgi-program:f]\ncommand=c\nsocket=tcp://h:1\nsocket_backlog=0", []string{"1 to 65535"}},
		{"fcgi mode", "[fcgi-program:f]\ncommand=c\nsocket=tcp://h:1\nsocket_mode=0700", []string{"only for unix sockets"}},
		{"fcgi owner", "[fcgi-program:f]\ncommand=c\nsocket=tcp://h:1\nsocket_owner=root", []string{"only for unix sockets"}},
		{"factory missing", "[rpcinterface:x]\n", []string{"section [rpcinterface:x] does not specify a supervisor.rpcinterface_factory"}},
		{"include without files", "[include]\n", []string{".ini file has [include] section, but no files setting"}},
		{"level", "[supervisord]\nloglevel=warning", []string{"'warning'", "critical, error, warn", "in section 'supervisord'"}},
		{"childlogdir", "[supervisord]\nchildlogdir=/no/such", []string{"childlogdir", "existing directory"}},
		{"environment value in another option", prog + "startsecs=%(ENV_SECRET)s", []string{"'%(ENV_SECRET)s'"}},
		{"environment value in exit codes", prog + "exitcodes=%(ENV_SECRET)s", []string{"'%(ENV_SECRET)s'"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse(t, c.text)
			wantError(t, err, c.says...)
		})
	}
	_, err := Parse("/x/s.conf", []byte("[program:x]\ncommand=c"), testOptions(t))
	wantError(t, err, ".ini file does not include supervisord section; add a line [supervisord] at the top", "(file: '/x/s.conf')")
	_, err = Parse("/x/s.conf", []byte("[program:x]\ncommand=c\n[Supervisor]\nloglevel=info"), testOptions(t))
	wantError(t, err, ".ini file does not include supervisord section; [Supervisor] stands where [supervisord] is meant on line 3")
}

func TestAllErrorsAreCollected(t *testing.T) {
	_, err := parse(t, "[program:a]\nautostart=x\nstartsecs=y\n[program:b]\n[unix_http_server]\n")
	es, ok := err.(Errors)
	if !ok || len(es) != 5 {
		t.Fatalf("%d errors: %v", len(es), err)
	}
	if strings.Count(err.Error(), "\n") != 4 {
		t.Errorf("not one line for each: %s", err)
	}
	var e *Error
	if !errors.As(err, &e) || e != es[0] {
		t.Errorf("errors.As finds %v", e)
	}
	_, err = parse(t, "[program:a]\ncommand=c\nnumprocs=500\nprocess_name=%(process_num)d%(nope)s\n")
	if _, one := err.(*Error); !one {
		t.Errorf("the same error for each process: %v", err)
	}
	var many strings.Builder
	for i := range 500 {
		fmt.Fprintf(&many, "[program:p%d]\n", i)
	}
	_, err = parse(t, many.String())
	if es, ok := err.(Errors); !ok || len(es) != maxErrors+1 {
		t.Errorf("%d errors", len(es))
	}
}

func TestGroupsAndTheirOrder(t *testing.T) {
	c := mustParse(t, `
[program:zeta]
command=c
[program:cat]
command=c
numprocs=11
process_name=%(program_name)s%(process_num)d
numprocs_start=5
[program:early]
command=c
priority=1
[program:b]
command=%(group_name)s
[fcgi-program:f]
command=c
socket=unix:///tmp/%(program_name)s.sock
[eventlistener:l]
command=c
events=TICK_5,process_state , TICK_5
[group:g]
programs=f, b
priority=5
[group:h]
programs=b
[group:empty]
[program:none]
command=c
numprocs=0
`)
	var got []string
	for _, g := range c.Groups {
		line := fmt.Sprintf("%s %d %d:", g.Name, g.Priority, g.Kind)
		for _, p := range g.Programs {
			line += " " + p.NameSpec()
		}
		got = append(got, line)
	}
	want := []string{
		"l -1 2: l",
		"early 1 0: early",
		"g 5 0: g:f g:b",
		"cat 999 0: cat:cat10 cat:cat11 cat:cat12 cat:cat13 cat:cat14 cat:cat15 cat:cat5 cat:cat6 cat:cat7 cat:cat8 cat:cat9",
		"empty 999 0:",
		"h 999 0: h:b",
		"none 999 0:",
		"zeta 999 0: zeta",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	l := c.Groups[0]
	if l.Listener == nil || !slices.Equal(l.Listener.Events, []string{"TICK_5", "PROCESS_STATE"}) || l.Listener.BufferSize != 10 || l.Listener.CountCharacters ||
		l.Listener.ResultHandler != defaultHandler || l.Programs[0].Priority != 999 {
		t.Errorf("listener %+v", l)
	}
	f := c.Groups[2].Programs[0]
	if f.Kind != KindFCGI || f.Socket == nil || f.Socket.URL != "unix:///tmp/f.sock" || f.Socket.Mode != 0o700 || f.Socket.UID != -1 {
		t.Errorf("fcgi in a group: %+v %+v", f, f.Socket)
	}
	if c.Groups[2].Programs[1].Command != "g" || c.Groups[5].Programs[0].Command != "h" {
		t.Errorf("group_name: %+v", c.Groups)
	}
}

func TestSocketOwnerComesFromTheUser(t *testing.T) {
	if _, err := lookupUser("nobody"); err != nil {
		t.Skip("no account nobody: ", err)
	}
	u, _ := lookupUser("nobody")
	if int(u.UID) == os.Getuid() {
		t.Skip("runs as nobody")
	}
	s := program(t, "[fcgi-program:f]\ncommand=c\nuser=nobody\nsocket=unix:///tmp/s").Socket
	if s.UID != int(u.UID) || s.GID != int(u.GID) {
		t.Errorf("%+v", s)
	}
	s = program(t, "[fcgi-program:f]\ncommand=c\nuser=nobody\nsocket=unix:///tmp/s\nsocket_owner=root\nsocket_mode=0777\nsocket_backlog=9").Socket
	if s.UID != 0 || s.GID != -1 || s.Mode != 0o777 || s.Backlog != 9 {
		t.Errorf("%+v", s)
	}
}

func TestStreams(t *testing.T) {
	dir := t.TempDir()
	p := program(t, "[program:x]\ncommand=c\nstdout_logfile=syslog\nstdout_syslog=false\nstderr_logfile="+dir+"/e\nredirect_stderr=true")
	if p.Stdout.Kind != LogNone || !p.Stdout.Syslog || p.Stderr.Kind != LogNone || p.Stderr.Path != "" {
		t.Errorf("%+v %+v", p.Stdout, p.Stderr)
	}
	c := mustParse(t, "[program:x]\ncommand=c\nstdout_logfile=syslog\nstderr_logfile="+dir+"/e\nredirect_stderr=true\n"+
		"[program:y]\ncommand=c\nnumprocs=3\nprocess_name=%(process_num)d\nstdout_logfile_maxbytes=0\n")
	if w := texts(c, Warn); len(w) != 3 || !strings.Contains(w[0], "deprecated") || !strings.Contains(w[1], "the file is ignored") ||
		!strings.Contains(w[2], "AUTO logging is used for stdout_logfile") {
		t.Errorf("warnings %q", w)
	}
	p = program(t, "[eventlistener:x]\ncommand=c\nevents=EVENT\nstdout_capture_maxbytes=1MB\nstdout_events_enabled=true\nstdout_syslog=true\n"+
		"stderr_capture_maxbytes=2\nstderr_events_enabled=true")
	if p.Stdout.CaptureMaxBytes != 0 || p.Stdout.EventsEnabled || p.Stdout.Syslog || p.Stderr.CaptureMaxBytes != 2 || !p.Stderr.EventsEnabled {
		t.Errorf("listener %+v %+v", p.Stdout, p.Stderr)
	}
}

func TestDefaultSectionReachesAllButPlugins(t *testing.T) {
	c := mustParse(t, "[DEFAULT]\nstartsecs=9\nodd=1\nusername=u\npassword=p\n[program:x]\ncommand=c\n[program:y]\ncommand=c\nstartsecs=2\n"+
		"[inet_http_server]\nport=1\n[supervisorctl]\n[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory="+mainFactory+"\n")
	if c.Groups[0].Programs[0].StartSecs != 9 || c.Groups[1].Programs[0].StartSecs != 2 || !c.Servers[0].HasAuth {
		t.Errorf("%+v", c)
	}
	if len(c.RPCInterfaces[0].Options) != 0 {
		t.Errorf("plugin options %v", c.RPCInterfaces[0].Options)
	}
	if w := texts(c, Warn); len(w) != 1 || !strings.Contains(w[0], "'odd' in section [DEFAULT]") {
		t.Errorf("warnings %q", w)
	}
}

func TestUnknownSectionsAndOptionsAreToldWithTheNearestName(t *testing.T) {
	c := mustParse(t, "[prgram:x]\nk=1\n[something-else]\n[program:a]\ncommand=c\nautosart=true\nodd_one=%(nonsense\n[program]\n[supervisorctl]\nprmpt=x\n")
	want := []string{
		"unknown section [prgram:x] is ignored; did you mean [program:x]?",
		"unknown section [something-else] is ignored",
		"unknown option 'autosart' in section [program:a] is ignored; did you mean 'autostart'?",
		"unknown option 'odd_one' in section [program:a] is ignored",
		"unknown section [program] is ignored; did you mean [program:NAME]?",
		"unknown option 'prmpt' in section [supervisorctl] is ignored; did you mean 'prompt'?",
	}
	if got := texts(c, Warn); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if m := c.Messages[2]; m.Line != 7 || m.File != c.Path || m.Section != "program:a" || m.Option != "autosart" {
		t.Errorf("%+v", m)
	}
}

func TestPluginsThatCannotBeLoadedAreTold(t *testing.T) {
	c := mustParse(t, "[rpcinterface:cache]\nsupervisor.rpcinterface_factory=cache:make\na=%(ENV_N)s\n[ctlplugin:foo]\nb=%(nope)s\n")
	if len(c.RPCInterfaces) != 1 || c.RPCInterfaces[0].Options["a"] != "7" || len(c.CtlPlugins) != 1 || c.CtlPlugins[0].Name != "foo" {
		t.Errorf("%+v", c)
	}
	if w := texts(c, Warn); len(w) != 2 || !strings.Contains(w[0], "[rpcinterface:cache]") || !strings.Contains(w[1], "[ctlplugin:foo]") {
		t.Errorf("warnings %q", w)
	}
}

func TestOverrides(t *testing.T) {
	o := testOptions(t)
	o.Overrides = map[string]string{"loglevel": "debug", "nodaemon": "true", "identifier": "%(here)s", "logfile": "syslog"}
	o.OverrideFlags = map[string]string{"loglevel": "-e/--loglevel"}
	c, err := Parse("/x/s.conf", []byte("[supervisord]\nloglevel=warn\nidentifier=a"), o)
	if err != nil {
		t.Fatal(err)
	}
	if s := c.Supervisord; s.LogLevel != "debug" || !s.NoDaemon || s.Identifier != "%(here)s" || !s.LogSyslog || s.LogFile != "" {
		t.Errorf("%+v", s)
	}
	o.Overrides = map[string]string{"loglevel": "loud"}
	_, err = Parse("/x/s.conf", []byte("[supervisord]"), o)
	wantError(t, err, "invalid value for -e/--loglevel", "'loud'", "critical, error")
	o.Overrides = map[string]string{"nope": "1"}
	_, err = Parse("/x/s.conf", []byte("[supervisord]"), o)
	wantError(t, err, "--nope", "no option of [supervisord]")
}

func TestEmptyCredentialsMeanNone(t *testing.T) {
	for text, want := range map[string]bool{"": false, "username=\npassword=\n": false, "username=u\npassword=\n": true, "username=\npassword=p\n": true} {
		c := mustParse(t, "[inet_http_server]\nport=1\n"+text)
		if c.Servers[0].HasAuth != want {
			t.Errorf("%q: %+v", text, c.Servers[0])
		}
	}
}

func TestServersAreUnixFirst(t *testing.T) {
	c := mustParse(t, "[inet_http_server]\nport=[::1]:1\n[unix_http_server:b]\nfile=%(here)s/b\n[inet_http_server:x]\nport=2\n[unix_http_server]\nfile=/a\n")
	var got []string
	for i := range c.Servers {
		got = append(got, c.Servers[i].URL())
	}
	want := []string{"unix://" + filepath.Dir(c.Path) + "/b", "unix:///a", "http://[::1]:1", "http://localhost:2"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
