package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// runs waits until a program has been RUNNING n times.
func (s *stage) runs(name string, n int) {
	s.t.Helper()
	proctest.Eventually(s.t, fmt.Sprintf("%s to run %d times", name, n), func() (string, bool) {
		return s.out.String(), s.ran(name) == n
	})
}

func (s *stage) ran(name string) int {
	return strings.Count(s.out.String(), "success: "+name+" entered RUNNING")
}

// release writes an executable that does nothing, in one step.
func release(t *testing.T, path string) {
	t.Helper()
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	next := writeFile(t, dir, ".next", "#!/bin/sh\nexec sleep 1000\n")
	if err := os.Chmod(next, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
}

// link turns a link elsewhere, in one step.
func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path+".next"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".next", path); err != nil {
		t.Fatal(err)
	}
}

// TestAProgramIsRestartedWhenItsExecutableIsReplaced is B46 as well: the executable is found by PATH, by a relative path, and
// behind a link, as the start finds it.
func TestAProgramIsRestartedWhenItsExecutableIsReplaced(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	for _, p := range []string{"plain", "path/inpath", "releases/1/linked", "releases/2/linked", "down"} {
		release(t, filepath.Join(bin, p))
	}
	link(t, "releases/1", filepath.Join(bin, "current"))
	cwd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(cwd, filepath.Join(bin, "plain"))
	if err != nil {
		t.Fatal(err)
	}
	s := onStage(t, strings.NewReplacer("BIN", bin, "RELATIVE", relative, "CWD", cwd).Replace(`
[program-default]
startsecs = 0
restart_when_binary_changed = true
[program:plain]
command = BIN/plain
[program:relative]
command = RELATIVE
directory = CWD
[program:inpath]
command = inpath with arguments
environment = PATH="/nonexistent:BIN/path:/bin:/usr/bin"
[program:linked]
command = BIN/current/linked
[program:down]
command = BIN/down
autostart = false
`))
	for _, name := range []string{"plain", "relative", "inpath", "linked"} {
		s.runs(name, 1)
	}
	release(t, filepath.Join(bin, "plain"))
	release(t, filepath.Join(bin, "path/inpath"))
	release(t, filepath.Join(bin, "down"))
	link(t, "releases/2", filepath.Join(bin, "current"))
	for _, name := range []string{"plain", "relative", "inpath", "linked"} {
		s.runs(name, 2)
	}
	s.out.WaitFor(t, "linked is restarted: its executable "+bin+"/current/linked has changed")
	s.out.WaitFor(t, "inpath is restarted: its executable "+bin+"/path/inpath has changed")

	// One that is gone is no reason, nor are permissions; the next one that can be executed is.
	if err := os.Rename(bin+"/plain", bin+"/aside"); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(bin+"/path/inpath", 0o700); err != nil {
		t.Fatal(err)
	}
	release(t, filepath.Join(bin, "releases/2/linked")) // something that is told about the same time
	s.runs("linked", 3)
	release(t, filepath.Join(bin, "plain"))
	s.runs("plain", 3)
	s.runs("relative", 3)
	if got := s.ran("inpath"); got != 2 {
		t.Errorf("inpath ran %d times", got)
	}
	if out, _ := ctlIn(t, s.conf, "status", "down"); !strings.Contains(out, "STOPPED") {
		t.Errorf("a program that is down was started: %s", out)
	}
}

