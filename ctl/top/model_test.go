package top

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/supervisor/golden"
)

// noon is the time of all tests.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A fake is a server that answers from a table and keeps what it was asked.
type fake struct {
	mu      sync.Mutex
	answers map[string]any // by method and path
	asked   []string
	streams map[string]string // by path
}

func (f *fake) Do(_ context.Context, method, path string, body, answer any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	text := ""
	if body != nil {
		b, _ := json.Marshal(body)
		text = " " + string(b)
	}
	f.asked = append(f.asked, method+" "+path+text)
	a, ok := f.answers[method+" "+path]
	if !ok {
		return fmt.Errorf("there is no answer to %s %s", method, path)
	}
	if err, ok := a.(error); ok {
		return err
	}
	b, _ := json.Marshal(a)
	return json.Unmarshal(b, answer)
}

func (f *fake) Stream(_ context.Context, path, _ string) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, "stream "+path)
	s, ok := f.streams[path]
	if !ok {
		return nil, errors.New("refused")
	}
	return io.NopCloser(strings.NewReader(s)), nil
}

// A view is a model without a terminal.
type view struct {
	*testing.T
	*model
	server *fake
	mu     sync.Mutex
	told   []any
}

func newView(t *testing.T, width, height int) *view {
	v := &view{T: t, server: &fake{answers: map[string]any{}, streams: map[string]string{}}}
	v.model = newModel(t.Context(), v.server, func() time.Time { return noon }, func(msg any) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.told = append(v.told, msg)
	})
	v.send(tea.WindowSizeMsg{Width: width, Height: height})
	return v
}

// send hands messages to the model, and whatever comes of them.
func (v *view) send(msgs ...any) {
	v.Helper()
	for _, msg := range msgs {
		_, cmd := v.model.Update(msg)
		if cmd == nil {
			continue
		}
		if got := cmd(); got != nil {
			if _, quits := got.(tea.QuitMsg); quits {
				v.message = "it quits"
				continue
			}
			v.mu.Lock()
			told := v.told
			v.told = nil
			v.mu.Unlock()
			v.send(append(told, got)...)
		}
	}
}

// press presses keys by name, or types text one by one.
func (v *view) press(keys ...string) {
	v.Helper()
	special := map[string]tea.KeyPressMsg{"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab}, "up": {Code: tea.KeyUp},
		"down": {Code: tea.KeyDown}, "pgup": {Code: tea.KeyPgUp}, "pgdown": {Code: tea.KeyPgDown}, "home": {Code: tea.KeyHome}, "end": {Code: tea.KeyEnd},
		"space": {Code: tea.KeySpace, Text: " "}, "backspace": {Code: tea.KeyBackspace}, "ctrl+u": {Code: 'u', Mod: tea.ModCtrl}, "ctrl+c": {Code: 'c', Mod: tea.ModCtrl}}
	for _, key := range keys {
		if k, ok := special[key]; ok {
			v.send(k)
			continue
		}
		for _, r := range key {
			v.send(tea.KeyPressMsg{Code: r, Text: string(r)})
		}
	}
}

// event hands an event of the live stream to the model.
func (v *view) event(kind string, value any) {
	v.Helper()
	b, err := json.Marshal(value)
	if err != nil {
		v.Fatal(err)
	}
	c, err := readChange(kind, b)
	if err != nil {
		v.Fatal(err)
	}
	v.send(c)
}

// remote hands an event of another node to the model.
func (v *view) remote(node, kind string, value any) {
	v.Helper()
	v.event("remote", map[string]any{"node": node, "event": kind, "data": value})
}

// frame is the screen as text; each line must be as wide as the screen.
func (v *view) frame() string {
	v.Helper()
	lines := v.screen()
	if len(lines) != v.height {
		v.Errorf("the screen has %d lines, not %d", len(lines), v.height)
	}
	var out strings.Builder
	for _, l := range lines {
		if w := ansi.StringWidth(l); w != v.width {
			v.Errorf("a line is %d wide, not %d: %q", w, v.width, l)
		}
		out.WriteString(strings.TrimRight(stripped(l), " ") + "\n")
	}
	return out.String()
}

// shows fails unless all words are on the screen.
func (v *view) shows(words ...string) {
	v.Helper()
	frame := v.frame()
	for _, w := range words {
		if !strings.Contains(frame, w) {
			v.Errorf("%q is not on the screen:\n%s", w, frame)
		}
	}
}

