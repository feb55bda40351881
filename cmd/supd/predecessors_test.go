package main

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// What the Go supervisors before supd got wrong and nothing else here guards; docs/explanation/predecessors.md lists all of it.

// lingering is a descendant that keeps its output open until the daemon has ended.
const lingering = `(while test -e DIR/pid; do sleep 0.1; done) & `

const badDay = `
[inet_http_server]
port = ADDRESS
[program:wrap]
command = /bin/sh -c "` + lingering + `wait; echo x"
startsecs = 0
[program:leaver]
command = /bin/sh -c "` + lingering + `exit 0"
startsecs = 0
autorestart = false
[program:ok]
command = /bin/sleep 1000
autostart = Yes
stdout_logfile = /dev/stdout
stdout_logfile_maxbytes = 0
[program:once]
command = /bin/sleep 1.3
autorestart = false
[program:pathed]
command = a-tool-of-its-own
environment = PATH="DIR/bin:/bin:/usr/bin"
startsecs = 0
[program:hopeless]
command = /bin/false
startretries = 0
[program:instant]
command = /bin/true
startsecs = 0
autorestart = False
[program:lines]
command = /bin/sh -c "for i in $(seq 45); do echo line $i; done; exec sleep 1000"
stdout_logfile = DIR/lines.log
stdout_logfile_maxbytes = 0
startsecs = 0
[program:a{b]
command = /bin/sleep 1000
startsecs = 0
[program:heard]
command = /bin/sh -c 'trap "echo usr1" USR1; trap "echo term; exit 0" TERM; echo up; while :; do sleep 0.1; done'
stdout_logfile = DIR/heard.log
startsecs = 0
[program:graceful]
command = /bin/sh -c 'trap "echo term; sleep 1.5; echo graceful; exit 0" TERM; echo up; while :; do sleep 0.1; done'
stdout_logfile = DIR/graceful.log
startsecs = 0
`

