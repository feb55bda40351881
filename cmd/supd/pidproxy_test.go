package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// pidproxies are ours, under both names, and the original.
func pidproxies(t *testing.T) map[string][]string {
	link := filepath.Join(t.TempDir(), "pidproxy")
	if err := os.Symlink(supdBinary, link); err != nil {
		t.Fatal(err)
	}
	return map[string][]string{"supd pidproxy": {supdBinary, "pidproxy"}, "link": {link}, "original": {peer(t, "pidproxy")}}
}

// scripted lets programs be children of proctest.
func scripted(t *testing.T) {
	t.Helper()
	name, value, _ := strings.Cut(proctest.Variable(), "=")
	t.Setenv(name, value)
}

// proxy starts a pidproxy with a scripted child and waits until that prints "up".
func proxy(t *testing.T, command []string, pidfile string, steps ...string) *background {
	t.Helper()
	args := append(append(command[1:len(command):len(command)], pidfile), proctest.Args(steps...)...)
	return startDaemon(t, "up", command[0], args...)
}

func (b *background) signal(s syscall.Signal) {
	b.t.Helper()
	if err := b.cmd.Process.Signal(s); err != nil {
		b.t.Fatal(err)
	}
}

// endOf ends the process of a pidfile when the test is over: its proxy is gone by then.
func endOf(t *testing.T, pidfile string) {
	t.Cleanup(func() {
		pid, err := strconv.Atoi(strings.TrimSpace(read(t, pidfile)))
		if err != nil {
			t.Error(err)
			return
		}
		_ = syscall.Kill(pid, syscall.SIGKILL)
	})
}

func TestPidproxyPassesSignalsOn(t *testing.T) {
	scripted(t)
	for name, command := range pidproxies(t) {
		for last, sig := range map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "QUIT": syscall.SIGQUIT} {
			t.Run(name+" "+last, func(t *testing.T) {
				pidfile := filepath.Join(t.TempDir(), "pid")
				var steps []string
				for _, s := range []string{"TERM", "HUP", "INT", "USR1", "USR2", "QUIT"} {
					steps = append(steps, "on "+s+" print got "+s)
				}
				b := proxy(t, command, pidfile, append(steps, "notify "+pidfile, "print up", "wait")...)
				endOf(t, pidfile)
				for sig, text := range map[syscall.Signal]string{syscall.SIGHUP: "got HUP", syscall.SIGUSR1: "got USR1", syscall.SIGUSR2: "got USR2"} {
					b.signal(sig)
					b.out.WaitFor(t, text)
				}
				b.signal(sig)
				if status := b.wait(); status != 0 {
					t.Errorf("status %d:\n%s", status, b.out)
				}
				b.out.WaitFor(t, "got "+last) // the child goes on: it is up to it to end
			})
		}
	}
}

func TestPidproxyReadsThePidfileWhenASignalComes(t *testing.T) {
	scripted(t)
	for name, command := range pidproxies(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			pidfile := filepath.Join(dir, "pid")
			b := proxy(t, command, pidfile, "print up", "wait")
			defer func() { _ = syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL) }() // the child is in its group
			b.signal(syscall.SIGTERM)
			b.out.WaitFor(t, "Can't read child pidfile "+pidfile+"!")
			for i, pidfileText := range []string{"", "junk"} {
				writeFile(t, dir, "pid", pidfileText)
				b.signal(syscall.SIGHUP)
				proctest.Eventually(t, "the message", func() (string, bool) {
					return b.out.String(), strings.Count(b.out.String(), "Can't read") == i+2
				})
			}
			receiver := exec.Command(proctest.Args()[0], proctest.Args("on TERM notify "+dir+"/got", "notify "+pidfile, "wait")[1:]...)
			receiver.Dir = dir
			if err := os.Remove(pidfile); err != nil {
				t.Fatal(err)
			}
			if err := receiver.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = receiver.Process.Kill(); _ = receiver.Wait() }()
			proctest.File(t, pidfile)
			b.signal(syscall.SIGTERM)
			if status := b.wait(); status != 0 {
				t.Errorf("status %d", status)
			}
			if got := proctest.File(t, dir+"/got"); got != fmt.Sprint(receiver.Process.Pid) {
				t.Errorf("process %s got the signal, not %d", got, receiver.Process.Pid)
			}
		})
	}
}

func TestPidproxySignalsNoGroupAndNotEverybody(t *testing.T) {
	scripted(t)
	dir := t.TempDir()
	pidfile := filepath.Join(dir, "pid")
	b := proxy(t, []string{supdBinary, "pidproxy"}, pidfile, "on HUP print got it", "print up", "wait")
	defer func() { _ = syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL) }()
	for i, text := range []string{"0", "-1", fmt.Sprint(-b.cmd.Process.Pid), "99999999999999999999"} {
		writeFile(t, dir, "pid", text)
		b.signal(syscall.SIGHUP)
		proctest.Eventually(t, "the message", func() (string, bool) {
			return b.out.String(), strings.Count(b.out.String(), "there is no process number in it") == i+1
		})
	}
	writeFile(t, dir, "pid", "4194305") // above the largest there can be
	b.signal(syscall.SIGUSR1)           // a receiver that is gone is no reason to give up
	b.out.WaitFor(t, "could not send")
	b.signal(syscall.SIGTERM)
	if status := b.wait(); status != 1 {
		t.Errorf("status %d after a TERM that nobody got:\n%s", status, b.out)
	}
	if strings.Contains(b.out.String(), "got it") {
		t.Errorf("the child got a signal:\n%s", b.out)
	}
}

