package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

func TestAutomaticLogsOfAnEarlierRunAreRemoved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		option string
		args   []string
		stays  bool
	}{{"", nil, false}, {"nocleanup=true\n", nil, true}, {"", []string{"-k"}, true}} {
		dir, conf := site(t, "")
		set(t, conf, "identifier=mine\n"+c.option)
		stale := writeFile(t, dir, "x-stdout---mine-abcdefgh.log", "stale")
		others := []string{writeFile(t, dir, "x-stdout---theirs-abcdefgh.log", "theirs"), writeFile(t, dir, "x-stdout.log", "precious")}
		startDaemon(t, up, supdBinary, append([]string{"-c", conf}, c.args...)...)
		if _, err := os.Stat(stale); (err == nil) != c.stays {
			t.Errorf("%q %q: the stale log: %v", c.option, c.args, err)
		}
		for _, path := range others {
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%q %q: %v", c.option, c.args, err)
			}
		}
	}
}

// The start is followed by an end of its own, so that all of the output is there.
func TestASilentDaemonPrintsNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		option string
		args   []string
		silent bool
	}{{"silent=true\n", nil, true}, {"", []string{"-s"}, true}, {"", nil, false}} {
		dir, conf := site(t, "[program:job]\ncommand=/bin/true\nstartsecs=0\nautorestart=false\n")
		set(t, conf, "exit_when=all_exited\n"+c.option)
		out, status := runTool(t, dir, supdBinary, append([]string{"-c", conf}, c.args...)...)
		if status != 0 || c.silent != (out == "") || !c.silent && !strings.Contains(out, up) {
			t.Errorf("%q %q: status %d: %s", c.option, c.args, status, out)
		}
		if log := read(t, filepath.Join(dir, "log")); !strings.Contains(log, up) {
			t.Errorf("%q %q: the log has %s", c.option, c.args, log)
		}
	}
}

