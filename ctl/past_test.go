package ctl

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// xmlOf is v as a value of XML-RPC: maps are structs, slices arrays.
func xmlOf(v any) string {
	var b strings.Builder
	switch v := v.(type) {
	case map[string]any:
		b.WriteString("<struct>")
		for _, k := range slices.Sorted(maps.Keys(v)) {
			b.WriteString("<member><name>" + k + "</name><value>" + xmlOf(v[k]) + "</value></member>")
		}
		b.WriteString("</struct>")
	case []any:
		b.WriteString("<array><data>")
		for _, e := range v {
			b.WriteString("<value>" + xmlOf(e) + "</value>")
		}
		b.WriteString("</data></array>")
	case string:
		b.WriteString("<string>" + strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(v) + "</string>")
	case int:
		fmt.Fprintf(&b, "<int>%d</int>", v)
	case float64:
		fmt.Fprintf(&b, "<double>%g</double>", v)
	case bool:
		fmt.Fprintf(&b, "<boolean>%d</boolean>", map[bool]int{true: 1}[v])
	}
	return b.String()
}

type obj = map[string]any

// A fakeSupd answers supervisord's methods as twoPrograms does, and supd's own with one value after the other; the last one again
// and again.
type fakeSupd struct {
	*httptest.Server
	mu     sync.Mutex
	own    map[string][]string
	params []string // texts of the parameters of each call of an own method
}

func newFakeSupd(t *testing.T, own map[string][]string) *fakeSupd {
	t.Helper()
	f := &fakeSupd{own: own}
	others := fakeHandler(map[string]string{"getVersion": fakeVersion, "getAllProcessInfo": "<array><data>" +
		program("web", "web", "RUNNING", 20, "pid 7") + program("b", "g", "FATAL", 200, "") + "</data></array>"})
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, rest, isOwn := strings.Cut(string(body), "<methodName>supd.")
		method, params, _ := strings.Cut(rest, "</methodName>")
		if !isOwn {
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			others.ServeHTTP(w, r)
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.params = append(f.params, strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(params, " ")), " "))
		values := f.own[method]
		if len(values) > 1 {
			f.own[method] = values[1:]
		}
		v := values[0]
		if !strings.HasPrefix(v, "<?xml") {
			v = "<?xml version='1.0'?><methodResponse><params><param><value>" + v + "</value></param></params></methodResponse>"
		}
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprint(w, v)
	}))
	t.Cleanup(f.Close)
	return f
}

// ask runs the client on a server.
func (f *fakeSupd) ask(t *testing.T, args ...string) (string, string, int) {
	t.Helper()
	return run(Env{}, append([]string{"-c", emptyConfig(t), "-s", f.URL}, args...)...)
}

const instant = 1795665600.25

// shownAt is how the client shows instant, some seconds later.
func shownAt(seconds int, layout string) string {
	return moment(instant + float64(seconds)).Format(layout)
}

func transition(seq, cause, second int, program, from, to, code, text string) any {
	return obj{"seq": seq, "cause": cause, "at": instant + float64(second), "kind": "transition", "program": program, "from": from, "to": to,
		"life": 1, "pid": 7, "tries": 0, "code": code, "text": text}
}

func event(seq, cause, second int, kind, program, code, text string) any {
	return obj{"seq": seq, "cause": cause, "at": instant + float64(second), "kind": kind, "program": program, "from": "", "to": "",
		"life": 0, "pid": 0, "tries": 0, "code": code, "text": text}
}

