package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// following is a running logs -f.
type following struct {
	t     *testing.T
	cmd   *exec.Cmd
	errs  *proctest.Output
	lines *bufio.Scanner
}

func followLogs(t *testing.T, args ...string) *following {
	t.Helper()
	f := &following{t: t, cmd: exec.Command(supdBinary, append([]string{"ctl"}, args...)...), errs: &proctest.Output{}}
	f.cmd.Stderr = f.errs
	out, err := f.cmd.StdoutPipe()
	if err != nil || f.cmd.Start() != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if f.cmd.ProcessState == nil {
			_ = f.cmd.Process.Kill()
			_ = f.cmd.Wait()
		}
	})
	limit := time.AfterFunc(2*proctest.Deadline, func() { _ = f.cmd.Process.Kill() })
	t.Cleanup(func() { limit.Stop() })
	f.lines = bufio.NewScanner(out)
	return f
}

// line is the next line that is printed.
func (f *following) line() string {
	f.t.Helper()
	if !f.lines.Scan() {
		f.t.Fatalf("%q has ended: %v; it said %s", f.cmd.Args, f.lines.Err(), f.errs)
	}
	return f.lines.Text()
}

// interrupt ends it as Ctrl-C does.
func (f *following) interrupt() {
	f.t.Helper()
	_ = f.cmd.Process.Signal(os.Interrupt)
	for f.lines.Scan() {
	}
	if err := f.cmd.Wait(); err != nil {
		f.t.Errorf("%q: %v; it said %s", f.cmd.Args, err, f.errs)
	}
}

