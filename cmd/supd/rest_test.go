package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

const restPrograms = `
[program:web]
command=/bin/sh -c 'echo one; echo two; exec sleep 1000'
startsecs=0
stdout_logfile=DIR/web.log
environment=TOKEN="hunter2"
[group:team]
programs=a,b
strategy=one_for_all
intensity=3
[program:a]
command=/bin/cat
startsecs=0
[program:b]
command=/bin/cat
startsecs=0
depends_on=web
`

// A request is one to the REST interface.
type request struct{ method, path, query, body string }

func (q request) send(t *testing.T, address string, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequest(q.method, address+"api/v1"+q.path+q.query, strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// get decodes the answer to a GET.
func get[T any](t *testing.T, address, path string) (v T) {
	t.Helper()
	answer := request{method: "GET", path: path}.send(t, address)
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != 200 {
		t.Fatalf("%s: %s: %s", path, answer.Status, body)
	}
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%s: %v: %s", path, err, body)
	}
	return v
}

// TestTheRESTInterfaceIsAsItIsDescribed calls every route of the description, and has a validator compare what it gets.
func TestTheRESTInterfaceIsAsItIsDescribed(t *testing.T) {
	_, address := pageSite(t, "", restPrograms)
	requests := map[string]request{ // what a route needs besides its path
		"GET /tree":                          {query: "?wait=0&after=x"},
		"GET /programs/{name}/plan":          {query: "?do=kill"},
		"GET /programs/{name}/logs/{stream}": {query: "?lines=1"},
		"GET /events":                        {query: "?since=-5&max=3"},
		"POST /actions":                      {body: `{"do":"restart","names":["team:*","web"]}`},
		"POST /config/update":                {body: `{"groups":[]}`},
		"GET /server":                        {},
		"GET /groups/{name}":                 {},
		"POST /server/restart":               {},
		"GET /programs/{name}":               {},
		"GET /openapi.json":                  {},
	}
	doc := description(t, address)
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	check := func(q request, status int) {
		t.Helper()
		answer := q.send(t, address)
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		if answer.StatusCode != status {
			t.Errorf("%s %s%s: %s: %s", q.method, q.path, q.query, answer.Status, body)
			return
		}
		r, _ := http.NewRequest(q.method, "/api/v1"+q.path+q.query, strings.NewReader(q.body))
		r.Header = answer.Request.Header
		route, values, err := router.FindRoute(r)
		if err != nil {
			t.Errorf("%s %s: %v", q.method, q.path, err)
			return
		}
		input := &openapi3filter.RequestValidationInput{Request: r, PathParams: values, Route: route,
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
		if status < 400 {
			if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
				t.Errorf("%s %s: the request: %v", q.method, q.path, err)
			}
		}
		if err := openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: answer.StatusCode,
			Header: answer.Header, Body: io.NopCloser(bytes.NewReader(body)), Options: &openapi3filter.Options{IncludeResponseStatus: true}}); err != nil {
			t.Errorf("%s %s: the answer: %v\n%s", q.method, q.path, err, body)
		}
		if strings.Contains(string(body), "hunter2") {
			t.Errorf("%s %s tells a secret", q.method, q.path)
		}
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			name := method + " " + path
			if name == "GET /live" || strings.HasPrefix(name, "POST /server/") || strings.Contains(path, "{node}") {
				continue // a stream that does not end; those that end something come last; see the tests of several nodes
			}
			q := requests[name]
			q.method, q.path = method, strings.NewReplacer("/groups/{name}", "/groups/team", "{name}", "team%3Aa", "{stream}", "stdout").Replace(path)
			check(q, 200)
		}
	}
	for _, c := range []struct {
		request
		status int
	}{
		{request{method: "GET", path: "/programs/nobody"}, 404},
		{request{method: "GET", path: "/programs/web/plan", query: "?do=dance"}, 400},
		{request{method: "GET", path: "/tree", query: "?wiat=3"}, 400},
		{request{method: "GET", path: "/tree", query: "?wait=999"}, 400},
		{request{method: "POST", path: "/actions", body: `{"do":"stop"`}, 400},
		{request{method: "POST", path: "/actions", body: `{"do":"stop","names":["web"],"wiat":true}`}, 400},
		{request{method: "POST", path: "/actions", body: `{"do":"stop","names":[]}`}, 400},
		{request{method: "POST", path: "/actions", body: `{"do":"stop","names":["web","nobody"]}`}, 404},
		{request{method: "POST", path: "/actions", body: `{"do":"signal","names":["web"],"signal":"NOPE"}`}, 400},
		{request{method: "POST", path: "/actions", body: `{"do":"stop","names":["` + strings.Repeat("x", 1<<20) + `"]}`}, 413},
		{request{method: "GET", path: "/programs/web/logs/stdout", query: "?offset=-1&length=1"}, 400},
	} {
		check(c.request, c.status)
	}
	if p := get[api.Program](t, address, "/programs/web"); p.State != "RUNNING" {
		t.Errorf("something was done by requests that were refused: %+v", p)
	}
	for _, path := range []string{"/server/reopen-logs", "/server/clear-log"} {
		check(request{method: "POST", path: path}, 200)
	}
	instance := get[api.Server](t, address, "/server").Instance
	check(request{method: "POST", path: "/server/restart"}, 202)
	proctest.Eventually(t, "the restart", func() (string, bool) {
		answer, err := http.Get(address + "api/v1/server")
		if err != nil {
			return err.Error(), false
		}
		defer answer.Body.Close()
		var s api.Server
		err = json.NewDecoder(answer.Body).Decode(&s)
		return s.Instance, err == nil && s.Instance != "" && s.Instance != instance
	})
	check(request{method: "POST", path: "/server/shutdown"}, 202)
}