func (v *view) hides(words ...string) {
	v.Helper()
	frame := v.frame()
	for _, w := range words {
		if strings.Contains(frame, w) {
			v.Errorf("%q is on the screen:\n%s", w, frame)
		}
	}
}

func (v *view) asked() []string {
	v.server.mu.Lock()
	defer v.server.mu.Unlock()
	defer func() { v.server.asked = nil }()
	return v.server.asked
}

func program(group, name, state string, change func(*api.Program)) api.Program {
	p := api.Program{Name: name, Group: group, Namespec: group + ":" + name, State: state, Autostart: true, Expected: true}
	if name == group {
		p.Namespec = name
	}
	if state == "RUNNING" {
		p.Pid, p.Ready, p.Start, p.Life = 4000+len(p.Namespec), true, noon.Add(-3725*time.Second), 1
		p.Reason = api.Reason{Code: "stayed_up", Text: "stayed up for startsecs"}
	}
	p.Stdout = "/var/log/" + name + ".log"
	if change != nil {
		change(&p)
	}
	return p
}

func sampleTree() api.Tree {
	return api.Tree{Version: "1", Groups: []api.Group{
		{Name: "db", Programs: []api.Program{program("db", "db", "RUNNING", nil)}},
		{Name: "web", Strategy: "rest_for_one", AutoShutdown: "any_significant", Members: []string{"front", "group:pool", "cache"},
			Budget: &api.Budget{Intensity: 5, Period: 60, Used: 2, Left: 3, Refill: 42}, Programs: []api.Program{
				program("web", "front", "RUNNING", func(p *api.Program) { p.Restarts = 3; p.Life = 4 }),
				program("web", "cache", "BACKOFF", func(p *api.Program) {
					p.Until, p.Restarts, p.Reason = noon.Add(2500*time.Millisecond), 7, api.Reason{Code: "exited", Text: "exited too quickly (exit status 1; not expected)"}
				})}},
		{Name: "pool", Parent: "web", Strategy: "one_for_all", AutoShutdown: "never", Budget: &api.Budget{Intensity: 0, Period: 5, GaveUp: true}, Programs: []api.Program{
			program("pool", "p_00", "FATAL", func(p *api.Program) { p.SpawnError = "can't find command 'nope'" }),
			program("pool", "p_01", "STOPPED", func(p *api.Program) { p.Reason.Text = "group pool gave up" })}},
		{Name: "batch", Programs: []api.Program{
			program("batch", "nightly", "STOPPED", func(p *api.Program) {
				p.NextRun, p.Autostart, p.Description = noon.Add(time.Hour), false, "next run Mar 01 01:00 PM"
			}),
			program("batch", "once", "EXITED", func(p *api.Program) { p.Reason.Text = "exited: 0" }),
			program("batch", "migrate", "STARTING", func(p *api.Program) { p.Pid, p.Start = 4711, noon.Add(-2*time.Second) })}},
		{Name: "mail", Programs: []api.Program{program("mail", "mail", "RUNNING", func(p *api.Program) {
			p.Ready, p.Unhealthy, p.Status = false, true, "health check failed 3 times"
		})}},
		{Name: "late", Programs: []api.Program{program("late", "late", "STOPPED", func(p *api.Program) { p.Wanted, p.WaitsFor = true, "mail (healthy)" })}},
	}}
}

func sampleServer() api.Server {
	return api.Server{Node: "alpha", Version: "1.0.0", Pid: 100, State: "RUNNING", Role: api.Admin, Instance: "1"}
}

// live is a view that is connected to a server with some programs.
func live(t *testing.T, width, height int) *view {
	v := newView(t, width, height)
	v.send(connection{})
	v.event("hello", sampleServer())
	v.event("tree", sampleTree())
	v.event("usage", api.Usage{At: noon, Interval: 5, Programs: map[string]api.Sample{
		"db": {CPU: 0.4, Memory: 120_400_000}, "web:front": {CPU: 143.2, Memory: 1_820_000_000}, "mail": {CPU: 3.04, Memory: 980}}})
	for i, text := range []string{"asked for by admin", "spawned", "stayed up for startsecs"} {
		r := api.Record{Seq: uint64(i + 1), Cause: uint64(i), At: noon.Add(time.Duration(i-90) * time.Second), Kind: "transition", Program: "web:front",
			From: "STOPPED", To: "STARTING", Reason: api.Reason{Text: text}}
		v.event("record", r)
	}
	return v
}

