package confload

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// loadRuns loads a main file in dir with programs that were run.
func loadRuns(t *testing.T, dir, text string, runs ...Run) (*Config, error) {
	t.Helper()
	write(t, dir, map[string]string{"s.conf": text})
	o := testOptions(t)
	o.Runs = runs
	return Load(filepath.Join(dir, "s.conf"), o)
}

func TestARunIsReadAsASectionWouldBe(t *testing.T) {
	dir := t.TempDir()
	c, err := loadRuns(t, dir, "[supervisord]\n[program-default]\nstartsecs=7\nstartretries=8\n[program:a]\ncommand=c\n",
		Run{Name: "web", Command: []string{"/bin/echo", "100%", "%(here)s", "a b"}, Options: []string{"startsecs=9", "Directory = %(here)s/x",
			"environment=A=\"%(program_name)s\""}},
		Run{Name: "job", Group: "batch", Command: []string{"job"}, Options: []string{"numprocs=2", "process_name=%(program_name)s_%(process_num)d"}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range c.Groups {
		for j := range c.Groups[i].Programs {
			names = append(names, c.Groups[i].Programs[j].NameSpec())
		}
	}
	if want := []string{"a", "batch:job_0", "batch:job_1", "web"}; !slices.Equal(names, want) {
		t.Fatalf("programs %q, want %q", names, want)
	}
	web := c.Groups[2].Programs[0]
	if words, err := SplitCommand(web.Command); err != nil || !slices.Equal(words, []string{"/bin/echo", "100%", "%(here)s", "a b"}) {
		t.Errorf("command %q, %v", words, err)
	}
	if web.StartSecs != 9 || web.StartRetries != 8 || web.Directory != dir+"/x" || web.File != RunSource ||
		!slices.Equal(web.Environment, []string{"A=web"}) {
		t.Errorf("%+v", web)
	}
}

func TestAMistakeInARunIsRefusedAsOneInAFile(t *testing.T) {
	const file = "[supervisord]\n[program:a]\ncommand=c\n[group:g]\nprograms=b\n[program:b]\ncommand=c\n[eventlistener:ear]\ncommand=c\nevents=TICK_5\n"
	cat := []string{"/bin/cat"}
	for _, c := range []struct {
		run  Run
		says []string
	}{
		{Run{Name: "x", Command: cat, Options: []string{"startsecs=soon"}},
			[]string{"not a valid integer value: 'soon' for startsecs", "allowed: a whole number", "in section 'program:x' (file: 'run')"}},
		{Run{Name: "x", Command: cat, Options: []string{"startsec=1"}}, []string{"unknown option 'startsec'; did you mean 'startsecs'?", "(file: 'run')"}},
		{Run{Name: "x", Command: cat, Options: []string{"startsecs"}}, []string{"given as NAME=VALUE, not 'startsecs'"}},
		{Run{Name: "x", Command: cat, Options: []string{"nice=1", "NICE=2"}}, []string{"the option 'nice' is given twice"}},
		{Run{Name: "x", Command: cat, Options: []string{"command=/bin/sh"}}, []string{"the command stands behind --"}},
		{Run{Name: "x", Command: cat, Options: []string{"directory=%(nope)s"}}, []string{"contains the name 'nope'", "(file: 'run')"}},
		{Run{Name: "x", Command: cat, Options: []string{"depends_on=nobody"}}, []string{"depends on 'nobody', which is neither a program nor a group"}},
		{Run{Name: "x"}, []string{"there is no command"}},
		{Run{Name: "x", Command: []string{""}}, []string{"there is no command"}},
		{Run{Name: "x", Command: []string{"a\x00"}}, []string{"zero byte"}},
		{Run{Name: "a", Command: cat}, []string{"the name a is taken by [program:a]", "on line 2", "s.conf"}},
		{Run{Name: "b", Command: cat}, []string{"the name b is taken by [program:b]"}},
		{Run{Name: "g", Command: cat}, []string{"the name g is taken by [group:g]"}},
		{Run{Name: "ear", Command: cat}, []string{"the name ear is taken by [eventlistener:ear]"}},
		{Run{Name: "x", Group: "a", Command: cat}, []string{"the name a is taken by [program:a]"}},
		{Run{Name: "all", Command: cat}, []string{"not a valid name: 'all'"}},
		{Run{Name: "", Command: cat}, []string{"not a valid name: ''"}},
		{Run{Name: "../x", Command: cat}, []string{"not a valid name", "allowed: letters, digits"}},
		{Run{Name: "x y", Command: cat}, []string{"not a valid name"}},
		{Run{Name: "x*", Command: cat}, []string{"not a valid name"}},
		{Run{Name: "-x", Command: cat}, []string{"not a valid name"}},
		{Run{Name: "x", Group: "a:b", Command: cat}, []string{"not a valid name: 'a:b'"}},
	} {
		_, err := loadRuns(t, t.TempDir(), file, c.run)
		wantError(t, err, c.says...)
	}
	_, err := loadRuns(t, t.TempDir(), file, Run{Name: "x", Command: cat}, Run{Name: "x", Command: cat})
	wantError(t, err, "the name x is taken by [program:x]")
}

// commands are words that have been trouble somewhere.
var commands = [][]string{
	{"/bin/cat"}, {"sh", "-c", "echo 'a b'; exit 3 # not a comment"}, {"x", "", " ", "a;b", "a ;b", "a #b", ";", "#", ";;", " ; # "},
	{"x", `"`, `'`, `\`, `\\ `, `"'"`, "'a' ;'b'", "$HOME", "*", "~", "`id`"}, {"x", "two\nlines", "\n", "\n\n", "a \n  b", "a\n;b", "a\n[x]\n#"},
	{"x", "100%", "%(ENV_HOME)s", "%%", "%d"}, {"x", "tab\there", "世界", "\u00a0x", "a:b=c", "[y]", "=", ":"}, {"a b", "c"},
}

func TestCommandsAreFoundAgainAsTheyWereGiven(t *testing.T) {
	for _, words := range commands {
		dir := t.TempDir()
		run := Run{Name: "x", Command: words}
		c, err := loadRuns(t, dir, "[supervisord]\n", run)
		if err != nil {
			t.Errorf("%q: %v", words, err)
			continue
		}
		again := func(c *Config) {
			got, err := SplitCommand(c.Groups[0].Programs[0].Command)
			if err != nil || !slices.Equal(got, words) {
				t.Errorf("%q came back as %q, %v", words, got, err)
			}
		}
		again(c)
		text, err := run.Text()
		if err != nil {
			t.Errorf("%q: %v", words, err)
			continue
		}
		if c = mustParse(t, text); len(texts(c, Warn)) > 0 {
			t.Errorf("%q: %q\n%s", words, texts(c, Warn), text)
		}
		again(c)
	}
}

func FuzzJoinCommand(f *testing.F) {
	for _, words := range commands {
		f.Add(strings.Join(words, "\x01"))
	}
	f.Fuzz(func(t *testing.T, joined string) {
		words := strings.Split(joined, "\x01")
		text, err := JoinCommand(words)
		if err != nil {
			if words[0] != "" && !strings.Contains(joined, "\x00") {
				t.Fatalf("%q is refused: %v", words, err)
			}
			return
		}
		if got, err := SplitCommand(text); err != nil || !slices.Equal(got, words) {
			t.Fatalf("%q became %q, and that %q, %v", words, text, got, err)
		}
		run := Run{Name: "x", Command: words}
		if text, err = run.Text(); err != nil {
			return // it says so
		}
		c, err := Parse("/s.conf", []byte("[supervisord]\nchildlogdir=/\n"+text), Options{Environ: []string{}, Hostname: "box"})
		if err != nil {
			t.Fatalf("%q: %v\n%s", words, err, text)
		}
		if got, err := SplitCommand(c.Groups[0].Programs[0].Command); err != nil || !slices.Equal(got, words) {
			t.Fatalf("%q came out of a file as %q, %v\n%s", words, got, err, text)
		}
	})
}

func TestAWrittenRunIsTheSameProgram(t *testing.T) {
	dir := t.TempDir()
	run := Run{Name: "job", Group: "batch", Command: []string{"job", "a ;b"}, Options: []string{"environment=A=\"1\",\nB=\"2\"", "startsecs=3"}}
	text, err := run.Text()
	if err != nil {
		t.Fatal(err)
	}
	was, err := loadRuns(t, dir, "[supervisord]\n", run)
	if err != nil {
		t.Fatal(err)
	}
	is, err := loadRuns(t, dir, "[supervisord]\n"+text)
	if err != nil {
		t.Fatal(err)
	}
	if d := Diff(was, is); !d.Empty() {
		t.Errorf("%+v differs\n%s", d, text)
	}
	if !strings.HasPrefix(text, "; written by supd ctl run; supd ctl rm batch:job deletes this file\n") {
		t.Error(text)
	}
	for _, bad := range []string{"environment=A=\"a ;b\"", "directory=/a #b", "user=x\ry"} {
		run.Options = []string{bad}
		if text, err := run.Text(); err == nil || !strings.Contains(err.Error(), "cannot stand in a file") {
			t.Errorf("%q: %v\n%s", bad, err, text)
		}
	}
}

func TestOnlyWhatRunHasWrittenIsItsOwn(t *testing.T) {
	dir := t.TempDir()
	run := Run{Name: "web", Group: "g", Command: []string{"c"}}
	text, _ := run.Text()
	write(t, dir, map[string]string{"ours": text, "edited": text + "nice = 3\n", "more": text + "[program:x]\ncommand=c\n", "theirs": "[program:web]\ncommand=c\n"})
	for name, want := range map[string]bool{"ours": true, "edited": true, "more": false, "theirs": false, "missing": false} {
		if WrittenRun(filepath.Join(dir, name), "program:web") != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func TestWhereARunIsWritten(t *testing.T) {
	for _, c := range []struct{ files, want string }{
		{"conf.d/*.ini", "conf.d/web.ini"},
		{"conf.d/*.conf", "conf.d/web.conf"},
		{"a/x.ini b/*.conf c/*.ini", "b/web.conf"},
		{"*/*.ini d/w*", "d/web.ini"},
		{"%(here)s/e/web.ini", "e/web.ini"},
		{"conf.d/x*.ini", ""},
	} {
		dir := t.TempDir()
		conf, err := loadRuns(t, dir, "[supervisord]\n[include]\nfiles="+c.files+"\n")
		if err != nil {
			t.Fatal(err)
		}
		path, err := conf.PlaceFor("web")
		if c.want == "" {
			if err == nil || !strings.Contains(err.Error(), "[include]\nfiles = conf.d/*.ini") {
				t.Errorf("%s: %q, %v", c.files, path, err)
			}
		} else if path != filepath.Join(dir, c.want) || err != nil {
			t.Errorf("%s: %q, %v", c.files, path, err)
		}
	}
	conf, err := loadRuns(t, t.TempDir(), "[supervisord]\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conf.PlaceFor("web"); err == nil {
		t.Error("a place without [include]")
	}
}

func TestWhatAClientSetsWinsOverEnvironmentFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"env": "A=file\nB=file\n", "s.conf": "[supervisord]\nidentifier=%(ENV_A)s\n"})
	c, err := Load(filepath.Join(dir, "s.conf"), Options{Environ: []string{"A=process", "C=process"}, EnvFiles: []string{filepath.Join(dir, "env")},
		SetEnv: []string{"A=set", "D=set"}, TempDir: os.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(c.Environ, " "); got != "A=set C=process B=file D=set" || c.Supervisord.Identifier != "set" {
		t.Errorf("%q, identifier %q", got, c.Supervisord.Identifier)
	}
}

func TestAFileThatMayHoldASecretIsNobodyElsesToRead(t *testing.T) {
	for options, want := range map[string]os.FileMode{
		"autostart=false": 0o644, "Environment = PW=x": 0o600, "pre_start_hook=http://u:p@host/": 0o600, "ready=exec:/bin/true": 0o600,
		"liveness_check_script=http://host/ -H 'Token: x'": 0o600, "": 0o644,
	} {
		if got := (&Run{Options: []string{"priority=5", options}}).Mode(); got != want {
			t.Errorf("%s: %o", options, got)
		}
	}
}
