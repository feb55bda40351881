package ctl

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The peers: the client under test is compared with the real one, and both drive the real server.
const (
	realDaemon = "/usr/bin/supervisord"
	realClient = "/usr/bin/supervisorctl"
)

// needPeers fails the test when the peers are not there.
func needPeers(t *testing.T) {
	t.Helper()
	for _, p := range []string{realDaemon, realClient} {
		if _, err := os.Stat(p); err != nil {
			t.Fatalf("%v: run apt-get install -y supervisor", err)
		}
	}
}

// deadline is how long anything may take that a test waits for.
const deadline = 30 * time.Second

// A daemon is a real supervisord.
type daemon struct {
	dir    string
	conf   string // its configuration
	client string // that of the clients: the [supervisorctl] section of conf
	socket string
	port   int
	pid    int

	mu    sync.Mutex
	lines []string // of its log
	read  int      // how many lines have been waited for
	news  chan struct{}
}

// startDaemon starts a supervisord on a configuration in which DIR and PORT are replaced, and waits until it answers.
// It is stopped when the test ends.
func startDaemon(t *testing.T, config string) *daemon {
	t.Helper()
	d := newDaemon(t, config)
	cmd := exec.Command(realDaemon, "-n", "-c", d.conf)
	cmd.Dir = d.dir
	cmd.Env = append(os.Environ(), "PYTHONUNBUFFERED=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d.pid = cmd.Process.Pid
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.collect(out)
		_ = cmd.Wait()
	}()
	// The programs read from a pipe that supervisord holds, and end with it.
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-done
	})
	d.wait(t, "supervisord started with pid")
	return d
}

// newDaemon returns a daemon with a configuration that is not started.
func newDaemon(t *testing.T, config string) *daemon {
	t.Helper()
	dir := t.TempDir()
	d := &daemon{
		dir:    dir,
		conf:   filepath.Join(dir, "s.conf"),
		client: filepath.Join(dir, "ctl.conf"),
		socket: filepath.Join(dir, "s.sock"),
		port:   freePort(t),
		news:   make(chan struct{}, 1),
	}
	d.configure(t, config)
	return d
}