func TestFrames(t *testing.T) {
	frames := map[string]func(*testing.T) *view{
		"list":   func(t *testing.T) *view { return live(t, 110, 22) },
		"narrow": func(t *testing.T) *view { return live(t, 60, 22) },
		"tiny":   func(t *testing.T) *view { return live(t, 24, 6) },
		"sorted by cpu": func(t *testing.T) *view {
			v := live(t, 110, 18)
			v.press("o")
			return v
		},
		"not well": func(t *testing.T) *view {
			v := live(t, 110, 14)
			v.press("!")
			return v
		},
		"filter": func(t *testing.T) *view {
			v := live(t, 110, 14)
			v.press("/", "pool fat")
			return v
		},
		"folded": func(t *testing.T) *view {
			v := live(t, 110, 14)
			v.press("down", "space")
			return v
		},
		"help": func(t *testing.T) *view {
			v := live(t, 80, 40)
			v.press("?")
			return v
		},
		"question": func(t *testing.T) *view {
			v := live(t, 110, 14)
			v.press("down", "x")
			return v
		},
		"plan": func(t *testing.T) *view {
			v := live(t, 110, 14)
			v.server.answers["POST /config/reread"] = api.Changes{Plan: []api.Step{{Do: "stop", Program: "web:front", Why: "command has changed"},
				{Do: "start", Program: "web:front", Why: "command has changed"}, {Do: "remove", Program: "batch:*", Why: "it is not in the configuration any more"}}, Reload: []string{"[supervisord] loglevel"}}
			v.press("u")
			return v
		},
		"log": func(t *testing.T) *view {
			v := live(t, 110, 24)
			v.server.streams["/programs/web:front/logs/both?follow=true&lines=500"] = "event: log\ndata: {\"stream\":\"stdout\",\"text\":\"one\\n\\u001b[31mtwo\\u001b[0m\\u001b]0;title\\u0007\\u001b[2J\\ntab\\there\\nhalf\"}\n\n" +
				"event: log\ndata: {\"stream\":\"stderr\",\"text\":\"oops \\u0001\\n\"}\n\nevent: log\ndata: {\"stream\":\"stdout\",\"text\":\" a line\\n\"}\n\nevent: truncated\ndata: {\"stream\":\"stdout\"}\n\n"
			v.press("down", "down", "l")
			return v
		},
		"why": func(t *testing.T) *view {
			v := live(t, 110, 24)
			v.server.answers["GET /programs/web:front/why"] = api.Why{Program: "web:front", State: "RUNNING", Complete: true, Skipped: 2, Chain: []api.Record{
				{Seq: 9, Cause: 8, At: noon, Kind: "transition", Program: "web:front", From: "STARTING", To: "RUNNING", Reason: api.Reason{Text: "stayed up"}},
				{Seq: 8, At: noon.Add(-26 * time.Hour), Kind: "request", Program: "web:*", Reason: api.Reason{Text: "start of web:* asked for"}}}}
			v.press("down", "down", "w")
			return v
		},
		"why narrow": func(t *testing.T) *view {
			v := live(t, 60, 24)
			v.server.answers["GET /programs/web:front/why"] = api.Why{Program: "web:front", State: "FATAL", Complete: true, Chain: []api.Record{
				{Seq: 9, Cause: 8, At: noon, Kind: "transition", Program: "web:front", From: "BACKOFF", To: "FATAL",
					Reason: api.Reason{Text: "couldn't chdir to /srv/a/directory/with/a/name/that/does/not/fit/into/one/line: ENOENT (exit status 127); too many start retries too quickly"}}}}
			v.press("down", "down", "w")
			return v
		},
		"details": func(t *testing.T) *view {
			v := live(t, 110, 34)
			front := sampleTree().Groups[1].Programs[0]
			front.Needs = []api.Need{{Program: "db", Condition: "running", Met: true, State: "RUNNING"}, {Program: "mail", Condition: "healthy", State: "RUNNING"}}
			v.server.answers["GET /programs/web:front"] = front
			v.server.answers["GET /programs/web:front/lives"] = []api.Life{{Number: 4, Pid: 4009, Start: noon.Add(-3725 * time.Second)},
				{Number: 3, Start: noon.Add(-2 * time.Hour), End: noon.Add(-3800 * time.Second), Exit: "terminated by SIGKILL (core dumped)", Reason: api.Reason{Text: "restarted by hand"}}}
			v.server.answers["GET /programs/web:front/usage"] = api.UsageHistory{At: []float64{1, 2, 3, 4}, CPU: []float64{0, 50, 100, 143.2}, Memory: []int64{1e6, 9e8, 1.8e9, 1.82e9}}
			v.server.answers["GET /programs/web:front/config"] = api.ProgramConfig{File: "/etc/supd.conf", Line: 12, Options: []api.Option{
				{Name: "command", Value: "front --port 80"}, {Name: "environment", Secret: true}, {Name: "startsecs", Value: "1", Default: true}}}
			v.press("down", "down", "enter")
			return v
		},
		"events": func(t *testing.T) *view {
			v := live(t, 110, 24)
			v.press("E")
			return v
		},
		"no programs": func(t *testing.T) *view {
			v := newView(t, 80, 8)
			v.send(connection{})
			v.event("hello", sampleServer())
			v.event("tree", api.Tree{})
			return v
		},
		"lost": func(t *testing.T) *view {
			v := live(t, 110, 14)
			v.send(connection{errors.New("unix:///run/supd.sock: connection refused")})
			return v
		},
		"read only": func(t *testing.T) *view {
			v := live(t, 110, 14)
			s := sampleServer()
			s.Role, s.State = api.Read, "SHUTDOWN"
			v.event("hello", s)
			v.press("x")
			return v
		},
		"nodes": func(t *testing.T) *view {
			v := live(t, 110, 32)
			s := sampleServer()
			s.Nodes = []string{"beta", "gamma"}
			v.event("hello", s)
			s.Node, s.Nodes = "beta", nil
			v.remote("beta", "hello", s)
			v.remote("beta", "tree", api.Tree{Groups: []api.Group{{Name: "db", Programs: []api.Program{program("db", "db", "FATAL", nil)}}}})
			v.remote("gamma", "offline", map[string]string{"error": "connection refused"})
			return v
		},
	}
	for _, name := range slices.Sorted(maps.Keys(frames)) {
		t.Run(name, func(t *testing.T) {
			golden.Check(t, "testdata/"+strings.ReplaceAll(name, " ", "_")+".txt", frames[name](t).frame())
		})
	}
	t.Run("colours", func(t *testing.T) {
		v := live(t, 110, 22)
		golden.Check(t, "testdata/colours.txt", strings.ReplaceAll(strings.Join(v.screen(), "\n"), "\x1b", "␛")+"\n")
	})
}

