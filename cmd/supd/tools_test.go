package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// called runs the program as it would be called and returns what it printed and its exit status.
func called(name string, args ...string) (stdout, stderr string, status int) {
	var out, err strings.Builder
	status = run(name, args, &out, &err)
	return out.String(), err.String(), status
}

func TestVersionCommand(t *testing.T) {
	if out, _, status := called("supd", "version"); out != version+"\n" || status != 0 {
		t.Errorf("status %d: %q", status, out)
	}
	out, _, status := called("supd", "version", "-o", "json")
	var v map[string]string
	if err := json.Unmarshal([]byte(out), &v); err != nil || status != 0 {
		t.Fatalf("status %d: %q: %v", status, out, err)
	}
	want := map[string]string{"version": version, "interface": interfaceVersion, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH}
	for k, w := range want {
		if v[k] != w {
			t.Errorf("%s is %q, want %q", k, v[k], w)
		}
	}
	if _, errs, status := called("supd", "version", "-o", "xml"); status != exitUsage || !strings.Contains(errs, "the format must be text or json") {
		t.Errorf("status %d: %s", status, errs)
	}
}

func TestUnknownWordsSayWhatWasMeant(t *testing.T) {
	dir := t.TempDir()
	conf := writeFile(t, dir, "web", "[supervisord]\n")
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"status"}, `there is no command "status"; the client has one: supd ctl status`},
		{[]string{"restart", "web"}, "supd ctl restart"},
		{[]string{"-n", "status"}, "supd ctl status"},
		{[]string{conf}, "to run the configuration file of that name: supd -c " + conf},
		{[]string{"missing.conf"}, "no file of that name; to run a configuration file: supd -c FILE"},
		{[]string{"chekc"}, "did you mean supd check?"},
		{[]string{"statsu"}, "did you mean supd ctl status?"},
		{[]string{"help", "chekc"}, "did you mean supd check?"},
		{[]string{"check", "a", "b"}, "one file at a time"},
		{[]string{"init", "file"}, "supd init -o file"},
	} {
		out, errs, status := called("supd", c.args...)
		if status != exitUsage || out != "" || !strings.Contains(errs, c.says) || !strings.HasPrefix(errs, "Error: ") {
			t.Errorf("%q: status %d: %s%s", c.args, status, out, errs)
		}
	}
	if _, errs, _ := called("supd", "xyzzy"); strings.Contains(errs, "did you mean") {
		t.Error(errs)
	}
}

func TestHelpOfEachName(t *testing.T) {
	supd, _, _ := called("supd", "--help")
	for _, c := range subcommands {
		if !strings.Contains(supd, c.name) || !strings.Contains(supd, c.help) {
			t.Errorf("supd --help does not list %s", c.name)
		}
		byFlag, _, status := called("supd", c.name, "--help")
		byWord, _, _ := called("supd", "help", c.name)
		if c.name == "help" {
			if status != 0 || byFlag != supd {
				t.Errorf("supd help --help: status %d\n%s", status, byFlag)
			}
			continue
		}
		if status != 0 || byFlag != byWord || !strings.Contains(byFlag, "supd "+c.name) || strings.Contains(byFlag, c.name+" "+c.name) {
			t.Errorf("supd help %s: status %d\n%s\nor\n%s", c.name, status, byFlag, byWord)
		}
	}
	for _, want := range []string{"in the foreground unless -d", "supd -c supervisord.conf -d", "supd ctl status", "--env-file FILE", "-n, --nodaemon  "} {
		if !strings.Contains(supd, want) {
			t.Errorf("supd --help does not say %q:\n%s", want, supd)
		}
	}
	linked, _, status := called("supervisord", "-h")
	for _, want := range []string{"in the background unless -n", "supervisord -c supervisord.conf -n", "-d, --directory DIR", "supervisorctl status"} {
		if status != 0 || !strings.Contains(linked, want) {
			t.Errorf("supervisord -h does not say %q:\n%s", want, linked)
		}
	}
	for _, wrong := range []string{"supd ctl", "supd -c", "--daemon", "what supd does anyway"} {
		if strings.Contains(linked, wrong) {
			t.Errorf("supervisord -h says %q, which is another program's way:\n%s", wrong, linked)
		}
	}
	for _, sub := range subcommands {
		if strings.Contains(linked, "\n  "+sub.name+" ") {
			t.Errorf("supervisord -h lists the command %s", sub.name)
		}
	}
}

