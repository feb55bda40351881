package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// eventsConf is what both supervisors run while a listener records all events. DIR stands for a directory of their own,
// SCRIPTS for that of the listeners. What supervisord decides by the moment at which it looks is not in it: a program that is to
// fail does so long before startsecs, one that is to come up lives longer than that or has startsecs=0.
const eventsConf = `
[supervisord]
nodaemon = true
logfile = DIR/log
pidfile = DIR/pid
childlogdir = DIR
[unix_http_server]
file = DIR/sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl = unix://DIR/sock
[eventlistener:recorder]
command = /usr/bin/python3 SCRIPTS/recorder.py DIR/events
events = EVENT
buffer_size = 1000
payload_length = characters
startsecs = 0
environment = PYTHONUTF8="1"
[program:first]
command = /bin/cat
[program:expected]
command = /bin/sh -c "sleep 1.5; exit 2"
exitcodes = 2
autostart = false
[program:unexpected]
command = /bin/sh -c "sleep 1.5; exit 2"
autorestart = false
autostart = false
[program:twice]
command = /bin/sh -c "test -e DIR/twice && exit 0; touch DIR/twice; exit 3"
startsecs = 0
autostart = false
[program:always]
command = /bin/sh -c "test -e DIR/always && exec sleep 1000; touch DIR/always; exit 0"
startsecs = 0
autorestart = true
autostart = false
[program:killed]
command = /bin/sleep 1000
startsecs = 0
autostart = false
[program:missing]
command = /no/such/file
startretries = 1
[program:quick]
command = /bin/false
startsecs = 30
startretries = 1
autostart = false
[program:once]
command = /bin/false
startsecs = 30
startretries = 0
autostart = false
[program:paused]
command = /bin/sh -c "test -e DIR/paused && exec sleep 1000; exit 1"
startsecs = 30
startretries = 100
autostart = false
[program:failing]
command = /bin/false
startsecs = 30
startretries = 100
autostart = false
[program:stubborn]
command = /bin/sh -c "trap '' TERM; echo ready; while :; do sleep 0.1; done"
startsecs = 0
stopwaitsecs = 1
killasgroup = true
stdout_events_enabled = true
autostart = false
[program:instances]
command = /bin/sleep 1000
process_name = %(program_name)s_%(process_num)d
numprocs = 2
[program:captured]
command = /bin/sh -c "printf '<!--XSUPERVISOR:BEGIN-->some h\303\251llo<!--XSUPERVISOR:END-->'; printf '<!--XSUPERVISOR:BEGIN-->errors<!--XSUPERVISOR:END-->' >&2; exec sleep 1000"
startsecs = 0
stdout_capture_maxbytes = 1MB
stderr_capture_maxbytes = 1MB
autostart = false
[program:both]
command = /bin/sh -c "printf '<!--XSUPERVISOR:BEGIN-->secret<!--XSUPERVISOR:END-->'; exec sleep 1000"
startsecs = 0
stdout_capture_maxbytes = 1MB
stdout_events_enabled = true
autostart = false
[program:talker]
command = /bin/sh -c "echo one line; echo 'and one more' >&2; exec sleep 1000"
startsecs = 0
stdout_events_enabled = true
stderr_events_enabled = true
autostart = false
[program:foreign]
command = /bin/sh -c "printf 'gr\303\274n'; printf '\377\376 it'\''s \\\\' >&2; exec sleep 1000"
startsecs = 0
stdout_events_enabled = true
stderr_events_enabled = true
autostart = false
[program:merged]
command = /bin/sh -c "echo to the same >&2; exec sleep 1000"
startsecs = 0
redirect_stderr = true
stdout_events_enabled = true
autostart = false
[program:silent]
command = /bin/sh -c "echo nobody hears; exec sleep 1000"
startsecs = 0
autostart = false
[program:member1]
command = /bin/cat
[program:member2]
command = /bin/sleep 1000
[group:team]
programs = member2,member1
[program:last]
command = /bin/sh -c "trap 'while ! test -e DIR/enough; do sleep 0.1; done; exit 0' TERM; while :; do sleep 0.1; done"
priority = 1
stopwaitsecs = 600
startsecs = 0
`

