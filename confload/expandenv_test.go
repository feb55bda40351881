package confload

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const dollarsOn = "[supervisord]\nexpand_env=true\n"

func TestDollarNamesAreExpandedWhenAskedFor(t *testing.T) {
	for text, want := range map[string]string{
		"$HOME/bin":      "/home/me/bin",
		"a${N}b":         "a7b",
		"$N$N":           "77",
		"$$N":            "$N",
		"$$$N":           "$7",
		"cost$5 $":       "cost$5 $",
		"$(date) $- '$'": "$(date) $- '$'",
		"%(ENV_N)s$N%%":  "77%",
		"$PCT":           "100%s", // what a name stands for is not expanded again
	} {
		if got := program(t, dollarsOn+"[program:x]\ncommand="+text).Command; got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
		if got := program(t, "[program:x]\ncommand="+strings.ReplaceAll(text, "%", "%%")).Command; got != text {
			t.Errorf("without expand_env %s: %q", text, got)
		}
	}
}

// The names are those of %(ENV_X)s: of the process, of environment files, of [supervisord] environment and, for the other options
// of a program, of its own.
func TestDollarNamesAreThoseOfENV(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"vars": "FROMFILE=f\n"})
	opts := testOptions(t)
	opts.EnvFiles = []string{dir + "/vars"}
	c, err := Parse(dir+"/s.conf", []byte(dollarsOn+"environment=GLOBAL=g\n[program:x]\nenvironment=OWN=\"o$GLOBAL\"\n"+
		"command=$N ${FROMFILE} $GLOBAL $OWN"), opts)
	if err != nil {
		t.Fatal(err)
	}
	if p := c.Groups[0].Programs[0]; p.Command != "7 f g og" || !slices.Contains(p.Environment, "OWN=og") {
		t.Errorf("%q %q", p.Command, p.Environment)
	}
}

func TestDollarNamesAreExpandedInAllFiles(t *testing.T) {
	dir := t.TempDir()
	opts := testOptions(t)
	opts.Environ = append(opts.Environ, "D="+dir+"/more", "PORT=9001")
	write(t, dir, map[string]string{
		"s.conf":        dollarsOn + "[include]\nfiles=$D/*.conf\n[inet_http_server]\nport=127.0.0.1:$PORT\n[supervisorctl]\nserverurl=http://h:${PORT}\n",
		"more/one.conf": "[program:x]\ncommand=$N\n",
	})
	c, err := Load(filepath.Join(dir, "s.conf"), opts)
	if err != nil {
		t.Fatal(err)
	}
	if c.Groups[0].Programs[0].Command != "7" || c.Servers[0].Port != 9001 || !c.Supervisord.ExpandEnv {
		t.Errorf("%+v", c)
	}
	if ctl, err := LoadCtl(filepath.Join(dir, "s.conf"), opts); err != nil || ctl.ServerURL != "http://h:9001" {
		t.Errorf("the client: %+v %v", ctl, err)
	}
}

func TestDollarErrorsSayWhereAndWhatToDo(t *testing.T) {
	for text, want := range map[string][]string{
		"[program:x]\ncommand=run ${NOPE}": {"line 4", "section 'program:x'", "program:x.command", "'NOPE'", "not defined", "write $$"},
		"[program:x]\ncommand=a${N":        {"badly formatted", "write $${"},
		"[program:x]\ncommand=a${5}":       {"badly formatted"},
		"[program:x]\ncommand=a${}":        {"badly formatted"},
	} {
		_, err := parse(t, dollarsOn+text)
		wantError(t, err, want...)
	}
	_, err := parse(t, "[supervisord]\nexpand_env=maybe\n[program:x]\ncommand=$NOPE")
	wantError(t, err, "'maybe' for expand_env", "allowed: true, yes", "line 2")
	for _, value := range []string{"A=\"x$hunter2\"", "A=\"${hunter2\""} { // a part of a password is not told
		_, err = parse(t, dollarsOn+"[program:x]\ncommand=c\nenvironment="+value)
		wantError(t, err, "program:x.environment", "$$")
	}
}

func TestExpandEnvBelongsIntoTheMainFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"s.conf": "[supervisord]\n[include]\nfiles=i.conf\n", "i.conf": dollarsOn})
	_, err := load(t, dir)
	wantError(t, err, "expand_env stands in an included file", "move it to [supervisord] of "+dir+"/s.conf", "line 2", dir+"/i.conf")
}

func TestDollarsArePrintedSoThatTheyAreReadAgain(t *testing.T) {
	c := check(t, dollarsOn+"[program:x]\ncommand=$$5 $N $\n")
	if c.Errors != nil {
		t.Fatal(c.Errors)
	}
	if p := program(t, c.Print()); p.Command != "$5 7 $" {
		t.Errorf("%q from\n%s", p.Command, c.Print())
	}
}

func TestConfFileIsOnePath(t *testing.T) {
	if p := program(t, "[program:x]\ncommand=c\nconf_file=~/%(program_name)s.conf"); !strings.HasSuffix(p.ConfFile, "/x.conf") || !filepath.IsAbs(p.ConfFile) {
		t.Errorf("%q", p.ConfFile)
	}
	_, err := parse(t, "[program:x]\ncommand=c\nconf_file=/a\n  /b")
	wantError(t, err, "for conf_file", "it is more than one line", "allowed: the path of a file", "line 4", "program:x")
}
