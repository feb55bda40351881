package actors

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

func touch(t *testing.T, name string) {
	t.Helper()
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAProgramIsReadyWhenItsCheckIsMet has a real program for each kind of ready=: RUNNING and not ready at first, and
// ready when something happens.
func TestAProgramIsReadyWhenItsCheckIsMet(t *testing.T) {
	probe := func(c confload.Probe) confload.Readiness {
		return confload.Readiness{Kind: confload.ReadyProbe, Probe: &c}
	}
	for _, c := range []struct {
		name  string
		ready confload.Readiness
		steps []string // after it was told to go on
		says  string   // in the log
	}{
		{"notify", confload.Readiness{Kind: confload.ReadyNotify}, []string{`say STATUS=loaded\nREADY=1`}, "it says so (READY=1)"},
		{"log", confload.Readiness{Kind: confload.ReadyLog, Pattern: `^listening on \d+$`},
			[]string{"print nothing yet", "print listening on 80"}, "it wrote \"listening on 80\""},
		{"log on stderr", confload.Readiness{Kind: confload.ReadyLog, Pattern: "up"}, []string{"eprint up"}, "it wrote \"up\""},
		{"log after much output", confload.Readiness{Kind: confload.ReadyLog, Pattern: "^up$"}, []string{"write 1000000", "print ", "print up"}, "it wrote \"up\""},
		{"descriptor", confload.Readiness{Kind: confload.ReadyFD, FD: 7}, []string{"line 7"}, "a line to descriptor 7"},
		{"file", probe(confload.Probe{Kind: confload.ProbeFile, Path: "ready"}), []string{"notify DIR/ready"}, "ready is there"},
		{"command", probe(confload.Probe{Args: []string{"/usr/bin/test", "-e", "ready"}, Text: "test -e ready"}), []string{"notify DIR/ready"},
			"'test -e ready' has succeeded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			steps := append([]string{"await " + dir + "/go"}, c.steps...)
			for i := range steps {
				steps[i] = strings.ReplaceAll(steps[i], "DIR", dir)
			}
			if check := c.ready.Probe; check != nil && check.Path != "" {
				check.Path = filepath.Join(dir, check.Path)
				touch(t, check.Path) // of an earlier life: it says nothing
			}
			r := spawnReal(t, []confload.Group{program1("web", both(child(append(steps, "wait")...), func(p *confload.Program) {
				p.Ready, p.Directory = c.ready, dir
			}))})
			i := r.await("web", "RUNNING", func(i *Info) bool { return i.State == supervisor.Running })
			if i.Ready || i.ReadyText != "not ready" {
				t.Errorf("got %+v", i)
			}
			touch(t, filepath.Join(dir, "go"))
			i = r.await("web", "ready", func(i *Info) bool { return i.Ready })
			if i.ReadyText != "" || c.name == "notify" && i.StatusText != "loaded" {
				t.Errorf("got %+v", i)
			}
			r.log.WaitFor(t, "web is ready: ")
			r.log.WaitFor(t, c.says)
		})
	}
}

func TestAProgramIsReadyWhenItsServerAnswers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close() // nobody listens for now
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusFound) }))
	defer server.Close()
	ready := func(c confload.Probe) func(*confload.Program) {
		return both(child("wait"), func(p *confload.Program) { p.Ready = confload.Readiness{Kind: confload.ReadyProbe, Probe: &c} })
	}
	r := spawnReal(t, []confload.Group{program1("tcp", ready(confload.Probe{Kind: confload.ProbeTCP, Addr: addr})),
		program1("http", ready(confload.Probe{Kind: confload.ProbeHTTP, URL: server.URL + "/x"}))})
	i := r.await("tcp", "found not ready", func(i *Info) bool { return i.StatusText != "" })
	if i.Ready || !strings.Contains(i.StatusText, "connection refused") {
		t.Errorf("got %+v", i)
	}
	if l, err = net.Listen("tcp", addr); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r.await("tcp", "ready", func(i *Info) bool { return i.Ready })
	r.await("http", "ready", func(i *Info) bool { return i.Ready })
	r.log.WaitFor(t, addr+" accepts connections")
	r.log.WaitFor(t, server.URL+"/x answers")
}