func TestWhyShowsTheWayFromTheFirstCause(t *testing.T) {
	stamp := func(s int) string { return shownAt(s, timeLayout) }
	crash := transition(5, 0, 2, "web", "STARTING", "BACKOFF", "start-failed", "it ended at once")
	answer := func(change obj) string {
		a := obj{"namespec": "web", "statename": "FATAL", "ready": false, "status": "", "waits_for": "", "until": 0.0, "skipped": 0,
			"complete": true, "begun": []any{}, "chain": []any{transition(6, 5, 2, "web", "BACKOFF", "FATAL", "gave-up", "too many"), crash}}
		maps.Copy(a, change)
		return xmlOf(a)
	}
	chain := stamp(2) + "  first cause  web STARTING -> BACKOFF: it ended at once\n" + stamp(2) + "               web BACKOFF -> FATAL: too many\n"
	blank := strings.Repeat(" ", len(timeLayout))
	for _, c := range []struct{ name, answer, want string }{
		{"a chain", answer(nil), "web is FATAL\n" + chain},
		{"how it began", answer(obj{"begun": []any{transition(4, 3, 1, "web", "STOPPED", "STARTING", "start-requested", "started by autostart"),
			event(3, 0, 0, "request", "web:*", "group-added", "a client put it to work")}}),
			"web is FATAL\n" + chain + "that attempt had begun so:\n" + stamp(0) + "               a client put it to work\n" +
				stamp(1) + "               web STOPPED -> STARTING: started by autostart\n"},
		{"a start that explains nothing", answer(obj{"begun": []any{transition(2, 1, 1, "web", "STOPPED", "STARTING", "x", "y"),
			event(1, 0, 0, "tree", "", "began", "supd has started")}}), "web is FATAL\n" + chain},
		{"what is not kept", answer(obj{"complete": false}), "web is FATAL\n" + blank + "  what came before is not kept any more\n" +
			strings.Replace(chain, "first cause", "           ", 1)},
		{"much left out", answer(obj{"skipped": 12}), "web is FATAL\n" + strings.Replace(chain, "at once\n", "at once\n"+blank+
			"               ... and so on, 12 times\n", 1)},
		{"a program that waits", answer(obj{"statename": "STOPPED", "waits_for": "db", "chain": []any{event(9, 0, 0, "note", "web", "waits", "it waits for db")}}),
			"web is STOPPED, waits for db\n" + stamp(0) + "  first cause  web: it waits for db\n"},
		{"what is not well", answer(obj{"statename": "RUNNING", "status": "unhealthy: no answer"}), "web is RUNNING, unhealthy: no answer\n" + chain},
		{"nothing", answer(obj{"statename": "STOPPED", "chain": []any{}, "complete": true}), "web is STOPPED\nnothing has happened to it yet\n"},
		{"nothing that is kept", answer(obj{"statename": "STOPPED", "chain": []any{}, "complete": false}),
			"web is STOPPED\nwhat has happened to it is not kept any more; the log of the server has the rest\n"},
	} {
		f := newFakeSupd(t, map[string][]string{"why": {c.answer}})
		if out, errs, status := f.ask(t, "why", "web"); out != c.want || errs != "" || status != 0 {
			t.Errorf("%s: status %d %s\n got %q\nwant %q", c.name, status, errs, out, c.want)
		}
	}
	f := newFakeSupd(t, map[string][]string{"why": {answer(nil)}})
	out, _, status := f.ask(t, "-o", "json", "why", "web", "g:*", "web")
	var rows []whyRow
	if err := json.Unmarshal([]byte(out), &rows); err != nil || status != 0 || len(rows) != 4 || !rows[0].FirstCause || rows[0].Seq != 5 ||
		rows[1].FirstCause || rows[0].Part != "chain" || !slices.Equal(f.params, []string{"web", "g:b"}) {
		t.Errorf("%v, status %d, asked %q:\n%s", err, status, f.params, out)
	}
	if out, errs, status := f.ask(t, "why", "wbe"); out != "wbe: ERROR (no such process)\n" || status != exitGeneric || !strings.Contains(errs, "did you mean web?") {
		t.Errorf("%q %q, status %d", out, errs, status)
	}
	terminal := Env{IsTerminal: func() bool { return true }, Getenv: func(string) string { return "" }}
	if out, _, _ := run(terminal, "-c", emptyConfig(t), "-s", f.URL, "why", "web"); !strings.Contains(out, "web is \x1b[31mFATAL\x1b[0m\n") ||
		!strings.Contains(out, "\x1b[1mfirst cause\x1b[0m") {
		t.Errorf("on a terminal: %q", out)
	}
	if out, _, status := f.ask(t, "why"); status != exitUsage || !strings.HasPrefix(out, "Error: why requires a process name\n") {
		t.Errorf("%q, status %d", out, status)
	}
}

func TestWhyCountsDownToTheNextAttempt(t *testing.T) {
	a := whyAnswer{Until: instant + 8}
	if got := a.present(moment(instant)); got != ", is tried again in 8s" {
		t.Errorf("got %q", got)
	}
	if got := a.present(moment(instant + 20)); got != ", is tried again in 0s" {
		t.Errorf("got %q", got)
	}
}