// TestABadDayOfThePredecessors goes on with one daemon from one case to the next.
func TestABadDayOfThePredecessors(t *testing.T) {
	t.Parallel()
	address := freePort(t)
	dir, conf := site(t, strings.ReplaceAll(badDay, "ADDRESS", address))
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bin", "a-tool-of-its-own"), []byte("#!/bin/sh\nexec sleep 1000\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := &stage{startDaemon(t, up, supdBinary, "--configuration="+conf), dir, conf} // as the only argument
	server := "unix://" + filepath.Join(dir, "sock")
	ctl := func(t *testing.T, want int, args ...string) string {
		t.Helper()
		out, status := runTool(t, dir, supdBinary, append([]string{"ctl", "-s", server}, args...)...)
		if status != want {
			t.Errorf("%q: exit status %d, want %d: %s", args, status, want, out)
		}
		return out
	}
	is := func(t *testing.T, name, state string) {
		t.Helper()
		if out, _ := runTool(t, dir, supdBinary, "ctl", "-s", server, "status", name); !strings.Contains(out, " "+state) {
			t.Errorf("want %s %s: %s", name, state, out)
		}
	}
	log := filepath.Join(dir, "log")
	spawns := func(name string) int { return strings.Count(read(t, log), "spawned: '"+name+"'") }

	t.Run("an exit is seen though a descendant keeps the output", func(t *testing.T) {
		s.out.WaitFor(t, "exited: leaver (exit status 0; expected)")
		is(t, "leaver", "EXITED")
	})
	t.Run("a stop ends though a descendant keeps the output", func(t *testing.T) {
		ctl(t, 0, "stop", "wrap")
		is(t, "wrap", "STOPPED")
	})
	t.Run("a command is found along the PATH of its program", func(t *testing.T) {
		s.out.WaitFor(t, "success: pathed entered RUNNING")
	})
	t.Run("a start right after a stop is obeyed", func(t *testing.T) {
		for _, verb := range []string{"stop", "start", "restart", "stop", "start"} {
			ctl(t, 0, verb, "ok")
		}
		is(t, "ok", "RUNNING")
	})
	t.Run("a stop that has returned has stopped it", func(t *testing.T) {
		pid := strings.TrimSpace(ctl(t, 0, "pid", "a{b"))
		ctl(t, 0, "stop", "a{b")
		if _, err := os.Stat("/proc/" + pid); err == nil {
			t.Errorf("process %s is still there", pid)
		}
	})
	t.Run("a normal exit is EXITED after one start", func(t *testing.T) {
		s.out.WaitFor(t, "exited: once (exit status 0; expected)")
		is(t, "once", "EXITED")
		if n := spawns("once"); n != 1 {
			t.Errorf("%d starts", n)
		}
	})
	t.Run("an end at once is EXITED when startsecs is 0", func(t *testing.T) {
		s.out.WaitFor(t, "exited: instant (exit status 0; expected)")
		is(t, "instant", "EXITED")
	})
	t.Run("FATAL is final", func(t *testing.T) {
		s.out.WaitFor(t, "gave up: hopeless entered FATAL state")
		is(t, "hopeless", "FATAL")
	})
	t.Run("maxbytes 0 never rotates", func(t *testing.T) {
		until(t, filepath.Join(dir, "lines.log"), "line 45\n")
		if files, _ := filepath.Glob(filepath.Join(dir, "lines.log*")); len(files) != 1 {
			t.Errorf("there are %q", files)
		}
		if n := strings.Count(read(t, filepath.Join(dir, "lines.log")), "line "); n != 45 {
			t.Errorf("%d lines", n)
		}
	})
	t.Run("a signal is the one that was named", func(t *testing.T) {
		until(t, filepath.Join(dir, "heard.log"), "up\n")
		ctl(t, 0, "signal", "usr1", "heard")
		until(t, filepath.Join(dir, "heard.log"), "usr1\n")
		if out, status := runTool(t, dir, supdBinary, "ctl", "-s", server, "signal", "BOGUS", "heard"); status == 0 || !strings.Contains(out, "bad signal name") {
			t.Errorf("BOGUS: status %d: %s", status, out)
		}
		ctl(t, 0, "signal", "CONT", "heard", "ok")
		if got := read(t, filepath.Join(dir, "heard.log")); got != "up\nusr1\n" {
			t.Errorf("it heard %q", got)
		}
	})
	t.Run("both servers answer and no directory is served", func(t *testing.T) {
		if out, status := runTool(t, dir, supdBinary, "ctl", "-s", "http://"+address, "status", "ok"); status != 0 {
			t.Errorf("status %d: %s", status, out)
		}
		for path, want := range map[string]int{"/": 200, "/log/": 404, "/log/ok/": 404, "/log/ok/null": 404, "/log/lines/": 404, "/log/lines/conf": 404,
			"/log": 404, "/confFile": 404, "/conf/ok": 404, "/program/list": 200, "/program/log/ok/../../../conf": 404, "/../conf": 404} {
			answer, err := http.Get("http://" + address + path)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			if answer.StatusCode != want || strings.Contains(string(body), "unix_http_server") {
				t.Errorf("%s: %d, want %d: %s", path, answer.StatusCode, want, body)
			}
		}
	})
	t.Run("a missing file changes nothing", func(t *testing.T) {
		if err := os.Rename(conf, conf+".away"); err != nil {
			t.Fatal(err)
		}
		for _, verb := range []string{"reread", "update", "reload"} {
			if out, status := runTool(t, dir, supdBinary, "ctl", "-s", server, verb); status == 0 || !strings.Contains(out, conf) {
				t.Errorf("%s: status %d: %s", verb, status, out)
			}
		}
		if err := os.Rename(conf+".away", conf); err != nil {
			t.Fatal(err)
		}
		is(t, "ok", "RUNNING")
	})
	t.Run("an update leaves alone what was stopped and what has given up", func(t *testing.T) {
		ctl(t, 0, "stop", "ok")
		text := read(t, conf)
		writeFile(t, dir, "conf", strings.Replace(text, "sleep 1.3", "sleep 1.4", 1)+"[program:new]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
		if out := ctl(t, 0, "update"); !strings.Contains(out, "once: command changed, for its next start") || !strings.Contains(out, "new: added\n") ||
			strings.Contains(out, "ok: ") {
			t.Error(out)
		}
		is(t, "new", "RUNNING")
		is(t, "ok", "STOPPED")
		is(t, "hopeless", "FATAL")
		if n := spawns("hopeless"); n != 1 {
			t.Errorf("hopeless: %d starts", n)
		}
	})
	t.Run("stop all leaves each program its time", func(t *testing.T) {
		until(t, filepath.Join(dir, "graceful.log"), "up\n")
		ctl(t, 0, "stop", "all")
		if got := read(t, filepath.Join(dir, "graceful.log")); got != "up\nterm\ngraceful\n" {
			t.Errorf("it said %q", got)
		}
	})
	t.Run("SIGTERM ends the daemon with 0 and takes its files away", func(t *testing.T) {
		ctl(t, 0, "start", "wrap") // whose descendant keeps the pipe open
		began := time.Now()
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		if status := s.wait(); status != 0 {
			t.Errorf("exit status %d", status)
		}
		if d := time.Since(began); d > 8*time.Second {
			t.Errorf("it took %v", d)
		}
		for _, name := range []string{"pid", "sock"} {
			if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
				t.Errorf("%s is still there", name)
			}
		}
	})
}

