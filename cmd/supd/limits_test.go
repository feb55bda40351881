package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// until waits until a file has a text, and returns all of it.
func until(t *testing.T, file, text string) string {
	t.Helper()
	var got string
	proctest.Eventually(t, file, func() (string, bool) {
		b, _ := os.ReadFile(file)
		got = string(b)
		return got, strings.Contains(got, text)
	})
	return got
}

func TestLimitsOfAProgram(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[program:limited]
command = /bin/sh -c "ulimit -Sn; ulimit -Hn; ulimit -c; ulimit -v; nice; cat /proc/self/oom_score_adj; echo done; exec sleep 1000"
rlimit_nofile = 64:128
rlimit_core = 0
rlimit_as = 1GB
nice = 5
oom_score_adj = 300
stdout_logfile = DIR/limited.log
startsecs = 0
[program:free]
command = /bin/sh -c "nice; echo done; exec sleep 1000"
stdout_logfile = DIR/free.log
startsecs = 0
[program:missing]
command = /bin/sh
directory = /nonexistent
rlimit_core = 0
stderr_logfile = DIR/missing.log
autorestart = false
startsecs = 0
`)
	if got := until(t, filepath.Join(s.dir, "limited.log"), "done\n"); got != "64\n128\n0\n1048576\n5\n300\ndone\n" {
		t.Errorf("limited: %q", got)
	}
	if got := until(t, filepath.Join(s.dir, "free.log"), "done\n"); got != "0\ndone\n" {
		t.Errorf("free: %q", got)
	}
	s.out.WaitFor(t, "exited: missing (exit status 127; not expected)")
	if got := until(t, filepath.Join(s.dir, "missing.log"), "spawned\n"); got !=
		"supervisor: couldn't chdir to /nonexistent: ENOENT\nsupervisor: child process was not spawned\n" {
		t.Errorf("missing: %q", got)
	}
}

func TestProgramDefaultReachesTheProcesses(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[program-default]
command = /bin/sh -c "ulimit -n; nice; echo done; exec sleep 1000"
stdout_logfile = DIR/%(program_name)s.log
rlimit_nofile = 64
nice = 3
startsecs = 0
[program:one]
[program:two]
nice = 4
`)
	for name, want := range map[string]string{"one": "64\n3\ndone\n", "two": "64\n4\ndone\n"} {
		if got := until(t, filepath.Join(s.dir, name+".log"), "done\n"); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	out, status := runTool(t, s.dir, supdBinary, "check", "--print", s.conf)
	if status != 0 || strings.Count(out, "rlimit_nofile = 64 ") != 3 || strings.Count(out, "nice = 4 ") != 1 {
		t.Errorf("status %d:\n%s", status, out)
	}
}

func TestARefusedLimitIsToldByStatus(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[program:greedy]
command = /bin/cat
rlimit_nofile = 1000000000000
startretries = 0
autostart = false
`)
	if out, status := ctlIn(t, s.conf, "start", "greedy"); status == 0 || !strings.Contains(out, "spawn error") {
		t.Errorf("status %d: %s", status, out)
	}
	out, _ := ctlIn(t, s.conf, "status", "greedy")
	if !strings.Contains(out, "FATAL") || !strings.Contains(out, "can't set rlimit_nofile of 'greedy' to 1000000000000:1000000000000: EPERM; raising a hard limit needs CAP_SYS_RESOURCE") {
		t.Error(out)
	}
}

func TestTheEnvironmentOfAnAccountAndOfFiles(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can start a program as another user")
	}
	t.Setenv("HOME", "/tmp")
	t.Setenv("USER", "somebody")
	s := onStage(t, `
[program:env]
command = /bin/sh -c "echo $HOME $USER $LOGNAME $SHELL, $FIRST $SECOND $THIRD $SUPERVISOR_PROCESS_NAME; exec sleep 1000"
user = daemon
login_env = true
envFiles = DIR/1.env, DIR/%(program_name)s.env
environment = THIRD="environment",USER="me"
stdout_logfile = DIR/env.log
startsecs = 0
startretries = 0
autostart = false
[program:plain]
command = /bin/sh -c "echo $HOME $USER; exec sleep 1000"
user = daemon
stdout_logfile = DIR/plain.log
startsecs = 0
`)
	until(t, filepath.Join(s.dir, "plain.log"), "/tmp somebody\n")
	ctl := func(want string, args ...string) {
		t.Helper()
		if out, _ := ctlIn(t, s.conf, args...); !strings.Contains(out, want) {
			t.Errorf("%q: %s", args, out)
		}
	}
	writeFile(t, s.dir, "1.env", "FIRST=1\nSECOND=1\nTHIRD=1\nHOME=/files\n")
	ctl("spawn error", "start", "env")
	ctl("can't make the environment of 'env': could not read the environment file "+s.dir+"/env.env: no such file or directory", "status", "env")
	writeFile(t, s.dir, "env.env", "SECOND='2 b'\nhunter2\n")
	ctl("spawn error", "start", "env")
	ctl("on line 2 (file: '"+s.dir+"/env.env')", "status", "env")
	writeFile(t, s.dir, "env.env", "SECOND='2 b'\n")
	ctl("started", "start", "env")
	until(t, filepath.Join(s.dir, "env.log"), "/files me daemon /usr/sbin/nologin, 1 2 b environment env\n")
	writeFile(t, s.dir, "env.env", "SECOND=changed\nFIRST=too\n")
	ctl("started", "restart", "env")
	until(t, filepath.Join(s.dir, "env.log"), "/files me daemon /usr/sbin/nologin, too changed environment env\n")
}