func TestTheBackgroundDaemonHasTheDirectoryAndUmaskOfItsSection(t *testing.T) {
	t.Parallel()
	dir, conf := site(t, "[program:where]\ncommand=/bin/sh -c \"umask; pwd; exec sleep 1000\"\nstdout_logfile=DIR/where.log\nstartsecs=0\n")
	set(t, conf, "umask=027\ndirectory=DIR/home\n")
	home := filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, status := runTool(t, dir, supdBinary, "-c", conf, "-d"); status != 0 || out != "" {
		t.Fatalf("status %d: %s", status, out)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(read(t, filepath.Join(dir, "pid"))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); cwd != home {
		t.Errorf("it is in %s, %v", cwd, err)
	}
	if mask := statusOf(t, pid)["Umask"]; mask != "0027" {
		t.Errorf("its umask is %s", mask)
	}
	if got := until(t, filepath.Join(dir, "where.log"), "home\n"); got != "0027\n"+home+"\n" {
		t.Errorf("a program has %q", got)
	}
	if out, status := ctlIn(t, conf, "shutdown"); status != 0 {
		t.Errorf("status %d: %s", status, out)
	}
	proctest.Eventually(t, "the daemon to end", func() (string, bool) {
		_, err := os.Stat(filepath.Join(dir, "pid"))
		return "pidfile", err != nil
	})
}

func TestSIGUSR1DoesNotEndTheDaemon(t *testing.T) {
	t.Parallel()
	_, conf := site(t, "[program:cat]\ncommand=/bin/cat\n")
	b := startDaemon(t, "success: cat entered RUNNING", supdBinary, "-c", conf)
	b.signal(syscall.SIGUSR1)
	b.out.WaitFor(t, "received SIGUSR1, which means nothing to supd")
	if out, status := ctlIn(t, conf, "status"); status != 0 || !strings.Contains(out, "RUNNING") {
		t.Errorf("status %d: %s", status, out)
	}
}

func TestINTAndQUITEndTheDaemonAsTERMDoes(t *testing.T) {
	t.Parallel()
	for s, name := range map[syscall.Signal]string{syscall.SIGINT: "SIGINT", syscall.SIGQUIT: "SIGQUIT", syscall.SIGTERM: "SIGTERM"} {
		dir, conf := site(t, "[program:cat]\ncommand=/bin/cat\n")
		b := startDaemon(t, "success: cat entered RUNNING", supdBinary, "-c", conf)
		b.signal(s)
		if status := b.wait(); status != 0 {
			t.Errorf("%s: exit status %d:\n%s", name, status, b.out)
		}
		log := read(t, filepath.Join(dir, "log"))
		if !strings.Contains(log, "received "+name+" indicating exit request") || !strings.Contains(log, "stopped: cat") {
			t.Errorf("%s: the log has %s", name, log)
		}
	}
}

func TestNoRestartFollowsWhenTheDaemonEnds(t *testing.T) {
	t.Parallel()
	dir, conf := site(t, "[program:stubborn]\ncommand=/bin/sh -c \"trap '' TERM; echo up; while :; do sleep 0.05; test -e DIR/go && exit; done\"\n"+
		"startsecs=0\nstopwaitsecs=60\nstdout_logfile=DIR/stubborn.log\n")
	b := startDaemon(t, up, supdBinary, "-c", conf)
	until(t, filepath.Join(dir, "stubborn.log"), "up\n")
	b.signal(syscall.SIGTERM)
	b.out.WaitFor(t, "received SIGTERM indicating exit request")
	b.signal(syscall.SIGHUP)
	b.out.WaitFor(t, "ignored SIGHUP indicating restart request (shutdown in progress)")
	writeFile(t, dir, "go", "")
	if status := b.wait(); status != 0 || strings.Count(read(t, filepath.Join(dir, "log")), up) != 1 {
		t.Errorf("exit status %d:\n%s", status, b.out)
	}
}

// syslogTCP takes one connection and keeps what comes.
func syslogTCP(t *testing.T) (address string, heard *proctest.Output) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	heard = &proctest.Output{}
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.Copy(heard, conn)
	}()
	return l.Addr().String(), heard
}

func TestTheMainLogGoesToAllItsTargets(t *testing.T) {
	t.Parallel()
	dir, conf := site(t, "")
	address, heard := syslogTCP(t)
	writeFile(t, dir, "conf", strings.Replace(read(t, conf), "/log\n", "/log, "+dir+"/second, syslog @tcp:"+address+"\n", 1))
	b := startDaemon(t, up, supdBinary, "-c", conf)
	line := fmt.Sprintf("%s %d", up, b.cmd.Process.Pid)
	for _, name := range []string{"log", "second"} {
		until(t, filepath.Join(dir, name), line+"\n")
	}
	heard.WaitFor(t, line)
	proctest.Eventually(t, "the line as a message of its own", func() (string, bool) {
		for l := range strings.SplitSeq(heard.String(), "<14>1 ") { // user.info; the length of the next one is behind
			if strings.Contains(l, " supervisord ") && strings.Contains(l, line) {
				return l, true
			}
		}
		return heard.String(), false
	})
}

func TestAProgramSpeaksToASyslogServer(t *testing.T) {
	t.Parallel()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	_, conf := site(t, `[program:talker]
command = /bin/sh -c "echo hello; echo trouble >&2; exec sleep 1000"
stdout_logfile = syslog @udp:`+server.LocalAddr().String()+`
stderr_logfile = syslog @udp:`+server.LocalAddr().String()+`
syslog_facility = local3
syslog_tag = tag-of-%(program_name)s
syslog_stdout_priority = notice
syslog_stderr_priority = crit
startsecs = 0
`)
	startDaemon(t, up, supdBinary, "-c", conf)
	if err := server.SetReadDeadline(time.Now().Add(proctest.Deadline)); err != nil {
		t.Fatal(err)
	}
	priorities := map[string]string{"hello": "<157>1 ", "trouble": "<154>1 "} // local3 is 19; notice is 5, crit 2
	for range len(priorities) {
		message := make([]byte, 4096)
		n, _, err := server.ReadFrom(message)
		if err != nil {
			t.Fatal(err)
		}
		text := string(message[:n])
		word := text[strings.LastIndexByte(text, ' ')+1:]
		if want, ok := priorities[word]; !ok || !strings.HasPrefix(text, want) || !strings.Contains(text, " tag-of-talker ") {
			t.Errorf("the server heard %q", text)
		}
		delete(priorities, word)
	}
}

