package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// webConf is what both supervisors run for their pages and log streams. DIR is a directory of their own, PORT a port. No
// [rpcinterface:x]: the page does not need one.
const webConf = `
[supervisord]
nodaemon = true
logfile = DIR/log
pidfile = DIR/pid
childlogdir = DIR
[unix_http_server]
file = DIR/sock
[inet_http_server]
port = 127.0.0.1:PORT
username = u
password = a:b
[program:cat]
command = /bin/cat
startsecs = 0
[program:pair]
command = /bin/cat
process_name = p%(process_num)d
numprocs = 2
startsecs = 0
autostart = false
[program:quick]
command = /bin/sh -c "sleep 0.3; exit 1"
autostart = false
startsecs = 5
startretries = 0
[program:missing]
command = /no/such/file
autostart = false
[program:notexec]
command = DIR/conf
autostart = false
[program:badquote]
command = /bin/echo "
autostart = false
[program:nolog]
command = /bin/cat
autostart = false
startretries = 0
stdout_logfile = DIR/gone/log
[program:say]
command = /bin/sh -c "exec cat DIR/say.fifo"
startsecs = 0
stdout_logfile = DIR/say.log
[program:rot]
command = /bin/sh -c "exec cat DIR/rot.fifo"
startsecs = 0
stdout_logfile = DIR/rot.log
stdout_logfile_maxbytes = 50
stdout_logfile_backups = 2
[program:empty]
command = /bin/sh -c "exec cat DIR/empty.fifo"
startsecs = 0
stdout_logfile = DIR/empty.log
stdout_logfile_maxbytes = 50
stdout_logfile_backups = 0
`

// webDaemon is one of the two supervisors.
type webDaemon struct {
	*background
	dir, conf, port string
	unix, tcp       *http.Client
}

// webStart starts a supervisor on webConf.
func webStart(t *testing.T, daemon, more string) *webDaemon {
	t.Helper()
	_, port, _ := net.SplitHostPort(freePort(t))
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "gone"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"say", "rot", "empty"} {
		makeFIFO(t, filepath.Join(dir, name+".fifo"))
	}
	d := &webDaemon{dir: dir, port: port}
	d.conf = writeFile(t, dir, "conf", strings.NewReplacer("DIR", dir, "PORT", port).Replace(webConf+more))
	d.background = startDaemon(t, "supervisord started with pid", daemon, "-c", d.conf)
	for _, name := range []string{"cat", "say", "rot", "empty"} {
		d.out.WaitFor(t, "success: "+name+" entered RUNNING")
	}
	if err := os.Remove(filepath.Join(dir, "gone")); err != nil {
		t.Fatal(err)
	}
	client := func(dial func(context.Context, string, string) (net.Conn, error)) *http.Client {
		return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	d.tcp = client(nil)
	d.unix = client(func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(dir, "sock"))
	})
	return d
}

// answer is what an answer has that must be alike.
type answer struct {
	status                           int
	contentType, location, cache     string
	title, message, pre, rest, again string
	rows                             []string
}

func (a answer) lines() []string {
	return append([]string{fmt.Sprint(a.status), a.contentType, a.location, a.cache, a.title, a.message, a.pre, a.rest, a.again}, a.rows...)
}

var webNoise = []struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`pid \d+, uptime \d+:\d\d:\d\d`), "UPTIME"},
	{regexp.MustCompile(`[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M`), "DATE"},
	{regexp.MustCompile(`[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}`), "CTIME"},
	{regexp.MustCompile(`[A-Z][a-z]{2}%20[A-Z][a-z]{2}%20(%20)?\d+%20\d\d%3A\d\d%3A\d\d%20\d{4}`), "CTIME"},
}

func (d *webDaemon) quiet(s string) string {
	s = strings.NewReplacer(d.dir, "DIR", "127.0.0.1:"+d.port, "HOST").Replace(s)
	for _, n := range webNoise {
		s = n.re.ReplaceAllString(s, n.with)
	}
	return strings.TrimSpace(s)
}

func htmlAttr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func htmlText(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// elements returns those of a name below n.
func elements(n *html.Node, name string) []*html.Node {
	var list []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == name {
			list = append(list, d)
		}
	}
	return list
}

