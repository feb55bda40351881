package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// commands runs the client on a daemon and compares what it prints; each step is the arguments, what the output holds and
// the exit status.
type command struct {
	args   []string
	says   string // "=" in front: all of the output
	status int
}

func (s *stage) commands(steps ...command) {
	s.t.Helper()
	for _, c := range steps {
		out, status := ctlIn(s.t, s.conf, c.args...)
		whole, exact := strings.CutPrefix(c.says, "=")
		if status != c.status || exact && out != whole || !strings.Contains(out, whole) {
			s.t.Errorf("%q: status %d, want %d with %q:\n%s", c.args, status, c.status, c.says, out)
		}
	}
}

// pid is the process of a program.
func (s *stage) pid(name string) string {
	s.t.Helper()
	out, _ := ctlIn(s.t, s.conf, "pid", name)
	return strings.TrimSpace(out)
}

const quick = "--option=startsecs=0"

func TestAProgramThatWasRunStaysUntilItIsRemoved(t *testing.T) {
	t.Parallel()
	s := onStage(t, "[program-default]\nenvironment=A=\"%(program_name)s\"\n[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
	words := []string{"a  b", "100%", "%(here)s", " ;x", `"`, "'", "", "#", "two\nlines", "$HOME"}
	s.commands(command{append([]string{"run", "job", quick, "--", "/bin/sh", "-c", `printf '[%s]' "$A" "$@" > words; exec sleep 1000`, "sh"}, words...),
		"=job: started\n", 0})
	want := "[job]"
	for _, w := range words {
		want += "[" + w + "]"
	}
	proctest.Eventually(t, "the words", func() (string, bool) {
		b, _ := os.ReadFile("words") // supd has the directory of the test
		return string(b), string(b) == want
	})
	t.Cleanup(func() { os.Remove("words") })
	pid := s.pid("job")
	s.commands(
		command{[]string{"reread"}, "=No config updates to processes\n", 0},
		command{[]string{"update"}, "=", 0},
		command{[]string{"avail"}, "job                              in use    auto      999:999", 0},
		command{[]string{"status", "job"}, "RUNNING", 0},
		command{[]string{"run", "job", "--", "/bin/cat"}, "=job: ERROR (the name is taken by a group that is in use)\n", 1},
		command{[]string{"rm", "cat"}, "cat: ERROR (cat is in " + s.conf + ", which supd ctl run has not written; take it out there and type update)", 1},
		command{[]string{"rm", "nope"}, "nope: ERROR (no such process)", 1},
	)
	if out, status := runTool(t, s.dir, peer(t, "supervisorctl"), "-c", s.conf, "update"); out != "" || status != 0 {
		t.Errorf("supervisorctl update: status %d: %s", status, out)
	}
	if now := s.pid("job"); now != pid {
		t.Errorf("it has become process %s from %s", now, pid)
	}
	s.commands(command{[]string{"reload"}, "Restarted supervisord", 0})
	s.waitForStarts(2)
	proctest.Eventually(t, "job after a soft restart", func() (string, bool) {
		out, _ := ctlIn(t, s.conf, "status", "job")
		return out, strings.Contains(out, "RUNNING") && s.pid("job") != pid
	})
	s.commands(
		command{[]string{"rm", "job"}, "=job: removed\n", 0},
		command{[]string{"status", "job"}, "job: ERROR (no such process)", 4},
		command{[]string{"update"}, "=", 0},
		command{[]string{"run", "job", quick, "--", "/bin/cat"}, "=job: started\n", 0},
		command{[]string{"stop", "job"}, "=job: stopped\n", 0},
		command{[]string{"remove", "job"}, "=job: removed process group\n", 0},
		command{[]string{"update"}, "=job: added\n", 0},
		command{[]string{"rm", "job"}, "=job: removed\n", 0},
		command{[]string{"avail"}, "=cat                              in use    auto      999:999\n", 0},
	)
}

func TestAProgramMayBeRunInAGroupAndSeveralTimes(t *testing.T) {
	t.Parallel()
	s := onStage(t, "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
	s.commands(
		command{[]string{"run", "job", "--group", "batch", quick, "--option", "numprocs=2", "--option", "process_name=%(program_name)s_%(process_num)d",
			"--", "/bin/cat"}, "batch:job_0: started", 0},
		command{[]string{"status", "batch:*"}, "batch:job_1                      RUNNING", 0},
		command{[]string{"run", "other", "--group", "batch", "--", "/bin/cat"}, "other: ERROR (the name is taken by a group that is in use)", 1},
		command{[]string{"rm", "batch:job_0"}, "batch:job_0: removed", 0},
		command{[]string{"status"}, "cat ", 0},
		command{[]string{"run", "job", "--group", "batch", quick, "--", "/bin/cat"}, "=batch:job: started\n", 0},
		command{[]string{"rm", "job"}, "=job: removed\n", 0},
	)
	if out, _ := ctlIn(t, s.conf, "status"); strings.Contains(out, "batch") {
		t.Error(out)
	}
}

// Without what it depends on, the configuration of the other could not be read, nor supd be started with it if both are saved.
func TestAProgramThatAnotherDependsOnIsNotForgotten(t *testing.T) {
	t.Parallel()
	s := onStage(t, "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n[include]\nfiles=conf.d/*.ini\n")
	if err := os.Mkdir(filepath.Join(s.dir, "conf.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, where := range [][]string{nil, {"--save"}} {
		run := func(rest ...string) []string { return append(append([]string{"run", quick}, where...), rest...) }
		s.commands(
			command{run("db", "--option", "numprocs=2", "--option", "process_name=db_%(process_num)d", "--", "/bin/cat"), "db:db_1: started", 0},
			command{run("web", "--option", "depends_on=db:db_1", "--", "/bin/cat"), "=web: started\n", 0},
			command{[]string{"rm", "db"}, "db: ERROR (web depends on it, and the configuration could not be read any more; remove web first, or change its depends_on)", 1},
			command{[]string{"status", "db:*"}, "db:db_0                          RUNNING", 0},
			command{[]string{"reread"}, "=No config updates to processes\n", 0},
			command{[]string{"rm", "web"}, "=web: removed\n", 0},
			command{[]string{"rm", "db"}, "=db: removed\n", 0},
		)
	}
}

// What else the files say of a program that was run is looked at before it is stopped.
func TestAProgramThatTheFilesNameIsNotForgotten(t *testing.T) {
	t.Parallel()
	s := onStage(t, "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n[include]\nfiles=conf.d/*.ini\n")
	if err := os.Mkdir(filepath.Join(s.dir, "conf.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.commands(
		command{[]string{"run", "job", quick, "--save", "--", "/bin/cat"}, "=job: started\n", 0},
		command{[]string{"run", "other", quick, "--", "/bin/cat"}, "=other: started\n", 0},
	)
	text := read(t, s.conf)
	for _, name := range []string{"job", "other"} {
		writeFile(t, s.dir, "conf", strings.Replace(text, "[supervisord]\n", "[supervisord]\nexit_when=program:"+name+"\n", 1))
		s.commands(
			command{[]string{"rm", name}, name + ": ERROR (the configuration could not be read any more: ", 1},
			command{[]string{"status", name}, "RUNNING", 0},
		)
	}
	writeFile(t, s.dir, "conf", text)
	s.commands(
		command{[]string{"rm", "job"}, "=job: removed\n", 0},
		command{[]string{"rm", "other"}, "=other: removed\n", 0},
	)
}

func TestWhatCannotBeRunIsRefusedAndLeavesNothing(t *testing.T) {
	t.Parallel()
	s := onStage(t, "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n[eventlistener:ear]\ncommand=/bin/cat\nevents=TICK_5\nautostart=false\n")
	before, _ := ctlIn(t, s.conf, "avail")
	s.commands(
		command{[]string{"run", "job", "--option", "startsecs=soon", "--", "/bin/cat"},
			"job: ERROR (not a valid integer value: 'soon' for startsecs", 1},
		command{[]string{"run", "job", "--option", "startsec=1", "--", "/bin/cat"}, "unknown option 'startsec'; did you mean 'startsecs'? in section 'program:job' (file: 'run')", 1},
		command{[]string{"run", "ear:job", "--", "/bin/cat"}, "not a valid name: 'ear:job'", 1},
		command{[]string{"run", "job", "--save", "--", "/bin/cat"}, s.conf + " includes no file called job.ini or job.conf; add to it, and make the directory:\n[include]\nfiles = conf.d/*.ini", 1},
		command{[]string{"remove", "ear"}, "removed process group", 0},
		command{[]string{"run", "ear", "--", "/bin/cat"}, "ear: ERROR (the name ear is taken by [eventlistener:ear]", 1},
		command{[]string{"add", "ear"}, "added process group", 0},
		command{[]string{"update"}, "=", 0},
		command{[]string{"avail"}, "=" + before, 0},
		// A program that does not come up is there all the same, as others are.
		command{[]string{"run", "job", "--option", "startretries=0", "--", "/nonexistent"}, "job: ERROR (", 1},
		command{[]string{"rm", "job"}, "=job: removed\n", 0},
		command{[]string{"run", "job", "--option", "startretries=0", "--", "/bin/false"}, "job: ERROR (spawn error)\n", 7},
		command{[]string{"status", "job"}, "FATAL", 3},
		command{[]string{"rm", "job"}, "=job: removed\n", 0},
	)
	// A file that takes the name later is told, and the programs stay as they are.
	s.commands(command{[]string{"run", "job", quick, "--", "/bin/cat"}, "=job: started\n", 0})
	text := read(t, s.conf)
	writeFile(t, s.dir, "conf", text+"[program:job]\ncommand=/bin/cat\n")
	s.commands(
		command{[]string{"update"}, "the name job is taken by [program:job]", 1},
		command{[]string{"status", "job"}, "RUNNING", 0},
		command{[]string{"rm", "job"}, "=job: removed\n", 0},
		command{[]string{"update"}, "=job: added\n", 0},
	)
}

func TestASavedProgramIsAFileLikeOthers(t *testing.T) {
	t.Parallel()
	dir, conf := site(t, "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n[include]\nfiles=one/*.x two/*.ini\n")
	for _, d := range []string{"one", "two"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b := startDaemon(t, up, supdBinary, "-c", conf)
	s := &stage{b, dir, conf}
	file := filepath.Join(dir, "two/job.ini")
	s.commands(command{[]string{"run", "job", "--save", quick, "--option", "environment=A=\"100%%\"", "--option", "directory=%(here)s", "--",
		"/bin/sh", "-c", `echo "$A" > out; exec sleep 1000 # ;x`}, "=job: started\n", 0})
	want := "; written by supd ctl run; supd ctl rm job deletes this file\n[program:job]\n" +
		`command = /bin/sh -c 'echo "$A" > out''; exec sleep 1000 ''# '';x'` + "\nstartsecs = 0\nenvironment = A=\"100%%\"\ndirectory = %(here)s\n"
	if got := read(t, file); got != want {
		t.Errorf("the file is\n%swant\n%s", got, want)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 { // it has environment=
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "two/.*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	proctest.Eventually(t, "the output", func() (string, bool) {
		out, _ := os.ReadFile(filepath.Join(dir, "two/out"))
		return string(out), string(out) == "100%\n"
	})
	writeFile(t, dir, "two/.x", "")
	writeFile(t, dir, "two/mine.ini", "[program:mine]\ncommand=/bin/cat\nautostart=false\n")
	writeFile(t, dir, "two/taken.ini", "; nothing\n")
	s.commands(
		command{[]string{"update"}, "=mine: added\n", 0},
		command{[]string{"run", "taken", "--save", "--", "/bin/cat"}, "taken: ERROR (" + dir + "/two/taken.ini exists and was not touched", 1},
		command{[]string{"run", "job", "--save", "--", "/bin/cat"}, "job: ERROR (the name is taken", 1},
		command{[]string{"run", "bad", "--save", "--option", "nice=x", "--", "/bin/cat"}, "not a valid", 1},
		command{[]string{"run", "odd", "--save", "--option", "directory=/a ;b", "--", "/bin/cat"}, "cannot stand in a file", 1},
		command{[]string{"rm", "mine"}, "which supd ctl run has not written", 1},
		command{[]string{"update"}, "=", 0},
	)
	if read(t, filepath.Join(dir, "two/taken.ini")) != "; nothing\n" {
		t.Error("a file of somebody else was written to")
	}
	// It is there after the daemon has ended, also for supervisord.
	_ = b.cmd.Process.Signal(os.Interrupt)
	b.wait()
	theirs := startDaemon(t, "entered RUNNING state", peer(t, "supervisord"), "-n", "-c", conf)
	theirs.out.WaitFor(t, "job entered RUNNING state")
	_ = theirs.cmd.Process.Signal(os.Interrupt)
	theirs.wait()
	s.background = startDaemon(t, up, supdBinary, "-c", conf)
	s.commands(
		command{[]string{"start", "job"}, "job: ERROR (already started)", 0},
		command{[]string{"rm", "job"}, "=job: removed\n", 0},
		command{[]string{"update"}, "=", 0},
	)
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
	// One that somebody has made more of is not deleted.
	s.commands(command{[]string{"run", "job", "--save", quick, "--", "/bin/cat"}, "=job: started\n", 0})
	writeFile(t, dir, "two/job.ini", read(t, file)+"[program:more]\ncommand=/bin/cat\n")
	s.commands(
		command{[]string{"rm", "job"}, "which supd ctl run has not written", 1},
		command{[]string{"status", "job"}, "RUNNING", 0},
	)
	if read(t, file) == "" {
		t.Error("the file is gone")
	}
}

// Whoever can reach a port without a password must not be able to run programs of their own.
func TestRunIsNotForStrangers(t *testing.T) {
	t.Parallel()
	open, locked := freePort(t), freePort(t)
	s := onStage(t, "[inet_http_server]\nport="+open+"\n[inet_http_server:locked]\nport="+locked+"\nusername=ann\npassword=secret\n")
	for _, args := range [][]string{{"run", "job", "--", "/bin/cat"}, {"rm", "job"}, {"set-env", "A", "1"}, {"get-env", "HOME"}, {"get-env"}} {
		out, status := ctlIn(t, s.conf, append([]string{"-s", "http://" + open}, args...)...)
		if status != 1 || !strings.Contains(out, "for clients of a unix socket or of a server with a password only") {
			t.Errorf("%q without a password: status %d: %s", args, status, out)
		}
	}
	for _, args := range [][]string{{"run", "job", quick, "--", "/bin/cat"}, {"rm", "job"}, {"set-env", "A", "1"}, {"get-env", "A"}} {
		if out, status := ctlIn(t, s.conf, append([]string{"-s", "http://" + locked, "-u", "ann", "-P", "secret"}, args...)...); status != 0 {
			t.Errorf("%q with a password: status %d: %s", args, status, out)
		}
	}
	if out, _ := ctlIn(t, s.conf, "-s", "http://"+open, "status"); out != "" {
		t.Errorf("there are programs:\n%s", out)
	}
}

func TestAVariableOfTheServerReachesTheNextStart(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[program:env]
command=/bin/sh -c "echo $NEW-$OWN > DIR/env.tmp; mv DIR/env.tmp DIR/env; exec sleep 1000"
environment=OWN="own"
startsecs=0
[program:note]
command=/bin/cat
directory=%(ENV_HOME)s
autostart=false
`, "-e", "trace")
	env := func(want string) {
		t.Helper()
		proctest.Eventually(t, want, func() (string, bool) {
			b, _ := os.ReadFile(filepath.Join(s.dir, "env"))
			return string(b), string(b) == want+"\n"
		})
	}
	env("-own")
	s.commands(
		command{[]string{"get-env", "NEW"}, "NEW: ERROR (not set)", 1},
		command{[]string{"set-env", "NEW", "hunter2  %s=x"}, "=NEW: set\n", 0},
		command{[]string{"set-env", "OWN", "hunter2"}, "=OWN: set\n", 0},
		command{[]string{"set-env", "A=hunter2", "x"}, "ERROR: the name of a variable is not empty and has no equals sign", 1},
		command{[]string{"get-env", "NEW"}, "=hunter2  %s=x\n", 0},
		command{[]string{"-o", "json", "get-env", "NEW"}, `"value": "hunter2  %s=x"`, 0},
		command{[]string{"get-env"}, "\nNEW\n", 0},
	)
	if out, _ := ctlIn(t, s.conf, "get-env"); strings.Contains(out, "hunter2") {
		t.Errorf("the names come with values: %s", out)
	}
	if got := read(t, filepath.Join(s.dir, "env")); got != "-own\n" {
		t.Errorf("the program that runs was started anew: %s", got)
	}
	s.commands(command{[]string{"restart", "env"}, "env: started", 0})
	env("hunter2 %s=x-own")
	// A soft restart keeps it; the names of expressions see it when the file is read again.
	s.commands(
		command{[]string{"set-env", "HOME", s.dir}, "=HOME: set\n", 0},
		command{[]string{"reread"}, "=note: changed\n", 0},
		command{[]string{"set-env", "NEW", "later"}, "=NEW: set\n", 0},
		command{[]string{"reload"}, "Restarted supervisord", 0},
	)
	s.waitForStarts(2)
	env("later-own")
	for _, where := range []string{s.out.String(), read(t, filepath.Join(s.dir, "log"))} {
		if strings.Contains(where, "hunter2") || !strings.Contains(where, "the variable NEW was set") {
			t.Errorf("the log has the value, or not the name:\n%s", where)
		}
	}
}

func TestGroupsAreStartedAndStoppedByName(t *testing.T) {
	t.Parallel()
	s := onStage(t, "[group:g]\nprograms=a,b\n[program:a]\ncommand=/bin/cat\nstartsecs=0\n[program:b]\ncommand=/bin/cat\nstartsecs=0\n"+
		"[program:c]\ncommand=/bin/cat\nstartsecs=0\n")
	s.commands(
		command{[]string{"stop-group", "nope", "g"}, "nope: ERROR (no such group)", 1},
		command{[]string{"status", "g:*"}, "g:b                              STOPPED", 3},
		command{[]string{"status", "c"}, "RUNNING", 0},
		command{[]string{"start-group", "nope", "g"}, "g:a: started", 2},
		command{[]string{"status"}, "g:b                              RUNNING", 0},
		command{[]string{"start-group", "g"}, "=", 0},
	)
}

// B52: the clients of the other supervisors in Go exit with 0 whatever happens, pass over unknown names, put colours into
// pipes, and end at the first failure.
func TestB52TheClientTellsScriptsTheTruth(t *testing.T) {
	t.Parallel()
	s := onStage(t, "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\n[program:bad]\ncommand=/bin/false\nstartretries=0\nautostart=false\n")
	s.commands(
		command{[]string{"status"}, "STOPPED", 3},
		command{[]string{"status", "nope"}, "=nope: ERROR (no such process)\n", 4},
		command{[]string{"start"}, "Error: start requires a process name", 2},
		command{[]string{"start", "bad", "nope", "cat"}, "bad: ERROR (spawn error)\nnope: ERROR (no such process)\ncat: started\n", 1},
		command{[]string{"stop", "nope", "cat"}, "nope: ERROR (no such process)\ncat: stopped\n", 1},
		command{[]string{"status", "cat", "bad"}, "FATAL", 3},
	)
	if out, _ := ctlIn(t, s.conf, "status"); strings.Contains(out, "\x1b") {
		t.Errorf("there are colours in a pipe: %q", out)
	}
	if out, status := ctlIn(t, s.conf, "-s", "http://127.0.0.1:1", "status"); status != 4 {
		t.Errorf("no server: status %d: %s", status, out)
	}
}

// B57: their logtail prints the begin of the log, and an empty log is an error.
func TestB57LogtailPrintsTheEndOfTheLog(t *testing.T) {
	t.Parallel()
	s := onStage(t, `[program:count]
command=/bin/sh -c "i=0; while test $i -lt 2000; do echo line $i; i=$((i+1)); done; echo oops >&2; touch DIR/written; exec sleep 1000"
startsecs=0
[program:mute]
command=/bin/cat
startsecs=0
`)
	proctest.Eventually(t, "the lines", func() (string, bool) {
		_, err := os.Stat(filepath.Join(s.dir, "written"))
		out, _ := ctlIn(t, s.conf, "logtail", "-t", "stderr", "count")
		return out, err == nil && out == "oops\n\n"
	})
	out, status := ctlIn(t, s.conf, "logtail", "count")
	if status != 0 || !strings.HasSuffix(out, "line 1998\nline 1999\n\n") || strings.Contains(out, "line 0\n") || len(out) != 1601 {
		t.Errorf("status %d: %d bytes: %s", status, len(out), out)
	}
	s.commands(
		command{[]string{"logtail", "mute"}, "=\n", 0},
		command{[]string{"logtail", "nope"}, "nope: ERROR (no such process name)", 1},
	)
}

func TestTheClientFindsASupdIniAndItsPort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, file, url string }{
		{"supd.ini", "[supervisord]\n", "http://localhost:9002"},
		{"etc/supd.ini", "[supervisord]\n", "http://localhost:9002"},
		{"supd.ini", "[inet_http_server]\nport=127.0.0.1:7\n", "http://127.0.0.1:7"},
		{"supervisord.ini", "[supervisorctl]\n", "http://localhost:9001"},
		{"other", "", "http://localhost:9001"},
	} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "etc"), 0o755); err != nil {
			t.Fatal(err)
		}
		file := writeFile(t, dir, c.path, c.file)
		for _, known := range []string{"/etc/supervisord.conf", "/etc/supervisor/supervisord.conf"} {
			if _, err := os.Stat(known); err == nil && c.file == "" {
				file = known // of this machine; what it says is not ours to know
			}
		}
		out, _ := runTool(t, dir, supdBinary, "ctl", "-v", "pid")
		switch {
		case strings.HasPrefix(file, "/etc/"):
		case c.file == "":
			if !strings.Contains(out, fmt.Sprintf("server: %s (nothing names one)\nfile: none (none was found)\n", c.url)) {
				t.Errorf("without a file: %s", out)
			}
		case !regexp.MustCompile(`(?m)^server: ` + regexp.QuoteMeta(c.url) + ` \(`).MatchString(out):
			if !strings.Contains(out, "file: /etc/") {
				t.Errorf("%s with %q: %s", c.path, c.file, out)
			}
		}
	}
}