// description reads the OpenAPI document and checks that it is one.
func description(t *testing.T, address string) *openapi3.T {
	t.Helper()
	answer := request{method: "GET", path: "/openapi.json"}.send(t, address)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(body)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestRequestsThatDoNotFitAreRefusedInJSON has problem details for everything below /api/v1.
func TestRequestsThatDoNotFitAreRefusedInJSON(t *testing.T) {
	_, address := pageSite(t, "username=me\npassword=secret\n", restPrograms)
	basic := []string{"Authorization", "Basic bWU6c2VjcmV0"}
	for _, c := range []struct {
		request
		status int
		header []string
		detail string
	}{
		{request{method: "GET", path: "/server"}, 401, nil, ""},
		{request{method: "GET", path: "/nothing"}, 404, basic, "openapi.json"},
		{request{method: "PUT", path: "/tree"}, 405, basic, "GET"},
		{request{method: "POST", path: "/actions", body: "{}"}, 415, append(basic[:2:2], "Content-Type", "text/plain"), "application/json"},
		{request{method: "POST", path: "/actions", body: `{"do":"stop","names":["*"]}`}, 403, append(basic[:2:2], "Origin", "http://evil.example"), ""},
	} {
		answer := c.send(t, address, c.header...)
		var p api.Problem
		err := json.NewDecoder(answer.Body).Decode(&p)
		answer.Body.Close()
		if kind := answer.Header.Get("Content-Type"); answer.StatusCode != c.status || err != nil || kind != "application/problem+json" || p.Status != c.status || !strings.Contains(p.Detail, c.detail) {
			t.Errorf("%s %s: %s, %s, %+v (%v)", c.method, c.path, answer.Status, kind, p, err)
		}
		if c.status == 405 && answer.Header.Get("Allow") != "GET" {
			t.Errorf("Allow: %q", answer.Header.Get("Allow"))
		}
	}
}

// TestWhoHasAVersionIsToldOfTheNext has ETags and long polls.
func TestWhoHasAVersionIsToldOfTheNext(t *testing.T) {
	_, address := pageSite(t, "", restPrograms)
	everythingUp(t, address)
	var answer *http.Response
	proctest.Eventually(t, "a version that stays", func() (string, bool) {
		first := request{method: "GET", path: "/tree"}.send(t, address)
		first.Body.Close()
		answer = request{method: "GET", path: "/tree"}.send(t, address, "If-None-Match", first.Header.Get("ETag"))
		answer.Body.Close()
		return answer.Status, answer.StatusCode == http.StatusNotModified
	})
	tree := get[api.Tree](t, address, "/tree")
	changed := make(chan api.Tree)
	go func() { changed <- get[api.Tree](t, address, "/tree?wait=60&after="+tree.Version) }()
	request{method: "POST", path: "/actions", body: `{"do":"stop","names":["team:b"]}`}.send(t, address).Body.Close()
	if next := <-changed; next.Version == tree.Version {
		t.Error("the answer is what was known already")
	}
}

// everythingUp waits for the program that is started last.
func everythingUp(t *testing.T, address string) {
	t.Helper()
	proctest.Eventually(t, "everything to be up", func() (string, bool) {
		p := get[api.Program](t, address, "/programs/team%3Ab")
		return p.State, p.Ready
	})
}

// A sseReader reads events.
type sseReader struct {
	t     *testing.T
	lines *bufio.Scanner
	body  io.Closer
}

func stream(t *testing.T, address, path string, header ...string) *sseReader {
	t.Helper()
	answer := request{method: "GET", path: path}.send(t, address, append(header, "Accept", "text/event-stream")...)
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != 200 || kind != "text/event-stream" {
		t.Fatalf("%s: %s %s", path, answer.Status, kind)
	}
	s := &sseReader{t, bufio.NewScanner(answer.Body), answer.Body}
	s.lines.Buffer(nil, 16<<20)
	t.Cleanup(func() { answer.Body.Close() })
	return s
}

// next is the next event; "" at the end of the stream.
func (s *sseReader) next() (kind, id, data string) {
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "event":
			kind = value
		case "id":
			id = value
		case "data":
			data = value
		case "":
			if kind != "" {
				return kind, id, data
			}
		}
	}
	return "", "", ""
}

