package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

const up = "supervisord started with pid"

// site writes a small configuration into a directory of its own and returns the directory and the file.
func site(t *testing.T, programs string) (dir, conf string) {
	t.Helper()
	dir = t.TempDir()
	text := strings.ReplaceAll(`[supervisord]
logfile=DIR/log
pidfile=DIR/pid
childlogdir=DIR
[unix_http_server]
file=DIR/sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://DIR/sock
`+programs, "DIR", dir)
	return dir, writeFile(t, dir, "conf", text)
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func ctlIn(t *testing.T, conf string, args ...string) (string, int) {
	t.Helper()
	return runTool(t, filepath.Dir(conf), supdBinary, append([]string{"ctl", "-c", conf}, args...)...)
}

func TestASecondInstanceHarmsNothing(t *testing.T) {
	dir, conf := site(t, "[program:cat]\ncommand=/bin/cat\n")
	b := startDaemon(t, "success: cat entered RUNNING", supdBinary, "-c", conf)
	proctest.Eventually(t, "the line in the log", func() (string, bool) {
		log := read(t, filepath.Join(dir, "log"))
		return log, strings.Contains(log, "success: cat entered RUNNING") && strings.HasSuffix(log, "\n")
	})
	log, pid := read(t, filepath.Join(dir, "log")), read(t, filepath.Join(dir, "pid"))
	autos, _ := filepath.Glob(filepath.Join(dir, "cat-std*"))
	out, status := runTool(t, dir, supdBinary, "-c", conf)
	if status != exitUsage || !strings.Contains(out, "Error: ") {
		t.Errorf("status %d: %s", status, out)
	}
	other := writeFile(t, dir, "conf2", strings.ReplaceAll(read(t, conf), "/sock", "/sock2"))
	if out, status := runTool(t, dir, supdBinary, "-c", other); status != exitUsage || !strings.Contains(out, "holds the pidfile") {
		t.Errorf("status %d: %s", status, out)
	}
	if got := read(t, filepath.Join(dir, "log")); got != log {
		t.Errorf("the log was touched:\n%s", got)
	}
	if got := read(t, filepath.Join(dir, "pid")); got != pid {
		t.Errorf("the pidfile was touched: %q", got)
	}
	if got, _ := filepath.Glob(filepath.Join(dir, "cat-std*")); len(got) != 2 || len(autos) != 2 || got[0] != autos[0] {
		t.Errorf("automatic logs: %v, before %v", got, autos)
	}
	if out, status := ctlIn(t, conf, "status"); status != 0 || !strings.Contains(out, "RUNNING") {
		t.Errorf("status %d: %s", status, out)
	}
	_ = b.cmd.Process.Signal(syscall.SIGTERM)
	if s := b.wait(); s != 0 {
		t.Errorf("exit status %d", s)
	}
	for _, name := range []string{"pid", "sock"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is left behind", name)
		}
	}
}

func TestABadFileAtHUPChangesNothingAGoodOneRestartsSoftly(t *testing.T) {
	dir, conf := site(t, "[program:cat]\ncommand=/bin/cat\n")
	good := read(t, conf)
	b := startDaemon(t, "success: cat entered RUNNING", supdBinary, "-c", conf)
	pid, _ := ctlIn(t, conf, "pid", "cat")
	writeFile(t, dir, "conf", good+"autostart=perhaps\n")
	_ = b.cmd.Process.Signal(syscall.SIGHUP)
	b.out.WaitFor(t, "nothing was stopped or changed")
	writeFile(t, dir, "conf", good)
	if now, _ := ctlIn(t, conf, "pid", "cat"); now != pid {
		t.Errorf("pid was %s, is %s", pid, now)
	}
	writeFile(t, dir, "conf", good+"[program:more]\ncommand=/bin/cat\n")
	_ = b.cmd.Process.Signal(syscall.SIGHUP)
	b.waitForStarts(2)
	b.out.WaitFor(t, "success: more entered RUNNING")
	if got := strings.TrimSpace(read(t, filepath.Join(dir, "pid"))); got != strconv.Itoa(b.cmd.Process.Pid) {
		t.Errorf("pidfile has %s", got)
	}
}

func TestTheBackgroundDaemonAnswersWhenItsParentReturns(t *testing.T) {
	dir, conf := site(t, "[program:cat]\ncommand=/bin/cat\n[program:env]\ncommand=/bin/sh -c \"env; exec sleep 1000\"\nstdout_logfile=%(here)s/env.log\n")
	out, status := runTool(t, dir, supdBinary, "-c", conf, "-d")
	if status != 0 || out != "" {
		t.Fatalf("status %d: %s", status, out)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(read(t, filepath.Join(dir, "pid"))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	if out, status := ctlIn(t, conf, "status"); !strings.HasPrefix(out, "cat ") {
		t.Errorf("status %d: %s", status, out)
	}
	proctest.Eventually(t, "the environment of a program", func() (string, bool) {
		env := read(t, filepath.Join(dir, "env.log"))
		if strings.Contains(env, "SUPD_") {
			t.Errorf("a program got %s", env)
		}
		return env, strings.Contains(env, "SUPERVISOR_ENABLED=1")
	})
	for fd := range 3 {
		if to, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd)); to != os.DevNull {
			t.Errorf("descriptor %d is %s", fd, to)
		}
	}
	if out, status := runTool(t, dir, supdBinary, "-c", conf, "-d"); status != exitUsage || !strings.Contains(out, "Error: ") {
		t.Errorf("a second one: status %d: %s", status, out)
	}
	if out, status := ctlIn(t, conf, "shutdown"); status != 0 || out != "Shut down\n" {
		t.Errorf("status %d: %s", status, out)
	}
	proctest.Eventually(t, "the daemon to end", func() (string, bool) {
		_, err := os.Stat(filepath.Join(dir, "pid"))
		return "pidfile", err != nil
	})
}

