package server

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/supervisor"
)

// fakePast is what a fakeTree remembers.
type fakePast struct {
	remembers sync.Mutex
	records   []actors.Record
	missed    uint64
	added     chan struct{} // closed at the next record
	waiting   chan struct{} // told when somebody waits for one, if there is room
	done      chan struct{}
	answer    actors.Answer
	lives     []actors.Life
	groups    []actors.GroupInfo
}

func (f *fakePast) HistoryID() string { return "fake" }

func (f *fakePast) Why(string) actors.Answer           { return f.answer }
func (f *fakePast) Groups() []actors.GroupInfo         { return f.groups }
func (f *fakePast) Done() <-chan struct{}              { return f.done }
func (f *fakePast) Lives(string) ([]actors.Life, bool) { return f.lives, true }

func (f *fakePast) History(seq uint64, _ int) ([]actors.Record, uint64) {
	f.remembers.Lock()
	defer f.remembers.Unlock()
	if seq >= uint64(len(f.records)) {
		return nil, 0
	}
	return f.records[seq:], f.missed
}

func (f *fakePast) HistoryAfter(seq uint64) <-chan struct{} {
	f.remembers.Lock()
	defer f.remembers.Unlock()
	c := make(chan struct{})
	if seq < uint64(len(f.records)) {
		close(c)
		return c
	}
	f.added = c
	select {
	case f.waiting <- struct{}{}:
	default:
	}
	return c
}

func (f *fakePast) add(program, code string) {
	f.remembers.Lock()
	defer f.remembers.Unlock()
	f.records = append(f.records, actors.Record{Seq: uint64(len(f.records) + 1), Program: program, At: epoch, From: supervisor.Starting, To: supervisor.Running,
		Reason: supervisor.Reason{Code: code, Text: "text of " + code}})
	if f.added != nil {
		close(f.added)
		f.added = nil
	}
}

// codesOf are the codes of the records in an answer of getHistory, and what follows them.
func codesOf(body string) string {
	var codes []string
	text := textOf(body)
	for {
		_, rest, ok := strings.Cut(text, " code ")
		if !ok {
			break
		}
		code, after, _ := strings.Cut(rest, " ")
		codes, text = append(codes, code), after
	}
	_, tail, _ := strings.Cut(text, "next ")
	return strings.Join(append(codes, "next "+tail), " ")
}

func TestGetHistoryGivesWhatIsAskedFor(t *testing.T) {
	r := newRig(t)
	for i, program := range []string{"cat", "grp:a0", "", "grp:a1", "grp:*", "cat"} {
		r.tree.add(program, fmt.Sprintf("c%d", i+1))
	}
	for _, c := range []struct {
		args []any
		want string
	}{
		{nil, "c1 c2 c3 c4 c5 c6 next 6 missed 0"},
		{[]any{4}, "c5 c6 next 6 missed 0"},
		{[]any{0, 2}, "c1 c2 next 2 missed 0"},
		{[]any{2, 2}, "c3 c4 next 4 missed 0"},
		{[]any{-2}, "c5 c6 next 6 missed 0"},
		{[]any{-1, 100, "grp:*"}, "c5 next 6 missed 0"},
		{[]any{0, 100, "cat"}, "c1 c6 next 6 missed 0"},
		{[]any{0, 100, "grp:a0"}, "c2 next 6 missed 0"},
		{[]any{6}, "next 6 missed 0"},
		{[]any{0, 100, "nobody"}, "next 6 missed 0"},
	} {
		if got := codesOf(r.rpcCall(t, "supd.getHistory", c.args...)); got != c.want {
			t.Errorf("%v: got %s, want %s", c.args, got, c.want)
		}
	}
	if got := textOf(r.rpcCall(t, "supd.getHistory", "x")); got != "faultCode 2 faultString INCORRECT_PARAMETERS" {
		t.Errorf("got %s", got)
	}
	want := "records seq 1 cause 0 at 1795480726 kind transition program cat from STARTING to RUNNING life 0 pid 0 tries 0 code c1 text text of c1 next 1 missed 0"
	if got := textOf(r.rpcCall(t, "supd.getHistory", 0, 1)); got != want {
		t.Errorf("got %s", got)
	}
}

func TestGetHistoryWaitsForTheNextRecordThatFits(t *testing.T) {
	r := newRig(t)
	r.tree.waiting, r.tree.done = make(chan struct{}, 10), make(chan struct{})
	answer := make(chan string, 1)
	ask := func(since int) {
		body := r.rpcCall(t, "supd.getHistory", since, 10, "cat", 60)
		answer <- codesOf(body)
	}
	go ask(0)
	<-r.tree.waiting
	r.tree.add("other", "c1")
	<-r.tree.waiting
	r.tree.add("cat", "c2")
	if got := <-answer; got != "c2 next 2 missed 0" {
		t.Errorf("got %s", got)
	}
	go ask(2)
	<-r.tree.waiting
	close(r.tree.done)
	if got := <-answer; got != "next 2 missed 0" {
		t.Errorf("after the end: %s", got)
	}
}

