package server

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/ctl/web"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
)

// parsePage parses HTML. A page that is not well-formed shows as a tree other than the one that was meant.
func parsePage(t testing.TB, page string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// all returns the elements of a name below n, those of a class only if one is given: "td", "div.status_msg".
func all(n *html.Node, what string) []*html.Node {
	name, class, _ := strings.Cut(what, ".")
	var list []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == name && (class == "" || attr(d, "class") == class) {
			list = append(list, d)
		}
	}
	return list
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// rowsOf describes the rows of the table: class, cells, and what can be done.
func rowsOf(doc *html.Node) []string {
	var rows []string
	for _, tr := range all(doc, "tr") {
		cells := all(tr, "td")
		if len(cells) != 4 {
			continue
		}
		var actions []string
		for _, li := range all(cells[3], "li") {
			for _, form := range all(li, "form") {
				actions = append(actions, strings.TrimSpace(text(form))+" "+attr(form, "method")+" "+attr(form, "action"))
			}
			for _, a := range all(li, "a") {
				actions = append(actions, text(a)+" "+attr(a, "href"))
			}
		}
		status := all(cells[0], "span")[0]
		name := all(cells[2], "a")[0]
		rows = append(rows, fmt.Sprintf("[%s] %s=%s | %s | %s %s | %s", attr(tr, "class"), attr(status, "class"), text(status), text(cells[1]),
			text(name), attr(name, "href"), strings.Join(actions, ", ")))
	}
	return rows
}

func TestPage(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Release = "v9.8 <x>"; c.Interfaces = nil })
	r.tree.infos = append(r.tree.infos,
		&actors.Info{Program: program("a b", "é&<"), State: supervisor.Fatal, SpawnErr: `can't find "x" <&>`},
		&actors.Info{Program: program("back", "back"), State: supervisor.Backoff},
		&actors.Info{Program: program("end", "end"), State: supervisor.Stopping},
		&actors.Info{Program: program("exit", "exit"), State: supervisor.Exited, Start: epoch, Stop: epoch})
	for _, path := range []string{"/", "/index.html", "/?message=", "/?action="} {
		e := send(t, r.socket, get(path))
		h := e.header
		if e.status != 200 || h.Get("Content-Type") != "text/html;charset=utf-8" || h.Get("Pragma") != "no-cache" ||
			h.Get("Cache-Control") != "no-cache" || h.Get("Expires") != "Thu, 01 Jan 1970 00:00:00 GMT" || h.Get("Content-Security-Policy") != web.Policy {
			t.Errorf("%s: status %d, %v", path, e.status, h)
		}
		doc := parsePage(t, e.body)
		if title := text(all(doc, "title")[0]); title != "Supervisor Status" {
			t.Errorf("title %q", title)
		}
		var heads []string
		for _, th := range all(doc, "th") {
			heads = append(heads, attr(th, "class")+"="+text(th))
		}
		if got := strings.Join(heads, " "); got != "state=State desc=Description name=Name action=Action" {
			t.Errorf("columns: %s", got)
		}
		var buttons []string
		for _, form := range all(doc, "form")[:3] {
			buttons = append(buttons, text(form)+" "+attr(form, "method")+" "+attr(form, "action"))
		}
		if got := strings.Join(buttons, ", "); got != "Refresh post index.html?action=refresh, Restart All post index.html?action=restartall, Stop All post index.html?action=stopall" {
			t.Errorf("buttons: %s", got)
		}
		actions := func(quoted, name string, verbs ...string) string {
			var s string
			for _, v := range append(verbs, "Clear Log clearlog") {
				i := strings.LastIndex(v, " ")
				s += v[:i] + " post index.html?processname=" + quoted + "&action=" + v[i+1:] + ", "
			}
			return " | " + name + " tail.html?processname=" + quoted + " | " + s + "Tail -f Stdout logtail/" + quoted + ", Tail -f Stderr logtail/" + quoted + "/stderr"
		}
		want := []string{
			"[] statusrunning=running | pid 1234, uptime T" + actions("cat", "cat", "Restart restart", "Stop stop"),
			"[shade] statusnominal=stopped | Not started" + actions("grp%3Aa0", "grp:a0", "Start start"),
			"[] statusnominal=stopped | Not started" + actions("grp%3Aa1", "grp:a1", "Start start"),
			`[shade] statuserror=fatal | can't find "x" <&>` + actions("a%20b%3A%C3%A9%26%3C", "a b:é&<", "Start start"),
			`[] statuserror=backoff | unknown error (try "tail back")` + actions("back", "back"),
			"[shade] statusnominal=stopping | " + actions("end", "end"),
			"[] statusnominal=exited | DATE" + actions("exit", "exit", "Start start"),
		}
		got := rowsOf(doc)
		if len(got) != len(want) {
			t.Fatalf("%d rows: %q", len(got), got)
		}
		for i := range want {
			g := regexp.MustCompile(`uptime [^|]*\d`).ReplaceAllString(got[i], "uptime T")
			g = regexp.MustCompile(`[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M`).ReplaceAllString(g, "DATE")
			if g != want[i] {
				t.Errorf("row %d:\n got %s\nwant %s", i, g, want[i])
			}
		}
		if footer := text(all(doc, "footer")[0]); !strings.Contains(footer, "supd v9.8 <x>") {
			t.Errorf("footer %q", footer)
		}
	}
	r.tree.infos = nil
	if e := send(t, r.socket, get("/")); !strings.Contains(text(parsePage(t, e.body)), "No programs to manage") || strings.Contains(e.body, "<table") {
		t.Errorf("no programs: %s", e.body)
	}
	head := strings.Replace(get("/?action=stopall"), "GET", "HEAD", 1)
	c := openTail(t, r.socket, head)
	if c.status != 200 || r.tree.commands() != "" {
		t.Errorf("HEAD: status %d, it did %q", c.status, r.tree.commands())
	}
}