// until reads on to an event of a kind whose data has some words.
func (s *sseReader) until(kind, words string) (id, data string) {
	s.t.Helper()
	for {
		k, id, data := s.next()
		if k == kind && strings.Contains(data, words) {
			return id, data
		}
		if k == "" {
			s.t.Fatalf("the stream ends before a %s with %q: %v", kind, words, s.lines.Err())
		}
	}
}

// TestEventsAreToldFromWhereAClientLeftOff has the stream of records, the last that a client has seen, and one that is about a name.
func TestEventsAreToldFromWhereAClientLeftOff(t *testing.T) {
	_, address := pageSite(t, "", restPrograms)
	all := stream(t, address, "/events?history=1000")
	first, data := all.until("record", `"to":"STARTING"`)
	var record api.Record
	number := func(id string) int {
		text, history, named := strings.Cut(id, "-")
		n, err := strconv.Atoi(text)
		if err != nil || !named || history == "" {
			t.Fatalf("the id of a record is %q", id)
		}
		return n
	}
	if err := json.Unmarshal([]byte(data), &record); err != nil || int(record.Seq) != number(first) {
		t.Fatalf("%s (%v)", data, err)
	}
	id, _ := all.until("record", `"program":"team:b","from":"STARTING","to":"RUNNING"`)
	about := stream(t, address, "/events?name=web")
	request{method: "POST", path: "/actions", body: `{"do":"restart","names":["team:a","web"]}`}.send(t, address).Body.Close()
	again := stream(t, address, "/events", "Last-Event-ID", id)
	next := number(id)
	for range 5 { // without a gap
		next++
		if kind, id, data := again.next(); kind != "record" || number(id) != next {
			t.Fatalf("%s %s %s, want record %d", kind, id, data, next)
		}
	}
	last := number(id)
	for _, since := range []string{id, strconv.Itoa(last)} {
		if _, id, _ := stream(t, address, "/events?since="+since).next(); number(id) != last+1 {
			t.Errorf("since %s begins with %s", since, id)
		}
	}
	if _, id, _ := stream(t, address, "/events", "Last-Event-ID", strconv.Itoa(last)+"-another").next(); number(id) != 1 {
		t.Errorf("in another history it begins with %s", id)
	}
	if kind, id, _ := stream(t, address, "/events?since=-2").next(); kind != "record" || id == "" {
		t.Errorf("the last two begin with %s %s", kind, id)
	}
	refused := request{method: "GET", path: "/events?max=3"}.send(t, address, "Accept", "text/event-stream")
	if text, _ := io.ReadAll(refused.Body); refused.StatusCode != http.StatusBadRequest || !strings.Contains(string(text), "max is not for a stream") {
		t.Errorf("%s %s", refused.Status, text)
	}
	refused.Body.Close()
	head := request{method: "HEAD", path: "/live"}.send(t, address)
	if text, err := io.ReadAll(head.Body); head.StatusCode != http.StatusOK || head.Header.Get("Content-Type") != "text/event-stream" || len(text) > 0 || err != nil {
		t.Errorf("HEAD: %s %q %v", head.Status, text, err)
	}
	head.Body.Close()
	for range 3 {
		if kind, _, data := about.next(); kind != "record" || !strings.Contains(data, `"program":"web"`) {
			t.Errorf("%s %s", kind, data)
		}
	}
}