func TestTheBackupsOfARunningProgramAreCompressed(t *testing.T) {
	t.Parallel()
	s := onStage(t, strings.ReplaceAll(speaker, "NAME", "talker")+"stdout_logfile_maxbytes=1KB\nstdout_logfile_backups=2\nstdout_logfile_compress=true\n")
	until(t, filepath.Join(s.dir, "talker.err"), "ready")
	path := filepath.Join(s.dir, "talker.log")
	pipe := spoken(t, s.dir, "talker")
	uncompressed := func(n int) []byte {
		f, err := os.Open(fmt.Sprintf("%s.%d.gz", path, n))
		if err != nil {
			return []byte(err.Error())
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			return []byte(err.Error())
		}
		b, err := io.ReadAll(z)
		return append(b, fmt.Sprint(err)...)
	}
	// Each is less than a pipe passes on at once, and more than the log may hold.
	first, second := bytes.Repeat([]byte("first\n"), 300), bytes.Repeat([]byte("second\n"), 300)
	for n, text := range [][]byte{first, second} {
		if _, err := pipe.Write(text); err != nil {
			t.Fatal(err)
		}
		proctest.Eventually(t, fmt.Sprintf("backup %d", n+1), func() (string, bool) {
			got := uncompressed(1)
			return string(got), bytes.Equal(got, append(bytes.Clone(text), "<nil>"...))
		})
	}
	if got := uncompressed(2); !bytes.Equal(got, append(first, "<nil>"...)) {
		t.Errorf("the second backup has %q", got)
	}
	fmt.Fprint(pipe, "after\n")
	if got := until(t, path, "after\n"); got != "after\n" {
		t.Errorf("the log has %q", got)
	}
	for _, plain := range []string{path + ".1", path + ".2"} {
		if _, err := os.Stat(plain); err == nil {
			t.Errorf("%s is there as well", plain)
		}
	}
}

// What the command line says goes for all configurations that are read later.
func TestTheCommandLineStillWinsAfterARestart(t *testing.T) {
	t.Parallel()
	dir, conf := site(t, "")
	original := read(t, conf)
	set(t, conf, "identifier=from_the_file\nloglevel=error\n")
	b := startDaemon(t, up, supdBinary, "-c", conf, "-i", "from_the_line", "-e", "info", "-l", dir+"/line.log")
	identifier := func() string { return callUnix(t, filepath.Join(dir, "sock"), "getIdentification") }
	if got := identifier(); !strings.Contains(got, "<string>from_the_line</string>") {
		t.Errorf("at first it is %s", got)
	}
	writeFile(t, dir, "conf", original)
	set(t, conf, "identifier=from_the_new_file\nloglevel=critical\n")
	b.signal(syscall.SIGHUP)
	b.waitForStarts(2)
	if got := identifier(); !strings.Contains(got, "<string>from_the_line</string>") {
		t.Errorf("after the restart it is %s", got)
	}
	if log := read(t, filepath.Join(dir, "line.log")); strings.Count(log, up) != 2 {
		t.Errorf("the log has %s", log)
	}
	if _, err := os.Stat(filepath.Join(dir, "log")); err == nil {
		t.Error("the log of the file is there")
	}
}