func TestCommandLineMistakesEndWithStatusTwo(t *testing.T) {
	dir, conf := site(t, "")
	for _, c := range []struct {
		want string
		args []string
	}{
		{"could not find config file", []string{"-c", "/no/such/file"}},
		{"could not read config file", []string{"-c", dir}},
		{"conflicting", []string{"-c", conf, "-c", conf}},
		{"conflicting", []string{"-c", conf, "-n", "--nodaemon"}},
		{"-e/--loglevel", []string{"-c", conf, "-e", "loud"}},
		{"no command \"bogus\"", []string{"bogus"}},
		{"no command \"extra\"", []string{"-c", conf, "extra"}},
		{"not a unique prefix", []string{"-c", conf, "--logfile_=1"}},
		{"unknown", []string{"--nothing"}},
	} {
		out, status := runTool(t, dir, supdBinary, c.args...)
		if status != exitUsage || !strings.HasPrefix(out, "Error: ") || !strings.Contains(out, c.want) {
			t.Errorf("%v: status %d, %q does not say %q", c.args, status, out, c.want)
		}
	}
	for _, c := range []struct {
		want string
		args []string
	}{
		{"Usage:", []string{"-h"}}, {"Usage:", []string{"-?"}}, {"\n", []string{"-v"}}, {"\n", []string{"--vers"}}, {"\n", []string{"version"}},
	} {
		if out, status := runTool(t, dir, supdBinary, c.args...); status != 0 || !strings.Contains(out, c.want) {
			t.Errorf("%v: status %d, %q", c.args, status, out)
		}
	}
	link := filepath.Join(dir, "supervisord")
	if err := os.Symlink(supdBinary, link); err != nil {
		t.Fatal(err)
	}
	if out, status := runTool(t, dir, link, "-v"); status != 0 || out != interfaceVersion+"\n" {
		t.Errorf("as supervisord: status %d, %q", status, out)
	}
}

func TestReopenTurnsToNewFiles(t *testing.T) {
	for name, reopen := range map[string]func(*background, string){
		"SIGUSR2": func(b *background, _ string) { b.signal(syscall.SIGUSR2) },
		"ctl": func(b *background, conf string) {
			if out, status := ctlIn(b.t, conf, "logs", "reopen"); status != 0 {
				b.t.Fatalf("status %d: %s", status, out)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, conf := site(t, "[program:echo]\ncommand=/bin/sh -c 'trap \"echo again\" USR1; echo first; while :; do sleep 1000 & wait; done'\nstdout_logfile=%(here)s/echo.log\nstopasgroup=true\n")
			b := startDaemon(t, "success: echo entered RUNNING", supdBinary, "-c", conf)
			proctest.File(t, filepath.Join(dir, "echo.log"))
			for _, name := range []string{"echo.log", "log"} {
				if err := os.Rename(filepath.Join(dir, name), filepath.Join(dir, name+".old")); err != nil {
					t.Fatal(err)
				}
			}
			reopen(b, conf)
			proctest.File(t, filepath.Join(dir, "echo.log"))
			if out, status := ctlIn(t, conf, "signal", "USR1", "echo"); status != 0 {
				t.Fatal(out)
			}
			proctest.Eventually(t, "the new log", func() (string, bool) {
				s := read(t, filepath.Join(dir, "echo.log"))
				return s, s == "again\n"
			})
			if old := read(t, filepath.Join(dir, "echo.log.old")); old != "first\n" {
				t.Errorf("the old log has %q", old)
			}
			if _, err := os.Stat(filepath.Join(dir, "log")); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestProcessOneReapsOrphansAndKeepsStatuses(t *testing.T) {
	dir, conf := site(t, `[program:orphans]
command=/bin/sh -c "(sleep 0.1 &); (sleep 0.2 &); exec sleep 1000"
[program:status]
command=/bin/sh -c "sleep 1.5; exit 7"
autorestart=false
`)
	args := []string{"-pf", "--mount-proc", "--kill-child", supdBinary, "-c", conf}
	if os.Getuid() != 0 { // a pid namespace of one's own needs a user namespace then
		args = append([]string{"--user", "--map-root-user"}, args...)
	}
	b := startDaemon(t, up, "/usr/bin/unshare", args...)
	b.out.WaitFor(t, "reaped unknown pid")
	b.out.WaitFor(t, "exited: status (exit status 7; not expected)")
	if out, status := ctlIn(t, conf, "shutdown"); status != 0 {
		t.Errorf("status %d: %s", status, out)
	}
	if s := b.wait(); s != 0 {
		t.Errorf("exit status %d; log:\n%s", s, read(t, filepath.Join(dir, "log")))
	}
}

func TestAFullDiskLosesOutputAndSaysSoButKillsNobody(t *testing.T) {
	dir, conf := site(t, "[program:chatty]\ncommand=/bin/sh -c 'while :; do echo more; sleep 0.1; done'\nstdout_logfile=/dev/full\nstopasgroup=true\n")
	b := startDaemon(t, up, supdBinary, "-c", conf)
	b.out.WaitFor(t, "output of chatty is lost, its log cannot be written")
	b.out.WaitFor(t, "success: chatty entered RUNNING state")
	if out, status := ctlIn(t, conf, "status"); status != 0 {
		t.Errorf("in %s: status %d: %s", dir, status, out)
	}
}