func TestInit(t *testing.T) {
	out, _, status := called("supd", "init")
	if status != 0 || out != confload.Sample(false) {
		t.Errorf("status %d: %q", status, out)
	}
	if out, _, status := called("echo_supervisord_conf"); status != 0 || out != confload.Sample(false) {
		t.Errorf("echo_supervisord_conf: status %d: %q", status, out)
	}
	if out, _, _ := called("supd", "init", "--minimal"); out != confload.Sample(true) {
		t.Errorf("%q", out)
	}
	path := filepath.Join(t.TempDir(), "s.conf")
	if out, errs, status := called("supd", "init", "-o", path); status != 0 || out != "wrote "+path+"\n" || read(t, path) != confload.Sample(false) {
		t.Errorf("status %d: %s%s", status, out, errs)
	}
	writeFile(t, filepath.Dir(path), "s.conf", "mine")
	if _, errs, status := called("supd", "init", "-o", path); status != exitUsage || read(t, path) != "mine" || !strings.Contains(errs, "was not touched") {
		t.Errorf("status %d: %s", status, errs)
	}
	if _, errs, status := called("supd", "init", "-o", path, "--force", "--minimal"); status != 0 || read(t, path) != confload.Sample(true) {
		t.Errorf("status %d: %s", status, errs)
	}
	if _, errs, status := called("supd", "init", "-o", "/no/such/dir/x"); status != exitUsage || !strings.Contains(errs, "/no/such/dir/x") {
		t.Errorf("status %d: %s", status, errs)
	}
	if _, errs, status := called("supd", "init", "--force"); status != exitUsage || !strings.Contains(errs, "-o") {
		t.Errorf("status %d: %s", status, errs)
	}
}

// TestSampleRunsOnBoth starts supd and supervisord on the sample with its program switched on.
func TestSampleRunsOnBoth(t *testing.T) {
	for _, minimal := range []bool{false, true} {
		for _, daemon := range [][]string{{supdBinary}, {peer(t, "supervisord"), "-n"}} {
			dir := t.TempDir()
			text := strings.NewReplacer("/tmp/", dir+"/", ";[program:example]", "[program:example]", ";command = /bin/cat\n", "command = /bin/cat\n").
				Replace(confload.Sample(minimal))
			if strings.Count(text, "\ncommand = ") > 1 { // the other sections that have one are off
				first := strings.Index(text, "\ncommand = ") + 1
				text = text[:first] + strings.ReplaceAll(text[first:], "\ncommand = ", "\n;command = ")
			}
			conf := writeFile(t, dir, "s.conf", text)
			b := startDaemon(t, up, daemon[0], append(daemon[1:], "-c", conf)...)
			b.out.WaitFor(t, "success: example entered RUNNING state")
			if out, status := runTool(t, dir, peer(t, "supervisorctl"), "-c", conf, "status"); status != 0 || !strings.HasPrefix(out, "example ") {
				t.Errorf("%q: status %d: %s", daemon, status, out)
			}
		}
	}
}

