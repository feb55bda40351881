package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/golden"
	"github.com/gwaycc/supd/supervisor/process"
)

// scraped is the answer to a request with these lines in its header.
func (r *rig) scraped(t testing.TB, path string, header ...string) (status int, h http.Header, body string) {
	t.Helper()
	return r.asked(t, 0, "GET", path, header...)
}

func (r *rig) asked(t testing.TB, front int, method, path string, header ...string) (status int, h http.Header, body string) {
	t.Helper()
	q := httptest.NewRequest(method, "http://localhost"+path, nil)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		q.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	r.fronts[front].ServeHTTP(w, q)
	return w.Code, w.Result().Header, w.Body.String()
}

// countingTree has a value other than 0 for every metric of the table.
func countingTree() *fakeTree {
	tree := newFakeTree()
	cat, a0 := tree.infos[0], tree.infos[1]
	cat.Ready, cat.Counts = true, actors.Counts{Starts: 4, Ends: [actors.EndCauses]uint64{1, 1, 1}}
	a0.State, a0.Failures, a0.ExitStatus, a0.Unhealthy = supervisor.Backoff, 2, -1, true
	a0.Counts = actors.Counts{Starts: 9, Ends: [actors.EndCauses]uint64{0, 0, 0, 3, 4, 2}}
	tree.counted = actors.Metrics{
		Programs: []actors.ProgramMetrics{{Stdout: actors.OutputMetrics{Bytes: 1e9}, Stderr: actors.OutputMetrics{Bytes: 70, Dropped: 7}}},
		Groups: []actors.GroupMetrics{{Name: "grp", Used: 2, Left: 1}, {Name: "over", Used: 3, Left: 0, GaveUp: true},
			{Name: "free", Left: -1}},
		Pools:         []actors.PoolMetrics{{Name: "ear", Waiting: 3, Discarded: 5}},
		SyslogDropped: 8,
		Waiting:       map[string]int64{"root": 2},
	}
	return tree
}

// ours leaves out what comes from the runtime.
func ours(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.Contains(line, "supd_") || strings.Contains(line, "node_supervisord_") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func TestMetricsAreTheseInFull(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Tree, c.Release = countingTree(), "1.2.3" })
	r.sampler.usages = func(of []process.UsageOf) ([]process.Usage, error) {
		return []process.Usage{{CPU: 1500 * time.Millisecond, Memory: 4096, Files: 7, Threads: 3, Processes: 2}}, nil
	}
	status, header, body := r.scraped(t, "/metrics")
	if want := "text/plain; version=0.0.4"; status != 200 || !strings.HasPrefix(header.Get("Content-Type"), want) {
		t.Errorf("status %d, type %q, want %q", status, header.Get("Content-Type"), want)
	}
	got := ours(body)
	golden.Check(t, "testdata/metrics.txt", got)
	for _, m := range metrics {
		if m.each != nil && !m.ofTime && !strings.Contains(got, "\n"+m.name) {
			t.Errorf("%s is not there", m.name)
		}
	}
	for _, name := range []string{"go_goroutines ", "process_open_fds "} {
		if !strings.Contains(body, "\n"+name) {
			t.Errorf("%s is not there", name)
		}
	}
}

func TestMetricsPassTheLinter(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Tree = countingTree() })
	r.rpcCall(t, "supervisor.getPID")
	_, _, body := r.scraped(t, "/metrics")
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	bad := "# HELP x_count x\n# TYPE x_count counter\nx_count 1\n"
	if problems, _ := promlint.New(strings.NewReader(bad)).Lint(); len(problems) == 0 {
		t.Error("the linter finds nothing")
	}
}

func TestMetricsInOpenMetrics(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Tree = countingTree() })
	_, header, body := r.scraped(t, "/metrics", "Accept: application/openmetrics-text; version=1.0.0")
	if got := header.Get("Content-Type"); !strings.HasPrefix(got, "application/openmetrics-text") {
		t.Errorf("type %q", got)
	}
	for _, want := range []string{"# TYPE supd_program_restarts counter\n", `supd_program_restarts_total{name="cat",group="cat"} 3.0` + "\n"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, ours(body))
		}
	}
	if !strings.HasSuffix(body, "# EOF\n") {
		t.Error("no end")
	}
}