// form is a POST of a form.
func form(path, body string, headers ...string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n%s\r\n%s",
		path, len(body), strings.Join(append(headers, ""), "\r\n"), body)
}

var clock = regexp.MustCompile(`[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$`)

// messageOf is the message that a redirect carries, with its time replaced.
func messageOf(t testing.TB, e exchange) string {
	t.Helper()
	u, err := url.Parse(e.header.Get("Location"))
	if err != nil || e.status != 301 {
		t.Errorf("status %d, %s, %v", e.status, e.header.Get("Location"), err)
		return ""
	}
	return clock.ReplaceAllString(u.Query().Get("message"), "TIME")
}

func TestPageActions(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct{ query, message, commands string }{
		{"action=refresh", "Page refreshed at TIME", ""},
		{"action=stop&processname=cat", "Process cat stopped", "stop cat true"},
		{"action=stop&processname=cat", "unexpected rpc fault [70] NOT_RUNNING: cat", "stop cat true"},
		{"processname=cat&action=start", "Process cat started", "start cat true"},
		{"action=start&processname=cat", "ERROR: Process cat: already started", "start cat true"},
		{"action=restart&processname=cat", "Process cat restarted", "stop cat true; start cat true"},
		{"action=restart&processname=grp%3Aa0", "Process grp:a0 restarted", "stop grp:a0 true; start grp:a0 true"},
		{"action=clearlog&processname=cat", "Log for cat cleared", "clear cat"},
		{"action=stopall", "All stopped at TIME", "stop all true"},
		{"action=restartall&processname=nope", "All restarted at TIME", "stop all true; start all true"},
		{"action=start&processname=nope", "No such process named nope", ""},
		{"action=bogus&processname=nope", "No such process named nope", ""},
		{"action=start&processname=grp:*", "No such process named grp:*", ""},
		{"action=start&processname=cat:", "No such process named cat:", ""},
		{"action=start&processname=%3Cscript%3E%22%0A%FF", "No such process named <script>\"\n\xff", ""},
		{"action=stop&processname=cat&processname=grp:a0", "Process cat stopped", "stop cat true"},
	} {
		e := send(t, r.socket, get("/?"+c.query))
		if m := messageOf(t, e); m != c.message {
			t.Errorf("%s: message %q, want %q", c.query, m, c.message)
		}
		if got := r.tree.commands(); got != c.commands {
			t.Errorf("%s: did %q, want %q", c.query, got, c.commands)
		}
		if h := e.header; h.Get("Cache-Control") != "no-cache" || h.Get("Pragma") != "no-cache" || !strings.HasPrefix(h.Get("Location"), "http://localhost/?message=") {
			t.Errorf("%s: %v", c.query, h)
		}
		if strings.ContainsAny(e.header.Get("Location"), " <>\"\n") {
			t.Errorf("%s: %q", c.query, e.header.Get("Location"))
		}
	}
	for _, c := range []struct{ name, request, commands string }{
		{"fields in the body", form("/index.html", "action=start&processname=cat"), "start cat true"},
		{"fields in the query", form("/?action=stop&processname=cat", ""), "stop cat true"},
		{"the body has the last word", form("/?action=stop&processname=grp:a0", "processname=grp:a1&processname=cat&action=start"), "start cat true"},
	} {
		if e := send(t, r.socket, c.request); e.status != 301 || !e.alive {
			t.Errorf("%s: %+v", c.name, e)
		}
		if got := r.tree.commands(); got != c.commands {
			t.Errorf("%s: did %q, want %q", c.name, got, c.commands)
		}
	}
	for _, c := range []struct {
		request string
		status  int
	}{
		{get("/?action=bogus"), 500}, {get("/?action=start"), 500}, {get("/?action=bogus&processname=cat"), 500},
		{form("/", strings.Repeat("x", maxForm+1)), 413}, {strings.Replace(get("/"), "GET", "PUT", 1), 400},
	} {
		if e := send(t, r.socket, c.request); e.status != c.status {
			t.Errorf("%.50q: status %d, want %d", c.request, e.status, c.status)
		}
	}
	if got := r.tree.commands(); got != "" {
		t.Errorf("did %q", got)
	}
}

