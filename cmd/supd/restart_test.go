package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// A change that is made while a restart is under way is not lost.
func TestARestartAskedForDuringARestartFollowsIt(t *testing.T) {
	dir, conf := site(t, "[program:slow]\ncommand=/bin/sh -c \"trap '' TERM; echo up; read x\"\nstartsecs=0\nstopwaitsecs=1\n"+
		"stdout_logfile=%(here)s/slow.log\n")
	b := startDaemon(t, "entered RUNNING", supdBinary, "-c", conf)
	proctest.Eventually(t, "the trap", func() (string, bool) { s := read(t, filepath.Join(dir, "slow.log")); return s, s != "" })
	_ = b.cmd.Process.Signal(syscall.SIGHUP)
	b.out.WaitFor(t, "waiting for slow to die")
	writeFile(t, dir, "conf", read(t, conf)+"[program:more]\ncommand=/bin/cat\n")
	_ = b.cmd.Process.Signal(syscall.SIGHUP)
	b.out.WaitFor(t, "it follows the restart in progress")
	b.out.WaitFor(t, "success: more entered RUNNING")
}

// Whoever asks for a restart gets an answer, however many do.
func TestEveryRestartIsAnswered(t *testing.T) {
	dir, conf := site(t, "[program:cat]\ncommand=/bin/cat\nautostart=false\n")
	b := startDaemon(t, up, supdBinary, "-c", conf)
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(dir, "sock"))
		}}}
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for range 5 {
				resp, err := client.Post("http://supd/RPC2", "text/xml",
					strings.NewReader("<methodCall><methodName>supervisor.restart</methodName></methodCall>"))
				if err != nil {
					var slow net.Error
					if errors.As(err, &slow) && slow.Timeout() {
						t.Error(err)
					}
					continue
				}
				resp.Body.Close()
			}
		})
	}
	clients.Wait()
	b.signal(syscall.SIGTERM)
	if s := b.wait(); s != 0 {
		t.Errorf("status %d", s)
	}
}

// A file that is a pipe without a writer would hold up whoever reads it.
func TestAPipeInTheConfigurationIsRefused(t *testing.T) {
	dir, conf := site(t, "[program:cat]\ncommand=/bin/cat\n")
	good := read(t, conf)
	b := startDaemon(t, "success: cat entered RUNNING", supdBinary, "-c", conf)
	if err := syscall.Mkfifo(filepath.Join(dir, "more.ini"), 0o600); err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "conf", good+"[include]\nfiles=more.ini\n")
	_ = b.cmd.Process.Signal(syscall.SIGHUP)
	b.out.WaitFor(t, "it is a pipe, not a file")
}

func TestARestartThatCannotBeHadIsRefusedAndChangesNothing(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir, conf := site(t, "[program:cat]\ncommand=/bin/cat\n")
	good := read(t, conf)
	held := filepath.Join(dir, "held")
	other := startDaemon(t, up, supdBinary, "-c", writeFile(t, dir, "other", "[supervisord]\nlogfile="+dir+"/other.log\npidfile="+held+"\n"))
	b := startDaemon(t, "success: cat entered RUNNING", supdBinary, "-c", conf)
	pid, _ := ctlIn(t, conf, "pid", "cat")
	for _, c := range []struct{ conf, want string }{
		{good + "[inet_http_server]\nport=" + taken.Addr().String() + "\n", "already listening"},
		{good + "autostart=perhaps\n", "perhaps"},
		{strings.Replace(good, "pidfile=", "pidfile="+held+"\nx=", 1), "holds the pidfile"},
		{strings.Replace(good, "logfile=", "logfile="+dir+"\nx=", 1), "is a directory"},
		{good + "[unix_http_server:more]\nfile=" + dir + "/fresh\n[unix_http_server:worse]\nfile=" + conf + "\n", "not a socket"},
	} {
		writeFile(t, dir, "conf", c.conf)
		out, status := runTool(t, dir, supdBinary, "ctl", "-s", "unix://"+dir+"/sock", "reload")
		if status != 1 || !strings.Contains(out, "CANT_REREAD") || !strings.Contains(out, c.want) {
			t.Errorf("status %d: %s, want %s", status, out, c.want)
		}
	}
	if _, err := os.Lstat(dir + "/fresh"); err == nil {
		t.Error("a socket of a refused restart is left behind")
	}
	if now, _ := runTool(t, dir, supdBinary, "ctl", "-s", "unix://"+dir+"/sock", "pid", "cat"); now != pid {
		t.Errorf("pid was %s, is %s", pid, now)
	}
	writeFile(t, dir, "conf", good)
	if out, status := ctlIn(t, conf, "reload"); status != 0 {
		t.Errorf("a good one: status %d: %s", status, out)
	}
	b.waitForStarts(2)
	_ = other.cmd.Process.Signal(syscall.SIGTERM)
	if s := other.wait(); s != 0 {
		t.Errorf("exit status %d", s)
	}
}