func TestCallsAndRequestsAreCounted(t *testing.T) {
	r := newRig(t)
	for _, method := range []string{"supervisor.getPID", "supervisor.getAPIVersion", "supervisor.getVersion", "supervisor.getPID", "system.listMethods"} {
		r.rpcCall(t, method)
	}
	for _, junk := range []string{"junk", "supervisor.junk", "supervisor.junk2"} {
		send(t, r.socket, post(methodCall(junk, "")))
	}
	send(t, r.locked, post(getPID, basic("u:wrong")))
	r.asked(t, 0, "POST", "/metrics")
	for range 2 {
		r.rest(t, "GET", "/programs/cat", basicAuth("u", "a:b"), "")
	}
	_, _, body := r.scraped(t, "/metrics")
	for _, want := range []string{
		`supd_api_request_duration_seconds_count{method="GET /api/v1/programs/{name}"} 2`,
		`supd_api_request_duration_seconds_count{method="supervisor.getPID"} 2`,
		`supd_api_request_duration_seconds_count{method="supervisor.getAPIVersion"} 2`, // getVersion is another name of it
		`supd_api_request_duration_seconds_count{method="system.listMethods"} 1`,
		`supd_api_request_duration_seconds_count{method="unknown"} 3`,
		`supd_api_request_duration_seconds_bucket{method="unknown",le="+Inf"} 3`,
		`supd_http_requests_total{code="200"} 8`,
		`supd_http_requests_total{code="401"} 3`,
		`supd_http_requests_total{code="405"} 1`,
	} {
		if !strings.Contains(body, "\n"+want+"\n") {
			t.Errorf("no %s in\n%s", want, ours(body))
		}
	}
	if strings.Contains(body, "junk") {
		t.Error("clients can make labels")
	}
}

func TestABugInAMetricIsAnError500AndNoMore(t *testing.T) {
	r := newRig(t)
	r.tree.crash = true
	for range maxScrapes + 1 {
		if status, _, _ := r.scraped(t, "/metrics"); status != 500 {
			t.Errorf("status %d", status)
		}
	}
	if !strings.Contains(r.log.String(), "a bug") {
		t.Errorf("not in the log:\n%s", r.log)
	}
	r.tree.crash = false
	if status, _, _ := r.scraped(t, "/metrics"); status != 200 {
		t.Errorf("afterwards: status %d", status)
	}
}

func TestNamesThatAreNotUTF8DoNotSpoilTheRest(t *testing.T) {
	r := newRig(t)
	r.tree.infos = append(r.tree.infos, &actors.Info{Program: program("\xff", "\xff")})
	status, _, body := r.scraped(t, "/metrics")
	if want := "node_supervisord_up{name=\"\uFFFD\",group=\"\uFFFD\"} 0\n"; status != 200 || !strings.Contains(body, want) {
		t.Errorf("status %d:\n%s", status, ours(body))
	}
}

func TestMetricsAndHealthAskForThePassword(t *testing.T) {
	r := newRig(t, func(c *Config) {
		open := c.Servers[2]
		open.Section, open.HealthWithoutAuth = "inet_http_server:open", true
		c.Servers = append(c.Servers, open)
	})
	r.tree.infos = r.tree.infos[1:] // of which none has autostart
	for _, c := range []struct {
		server      int
		path        string
		credentials string
		status      int
	}{
		{2, "/metrics", "", 401}, {2, "/healthz", "", 401}, {2, "/readyz", "", 401},
		{2, "/metrics", "u:a:b", 200}, {2, "/healthz", "u:a:b", 200}, {2, "/readyz", "u:a:b", 200},
		{3, "/metrics", "", 401}, {3, "/healthz", "", 200}, {3, "/readyz", "", 200}, {3, "/healthz", "u:wrong", 200},
		{3, "/", "", 401}, {3, "/healthz/", "", 401}, {3, "/healthz/../RPC2", "", 401}, {3, "/RPC2", "", 401},
	} {
		var header []string
		if c.credentials != "" {
			header = append(header, basic(c.credentials))
		}
		if status, _, _ := r.asked(t, c.server, "GET", c.path, header...); status != c.status {
			t.Errorf("server %d, %s, %q: status %d, want %d", c.server, c.path, c.credentials, status, c.status)
		}
	}
}