func TestActionsAskTheServer(t *testing.T) {
	ok := []api.Result{{Program: "web:front", OK: true, Code: 80}}
	for _, tt := range []struct {
		name  string
		keys  []string
		want  string // what the server is asked
		shows string
	}{
		{"start a program", []string{"s"}, `POST /actions {"do":"start","names":["db"]}`, "db: start is done"},
		{"start a group", []string{"down", "s"}, `POST /actions {"do":"start","names":["web:*"]}`, "web:*: start is done"},
		{"stop after yes", []string{"x", "y"}, `POST /actions {"do":"stop","names":["db"]}`, "db: stop is done"},
		{"stop after no", []string{"x", "n"}, ``, "nothing was done"},
		{"restart asks", []string{"r"}, ``, "Restart db?"},
		{"restart after yes", []string{"r", "y"}, `POST /actions {"do":"restart","names":["db"]}`, "db: restart is done"},
		{"a signal", []string{"K", "usr1", "enter"}, `POST /actions {"do":"signal","names":["db"],"signal":"USR1"}`, "db: signal is done"},
		{"no signal", []string{"K", "enter"}, ``, "nothing was sent"},
		{"a signal that is given up", []string{"K", "hup", "esc"}, ``, ""},
		{"clear logs", []string{"c", "y"}, `POST /actions {"do":"clear-logs","names":["db"]}`, "db: clear-logs is done"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := live(t, 110, 24)
			v.server.answers["POST /actions"] = ok
			v.press(tt.keys...)
			asked := slices.DeleteFunc(v.asked(), func(s string) bool { return strings.HasSuffix(s, "plan?do=stop") })
			if got := strings.Join(asked, "; "); got != tt.want {
				t.Errorf("the server was asked %s, not %s", got, tt.want)
			}
			v.shows(tt.shows)
		})
	}
	t.Run("failures are told", func(t *testing.T) {
		v := live(t, 110, 24)
		v.server.answers["POST /actions"] = []api.Result{{Program: "web:a", OK: true}, {Program: "web:b", Code: 50, Error: "SPAWN_ERROR"}, {Program: "web:c", Code: 50, Error: "SPAWN_ERROR"}}
		v.press("down", "s")
		v.shows("web:b: SPAWN_ERROR, and 1 more")
		v.server.answers["POST /actions"] = errors.New("connection refused")
		v.press("s")
		v.shows("connection refused")
	})
	t.Run("what a stop does to others is told before", func(t *testing.T) {
		v := live(t, 110, 24)
		v.server.answers["GET /programs/db/plan?do=stop"] = []api.Step{{Do: "stop", Program: "web:front", Why: "it needs db"}, {Do: "stop", Program: "db", Why: "as asked"}}
		v.press("x")
		v.shows("Stop db?  What would happen:", "stop web:front  it needs db", "y yes")
		v.press("n")
		v.hides("it needs db")
		v.server.answers["GET /programs/db/plan?do=stop"] = []api.Step{{Do: "stop", Program: "db", Why: "as asked"}}
		v.press("x")
		v.shows("Stop db?")
		v.hides("as asked")
		v.send(planned{number: 1, name: "db", steps: []api.Step{{Do: "stop", Program: "other"}}}) // for another question
		v.hides("stop other")
	})
	t.Run("what a signal was meant for has gone", func(t *testing.T) {
		v := live(t, 110, 24)
		v.press("K", "kill")
		v.event("tree", api.Tree{Groups: sampleTree().Groups[1:]})
		v.press("enter")
		if got := v.asked(); got != nil {
			t.Error(got)
		}
		v.shows("nothing was sent")
	})
	t.Run("another node", func(t *testing.T) {
		v := live(t, 110, 40)
		s := sampleServer()
		s.Nodes = []string{"be/ta"}
		v.event("hello", s)
		v.remote("be/ta", "hello", sampleServer())
		v.remote("be/ta", "tree", api.Tree{Groups: []api.Group{{Name: "db", Programs: []api.Program{program("db", "db", "FATAL", nil)}}}})
		v.server.answers["POST /nodes/be%2Fta/actions"] = ok
		v.press("end", "s")
		if got := strings.Join(v.asked(), "; "); got != `POST /nodes/be%2Fta/actions {"do":"start","names":["db"]}` {
			t.Error(got)
		}
		// What the other node does not allow is not tried.
		s.Role = api.Read
		v.remote("be/ta", "hello", s)
		v.press("s")
		if got := v.asked(); got != nil {
			t.Error(got)
		}
		v.shows("this needs the role operate")
		// One that is not named any more is not shown any more.
		s = sampleServer()
		v.event("hello", s)
		v.press("home")
		v.hides("be/ta")
	})
	t.Run("update", func(t *testing.T) {
		v := live(t, 110, 24)
		v.server.answers["POST /config/reread"] = api.Changes{}
		v.press("u")
		v.shows("in effect as it is")
		v.server.answers["POST /config/reread"] = errors.New("CANT_REREAD: supd.conf:3: no such option")
		v.press("u")
		v.shows("supd.conf:3")
		v.server.answers["POST /config/reread"] = api.Changes{Plan: []api.Step{{Do: "start", Program: "new"}}}
		v.server.answers["POST /config/update"] = []api.Updated{{Group: "new", OK: true}}
		v.press("u")
		v.shows("Update alpha?", "start new")
		v.asked()
		v.press("y")
		if got := strings.Join(v.asked(), "; "); got != `POST /config/update {"groups":null}` {
			t.Error(got)
		}
		v.shows("alpha is updated")
		v.server.answers["POST /config/update"] = []api.Updated{{Group: "new", Program: "new", Error: "spawn error"}}
		v.press("u", "y")
		v.shows("new: spawn error")
	})
}