func TestPageFaults(t *testing.T) {
	for code, want := range map[actors.FaultCode]string{
		actors.NoFile: "no such file", actors.NotExecutable: "file not executable", actors.AlreadyStarted: "already started",
		actors.SpawnError: "spawn error", actors.AbnormalTermination: "abnormal termination",
		actors.ShutdownState: "unexpected rpc fault [6] SHUTDOWN_STATE: x",
	} {
		if got := whyNotStarted(&actors.Fault{Code: code, Extra: "x"}); got != want {
			t.Errorf("%v: %q, want %q", code, got, want)
		}
	}
	if got := unexpected(os.ErrClosed); got != "unexpected rpc fault [30] FAILED: file already closed" {
		t.Error(got)
	}
}

func TestRedirectGoesWhereTheBrowserCameFrom(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		headers, want string
		address       string
	}{
		{"Host: box:9001\r\n", "http://box:9001", r.socket},
		{"Host: box:80\r\n", "http://box", r.socket},
		{"Host: box\r\nX-Forwarded-Proto: https\r\n", "https://box", r.socket},
		{"Host: box:443\r\nX-Forwarded-Proto: HTTPS, http\r\n", "https://box", r.socket},
		{"Host: box:80\r\nX-Forwarded-Proto: https\r\n", "https://box:80", r.socket},
		{"Host: box\r\nOrigin: https://box\r\n", "https://box", r.socket},
		{"Host: box\r\nOrigin: http://box\r\n", "http://box", r.socket},
		{"Host: box\r\nX-Forwarded-Proto: javascript\r\n", "http://box", r.socket},
		{"Host: [::1]:9001\r\n", "http://[::1]:9001", r.socket},
		{"", "http://localhost", r.socket},
		{"", "http://localhost:" + r.tcp[strings.LastIndex(r.tcp, ":")+1:], r.tcp},
	} {
		e := send(t, c.address, "GET /?action=refresh HTTP/1.0\r\n"+c.headers+"\r\n")
		if got, _, _ := strings.Cut(e.header.Get("Location"), "/?"); got != c.want {
			t.Errorf("%q: %s, want %s", c.headers, got, c.want)
		}
	}
}

// hostile is what names, messages and logs may be.
var hostile = []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onclick='alert(1)`, "a\nb\r\x00\x1b[31m", "\xff\xfe<b>",
	`javascript:alert(1)`, `</pre><script>`, "\u202e</title>", `{{.}}`, `&lt;script&gt;`, `]]>`, `%3Cscript%3E`}