func TestCheckCommand(t *testing.T) {
	dir := t.TempDir()
	good := writeFile(t, dir, "good.conf", "[supervisord]\n[program:web]\ncommand=/bin/cat %(ENV_HOME)s\nstdout_logfile=NONE\n")
	warned := writeFile(t, dir, "warned.conf", "[supervisord]\nodd=1\n")
	bad := writeFile(t, dir, "bad.conf", "[supervisord]\nloglevel=loud\n[program:web]\ncomand=/bin/cat\nautostart=perhaps\n[include]\nfiles=more.ini\n")
	more := writeFile(t, dir, "more.ini", "[program:db]\ncommand=true\nstartsecs=x\n")
	note := good + ":1: note: supd ctl and supervisorctl cannot steer this supervisor, there is no server section; " +
		"add the lines '[unix_http_server]' and 'file = /tmp/supd.sock'\n"
	for _, c := range []struct {
		args   []string
		status int
		out    string
	}{
		{[]string{good}, 0, note + good + ": ok\n"},
		{[]string{"-c", good}, 0, note + good + ": ok\n"},
		{[]string{"--strict", good}, 0, note + good + ": ok\n"},
		{[]string{warned}, 0, warned + ":2: warning: unknown option 'odd' in section [supervisord] is ignored\n" + warned + ": ok, 1 warning\n"},
		{[]string{"--strict", warned}, exitStrict, warned + ":2: warning: unknown option 'odd' in section [supervisord] is ignored\n" + warned + ": ok, 1 warning\n"},
		{[]string{bad}, exitUsage, bad + ":2: error: not a valid log level value: 'loud' for loglevel (allowed: critical, error, warn, info, debug, trace, blather)\n" +
			bad + ":3: error: program section program:web does not specify a command; line 4 says 'comand', did you mean 'command'?\n" +
			bad + ":4: warning: unknown option 'comand' in section [program:web] is ignored; did you mean 'command'?\n" +
			bad + ":5: error: not a valid boolean value: 'perhaps' for autostart (allowed: true, yes, on, 1, false, no, off, 0)\n" +
			more + ":3: error: not a valid integer value: 'x' for startsecs (allowed: a whole number)\n" +
			bad + ": 4 errors, 1 warning\n"},
		{[]string{"--against", "supervisord", good}, 0, note + good + ":3: [program:web] command: same\n" +
			good + ":4: [program:web] stdout_logfile: better: expanded once: a percent sign is %% here as everywhere, not %%%%; a list, syslog servers, and memory\n" +
			good + ": ok, 1 option same, 1 option better\n"},
		{[]string{"--against", "supervisord", warned}, 0, warned + ":2: warning: unknown option 'odd' in section [supervisord] is ignored\n" +
			warned + ":2: [supervisord] odd: ignored by both\n" + warned + ": ok, 1 warning, 1 option ignored by both\n"},
	} {
		out, errs, status := called("supd", append([]string{"check"}, c.args...)...)
		if status != c.status || out != c.out || errs != "" {
			t.Errorf("%q: status %d, want %d\n%s%s\nwant\n%s", c.args, status, c.status, out, errs, c.out)
		}
	}
	out, errs, status := called("supd", "check", "--print", warned)
	if status != 0 || !strings.HasPrefix(out, "[supervisord] ") || !strings.Contains(errs, ": ok, 1 warning") {
		t.Errorf("--print: status %d\n%s\n%s", status, out, errs)
	}
	for _, args := range [][]string{{"/no/such/file"}, {"--against", "systemd", good}, {"-c", good, bad}, {"--nope"}} {
		if _, errs, status := called("supd", append([]string{"check"}, args...)...); status != exitUsage || !strings.HasPrefix(errs, "Error: ") {
			t.Errorf("%q: status %d: %s", args, status, errs)
		}
	}
}

func TestCheckAsJSON(t *testing.T) {
	bad := writeFile(t, t.TempDir(), "bad.conf", "[supervisord]\nloglevel=loud\nodd=1\n")
	out, _, status := called("supd", "check", "-o", "json", "--against", "supervisord", "--print", bad)
	var r checkReport
	if err := json.Unmarshal([]byte(out), &r); err != nil || status != exitUsage {
		t.Fatalf("status %d: %v\n%s", status, err, out)
	}
	if r.File != bad || r.OK || r.Errors != 1 || r.Warnings != 1 || len(r.Problems) != 2 || len(r.Options) != 2 || !strings.Contains(r.Configuration, "[supervisord]") {
		t.Errorf("%+v", r)
	}
	if p := r.Problems[0]; p.File != bad || p.Line != 2 || p.Level != "error" || p.Section != "supervisord" || p.Option != "loglevel" || p.Text == "" {
		t.Errorf("%+v", p)
	}
	good := writeFile(t, t.TempDir(), "good.conf", "[supervisord]\n")
	if out, _, _ := called("supd", "check", "-o", "json", good); !strings.Contains(out, `"problems": []`) || !strings.Contains(out, `"ok": true`) {
		t.Error(out)
	}
}

