package confload

import (
	"fmt"
	"strings"
	"testing"
)

// targets renders where stdout goes: what is read back, S for the local syslog, and the rest.
func targets(s *Stream, dir string) string {
	out := []string{[]string{"AUTO", "NONE", s.Path, "MEMORY"}[s.Kind]}
	if s.Syslog {
		out = append(out, "S")
	}
	for _, t := range s.Extra {
		if t.Path == "" {
			t.Path = t.Network + "://" + t.Address
		}
		out = append(out, t.Path)
	}
	return strings.ReplaceAll(strings.Join(out, " "), dir, "DIR")
}

func TestLogTargets(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ value, want string }{
		{"AUTO", "AUTO"},
		{"none", "NONE"},
		{"syslog", "NONE S"},
		{"/dev/null", "/dev/null"},
		{"/dev/stdout", "/dev/stdout"},
		{"DIR/a.log", "DIR/a.log"},
		{"DIR/a b.log", "DIR/a b.log"},
		{"DIR/syslog", "DIR/syslog"},
		{"DIR/a.log, /dev/stdout", "DIR/a.log /dev/stdout"},
		{"/dev/stdout,DIR/a.log", "DIR/a.log /dev/stdout"},
		{"/dev/stdout, /dev/stderr", "/dev/stdout /dev/stderr"},
		{"DIR/a.log,DIR/b.log", "DIR/a.log DIR/b.log"},
		{"DIR/a.log, auto, Syslog", "AUTO S DIR/a.log"},
		{"DIR/a.log, syslog, syslog @loghost", "DIR/a.log S udp://loghost:514"},
		{"memory", "MEMORY"},
		{"DIR/a.log, /dev/stdout, Memory", "MEMORY DIR/a.log /dev/stdout"},
		{"DIR/memory", "DIR/memory"},
		{"syslog @loghost", "NONE udp://loghost:514"},
		{"SYSLOG\t@UDP:LogHost", "NONE udp://loghost:514"},
		{"syslog@tcp:loghost", "NONE tcp://loghost:6514"},
		{"syslog @tcp:10.0.0.1:601", "NONE tcp://10.0.0.1:601"},
		{"syslog @10.0.0.1:601", "NONE udp://10.0.0.1:601"},
		{"syslog @::1", "NONE udp://[::1]:514"},
		{"syslog @[::1]", "NONE udp://[::1]:514"},
		{"syslog @tcp:[fe80::1]:99", "NONE tcp://[fe80::1]:99"},
	} {
		p := program(t, "[program:x]\ncommand=c\nstdout_logfile="+strings.ReplaceAll(c.value, "DIR", dir))
		if got := targets(&p.Stdout, dir); got != c.want {
			t.Errorf("%s: %s, want %s", c.value, got, c.want)
		}
	}
}

func TestBadLogTargets(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ value, want string }{
		{"/nonexistent/a.log", "directory named as part of the path does not exist"},
		{"DIR/a.log, /nonexistent/b.log", `entry '/nonexistent/b.log': the directory named`},
		{"DIR/a.log,", `entry '': it is empty`},
		{"DIR/a.log,,DIR/b.log", `entry '': it is empty`},
		{"NONE, /dev/stdout", `entry 'NONE': it must stand alone`},
		{"AUTO, AUTO", `entry 'AUTO': it is there twice`},
		{"memory, memory", `entry 'memory': it is there twice`},
		{"memory, AUTO", `entry 'AUTO': AUTO and memory cannot stand together`},
		{"/dev/stdout, /dev/stdout", `entry '/dev/stdout': it is there twice`},
		{"syslog loghost", "what follows syslog must begin with @"},
		{"syslog @", "not the name of a host"},
		{"syslog @:514", "not the name of a host"},
		{"syslog @tcp:", "not the name of a host"},
		{"syslog @log host", "not the name of a host"},
		{"syslog @a/b", "not the name of a host"},
		{"syslog @tls:loghost:6514", "the protocol before it must be udp or tcp"},
		{"syslog @loghost:0", `port '0' is not a number from 1 to 65535`},
		{"syslog @loghost:65536", "is not a number from 1 to 65535"},
		{"syslog @loghost:", "is not a number from 1 to 65535"},
		{"syslog @loghost:log", `port 'log' is not a number from 1 to 65535`},
	} {
		_, err := parse(t, "[program:x]\ncommand=c\nstderr_logfile="+strings.ReplaceAll(c.value, "DIR", dir))
		wantError(t, err, c.want, "stderr_logfile", "on line 4 ", "allowed: AUTO, NONE")
	}
}

func TestACommaInALogNameIsSpokenOf(t *testing.T) {
	dir := t.TempDir()
	for value, want := range map[string]bool{
		"DIR/a,b.log": true, "DIR/a.log,DIR/b.log": false, "DIR/a.log, b.log": false, "/dev/stdout,auto": false, "/dev/stdout,memory": false,
		"DIR/a.log,syslog @h": false, "DIR/a.log": false,
	} {
		c := mustParse(t, "[program:x]\ncommand=c\nstdout_logfile="+strings.ReplaceAll(value, "DIR", dir))
		said := strings.Contains(fmt.Sprint(texts(c, Warn)), "the commas in stdout_logfile separate several targets")
		if said != want {
			t.Errorf("%s: spoken of %t, want %t", value, said, want)
		}
	}
}