func TestWhyShowsThePresentAndTheWayBack(t *testing.T) {
	r := newRig(t)
	rec := func(seq, cause uint64, code string) actors.Record {
		return actors.Record{Seq: seq, Cause: cause, At: epoch, Kind: actors.RecordNote, Reason: supervisor.Reason{Code: code}}
	}
	r.tree.answer = actors.Answer{Chain: []actors.Record{rec(9, 5, "young"), rec(5, 0, "first")}, Begun: []actors.Record{rec(2, 0, "begun")},
		Complete: true}
	i, _ := r.tree.Info("cat")
	i.Ready, i.ReadyText, i.StatusText, i.Until = true, "unhealthy", "no answer", epoch.Add(1500*time.Millisecond)
	got := textOf(r.rpcCall(t, "supd.why", "cat"))
	for _, want := range []string{"namespec cat statename RUNNING ready 1 status unhealthy: no answer waits_for until 1795480727.5 chain seq 9 cause 5",
		"code young text seq 5 cause 0", "code first text skipped 0 complete 1 begun seq 2"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	for seq := range uint64(150) {
		r.tree.answer.Chain = append(r.tree.answer.Chain, rec(1000-seq, 999-seq, "more"))
	}
	r.tree.answer.Complete = false
	got = textOf(r.rpcCall(t, "supd.why", "cat"))
	if n := strings.Count(got, "seq "); n != maxChain+1 || !strings.Contains(got, "seq 851 cause 850") || !strings.Contains(got, "skipped 52 complete 0") {
		t.Errorf("%d records: %s", n, got)
	}
	if got := textOf(r.rpcCall(t, "supd.why", "nope")); got != "faultCode 10 faultString BAD_NAME: nope" {
		t.Errorf("got %s", got)
	}
}

func TestReasonsAreToldWhileTheDaemonEnds(t *testing.T) {
	r := newRig(t)
	r.daemon.Shutdown(t.Context())
	for method, args := range map[string][]any{"why": {"cat"}, "getHistory": nil, "getTree": nil, "getLives": {"cat"}} {
		if got := textOf(r.rpcCall(t, "supd."+method, args...)); strings.Contains(got, "fault") {
			t.Errorf("%s: %s", method, got)
		}
	}
}

func TestGetTreeAndGetLives(t *testing.T) {
	r := newRig(t)
	i, _ := r.tree.Info("cat")
	i.Life = 3
	r.tree.groups = []actors.GroupInfo{{Name: "cat", Priority: 5, Strategy: "one_for_all", AutoShutdown: "any_significant", Done: true, Parent: "up", Significant: true, Members: []string{"cat", "group:in"},
		Budget: &actors.BudgetInfo{Intensity: 3, Period: time.Minute, Used: 1, Left: 2, Refill: 30500 * time.Millisecond},
		Programs: []actors.ProgramInfo{{Info: i, Needs: []actors.NeedInfo{{Program: "db", Condition: "healthy", Known: true, State: supervisor.Fatal},
			{Program: "gone", Condition: "running"}}}}}, {Name: "plain"}}
	got := textOf(r.rpcCall(t, "supd.getTree"))
	for _, want := range []string{
		"name cat priority 5 listener 0 strategy one_for_all auto_shutdown any_significant done 1 parent up significant 1 members cat group:in gave_up 0 intensity 3 period 60 used 1 left 2 refill 30.5 " +
			"processes name cat group cat namespec cat priority 999 autostart 1 significant 0 pid 1234",
		"needs program db condition healthy met 0 statename FATAL program gone condition running met 0 statename name plain",
		"name plain priority 0 listener 0 strategy auto_shutdown done 0 parent significant 0 members gave_up 0 intensity -1 period 0 used 0 left -1 refill 0 processes"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	r.tree.lives = []actors.Life{{Number: 2, Pid: 9, Start: epoch, End: epoch.Add(time.Second), Exit: "terminated by SIGSEGV (core dumped)", Code: -1,
		Signal: syscall.SIGSEGV, Core: true, User: 1500 * time.Millisecond, System: time.Second, MaxRSS: 8 << 20, Record: 7,
		Reason: supervisor.Reason{Code: "exited", Text: "why"}, Stdout: "out", Stderr: "err"}}
	got = textOf(r.rpcCall(t, "supd.getLives", "cat"))
	for _, want := range []string{"number 3 pid 1234 start 1795480726 end 0 exit exitstatus 0",
		"number 2 pid 9 start 1795480726 end 1795480727 exit terminated by SIGSEGV (core dumped) exitstatus -1 signal 11 core 1 user 1.5 system 1 maxrss 8192 " +
			"record 7 code exited text why stdout out stderr err"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
}

// askedTree notes who has given the commands.
type askedTree struct {
	*fakeTree
	asked chan string
}

func (t *askedTree) Start(ctx context.Context, _ string, _ bool) error {
	t.asked <- actors.ClientOf(ctx)
	return nil
}

func TestCommandsTellWhoGivesThem(t *testing.T) {
	tree := &askedTree{newFakeTree(), make(chan string, 1)}
	r := newRig(t, func(c *Config) { c.Tree = tree })
	start := methodCall("supervisor.startProcess", params("cat"))
	account := ""
	if runtime.GOOS == "linux" {
		account = "uid " + strconv.Itoa(os.Getuid())
	}
	for _, c := range []struct{ address, request, want string }{
		{r.socket, post(start), account},
		{r.socket, post(start, basic("made up:x")), account},
		{r.tcp, post(start), "127.0.0.1"},
		{r.locked, post(start, basic("u:a:b")), "u, 127.0.0.1"},
	} {
		if e := send(t, c.address, c.request); e.status != 200 {
			t.Fatalf("%s: status %d", c.want, e.status)
		}
		if got := <-tree.asked; got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
