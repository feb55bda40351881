package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/ctl/sse"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// A node is one of several supds that know each other.
type node struct {
	*background
	dir, conf string
	address   string // http://127.0.0.1:port/
}

func startNode(t *testing.T, address, server, programs string) *node {
	t.Helper()
	n := &node{address: "http://" + address + "/"}
	n.dir, n.conf = site(t, "[inet_http_server]\nport="+address+"\n"+server+programs)
	n.background = startDaemon(t, up, supdBinary, "-c", n.conf)
	return n
}

// twoNodes are alpha and beta, which name each other, and gamma, which is not there.
func twoNodes(t *testing.T) (alpha, beta *node) {
	t.Helper()
	a, b, c := freePort(t), freePort(t), freePort(t)
	all := fmt.Sprintf("remotes=alpha:http://op:hunter2@%s,beta:http://op:hunter2@%s,gamma:%s\n", a, b, c)
	users := "[user:op]\npassword=hunter2\nrole=operate\n[user:eye]\npassword=eye\nrole=read\n[user:root]\npassword=root\nrole=admin\n"
	programs := `
[program:web]
command=/bin/sh -c 'echo hello from NODE; exec sleep 1000'
startsecs=0
stdout_logfile=DIR/web.log
[program:only-NODE]
command=/bin/sleep 1000
startsecs=0
autostart=false
directory=/tmp
`
	for name, n := range map[string]**node{"alpha": &alpha, "beta": &beta} {
		address := map[string]string{"alpha": a, "beta": b}[name]
		*n = startNode(t, address, "nodename="+name+"\n"+all, users+strings.ReplaceAll(programs, "NODE", name))
	}
	for _, n := range []*node{alpha, beta} {
		proctest.Eventually(t, "web to run", func() (string, bool) {
			out, _ := ctlIn(t, n.conf, "status")
			return out, strings.Contains(out, "RUNNING")
		})
	}
	return alpha, beta
}

// call sends a request to a path of a node and returns the status and the body.
func (n *node) call(t *testing.T, user, method, path, body string, header ...string) (int, string) {
	t.Helper()
	status, text, _ := n.ask(t, user, method, path, body, header...)
	return status, text
}