func TestHealth(t *testing.T) {
	fine := func(*rig) {}
	waiting := func(r *rig) {
		for _, i := range r.tree.infos {
			i.Program.Autostart = true
		}
		r.tree.infos[0].Ready, r.tree.infos[0].ReadyText, r.tree.infos[0].StatusText = false, "not ready", "port 80 is closed"
		r.tree.infos[1].State, r.tree.infos[1].SpawnErr = supervisor.Fatal, "can't find\ncommand '/x'"
		r.tree.infos[2].WaitsFor = "cat"
	}
	for _, c := range []struct {
		name, path string
		do         func(*rig)
		status     int
		body       string
	}{
		{"alive", "/healthz", fine, 200, "ok\n"},
		{"programs do not count", "/healthz", waiting, 200, "ok\n"},
		{"the tree is gone", "/healthz", func(r *rig) { r.tree.deaf = &actors.Fault{Code: actors.ShutdownState} }, 503,
			"the supervision tree does not answer: SHUTDOWN_STATE\n"},
		{"alive while it shuts down", "/healthz", func(r *rig) { r.daemon.become(-1) }, 200, "ok\n"},
		{"alive, in JSON", "/healthz?format=json", fine, 200, `{"ok":true}` + "\n"},

		{"ready", "/readyz", fine, 200, "ok\n"},
		{"not ready", "/readyz", waiting, 503,
			"cat RUNNING: not ready: port 80 is closed\ngrp:a0 FATAL: can't find\\ncommand '/x'\ngrp:a1 STOPPED: waits for cat\n"},
		{"not ready, in JSON", "/readyz?format=json", func(r *rig) { r.tree.infos[0].State = supervisor.Starting }, 503,
			`{"ok":false,"programs":[{"name":"cat","state":"STARTING"}]}` + "\n"},
		{"unhealthy", "/readyz", func(r *rig) { r.tree.infos[0].Unhealthy, r.tree.infos[0].ReadyText = true, "unhealthy" }, 503,
			"cat RUNNING: unhealthy\n"},
		{"has done its work", "/readyz", func(r *rig) { r.tree.infos[0].State, r.tree.infos[0].Expected = supervisor.Exited, true }, 200, "ok\n"},
		{"has ended otherwise", "/readyz", func(r *rig) { r.tree.infos[0].State = supervisor.Exited }, 503, "cat EXITED\n"},
		{"shuts down", "/readyz", func(r *rig) { r.daemon.become(-1) }, 503, "supd is in state SHUTDOWN\n"},
		{"the tree is gone", "/readyz?format=json", func(r *rig) { r.tree.deaf = errors.New("no <tree>") }, 503,
			`{"ok":false,"error":"the supervision tree does not answer: no \u003ctree\u003e"}` + "\n"},
	} {
		t.Run(c.name+" "+c.path, func(t *testing.T) {
			r := newRig(t)
			r.tree.infos[0].Ready = true
			c.do(r)
			status, _, body := r.scraped(t, c.path)
			if status != c.status || body != c.body {
				t.Errorf("got %d %q, want %d %q", status, body, c.status, c.body)
			}
		})
	}
}

func TestATreeThatDoesNotAnswerIsNotAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{config: Config{Tree: &fakeTree{deaf: errDeaf}, Daemon: &fakeDaemon{state: 1}}}
		for _, check := range []func(context.Context) *health{s.alive, s.ready} {
			if h := check(t.Context()); h.OK || h.text() != "the supervision tree has not answered within 2s\n" {
				t.Errorf("got %+v", h)
			}
		}
	})
}