// spoken is a program that prints what is written to a pipe.
func spoken(t *testing.T, dir, name string) io.Writer {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, name+".fifo"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

const speaker = `
[program:NAME]
command = /bin/sh -c "test -p DIR/NAME.fifo || mkfifo DIR/NAME.fifo; echo NAME ready >&2; exec cat DIR/NAME.fifo"
stdout_logfile = DIR/NAME.log
stderr_logfile = DIR/NAME.err
startsecs = 0
`

// A program that writes without a pause does so while logs begins; another one is quiet.
func TestFollowedLogsLoseNoLine(t *testing.T) {
	t.Parallel()
	address := freePort(t)
	s := onStage(t, `
[inet_http_server]
port = `+address+`
username = u
password = p
[program:spew]
command = /bin/sh -c "i=1000000; while :; do echo $i; i=$((i+1)); done"
stdout_logfile = DIR/spew.log
stderr_logfile = NONE
startsecs = 0
`+strings.ReplaceAll(speaker, "NAME", "quiet"))
	proctest.Eventually(t, "the programs", func() (string, bool) {
		b, _ := os.ReadFile(filepath.Join(s.dir, "quiet.err"))
		info, err := os.Stat(filepath.Join(s.dir, "spew.log"))
		return s.out.String(), string(b) == "quiet ready\n" && err == nil && info.Size() > 100_000
	})
	quiet := spoken(t, s.dir, "quiet")
	for i := range 500 {
		fmt.Fprintln(quiet, i)
	}
	proctest.Eventually(t, "all that was written", func() (string, bool) {
		b := read(t, filepath.Join(s.dir, "quiet.log"))
		return b, strings.HasSuffix(b, "\n499\n")
	})
	for _, server := range [][]string{{"-c", s.conf}, {"-s", "http://" + address, "-u", "u", "-p", "p"}} {
		f := followLogs(t, append(server, "logs", "-f", "-n", "400", "--stream", "stdout", "spew", "quiet")...)
		next := map[string]int{"quiet": 100}
		count := map[string]int{}
		for count["spew"] < 20000 || count["quiet"] < 400 {
			name, text, ok := strings.Cut(f.line(), "| ")
			name = strings.TrimSpace(name)
			n := 0
			if _, err := fmt.Sscan(text, &n); err != nil || !ok {
				t.Fatalf("%s %q: %v", name, text, err)
			}
			if next[name] == 0 && name == "spew" {
				next[name] = n
			}
			if n != next[name] {
				t.Fatalf("%v: line %d of %s is %d and not %d", server, count[name], name, n, next[name])
			}
			count[name]++
			next[name]++
		}
		f.interrupt()
	}
	if out, status := ctlIn(t, s.conf, "stop", "spew"); status != 0 {
		t.Error(out)
	}
	f := followLogs(t, "-c", s.conf, "logs", "-f", "-n", "1", "--no-prefix", "quiet")
	for _, want := range []string{"499", "quiet ready"} {
		if got := f.line(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	fmt.Fprint(quiet, "the last")
	proctest.Eventually(t, "the last", func() (string, bool) {
		b := read(t, filepath.Join(s.dir, "quiet.log"))
		return b, strings.HasSuffix(b, "the last")
	})
	if out, status := ctlIn(t, s.conf, "stop", "quiet"); status != 0 {
		t.Error(out)
	}
	if out, status := ctlIn(t, s.conf, "remove", "quiet"); status != 0 {
		t.Error(out)
	}
	if got := f.line(); got != "the last" {
		t.Errorf("%q", got)
	}
	f.interrupt()
}

// TestLogsFollowWhatBeginsLater has programs come, go and come back, and supd reloaded, while their logs are followed.
func TestLogsFollowWhatBeginsLater(t *testing.T) {
	t.Parallel()
	program := func(name, text string) string {
		return "[program:" + name + "]\ncommand = /bin/sh -c \"echo " + text + "; exec sleep 1000\"\nstartsecs = 0\nstdout_logfile = DIR/" + name + ".log\nstderr_logfile = NONE\n"
	}
	s := onStage(t, program("first", "hello")+strings.Replace(program("later", "late"), "startsecs", "autostart = false\nstartsecs", 1)+"[group:x]\nprograms = first\n")
	w := &town{s, read(t, s.conf)}
	s.out.WaitFor(t, "success: first entered RUNNING")
	f := followLogs(t, "-c", w.conf, "logs", "-f", "--no-prefix")
	lines := func(want ...string) {
		t.Helper()
		for _, l := range want {
			if got := f.line(); got != l {
				t.Fatalf("%q, want %q; it said %s", got, l, f.errs)
			}
		}
	}
	said := func(want string) {
		t.Helper()
		proctest.Eventually(t, want, func() (string, bool) { return f.errs.String(), strings.Contains(f.errs.String(), want) })
	}
	lines("hello")
	said("stdout of later is followed once the program is started: there is no file yet\n")
	if out, status := ctlIn(t, w.conf, "start", "later"); status != 0 {
		t.Fatal(out)
	}
	lines("late")
	w.edit("[group:x]", strings.ReplaceAll(program("second", "there"), "DIR", w.dir)+"[group:x]")
	if out, status := ctlIn(t, w.conf, "update"); status != 0 {
		t.Fatal(out)
	}
	lines("there")
	w.edit("echo there", "echo again")
	if out, status := ctlIn(t, w.conf, "stop", "second"); status != 0 {
		t.Fatal(out)
	}
	if out, status := ctlIn(t, w.conf, "remove", "second"); status != 0 {
		t.Fatal(out)
	}
	said("stdout of second is not followed any more: the program was removed\n")
	if err := os.Remove(filepath.Join(w.dir, "second.log")); err != nil {
		t.Fatal(err)
	}
	if out, status := ctlIn(t, w.conf, "update"); status != 0 {
		t.Fatal(out)
	}
	lines("again")
	for _, name := range []string{"first.log", "second.log", "later.log"} {
		if err := os.Truncate(filepath.Join(w.dir, name), 0); err != nil {
			t.Fatal(err)
		}
	}
	if out, status := ctlIn(t, w.conf, "reload"); status != 0 {
		t.Fatal(out)
	}
	got := []string{f.line(), f.line()}
	if slices.Sort(got); !slices.Equal(got, []string{"again", "hello"}) {
		t.Errorf("after the reload: %q", got)
	}
	f.interrupt()
}

func TestLogsOfProgramsWithTimesAreInTheirOrder(t *testing.T) {
	t.Parallel()
	s := onStage(t, strings.ReplaceAll(speaker, "NAME", "a")+"log_timestamp = true\n"+strings.ReplaceAll(speaker, "NAME", "b")+"log_format = json\n"+
		strings.ReplaceAll(speaker, "NAME", "c")+"log_format = prefix\n"+strings.ReplaceAll(speaker, "NAME", "raw"))
	names := []string{"a", "b", "c", "a", "b", "c"}
	proctest.Eventually(t, "the programs", func() (string, bool) {
		return s.out.String(), !slices.ContainsFunc([]string{"a", "b", "c", "raw"}, func(name string) bool {
			b, _ := os.ReadFile(filepath.Join(s.dir, name+".err"))
			return !strings.Contains(string(b), "ready")
		})
	})
	for i, name := range names {
		fmt.Fprintf(spoken(t, s.dir, name), "word %d\n", i)
		proctest.Eventually(t, "the word", func() (string, bool) {
			b, _ := os.ReadFile(filepath.Join(s.dir, name+".log"))
			return string(b), strings.Contains(string(b), fmt.Sprintf("word %d", i))
		})
	}
	out, status := ctlIn(t, s.conf, "logs", "-o", "json", "--since", "1h", "a", "b", "c")
	var seen []string
	last := time.Time{}
	for l := range strings.Lines(out) {
		var row struct {
			Program, Stream, Line string
			Time                  time.Time
		}
		if err := json.Unmarshal([]byte(l), &row); err != nil || row.Time.Before(last) {
			t.Errorf("%s: %v, behind %v", l, err, last)
		}
		last = row.Time
		seen = append(seen, row.Program+row.Stream[3:])
	}
	slices.Sort(seen)
	if want := "aerr aout aout berr bout bout cerr cout cout"; status != 0 || strings.Join(seen, " ") != want {
		t.Errorf("%v, status %d: %s", seen, status, out)
	}
	if out, status := ctlIn(t, s.conf, "logs", "--since", "0s", "a", "b", "c"); out != "" || status != 0 {
		t.Errorf("%q, status %d", out, status)
	}
	if out, status := ctlIn(t, s.conf, "logs", "--since", "1h", "--stream", "stderr", "raw"); status != 1 ||
		!strings.HasPrefix(out, "error: the lines of stderr of raw carry no time; log_timestamp=true ") {
		t.Errorf("%q, status %d", out, status)
	}
}