func (n *node) ask(t *testing.T, user, method, path, body string, header ...string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequest(method, n.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if user == "op" {
		r.SetBasicAuth("op", "hunter2")
	} else {
		r.SetBasicAuth(user, user)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer.StatusCode, string(b), answer.Header
}

// TestANodeAnswersForOthers has two nodes that name each other, and a third that is not there.
func TestANodeAnswersForOthers(t *testing.T) {
	alpha, beta := twoNodes(t)

	status, body := alpha.call(t, "eye", "GET", "api/v1/nodes", "")
	var nodes []api.Node
	if err := json.Unmarshal([]byte(body), &nodes); err != nil || status != 200 || len(nodes) != 3 {
		t.Fatalf("%d %v %s", status, err, body)
	}
	if n := nodes[0]; n.Name != "alpha" || !n.Online || n.Address != "" || n.Server.User != "eye" {
		t.Errorf("%+v", n)
	}
	if n := nodes[1]; n.Name != "beta" || !n.Online || n.Server.Pid != beta.cmd.Process.Pid || n.Server.Role != api.Operate || strings.Contains(n.Address, "hunter2") {
		t.Errorf("%+v", n)
	}
	if n := nodes[2]; n.Name != "gamma" || n.Online || !strings.Contains(n.Error, "connection refused") {
		t.Errorf("%+v", n)
	}

	for _, tt := range []struct {
		user, method, path, body string
		status                   int
		contains                 string
	}{
		{"eye", "GET", "nodes/beta/programs", "", 200, `"name":"only-beta"`},
		{"eye", "GET", "nodes/beta/programs/web", "", 200, `"state":"RUNNING"`},
		{"eye", "GET", "nodes/beta/programs/web/logs/stdout?lines=1", "", 200, "hello from beta\n"},
		{"eye", "GET", "nodes/beta/programs/nope", "", 404, "BAD_NAME"},
		{"eye", "GET", "nodes/beta/tree?what=1", "", 400, "there is no parameter"},
		{"op", "POST", "nodes/beta/actions", `{"do":"start","names":["only-beta"]}`, 200, `"ok":true`},
		{"op", "POST", "nodes/beta/actions", `{"do":"dance","names":["only-beta"]}`, 400, "do is"},
		// Roles are looked at here first, and then there.
		{"eye", "POST", "nodes/beta/actions", `{"do":"stop","names":["web"]}`, 403, "needs the role operate, yours is read"},
		{"op", "POST", "nodes/beta/config/reread", "", 403, "needs the role admin, yours is operate"},
		{"root", "POST", "nodes/beta/config/reread", "", 403, "needs the role admin, yours is operate"},
		// What is not there, or leads further.
		{"eye", "GET", "nodes/nope/programs", "", 404, "remotes= has beta, gamma"},
		{"eye", "GET", "nodes/alpha/programs", "", 404, "there is no node"},
		{"eye", "GET", "nodes/beta/nope", "", 404, "nothing at this path"},
		{"eye", "GET", "nodes/beta/nodes", "", 404, "nothing at this path"},
		{"eye", "GET", "nodes/beta/nodes/alpha/programs", "", 404, "nothing at this path"},
		{"eye", "GET", "nodes/beta/live?nodes=all", "", 400, "the nodes of a node are not asked for"},
		{"root", "GET", "nodes/beta/programs/../config", "", 404, "nothing at this path"},
		{"root", "GET", "nodes/beta/programs/%2e%2e/config", "", 404, "nothing at this path"},
		{"root", "POST", "nodes/beta/programs", "", 404, "nothing at this path"},
		{"eye", "GET", "nodes/gamma/programs", "", 502, "node gamma: dial tcp"},
		{"eye", "GET", "nodes/beta/", "", 404, "nothing at this path"},
		{"eye", "GET", "nodes/beta", "", 404, "nothing at this path"},
	} {
		status, body := alpha.call(t, tt.user, tt.method, "api/v1/"+tt.path, tt.body)
		if status != tt.status || !strings.Contains(body, tt.contains) {
			t.Errorf("%s: %s %s: %d %s; want %d and %s", tt.user, tt.method, tt.path, status, body, tt.status, tt.contains)
		}
	}
	// Cheap polling, and a whole log as a file, go through.
	_, _, header := alpha.ask(t, "eye", "GET", "api/v1/nodes/beta/tree", "")
	if status, _ := alpha.call(t, "eye", "GET", "api/v1/nodes/beta/tree", "", "If-None-Match", header.Get("ETag")); status != 304 {
		t.Errorf("%d for %s", status, header.Get("ETag"))
	}
	status, body, header = alpha.ask(t, "eye", "GET", "api/v1/nodes/beta/programs/web/logs/stdout?download=true", "")
	if status != 200 || body != "hello from beta\n" || !strings.Contains(header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%d %q %v", status, body, header)
	}

	// Nothing of the password is told anywhere.
	for _, n := range []*node{alpha, beta} {
		check, _ := runTool(t, n.dir, supdBinary, "check", "--effective", "-c", n.conf)
		for what, text := range map[string]string{"its log": read(t, n.dir+"/log"), "check": check, "its output": n.out.String()} {
			if strings.Contains(text, "hunter2") {
				t.Errorf("%s tells a password:\n%s", what, text)
			}
		}
	}
}

// TestThePredecessorsPathsKnowOtherNodes asks for programs of two nodes that name each other: each is asked once.
func TestThePredecessorsPathsKnowOtherNodes(t *testing.T) {
	alpha, beta := twoNodes(t)
	var programs []struct {
		Node, Name, StateName, Directory, Command string
		State, Pid                                int
		Stdout                                    string `json:"stdout_logfile"`
	}
	status, body := alpha.call(t, "eye", "GET", "program/list", "")
	if err := json.Unmarshal([]byte(body), &programs); err != nil || status != 200 {
		t.Fatalf("%d %v %s", status, err, body)
	}
	var got []string
	for _, p := range programs {
		got = append(got, p.Node+"/"+p.Name)
		if p.Name == "web" && (p.State != 20 || p.StateName != "RUNNING" || p.Pid == 0 || p.Stdout == "" || !strings.Contains(p.Command, "hello from "+p.Node)) ||
			p.Name != "web" && (p.State != 0 || p.Directory != "/tmp") {
			t.Errorf("%+v", p)
		}
	}
	if all := strings.Join(got, " "); all != "alpha/only-alpha alpha/web beta/only-beta beta/web" {
		t.Errorf("got %s", all)
	}
	for _, tt := range []struct {
		user, method, path, body string
		status                   int
		contains                 string
	}{
		{"eye", "GET", "program/info/beta/only-beta", "", 200, `"node":"beta","name":"only-beta"`},
		{"eye", "GET", "program/info/beta/nope", "", 500, "BAD_NAME"},
		{"eye", "GET", "program/info/gamma/web", "", 500, "connection refused"},
		{"eye", "GET", "program/info/nope/web", "", 500, "this one is alpha, the others are beta, gamma"},
		{"eye", "GET", "program/log/beta/web/stdout", "", 200, "hello from beta\n"},
		{"eye", "GET", "program/log/beta/web/both", "", 404, ""},
		{"eye", "GET", "program/log/gamma/web/stdout", "", 502, ""},
		{"op", "POST", "program/start/beta/only-beta", "", 200, `{"success":true}`},
		{"op", "POST", "program/start/beta/only-beta", "", 200, `{"success":true}`}, // it is up, as was wanted
		{"op", "POST", "program/startPrograms", `[{"node":"alpha","program":"only-alpha"}]`, 200, "Success"},
		{"op", "POST", "program/stopPrograms", `[{"node":"beta","program":"only-beta"},{"node":"gamma","program":"web"}]`, 200, "could not stop web"},
		{"eye", "POST", "program/start/beta/only-beta", "", 403, ""},
		{"eye", "GET", "supervisor/beta/ping", "", 200, `{"success":true}`},
		{"eye", "GET", "supervisor/gamma/ping", "", 200, `{"success":false}`},
		{"eye", "GET", "supervisor/listNodes", "", 200, `{"name":"beta","status":"ONLINE"`},
		{"eye", "GET", "supervisor/listNodes", "", 200, `{"name":"gamma","status":"OFFLINE"`},
		{"op", "POST", "supervisor/beta/shutdown", "", 403, ""},
		{"root", "POST", "supervisor/beta/shutdown", "", 502, ""}, // the password in remotes= is not that of an administrator
		{"root", "POST", "supervisor/beta/reload", "", 200, `{"success":false}`},
	} {
		status, body := alpha.call(t, tt.user, tt.method, tt.path, tt.body)
		if status != tt.status || !strings.Contains(body, tt.contains) {
			t.Errorf("%s: %s %s: %d %s; want %d and %s", tt.user, tt.method, tt.path, status, body, tt.status, tt.contains)
		}
	}
	_ = beta
}

// TestANodeTakesAToken has one that knows only a token.
func TestANodeTakesAToken(t *testing.T) {
	b := freePort(t)
	beta := startNode(t, b, "nodename=beta\n", "[user:peer]\ntoken=peer.s3cret\nrole=operate\n")
	alpha := startNode(t, freePort(t), "nodename=alpha\nremotes=beta:http://:peer.s3cret@"+b+",other:http://:peer.wrong@"+b+"\n", "")
	status, body := alpha.call(t, "eye", "GET", "api/v1/nodes/beta/server", "")
	if status != 200 || !strings.Contains(body, `"user":"peer","role":"operate"`) {
		t.Errorf("%d %s", status, body)
	}
	if status, body := alpha.call(t, "eye", "GET", "api/v1/nodes/other/server", ""); status != 502 || !strings.Contains(body, "does not take the credentials") {
		t.Errorf("%d %s", status, body)
	}
	if log := read(t, beta.dir+"/log") + read(t, alpha.dir+"/log"); strings.Contains(log, "s3cret") {
		t.Errorf("a log tells the token:\n%s", log)
	}
}

// A liveReader follows the live stream of a node.
type liveReader struct {
	t      *testing.T
	events *sse.Reader
}

func (n *node) live(t *testing.T, path string) *liveReader {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", n.address+"api/v1/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("eye", "eye")
	r.Header.Set("Accept", sse.ContentType)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(time.Minute, func() { answer.Body.Close() })
	t.Cleanup(func() {
		limit.Stop()
		answer.Body.Close()
	})
	return &liveReader{t, sse.NewReader(answer.Body, 1<<20)}
}

// until reads events until one of a kind, from a node ("" the one that was asked), has words in it.
func (l *liveReader) until(node, kind, words string) {
	l.t.Helper()
	var seen []string
	for {
		e, err := l.events.Next()
		if err != nil {
			l.t.Fatalf("no %s of %q with %s came: %v\n%s", kind, node, words, err, strings.Join(seen, "\n"))
		}
		from, what, data := "", e.Kind, string(e.Data)
		if e.Kind == "remote" {
			var r struct {
				Node, Event string
				Data        json.RawMessage
			}
			if err := json.Unmarshal(e.Data, &r); err != nil {
				l.t.Fatal(err)
			}
			from, what, data = r.Node, r.Event, string(r.Data)
		}
		seen = append(seen, from+" "+what+" "+data[:min(len(data), 200)])
		if from == node && what == kind && strings.Contains(data, words) {
			return
		}
	}
}

// TestTheLiveStreamHasOtherNodes follows another node through deaths of its programs and of itself.
func TestTheLiveStreamHasOtherNodes(t *testing.T) {
	alpha, beta := twoNodes(t)
	l := alpha.live(t, "live?nodes=all&usage=true&history=50")
	l.until("", "hello", `"nodes":["beta","gamma"]`)
	l = alpha.live(t, "live?nodes=all&usage=true&history=50")
	l.until("beta", "hello", `"node":"beta"`)
	l.until("beta", "tree", `"namespec":"only-beta"`)
	l.until("gamma", "offline", "connection refused")
	l.until("beta", "usage", `"web":`)
	l = alpha.live(t, "live?nodes=all&history=50")
	l.until("beta", "record", "web")

	out, _ := ctlIn(t, beta.conf, "pid", "web")
	pid, err := strconv.Atoi(strings.TrimSpace(out))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	l.until("beta", "record", "SIGKILL")
	l.until("beta", "programs", `"restarts":1`)
	// It goes, and comes back.
	beta.stop()
	l.until("beta", "offline", "error")
	startDaemon(t, up, supdBinary, "-c", beta.conf)
	l.until("beta", "tree", `"namespec":"only-beta"`)
	// The log says each of it once, however many look and however often it is tried.
	for _, want := range []string{"WARN the node gamma cannot be reached: ", "WARN the node beta cannot be reached: ", "INFO the node beta can be reached again"} {
		alpha.out.WaitFor(t, want)
		if n := strings.Count(alpha.out.String(), want); n != 1 {
			t.Errorf("%d times %q in\n%s", n, want, alpha.out)
		}
	}

	// A log of another node is followed.
	log := alpha.live(t, "nodes/beta/programs/web/logs/stdout?follow=true")
	log.until("", "log", "hello from beta")
	if out, status := ctlIn(t, beta.conf, "restart", "web"); status != 0 {
		t.Fatal(out)
	}
	log.until("", "log", "hello from beta")
}

// TestANodeMayBeAnything has remotes that are no supd, ask for other credentials, lead elsewhere, send pages, and tell nonsense. Nothing of
// it reaches a browser as anything but data.
func TestANodeMayBeAnything(t *testing.T) {
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		_ = name
		switch user, _, _ := r.BasicAuth(); {
		case user == "page":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<script>alert(1)</script>")
		case user == "elsewhere":
			http.Redirect(w, r, "http://evil.example/", http.StatusFound)
		case user == "asks":
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
		case user == "nonsense" && strings.HasSuffix(path, "live"):
			w.Header().Set("Content-Type", sse.ContentType)
			fmt.Fprint(w, "event: tree\ndata: {\"version\":\ndata: <script>\n\n")
		case user == "nonsense":
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Set-Cookie", "a=b")
			fmt.Fprint(w, "<script>")
		case user == "breaks":
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "[")
		}
	}))
	defer evil.Close()
	host := strings.TrimPrefix(evil.URL, "http://")
	var remotes []string
	for _, name := range []string{"page", "elsewhere", "asks", "nonsense", "breaks"} {
		remotes = append(remotes, name+":http://"+name+":hunter2@"+host)
	}
	n := startNode(t, freePort(t), "remotes="+strings.Join(remotes, ",")+"\n", "[user:eye]\npassword=eye\n[program:web]\ncommand=/bin/sleep 1000\n")
	for name, want := range map[string]string{
		"page":      "node page answers 200 OK, as no supd does",
		"elsewhere": "node elsewhere answers 302 Found, as no supd does",
		"asks":      "it does not take the credentials that remotes= has for it",
	} {
		status, body, header := n.ask(t, "eye", "GET", "api/v1/nodes/"+name+"/programs", "")
		if status != 502 || !strings.Contains(body, want) || header.Get("Content-Type") != "application/problem+json" || header.Get("WWW-Authenticate") != "" {
			t.Errorf("%s: %d %s %v", name, status, body, header)
		}
	}
	if status, _, header := n.ask(t, "eye", "GET", "api/v1/nodes/nonsense/programs", ""); status != 200 || header.Get("Set-Cookie") != "" || header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v", status, header)
	}
	r, _ := http.NewRequest("GET", n.address+"api/v1/nodes/breaks/programs", nil)
	r.SetBasicAuth("eye", "eye")
	if answer, err := http.DefaultClient.Do(r); err == nil {
		if _, err := io.ReadAll(answer.Body); err == nil {
			t.Error("half an answer looks like a whole one")
		}
		answer.Body.Close()
	}
	l := n.live(t, "live?nodes=all")
	wait := map[string]string{"page": "is it supd", "elsewhere": "302", "asks": "does not take", "nonsense": "not JSON", "breaks": "is it supd"}
	for len(wait) > 0 {
		e, err := l.events.Next()
		if err != nil {
			t.Fatalf("%v; still missing: %v", err, wait)
		}
		var got struct {
			Node, Event string
			Data        struct{ Error string }
		}
		if e.Kind == "remote" && json.Unmarshal(e.Data, &got) == nil && got.Event == "offline" {
			if want, there := wait[got.Node]; there && !strings.Contains(got.Data.Error, want) {
				t.Errorf("%s: %s", got.Node, got.Data.Error)
			}
			delete(wait, got.Node)
		}
	}
	status, body := n.call(t, "eye", "GET", "api/v1/nodes", "")
	if status != 200 || strings.Count(body, `"online":true`) != 1 {
		t.Errorf("%d %s", status, body)
	}
	if status, body := n.call(t, "eye", "GET", "program/list", ""); status != 200 || strings.Count(body, `"name"`) != 1 {
		t.Errorf("%d %s", status, body)
	}
}