func TestExtraTargetsWhereTheyCannotBe(t *testing.T) {
	dir := t.TempDir()
	p := program(t, "[eventlistener:x]\ncommand=c\nevents=EVENT\nstdout_logfile="+dir+"/a, syslog, /dev/stdout, syslog @h")
	if got := targets(&p.Stdout, dir); got != "DIR/a /dev/stdout" {
		t.Errorf("listener: %s", got)
	}
	p = program(t, "[program:x]\ncommand=c\nredirect_stderr=true\nstderr_logfile="+dir+"/a, /dev/stdout")
	if got := targets(&p.Stderr, dir); got != "NONE" {
		t.Errorf("redirected: %s", got)
	}
}

func TestLogOptions(t *testing.T) {
	show := func(p Program) string {
		return fmt.Sprint(p.LogFormat, p.LogTimestamp, p.SyslogFacility, p.SyslogTag, p.Stdout.SyslogSeverity, p.Stderr.SyslogSeverity,
			p.Stdout.RotateEvery, p.Stdout.Compress, p.Stderr.RotateEvery, p.Stderr.Compress)
	}
	for _, c := range []struct{ options, want string }{
		{"", "rawfalse1 6 6never falsenever false"},
		{"log_format=PREFIX", "prefixtrue1 6 6never falsenever false"},
		{"log_format=json\nlog_timestamp=false", "jsontrue1 6 6never falsenever false"},
		{"log_format=prefix\nlog_timestamp=false", "prefixfalse1 6 6never falsenever false"},
		{"log_timestamp=true", "rawtrue1 6 6never falsenever false"},
		{"syslog_facility=Local3\nsyslog_tag=%(program_name)s-%(process_num)d\nsyslog_stdout_priority=NOTICE\nsyslog_stderr_priority=error",
			"rawfalse19x-0 5 3never falsenever false"},
		{"stdout_logfile_rotate_every=day\nstderr_logfile_compress=yes", "rawfalse1 6 6day falsenever true"},
	} {
		got := strings.ReplaceAll(show(program(t, "[program:x]\ncommand=c\n"+c.options)), " \x00", "")
		if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(c.want, " ", "") {
			t.Errorf("%s: %s, want %s", c.options, got, c.want)
		}
	}
	for _, c := range []struct{ option, value, want string }{
		{"log_format", "jsn", `did you mean 'json'? (allowed: raw, prefix, json)`},
		{"log_format", "xml", "(allowed: raw, prefix, json)"},
		{"log_timestamp", "2", "allowed: true"},
		{"syslog_facility", "local8", `did you mean 'local0'? (allowed: kern, user, `},
		{"syslog_stdout_priority", "7", "(allowed: emerg, alert, "},
		{"syslog_stderr_priority", "critical", "(allowed: emerg, alert, "},
		{"stdout_logfile_rotate_every", "days", `did you mean 'day'? (allowed: never, hour, day, week)`},
		{"stderr_logfile_rotate_every", "24h", "(allowed: never, hour, day, week)"},
		{"stdout_logfile_compress", "gzip", "allowed: true"},
	} {
		_, err := parse(t, "[program:x]\ncommand=c\n"+c.option+"="+c.value)
		wantError(t, err, "on line 4 ", c.option, c.want)
	}
	l := mustParse(t, "[eventlistener:x]\ncommand=c\nevents=EVENT\npayload_length=Characters").Groups[0].Listener
	if !l.CountCharacters || mustParse(t, "[eventlistener:x]\ncommand=c\nevents=EVENT").Groups[0].Listener.CountCharacters {
		t.Errorf("%+v", l)
	}
	_, err := parse(t, "[eventlistener:x]\ncommand=c\nevents=EVENT\npayload_length=chars")
	wantError(t, err, "on line 5 ", "payload_length", "(allowed: bytes, characters)")
}

func TestMemoryIsForProgramsOnly(t *testing.T) {
	_, err := parse(t, "[supervisord]\nlogfile=memory\n")
	wantError(t, err, "logfile", "AUTO and memory are for programs", "on line 2 ")
}

func TestMissingLogDirectoriesAreAllowedWhenTheyAreMade(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"file": ""})
	c, err := parseIn(t, dir, "[supervisord]\nmake_log_dirs=true\nlogfile="+dir+"/a/main.log\n[program:x]\ncommand=c\nstdout_logfile="+dir+"/a/b/x.log\n")
	if err != nil || c.Supervisord.LogFile != dir+"/a/main.log" || c.Groups[0].Programs[0].Stdout.Path != dir+"/a/b/x.log" {
		t.Errorf("%v", err)
	}
	if isDir(dir + "/a") {
		t.Error("reading the configuration has made it")
	}
	for options, want := range map[string]string{
		"make_log_dirs=maybe\n":                                         "'maybe' for make_log_dirs",
		"make_log_dirs=true\nlogfile=" + dir + "/file/x.log":            dir + "/file is not a directory",
		"make_log_dirs=true\nlogfile=" + dir + "/new/":                  "it names no file",
		"logfile=" + dir + "/a/main.log":                                "make it, or set make_log_dirs=true",
		"make_log_dirs=true\npidfile=" + dir + "/a/main.pid":            "directory named as part of the path does not exist",
		"make_log_dirs=true\nchildlogdir=" + dir + "/a\nlogfile=syslog": "it is not an existing directory",
	} {
		_, err := parseIn(t, dir, "[supervisord]\n"+options)
		wantError(t, err, want)
	}
}
