package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// note is a hook that appends what it knows to the file DIR/notes.
const note = `/bin/sh -c 'echo "$SUPD_HOOK of $SUPD_PROGRAM $SUPERVISOR_PROCESS_NAME $MOOD in $(pwd): $SUPD_REASON, ${SUPD_EXIT:-} ${SUPD_EXIT_STATUS:-}" >> DIR/notes'`

func TestHooksRunAsTheProgramDoesAndInTheirOrder(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[program:web]
command = /bin/sh -c "echo program >> DIR/notes; trap 'echo signal >> DIR/notes; exit 3' TERM; touch DIR/ready; while :; do sleep 0.05; done"
directory = /
environment = MOOD="good"
startsecs = 0
autostart = false
ready = file:DIR/ready
pre_start_hook = `+note+`
post_start_hook = `+note+`
pre_stop_hook = `+note+`
post_stop_hook = `+note+`
`)
	ctl := func(args ...string) {
		t.Helper()
		if out, status := ctlIn(t, s.conf, args...); status != 0 {
			t.Errorf("%q: status %d: %s", args, status, out)
		}
	}
	ctl("start", "web")
	until(t, filepath.Join(s.dir, "notes"), "post_start_hook")
	until(t, filepath.Join(s.dir, "notes"), "program")
	if err := proctest.AwaitFile(filepath.Join(s.dir, "ready"), proctest.Deadline); err != nil {
		t.Fatal(err)
	}
	ctl("stop", "web") // waits for both hooks
	lines := strings.Split(read(t, filepath.Join(s.dir, "notes")), "\n")
	var program, others []string
	for _, l := range lines {
		if l == "program" { // it comes while post_start_hook does
			program = append(program, l)
		} else {
			others = append(others, l)
		}
	}
	want := `pre_start_hook of web web good in /: started by an administrator,  
post_start_hook of web web good in /: it has stayed up for startsecs (0),  
pre_stop_hook of web web good in /: stopped by an administrator,  
signal
post_stop_hook of web web good in /: stopped by an administrator, exit status 3 3
`
	if got := strings.Join(others, "\n"); got != want || len(program) != 1 || lines[0] == "program" {
		t.Errorf("got:\n%s", strings.Join(lines, "\n"))
	}
}

func TestHooksRunAsTheUserOfTheProgram(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can start a program as another user")
	}
	s := onStage(t, `
[program:web]
command = /bin/sleep 1000
user = daemon
startsecs = 0
pre_start_hook = /bin/sh -c 'id -un >&2; exit 3'
startretries = 0
`)
	s.out.WaitFor(t, "spawnerr: pre_start_hook has failed: exit status 3: daemon")
}

func TestAFailedPreStartHookIsToldAndCanBeIgnored(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[program-default]
startsecs = 0
startretries = 0
autostart = false
[program:strict]
command = /bin/sleep 1000
pre_start_hook = /bin/sh -c 'echo first; echo "the disk is full"; exit 3'
[program:easy]
command = /bin/sleep 1000
pre_start_hook = /nonexistent/hook
pre_start_hook_failure = ignore
[program:port]
command = /bin/sleep 1000
pre_start_hook = tcp://127.0.0.1:1
`)
	for name, want := range map[string]string{"strict": "pre_start_hook has failed: exit status 3: the disk is full", "port": "connection refused"} {
		if out, status := ctlIn(t, s.conf, "start", name); status == 0 || !strings.Contains(out, "spawn error") {
			t.Errorf("%s: status %d: %s", name, status, out)
		}
		if out, _ := ctlIn(t, s.conf, "status", name); !strings.Contains(out, "FATAL") || !strings.Contains(out, want) {
			t.Error(out)
		}
	}
	if out, status := ctlIn(t, s.conf, "start", "easy"); status != 0 {
		t.Error(out)
	}
	s.out.WaitFor(t, "easy is started although its pre_start_hook has failed: can't find command '/nonexistent/hook'")
}