func TestTheSelectionStays(t *testing.T) {
	v := live(t, 110, 30)
	v.press("down", "down", "down")
	if r := v.current(); r.names() != "pool:*" {
		t.Fatal(r.names())
	}
	tree := sampleTree()
	tree.Groups = append([]api.Group{{Name: "aaa", Programs: []api.Program{program("aaa", "aaa", "RUNNING", nil)}}}, tree.Groups...)
	v.event("tree", tree)
	if r := v.current(); r.names() != "pool:*" {
		t.Errorf("%s is selected after another group has come", r.names())
	}
	v.event("tree", api.Tree{Groups: tree.Groups[:1]})
	if r := v.current(); r == nil || r.names() != "aaa" {
		t.Errorf("%v is selected after the others have gone", r)
	}
	v.event("tree", api.Tree{})
	v.press("s", "x", "enter", "space", "l", "w", "d", "e", "K", "end", "up", "pgdown", "tab", "up")
	v.frame()
	if got := v.asked(); got != nil {
		t.Errorf("without programs the server is asked %v", got)
	}
}

func TestTheLogFollowsOrStays(t *testing.T) {
	v := live(t, 110, 30)
	v.server.streams["/programs/db/logs/both?follow=true&lines=500"] = ": nothing yet\n\n"
	v.press("l")
	n := v.pane.number
	write := func(from, to int) {
		for i := from; i < to; i++ {
			v.send(logged{number: n, kind: "log", stream: "stdout", text: fmt.Sprintf("line %d.\n", i)})
		}
	}
	write(0, 100)
	v.shows("line 99.")
	v.press("tab", "home")
	v.shows("line 3.")
	v.hides("line 99.")
	write(100, 200)
	v.shows("line 3.")
	v.press("end")
	v.shows("line 199.")
	v.press("/", "line 15", "enter")
	v.shows("line 15.", "line 157.")
	v.hides("line 199.")
	v.press("esc")
	v.shows("line 199.")
	write(200, 2*linesKept)
	if got := len(v.pane.lines); got != linesKept {
		t.Errorf("%d lines are kept", got)
	}
	// What was asked for by another pane is not for this one.
	v.press("tab", "down", "down")
	v.server.streams["/programs/web:front/logs/both?follow=true&lines=500"] = ": nothing yet\n\n"
	v.send(logged{number: n, kind: "log", stream: "stdout", text: "of the other\n"})
	v.hides("of the other")
	v.shows("log of web:front")
}

func TestLinesOfLogsAreHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                         "plain",
		"\x1b[31mred\x1b[0m":            "\x1b[31mred\x1b[0m\x1b[0m",
		"\x1b[38;5;9mred":               "\x1b[38;5;9mred\x1b[0m",
		"a\x1b[2Jb":                     "ab",
		"a\x1b[>4;2mb":                  "ab",
		"a\x1b]0;title\x07b":            "ab",
		"a\x1b]8;;http://x\x1b\\b":      "ab",
		"a\x1bP1$q\x1b\\b":              "ab",
		"a\x07b":                        "a^Gb",
		"a\rb":                          "a^Mb",
		"a\tb":                          "a       b",
		"\u202eabc":                     "abc",
		"a\xffb":                        "a\uFFFDb",
		"a\u009b2Jb":                    "a2Jb",
		"日本\t|":                         "日本    |",
		"an unfinished sequence \x1b[3": "an unfinished sequence ",
	} {
		got := harmless(in)
		if got != want {
			t.Errorf("%q becomes %q, not %q", in, got, want)
		}
	}
}

// TestNothingThatAServerTellsSteersTheTerminal has escapes and turned text in everything that a server tells.
func TestNothingThatAServerTellsSteersTheTerminal(t *testing.T) {
	const evil = "\x1b]0;title\x07\x1b[2J\u009b31m\u202e<&>\r\n"
	v := newView(t, 120, 40)
	v.send(connection{})
	s := sampleServer()
	s.Node, s.Version, s.State, s.Nodes = evil, evil, evil, []string{evil}
	v.event("hello", s)
	bad := program(evil, evil, evil, func(p *api.Program) {
		p.Namespec, p.SpawnError, p.Reason.Text, p.Status, p.WaitsFor, p.Description, p.Stdout = evil, evil, evil, evil, evil, evil, evil
	})
	v.event("tree", api.Tree{Groups: []api.Group{{Name: evil, Strategy: evil, AutoShutdown: evil, Programs: []api.Program{bad, bad}}}})
	v.event("record", api.Record{Seq: 1, At: noon, Kind: evil, Program: evil, From: evil, To: evil, Reason: api.Reason{Text: evil}})
	v.remote(evil, "offline", map[string]string{"error": evil})
	v.server.answers["POST /config/reread"] = api.Changes{Plan: []api.Step{{Do: evil, Program: evil, Why: evil}}}
	path := strings.TrimPrefix(programPath("", evil), "/")
	v.server.answers["GET /"+path+"/why"] = api.Why{Program: evil, State: evil, Chain: []api.Record{{Program: evil, To: evil, Reason: api.Reason{Text: evil}}}}
	v.server.answers["GET /"+path] = bad
	v.server.answers["GET /"+path+"/lives"] = []api.Life{{Exit: evil, End: noon, Reason: api.Reason{Text: evil}}}
	v.server.answers["GET /"+path+"/usage"] = api.UsageHistory{}
	v.server.answers["GET /"+path+"/config"] = api.ProgramConfig{File: evil, Options: []api.Option{{Name: evil, Value: evil}}}
	look := func(what string) {
		t.Helper()
		for _, line := range v.screen() {
			for _, r := range regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(line, "") {
				if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e {
					t.Errorf("%s: %U is in %q", what, r, line)
					break
				}
			}
		}
	}
	look("the list")
	for _, keys := range [][]string{{"down", "down"}, {"w"}, {"d"}, {"e"}, {"E"}, {"x"}, {"n"}, {"u"}, {"n"}, {"K"}, {"esc"}, {"/", "x", "enter"}, {"esc"}, {"l"}, {"?"}} {
		v.press(keys...)
		look(strings.Join(keys, " "))
	}
	v.send(acted{"", errors.New(evil)})
	look("a message")
	v.send(connection{errors.New(evil)})
	look("a lost connection")
}