func TestSupervisordHasNoPast(t *testing.T) {
	url, conf := twoPrograms(t), emptyConfig(t)
	for _, line := range []string{"why web", "history", "history -f", "tree", "graph", "graph --format dot", "lives web", "lives g:*"} {
		for _, format := range []string{"text", "json"} {
			out, errs, status := run(Env{}, "-c", conf, "-s", url, "-o", format, line)
			want := "error: " + url + " does not keep what has happened: it is supervisord, or a supd older than this client\n"
			if out+errs != want || status != exitGeneric {
				t.Errorf("%s as %s: status %d: %q %q", line, format, status, out, errs)
			}
		}
	}
}

func TestHistoryIsShownAndFollowed(t *testing.T) {
	first := xmlOf(obj{"next": 8, "missed": 0, "records": []any{event(7, 0, 0, "request", "web", "client-stop", "a client asked for stop"),
		transition(8, 7, 1, "web", "RUNNING", "STOPPING", "stop-requested", "stopped by an administrator")}})
	none := xmlOf(obj{"next": 8, "missed": 0, "records": []any{}})
	more := xmlOf(obj{"next": 9, "missed": 3, "records": []any{transition(9, 8, 2, "web", "STOPPING", "STOPPED", "stopped", "it was asked to stop")}})
	f := newFakeSupd(t, map[string][]string{"getHistory": {first, none, more, fakeFault(30, "FAILED")}})
	lines := shownAt(0, milliLayout) + "     7         web: a client asked for stop\n" +
		shownAt(1, milliLayout) + "     8 < 7     web RUNNING -> STOPPING: stopped by an administrator\n"
	if out, errs, status := f.ask(t, "history", "-f", "-n", "2", "web"); status != exitGeneric ||
		out != lines+shownAt(2, milliLayout)+"     9 < 8     web STOPPING -> STOPPED: it was asked to stop\nerror: <Fault 30: 'FAILED'>\n" || errs != "hint: 3 records were missed, as too much happens\n" {
		t.Errorf("status %d: %q %q", status, out, errs)
	}
	if want := []string{"-2 4096 web", "8 4096 web 30", "8 4096 web 30", "9 4096 web 30"}; !slices.Equal(f.params, want) {
		t.Errorf("asked %q, want %q", f.params, want)
	}
	f = newFakeSupd(t, map[string][]string{"getHistory": {first}})
	for line, want := range map[string]string{"history": "-20 4096", "history -n 5 all": "-5 4096", "history -n all g:*": "-4096 4096 g:*"} {
		f.params = nil
		if out, _, status := f.ask(t, line); out != lines || status != 0 || !slices.Equal(f.params, []string{want}) {
			t.Errorf("%s: asked %q, status %d: %s", line, f.params, status, out)
		}
	}
	out, _, _ := f.ask(t, "-o", "json", "history")
	var rows []pastRecord
	if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows) != 2 || rows[1].Cause != 7 || rows[1].To != "STOPPING" {
		t.Errorf("%v: %s", err, out)
	}
	for _, line := range []string{"history -n many", "history -n -3", "history a b", "history --nope"} {
		if out, _, status := f.ask(t, line); status != exitGeneric || !strings.HasPrefix(out, "Error: ") || !strings.Contains(out, "history NAME") {
			t.Errorf("%s: status %d: %q", line, status, out)
		}
	}
	f = newFakeSupd(t, map[string][]string{"getHistory": {none}})
	if out, errs, _ := f.ask(t, "history", "wbe"); out != "nothing is known to have happened\n" || !strings.Contains(errs, "did you mean web?") {
		t.Errorf("%q %q", out, errs)
	}
	for _, name := range []string{"web", "g:*"} { // there is such a name, only nothing is kept of it
		if out, errs, _ := f.ask(t, "history", name); out != "nothing is known to have happened\n" || errs != "" {
			t.Errorf("%s: %q %q", name, out, errs)
		}
	}
}