// TestOtherImplementationsOfSdNotifyAreHeard has systemd's own command and a few lines of Python say that they are ready.
func TestOtherImplementationsOfSdNotifyAreHeard(t *testing.T) {
	if _, err := exec.LookPath("systemd-notify"); err != nil {
		t.Fatal("systemd-notify is not there: type make peers")
	}
	const python = `import os, socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
name = os.environ["NOTIFY_SOCKET"]
s.connect("\0" + name[1:] if name[0] == "@" else name)
s.send(b"READY=1\nSTATUS=all is well")
time.sleep(1000)
`
	dir := t.TempDir()
	script := filepath.Join(dir, "ready.py")
	if err := os.WriteFile(script, []byte(python), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, command := range map[string]string{
		// It waits until it was heard: only then the shell goes on.
		"systemd-notify": `/bin/sh -c "systemd-notify --ready '--status=all is well' && echo well > ` + dir + `/systemd-notify; exec sleep 1000"`,
		"python":         "/usr/bin/python3 " + script,
	} {
		t.Run(name, func(t *testing.T) {
			r := spawnReal(t, []confload.Group{program1("web", func(p *confload.Program) {
				p.Command, p.StartSecs, p.StopAsGroup, p.KillAsGroup = command, 0, true, true
				p.Ready.Kind = confload.ReadyNotify
			})})
			r.await("web", "ready", func(i *Info) bool { return i.Ready && i.StatusText == "all is well" })
			if name == "systemd-notify" {
				proctest.File(t, dir+"/systemd-notify")
			}
		})
	}
}

func TestWhatAProgramSaysOfItselfIsShownAndTakenBack(t *testing.T) {
	dir := t.TempDir()
	r := spawnReal(t, []confload.Group{program1("web", both(child(
		`say READY=1`, "await "+dir+"/1", "say RELOADING=1", "await "+dir+"/2", "say READY=1",
		"await "+dir+"/3", `say STATUS=bye\x1b[31m`, "say STOPPING=1", "wait"),
		func(p *confload.Program) { p.Ready.Kind = confload.ReadyNotify }))})
	r.await("web", "ready", func(i *Info) bool { return i.Ready && i.StatusText == "" })
	touch(t, dir+"/1")
	r.await("web", "reloading", func(i *Info) bool { return i.Ready && i.StatusText == "reloading" })
	touch(t, dir+"/2")
	r.await("web", "ready again", func(i *Info) bool { return i.Ready && i.StatusText == "" })
	touch(t, dir+"/3")
	r.await("web", "stopping", func(i *Info) bool {
		return !i.Ready && i.ReadyText == "not ready" && strings.HasPrefix(i.StatusText, "bye")
	})
}

func TestAStrangerIsNotBelieved(t *testing.T) {
	dir := t.TempDir()
	r := spawnReal(t, []confload.Group{program1("web", both(child("status "+dir+"/status", "wait"), func(p *confload.Program) {
		p.Ready.Kind = confload.ReadyNotify
	}))})
	status := proctest.File(t, dir+"/status")
	_, rest, _ := strings.Cut(status, `"NOTIFY_SOCKET=`)
	name, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Fatalf("no socket in %s", status)
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("READY=1")); err != nil {
		t.Fatal(err)
	}
	r.log.WaitFor(t, "is not one of web, what it says to its NOTIFY_SOCKET is not believed")
	if i, _ := r.Info("web"); i.Ready {
		t.Errorf("got %+v", i)
	}
}