func TestWords(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{span(-1), "0s"}, {span(59.9), "59s"}, {span(60), "1:00"}, {span(3725), "1:02:05"}, {span(86399), "23:59:59"}, {span(90061), "1d 1:01"},
		{size(0), "0 B"}, {size(999), "999 B"}, {size(1000), "1.0 kB"}, {size(9949), "9.9 kB"}, {size(9951), "10 kB"}, {size(999_600), "1.0 MB"}, {size(2e12), "2.0 TB"},
		{percent(0.04), "0.0"}, {percent(9.96), "10"}, {bars([]float64{0, 5, 10}, 2, 10), "▅█"}, {bars(nil, 5, 1), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("got %s, not %s", tt.got, tt.want)
		}
	}
}

func TestFollowConnectsAgain(t *testing.T) {
	hello, _ := json.Marshal(sampleServer())
	server := &fake{streams: map[string]string{livePath: "event: hello\ndata: " + string(hello) + "\n\nid: 7\nevent: record\ndata: {\"seq\":7}\n\nevent: new-kind\ndata: 1\n\n"}}
	ctx, cancel := context.WithCancel(t.Context())
	var kinds []string
	follow(ctx, server, func(msg any) {
		switch m := msg.(type) {
		case change:
			kinds = append(kinds, m.kind)
		case connection:
			kinds = append(kinds, fmt.Sprint("connection ", m.err))
			if m.err != nil {
				cancel()
			}
		}
	})
	if got, want := strings.Join(kinds, ", "), "connection <nil>, hello, record, connection the server has ended the connection"; got != want {
		t.Errorf("got %s, not %s", got, want)
	}
}

// FuzzLinesOfLogs has lines that no program should print: what comes of them must not steer a terminal.
func FuzzLinesOfLogs(f *testing.F) {
	for _, seed := range []string{"a\x1b[31mb", "\x1b]0;t\x07", "\x1bP1$q\x1b\\", "\u009b2J", "\x1b[3", "日\t|", "\xff\x1b"} {
		f.Add(seed)
	}
	sgr := regexp.MustCompile("\x1b\\[[0-9;:]*m")
	f.Fuzz(func(t *testing.T, line string) {
		for _, r := range sgr.ReplaceAllString(harmless(line), "") {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
				t.Fatalf("%q leaves %U", line, r)
			}
		}
	})
}