func TestLivesAreShown(t *testing.T) {
	life := func(number int, change obj) any {
		l := obj{"number": number, "pid": 70 + number, "start": instant, "end": instant + 1.5, "exit": "exit status 0", "exitstatus": 0, "signal": 0,
			"core": false, "user": 0.25, "system": 0.5, "maxrss": 1536, "record": 9, "code": "c", "text": "because", "stdout": "", "stderr": ""}
		maps.Copy(l, change)
		return l
	}
	f := newFakeSupd(t, map[string][]string{"getLives": {xmlOf([]any{life(3, obj{"end": 0.0}),
		life(2, obj{"exit": "terminated by SIGSEGV (core dumped)", "signal": 11, "core": true, "exitstatus": -1, "stdout": "one\ntwo", "stderr": "three\n"}),
		life(1, obj{"pid": 0, "exit": "can't find command", "exitstatus": -1})}), xmlOf([]any{})}})
	stamp := shownAt(0, timeLayout)
	want := "web life 3: began " + stamp + ", runs with pid 73\n" +
		"web life 2: began " + stamp + ", pid 72, ran 1.5s: terminated by SIGSEGV (core dumped)\n" +
		"  why:    because (record 9)\n  used:   0.75 s CPU (0.25 in the program, 0.50 in the kernel), 1.5 MiB memory at most\n" +
		"  stdout:\n    | one\n    | two\n  stderr:\n    | three\n" +
		"web life 1: began " + stamp + ", there was no process: can't find command\n"
	if out, errs, status := f.ask(t, "lives", "web", "g:b"); out != want || errs != "g:b was never started\n" || status != 0 {
		t.Errorf("status %d: %q\n got %q\nwant %q", status, errs, out, want)
	}
	f = newFakeSupd(t, map[string][]string{"getLives": {xmlOf([]any{life(1, obj{"stdout": "x\ny"})})}})
	out, _, _ := f.ask(t, "-o", "json", "lives", "web")
	var rows []lifeRow
	if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows) != 1 || rows[0].Namespec != "web" || rows[0].Stdout != "x\ny" || rows[0].MaxRSS != 1536 {
		t.Errorf("%v: %s", err, out)
	}
}

func treeOf(groups ...any) map[string][]string {
	return map[string][]string{"getTree": {xmlOf(groups)}}
}

func groupOf(name string, change obj, programs ...any) any {
	g := obj{"name": name, "priority": 999, "listener": false, "strategy": "", "gave_up": false, "intensity": -1, "period": 0.0, "used": 0, "left": -1,
		"refill": 0.0, "processes": programs}
	maps.Copy(g, change)
	return g
}

func programOf(name, state string, change obj, needs ...any) any {
	p := obj{"name": name, "group": name, "namespec": name, "priority": 999, "autostart": true, "statename": state, "pid": 7, "start": instant, "ready": state == "RUNNING",
		"status": "", "waits_for": "", "wanted": false, "until": 0.0, "code": "c", "text": "because", "needs": needs}
	maps.Copy(p, change)
	return p
}

func needOf(program, condition, state string, met bool) any {
	return obj{"program": program, "condition": condition, "statename": state, "met": met}
}

func TestTreeShowsGroupsProgramsAndWhatTheyNeed(t *testing.T) {
	f := newFakeSupd(t, treeOf(
		groupOf("team", obj{"strategy": "rest_for_one", "intensity": 3, "period": 60.0, "used": 1, "left": 2, "refill": 40.25},
			programOf("team:a", "RUNNING", obj{"status": "unhealthy: no answer"}), programOf("team:b", "EXITED", nil)),
		groupOf("ears", obj{"listener": true, "priority": -1}, programOf("ears", "STARTING", nil)),
		groupOf("free", obj{"strategy": "one_for_one"}, programOf("free", "STOPPED", obj{"autostart": false, "text": ""})),
		groupOf("over", obj{"strategy": "one_for_all", "gave_up": true, "left": 0, "intensity": 0}, programOf("over", "FATAL", nil)),
		groupOf("web", nil, programOf("web", "STOPPED", obj{"waits_for": "db (healthy)"}, needOf("db", "healthy", "FATAL", false),
			needOf("team:a", "running", "RUNNING", true), needOf("gone", "exited", "", false)))))
	want := `group team, priority 999, rest_for_one, 1 of 3 restarts in 1m0s used, 2 left, one more in 40.3s
    1  team:a  RUNNING   pid 7, ready, unhealthy: no answer
    2  team:b  EXITED    because
group ears, priority -1, listeners
    3  ears    STARTING  because
group free, priority 999, one_for_one, restarts are not limited
    4  free    STOPPED   does not start by itself
group over, priority 999, one_for_all, gave up
    5  over    FATAL     because
group web, priority 999
    6  web     STOPPED   waits for db (healthy)
               needs db (healthy), which is FATAL: not met
               needs team:a (running), which is RUNNING
               needs gone (exited), which is not there: not met
`
	if out, errs, status := f.ask(t, "tree"); out != want || errs != "" || status != 0 {
		t.Errorf("status %d: %q\n%s", status, errs, out)
	}
	out, _, _ := f.ask(t, "-o", "json", "tree")
	var rows []treeRow
	if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows) != 6 || rows[1].Order != 2 || rows[1].BudgetLeft != 2 || rows[1].Strategy != "rest_for_one" ||
		!slices.Equal(rows[5].Needs, []string{"db", "team:a", "gone"}) || rows[0].Needs == nil {
		t.Errorf("%v: %s", err, out)
	}
	p := treeProgram{Until: instant + 8, Text: "it failed"}
	if got := p.detail(time.UnixMilli(int64(instant * 1000))); got != "is tried again in 8s: it failed" {
		t.Errorf("got %q", got)
	}
}

