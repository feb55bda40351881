package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// set puts options into [supervisord] of a configuration.
func set(t *testing.T, conf, options string) {
	t.Helper()
	dir := filepath.Dir(conf)
	writeFile(t, dir, filepath.Base(conf), strings.Replace(read(t, conf), "[supervisord]\n", "[supervisord]\n"+strings.ReplaceAll(options, "DIR", dir), 1))
}

// statusOf returns what /proc/PID/status says about a process, by name.
func statusOf(t *testing.T, pid int) map[string]string {
	t.Helper()
	fields := map[string]string{}
	for l := range strings.Lines(read(t, fmt.Sprintf("/proc/%d/status", pid))) {
		name, value, _ := strings.Cut(l, ":")
		fields[name] = strings.Join(strings.Fields(value), " ")
	}
	return fields
}

func TestTooFewDescriptorsAreRaisedForTheProgramsToo(t *testing.T) {
	t.Parallel()
	dir, conf := site(t, "[program:limits]\ncommand=/bin/bash -c \"ulimit -Sn; ulimit -Hn; exec sleep 1000\"\nstdout_logfile=DIR/limits.log\nstartsecs=0\n")
	set(t, conf, "minfds=300\nminprocs=0\n")
	b := startDaemon(t, up, "/bin/bash", "-c", `ulimit -Sn 256 && ulimit -Hn 1000 && exec "$0" -c "$1"`, supdBinary, conf)
	b.out.WaitFor(t, "Increased RLIMIT_NOFILE limit to 300")
	if got := until(t, filepath.Join(dir, "limits.log"), "1000\n"); got != "300\n1000\n" {
		t.Errorf("a program has the limits %q", got)
	}
	if log := read(t, filepath.Join(dir, "log")); strings.Contains(log, "RLIMIT_NPROC") {
		t.Errorf("a limit that is not asked for was raised:\n%s", log)
	}
}