// TestNodesOverTLS has a node that asks for certificates, and one on a unix socket.
func TestNodesOverTLS(t *testing.T) {
	ca := &authority{dir: t.TempDir()}
	ca.sign(t, "ca")
	ca.sign(t, "server")
	files := strings.ReplaceAll("tls_cert=CA/server.crt\ntls_key=CA/server.key\nremotes_ca=CA/ca.crt\n", "CA", ca.dir)
	b := freePort(t)
	startNode(t, b, files+"nodename=beta\ntls_client_ca="+ca.dir+"/ca.crt\n", "[program:safe]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
	socket := startNode(t, freePort(t), "nodename=gamma\n", "[program:near]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
	alpha := startNode(t, freePort(t), "nodename=alpha\nremotes=beta:https://"+b+",gamma:unix://"+socket.dir+"/sock,delta:https://"+strings.TrimPrefix(strings.TrimSuffix(socket.address, "/"), "http://")+"\n"+
		"remotes_ca="+ca.dir+"/ca.crt\n", "")
	_ = alpha
	out, _ := runTool(t, alpha.dir, "curl", "-s", alpha.address+"api/v1/nodes")
	if !strings.Contains(out, `"name":"gamma","address":"unix://`) || strings.Count(out, `"online":true`) != 2 || !strings.Contains(out, "certificate required") && !strings.Contains(out, "bad certificate") {
		t.Error(out) // without a certificate of its own alpha is not let in by beta
	}
	zeta := freePort(t)
	peer := startNode(t, zeta, "nodename=zeta\n"+files+"remotes=beta:https://"+b+"\n", "")
	out, _ = runTool(t, peer.dir, "curl", "-s", "--cacert", ca.dir+"/ca.crt", "https://"+zeta+"/api/v1/nodes/beta/programs")
	if !strings.Contains(out, `"name":"safe","group":"safe"`) {
		t.Error(out)
	}
	if out, _ := runTool(t, peer.dir, "curl", "-s", alpha.address+"api/v1/nodes/gamma/programs"); !strings.Contains(out, `"name":"near"`) {
		t.Error(out)
	}
}

// TestThePageAndTopShowOtherNodes has a browser and a terminal look at two nodes at once, and steer the other one.
func TestThePageAndTopShowOtherNodes(t *testing.T) {
	b := freePort(t)
	programs := "[program:web]\ncommand=/bin/sh -c 'echo hello from NODE; exec sleep 1000'\nstartsecs=0\nstdout_logfile=DIR/web.log\n"
	beta := startNode(t, b, "nodename=beta\n", strings.ReplaceAll(programs, "NODE", "beta"))
	alpha := startNode(t, freePort(t), "nodename=alpha\nremotes=beta:"+b+",gamma:"+freePort(t)+"\n", strings.ReplaceAll(programs, "NODE", "alpha"))
	stopped := func() {
		t.Helper()
		proctest.Eventually(t, "web of beta to be stopped", func() (string, bool) {
			out, _ := ctlIn(t, beta.conf, "status")
			return out, strings.Contains(out, "STOPPED")
		})
		if out, _ := ctlIn(t, alpha.conf, "status"); !strings.Contains(out, "RUNNING") {
			t.Errorf("at alpha: %s", out)
		}
	}
	br := openBrowser(t)
	br.open(alpha.address)
	br.wait(`document.querySelectorAll('.row.node').length === 3 && document.querySelectorAll('.row.program').length === 2`)
	br.wait(`[...document.querySelectorAll('.row.node')].some((r) => r.textContent.includes('gamma') && r.textContent.includes('offline'))`)
	br.wait(`document.querySelector('button[aria-label="Stop all programs of beta"]') && !document.querySelector('.all button')`)
	br.run(chromedp.Evaluate(`location.hash = '#/node/beta/program/web'`, nil))
	br.wait(`[...document.querySelectorAll('.log .line')].some((l) => l.textContent.includes('hello from beta'))`)
	br.eval(`[...document.querySelectorAll('button')].find((b) => b.textContent === 'Stop').click()`, nil)
	br.wait(`document.querySelector('dialog[open] h2').textContent === 'Stop web on beta?'`)
	br.eval(`[...document.querySelectorAll('dialog button')].find((b) => b.textContent === 'Stop').click()`, nil)
	stopped()
	br.wait(`document.querySelector('.program-head .state').textContent.includes('stopped')`)

	s := onScreen(t, 100, 30, nil, supdBinary, "ctl", "-c", alpha.conf, "top")
	s.shows("▾ gamma  offline")
	s.line("▾ beta", "supd", "1 program")
	s.press("/stopped\r")
	s.line("web", "stopped")
	s.press("s")
	s.shows("No program fits the filter")
	s.press("\x1b")
	s.line("▾ alpha", "1 program")
	// beta goes: it is told, and comes back.
	br.excuse = []string{"/api/v1/nodes/beta/"} // what the page asks for in that moment
	br.run(chromedp.Evaluate(`location.hash = '#/'`, nil))
	br.wait(`document.querySelectorAll('.row.program').length === 2`)
	beta.stop()
	s.shows("▾ beta  offline")
	br.wait(`[...document.querySelectorAll('.row.node')].filter((r) => r.textContent.includes('offline')).length === 2`)
	startDaemon(t, up, supdBinary, "-c", beta.conf)
	s.line("▾ beta", "supd", "1 program")
	br.wait(`document.querySelectorAll('.row.program').length === 2`)
	s.press("q")
	s.end()
}
