package server

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// await waits until ok, which needs nothing but time of other goroutines.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			buf := make([]byte, 64<<10)
			t.Fatalf("%s did not come true\n%s", what, buf[:runtime.Stack(buf, true)])
		}
		runtime.Gosched()
	}
}

func basic(credentials string) string {
	r := http.Request{Header: http.Header{}}
	user, password, _ := strings.Cut(credentials, ":")
	r.SetBasicAuth(user, password)
	return "Authorization: " + r.Header.Get("Authorization")
}

var getPID = methodCall("supervisor.getPID", "")

func TestRefusals(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Limits.Body = 1000; c.Limits.XML.Values = 50 })
	for _, c := range []struct {
		name, request string
		status        int
		log           string
	}{
		{"other site", post(getPID, "Origin: http://evil.example"), 403, "another site"},
		{"other site by fetch metadata", post(getPID, "Sec-Fetch-Site: cross-site"), 403, "another site"},
		{"same site", post(getPID, "Origin: http://localhost"), 200, ""},
		{"body too large", post(strings.Repeat("x", 1001)), 413, "1001 bytes is refused"},
		{"deep", post(methodCall("a.b", "<param>"+strings.Repeat("<value><array><data>", 40))), 400, "unmarshallable"},
		{"header too large", post(getPID, "X: "+strings.Repeat("x", 80<<10)), 431, ""},
		{"two lengths", post(getPID, "Content-Length: 1"), 400, ""},
		{"no host", "POST /RPC2 HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400, ""},
		{"empty", post(""), 400, "unmarshallable: it is empty"},
		{"garbage", post("abc\x00\xff"), 400, "data of 5 bytes is invalid: unmarshallable"},
		{"no method name", post("<methodCall></methodCall>"), 400, "no method name"},
		{"doctype", post("<!DOCTYPE x><methodCall/>"), 400, "DOCTYPE"},
		{"put to the page", "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 400, ""},
		{"path inside", "GET /RPC HTTP/1.1\r\nHost: x\r\n\r\n", 404, ""},
		{"dots", "GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 404, ""},
	} {
		if e := send(t, r.socket, c.request); e.status != c.status {
			t.Errorf("%s: status %d, want %d: %s", c.name, e.status, c.status, e.body)
		}
		if !strings.Contains(r.log.String(), c.log) {
			t.Errorf("%s: no %q in the log:\n%s", c.name, c.log, r.log)
		}
	}
	if e := send(t, r.socket, post(getPID)); e.status != 200 {
		t.Errorf("after all that: status %d", e.status)
	}
}

func TestSecretsAreNotLogged(t *testing.T) {
	r := newRig(t)
	for _, credentials := range []string{"u:a:b", "u:wrong-secret"} {
		send(t, r.locked, post(getPID, basic(credentials)))
		send(t, r.locked, post("not-xml-secret", basic(credentials)))
	}
	for _, secret := range []string{"a:b", "wrong", "secret", strings.TrimPrefix(basic("u:a:b"), "Authorization: Basic ")} {
		if strings.Contains(r.log.String(), secret) {
			t.Errorf("%q is in the log:\n%s", secret, r.log)
		}
	}
	for _, want := range []string{"Server 'unix_http_server' running without any HTTP authentication checking",
		"Server 'inet_http_server' running without any HTTP authentication checking"} {
		if strings.Count(r.log.String(), want) != 1 {
			t.Errorf("not once %q in\n%s", want, r.log)
		}
	}
	if strings.Contains(r.log.String(), "inet_http_server:locked' running") {
		t.Errorf("a server with authentication is complained about:\n%s", r.log)
	}
}

func TestPanicIsAnError500AndNoMore(t *testing.T) {
	r := newRig(t)
	r.tree.crash = true
	e := send(t, r.socket, post(methodCall("supervisor.getAllProcessInfo", "")))
	if e.status != 500 || !e.alive || !strings.Contains(e.body, "Error code 500.") {
		t.Errorf("got %+v", e)
	}
	for _, want := range []string{"a bug", "sev=CRIT", "getAllProcessInfo", "goroutine"} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("no %q in\n%s", want, r.log)
		}
	}
	if got := textOf(r.rpcCall(t, "supervisor.getPID")); got != "77" {
		t.Error(got)
	}
}