// TestB30AHookThatHangsHoldsUpNobodyElse: in a predecessor nothing answered as long as a hook took.
func TestB30AHookThatHangsHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[program:slow]
command = /bin/sleep 1000
pre_start_hook = /bin/sh -c 'sleep 1000 & echo $! > DIR/child; wait'
hook_timeout = 900
priority = 1
[program:quick]
command = /bin/sleep 1000
startsecs = 0
`)
	s.out.WaitFor(t, "success: quick entered RUNNING")
	child := strings.TrimSpace(until(t, filepath.Join(s.dir, "child"), "\n"))
	began := time.Now()
	out, _ := ctlIn(t, s.conf, "status")
	if fields := strings.Fields(out); len(fields) < 2 || fields[0] != "quick" || !strings.Contains(out, "STARTING") {
		t.Errorf("got %s", out)
	}
	if out, status := ctlIn(t, s.conf, "stop", "slow"); status != 0 {
		t.Error(out)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	if b, err := os.ReadFile("/proc/" + child + "/stat"); err == nil && !strings.Contains(string(b), ") Z ") {
		t.Errorf("the process of the hook is still there: %s", b)
	}
	if out, _ := ctlIn(t, s.conf, "status", "slow"); !strings.Contains(out, "STOPPED") {
		t.Error(out)
	}
}

func TestHookTimeoutKillsTheHookWithItsGroup(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[program:web]
command = /bin/sleep 1000
startsecs = 0
pre_stop_hook = /bin/sh -c 'sleep 1000 & echo $! > DIR/child; wait'
hook_timeout = 0.3
`)
	s.out.WaitFor(t, "success: web entered RUNNING")
	if out, status := ctlIn(t, s.conf, "stop", "web"); status != 0 {
		t.Error(out)
	}
	s.out.WaitFor(t, "pre_stop_hook of web has failed: it was not over after 300ms")
	child := strings.TrimSpace(until(t, filepath.Join(s.dir, "child"), "\n"))
	proctest.Eventually(t, "the end of the hook's child", func() (string, bool) {
		b, err := os.ReadFile("/proc/" + child + "/stat")
		return string(b), err != nil || strings.Contains(string(b), ") Z ")
	})
}

func TestAHookCanBeARequest(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 4)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.URL.Path
		if r.URL.Path == "/bad" {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	defer server.Close()
	s := onStage(t, `
[program:web]
command = /bin/sleep 1000
startsecs = 0
post_start_hook = `+server.URL+`/up -d hello
post_stop_hook = `+server.URL+`/bad
`)
	if got := proctest.Receive(t, "the request", asked); got != "POST /up" {
		t.Errorf("got %s", got)
	}
	if out, status := ctlIn(t, s.conf, "stop", "web"); status != 0 {
		t.Error(out)
	}
	if got := proctest.Receive(t, "the request", asked); got != "GET /bad" {
		t.Errorf("got %s", got)
	}
	s.out.WaitFor(t, "post_stop_hook of web has failed: the answer is 418 I'm a teapot")
}

func TestAProgramThatUsesTooMuchMemoryIsRestartedWithTheFigures(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[program:hog]
command = `+python+`-c "import os,time; x = b'x'*(80<<20) if not os.path.exists('DIR/again') else 0; open('DIR/again','w'); time.sleep(1000)"
startsecs = 0
restart_memory_limit = 60MB
restart_memory_period = 0.2
[program:modest]
command = /bin/sleep 1000
startsecs = 0
restart_memory_limit = 60MB
restart_memory_period = 0.2
`)
	s.out.WaitFor(t, "MB, restart_memory_limit is 60 MB")
	proctest.Eventually(t, "two lives", func() (string, bool) {
		out := s.out.String()
		return out, strings.Count(out, "spawned: 'hog'") == 2
	})
	if out := s.out.String(); !strings.Contains(out, "hog is restarted: it uses ") || strings.Contains(out, "modest is restarted") {
		t.Errorf("got %s", out)
	}
}