// TestSupervisordsOwnFilesGetNoWarning: what supervisord comes with is a configuration that can be steered.
func TestSupervisordsOwnFilesGetNoWarning(t *testing.T) {
	dir := t.TempDir()
	sample, _ := runTool(t, dir, peer(t, "echo_supervisord_conf"))
	debian := strings.ReplaceAll(read(t, "/etc/supervisor/supervisord.conf"), "/etc/supervisor/conf.d/*.conf", "more/*.ini")
	writeFile(t, dir, "x", "")
	if err := os.Mkdir(filepath.Join(dir, "more"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "more/x.ini", "[program:x]\ncommand=/bin/cat\n")
	for name, text := range map[string]string{"sample": sample, "debian": debian} {
		conf := writeFile(t, dir, name, strings.ReplaceAll(strings.ReplaceAll(text, "/var/log/supervisor", dir), "/var/run", dir))
		if out, errs, status := called("supd", "check", "--strict", conf); status != 0 || out != conf+": ok\n" {
			t.Errorf("%s: status %d\n%s%s", name, status, out, errs)
		}
	}
}

// TestAFileThatCannotBeSteeredSaysSoAtStart: the five lines of somebody who has never used supervisord.
func TestAFileThatCannotBeSteeredSaysSoAtStart(t *testing.T) {
	dir := t.TempDir()
	conf := writeFile(t, dir, "web.conf", "[supervisord]\nlogfile=%(here)s/log\npidfile=%(here)s/pid\n[unix_http_server]\nfile="+dir+"/sock\n[program:web]\ncommand=/bin/cat\n")
	b := startDaemon(t, up, supdBinary, "-c", conf)
	lines := linesWith(b.out.String(), "add the lines")
	for _, want := range []string{
		"add the lines '[rpcinterface:supervisor]' and 'supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface'",
		"add the lines '[supervisorctl]' and 'serverurl = unix://" + dir + "/sock'",
	} {
		if !strings.Contains(lines, want) {
			t.Errorf("no advice %q in\n%s", want, b.out)
		}
	}
	text := read(t, conf)
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") { // do what it says
		_, add, ok := strings.Cut(line, "add the lines '")
		if !ok {
			continue
		}
		header, rest, _ := strings.Cut(add, "' and '")
		option, _, _ := strings.Cut(rest, "'")
		text += header + "\n" + option + "\n"
	}
	writeFile(t, dir, "web.conf", text)
	b.signal(syscall.SIGHUP)
	b.waitForStarts(2)
	proctest.Eventually(t, "an answer", func() (string, bool) {
		out, status := ctlIn(t, conf, "pid", "web")
		return out, status == 0
	})
}

func linesWith(text, with string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if strings.Contains(line, with) {
			out.WriteString(line)
		}
	}
	return out.String()
}

func TestASocketInAMissingDirectorySaysWhatToDo(t *testing.T) {
	dir, conf := site(t, "")
	writeFile(t, dir, "conf", strings.ReplaceAll(read(t, conf), "/sock", "/run/sock"))
	out, status := runTool(t, dir, supdBinary, "-c", conf)
	if status != exitUsage || !strings.Contains(out, "mkdir -p "+dir+"/run ("+conf+":6)") {
		t.Errorf("status %d: %s", status, out)
	}
}

func TestEnvFileReachesExpressionsAndPrograms(t *testing.T) {
	dir, conf := site(t, "[program:p]\ncommand=/bin/sh -c 'echo \"$WORD\" > \"$0\"; exec cat' %(here)s/%(ENV_WORD)s\n")
	first := writeFile(t, dir, "1.env", "WORD=nobody\n")
	second := writeFile(t, dir, "2.env", "export WORD=\"hello\" # a word")
	t.Setenv("WORD", "environment")
	b := startDaemon(t, up, supdBinary, "-c", conf, "--env-file", first, "--env-file="+second)
	proctest.Eventually(t, "the program to write", func() (string, bool) {
		out, _ := os.ReadFile(dir + "/hello")
		return string(out), string(out) == "hello\n"
	})
	writeFile(t, dir, "2.env", "WORD='bye'\n'")
	b.signal(syscall.SIGHUP)
	b.out.WaitFor(t, second+"'")
	if out := b.out.String(); !strings.Contains(out, "a line must be KEY=VALUE or a # comment on line 2") {
		t.Errorf("a bad file at a soft restart:\n%s", out)
	}
	writeFile(t, dir, "2.env", "WORD='bye'\n")
	b.signal(syscall.SIGHUP)
	proctest.Eventually(t, "the program to write", func() (string, bool) {
		out, _ := os.ReadFile(dir + "/bye")
		return string(out), string(out) == "bye\n"
	})
	if out, status := runTool(t, dir, supdBinary, "-c", conf, "--env-file", "none"); status != exitUsage || !strings.Contains(out, "could not read the environment file "+dir+"/none") {
		t.Errorf("status %d: %s", status, out)
	}
}