// TestProgramsAreRestartedWhenFilesChange is B46 as well: two programs watch one directory.
func TestProgramsAreRestartedWhenFilesChange(t *testing.T) {
	t.Parallel()
	src := t.TempDir()
	writeFile(t, src, "a.py", "1")
	s := onStage(t, strings.ReplaceAll(`
[program-default]
command = /bin/sh -c 'echo hello; exec sleep 1000'
startsecs = 0
stdout_logfile = SRC/%(program_name)s.log
[program:one]
restart_directory_monitor = SRC
[program:two]
restart_directory_monitor = SRC
restart_file_pattern = *.py
[program:early]
restart_directory_monitor = SRC/not/there/yet
`, "SRC", src))
	for _, name := range []string{"one", "two", "early"} {
		s.runs(name, 1)
	}
	writeFile(t, src, "a.py", "22")
	s.runs("one", 2) // and not again because of its own log
	s.runs("two", 2)
	s.out.WaitFor(t, "one is restarted: "+src+"/a.py has changed")
	if err := os.MkdirAll(filepath.Join(src, "sub/dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, src, "sub/dir/new.py", "1") // in a directory that came later
	s.runs("one", 3)
	s.runs("two", 3)
	writeFile(t, src, "sub/dir/new.txt", "1")
	s.runs("one", 4)
	if err := os.MkdirAll(filepath.Join(src, "not/there/yet"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, src, "not/there/yet/file", "1")
	s.runs("early", 2)
	if got := s.ran("two"); got != 3 {
		t.Errorf("two ran %d times", got)
	}
}

func TestACommandOrASignalInPlaceOfTheRestart(t *testing.T) {
	t.Parallel()
	src := t.TempDir()
	release(t, filepath.Join(src, "prog"))
	for _, d := range []string{"signals", "tree"} {
		if err := os.Mkdir(filepath.Join(src, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := onStage(t, strings.ReplaceAll(`
[program-default]
startsecs = 0
[program:bincmd]
command = SRC/prog
restart_when_binary_changed = true
restart_cmd_when_binary_changed = /bin/sh -c 'echo "$SUPD_TRIGGER $SUPD_PROGRAM $SUPD_REASON" > SRC/bincmd.part; mv SRC/bincmd.part SRC/bincmd.out'
[program:filecmd]
command = /bin/sleep 1000
restart_directory_monitor = SRC/tree
restart_cmd_when_file_changed = /bin/sh -c 'echo "$SUPD_TRIGGER $SUPD_PROGRAM $SUPD_REASON" > SRC/filecmd.part; mv SRC/filecmd.part SRC/filecmd.out'
[program:filesig]
command = /bin/sh -c 'trap "echo reload >> SRC/signals/filesig" HUP; while :; do sleep 0.05; done'
restart_directory_monitor = SRC/tree
restart_signal_when_file_changed = HUP
[program:binsig]
command = SRC/copy -c 'trap "echo reload >> SRC/signals/binsig" USR2; while :; do sleep 0.05; done'
restart_when_binary_changed = true
restart_signal_when_binary_changed = SIGUSR2
`, "SRC", copyOf(t, "/bin/sh", src)))
	for _, name := range []string{"bincmd", "filecmd", "filesig", "binsig"} {
		s.runs(name, 1)
	}
	release(t, filepath.Join(src, "prog"))
	writeFile(t, src, "tree/file", "1")
	copyOf(t, "/bin/sh", src)
	for file, want := range map[string]string{
		"bincmd.out":      "binary bincmd its executable " + src + "/prog has changed\n",
		"filecmd.out":     "files filecmd " + src + "/tree/file has changed\n",
		"signals/filesig": "reload\n",
		"signals/binsig":  "reload\n",
	} {
		if got := until(t, filepath.Join(src, file), "\n"); got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
	for _, name := range []string{"bincmd", "filecmd", "filesig", "binsig"} {
		if got := s.ran(name); got != 1 {
			t.Errorf("%s was restarted", name)
		}
	}
}

// copyOf puts a copy of an executable to dir/copy, in one step, and returns dir.
func copyOf(t *testing.T, exe, dir string) string {
	t.Helper()
	b, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/.copy", b, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir+"/.copy", dir+"/copy"); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestWithoutTriggersNothingIsWatched looks at what a daemon has open.
func TestWithoutTriggersNothingIsWatched(t *testing.T) {
	t.Parallel()
	inotify := func(s *stage) int {
		n := 0
		names, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", s.cmd.Process.Pid))
		for _, name := range names {
			if target, _ := os.Readlink(name); strings.Contains(target, "inotify") {
				n++
			}
		}
		return n
	}
	s := onStage(t, "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
	s.runs("cat", 1)
	if n := inotify(s); n != 0 {
		t.Errorf("%d inotify instances", n)
	}
	writeFile(t, s.dir, "conf", read(t, s.conf)+"restart_when_binary_changed=true\n[program:two]\ncommand=/bin/cat\nrestart_when_binary_changed=true\n")
	update := func() {
		if out, status := ctlIn(t, s.conf, "update"); status != 0 {
			t.Fatal(out)
		}
	}
	update()
	proctest.Eventually(t, "one inotify instance", func() (string, bool) { n := inotify(s); return fmt.Sprint(n), n == 1 })
	writeFile(t, s.dir, "conf", strings.ReplaceAll(read(t, s.conf), "restart_when_binary_changed=true", ""))
	update()
	proctest.Eventually(t, "no inotify instance", func() (string, bool) { n := inotify(s); return fmt.Sprint(n), n == 0 })
}

// TestAJobRunsOncePerTick is B11 with real processes: a job that is over within a moment.
func TestAJobRunsOncePerTick(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[program:job]
command = /bin/sh -c 'date +%%s >> DIR/ticks'
cron = */2 * * * * *
autostart = false
[program:daily]
command = /bin/true
cron = @daily
cron_timezone = UTC
autostart = false
[program:queue]
command = /bin/sh -c 'date +%%s >> DIR/queued; sleep 1.5'
cron = * * * * * *
cron_overlap = queue
autostart = false
`)
	ticks := func(file string, enough int) []string {
		var lines []string
		proctest.Eventually(t, "the job to run", func() (string, bool) {
			b, _ := os.ReadFile(filepath.Join(s.dir, file))
			lines = strings.Fields(string(b))
			return string(b), len(lines) >= enough
		})
		return lines
	}
	seen := map[string]bool{}
	for _, at := range ticks("ticks", 4) {
		if seen[at] || strings.IndexByte("02468", at[len(at)-1]) < 0 {
			t.Errorf("it ran at %s, before at %v", at, seen)
		}
		seen[at] = true
	}
	ticks("queued", 3)
	s.out.WaitFor(t, "queue is started by its schedule (")
	s.out.WaitFor(t, ") when it has ended: it is still RUNNING")
	out, _ := ctlIn(t, s.conf, "status", "daily")
	midnight := time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour).Local().Format("Jan 02 03:04 PM")
	if !strings.Contains(out, "Not started, next run "+midnight) {
		t.Errorf("got %s", out)
	}
	theirs, _ := runTool(t, s.dir, peer(t, "supervisorctl"), "-c", s.conf, "status", "daily")
	if !strings.Contains(theirs, "STOPPED   Not started, next run "+midnight) {
		t.Errorf("got %s", theirs)
	}
	if out, status := ctlIn(t, s.conf, "stop", "job", "daily"); status != 0 || !strings.Contains(out, "daily: stopped") {
		t.Errorf("status %d: %s", status, out)
	}
	if out, _ := ctlIn(t, s.conf, "status", "daily"); strings.Contains(out, "next run") {
		t.Errorf("got %s", out)
	}
}

// TestTheConfigurationIsReadWhenItsFilesChange has the words of reload_on_change, an error, and a file that comes.
func TestTheConfigurationIsReadWhenItsFilesChange(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"reread", "update"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			dir, conf := site(t, "[include]\nfiles = conf.d/*.conf\n[program:one]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
			if err := os.Mkdir(filepath.Join(dir, "conf.d"), 0o755); err != nil {
				t.Fatal(err)
			}
			writeFile(t, dir, "conf", strings.Replace(read(t, conf), "[supervisord]\n", "[supervisord]\nreload_on_change = "+mode+"\n", 1))
			s := &stage{startDaemon(t, up, supdBinary, "-c", conf), dir, conf}
			s.runs("one", 1)
			writeFile(t, dir, "conf.d/two.conf", "[program:two]\ncommand=/bin/sleep 1000\nstartsecs=zero\n")
			s.out.WaitFor(t, "the configuration files have changed and have an error, nothing is changed: ")
			s.out.WaitFor(t, "'zero' for startsecs (allowed: a whole number) on line 3 in section 'program:two' (file: '"+dir+"/conf.d/two.conf')")
			writeFile(t, dir, "conf.d/two.conf", "[program:two]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
			s.out.WaitFor(t, "the configuration files have changed: added two")
			if mode == "reread" {
				s.out.WaitFor(t, "the configuration files have changed: added two; update brings that into effect")
				if out, _ := ctlIn(t, conf, "avail"); !strings.Contains(out, "two") || s.ran("two") != 0 {
					t.Errorf("it is not only known: %s", out)
				}
				return
			}
			s.runs("two", 1)
			writeFile(t, dir, "conf.d/two.conf", "[program:two]\ncommand=/bin/sleep 2000\nstartsecs=0\n")
			s.runs("two", 2)
			if err := os.Remove(filepath.Join(dir, "conf.d/two.conf")); err != nil {
				t.Fatal(err)
			}
			proctest.Eventually(t, "two to be gone", func() (string, bool) {
				out, _ := ctlIn(t, conf, "status")
				return out, !strings.Contains(out, "two")
			})
			if s.ran("one") != 1 {
				t.Error("a program that has not changed was restarted")
			}
			// Another directory is included: it is watched from then on.
			writeFile(t, dir, "conf", strings.Replace(read(t, conf), "conf.d/*", "other/*", 1))
			s.out.WaitFor(t, "the configuration files have changed, but no program has")
			if err := os.Mkdir(filepath.Join(dir, "other"), 0o755); err != nil {
				t.Fatal(err)
			}
			writeFile(t, dir, "other/three.conf", "[program:three]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
			s.runs("three", 1)
		})
	}
}