// configure writes the configuration files.
func (d *daemon) configure(t *testing.T, config string) {
	t.Helper()
	_, client, _ := strings.Cut(config, "[supervisorctl]")
	client, _, _ = strings.Cut(client, "\n[")
	for path, text := range map[string]string{d.conf: config, d.client: "[supervisorctl]" + client} {
		if err := os.WriteFile(path, []byte(d.fill(text)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// append appends to a file in the directory of the daemon, which may be a log.
func (d *daemon) append(t *testing.T, name, text string) {
	t.Helper()
	if name == "s.log" {
		// A line that has been waited for goes into the file after it was seen; an answer comes after that.
		d.call(t, "getVersion")
	}
	f, err := os.OpenFile(filepath.Join(d.dir, name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// fill puts the directory and the port of the daemon into a text.
func (d *daemon) fill(s string) string {
	return strings.NewReplacer("DIR", d.dir, "PORT", fmt.Sprint(d.port)).Replace(s)
}

// collect takes the log until it ends.
func (d *daemon) collect(out interface{ Read([]byte) (int, error) }) {
	for sc := bufio.NewScanner(out); sc.Scan(); {
		d.mu.Lock()
		d.lines = append(d.lines, sc.Text())
		d.mu.Unlock()
		select {
		case d.news <- struct{}{}:
		default:
		}
	}
}

// signal sends a signal to the daemon.
func (d *daemon) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(d.pid, sig); err != nil {
		t.Fatal(err)
	}
}

// wait waits for a line of the log that contains text, behind the line that was waited for last.
func (d *daemon) wait(t *testing.T, text string) {
	t.Helper()
	limit := time.After(deadline)
	for {
		d.mu.Lock()
		i := slices.IndexFunc(d.lines[d.read:], func(l string) bool { return strings.Contains(l, text) })
		if i >= 0 {
			d.read += i + 1
		}
		d.mu.Unlock()
		if i >= 0 {
			return
		}
		select {
		case <-d.news:
		case <-limit:
			d.mu.Lock()
			defer d.mu.Unlock()
			t.Fatalf("supervisord did not log %q; it logged\n%s", text, strings.Join(d.lines, "\n"))
		}
	}
}

// call calls a method of the daemon.
func (d *daemon) call(t *testing.T, method string, args ...any) {
	t.Helper()
	var reply any
	to, err := readTarget(&d.client, false)
	if err != nil {
		t.Fatal(err)
	}
	c := newClient("unix://"+d.socket, "", to.cred, certificates{})
	defer c.http.CloseIdleConnections()
	if err := c.call(context.Background(), &reply, method, args...); err != nil {
		t.Fatal(err)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// A ctlPeer runs a command line and returns the output and the exit status.
type ctlPeer func(t *testing.T, stdin string, args []string) (stdout string, status int)

// theirsMain runs the main function of the real client for each line of JSON it gets, which saves starting Python for
// each command line.
const theirsMain = `
import io, json, sys
from supervisor.supervisorctl import main
requests, answers = sys.stdin, sys.stdout
sys.argv[0] = "/usr/bin/supervisorctl"
for line in requests:
    args, text = json.loads(line)
    sys.stdin, sys.stdout = io.StringIO(text), io.StringIO()
    status = 0
    try:
        main(args)
    except SystemExit as e:
        status = e.code or 0
    print(json.dumps({"Stdout": sys.stdout.getvalue(), "Status": status}), file=answers, flush=True)
`

// theirs starts the real client.
func theirs(t *testing.T) ctlPeer {
	t.Helper()
	cmd := exec.Command("/usr/bin/python3", "-c", theirsMain)
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait()
	})
	requests, answers := json.NewEncoder(stdin), json.NewDecoder(stdout)
	return func(t *testing.T, stdin string, args []string) (string, int) {
		t.Helper()
		limit := time.AfterFunc(deadline, func() { _ = cmd.Process.Kill() })
		defer limit.Stop()
		var answer struct {
			Stdout string
			Status int
		}
		if err := errors.Join(requests.Encode([]any{args, stdin}), answers.Decode(&answer)); err != nil {
			t.Fatalf("supervisorctl %q: %v", args, err)
		}
		return answer.Stdout, answer.Status
	}
}

// theirsExec runs the real client as a program.
func theirsExec(t *testing.T, stdin string, args []string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, realClient, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%s %q: %v", realClient, args, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// ours runs the client under test.
func ours(_ *testing.T, stdin string, args []string) (string, int) {
	var out, errs bytes.Buffer
	limit := time.AfterFunc(deadline, func() { panic(fmt.Sprintf("%q does not end; it printed %q", args, out.String())) })
	defer limit.Stop()
	status := Run(Env{
		Name:   "supervisorctl",
		Stdin:  strings.NewReader(stdin),
		Stdout: &out,
		Stderr: &errs,
		Getenv: os.Getenv,
	}, args)
	return out.String(), status
}

// A step is one thing a script does.
type step struct {
	args   []string // a command line, "-c CONF" is put before one that has none
	stdin  string
	sorted bool // the order of the lines depends on who stops or starts first

	wait   string // a line of the log to wait for
	config string // a new configuration to write
	file   string // a file to append the text to
	text   string
	call   []any // a method to call, with its arguments
}

// lines makes a step of each command line.
func lines(text string) []step {
	var steps []step
	for l := range strings.Lines(text) {
		l = strings.TrimSpace(l)
		if l == "" {
			continue
		}
		cmd, sorted := strings.CutSuffix(l, "# any order")
		steps = append(steps, step{args: strings.Fields(cmd), sorted: sorted})
	}
	return steps
}

// play runs the steps with a client on a daemon and returns one entry for each: the command line, what was printed and
// the exit status, without what differs from run to run.
func play(t *testing.T, d *daemon, peer ctlPeer, steps []step) []string {
	t.Helper()
	var transcript []string
	for _, s := range steps {
		switch {
		case s.wait != "":
			d.wait(t, s.wait)
		case s.config != "":
			d.configure(t, s.config)
		case s.file != "":
			d.append(t, s.file, s.text)
		case s.call != nil:
			d.call(t, s.call[0].(string), s.call[1:]...)
		default:
			var args []string
			if !slices.Contains(s.args, "-c") && !slices.Contains(s.args, "--con") {
				args = []string{"-c", d.client}
			}
			for _, a := range s.args {
				args = append(args, d.fill(a))
			}
			out, status := peer(t, s.stdin, args)
			transcript = append(transcript, fmt.Sprintf("$ %q\n%s[%d]", s.args, normal(d, out, s), status))
		}
	}
	return transcript
}

var (
	normalPID    = regexp.MustCompile(`pid [1-9]\d*`)
	normalUptime = regexp.MustCompile(`uptime \d+:\d\d:\d\d`)
	normalTime   = regexp.MustCompile(`[A-Z][a-z][a-z] \d\d \d\d:\d\d [AP]M`)
	normalNumber = regexp.MustCompile(`(?m)^[1-9]\d*$`)
	normalError  = regexp.MustCompile(`(?m)error: (?:.*(<Fault \d+: .*>).*|.*)$`)
	normalHelp   = regexp.MustCompile(`(?m)^(maintail\tlast.*\n|.*\t.*|Note: .*|tail \[-f\] <name> .*|Ex:)\n`)
	normalStamp  = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}`)
	// The list of commands differs, and the real client adds an error line to a text of its own.
	normalTopics = regexp.MustCompile(`(?s)(=====\n).*\n\n`)
	normalAuth   = regexp.MustCompile(`(Server requires authentication\n)error:.*\n`)
	// The end of fg is the last that can be compared: the real client then pulls the log from under a thread of its that
	// reads it, which now and then prints an error, a traceback, or the beginning of one.
	normalForeground = regexp.MustCompile(`(?s)(Exiting foreground\n).*`)
)

// normal takes out of an output what differs from run to run, and the sentences of help.
func normal(d *daemon, out string, s step) string {
	out = strings.ReplaceAll(out, d.dir, "DIR")
	out = strings.ReplaceAll(out, fmt.Sprintf(":%d", d.port), ":PORT")
	out = normalAuth.ReplaceAllString(out, "$1")
	out = normalForeground.ReplaceAllString(out, "$1")
	out = normalPID.ReplaceAllString(out, "pid N")
	out = normalUptime.ReplaceAllString(out, "uptime T")
	out = normalTime.ReplaceAllString(out, "TIME")
	out = normalStamp.ReplaceAllString(out, "STAMP")
	out = normalNumber.ReplaceAllString(out, "N")
	out = normalError.ReplaceAllString(out, "error: $1")
	out = normalHelp.ReplaceAllString(out, "")
	out = normalTopics.ReplaceAllString(out, "$1")
	if s.sorted {
		l := strings.SplitAfter(out, "\n")
		slices.Sort(l)
		out = strings.Join(l, "")
	}
	return out
}

// sideBySide plays the steps twice, on a fresh daemon each, once with the real client and once with ours, and compares
// what they printed and the exit statuses.
func sideBySide(t *testing.T, config string, steps []step) {
	t.Helper()
	needPeers(t)
	compareWith(t, theirs(t), func(t *testing.T) *daemon { return startDaemon(t, config) }, steps)
}

// compareWith plays the steps with peer and with our client, on a daemon each, and compares.
func compareWith(t *testing.T, peer ctlPeer, start func(t *testing.T) *daemon, steps []step) {
	t.Helper()
	var want, got []string
	t.Run("play", func(t *testing.T) {
		t.Run("theirs", func(t *testing.T) {
			t.Parallel()
			want = play(t, start(t), peer, steps)
		})
		t.Run("ours", func(t *testing.T) {
			t.Parallel()
			got = play(t, start(t), ours, steps)
		})
	})
	compare(t, want, got)
}

// compare compares two transcripts entry by entry.
func compare(t *testing.T, want, got []string) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%d entries, the real client has %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("ours:\n%s\n-- supervisorctl:\n%s", got[i], want[i])
		}
	}
}