// Whoever may raise a hard limit gets what the file asks for, all others hear what to do.
func TestMoreDescriptorsThanTheHardLimitAllows(t *testing.T) {
	t.Parallel()
	dir, conf := site(t, "[program:limits]\ncommand=/bin/bash -c \"ulimit -Sn; ulimit -Hn; exec sleep 1000\"\nstdout_logfile=DIR/limits.log\nstartsecs=0\n")
	set(t, conf, "minfds=1500\nminprocs=0\n")
	const start = `ulimit -n 1000 && exec "$0" -c "$1"`
	caps, err := strconv.ParseUint(statusOf(t, os.Getpid())["CapEff"], 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	const capSysResource = 24 // capabilities(7); golang.org/x/sys has the name on Linux only
	if caps&(1<<capSysResource) != 0 {
		b := startDaemon(t, up, "/bin/bash", "-c", start, supdBinary, conf)
		b.out.WaitFor(t, "Increased RLIMIT_NOFILE limit to 1500")
		if got := until(t, filepath.Join(dir, "limits.log"), "1500\n1500\n"); got != "1500\n1500\n" {
			t.Errorf("a program has the limits %q", got)
		}
		return
	}
	b := startDaemon(t, "", "/bin/bash", "-c", start, supdBinary, conf)
	if status := b.wait(); status != exitUsage {
		t.Errorf("status %d", status)
	}
	b.out.WaitFor(t, "the limit RLIMIT_NOFILE cannot be raised to 1500: ")
	b.out.WaitFor(t, "or lower minfds in [supervisord]")
	if _, err := os.Stat(filepath.Join(dir, "log")); err == nil {
		t.Error("the log was begun")
	}
}

func TestTheDaemonIsTheUserOfItsSection(t *testing.T) {
	t.Parallel()
	account, err := user.Lookup("daemon")
	if err != nil {
		t.Fatal(err)
	}
	dir, conf := site(t, "[program:cat]\ncommand=/bin/cat\n")
	set(t, conf, "user=daemon\n")
	if os.Getuid() != 0 {
		b := startDaemon(t, "", supdBinary, "-c", conf)
		if status := b.wait(); status != exitUsage {
			t.Errorf("status %d", status)
		}
		b.out.WaitFor(t, "only root can become another user; start supd as root or remove user= from [supervisord]")
		return
	}
	uid, _ := strconv.Atoi(account.Uid)
	gid, _ := strconv.Atoi(account.Gid)
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // that of the test, above the one that site has made
		t.Fatal(err)
	}
	for _, path := range []string{dir, conf} {
		if err := os.Chown(path, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	b := startDaemon(t, "success: cat entered RUNNING", supdBinary, "-c", conf)
	if line := fmt.Sprintf("Set uid to user %d succeeded", uid); !strings.Contains(b.out.String(), line) || strings.Contains(b.out.String(), "running as root") {
		t.Errorf("no %q in, or too much:\n%s", line, b.out)
	}
	groups, err := account.GroupIds()
	if err != nil {
		t.Fatal(err)
	}
	pid, _ := ctlIn(t, conf, "pid", "cat")
	cat, err := strconv.Atoi(strings.TrimSpace(pid))
	if err != nil {
		t.Fatal(err)
	}
	four := func(id int) string { return strings.TrimSpace(strings.Repeat(strconv.Itoa(id)+" ", 4)) }
	for name, pid := range map[string]int{"the daemon": b.cmd.Process.Pid, "its program": cat} {
		is := statusOf(t, pid)
		for field, want := range map[string]string{"Uid": four(uid), "Gid": four(gid), "Groups": strings.Join(groups, " ")} {
			if is[field] != want {
				t.Errorf("%s has %s %q, want %q", name, field, is[field], want)
			}
		}
	}
	good := read(t, conf)
	writeFile(t, dir, "conf", strings.Replace(good, "user=daemon\n", "user=root\n", 1))
	b.signal(syscall.SIGHUP)
	b.out.WaitFor(t, fmt.Sprintf("user= in [supervisord] names another user than the one supd runs as (uid %d); stop supd and start it again", uid))
	if now, _ := ctlIn(t, conf, "pid", "cat"); now != pid {
		t.Errorf("pid was %s, is %s", pid, now)
	}
	if got := strings.TrimSpace(read(t, filepath.Join(dir, "pid"))); got != strconv.Itoa(b.cmd.Process.Pid) {
		t.Errorf("the pidfile has %s", got)
	}
	writeFile(t, dir, "conf", good)
	b.signal(syscall.SIGHUP) // its own user once more is no other one
	b.waitForStarts(2)
}

func TestRootIsWarnedUnlessTheFileSaysRoot(t *testing.T) {
	t.Parallel()
	const warning = "running as root, and so do all programs without user="
	for option, want := range map[string]bool{"": os.Getuid() == 0, "user=" + strconv.Itoa(os.Getuid()) + "\n": false} {
		dir, conf := site(t, "")
		set(t, conf, option)
		startDaemon(t, up, supdBinary, "-c", conf)
		log := until(t, filepath.Join(dir, "log"), up)
		if got := strings.Contains(log, warning); got != want || strings.Contains(log, "Set uid") {
			t.Errorf("with %q the warning is there: %t\n%s", option, got, log)
		}
	}
}

// A file that names another user than the one supd was started as by somebody else than root changes nothing at a restart.
func TestANewUserIsRefusedAtARestart(t *testing.T) {
	t.Parallel()
	other := "daemon"
	if os.Getuid() != 0 {
		other = "root"
	}
	_, conf := site(t, "[program:cat]\ncommand=/bin/cat\n")
	b := startDaemon(t, "success: cat entered RUNNING", supdBinary, "-c", conf)
	pid, _ := ctlIn(t, conf, "pid", "cat")
	set(t, conf, "user="+other+"\n")
	out, status := ctlIn(t, conf, "reload")
	if status != 1 || !strings.Contains(out, fmt.Sprintf("than the one supd runs as (uid %d)", os.Getuid())) {
		t.Errorf("status %d: %s", status, out)
	}
	if now, _ := ctlIn(t, conf, "pid", "cat"); now != pid || strings.Count(b.out.String(), up) != 1 {
		t.Errorf("pid was %s, is %s", pid, now)
	}
	proctest.Eventually(t, "the refusal", func() (string, bool) {
		return b.out.String(), strings.Contains(b.out.String(), "the restart is refused, nothing was stopped or changed")
	})
}

func TestRootDoesNotFollowALinkToItsPidfileThatAnybodyCouldHaveMade(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("this is about root")
	}
	for _, c := range []struct {
		mode    os.FileMode
		refused bool
	}{{0o777, true}, {0o755, false}} {
		dir, conf := site(t, "")
		public, target := filepath.Join(dir, "public"), writeFile(t, dir, "target", "precious")
		if err := errors.Join(os.Mkdir(public, 0o755), os.Chmod(public, c.mode), os.Symlink(target, filepath.Join(public, "pid"))); err != nil {
			t.Fatal(err)
		}
		writeFile(t, dir, "conf", strings.Replace(read(t, conf), "pidfile="+dir+"/pid", "pidfile="+public+"/pid", 1))
		b := startDaemon(t, up, supdBinary, "-c", conf)
		if c.refused {
			b.out.WaitFor(t, "is a symbolic link in a directory that everybody may write to; remove it, or choose a pidfile in another directory")
		}
		want := strconv.Itoa(b.cmd.Process.Pid) + "\n"
		if c.refused {
			want = "precious"
		}
		if got := until(t, target, want); got != want {
			t.Errorf("mode %o: the file has %q", c.mode, got)
		}
	}
}
