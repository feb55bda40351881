package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// The tests here guard what supervisord's own end-to-end tests guard about events and output (compat.md §11.1). The number of the
// thread each comes from is in its comment.

// 638: output that is no UTF-8 must not end the channel.
func TestOutputThatIsNoTextIsKeptAndShownEscaped(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[program:odd]
command = /bin/sh -c "printf '\210\n'; while ! test -e DIR/go; do sleep 0.05; done; printf 'still here\n'; exec sleep 1000"
stdout_logfile = DIR/odd.log
startsecs = 0
`, "-e", "debug")
	s.out.WaitFor(t, "'odd' stdout output:\n"+`Undecodable: b'\x88\n'`)
	writeFile(t, s.dir, "go", "")
	s.out.WaitFor(t, "'odd' stdout output:\nstill here\n")
	if got := read(t, filepath.Join(s.dir, "odd.log")); got != "\x88\nstill here\n" {
		t.Errorf("the log has %q", got)
	}
}

// 663: a listener in shell goes on after its first event.
func TestAListenerInShellHearsOneEventAfterTheOther(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[eventlistener:ear]
command = /bin/sh -c 'while :; do printf "READY\n"; read -r line; head -c "${line##*len:}" >> DIR/heard; echo >> DIR/heard; printf "RESULT 2\nOK"; done'
events = PROCESS_STATE_STOPPED
startsecs = 0
[program:cat]
command = /bin/cat
startsecs = 0
`, "-e", "debug")
	for n := 1; n <= 3; n++ {
		if out, status := ctlIn(t, s.conf, "restart", "cat"); status != 0 {
			t.Fatal(out)
		}
		proctest.Eventually(t, "the event", func() (string, bool) {
			heard, _ := os.ReadFile(filepath.Join(s.dir, "heard"))
			return string(heard) + s.out.String(), strings.Count(string(heard), "processname:cat groupname:cat from_state:STOPPING pid:") == n
		})
	}
	for _, line := range []string{"ear: ACKNOWLEDGED -> READY", "ear: BUSY -> ACKNOWLEDGED", "event 0 sent to listener ear", "ear: event was processed"} {
		s.out.WaitFor(t, line)
	}
}

// 664: names are not ASCII only.
func TestANameThatIsNotASCIIWorksEverywhere(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[eventlistener:ear]
command = `+python+`SCRIPTS/recorder.py DIR/events
events = PROCESS_STATE_RUNNING
payload_length = characters
environment = PYTHONUTF8="1"
startsecs = 0
[program:test_öäü]
command = /bin/cat
`)
	s.out.WaitFor(t, "success: test_öäü entered RUNNING")
	for name, ctl := range map[string][]string{"supervisorctl": {peer(t, "supervisorctl")}, "supd ctl": {supdBinary, "ctl"}} {
		out, status := runTool(t, s.dir, ctl[0], append(ctl[1:], "-c", s.conf, "status", "test_öäü")...)
		if status != 0 || !strings.HasPrefix(out, "test_öäü ") || !strings.Contains(out, "RUNNING") {
			t.Errorf("%s: status %d: %s", name, status, out)
		}
	}
	proctest.Eventually(t, "the event", func() (string, bool) {
		heard, _ := os.ReadFile(filepath.Join(s.dir, "events"))
		return string(heard), strings.Contains(string(heard), `processname:test_\u00f6\u00e4\u00fc groupname:test_\u00f6\u00e4\u00fc from_state:STARTING`)
	})
	if out, status := ctlIn(t, s.conf, "restart", "test_öäü"); status != 0 {
		t.Error(out)
	}
}

// 733: a listener in one line ends the daemon when a program is given up.
func TestAListenerEndsTheDaemonWhenAProgramIsGivenUp(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[program:nonexistent]
command = DIR/nonexistent
startsecs = 0
startretries = 0
autorestart = false
[eventlistener:fatalexit]
events = PROCESS_STATE_FATAL
command = sh -c 'while true; do printf "READY\n"; read line; kill -15 $PPID; printf "RESULT 2\n"; printf "OK"; done'
startsecs = 0
startretries = 0
`)
	if status := s.wait(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	for _, line := range []string{"gave up: nonexistent entered FATAL state", "received SIGTERM indicating exit request", "stopped: fatalexit"} {
		if !strings.Contains(s.out.String(), line) {
			t.Errorf("no %q in\n%s", line, s.out)
		}
	}
}

