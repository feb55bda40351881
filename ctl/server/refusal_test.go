package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
)

func TestWhatIsNotHTTPIsAnsweredInTheSameForm(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		name, request string
		status        int
	}{
		{"garbage", "garbage\r\n\r\n", 400},
		{"binary", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
		{"no host", "POST /RPC2 HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400},
		{"two hosts", "POST /RPC2 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
		{"length is no number", "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n", 400},
		{"negative length", "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400},
		{"length of two kinds", post(getPID, "Content-Length: 1"), 400},
		{"header without colon", "POST /RPC2 HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n", 400},
		{"unknown coding", "POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
		{"unknown version", "POST /RPC2 HTTP/7.0\r\nHost: x\r\n\r\n", 505},
		{"long header", "POST /RPC2 HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 300<<10) + "\r\n\r\n", 431},
		{"endless line", strings.Repeat("x", 300<<10), 431},
	} {
		for _, address := range []string{r.socket, r.tcp} {
			for _, before := range []string{"", post(getPID)} {
				conn := dial(t, address)
				in := bufio.NewReader(conn)
				go io.WriteString(conn, before+c.request)
				if before != "" {
					if e, err := readAnswer(in); err != nil || e.status != 200 {
						t.Fatalf("%s: first answer %+v, %v", c.name, e, err)
					}
				}
				e, err := readAnswer(in)
				if err != nil || e.status != c.status {
					t.Errorf("%s: status %d, want %d: %v", c.name, e.status, c.status, err)
					continue
				}
				for name, want := range map[string]string{"Content-Type": "text/html", "Server": "Medusa/1.12", "Connection": "close"} {
					if got := e.header.Get(name); got != want {
						t.Errorf("%s: %s: %q", c.name, name, got)
					}
				}
				if e.header.Get("Date") == "" || !strings.Contains(e.body, "Error response") || !strings.Contains(e.body, fmt.Sprintf("Error code %d.", c.status)) {
					t.Errorf("%s: %+v", c.name, e)
				}
				conn.Close()
			}
		}
	}
}

// TestClientThatSendsFirstAndReadsThenLearnsWhyItWasRefused is about answers that a reset of the connection would destroy.
func TestClientThatSendsFirstAndReadsThenLearnsWhyItWasRefused(t *testing.T) {
	r := newRig(t)
	large := strings.Repeat("x", 9<<20)
	for _, c := range []struct {
		name, address, request string
		status                 int
	}{
		{"too large", r.tcp, post(large), 413},
		{"too large over the socket", r.socket, post(large), 413},
		{"wrong password", r.locked, post(large, basic("u:x")), 401},
		{"nothing there", r.tcp, strings.Replace(post(large), "/RPC2", "/nope", 1), 404},
		{"chunked", r.tcp, "POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n900000\r\n" + large + "\r\n0\r\n\r\n", 411},
	} {
		conn := dial(t, c.address)
		if _, err := io.WriteString(conn, c.request); err != nil {
			t.Errorf("%s: sending: %v", c.name, err)
			continue
		}
		e, err := readAnswer(bufio.NewReader(conn))
		if err != nil || e.status != c.status || !strings.Contains(e.body, fmt.Sprintf("Error code %d.", c.status)) {
			t.Errorf("%s: %+v, %v", c.name, e, err)
		}
	}
}

func TestClientThatAsksBeforeItSendsIsToldAtOnce(t *testing.T) {
	r := newRig(t)
	conn := dial(t, r.tcp)
	if _, err := io.WriteString(conn, "POST /RPC2 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if said := closedByServer(t, conn); !strings.HasPrefix(said, "HTTP/1.1 413 ") {
		t.Errorf("got %q", said)
	}
}

func TestEndlessRequestIsCutOff(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Limits.BodyTimeout = 200 * time.Millisecond })
	conn := dial(t, r.tcp)
	if _, err := io.WriteString(conn, "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	go func() {
		for more := make([]byte, 64<<10); ; {
			if _, err := conn.Write(more); err != nil {
				return
			}
		}
	}()
	e, err := readAnswer(bufio.NewReader(conn))
	if err != nil || e.status != 413 {
		t.Errorf("%+v, %v", e, err)
	}
	await(t, "the end of the connection", func() bool {
		all, _ := r.conns.count()
		return all == 0
	})
}

func TestKeepAlive(t *testing.T) {
	r := newRig(t)
	body := fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(getPID), getPID)
	for _, c := range []struct {
		request string
		alive   bool
		header  string
	}{
		{"POST /RPC2 HTTP/1.1\r\nHost: x\r\n" + body, true, ""},
		{"POST /RPC2 HTTP/1.1\r\nHost: x\r\nconnection: close\r\n" + body, false, "close"},
		{"POST /RPC2 HTTP/1.1\r\nHost: x\r\nConnection: CLOSE\r\n" + body, false, "close"},
		{"POST /RPC2 HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n" + body, true, ""},
		{"POST /RPC2 HTTP/1.0\r\n" + body, false, ""},
		{"POST /RPC2 HTTP/1.0\r\nConnection: close\r\n" + body, false, ""},
		{"POST /RPC2 HTTP/1.0\r\nConnection: keep-alive\r\n" + body, true, "Keep-Alive"},
		{"POST /RPC2 HTTP/1.0\r\ncoNNection: Keep-Alive\r\n" + body, true, "Keep-Alive"},
		{"GET /nope HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true, "Keep-Alive"},
	} {
		for _, address := range []string{r.socket, r.tcp} {
			e := send(t, address, c.request)
			if version := strings.Fields(c.request)[2]; e.proto != version || e.alive != c.alive || e.header.Get("Connection") != c.header {
				t.Errorf("%.60q: %s, alive %v, Connection %q", c.request, e.proto, e.alive, e.header.Get("Connection"))
			}
		}
	}
}

func TestRequestsAreLoggedAtTraceOnly(t *testing.T) {
	for _, level := range []hclog.Level{hclog.Trace, hclog.Debug} {
		r := newRig(t)
		r.logger.SetLevel(level)
		send(t, r.socket, post(getPID))
		send(t, r.tcp, "GET /an%0Aerror HTTP/1.1\r\nHost: x\r\n\r\n")
		send(t, r.locked, post(getPID))
		for _, line := range []string{
			`\[TRACE\] XML-RPC method called: supervisor\.getPID\(\)\n`,
			`\[TRACE\] localhost:0 - - \[\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "POST /RPC2 HTTP/1\.1" 200 \d\d\d\n`,
			`\[TRACE\] 127\.0\.0\.1:\d+ - - \[[^]]*\] "GET /an%0Aerror HTTP/1\.1" 404 \d+\n`,
			`\[TRACE\] 127\.0\.0\.1:\d+ - - \[[^]]*\] "POST /RPC2 HTTP/1\.1" 401 \d+\n`,
		} {
			if found := regexp.MustCompile(line).MatchString(r.log.String()); found != (level == hclog.Trace) {
				t.Errorf("level %s: %s: found %v in\n%s", level, line, found, r.log)
			}
		}
	}
}

func TestNothingIsAnsweredWithoutAuthentication(t *testing.T) {
	r := newRig(t)
	for _, request := range []string{"OPTIONS * HTTP/1.1", "OPTIONS / HTTP/1.1", "TRACE / HTTP/1.1", "CONNECT x:1 HTTP/1.1", "GET http://x/ HTTP/1.1", "BREW /pot HTTP/1.1"} {
		e, c, _ := sendOnly(t, r.locked, request+"\r\nHost: x\r\n\r\n")
		c.Close()
		if e.status != 401 || e.header.Get("Server") != "Medusa/1.12" {
			t.Errorf("%s: %+v", request, e)
		}
	}
}

func TestListensOnIPv6(t *testing.T) {
	probe, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skipf("the machine has no IPv6: %v", err)
	}
	probe.Close()
	six := tcpServer()
	six.Host = "::1"
	r := newRig(t, func(c *Config) { c.Servers = append(c.Servers, six) })
	address := r.Addrs()[3].String()
	if !strings.HasPrefix(address, "[::1]:") {
		t.Fatalf("listens on %s", address)
	}
	if e := send(t, address, post(getPID)); e.status != 200 || textOf(e.body) != "77" {
		t.Errorf("%+v", e)
	}
	if !strings.Contains(r.log.String(), "[TRACE] [::1]:") {
		t.Errorf("no access line in\n%s", r.log)
	}
}