// TestAFollowedLogGoesOnWhenAnotherOneTakesItsPlace has a program that gets another log, goes, and comes again.
func TestAFollowedLogGoesOnWhenAnotherOneTakesItsPlace(t *testing.T) {
	program := func(log, says string) string {
		return fmt.Sprintf("[program:talk]\ncommand=/bin/sh -c 'echo %s; sleep 1000'\nstartsecs=0\nstdout_logfile=DIR/%s\n", says, log)
	}
	dir, address := pageSite(t, "", program("a.log", "first")+"[program:web]\ncommand=/bin/sleep 1000\n")
	before := read(t, dir+"/conf")
	change := func(conf string) {
		t.Helper()
		writeFile(t, dir, "conf", conf)
		answer := request{method: "POST", path: "/config/update", body: "{}"}.send(t, address)
		if text, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK {
			t.Fatalf("%s %s", answer.Status, text)
		}
		answer.Body.Close()
	}
	log := stream(t, address, "/programs/talk/logs/stdout?follow=true")
	log.until("log", "first")
	changed := strings.NewReplacer("a.log", "b.log", "echo first", "echo second").Replace(before)
	change(changed)
	log.until("truncated", "stdout")
	log.until("log", "second")
	start, end := strings.Index(changed, "[program:talk]"), strings.Index(changed, "[program:web]")
	change(changed[:start] + changed[end:])
	log.until("missing", "stdout")
	change(strings.NewReplacer("b.log", "c.log", "echo second", "echo third").Replace(changed))
	log.until("log", "third")
}

// TestAClientThatReadsNothingIsNobodysConcern has a thousand clients on the live stream, one of which does not read.
func TestAClientThatReadsNothingIsNobodysConcern(t *testing.T) {
	dir, address := pageSite(t, "", restPrograms+`
[program:flapping]
command=/bin/sh -c 'exit 0'
startsecs=0
autorestart=true
`)
	deaf, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(address, "http://"), "/"))
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	if err := deaf.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(deaf, "GET /api/v1/live?history=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n")

	pid, err := strconv.Atoi(strings.TrimSpace(read(t, dir+"/pid")))
	if err != nil {
		t.Fatal(err)
	}
	everythingUp(t, address)
	before := descriptors(t, pid)
	const clients = 999
	var ready, told, gone sync.WaitGroup
	ready.Add(clients)
	told.Add(clients)
	stop := make(chan struct{})
	transport := &http.Transport{MaxConnsPerHost: 0, DisableKeepAlives: true}
	for range clients {
		gone.Go(func() {
			r, _ := http.NewRequest("GET", address+"api/v1/live", nil)
			answer, err := transport.RoundTrip(r)
			if err != nil || answer.StatusCode != 200 {
				t.Errorf("%v %v", answer, err)
				ready.Done()
				told.Done()
				return
			}
			defer answer.Body.Close()
			lines := bufio.NewScanner(answer.Body)
			lines.Buffer(nil, 1<<20)
			isReady, isTold := false, false
			for lines.Scan() {
				if !isReady && lines.Text() == "event: tree" {
					isReady = true
					ready.Done()
				}
				if !isTold && strings.Contains(lines.Text(), `"program":"web"`) && strings.Contains(lines.Text(), "SIGKILL") {
					isTold = true
					told.Done()
					break
				}
			}
			if !isReady || !isTold {
				t.Error("a stream has ended early")
			}
			<-stop
		})
	}
	waitFor(t, "all clients to be there", &ready)
	web := get[api.Program](t, address, "/programs/web")
	if err := syscall.Kill(web.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "everybody to hear of it", &told)
	close(stop)
	gone.Wait()
	deaf.Close()
	proctest.Eventually(t, "the connections to be gone", func() (string, bool) {
		n := descriptors(t, pid)
		return fmt.Sprint(n, " of ", before), n <= before+8
	})
}

func waitFor(t *testing.T, what string, all *sync.WaitGroup) {
	t.Helper()
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(proctest.Deadline):
		t.Fatalf("waited in vain for %s", what)
	}
}

func descriptors(t *testing.T, pid int) int {
	t.Helper()
	names, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}