const eventsConfNext = `
[program:fresh]
command = /bin/cat
startsecs = 0
`

// byDesign are the events in which supd differs from supervisord, by whom they are about.
var byDesign = map[string]struct {
	theirs, ours []string
	why          string
}{
	"paused 2": {[]string{
		"PROCESS_STATE_STARTING processname:paused groupname:paused from_state:STOPPED tries:4"}, []string{
		"PROCESS_STATE_STARTING processname:paused groupname:paused from_state:STOPPED tries:0"},
		"a start by hand forgets the failures before it (compat.md §3.3)"},
	"both PROCESS_LOG_STDOUT": {[]string{
		"PROCESS_LOG_STDOUT processname:both groupname:both pid:N channel:stdout|secret"}, nil,
		"captured text is no output (compat.md §5.5)"},
}

// A heardEvent is a line of the recorder.
type heardEvent struct {
	Start   int // the recorder's pid, when it begins
	Headers map[string]string
	Payload string
}

func (e heardEvent) serial() int {
	n, err := strconv.Atoi(e.Headers["serial"])
	if err != nil {
		return -1
	}
	return n
}

var (
	pidToken  = regexp.MustCompile(`\bpid:[1-9]\d*`)
	whenToken = regexp.MustCompile(`^when:\d*[05]$`)
)

// String is the event without what is different each time.
func (e heardEvent) String() string {
	payload := strings.ReplaceAll(e.Payload, "\n", "|")
	payload = whenToken.ReplaceAllString(pidToken.ReplaceAllString(payload, "pid:N"), "when:T")
	return e.Headers["eventname"] + " " + payload
}

// about is what the order of events is compared within: events of different programs and channels may overtake each other.
func (e heardEvent) about() string {
	name := e.Headers["eventname"]
	head, _, _ := strings.Cut(e.Payload, "\n")
	var program, group string
	for _, kv := range strings.Fields(head) {
		k, v, _ := strings.Cut(kv, ":")
		switch k {
		case "processname":
			program = v
		case "groupname":
			group = v
		}
	}
	switch {
	case strings.HasPrefix(name, "PROCESS_STATE"):
		return program
	case strings.HasPrefix(name, "PROCESS_LOG"), strings.HasPrefix(name, "PROCESS_COMM"):
		return program + " " + name
	case strings.HasPrefix(name, "PROCESS_GROUP"):
		return "group " + group
	}
	return name
}

// An eavesdropper is a supervisor with a recorder.
type eavesdropper struct {
	t         *testing.T
	b         *background
	dir, conf string
	ctlBinary string
	life      int // of the recorder, counted from 1
}

// eavesdrop starts a supervisor with a configuration that has a recorder in it.
func eavesdrop(t *testing.T, daemon, conf string) *eavesdropper {
	t.Helper()
	scripts, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	conf = strings.NewReplacer("DIR", dir, "SCRIPTS", scripts).Replace(conf)
	s := &eavesdropper{t: t, dir: dir, conf: writeFile(t, dir, "conf", conf), ctlBinary: peer(t, "supervisorctl"), life: 1}
	s.b = startDaemon(t, up, daemon, "-c", s.conf)
	return s
}

// heard is what the recorder has written so far.
func (s *eavesdropper) heard() []heardEvent {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, "events"))
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	var out []heardEvent
	for line := range bytes.Lines(b) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // it is being written
		}
		var e heardEvent
		if err := json.Unmarshal(line, &e); err != nil {
			s.t.Fatalf("%v in %s", err, line)
		}
		out = append(out, e)
	}
	return out
}

