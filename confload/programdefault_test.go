package confload

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestProgramDefaultCountsForProgramsThatDoNotSayOtherwise(t *testing.T) {
	c := mustParse(t, `[supervisord]
[DEFAULT]
startsecs = 9
stopwaitsecs = 9
[fcgi-program:f]
command = c
socket = tcp://localhost:1
[program:a]
command = c
startsecs = 3
environment = OWN="1"
[eventlistener:l]
command = c
events = EVENT
[program:n]
numprocs = 1
[program-default]
command = /srv/%(program_name)s
startsecs = 5
priority = 7
numprocs = 2
process_name = %(program_name)s-%(process_num)d
environment = COMMON="%(process_num)d"
rlimit_nofile = 10
stopasgroup = true
`)
	got := map[string]*Program{}
	var names []string
	for i := range c.Groups {
		for j := range c.Groups[i].Programs {
			p := &c.Groups[i].Programs[j]
			got[p.Name] = p
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	if want := []string{"a-0", "a-1", "f-0", "f-1", "l", "n-0"}; !slices.Equal(names, want) {
		t.Fatalf("%q", names)
	}
	for name, want := range map[string]struct {
		command         string
		startSecs, prio int
		env             string
	}{
		"a-1": {"c", 3, 7, `OWN=1`},
		"f-1": {"c", 5, 7, `COMMON=1`},
		"n-0": {"/srv/n", 5, 7, `COMMON=0`},
		"l":   {"c", 9, 999, ""},
	} {
		p := got[name]
		if p.Command != want.command || p.StartSecs != want.startSecs || p.Priority != want.prio || p.StopWaitSecs != 9 ||
			strings.Join(p.Environment, ",") != want.env || (p.Limits[0] != nil) != (name != "l") || p.KillAsGroup != (name != "l") {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if c.Groups[0].Priority != -1 || c.Groups[1].Priority != 7 {
		t.Errorf("priorities of the groups: %+v", c.Groups)
	}
	for _, m := range c.Messages {
		if m.Level != Info {
			t.Errorf("%+v", m)
		}
	}
}

func TestErrorsNameProgramDefault(t *testing.T) {
	_, err := parse(t, "[supervisord]\n[program:a]\ncommand=c\n[program:b]\ncommand=c\n[program-default]\nstartsecs=soon\nnice=%(nope)s\n")
	wantError(t, err, "not a valid integer value: 'soon' for startsecs", "allowed: a whole number", "on line 7 in section 'program-default'", "s.conf")
	if n := strings.Count(err.Error(), "soon"); n != 1 {
		t.Errorf("told %d times: %v", n, err)
	}
	wantError(t, err, "on line 8 in section 'program-default'", "%(nope)s")
	c := mustParse(t, "[supervisord]\n[program:a]\ncommand=c\n[program-default]\nstartsec=1\nsocket=tcp://h:1\n[program-defaults]\n")
	var texts []string
	for _, m := range c.Messages {
		texts = append(texts, m.Text)
	}
	for _, want := range []string{"unknown option 'startsec' in section [program-default] is ignored; did you mean 'startsecs'?",
		"unknown option 'socket' in section [program-default] is ignored", "unknown section [program-defaults] is ignored; did you mean [program-default]?"} {
		if !strings.Contains(strings.Join(texts, "\n"), want) {
			t.Errorf("%q is not in %q", want, texts)
		}
	}
}

func TestDiffSeesProgramDefault(t *testing.T) {
	const programs = "[program:a]\ncommand=c\n[program:b]\ncommand=c\nstartsecs=2\n[eventlistener:l]\ncommand=c\nevents=EVENT\n"
	was := mustParse(t, programs)
	is := mustParse(t, programs+"[program-default]\nstartsecs=2\n")
	if d := Diff(was, is); !slices.Equal(d.Changed, []string{"a"}) || d.Added != nil || d.Removed != nil {
		t.Errorf("%+v", d)
	}
	if d := Diff(is, was); !slices.Equal(d.Changed, []string{"a"}) {
		t.Errorf("back: %+v", d)
	}
}

func TestPrintShowsWhereDefaultsOfProgramsComeFrom(t *testing.T) {
	c := check(t, `[supervisord]
[DEFAULT]
startsecs = 9
[program-default]
startsecs = 5
directory = /%(program_name)s
environment = TOKEN="hunter2"
odd = hunter2
[program:a]
command = c
[program:b]
command = c
startsecs = 1
[eventlistener:l]
command = c
events = EVENT
`)
	if c.Errors != nil {
		t.Fatal(c.Errors)
	}
	dir := filepath.Dir(c.Path)
	var lines []string
	for line := range strings.Lines(strings.ReplaceAll(c.Print(), dir, "DIR")) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	got := strings.Join(lines, "\n")
	want := `[supervisord] ; DIR/s.conf:1

[program-default] ; DIR/s.conf:4
startsecs = 5 ; DIR/s.conf:5
directory = /%(program_name)s ; DIR/s.conf:6
environment = TOKEN="***" ; DIR/s.conf:7
;odd = *** ; DIR/s.conf:8, ignored

[program:a] ; DIR/s.conf:9
command = c ; DIR/s.conf:10
startsecs = 5 ; DIR/s.conf:5
directory = /a ; DIR/s.conf:6
environment = TOKEN="***" ; DIR/s.conf:7

[program:b] ; DIR/s.conf:11
command = c ; DIR/s.conf:12
startsecs = 1 ; DIR/s.conf:13
directory = /b ; DIR/s.conf:6
environment = TOKEN="***" ; DIR/s.conf:7

[eventlistener:l] ; DIR/s.conf:14
command = c ; DIR/s.conf:15
events = EVENT ; DIR/s.conf:16
startsecs = 9 ; DIR/s.conf:3`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, sec := range c.Sections {
		for _, s := range sec.Settings {
			if s.Name == "directory" && s.Peer != PeerOnlySupd || sec.Name == "eventlistener:l" && s.Peer == PeerOnlySupd {
				t.Errorf("[%s] %s: %s", sec.Name, s.Name, s.Peer)
			}
		}
	}
	again, err := Parse(dir+"/s.conf", []byte(c.Print()), testOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	for i := range again.Groups {
		for j := range again.Groups[i].Programs {
			again.Groups[i].Programs[j].Environment = c.Config.Groups[i].Programs[j].Environment // masked
		}
	}
	if d := Diff(c.Config, again); !d.Empty() {
		t.Errorf("loaded again it is another configuration: %+v", d)
	}
}