// ask sends a request and picks what must be alike out of the answer. path may have a method before it and a form after
// it: "POST /index.html action=refresh".
func (d *webDaemon) ask(t *testing.T, client *http.Client, request string) answer {
	t.Helper()
	method, body := "GET", io.Reader(nil)
	words := strings.Fields(request)
	if !strings.HasPrefix(words[0], "/") {
		method, words = words[0], words[1:]
	}
	if len(words) > 1 {
		body = strings.NewReader(words[1])
	}
	r, err := http.NewRequest(method, "http://127.0.0.1:"+d.port+words[0], body)
	if err != nil {
		t.Fatal(err)
	}
	if client == d.tcp {
		r.SetBasicAuth("u", "a:b")
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatalf("%s: %v", request, err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s: %v", request, err)
	}
	h := response.Header
	a := answer{status: response.StatusCode, contentType: h.Get("Content-Type"), location: d.quiet(h.Get("Location")),
		cache: h.Get("Pragma") + h.Get("Cache-Control") + h.Get("Expires")}
	if words[0] != "/" && a.status == 200 && !strings.HasPrefix(a.contentType, "text/html") {
		a.cache = "" // of files
	}
	if u, err := url.Parse(a.location); err == nil && strings.HasSuffix(u.Path, "s/") {
		a.location = u.Path // supervisord forgets the host here
	}
	if a.status != 200 || !strings.HasPrefix(a.contentType, "text/html") {
		if a.contentType == "text/plain" {
			a.rest = string(data)
		}
		return a
	}
	doc, err := html.Parse(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	a.title = d.quiet(htmlText(elements(doc, "title")[0]))
	if strings.Contains(htmlText(doc), "No programs to manage") {
		a.rest = "No programs to manage"
	}
	for _, pre := range elements(doc, "pre") {
		a.pre = d.quiet(htmlText(pre))
	}
	for _, div := range elements(doc, "div") {
		if htmlAttr(div, "class") == "status_msg" {
			a.message = d.quiet(htmlText(div))
		}
	}
	for _, link := range elements(doc, "a") {
		if href := htmlAttr(link, "href"); strings.HasPrefix(href, "tail.html") && strings.Contains(href, "limit=") {
			a.again = href
		}
	}
	for _, tr := range elements(doc, "tr") {
		cells := elements(tr, "td")
		if len(cells) != 4 {
			for _, th := range elements(tr, "th") {
				a.rows = append(a.rows, htmlAttr(th, "class")+" "+htmlText(th))
			}
			continue
		}
		status, name := elements(cells[0], "span")[0], elements(cells[2], "a")[0]
		row := fmt.Sprintf("[%s] %s %s %s | %s | %s %s %s |", htmlAttr(tr, "class"), htmlAttr(cells[0], "class"), htmlAttr(status, "class"),
			htmlText(status), strings.TrimSpace(htmlText(cells[1])), htmlText(name), htmlAttr(name, "href"), htmlAttr(name, "target"))
		for _, li := range elements(cells[3], "li") {
			for _, link := range append(elements(li, "a"), elements(li, "form")...) {
				if htmlAttr(link, "class") != "hidden" {
					row += " " + htmlText(link) + "=" + htmlAttr(link, "href") + htmlAttr(link, "action") + htmlAttr(link, "target")
				}
			}
		}
		a.rows = append(a.rows, d.quiet(row))
	}
	return a
}

// webRequests are asked one after the other.
var webRequests = []string{
	"/", "/index.html", "/ok.html", "POST /ok.html x=y", "/?message=%3Cscript%3E%22%26+x", "/?message=", "/?action=", "POST / x=y", "PUT /",
	"/tail.html", "/tail.html?processname=nope", "/tail.html?processname=cat", "/tail.html?processname=pair:p0&limit=5000",
	"/tail.html?processname=missing&limit=x", "/tail.html?processname=cat&limit=5", "/tail.html?processname=nolog", "POST /tail.html processname=cat&limit=2000",
	"/?action=refresh", "POST /index.html action=refresh", "/?action=bogus", "/?action=start", "/?action=bogus&processname=cat", "/?action=bogus&processname=nope",
	"/?action=start&processname=nope", "/?action=stop&processname=pair:*", "/?action=stop&processname=pair:", "/?action=restart&processname=p0",
	"/?action=clearlog&processname=a:b:c", "/?action=start&processname=%3Cb%3E%22%C3%A9%2F%0A",
	"/?action=start&processname=cat", "/?action=start&processname=missing", "/?action=start&processname=notexec", "/?action=start&processname=badquote",
	"/?action=start&processname=nolog", "/?action=start&processname=quick", "/", "/?action=start&processname=pair:p1", "/?action=start&processname=pair%3Ap1",
	"/?action=stop&processname=pair:p1", "/?action=stop&processname=pair:p1", "/", "/?action=restart&processname=pair:p1", "/?action=restart&processname=cat",
	"/?action=restart&processname=missing", "POST /index.html action=stop&processname=cat", "POST /?action=start&processname=cat x=y",
	"POST /?action=stop&processname=pair:p0 action=start&processname=cat", "/?action=clearlog&processname=cat", "/?action=clearlog&processname=pair:p0",
	"/?action=stopall", "/?action=stopall", "/", "/stylesheets/supervisor.css", "HEAD /stylesheets/supervisor.css", "/images/icon.png", "/images/supervisor.gif",
	"/images", "/stylesheets", "/images/", "/images/nope.gif", "PUT /images/icon.png", "POST /stylesheets/supervisor.css x", "/index.htm", "/nope",
	"/logtail/nope", "/logtail/cat/bogus", "/logtail/cat/", "/logtail/", "POST /logtail/cat x", "HEAD /logtail/cat", "PUT /mainlogtail", "/logtail/pair:*",
}

// TestThePageIsThatOfSupervisord asks both the same and compares what bookmarks, probes and scripts go by.
func TestThePageIsThatOfSupervisord(t *testing.T) {
	supervisord := peer(t, "supervisord")
	answers := func(t *testing.T, daemon string) (list []answer) {
		d := webStart(t, daemon, "")
		for i, request := range webRequests {
			client := d.unix
			if i%2 == 0 || request == "/images" || request == "/stylesheets" { // supervisord sends clients of its socket nowhere
				client = d.tcp
			}
			list = append(list, d.ask(t, client, request))
		}
		return list
	}
	var want, got []answer
	t.Run("peers", func(t *testing.T) {
		t.Run("supervisord", func(t *testing.T) { t.Parallel(); want = answers(t, supervisord) })
		t.Run("supd", func(t *testing.T) { t.Parallel(); got = answers(t, supdBinary) })
	})
	if len(want) != len(webRequests) || len(got) != len(want) {
		t.Fatalf("%d requests, supervisord %d answers, supd %d", len(webRequests), len(want), len(got))
	}
	for i, request := range webRequests {
		w, g := want[i].lines(), got[i].lines()
		for k := range max(len(w), len(g)) {
			if k >= len(w) || k >= len(g) || w[k] != g[k] {
				t.Errorf("%s\nsupervisord: %q\nsupd:        %q", request, w[min(k, len(w)):min(k+1, len(w))], g[min(k, len(g)):min(k+1, len(g))])
			}
		}
	}
}