// harmless fails when a page has an element or attribute that is not one of the page's own.
func harmless(t *testing.T, what, page string) *html.Node {
	t.Helper()
	doc := parsePage(t, page)
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "b", "iframe", "object", "style", "base":
			t.Errorf("%s: there is a <%s>:\n%s", what, n.Data, page)
		case "img":
			if attr(n, "src") != "images/icon.png" {
				t.Errorf("%s: image %v", what, n.Attr)
			}
		}
		for _, a := range n.Attr {
			link := a.Key == "href" || a.Key == "action" || a.Key == "src"
			if strings.HasPrefix(a.Key, "on") || link && !regexp.MustCompile(`^(index|tail)\.html|^logtail/|^mainlogtail$|^(images|stylesheets)/`).MatchString(a.Val) {
				t.Errorf("%s: attribute %s=%q", what, a.Key, a.Val)
			}
		}
	}
	if strings.ContainsAny(page, "\x00\x1b") || !utf8.ValidString(page) {
		t.Errorf("%s: raw bytes in %q", what, page)
	}
	return doc
}

func TestWhatComesFromOutsideIsEscaped(t *testing.T) {
	r := newRig(t)
	for _, s := range hostile {
		r.tree.infos = []*actors.Info{{Program: program(s, s), State: supervisor.Running}, {Program: program("x", s), State: supervisor.Fatal, SpawnErr: s}}
		page := harmless(t, "names", send(t, r.socket, get("/")).body)
		if rows := rowsOf(page); len(rows) != 2 {
			t.Errorf("%q makes rows %q", s, rows)
		}
		for _, form := range all(page, "form")[3:] { // what the buttons ask for is what is meant
			u, err := url.Parse(attr(form, "action"))
			if name := u.Query().Get("processname"); err != nil || name != s && name != "x:"+s {
				t.Errorf("%q: action %s", s, attr(form, "action"))
			}
		}
		query := url.QueryEscape(s)
		harmless(t, "message", send(t, r.socket, get("/?message="+query)).body)
		harmless(t, "tail", send(t, r.socket, get("/tail.html?processname="+query+"&limit="+query)).body)
		confirm := harmless(t, "confirm", send(t, r.socket, get("/?action=stop&processname="+query, "User-Agent: Mozilla/5.0")).body)
		u, err := url.Parse(attr(all(confirm, "form")[0], "action"))
		if err != nil || u.Query().Get("processname") != s || u.Query().Get("action") != "stop" {
			t.Errorf("%q: the confirmation asks for %s", s, u)
		}
	}
	message := send(t, r.socket, get("/?message="+url.QueryEscape(hostile[0]))).body
	if got := text(all(parsePage(t, message), "div.status_msg")[0]); got != hostile[0] {
		t.Errorf("message shown as %q", got)
	}
}

func TestTailPage(t *testing.T) {
	r := newRig(t)
	f := r.logOf(t, "cat", logs.FileOptions{})
	long := "\n" + strings.Repeat("x", 999) + strings.Repeat("é", 512)
	write(t, f, long)
	none := *r.tree.infos[2]
	none.StdoutLog = ""
	r.tree.infos[2] = &none
	for _, c := range []struct{ query, title, text, again string }{
		{"", "None", "No process name found", ""},
		{"?processname=", "None", "No process name found", ""},
		{"?processname=nope", "nope", "ERROR: unexpected rpc fault [10] BAD_NAME: nope", "tail.html?processname=nope&limit=1024"},
		{"?processname=grp:*", "grp:*", "ERROR: unexpected rpc fault [10] BAD_NAME: grp:*", "tail.html?processname=grp%3A%2A&limit=1024"},
		{"?processname=grp:a0", "grp:a0", "No file for grp:a0", "tail.html?processname=grp%3Aa0&limit=1024"},
		{"?processname=grp:a1", "grp:a1", "No file for grp:a1", "tail.html?processname=grp%3Aa1&limit=1024"},
		{"?processname=cat", "cat", strings.Repeat("é", 512), "tail.html?processname=cat&limit=1024"},
		{"?processname=cat&limit=1023", "cat", strings.Repeat("é", 512), "tail.html?processname=cat&limit=1024"},
		{"?processname=cat&limit=-5000", "cat", strings.Repeat("é", 512), "tail.html?processname=cat&limit=1024"},
		{"?processname=cat&limit=1025", "cat", "x" + strings.Repeat("é", 512), "tail.html?processname=cat&limit=1025"},
		{"?processname=cat&limit=99999", "cat", long, "tail.html?processname=cat&limit=99999"},
		{"?processname=cat&limit=99999999999999999999999", "cat", long, "tail.html?processname=cat&limit=4194304"},
	} {
		e := send(t, r.socket, get("/tail.html"+c.query))
		doc := parsePage(t, e.body)
		if e.status != 200 || e.header.Get("Content-Type") != "text/html;charset=utf-8" || e.header.Get("Pragma") != "no-cache" {
			t.Errorf("%s: %d %v", c.query, e.status, e.header)
		}
		if got := text(all(doc, "title")[0]); got != "Supervisor tail of process "+c.title {
			t.Errorf("%s: title %q", c.query, got)
		}
		if got := text(all(doc, "pre")[0]); got != c.text {
			t.Errorf("%s: %.100q, want %.100q", c.query, got, c.text)
		}
		again := ""
		for _, a := range all(doc, "a") {
			if text(a) == "Refresh" {
				again = attr(a, "href")
			}
		}
		if again != c.again {
			t.Errorf("%s: refreshed by %q, want %q", c.query, again, c.again)
		}
	}
}