// closedByServer waits until the server closes a connection, and returns what it said before.
func closedByServer(t testing.TB, c net.Conn) string {
	t.Helper()
	said, err := io.ReadAll(c)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Fatalf("the connection stays open; the server said %q", said)
	}
	return string(said)
}

func TestSlowClientsAreDropped(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.Limits.HeaderTimeout, c.Limits.BodyTimeout, c.Limits.IdleTimeout = 100*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond
	})
	for name, c := range map[string]struct{ request, answer string }{
		"silent":        {"", ""},
		"half a header": {"POST /RPC2 HTTP/1.1\r\nHost: x\r\n", ""},
		"half a body":   {"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n<methodCall>", "408 Request Timeout"},
		"unwanted body": {"POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx", "404 Not Found"},
		"idle":          {post(getPID), "200 OK"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, r.socket)
			if _, err := io.WriteString(conn, c.request); err != nil {
				t.Fatal(err)
			}
			if said := closedByServer(t, conn); !strings.Contains(said, c.answer) || c.answer == "" && strings.Contains(said, "200 OK") {
				t.Errorf("the server said %q", said)
			}
		})
	}
}

func TestAnswerMayTakeLongerThanAnyTimeout(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.Limits.HeaderTimeout, c.Limits.BodyTimeout, c.Limits.IdleTimeout = 50*time.Millisecond, 50*time.Millisecond, 50*time.Millisecond
	})
	r.tree.block, r.tree.blocked = make(chan struct{}), make(chan struct{})
	c := dial(t, r.socket)
	if _, err := io.WriteString(c, post(methodCall("supervisor.stopProcess", params("cat")))); err != nil {
		t.Fatal(err)
	}
	<-r.tree.blocked
	time.AfterFunc(300*time.Millisecond, func() { close(r.tree.block) })
	e, err := readAnswer(bufio.NewReader(c))
	if err != nil || e.status != 200 || textOf(e.body) != "1" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestClientThatLeavesEndsTheWaiting(t *testing.T) {
	r := newRig(t)
	r.tree.block, r.tree.blocked = make(chan struct{}), make(chan struct{})
	c := dial(t, r.socket)
	if _, err := io.WriteString(c, post(methodCall("supervisor.stopProcess", params("cat")))); err != nil {
		t.Fatal(err)
	}
	<-r.tree.blocked
	c.Close()
	await(t, "the end of the connection", func() bool {
		all, _ := r.conns.count()
		return all == 0
	})
}

func TestCloseLetsAnswersFinish(t *testing.T) {
	r := newRig(t)
	r.tree.block, r.tree.blocked = make(chan struct{}), make(chan struct{})
	busy, idle, silent := dial(t, r.socket), dial(t, r.socket), dial(t, r.socket)
	if _, err := io.WriteString(busy, post(methodCall("supervisor.stopProcess", params("cat")))); err != nil {
		t.Fatal(err)
	}
	<-r.tree.blocked
	if _, err := io.WriteString(idle, post(getPID)); err != nil {
		t.Fatal(err)
	}
	if _, err := readAnswer(bufio.NewReader(idle)); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error)
	go func() { closed <- r.Close(context.Background()) }()
	closedByServer(t, idle)
	closedByServer(t, silent)
	if _, err := os.Lstat(r.socket); err == nil {
		t.Error("the socket is still there")
	}
	select {
	case <-closed:
		t.Error("Close did not wait for an answer")
	default:
	}
	close(r.tree.block)
	if said := closedByServer(t, busy); !strings.Contains(said, "<boolean>1") {
		t.Errorf("the answer was %q", said)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := r.Close(context.Background()); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

func TestCloseDoesNotWaitForTheRestOfARequest(t *testing.T) {
	r := newRig(t)
	whole := post(getPID)
	body, head := dial(t, r.socket), dial(t, r.socket)
	for c, part := range map[net.Conn]string{body: whole[:len(whole)-5], head: whole[:20]} {
		if _, err := io.WriteString(c, part); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the head of one", func() bool { all, active := r.conns.count(); return all == 2 && active == 1 })
	began := time.Now()
	if err := r.Close(context.Background()); err != nil || time.Since(began) > 10*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}

func TestCloseCutsOffWhatTakesTooLong(t *testing.T) {
	r := newRig(t)
	r.tree.block, r.tree.blocked = make(chan struct{}), make(chan struct{})
	busy := dial(t, r.socket)
	if _, err := io.WriteString(busy, post(methodCall("supervisor.stopProcess", params("cat")))); err != nil {
		t.Fatal(err)
	}
	<-r.tree.blocked
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := r.Close(ctx); err != context.DeadlineExceeded {
		t.Errorf("error %v", err)
	}
	closedByServer(t, busy)
}

func TestOneConnectionTooManyClosesTheOldestIdleOne(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Limits.Conns = 3 })
	ask := func(c net.Conn) error {
		if _, err := io.WriteString(c, post(getPID)); err != nil {
			return err
		}
		_, err := readAnswer(bufio.NewReader(c))
		return err
	}
	var conns []net.Conn
	for range 4 {
		c := dial(t, r.socket)
		if err := ask(c); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		await(t, "idleness", func() bool {
			_, active := r.conns.count()
			return active == 0
		})
	}
	closedByServer(t, conns[0])
	for i, c := range conns[1:] {
		if err := ask(c); err != nil {
			t.Errorf("connection %d: %v", i+1, err)
		}
	}
}