func TestTreeShowsGroupsInTheirPlaceAndWhatIsSignificant(t *testing.T) {
	f := newFakeSupd(t, treeOf(
		groupOf("in", obj{"parent": "x", "significant": true, "strategy": "one_for_one", "auto_shutdown": "all_significant", "priority": 1},
			programOf("in:p", "RUNNING", obj{"significant": true})),
		groupOf("lost", obj{"parent": "gone", "strategy": "one_for_one", "auto_shutdown": "never"}, programOf("lost:l", "RUNNING", nil)),
		groupOf("x", obj{"strategy": "one_for_all", "auto_shutdown": "any_significant", "members": []any{"a", "group:in", "group:gone", "z"}, "done": true},
			programOf("x:a", "RUNNING", nil), programOf("x:z", "STOPPED", nil, needOf("x:a", "running", "RUNNING", true)))))
	want := `group lost, priority 999, in gone, one_for_one, restarts are not limited
    1  lost:l  RUNNING   pid 7, ready
group x, priority 999, auto_shutdown any_significant, is done
    2  x:a     RUNNING   pid 7, ready
  group in, priority 1, in x, significant, auto_shutdown all_significant, one_for_one, restarts are not limited
      3  in:p    RUNNING   significant, pid 7, ready
    4  x:z     STOPPED   because
               needs x:a (running), which is RUNNING
`
	if out, errs, status := f.ask(t, "tree"); out != want || errs != "" || status != 0 {
		t.Errorf("status %d: %q\n%s", status, errs, out)
	}
	out, _, _ := f.ask(t, "-o", "json", "tree")
	var rows []treeRow
	if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows) != 4 || rows[2].Parent != "x" || !rows[2].Significant ||
		rows[2].AutoShutdown != "all_significant" || !rows[3].Done || rows[3].Order != 4 {
		t.Errorf("%v: %s", err, out)
	}
}

// someGraph has a diamond, a cycle, a program that is not there, and names that are hard to quote.
var someGraph = treeOf(groupOf("all", nil,
	programOf("db", "RUNNING", nil), programOf("alone", "RUNNING", nil),
	programOf("api", "RUNNING", nil, needOf("db", "running", "RUNNING", true)),
	programOf("jobs", "STOPPED", nil, needOf("db", "healthy", "RUNNING", false), needOf("gone", "running", "", false)),
	programOf("web", "FATAL", nil, needOf("api", "running", "RUNNING", true), needOf("jobs", "exited", "STOPPED", false)),
	programOf(`o"d\d <&#>`, "STOPPED", nil, needOf(`o"d\d <&#>`, "running", "STOPPED", false))))

func TestGraphAsText(t *testing.T) {
	f := newFakeSupd(t, someGraph)
	want := `web FATAL
    api RUNNING
        db RUNNING
    jobs STOPPED (exited, not met)
        db RUNNING (healthy, not met)
        gone not there (not met)
o"d\d <&#> STOPPED
    o"d\d <&#> STOPPED (not met), see above
`
	if out, errs, status := f.ask(t, "graph"); out != want || errs != "" || status != 0 {
		t.Errorf("status %d: %q\n%s", status, errs, out)
	}
	out, _, _ := f.ask(t, "-o", "json", "graph")
	var rows []graphRow
	if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows) != 6 || rows[1] != (graphRow{"jobs", "STOPPED", "db", "RUNNING", "healthy", false}) {
		t.Errorf("%v: %s", err, out)
	}
	if out, _, status := f.ask(t, "graph --format png"); status != exitGeneric || !strings.HasPrefix(out, `Error: bad format`) {
		t.Errorf("status %d: %s", status, out)
	}
	if out, _, status := f.ask(t, "graph web"); status != exitGeneric || !strings.HasPrefix(out, `Error: graph takes no names`) {
		t.Errorf("status %d: %s", status, out)
	}
	if out, _, _ := newFakeSupd(t, treeOf(groupOf("a", nil, programOf("a", "RUNNING", nil)))).ask(t, "graph"); out != "no program depends on another\n" {
		t.Errorf("got %s", out)
	}
}