func TestStaticFiles(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		request string
		status  int
		kind    string
	}{
		{get("/ok.html"), 200, "text/plain"}, {form("/ok.html", "x=y"), 200, "text/plain"},
		{get("/stylesheets/supervisor.css"), 200, "text/css"}, {get("/images/icon.png"), 200, "image/png"},
		{get("/images/supervisor.gif"), 200, "image/gif"}, {get("/images/rule.gif"), 200, "image/gif"},
		{get("/images/state0.gif"), 200, "image/gif"}, {get("/images/state1.gif"), 200, "image/gif"},
		{get("/images/state2.gif"), 200, "image/gif"}, {get("/images/state3.gif"), 200, "image/gif"},
		{get("/images"), 301, "text/html"}, {get("/stylesheets"), 301, "text/html"}, {get("/images/"), 404, "text/html"},
		{get("/imagesx"), 404, "text/html"}, {get("/images/nope.png"), 404, "text/html"}, {get("/images/../status.html"), 404, "text/html"},
		{get("/images/%2e%2e/%2e%2e/web.go"), 404, "text/html"}, {get("/images//icon.png"), 404, "text/html"}, {get("/status.html"), 404, "text/html"},
		{form("/images/icon.png", ""), 400, "text/html"}, {strings.Replace(get("/stylesheets/supervisor.css"), "GET", "PUT", 1), 400, "text/html"},
	} {
		e := send(t, r.socket, c.request)
		if e.status != c.status || e.header.Get("Content-Type") != c.kind || !e.alive {
			t.Errorf("%.60q: %d %v alive=%v", c.request, e.status, e.header, e.alive)
		}
		if tag := e.header.Get("ETag"); tag != "" {
			if again := openTail(t, r.socket, strings.Replace(c.request, "\r\n\r\n", "\r\nIf-None-Match: "+tag+"\r\n\r\n", 1)); again.status != 304 {
				t.Errorf("%.60q: not modified, but status %d", c.request, again.status)
			}
		}
	}
	if e := send(t, r.socket, get("/ok.html")); e.body != "OK" {
		t.Errorf("body %q", e.body)
	}
	if e := send(t, r.socket, get("/images")); e.header.Get("Location") != "http://localhost/images/" {
		t.Error(e.header)
	}
	if c := openTail(t, r.socket, strings.Replace(get("/images/icon.png"), "GET", "HEAD", 1)); c.status != 200 || c.header.Get("Content-Length") == "0" {
		t.Errorf("HEAD: %d %v", c.status, c.header)
	}
}