func TestManyClientsAtOnce(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Tree = manyPrograms(50) })
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			for range 10 {
				e := send(t, r.socket, post(methodCall("supervisor.getAllProcessInfo", "")))
				if n := strings.Count(e.body, "<name>statename</name>"); e.status != 200 || n != 50 {
					t.Errorf("status %d, %d programs", e.status, n)
				}
			}
		})
	}
	group.Wait()
}

func TestAuthentication(t *testing.T) {
	sha := tcpServer()
	// The digest is that of "test".
	sha.HasAuth, sha.Username, sha.Password = true, "u", "{SHA}a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"
	r := newRig(t, func(c *Config) { c.Servers = append(c.Servers, sha) })
	shaAddr := r.Addrs()[3].String()
	for _, c := range []struct {
		address, header string
		status          int
	}{
		{r.locked, basic("u:a:b"), 200},
		{r.locked, "X: y", 401},
		{r.locked, basic("u:a"), 401},
		{r.locked, basic("u:"), 401},
		{r.locked, basic(":"), 401},
		{r.locked, basic("v:a:b"), 401},
		{r.locked, strings.Replace(basic("u:a:b"), "Basic", "Bearer", 1), 401},
		{r.locked, "Authorization: Basic !!!", 401},
		{r.locked, "Authorization: Basic", 401},
		{r.locked, "Authorization: Basic dQ==", 401},
		{r.locked, "Authorization: Basic /////w==", 401},
		{shaAddr, basic("u:test"), 200},
		{shaAddr, basic("u:a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"), 401},
		{shaAddr, basic("u:{SHA}a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"), 401},
	} {
		for _, request := range []string{post(getPID, c.header), "GET / HTTP/1.1\r\nHost: x\r\n" + c.header + "\r\n\r\n"} {
			e := send(t, c.address, request)
			if e.status != c.status {
				t.Errorf("%q: status %d, want %d", c.header, e.status, c.status)
			}
			if c.status == 401 && (e.header.Get("WWW-Authenticate") != `Basic realm="default"` || e.header.Get("Connection") != "close" || e.alive) {
				t.Errorf("%q: %+v", c.header, e)
			}
		}
	}
}

func TestRequestsOnOneConnection(t *testing.T) {
	r := newRig(t)
	c := dial(t, r.socket)
	// All at once: an answer must wait for its turn.
	if _, err := io.WriteString(c, strings.Repeat(post(getPID), 5)+post("garbage")+post(getPID, "Connection: close")); err != nil {
		t.Fatal(err)
	}
	var got []int
	in := bufio.NewReader(c)
	for {
		e, err := readAnswer(in)
		if err != nil {
			break
		}
		got = append(got, e.status)
	}
	if want := []int{200, 200, 200, 200, 200, 400, 200}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func FuzzRequest(f *testing.F) {
	f.Add([]byte(post(getPID)))
	f.Add([]byte("GET / HTTP/1.0\r\n\r\n"))
	r := newRig(f, func(c *Config) {
		c.Limits.BodyTimeout = 50 * time.Millisecond
		c.Limits.HeaderTimeout = 50 * time.Millisecond
	})
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := net.Dial("unix", r.socket)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = c.Write(data)
		c.(*net.UnixConn).CloseWrite()
		_, _ = io.Copy(io.Discard, c)
		if strings.Contains(r.log.String(), "goroutine ") {
			t.Fatal(r.log)
		}
	})
}
