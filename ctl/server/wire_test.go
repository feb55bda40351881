package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// exchange is the answer to a raw request.
type exchange struct {
	proto  string // "HTTP/1.1"
	status int
	header http.Header
	body   string
	alive  bool // the connection answers a second request
}

// probe is a request any of the servers answers.
const probe = "GET /no-such-page HTTP/1.1\r\nHost: x\r\n\r\n"

// probeTimeout bounds the wait for a connection that is neither closed nor answers.
const probeTimeout = 2 * time.Second

// send sends a raw request, reads the answer, and then tries whether the connection is still of use.
func send(t testing.TB, address, request string) exchange {
	t.Helper()
	e, c, r := sendOnly(t, address, request)
	defer c.Close()
	c.SetDeadline(time.Now().Add(probeTimeout))
	if _, err := io.WriteString(c, probe); err == nil {
		_, err = readAnswer(r)
		e.alive = err == nil
	}
	return e
}

// sendOnly sends a raw request and reads the answer.
func sendOnly(t testing.TB, address, request string) (exchange, net.Conn, *bufio.Reader) {
	t.Helper()
	c := dial(t, address)
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	r := bufio.NewReader(c)
	e, err := readAnswer(r)
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	return e, c, r
}

// readAnswer reads one answer without the leniency of net/http.
func readAnswer(r *bufio.Reader) (exchange, error) {
	e := exchange{header: http.Header{}}
	line, err := r.ReadString('\n')
	if err != nil {
		return e, err
	}
	if _, err := fmt.Sscanf(line, "%s %d", &e.proto, &e.status); err != nil {
		return e, fmt.Errorf("status line %q", line)
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return e, err
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		name, value, _ := strings.Cut(line, ":")
		e.header.Add(name, strings.TrimSpace(value))
	}
	n, err := strconv.Atoi(e.header.Get("Content-Length"))
	if err != nil {
		rest, _ := io.ReadAll(r)
		e.body = string(rest)
		return e, nil
	}
	body := make([]byte, n)
	_, err = io.ReadFull(r, body)
	e.body = string(body)
	return e, err
}

func methodCall(method, params string) string {
	return "<?xml version='1.0'?>\n<methodCall>\n<methodName>" + method + "</methodName>\n<params>\n" + params + "</params>\n</methodCall>\n"
}

func post(body string, headers ...string) string {
	return "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n" +
		strings.Join(append(headers, ""), "\r\n") + "\r\n" + body
}

// params builds parameters of strings, ints and booleans.
func params(args ...any) string {
	var b strings.Builder
	for _, a := range args {
		b.WriteString("<param>\n")
		switch a := a.(type) {
		case string:
			b.WriteString("<value><string>" + a + "</string></value>\n")
		case int:
			b.WriteString("<value><int>" + strconv.Itoa(a) + "</int></value>\n")
		case bool:
			b.WriteString("<value><boolean>" + map[bool]string{true: "1", false: "0"}[a] + "</boolean></value>\n")
		case xml:
			b.WriteString(string(a))
		}
		b.WriteString("</param>\n")
	}
	return b.String()
}

type xml string

// rpcCall makes a call over the unix socket and returns the answer's body; the status must be 200.
func (r *rig) rpcCall(t testing.TB, method string, args ...any) string {
	t.Helper()
	e := send(t, r.socket, post(methodCall(method, params(args...))))
	if e.status != 200 {
		t.Fatalf("%s%v: status %d", method, args, e.status)
	}
	return e.body
}

var markup = regexp.MustCompile(`<[^>]*>|\n`)

// textOf reduces an answer to its texts.
func textOf(body string) string {
	return strings.Join(strings.Fields(markup.ReplaceAllString(body, " ")), " ")
}
