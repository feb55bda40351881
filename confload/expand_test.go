package confload

import (
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"testing"
)

func testScope() scope {
	return scope{names: namesPerProcess, here: "/etc/x", host: "box", program: "web", group: "grp", num: 7, procs: 12,
		env: []map[string]string{{"PATH": "/bin", "SECRET": "old", "PCT": "100%s%(here)s"}, {"SECRET": "hunter2", "a(b)c": "paren"}}}
}

func TestExpand(t *testing.T) {
	for _, c := range []struct{ format, want, shown string }{
		{"plain", "plain", ""},
		{"%(here)s/log", "/etc/x/log", ""},
		{"%(program_name)s_%(process_num)02d", "web_07", ""},
		{"%(process_num)s of %(numprocs)d in %(group_name)s@%(host_node_name)s", "7 of 12 in grp@box", ""},
		{"100%%", "100%", ""},
		{"%%(here)s", "%(here)s", ""},
		{"%(ENV_PATH)s:x", "/bin:x", "%(ENV_PATH)s:x"},
		{"%(ENV_PCT)s", "100%s%(here)s", "%(ENV_PCT)s"},
		{"%(ENV_SECRET)s", "hunter2", "%(ENV_SECRET)s"},
		{"%(ENV_a(b)c)s", "paren", "%(ENV_a(b)c)s"},
		{"%(process_num)x %(process_num)o %(numprocs)X %(numprocs)#x %(numprocs)#o", "7 7 C 0xc 0o14", ""},
		{"%(here)10s|%(here)-10s|%(here).2s", "    /etc/x|/etc/x    |/e", ""},
		{"%(numprocs)+05ld", "+0012", ""},
	} {
		sc := testScope()
		v, err := sc.expand(c.format)
		if c.shown == "" {
			c.shown = c.want
		}
		if err != nil || v.text != c.want || v.shown != c.shown {
			t.Errorf("%q: %+v, %v; want %q shown as %q", c.format, v, err, c.want, c.shown)
		}
	}
}

func TestExpandRefuses(t *testing.T) {
	for _, c := range []struct {
		format  string
		unknown string // name, "" for a bad format
	}{
		{"date +%s", ""},
		{"%r", ""},
		{"%h", ""},
		{"%d", ""},
		{"100%", ""},
		{"%(here", ""},
		{"%(here)", ""},
		{"%(here)d", ""},
		{"%(here)r", ""},
		{"%(here)*s", ""},
		{"%(here)%", ""},
		{"%5%", ""},
		{"%(here)99999999999s", ""},
		{"%(process_num)y", ""},
		{"%(nope)s", "nope"},
		{"%(ENV_NOPE)s", "ENV_NOPE"},
		{"%(Here)s", "Here"},
		{"%()s", ""},
	} {
		sc := testScope()
		v, err := sc.expand(c.format)
		var u *unknownName
		is := errors.As(err, &u)
		if err == nil || is != (c.unknown != "" || c.format == "%()s") || is && u.name != c.unknown {
			t.Errorf("%q: %+v, %v; want the unknown name %q", c.format, v, err, c.unknown)
		}
	}
}

func TestExpandAgreesWithPython(t *testing.T) {
	rng := rand.New(rand.NewSource(4))
	parts := []string{"%(here)", "%(process_num)", "%(numprocs)", "%(ENV_PCT)", "%(nope)", "%%", "%", "s", "s", "d", "x", "X", "o", "i", "u",
		"0", "5", "12", ".3", "-", "+", " ", "#", "é", "text", "l", "(", ")"}
	var texts []string
	for range 20000 {
		var b strings.Builder
		for range rng.Intn(8) {
			b.WriteString(parts[rng.Intn(len(parts))])
		}
		texts = append(texts, b.String())
	}
	sc := testScope()
	names := map[string]any{"here": sc.here, "process_num": sc.num, "numprocs": sc.procs, "ENV_PCT": sc.env[0]["PCT"]}
	questions := make([][]any, len(texts))
	for i, s := range texts {
		questions[i] = []any{"expand", s, names}
	}
	good := 0
	for i, a := range ask(t, questions) {
		got, err := sc.expand(texts[i])
		if a.Err != nil {
			if err == nil {
				t.Errorf("%q: %q; Python: %s", texts[i], got.text, *a.Err)
			}
			continue
		}
		var want string
		a.into(t, &want)
		if err != nil && strings.Contains(err.Error(), "names nothing") {
			continue // bare %s: Python shows the whole mapping
		}
		if err != nil || got.text != want {
			t.Errorf("%q: %q, %v; Python: %q", texts[i], got.text, err, want)
		}
		good++
	}
	if good < 3000 {
		t.Errorf("only %d formats were good", good)
	}
}