func TestWhichFormHealthHas(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct{ path, accept, want string }{
		{"/healthz", "", "text/plain; charset=utf-8"},
		{"/healthz", "*/*", "text/plain; charset=utf-8"},
		{"/healthz", "text/html, application/json;q=0.9, */*;q=0.8", "application/json"},
		{"/healthz", "text/plain, application/json", "text/plain; charset=utf-8"},
		{"/healthz?format=text", "application/json", "text/plain; charset=utf-8"},
		{"/readyz?format=json", "text/plain", "application/json"},
	} {
		if _, h, _ := r.scraped(t, c.path, "Accept: "+c.accept); h.Get("Content-Type") != c.want {
			t.Errorf("%s with %q: %q, want %q", c.path, c.accept, h.Get("Content-Type"), c.want)
		}
	}
}

func TestMetricsAndHealthCanOnlyBeRead(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
		for _, method := range []string{"POST", "PUT", "DELETE"} {
			status, h, _ := r.asked(t, 0, method, path)
			if status != 405 || h.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: status %d, Allow %q", method, path, status, h.Get("Allow"))
			}
		}
		q, err := http.NewRequestWithContext(context.Background(), "HEAD", "http://"+r.tcp+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultTransport.RoundTrip(q)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode == 405 || len(body) > 0 {
			t.Errorf("HEAD %s: status %d, %d bytes", path, answer.StatusCode, len(body))
		}
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// BenchmarkScrape is a scrape of 1,000 programs; it is to take less than 50 ms.
func BenchmarkScrape(b *testing.B) {
	tree := manyPrograms(1000)
	for range tree.infos {
		tree.counted.Programs = append(tree.counted.Programs, actors.ProgramMetrics{})
	}
	r := newRig(b, func(c *Config) { c.Tree = tree })
	b.ReportAllocs()
	for b.Loop() {
		status, _, body := r.scraped(b, "/metrics")
		if status != 200 {
			b.Fatal(status)
		}
		b.ReportMetric(float64(len(body)), "bytes/scrape")
	}
}

// TestTheDashboardKnowsOnlyMetricsThatAreThere keeps the example what the table of metrics says.
func TestTheDashboardKnowsOnlyMetricsThatAreThere(t *testing.T) {
	data, err := os.ReadFile("../../docs/examples/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Name, Definition string }
		}
	}
	if err := json.Unmarshal(data, &board); err != nil {
		t.Fatal(err)
	}
	known := map[string]*metric{}
	for i := range metrics {
		known[metrics[i].name] = &metrics[i]
	}
	uses := regexp.MustCompile(`\b(?:supd|node_supervisord)_[a-z_]+\b`)
	labels := regexp.MustCompile(`\b((?:supd|node_supervisord)_[a-z_]+)\{([^}]*)\}`)
	check := func(where, expr string) (used int) {
		for _, name := range uses.FindAllString(expr, -1) {
			used++
			if known[strings.TrimSuffix(name, "_bucket")] == nil {
				t.Errorf("%s: there is no %s", where, name)
			}
		}
		for _, m := range labels.FindAllStringSubmatch(expr, -1) {
			for _, matcher := range strings.Split(m[2], ",") {
				label := matcher[:strings.IndexAny(matcher, "=!")]
				row := known[strings.TrimSuffix(m[1], "_bucket")]
				if row != nil && label != "job" && label != "instance" && !slices.Contains(row.labels, label) {
					t.Errorf("%s: %s has no label %s", where, m[1], label)
				}
			}
		}
		return used
	}
	ids := map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.GridPos.W == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %q: id %d, place %+v", p.Title, p.ID, p.GridPos)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			if check(p.Title, target.Expr) == 0 {
				t.Errorf("panel %q shows nothing of supd: %s", p.Title, target.Expr)
			}
		}
	}
	if len(board.Panels) == 0 || len(board.Templating.List) == 0 {
		t.Error("the dashboard is empty")
	}
	for _, v := range board.Templating.List {
		check("variable "+v.Name, v.Definition)
	}
}
