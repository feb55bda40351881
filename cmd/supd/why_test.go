package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// followHistory runs history -f in the background and returns what it shows.
func followHistory(t *testing.T, conf string, args ...string) *proctest.Output {
	t.Helper()
	out := &proctest.Output{}
	cmd := exec.Command(supdBinary, append([]string{"ctl", "-c", conf, "history", "-f"}, args...)...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		_ = cmd.Wait()
	})
	return out
}

var uid = strconv.Itoa(os.Getuid())

// whySteps are the texts of why for a machine, the first cause first.
func whySteps(t *testing.T, conf, program string) (texts []string) {
	t.Helper()
	out, status := ctlIn(t, conf, "-o", "json", "why", program)
	var rows []struct {
		Text       string `json:"text"`
		Part       string `json:"part"`
		FirstCause bool   `json:"first_cause"`
	}
	if err := json.Unmarshal([]byte(out), &rows); err != nil || status != 0 {
		t.Fatalf("status %d: %v\n%s", status, err, out)
	}
	for i, r := range rows {
		if r.FirstCause != (i == 0) {
			t.Errorf("%s: step %d %q is the first cause: %v", program, i, r.Text, r.FirstCause)
		}
		texts = append(texts, r.Part+": "+r.Text)
	}
	return texts
}

