package events

import (
	"math"
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor"
)

var web = Process{Name: "web_1", Group: "site", Pid: 42}

func change(from, to supervisor.State, pid, tries int, expected bool) Event {
	return StateChanged(web, supervisor.Transition{From: from, To: to, Pid: pid, Tries: tries, Expected: expected})
}

// every is one event of each type that occurs, with its payload (compat.md §5.1).
var every = []struct {
	name, payload string
	event         Event
}{
	{"PROCESS_STATE_STARTING", "processname:web_1 groupname:site from_state:STOPPED tries:0", change(supervisor.Stopped, supervisor.Starting, 7, 0, true)},
	{"PROCESS_STATE_STARTING", "processname:web_1 groupname:site from_state:BACKOFF tries:2", change(supervisor.Backoff, supervisor.Starting, 0, 2, false)},
	{"PROCESS_STATE_BACKOFF", "processname:web_1 groupname:site from_state:STARTING tries:1", change(supervisor.Starting, supervisor.Backoff, 7, 1, false)},
	{"PROCESS_STATE_RUNNING", "processname:web_1 groupname:site from_state:STARTING pid:7", change(supervisor.Starting, supervisor.Running, 7, 0, false)},
	{"PROCESS_STATE_STOPPING", "processname:web_1 groupname:site from_state:RUNNING pid:7", change(supervisor.Running, supervisor.Stopping, 7, 0, false)},
	{"PROCESS_STATE_STOPPED", "processname:web_1 groupname:site from_state:BACKOFF pid:0", change(supervisor.Backoff, supervisor.Stopped, 0, 0, false)},
	{"PROCESS_STATE_EXITED", "processname:web_1 groupname:site from_state:RUNNING expected:1 pid:7", change(supervisor.Running, supervisor.Exited, 7, 0, true)},
	{"PROCESS_STATE_EXITED", "processname:web_1 groupname:site from_state:RUNNING expected:0 pid:7", change(supervisor.Running, supervisor.Exited, 7, 0, false)},
	{"PROCESS_STATE_FATAL", "processname:web_1 groupname:site from_state:BACKOFF", change(supervisor.Backoff, supervisor.Fatal, 7, 3, false)},
	{"PROCESS_STATE_UNKNOWN", "processname:web_1 groupname:site from_state:RUNNING", change(supervisor.Running, supervisor.Unknown, 7, 3, false)},
	{"PROCESS_COMMUNICATION_STDOUT", "processname:web_1 groupname:site pid:42\na\nb ", Captured(web, Stdout, []byte("a\nb "))},
	{"PROCESS_COMMUNICATION_STDERR", "processname:web_1 groupname:site pid:42\n", Captured(web, Stderr, nil)},
	{"PROCESS_LOG_STDOUT", "processname:web_1 groupname:site pid:42 channel:stdout\nx:y z\n", Output(web, Stdout, []byte("x:y z\n"))},
	{"PROCESS_LOG_STDERR", "processname:web_1 groupname:site pid:42 channel:stderr\n\xff", Output(web, Stderr, []byte("\xff"))},
	{"REMOTE_COMMUNICATION", "type:deploy\nüber", Remote("deploy", "über")},
	{"SUPERVISOR_STATE_CHANGE_RUNNING", "", SupervisorRunning()},
	{"SUPERVISOR_STATE_CHANGE_STOPPING", "", SupervisorStopping()},
	{"TICK_5", "when:1700000005", tick(1700000004, 1700000009)[0]},
	{"TICK_60", "when:1700000040", tick(1700000039, 1700000041)[1]},
	{"TICK_3600", "when:1700002800", tick(1700002799, 1700002802)[2]},
	{"PROCESS_GROUP_ADDED", "groupname:site\n", GroupAdded("site")},
	{"PROCESS_GROUP_REMOVED", "groupname:site\n", GroupRemoved("site")},
}

// tick is what a clock that goes from one second to another makes of it.
func tick(from, to int64) []Event {
	var k Ticks
	k.Step(from)
	return k.Step(to)
}

func TestPayloads(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range every {
		if got := c.event.Type.String(); got != c.name {
			t.Errorf("%s, want %s", got, c.name)
		}
		if got := string(c.event.Payload); got != c.payload {
			t.Errorf("%s: %q, want %q", c.name, got, c.payload)
		}
		seen[c.name] = true
	}
	for _, row := range Table {
		if seen[row.Name] == row.Abstract {
			t.Errorf("%s: abstract %t, made %t", row.Name, row.Abstract, seen[row.Name])
		}
	}
	for _, s := range supervisor.States {
		if got, want := change(supervisor.Stopped, s, 0, 0, false).Type.String(), "PROCESS_STATE_"+s.String(); got != want {
			t.Errorf("%s makes %s", s, got)
		}
	}
}