// A dotID is a word or a quoted string of the DOT language.
const dotID = `(?:[A-Za-z_]\w*|"(?:[^"\\]|\\.)*")`

var (
	dotAttributes = `\[` + dotID + `=` + dotID + `(?:, ` + dotID + `=` + dotID + `)*\]`
	dotNode       = regexp.MustCompile(`^(` + dotID + `) ` + dotAttributes + `;$`)
	dotEdge       = regexp.MustCompile(`^(` + dotID + `) -> (` + dotID + `) ` + dotAttributes + `;$`)
	dotSetting    = regexp.MustCompile(`^` + dotID + `=` + dotID + `;$`)
)

// parseDot reads what the grammar of DOT has of what we write: it returns nodes and edges, or the statement that is none.
func parseDot(text string) (nodes, edges []string, wrong string) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if lines[0] != "digraph supd {" || lines[len(lines)-1] != "}" {
		return nil, nil, "the frame"
	}
	for _, l := range lines[1 : len(lines)-1] {
		l = strings.TrimSpace(l)
		if m := dotEdge.FindStringSubmatch(l); m != nil {
			edges = append(edges, m[1]+" -> "+m[2])
		} else if m := dotNode.FindStringSubmatch(l); m != nil {
			nodes = append(nodes, m[1])
		} else if !dotSetting.MatchString(l) {
			return nil, nil, l
		}
	}
	return nodes, edges, ""
}

func TestGraphForGraphviz(t *testing.T) {
	out, _, status := newFakeSupd(t, someGraph).ask(t, "graph", "--format", "dot")
	nodes, edges, wrong := parseDot(out)
	if wrong != "" || status != 0 {
		t.Fatalf("status %d, not DOT: %s\n%s", status, wrong, out)
	}
	odd := `"o\"d\\d <&#>"`
	if want := []string{"node", `"db"`, `"api"`, `"jobs"`, `"web"`, odd, `"gone"`}; !slices.Equal(nodes, want) {
		t.Errorf("nodes %q, want %q", nodes, want)
	}
	want := []string{`"api" -> "db"`, `"jobs" -> "db"`, `"jobs" -> "gone"`, `"web" -> "api"`, `"web" -> "jobs"`, odd + " -> " + odd}
	if !slices.Equal(edges, want) {
		t.Errorf("edges %q, want %q", edges, want)
	}
	if _, _, wrong := parseDot("digraph supd {\n a\" -> b [x=y];\n}"); wrong == "" {
		t.Error("the parser takes anything")
	}
	if dot, err := exec.LookPath("dot"); err == nil {
		cmd := exec.Command(dot, "-Tsvg")
		cmd.Stdin = strings.NewReader(out)
		if svg, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(svg), "</svg>") {
			t.Errorf("dot: %v: %s", err, svg)
		}
	}
}

func TestGraphForMarkdown(t *testing.T) {
	want := `flowchart LR
    p0["db<br>RUNNING"]
    style p0 fill:palegreen
    p1["api<br>RUNNING"]
    style p1 fill:palegreen
    p2["jobs<br>STOPPED"]
    style p2 fill:lightgrey
    p3["web<br>FATAL"]
    style p3 fill:lightpink
    p4["o#quot;d\d #lt;#amp;#35;#gt;<br>STOPPED"]
    style p4 fill:lightgrey
    p5["gone<br>not there"]
    style p5 fill:lightpink
    p1 -->|running| p0
    p2 -.->|healthy| p0
    p2 -.->|running| p5
    p3 -->|running| p1
    p3 -.->|exited| p2
    p4 -.->|running| p4
`
	if out, errs, status := newFakeSupd(t, someGraph).ask(t, "graph", "--format=mermaid"); out != want || errs != "" || status != 0 {
		t.Errorf("status %d: %q\n%s", status, errs, out)
	}
}