// wait returns when the recorder has heard n events of a text in the present life.
func (s *eavesdropper) wait(n int, begin, end string) {
	s.t.Helper()
	proctest.Eventually(s.t, fmt.Sprintf("%d of %s…%s", n, begin, end), func() (string, bool) {
		found, life := 0, 0
		var saw strings.Builder
		for _, e := range s.heard() {
			if e.Start != 0 {
				found, life = 0, life+1
			}
			line := e.String()
			fmt.Fprintln(&saw, line)
			if strings.HasPrefix(line, begin) && strings.HasSuffix(line, end) {
				found++
			}
		}
		return saw.String() + s.b.out.String(), life == s.life && found >= n
	})
}

// waitState returns when a program has entered a state n times.
func (s *eavesdropper) waitState(n int, program, state, end string) {
	s.t.Helper()
	s.wait(n, fmt.Sprintf("PROCESS_STATE_%s processname:%s ", state, program), end)
}

// ctl runs the real supervisorctl. What it says is compared elsewhere.
func (s *eavesdropper) ctl(args ...string) string {
	s.t.Helper()
	out, _ := runTool(s.t, s.dir, s.ctlBinary, append([]string{"-c", s.conf}, args...)...)
	return out
}

// call calls an XML-RPC method at once, for where a client in Python would be too slow. It takes texts and booleans.
func (s *eavesdropper) call(method string, params ...any) string {
	s.t.Helper()
	return callUnix(s.t, s.dir+"/sock", method, params...)
}

func callUnix(t *testing.T, socket, method string, params ...any) string {
	t.Helper()
	var body strings.Builder
	fmt.Fprintf(&body, "<?xml version='1.0'?><methodCall><methodName>supervisor.%s</methodName><params>", method)
	for _, p := range params {
		switch p := p.(type) {
		case string:
			fmt.Fprintf(&body, "<param><value><string>%s</string></value></param>", p)
		case bool:
			fmt.Fprintf(&body, "<param><value><boolean>%d</boolean></value></param>", map[bool]int{true: 1}[p])
		default:
			t.Fatalf("no parameter: %T", p)
		}
	}
	body.WriteString("</params></methodCall>")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		}}}
	answer, err := client.Post("http://localhost/RPC2", "text/xml", strings.NewReader(body.String()))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v: %s", method, answer.Status, err, text)
	}
	return string(text)
}