func TestNoClientIsTurnedAwayDuringASoftRestart(t *testing.T) {
	dir, conf := site(t, "[program:cat]\ncommand=/bin/cat\n")
	b := startDaemon(t, "success: cat entered RUNNING", supdBinary, "-c", conf)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", dir+"/sock")
		}}}
	stop, failed := make(chan struct{}), make(chan error, 1)
	go func() {
		defer close(failed)
		for {
			select {
			case <-stop:
				return
			default:
			}
			answer, err := client.Get("http://localhost/")
			if err != nil {
				failed <- err
				return
			}
			answer.Body.Close()
		}
	}()
	for n := 2; n < 5; n++ {
		if out, status := ctlIn(t, conf, "reload"); status != 0 {
			t.Errorf("status %d: %s", status, out)
		}
		b.waitForStarts(n)
	}
	close(stop)
	if err := <-failed; err != nil {
		t.Error(err)
	}
}

func TestTERMDuringASoftRestartEndsTheDaemon(t *testing.T) {
	_, conf := site(t, "[program:stubborn]\ncommand=/bin/sh -c \"trap '' TERM; while :; do sleep 0.1; done\"\nstopwaitsecs=2\nkillasgroup=true\n")
	b := startDaemon(t, "success: stubborn entered RUNNING", supdBinary, "-c", conf)
	_ = b.cmd.Process.Signal(syscall.SIGHUP)
	b.out.WaitFor(t, "waiting for stubborn to die")
	_ = b.cmd.Process.Signal(syscall.SIGTERM)
	b.out.WaitFor(t, "received SIGTERM indicating exit request")
	if s := b.wait(); s != 0 {
		t.Errorf("exit status %d", s)
	}
	if n := strings.Count(b.out.String(), up); n != 1 {
		t.Errorf("it started %d times:\n%s", n, b.out)
	}
}

func TestAnOutputNobodyReadsHoldsNothingUp(t *testing.T) {
	dir, conf := site(t, "[program:spin]\ncommand=/bin/true\nstartsecs=0\nautorestart=true\nstdout_logfile=NONE\nstderr_logfile=NONE\n")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command(supdBinary, "-c", conf, "-e", "debug")
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	proctest.Eventually(t, "more lines than a pipe holds", func() (string, bool) {
		info, err := os.Stat(filepath.Join(dir, "log"))
		if err != nil {
			return err.Error(), false
		}
		return fmt.Sprint(info.Size()), info.Size() > 200_000
	})
	if out, status := ctlIn(t, conf, "stop", "spin"); status != 0 && !strings.Contains(out, "not running") {
		t.Errorf("status %d: %s", status, out)
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(proctest.Deadline):
		t.Error("it does not end")
	}
}

func TestAStaleSocketIsToldInTheLogToo(t *testing.T) {
	dir, conf := site(t, "")
	l, err := net.Listen("unix", dir+"/sock")
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	startDaemon(t, up, supdBinary, "-c", conf)
	proctest.Eventually(t, "the line", func() (string, bool) {
		log := read(t, filepath.Join(dir, "log"))
		return log, strings.Contains(log, "Unlinking stale socket "+dir+"/sock")
	})
}

// A daemon that is told to restart and to end in one breath leaves nothing of the restart behind, also when the
// configuration has been read only after everything else has ended.
func TestARestartThatCameTooLateLeavesNothingBehind(t *testing.T) {
	dir, conf := site(t, "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
	b := startDaemon(t, up, supdBinary, "-c", conf)
	next := strings.NewReplacer(dir+"/pid", dir+"/pid2", dir+"/sock", dir+"/sock2").Replace(read(t, conf))
	var many strings.Builder // so that reading takes longer than ending
	for i := range 8000 {
		fmt.Fprintf(&many, "[program:p%d]\ncommand=/bin/cat\n", i)
	}
	writeFile(t, dir, "conf", next+many.String())
	b.signal(syscall.SIGHUP)
	b.signal(syscall.SIGTERM)
	if status := b.wait(); status != 0 {
		t.Errorf("status %d", status)
	}
	for _, name := range []string{"pid", "pid2", "sock", "sock2"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is left behind", name)
		}
	}
}