// 986 and 291a: percent signs come through.
func TestPercentSignsReachThePrograms(t *testing.T) {
	dir, conf := site(t, `
[program:percent]
command = /bin/sh -c "echo 'dhcrelay -d -q -a %%h:%%p' $STRANGE; exec sleep 1000"
stdout_logfile = DIR/percent.log
startsecs = 0
`)
	t.Setenv("STRANGE", "%(nope)s%d%")
	startDaemon(t, up, supdBinary, "-c", conf)
	proctest.Eventually(t, "the line", func() (string, bool) {
		b, _ := os.ReadFile(filepath.Join(dir, "percent.log"))
		return string(b), string(b) == "dhcrelay -d -q -a %h:%p %(nope)s%d%\n"
	})
}

// 1224: a log that cannot be seeked in.
func TestTheMainLogMayBeStandardOutput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	conf := writeFile(t, dir, "conf", "[supervisord]\nnodaemon=true\nsilent=true\npidfile="+dir+"/pid\nlogfile=/dev/stdout\nlogfile_maxbytes=0\n"+
		"[program:cat]\ncommand=/bin/cat\nstartsecs=0\n[program:out]\ncommand=/bin/sh -c 'echo from a program; exec sleep 1000'\n"+
		"stdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\nstartsecs=0\n")
	b := startDaemon(t, "", supdBinary, "-c", conf)
	b.out.WaitFor(t, "success: cat entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)")
	b.out.WaitFor(t, "from a program\n")
	_ = b.cmd.Process.Signal(syscall.SIGTERM)
	if status := b.wait(); status != 0 || strings.Contains(b.out.String(), "seek") {
		t.Errorf("exit status %d:\n%s", status, b.out)
	}
}

// 550: an environment without quotes, and a program that is done at once.
func TestTheGlobalEnvironmentReachesPrograms(t *testing.T) {
	t.Parallel()
	dir, conf := site(t, "[program:env]\ncommand=/usr/bin/env\nstartsecs=0\nautorestart=false\nstdout_logfile=DIR/env.log\n")
	writeFile(t, dir, "conf", strings.Replace(read(t, conf), "[supervisord]\n", "[supervisord]\nenvironment=THIS_SHOULD=BE_IN_CHILD_ENV\n", 1))
	b := startDaemon(t, up, supdBinary, "-c", conf)
	b.out.WaitFor(t, "exited: env (exit status 0; expected)")
	if env := read(t, filepath.Join(dir, "env.log")); !strings.Contains(env, "THIS_SHOULD=BE_IN_CHILD_ENV\n") {
		t.Errorf("it got %s", env)
	}
}

// 1483: the name of the daemon is in every event: the default, that of the file, that of the command line.
func TestEventsNameTheDaemon(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		option, want string
		args         []string
	}{{"", "supervisor", nil}, {"identifier=from_the_file\n", "from_the_file", nil}, {"identifier=from_the_file\n", "from_the_line", []string{"-i", "from_the_line"}}} {
		dir, conf := site(t, `
[eventlistener:ear]
command = /bin/sh -c 'printf "READY\n"; read -r line; echo "$line" > DIR/line; printf "RESULT 2\nOK"; exec sleep 1000'
events = PROCESS_STATE_RUNNING
startsecs = 0
`)
		writeFile(t, dir, "conf", strings.Replace(read(t, conf), "[supervisord]\n", "[supervisord]\n"+c.option, 1))
		startDaemon(t, up, supdBinary, append([]string{"-c", conf}, c.args...)...)
		proctest.Eventually(t, "the event", func() (string, bool) {
			line, _ := os.ReadFile(filepath.Join(dir, "line"))
			return string(line), strings.HasPrefix(string(line), "ver:3.0 server:"+c.want+" serial:0 pool:ear poolserial:0 eventname:PROCESS_STATE_RUNNING len:")
		})
	}
}

// unkillable_spew.py: a program that writes on and on and does not obey is killed, and its last words are kept.
func TestAProgramThatWritesAndDoesNotObeyIsKilled(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[program:spew]
command = /bin/sh -c "trap '' TERM; i=0; while :; do echo more spewage $i; i=$((i+1)); done"
stdout_logfile = DIR/spew.log
stdout_logfile_maxbytes = 0
stdout_events_enabled = true
stopwaitsecs = 1
startsecs = 0
[eventlistener:ear]
command = `+python+`SCRIPTS/listener.py deaf DIR/diary
events = PROCESS_LOG
startsecs = 0
`)
	s.diary("the listener", func(l []string) bool { return len(l) == 1 })
	if out, status := ctlIn(t, s.conf, "stop", "spew"); status != 0 {
		t.Errorf("status %d: %s", status, out)
	}
	s.out.WaitFor(t, "with SIGKILL")
	s.out.WaitFor(t, "stopped: spew (terminated by SIGKILL)")
	if log := read(t, filepath.Join(s.dir, "spew.log")); !strings.HasPrefix(log, "more spewage 0\nmore spewage 1\n") {
		t.Errorf("the log begins with %q", log[:min(100, len(log))])
	}
}