// eventsScenario leads a supervisor through every transition and returns what its recorder has heard, for each life.
func eventsScenario(t *testing.T, daemon string) (lives [][]heardEvent) {
	s := eavesdrop(t, daemon, eventsConf)
	for _, name := range []string{"first", "instances_0", "instances_1", "member1", "member2", "last", "recorder"} {
		s.waitState(1, name, "RUNNING", "")
	}
	s.call("startProcess", "failing") // fails until the end
	s.call("startProcess", "paused")
	s.ctl("start", "expected", "unexpected", "twice", "always", "killed", "quick", "once", "stubborn", "captured", "both", "talker",
		"foreign", "merged", "silent")
	s.waitState(1, "expected", "EXITED", "expected:1 pid:N")
	s.waitState(1, "unexpected", "EXITED", "expected:0 pid:N")
	s.waitState(2, "twice", "EXITED", "")
	s.waitState(2, "always", "RUNNING", "")
	s.waitState(1, "quick", "FATAL", "")
	s.waitState(1, "once", "FATAL", "")
	s.waitState(1, "missing", "FATAL", "")
	s.wait(1, "PROCESS_COMMUNICATION_STDOUT processname:captured", "")
	s.wait(1, "PROCESS_COMMUNICATION_STDERR processname:captured", "")
	s.wait(1, "PROCESS_COMMUNICATION_STDOUT processname:both", "")
	s.wait(1, "PROCESS_LOG_STDOUT processname:talker", "")
	s.wait(1, "PROCESS_LOG_STDERR processname:talker", "")
	s.wait(1, "PROCESS_LOG_STDOUT processname:foreign", "")
	s.wait(1, "PROCESS_LOG_STDERR processname:foreign", "")
	s.wait(1, "PROCESS_LOG_STDOUT processname:merged", "")
	s.wait(1, "PROCESS_LOG_STDOUT processname:stubborn", "")
	s.waitState(1, "paused", "BACKOFF", "tries:4")
	s.call("stopProcess", "paused")
	s.waitState(1, "paused", "STOPPED", "pid:0")
	writeFile(t, s.dir, "paused", "")
	s.call("startProcess", "paused", false)
	s.ctl("stop", "paused")
	s.ctl("signal", "KILL", "killed")
	s.waitState(2, "killed", "RUNNING", "")
	s.ctl("stop", "stubborn")
	s.ctl("restart", "first")
	s.ctl("stop", "team:*")
	s.ctl("start", "team:*")
	s.ctl("stop", "instances:*")
	s.ctl("remove", "instances")
	s.ctl("add", "instances")
	s.ctl("start", "instances:*")
	for _, name := range []string{"instances_0", "instances_1"} {
		s.waitState(2, name, "RUNNING", "")
	}
	conf := read(t, s.conf)
	writeFile(t, s.dir, "conf", strings.Replace(conf, "[program:silent]", "[program:changed]", 1)+eventsConfNext)
	s.ctl("update")
	s.waitState(1, "fresh", "RUNNING", "")
	s.wait(1, "PROCESS_GROUP_ADDED groupname:changed", "")
	s.wait(1, "TICK_5 when:T", "")
	// failing has its longest pause yet before it.
	tries := 4
	for _, e := range s.heard() {
		if n := ""; strings.HasPrefix(e.String(), "PROCESS_STATE_BACKOFF processname:failing") {
			_, n, _ = strings.Cut(e.Payload, "tries:")
			seen, _ := strconv.Atoi(n)
			tries = max(tries, seen+1)
		}
	}
	s.waitState(1, "failing", "BACKOFF", fmt.Sprintf("tries:%d", tries))
	if out := s.call("restart"); !strings.Contains(out, "<boolean>1</boolean>") {
		t.Fatal(out)
	}
	s.waitState(1, "failing", "FATAL", "")
	s.waitState(1, "last", "STOPPING", "") // all others are down
	writeFile(t, s.dir, "enough", "")
	s.life = 2
	for _, name := range []string{"recorder", "first", "instances_0", "instances_1", "member1", "member2", "fresh", "last"} {
		s.waitState(1, name, "RUNNING", "")
	}
	s.waitState(1, "missing", "FATAL", "")
	if out := s.call("shutdown"); !strings.Contains(out, "<boolean>1</boolean>") {
		t.Fatal(out)
	}
	if status := s.b.wait(); status != 0 {
		t.Errorf("%s ended with status %d", filepath.Base(daemon), status)
	}
	for _, e := range s.heard() {
		if e.Start != 0 {
			lives = append(lives, nil)
			continue
		}
		lives[len(lives)-1] = append(lives[len(lives)-1], e)
	}
	return lives
}

// sequences sorts the events of a life by whom they are about. It leaves out what depends on the moment: how many ticks and
// failures there were, and what came when the recorder itself was about to be stopped.
//
// A tick in another form than that of compat.md §5.1 stays.
func sequences(life []heardEvent) map[string][]string {
	out := map[string][]string{}
	down := false
	for _, e := range life {
		about, line := e.about(), e.String()
		down = down || strings.HasPrefix(line, "SUPERVISOR_STATE_CHANGE_STOPPING")
		switch {
		case strings.HasPrefix(about, "TICK"):
			if line == about+" when:T" {
				continue
			}
		case about == "failing" && !strings.Contains(line, "FATAL"):
			if strings.Contains(line, "tries:") && !slices.ContainsFunc([]string{"0", "1", "2", "3", "4"}, func(n string) bool {
				return strings.HasSuffix(line, "tries:"+n)
			}) {
				continue
			}
		case about == "last" && strings.Contains(line, "STOPPED ") && down:
			continue
		case strings.Contains(line, "STARTING processname:paused ") && strings.Contains(line, "from_state:STOPPED ") && len(out[about]) > 0:
			about, line = "paused 2", lateTries.ReplaceAllString(line, "tries:4")
		case about == "paused" && lateTries.MatchString(line):
			continue
		}
		out[about] = append(out[about], line)
	}
	return out
}