func TestAnEventDoesNotShareItsData(t *testing.T) {
	data := []byte("before")
	e := Output(web, Stdout, data)
	copy(data, "after!")
	if !strings.HasSuffix(string(e.Payload), "before") {
		t.Errorf("%q", e.Payload)
	}
}

func TestEnvelopes(t *testing.T) {
	const head = "processname:web_1 groupname:site pid:42 channel:stdout\n"
	for _, c := range []struct {
		name  string
		event Event
		unit  Unit
		want  string
	}{
		{"ASCII in bytes", Remote("t", "x"), Bytes, "REMOTE_COMMUNICATION len:8\ntype:t\nx"},
		{"ASCII in characters", Remote("t", "x"), Characters, "REMOTE_COMMUNICATION len:8\ntype:t\nx"},
		{"nothing", SupervisorRunning(), Bytes, "SUPERVISOR_STATE_CHANGE_RUNNING len:0\n"},
		{"letters in bytes", Remote("t", "hé"), Bytes, "REMOTE_COMMUNICATION len:10\ntype:t\nhé"},
		{"letters in characters", Remote("t", "hé"), Characters, "REMOTE_COMMUNICATION len:9\ntype:t\nhé"},
		{"no text, in bytes", Output(web, Stdout, []byte("a\xff\n")), Bytes, "PROCESS_LOG_STDOUT len:58\n" + head + "a\xff\n"},
		{"no text, in characters", Output(web, Stdout, []byte("é\xff\t'\\\n\r\x00")), Characters,
			"PROCESS_LOG_STDOUT len:96\n" + head + `Undecodable: b"\xc3\xa9\xff\t'\\\n\r\x00"`},
		{"quotes of both kinds", Output(web, Stdout, []byte("\xff'\"")), Characters,
			"PROCESS_LOG_STDOUT len:78\n" + head + `Undecodable: b'\xff\'"'`},
		{"a name that is no text", GroupAdded("\xff"), Characters, "PROCESS_GROUP_ADDED len:12\ngroupname:\xff\n"},
	} {
		e := Envelope{Server: "sv", Pool: "p", Serial: 7, PoolSerial: 3, Unit: c.unit, Event: c.event}
		want := "before ver:3.0 server:sv serial:7 pool:p poolserial:3 eventname:" + c.want
		if got := string(e.Append([]byte("before "))); got != want {
			t.Errorf("%s: %q\nwant %q", c.name, got, want)
		}
	}
}

func TestSerialsBeginAnewAfterTheLargest(t *testing.T) {
	for s, want := range map[Serial]Serial{0: 1, 41: 42, math.MaxInt64 - 1: math.MaxInt64, math.MaxInt64: 0} {
		if got := s.next(); got != want {
			t.Errorf("after %d comes %d, want %d", s, got, want)
		}
	}
}

func TestTicks(t *testing.T) {
	var k Ticks
	for _, c := range []struct {
		now  int64
		want string
	}{
		{3598, ""}, // it begins
		{3598, ""},
		{3599, ""},
		{3600, "TICK_5 when:3600, TICK_60 when:3600, TICK_3600 when:3600"},
		{3604, ""},
		{3605, "TICK_5 when:3605"},
		{3661, "TICK_5 when:3660, TICK_60 when:3660"},                   // those in between are not made up for
		{3599, "TICK_5 when:3595, TICK_60 when:3540, TICK_3600 when:0"}, // the clock was set back
		{-1, "TICK_5 when:-5, TICK_60 when:-60, TICK_3600 when:-3600"},
	} {
		var got []string
		for _, e := range k.Step(c.now) {
			got = append(got, e.Type.String()+" "+string(e.Payload))
		}
		if g := strings.Join(got, ", "); g != c.want {
			t.Errorf("at %d: %q, want %q", c.now, g, c.want)
		}
	}
}

func TestNobodyIsWokenForATickThatNobodyWants(t *testing.T) {
	for _, c := range []struct {
		now    int64
		wanted Set
		at     int64
		ok     bool
	}{
		{7, Subscribe(ProcessState), 0, false},
		{7, Subscribe(Tick), 10, true},
		{10, Subscribe(Tick5), 15, true},
		{61, Subscribe(Tick60), 120, true},
		{61, Subscribe(Tick3600, Tick60), 120, true},
		{61, Subscribe(Tick3600), 3600, true},
		{-1, Subscribe(Tick5), 0, true},
	} {
		if at, ok := NextTick(c.now, c.wanted); at != c.at || ok != c.ok {
			t.Errorf("after %d for %v: %d %t, want %d %t", c.now, namesOf(c.wanted), at, ok, c.at, c.ok)
		}
	}
}
