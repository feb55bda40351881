package confload

import (
	"fmt"
	"strings"
	"testing"
)

// told writes an update as a line: what is asked of the programs, by sign: + comes, - goes, ! restarts, = in place.
func told(u GroupUpdate) string {
	var parts []string
	sign := map[bool]string{true: "!", false: "="}
	switch {
	case u.New == nil:
		parts = append(parts, "goes")
	case u.Old == nil:
		parts = append(parts, "comes")
	case u.Whole:
		parts = append(parts, "whole")
	}
	if len(u.Options) > 0 {
		parts = append(parts, "("+strings.Join(u.Options, " ")+")")
	}
	for _, p := range u.Programs {
		switch {
		case p.New == nil:
			parts = append(parts, "-"+p.Old.Name)
		case p.Old == nil:
			parts = append(parts, "+"+p.New.Name)
		default:
			parts = append(parts, fmt.Sprintf("%s%s(%s)", sign[p.Restart], p.New.Name, strings.Join(p.Options, " ")))
		}
	}
	return u.Name + ": " + strings.Join(parts, " ")
}

func TestUpdatesAreTheSmallestChange(t *testing.T) {
	const a, b = "[program:a]\ncommand=c\n", "[program:b]\ncommand=c\n"
	const g = a + b + "[group:g]\nprograms=a,b\n"
	const many = "[program:a]\ncommand=c\nprocess_name=%(process_num)d\n"
	const ear = "[eventlistener:a]\ncommand=c\nevents=EVENT\n"
	const fcgi = "[fcgi-program:a]\ncommand=c\nsocket=tcp://h:1\n"
	for _, c := range []struct{ name, old, new, want string }{
		{"nothing", g, g, ""},
		{"in place", g, strings.Replace(g, "=c\n", "=c\nstartsecs=7\nautorestart=true\n", 1), "g: =a(autorestart startsecs)"},
		{"restart", g, strings.Replace(g, "=c\n", "=d\nstartsecs=7\n", 1), "g: !a(command startsecs)"},
		{"a member comes", g, g + "[program:c]\ncommand=c\n[group:g]\nprograms=a,b,c", "g: +c"},
		{"a member goes", g, strings.Replace(g, "a,b", "b", 1), "a: comes | g: -a"},
		{"order of members", g, strings.Replace(g, "a,b", "b,a", 1), "g: (programs)"},
		{"options of the group", g, g + "strategy=one_for_all\nintensity=3\npriority=4", "g: (priority strategy intensity)"},
		{"priority of a program", a, a + "priority=3", "a: (priority) =a(priority)"},
		{"more processes", many, many + "numprocs=3", "a: +1 +2"},
		{"fewer processes", many + "numprocs=3", many, "a: -1 -2"},
		{"a command with the number", many + "numprocs=1\nenvironment=N=%(numprocs)s", many + "numprocs=2\nenvironment=N=%(numprocs)s",
			"a: !0(environment) +1"},
		{"environment of all", a, "[supervisord]\nenvironment=A=1\n" + a, "a: !a(environment)"},
		{"groups come and go", a, b, "a: goes | b: comes"},
		{"pool", ear, strings.Replace(ear, "EVENT", "TICK", 1), "a: whole (events)"},
		{"program of a pool", ear, ear + "startsecs=7", "a: whole"},
		{"fcgi", fcgi, fcgi + "startsecs=7", "a: whole"},
		{"a program becomes fcgi", "[program:a]\ncommand=c", fcgi, "a: whole (kind)"},
	} {
		var got []string
		for _, u := range Updates(mustParse(t, c.old), mustParse(t, c.new)) {
			got = append(got, told(u))
		}
		if s := strings.Join(got, " | "); s != c.want {
			t.Errorf("%s: %s; want %s", c.name, s, c.want)
		}
	}
}

// Every option of a program says what a change of it needs, and Updates acts on that.
func TestEachOptionOfAProgramHasAnEffect(t *testing.T) {
	a := mustParse(t, "[program:a]\ncommand=c\n")
	for _, o := range programTable {
		if o.Effect != EffectProgram && o.Effect != EffectInPlace {
			t.Errorf("%s: %s", o.Name, o.Effect)
		}
	}
	for value, restart := range map[string]bool{"directory=/": true, "umask=077": true, "rlimit_nofile=7": true, "ready=notify": true,
		"stdout_logfile=NONE": true, "exitcodes=7": false, "stopsignal=INT": false, "stopwaitsecs=7": false, "backoff=constant": false,
		"liveness_check_script=tcp://h:1": false, "cron=@daily\nstartsecs=1\nautorestart=unexpected": false, "pre_stop_hook=x": false,
		"restart_when_binary_changed=true": false, "restart_memory_limit=1MB": false} {
		u := Updates(a, mustParse(t, "[program:a]\ncommand=c\n"+value))
		if len(u) != 1 || len(u[0].Programs) != 1 || u[0].Programs[0].Restart != restart {
			t.Errorf("%s: %+v", value, u)
		}
	}
}