// lateTries are failures of the program that is stopped when it has had four: a busy machine lets it have more.
var lateTries = regexp.MustCompile(`tries:([4-9]|[1-9][0-9]+)$`)

// TestListenersHearWhatSupervisordTellsThem is the promise of a drop-in to listeners.
func TestListenersHearWhatSupervisordTellsThem(t *testing.T) {
	defer func(d time.Duration) { proctest.Deadline = d }(proctest.Deadline)
	proctest.Deadline = 90 * time.Second
	supervisord := peer(t, "supervisord")
	var theirs, ours [][]heardEvent
	t.Run("peers", func(t *testing.T) {
		t.Run("supervisord", func(t *testing.T) { t.Parallel(); theirs = eventsScenario(t, supervisord) })
		t.Run("supd", func(t *testing.T) { t.Parallel(); ours = eventsScenario(t, supdBinary) })
	})
	if len(theirs) != 2 || len(ours) != 2 {
		t.Fatalf("the recorder of supervisord lived %d times, that of supd %d times", len(theirs), len(ours))
	}
	for who, lives := range map[string][][]heardEvent{"supervisord": theirs, "supd": ours} {
		checkSerials(t, who, lives)
	}
	before, after := sequences(theirs[0]), sequences(ours[0])
	checkByDesign(t, before, after)
	compareSequences(t, "before the restart", before, after)
	compareSequences(t, "after the restart", sequences(untilShutdown(theirs[1])), sequences(untilShutdown(ours[1])))
}

// checkByDesign takes out the events that differ on purpose, which must differ in just that way.
func checkByDesign(t *testing.T, theirs, ours map[string][]string) {
	t.Helper()
	for about, d := range byDesign {
		if !slices.Equal(theirs[about], d.theirs) || !slices.Equal(ours[about], d.ours) {
			t.Errorf("%s: %s\nsupervisord: %q\nsupd:        %q", about, d.why, theirs[about], ours[about])
		}
		delete(theirs, about)
		delete(ours, about)
	}
}

func compareSequences(t *testing.T, when string, theirs, ours map[string][]string) {
	t.Helper()
	for about := range ours {
		if theirs[about] == nil {
			theirs[about] = []string{}
		}
	}
	for about, want := range theirs {
		if got := ours[about]; !slices.Equal(got, want) {
			t.Errorf("%s, %s\nsupervisord:\n  %s\nsupd:\n  %s", when, about, strings.Join(want, "\n  "), strings.Join(got, "\n  "))
		}
	}
}

// untilShutdown drops what came when everything ended.
func untilShutdown(life []heardEvent) []heardEvent {
	i := slices.IndexFunc(life, func(e heardEvent) bool {
		return strings.HasPrefix(e.String(), "SUPERVISOR_STATE_CHANGE_STOPPING")
	})
	if i < 0 {
		return life
	}
	return life[:i]
}

// checkSerials checks the numbers a listener to all events gets: each is one more than the one before, and a soft restart goes on
// with those that nobody has heard any more.
func checkSerials(t *testing.T, who string, lives [][]heardEvent) {
	t.Helper()
	last := -1
	for i, life := range lives {
		for n, e := range life {
			if n == 0 && i > 0 && e.serial() <= last || (n > 0 || i == 0) && e.serial() != last+1 {
				t.Errorf("%s, life %d: serial %d comes after %d: %s", who, i, e.serial(), last, e)
			}
			if got := e.Headers["poolserial"]; got != strconv.Itoa(n) {
				t.Errorf("%s, life %d: poolserial %s of event %d: %s", who, i, got, n, e)
			}
			last = e.serial()
		}
	}
}