// Whatever a page of another site makes a browser send, nothing is done.
func TestNoForeignPageGivesOrders(t *testing.T) {
	r := newRig(t)
	const browser = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0"
	orders := []string{"action=stop&processname=cat", "action=stopall", "action=restartall", "action=restart&processname=cat",
		"action=clearlog&processname=cat", "action=start&processname=grp:a0"}
	type attempt struct {
		name    string
		headers []string
	}
	attempts := []attempt{
		{"link, trustworthy address", []string{browser, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"}},
		{"image", []string{browser, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: image"}},
		{"page of a sister site", []string{browser, "Sec-Fetch-Site: same-site", "Origin: http://localhost:8000"}},
		{"metadata of the future", []string{browser, "Sec-Fetch-Site: somewhere"}},
		{"old browser, link", []string{browser, "Referer: http://evil.example/"}},
		{"name that begins like ours", []string{browser, "Referer: http://localhost.evil.example/"}},
		{"our name as a user name", []string{browser, "Referer: http://localhost@evil.example/"}},
		{"other port", []string{browser, "Referer: http://localhost:8000/"}},
		{"fetch", []string{browser, "Origin: http://evil.example"}},
		{"from a sandbox", []string{browser, "Origin: null"}},
		{"an empty referrer", []string{browser, "Referer:"}},
		{"no referrer", []string{browser}}, // a link with rel=noreferrer to an address that is not trustworthy
		{"two origins", []string{browser, "Origin: http://evil.example", "Origin: http://localhost"}},
		{"a program that passes it on", []string{"Origin: http://evil.example"}},
	}
	for _, a := range attempts {
		for _, order := range orders {
			for _, request := range []string{get("/?"+order, a.headers...), get("/index.html?"+order, a.headers...)} {
				if e := send(t, r.socket, request); e.status == 301 {
					t.Errorf("%s: %s was carried out", a.name, order)
				}
			}
			if a.name == "no referrer" {
				continue // a browser says where a POST of another site comes from
			}
			for _, request := range []string{form("/", order, a.headers...), form("/?"+order, "", a.headers...)} {
				if e := send(t, r.socket, request); e.status == 301 {
					t.Errorf("%s: POST %s was carried out", a.name, order)
				}
			}
			for _, f := range r.Server.fronts {
				f.refused.flush() // otherwise the log would have the first ones only
			}
		}
	}
	if got := r.tree.commands(); got != "" {
		t.Errorf("something was done: %s", got)
	}
	if want := "stop (Origin: , Referer: http://evil.example/, Host: localhost); a proxy"; !strings.Contains(r.log.String(), want) {
		t.Errorf("no %q in the log", want)
	}
	for _, a := range []attempt{
		{"a script", nil},
		{"curl", []string{"User-Agent: curl/8.5.0"}},
		{"typed, or a bookmark", []string{browser, "Sec-Fetch-Site: none"}},
		{"our own page", []string{browser, "Sec-Fetch-Site: same-origin", "Referer: http://localhost/"}},
		{"our own page, old browser", []string{browser, "Referer: http://localhost/index.html"}},
		{"our own page, by TLS before us", []string{browser, "Origin: https://localhost"}},
	} {
		for _, request := range []string{get("/?action=clearlog&processname=cat", a.headers...), form("/", "action=clearlog&processname=cat", a.headers...)} {
			if e := send(t, r.socket, request); e.status != 301 {
				t.Errorf("%s: %.20q: status %d", a.name, request, e.status)
			}
		}
	}
	if n := strings.Count(r.tree.commands(), "clear cat"); n != 12 {
		t.Errorf("%d of 12 orders of our own were carried out", n)
	}
	// The page that asks back leads on.
	e := send(t, r.socket, get("/?action=stop&processname=cat", browser))
	button := all(parsePage(t, e.body), "form")[0]
	if e := send(t, r.socket, form("/"+attr(button, "action"), "", browser, "Origin: http://localhost")); messageOf(t, e) != "Process cat stopped" {
		t.Errorf("%+v", e)
	}
}

// A page whose name was made to lead here (DNS rebinding) is of the same site as we are, but for the Host.
func TestAHostThatMayBeAnybodysIsRefused(t *testing.T) {
	everywhere := tcpServer()
	everywhere.Host = ""
	r := newRig(t, func(c *Config) { c.Servers = append(c.Servers, everywhere) })
	open := r.Addrs()[3].(*net.TCPAddr)
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(address, host, path string, headers ...string) int {
		request := get(path, headers...)
		if path == "/RPC2" {
			request = post(getPID, headers...)
		}
		request = strings.Replace(request, "Host: localhost", "Host: "+host, 1)
		return openTail(t, address, request).status
	}
	for _, host := range []string{"evil.example", "evil.example:9001", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example.", "EVIL.example",
		"1.2.3.4.5", "127.0.0.1:80.evil.example", own + ".evil.example"} {
		for _, path := range []string{"/", "/?action=stopall", "/tail.html", "/logtail/cat", "/mainlogtail", "/RPC2", "/ok.html"} {
			if status := ask(r.tcp, host, path, "Origin: http://"+host, "Sec-Fetch-Site: same-origin"); status != 403 && status != 400 {
				t.Errorf("%s at %s: status %d", path, host, status)
			}
		}
	}
	if got := r.tree.commands(); got != "" {
		t.Errorf("something was done: %s", got)
	}
	if !strings.Contains(r.log.String(), "a request for the host evil.example was refused") || !strings.Contains(r.log.String(), hostsFile) {
		t.Errorf("the log does not say what to do:\n%s", r.log)
	}
	for _, host := range []string{"localhost", "LOCALHOST:9001", "localhost.", "supd.localhost", "127.0.0.1", "127.0.0.1:9001", "127.3.2.1", "[::1]:9001", "192.168.1.7", "supd", own} {
		if status := ask(r.tcp, host, "/ok.html"); status != 200 {
			t.Errorf("%s: status %d", host, status)
		}
	}
	for name, address := range map[string]string{"unix": r.socket, "all addresses": fmt.Sprintf("127.0.0.1:%d", open.Port)} {
		if status := ask(address, "box.example", "/ok.html"); status != 200 {
			t.Errorf("%s: status %d", name, status)
		}
	}
	if status := ask(r.locked, "box.example", "/ok.html", basic("u:a:b")); status != 200 {
		t.Errorf("with credentials: status %d", status)
	}
}

func TestNamesThatTheOwnerHasGiven(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(path, []byte("# comment box.example\n127.0.0.1\tlocalhost supd.example # other.example\n\n::1 Six.example\nlone.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"supd.example": true, "six.example": true, "box.example": false, "other.example": false,
		"lone.example": false, "127.0.0.1": false, "example": false} {
		if inHosts(path, name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
	if inHosts(path+"x", "supd.example") {
		t.Error("a file that is not there has a name")
	}
	f := &front{hosts: everyHost, config: confload.Server{Host: "box.example"}}
	if err := f.checkHost(&http.Request{Host: "Box.example:9001"}); err != nil {
		t.Error(err)
	}
}

// At a server that others can reach and that asks nobody, what may come from a browser must name a host that no other site can.
func TestABrowserIsAskedForItsHostWhereverNobodyIsAskedForMore(t *testing.T) {
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	f := &front{hosts: browserHost, config: confload.Server{Section: "inet_http_server"}}
	firefox := http.Header{"User-Agent": {"Mozilla/5.0"}}
	for _, c := range []struct {
		host   string
		header http.Header
		want   bool
	}{
		{"evil.example:9001", firefox, false}, {"evil.example", http.Header{"Accept-Language": {"*"}, "User-Agent": {"x"}}, false},
		{"evil.example", http.Header{"Origin": {"http://evil.example"}}, false}, {"evil.example", http.Header{"User-Agent": {"curl/8"}}, true},
		{"192.0.2.7:9001", firefox, true}, {"localhost", firefox, true}, {firstLabel(own) + ".corp.example:9001", firefox, true},
	} {
		err := f.checkHost(&http.Request{Host: c.host, Header: c.header})
		var asHTTP *httpError
		if (err == nil) != c.want || err != nil && (!errors.As(err, &asHTTP) || asHTTP.status != 403 || !strings.Contains(asHTTP.detail, "allowed_hosts")) {
			t.Errorf("%s %v: %v", c.host, c.header, err)
		}
	}
}

// A restart goes on when the browser that asked for it goes away in between.
func TestARestartIsFinishedWithoutItsBrowser(t *testing.T) {
	r := newRig(t)
	r.tree.block, r.tree.blocked = make(chan struct{}), make(chan struct{})
	c := dial(t, r.socket)
	write(t, c, get("/?action=restart&processname=cat"))
	<-r.tree.blocked
	c.Close()
	close(r.tree.block)
	var did string
	await(t, "the start", func() bool {
		did += r.tree.commands()
		return strings.Contains(did, "start cat true")
	})
}