// The wanted lines are what each step begins with.
func wantSteps(t *testing.T, got []string, want ...string) {
	t.Helper()
	ok := len(got) == len(want)
	for i := 0; ok && i < len(got); i++ {
		ok = strings.HasPrefix(got[i], want[i])
	}
	if !ok {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestThePastSurvivesASoftRestart(t *testing.T) {
	t.Parallel()
	dir, conf := site(t, `
[program:once]
command = /bin/sh -c "if test -e DIR/ran; then exec sleep 1000; fi; touch DIR/ran; for i in 1 2 3 4; do echo line $i of the output; done; echo disk full >&2; exit 74"
autorestart = false
startsecs = 0
stdout_logfile = DIR/once.log
stdout_logfile_maxbytes = 40
stdout_logfile_backups = 0
[program:web]
command = /bin/cat
startsecs = 0
depends_on = once
`)
	b := startDaemon(t, "exited: once (exit status 74; not expected)", supdBinary, "-c", conf)
	history := followHistory(t, conf)
	history.WaitFor(t, "exit status 74")
	before, _ := ctlIn(t, conf, "history", "-n", "all")
	b.signal(syscall.SIGHUP)
	b.waitForStarts(2)
	history.WaitFor(t, "supd has begun anew")
	after, _ := ctlIn(t, conf, "history", "-n", "all")
	if !strings.HasPrefix(after, before) || len(after) == len(before) {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	wantSteps(t, whySteps(t, conf, "once"), "chain: supd received SIGHUP", "chain: supd stops everything to begin anew", "chain: supd has begun anew",
		"chain: started by autostart", "chain: it has stayed up")
	out, status := ctlIn(t, conf, "lives", "once")
	for _, want := range []string{"once life 2: ", "once life 1: ", ": exit status 74\n", "  why:    it ended and autorestart is false: exit status 74 (record ",
		"  stdout:\n    | line 1 of the output\n    | line 2 of the output\n    | line 3 of the output\n    | line 4 of the output\n  stderr:\n    | disk full\n"} {
		if !strings.Contains(out, want) || status != 0 {
			t.Errorf("status %d, no %q in\n%s", status, want, out)
		}
	}
	if log := read(t, filepath.Join(dir, "once.log")); strings.Contains(log, "line 1") {
		t.Errorf("the log was not rotated: %q", log)
	}
	if out, status := ctlIn(t, conf, "stop", "once"); status != 0 {
		t.Error(out)
	}
	wantSteps(t, whySteps(t, conf, "once"), "chain: a client (uid "+uid+") asked for stop", "chain: stopped by an administrator", "chain: it was asked to stop")
	history.WaitFor(t, "once: a client (uid "+uid+") asked for stop")
}

func TestWhyNamesTheUpdateThatBrokeAProgram(t *testing.T) {
	t.Parallel()
	_, conf := site(t, "[program:web]\ncommand=/bin/cat\nstartsecs=0\nautorestart=false\n[program:same]\ncommand=/bin/cat\n")
	b := startDaemon(t, "success: web entered RUNNING", supdBinary, "-c", conf)
	writeFile(t, filepath.Dir(conf), "conf", strings.Replace(read(t, conf), "=/bin/cat", "=/bin/sh -c 'exit 3'", 1))
	if out, status := ctlIn(t, conf, "update"); status != 0 {
		t.Fatal(out)
	}
	b.out.WaitFor(t, "exited: web (exit status 3; not expected)")
	wantSteps(t, whySteps(t, conf, "web"), "chain: it ended and autorestart is false: exit status 3",
		"begun: a client (uid "+uid+") had the configuration read: web has changed (command)",
		"begun: a client (uid "+uid+") brought the configuration into effect: web restarted (command)", "begun: started by an update of its configuration")
	out, _ := ctlIn(t, conf, "why", "web")
	for _, want := range []string{"web is EXITED\n", "  first cause  web RUNNING -> EXITED: it ended", "that attempt had begun so:\n", "web has changed (command)\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestASupervisordIsToldFromSupd(t *testing.T) {
	t.Parallel()
	dir, conf := site(t, "[program:cat]\ncommand=/bin/cat\n")
	startDaemon(t, up, peer(t, "supervisord"), "-n", "-c", conf)
	for _, line := range []string{"why cat", "history", "lives cat", "tree", "graph"} {
		out, status := ctlIn(t, conf, strings.Fields(line)...)
		if want := "error: unix://" + dir + "/sock does not keep what has happened: it is supervisord, or a supd older than this client\n"; out != want || status != 1 {
			t.Errorf("%s: status %d: %s", line, status, out)
		}
	}
}

func TestTreeAndGraphOfARunningDaemon(t *testing.T) {
	t.Parallel()
	_, conf := site(t, `
[program:web]
command = /bin/cat
startsecs = 0
depends_on = team:b
[program:a]
command = /bin/cat
startsecs = 0
[program:b]
command = /bin/cat
startsecs = 0
[group:team]
programs = a, b
strategy = rest_for_one
intensity = 3
period = 3600
`)
	b := startDaemon(t, "success: web entered RUNNING", supdBinary, "-c", conf)
	pid, _ := ctlIn(t, conf, "pid", "team:b")
	if out, status := ctlIn(t, conf, "signal", "KILL", "team:b"); status != 0 {
		t.Fatal(out)
	}
	b.out.WaitFor(t, "group team is complete again")
	out, status := ctlIn(t, conf, "tree")
	for _, want := range []string{"group team, priority 999, rest_for_one, 1 of 3 restarts in 1h0m0s used, 2 left, one more in 59m", "\n    1  team:a  RUNNING   pid ",
		"\n    2  team:b  RUNNING   pid ", ", ready\n", "needs team:b (running), which is RUNNING\n"} {
		if !strings.Contains(out, want) || status != 0 {
			t.Errorf("status %d, no %q in\n%s", status, want, out)
		}
	}
	if strings.Contains(out, "pid "+strings.TrimSpace(pid)+",") {
		t.Errorf("team:b has the pid it had before:\n%s", out)
	}
	if out, _ := ctlIn(t, conf, "graph"); out != "web RUNNING\n    team:b RUNNING\n" {
		t.Errorf("got %s", out)
	}
	wantSteps(t, whySteps(t, conf, "team:b"), "chain: a client (uid "+uid+") had SIGKILL sent", "chain: the process ended: terminated by SIGKILL",
		"chain: b failed, and the strategy of the group is rest_for_one; 1 used of at most 3 restarts in 1h0m0s",
		"chain: started by the strategy of its group", "chain: it has stayed up")
}