// TestNamesOfEachOption goes through compat.md §1.4: where which %(NAME) is known.
func TestNamesOfEachOption(t *testing.T) {
	all := []string{"here", "host_node_name", "program_name", "group_name", "process_num", "numprocs", "ENV_N"}
	here := []string{"here", "ENV_N"}
	section := []string{"here", "host_node_name", "program_name", "group_name", "ENV_N"}
	rows := []struct {
		section string // the text around; %s is where the option goes
		option  string
		names   []string
	}{
		{"[supervisord]\n%s", "environment", []string{"here", "host_node_name", "ENV_N"}},
		{"[supervisord]\n%s", "identifier", here},
		{"[supervisord]\nlogfile_backups=1\n%s", "loglevel", here},
		{"[unix_http_server]\n%s", "file", here},
		{"[unix_http_server]\nfile=/tmp/s\nusername=u\n%s", "password", []string{"ENV_N"}},
		{"[inet_http_server]\nport=1\nusername=u\n%s", "password", []string{"ENV_N"}},
		{"[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=" + mainFactory + "\n%s", "other", []string{"ENV_N"}},
		{"[group:g]\n%s", "programs", here},
		{"[group:g]\n%s", "priority", here},
		{"[eventlistener:x]\ncommand=c\n%s", "events", here},
		{"[eventlistener:x]\ncommand=c\nevents=TICK_5\n%s", "buffer_size", here},
		{"[eventlistener:x]\ncommand=c\nevents=TICK_5\n%s", "payload_length", here},
		{"[fcgi-program:x]\ncommand=c\n%s", "socket", []string{"here", "program_name", "ENV_N"}},
		{"[fcgi-program:x]\ncommand=c\nsocket=unix:///tmp/s\n%s", "socket_mode", here},
		{"[fcgi-program:x]\ncommand=c\nsocket=unix:///tmp/s\n%s", "socket_owner", here},
		{"[program:x]\ncommand=c\n%s", "priority", section},
		{"[program:x]\ncommand=c\n%s", "startsecs", section},
		{"[program:x]\ncommand=c\n%s", "numprocs", section},
		{"[program:x]\ncommand=c\n%s", "serverurl", section},
		{"[program:x]\ncommand=c\n%s", "stdout_capture_maxbytes", section},
		{"[program:x]\n%s", "command", all},
		{"[program:x]\ncommand=c\n%s", "environment", all},
		{"[program:x]\ncommand=c\n%s", "directory", all},
		{"[program:x]\ncommand=c\n%s", "stdout_logfile", all},
		{"[program:x]\ncommand=c\n%s", "stderr_logfile_maxbytes", all},
		{"[program:x]\ncommand=c\n%s", "stdout_syslog", all},
		{"[program:x]\ncommand=c\n%s", "process_name", all},
	}
	for _, row := range rows {
		for _, name := range append(all, "nope") {
			known := false
			for _, n := range row.names {
				known = known || n == name
			}
			// The value may be of the wrong type: then the error is another one.
			line := fmt.Sprintf("%s=A%%(%s)s", row.option, name)
			if row.option == "environment" {
				line = fmt.Sprintf("environment=A=%%(%s)s", name)
			}
			_, err := parse(t, strings.Replace(row.section, "%s", line, 1))
			refused := err != nil && strings.Contains(err.Error(), "cannot be expanded")
			if refused == known {
				t.Errorf("%s in\n%s: %v", name, row.section, err)
			}
			if refused && (!strings.Contains(err.Error(), "."+row.option+"'") || !strings.Contains(err.Error(), "ENV_HOME, ENV_N, ENV_PCT, ENV_SECRET")) {
				t.Errorf("the error does not name the option and the names: %v", err)
			}
		}
	}
}

func TestExpansionErrorText(t *testing.T) {
	_, err := parse(t, "[program:x]\ncommand=%(foo)s/bin")
	wantError(t, err, "'%(foo)s/bin'", "'program:x.command'", "'foo'",
		"available names: ENV_HOME, ENV_N, ENV_PCT, ENV_SECRET, group_name, here, host_node_name, numprocs, process_num, program_name",
		"on line 3", "in section 'program:x'", "(file: '")
	_, err = parse(t, "[program:x]\ncommand=date +%s")
	wantError(t, err, "'date +%s'", "badly formatted")
	_, err = parse(t, "[unix_http_server]\nfile=/tmp/x\nusername=u\npassword=hunter2%x")
	wantError(t, err, "'unix_http_server.password'", "badly formatted")
}

func TestEnvironmentNamesAreKnownToWhatFollows(t *testing.T) {
	c := mustParse(t, `
[supervisord]
environment=A="1",N="8"
[unix_http_server]
file=/tmp/%(ENV_A)s.sock
[program:web]
numprocs=2
process_name=%(ENV_OWN)s_%(process_num)d
environment=OWN="p%(process_num)d%(ENV_A)s",N="9"
command=%(ENV_OWN)s %(ENV_A)s %(ENV_N)s %(ENV_PCT)s
startsecs=%(ENV_N)s
stdout_logfile=/tmp/100%%%(ENV_PCT)s
[program:zzz]
command=%(ENV_N)s
`)
	if c.Servers[0].Path != "/tmp/1.sock" {
		t.Errorf("server at %s", c.Servers[0].Path)
	}
	p := c.Groups[0].Programs[1]
	if p.Command != "p11 1 9 100%s" || p.Name != "p11_1" || p.StartSecs != 8 || p.Stdout.Path != "/tmp/100%100%s" {
		t.Errorf("%+v", p)
	}
	if got := strings.Join(p.Environment, " "); got != "A=1 N=9 OWN=p11" {
		t.Errorf("environment %s", got)
	}
	if got := c.Groups[1].Programs[0].Command; got != "8" {
		t.Errorf("another program sees %s", got)
	}
	_, err := parse(t, "[program:x]\ncommand=c\nenvironment=A=\"1\",B=\"%(ENV_A)s\"")
	wantError(t, err, "'ENV_A'", "'program:x.environment'")
}

func TestKnownEnvStaysDefined(t *testing.T) {
	o := testOptions(t)
	o.KnownEnv = []string{"GONE=1", "N=before"}
	c, err := Parse("/x/s.conf", []byte("[supervisord]\nidentifier=%(ENV_GONE)s%(ENV_N)s"), o)
	if err != nil || c.Supervisord.Identifier != "1before" {
		t.Errorf("%+v, %v", c, err)
	}
}