// A name that looks like an option of a client library's pattern, a format or a path element is a name.
func TestOddNamesOfProgramsAreNames(t *testing.T) {
	t.Parallel()
	var sections strings.Builder
	names := []string{"a{b}", "{", "a*b", "a?b", "a%%b", "..", "-x"}
	for _, name := range names {
		fmt.Fprintf(&sections, "[program:%s]\ncommand=/bin/sleep 1000\nstartsecs=0\n", name)
	}
	s := onStage(t, sections.String())
	proctest.Eventually(t, "all of them", func() (string, bool) {
		out, _ := ctlIn(t, s.conf, "status")
		return out, strings.Count(out, "RUNNING") == len(names)
	})
}

var (
	failureRow = regexp.MustCompile(`^\| (B\d\d) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$`)
	testName   = regexp.MustCompile("`((?:Test|Day/)[^`]*)`")
)

// TestDocsNameTheTestOfEachFailure checks docs/explanation/predecessors.md: B01 to B75 are there, in order, and each names tests
// that exist, or says that there is none.
func TestDocsNameTheTestOfEachFailure(t *testing.T) {
	var all strings.Builder
	err := filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			all.WriteString(read(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	source := all.String()
	var rows []string
	for line := range strings.Lines(read(t, "../../docs/explanation/predecessors.md")) {
		m := failureRow.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		rows = append(rows, m[1])
		names := testName.FindAllStringSubmatch(m[4], -1)
		if (len(names) == 0) != (m[4] == "none") {
			t.Errorf("%s names neither tests nor none: %s", m[1], m[4])
		}
		for _, n := range names {
			function, subtest, _ := strings.Cut(strings.Replace(n[1], "Day/", "TestABadDayOfThePredecessors/", 1), "/")
			if !strings.Contains(source, "\nfunc "+function+"(t *testing.T)") {
				t.Errorf("%s: there is no test %s", m[1], function)
			}
			if subtest != "" && !strings.Contains(source, "t.Run("+strconv.Quote(subtest)) {
				t.Errorf("%s: %s has no case %q", m[1], function, subtest)
			}
		}
	}
	for i := range 75 {
		if want := fmt.Sprintf("B%02d", i+1); i >= len(rows) || rows[i] != want {
			t.Fatalf("row %d is not %s; rows are %q", i+1, want, rows)
		}
	}
	if len(rows) != 75 {
		t.Errorf("%d rows", len(rows))
	}
}