func TestPidproxyExitStatus(t *testing.T) {
	scripted(t)
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{}, 1, "Usage: "},
		{[]string{"pidfile"}, 1, "Usage: "},
		{[]string{"--exit-status", "pidfile"}, 1, "Usage: "},
		{[]string{"--help"}, 0, "Usage: "},
		{append([]string{"pidfile"}, proctest.Args("exit 0")...), 0, ""},
		{append([]string{"pidfile"}, proctest.Args("exit 3")...), 0, ""},
		{append([]string{"pidfile"}, proctest.Args("exit 127")...), 0, ""},
		{append([]string{"pidfile"}, proctest.Args("die KILL")...), 0, ""},
		{append([]string{"--exit-status", "pidfile"}, proctest.Args("exit 3")...), 3, ""},
		{append([]string{"--exit-status", "pidfile"}, proctest.Args("die KILL")...), 137, ""},
		{[]string{"pidfile", "no/such/program"}, 127, "could not start no/such/program: "},
		{[]string{"pidfile", "nosuchprogram"}, 127, "neither in the current directory nor in PATH"},
		{[]string{"--exit-status", "pidfile", "sh", "-c", "exit 5"}, 5, ""},
		{[]string{"--exit-status", "pidfile", "here"}, 6, ""}, // as the original: in the current directory, without ./
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "here"), []byte("#!/bin/sh\nexit 6\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		out, status := runTool(t, dir, supdBinary, append([]string{"pidproxy"}, c.args...)...)
		if status != c.status || !strings.Contains(out, c.says) {
			t.Errorf("%q: status %d, want %d\n%s", c.args, status, c.status, out)
		}
	}
	original := peer(t, "pidproxy")
	for _, args := range [][]string{{}, {"pidfile"}} {
		if out, status := runTool(t, t.TempDir(), original, args...); status != 1 || !strings.Contains(out, "Usage: ") {
			t.Errorf("original %q: status %d\n%s", args, status, out)
		}
	}
}

// TestPidproxyFollowsAProgramThatGoesToTheBackground: the command ends, its grandchild stays.
func TestPidproxyFollowsAProgramThatGoesToTheBackground(t *testing.T) {
	scripted(t)
	for _, c := range []struct {
		name   string
		ends   string // what the grandchild does at signal
		signal syscall.Signal
		status int
		says   string
	}{
		{"stopped", "on TERM exit 0", syscall.SIGTERM, 0, ""},
		{"ended by itself", "on USR1 exit 0", syscall.SIGUSR1, 1, "has ended"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pidfile := filepath.Join(t.TempDir(), "pid")
			b := proxy(t, []string{supdBinary, "pidproxy", "--follow"}, pidfile,
				"fork "+c.ends+" | on HUP print got it | notify "+pidfile+" | wait", "await "+pidfile, "print up", "exit 0")
			t.Cleanup(func() {
				if t.Failed() {
					_ = syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL)
				}
			})
			b.signal(syscall.SIGHUP)
			b.out.WaitFor(t, "got it")
			b.signal(c.signal)
			if status := b.wait(); status != c.status {
				t.Errorf("status %d, want %d:\n%s", status, c.status, b.out)
			}
			b.out.WaitFor(t, c.says)
		})
	}
	dir := t.TempDir()
	for _, c := range []struct {
		step   string
		status int
		says   string
	}{{"exit 4", 4, "there is nothing to follow"}, {"exit 0", 1, "cannot be followed: no such file or directory"}} {
		out, status := runTool(t, dir, supdBinary, append([]string{"pidproxy", "--follow", dir + "/pid"}, proctest.Args(c.step)...)...)
		if status != c.status || !strings.Contains(out, c.says) {
			t.Errorf("%s: status %d, want %d: %s", c.step, status, c.status, out)
		}
	}
}

// TestPidproxyUnderSupd is what it is for: a stop reaches the process of the pidfile.
func TestPidproxyUnderSupd(t *testing.T) {
	scripted(t)
	dir := t.TempDir()
	pidfile := filepath.Join(dir, "real.pid")
	command := fmt.Sprintf("%s pidproxy %s %s", supdBinary, pidfile,
		proctest.CommandLine("fork on TERM notify "+dir+"/stopped | notify "+pidfile+" | wait", "await "+dir+"/stopped"))
	_, conf := site(t, "[program:p]\ncommand="+command+"\nautostart=false\nkillasgroup=true\n")
	startDaemon(t, up, supdBinary, "-c", conf)
	if out, status := ctlIn(t, conf, "start", "p"); status != 0 {
		t.Fatalf("status %d: %s", status, out)
	}
	pid := proctest.File(t, pidfile)
	endOf(t, pidfile)
	if out, status := ctlIn(t, conf, "stop", "p"); status != 0 || out != "p: stopped\n" {
		t.Errorf("status %d: %s", status, out)
	}
	if got := proctest.File(t, dir+"/stopped"); got != pid {
		t.Errorf("process %s got the signal, not %s", got, pid)
	}
}