func TestAProgramThatForgetsItsWatchdogIsRestarted(t *testing.T) {
	dir := t.TempDir()
	r := spawnReal(t, []confload.Group{program1("web", both(child("status "+dir+"/status", "say WATCHDOG=1", "wait"), func(p *confload.Program) {
		p.Watchdog = 300 * time.Millisecond
	}))})
	first := r.await("web", "RUNNING", func(i *Info) bool { return i.State == supervisor.Running })
	if s := proctest.File(t, dir+"/status"); !strings.Contains(s, "WATCHDOG_USEC=300000") || strings.Contains(s, "WATCHDOG_PID=") {
		t.Errorf("the environment is %s", s)
	}
	r.await("web", "restarted", func(i *Info) bool { return i.State == supervisor.Running && i.Pid != first.Pid })
	r.log.WaitFor(t, "web is restarted: it has not reported within watchdog_secs (300ms)")
}

func TestDependantsWaitForReadinessNotOnlyForRunning(t *testing.T) {
	ready := func(p *confload.Program) {
		p.Ready = confload.Readiness{Kind: confload.ReadyLog, Pattern: "up"}
		p.ReadyTimeout, p.ReadyTimeoutAction = 30*time.Second, confload.ReadyTimeoutReport
	}
	h := newScriptedHost(func(name string, life int) script {
		if name != "db" {
			return script{}
		}
		return script{begun: func(p *scriptedProcess) {
			<-time.After(10 * time.Second)
			p.says("warming ")
			p.says("up\n")
		}}
	})
	groups := []confload.Group{program1("db", ready), program1("web", needing(0, "db")), program1("mute", both(ready, func(p *confload.Program) { p.StartSecs = 2 })), program1("idle", needing(0, "mute"))}
	inVirtualTime(t, h, groups, func(b *bench) {
		b.after(5 * time.Second)
		if i, _ := b.Info("web"); i.WaitsFor != "db" {
			t.Errorf("got %+v", i)
		}
		b.want("  0.0s db STOPPED -> STARTING", "  0.0s mute STOPPED -> STARTING", "  1.0s db STARTING -> RUNNING", "  2.0s mute STARTING -> RUNNING")
		// Who waits for the start of something that needs what is not ready in time is told so.
		done := make(chan error, 1)
		go func() { done <- b.Start(context.Background(), "idle", true) }()
		b.after(20 * time.Second)
		b.want(" 10.0s web STOPPED -> STARTING", " 11.0s web STARTING -> RUNNING")
		if i, _ := b.Info("mute"); i.Overdue || len(done) > 0 {
			t.Errorf("too early: %+v", i)
		}
		b.after(10 * time.Second)
		if i, _ := b.Info("mute"); !i.Overdue || i.State != supervisor.Running {
			t.Errorf("got %+v", i)
		}
		wantFault(t, <-done, AbnormalTermination)
	})
}

func TestAProgramThatIsNotReadyInTimeIsRestartedIfAsked(t *testing.T) {
	ready := func(p *confload.Program) {
		p.Ready = confload.Readiness{Kind: confload.ReadyLog, Pattern: "up"}
		p.ReadyTimeout, p.ReadyTimeoutAction = 30*time.Second, confload.ReadyTimeoutRestart
	}
	h := newScriptedHost(func(_ string, life int) script {
		return script{begun: func(p *scriptedProcess) {
			if life > 1 {
				p.says("up\n")
			}
		}}
	})
	inVirtualTime(t, h, []confload.Group{program1("db", ready)}, func(b *bench) {
		b.after(time.Hour)
		b.want("  0.0s db STOPPED -> STARTING", "  1.0s db STARTING -> RUNNING", " 30.0s db RUNNING -> STOPPING",
			" 30.0s db STOPPING -> STOPPED", " 30.0s db STOPPED -> STARTING", " 31.0s db STARTING -> RUNNING")
		if i, _ := b.Info("db"); !i.Ready || i.Overdue {
			t.Errorf("got %+v", i)
		}
	})
}
