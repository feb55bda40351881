package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/logs"
)

// A tail is one log stream.
type tail struct {
	net.Conn
	status int
	header http.Header
	body   io.Reader
}

func get(path string, headers ...string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + strings.Join(append(headers, ""), "\r\n") + "\r\n"
}

// openTail sends a raw request and reads the header of the answer.
func openTail(t testing.TB, address, request string) *tail {
	t.Helper()
	c := dial(t, address)
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	s := &tail{Conn: c, header: http.Header{}}
	r := bufio.NewReader(c)
	line, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var proto string
	if _, err := fmt.Sscanf(line, "%s %d", &proto, &s.status); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			break
		}
		name, value, _ := strings.Cut(line, ": ")
		s.header.Add(name, value)
	}
	s.body = r
	if s.header.Get("Transfer-Encoding") == "chunked" {
		s.body = httputil.NewChunkedReader(r)
	}
	return s
}

// expect reads exactly as many bytes as want has.
func (s *tail) expect(t testing.TB, want string) {
	t.Helper()
	p := make([]byte, len(want))
	if n, err := io.ReadFull(s.body, p); err != nil || string(p) != want {
		t.Fatalf("got %q (%v), want %q", p[:n], err, want)
	}
}

// ends reads to the end, which must be a regular one.
func (s *tail) ends(t testing.TB) string {
	t.Helper()
	p, err := io.ReadAll(s.body)
	if err != nil {
		t.Fatalf("after %q: %v", p, err)
	}
	return string(p)
}

// logOf gives a program of a rig a stdout log, written by the returned File.
func (r *rig) logOf(t testing.TB, name string, o logs.FileOptions) *logs.File {
	t.Helper()
	f, err := logs.OpenFile(filepath.Join(t.TempDir(), name+".log"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	r.tree.mu.Lock()
	defer r.tree.mu.Unlock()
	k := r.tree.find(name)
	i := *r.tree.infos[k]
	i.StdoutLog = f.Path()
	r.tree.infos[k] = &i
	return f
}

func write(t testing.TB, w io.Writer, s string) {
	t.Helper()
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
}

func TestLogtailRefusals(t *testing.T) {
	r := newRig(t)
	r.logOf(t, "cat", logs.FileOptions{})
	for _, c := range []struct {
		request string
		status  int
	}{
		{get("/logtail/cat"), 200}, {get("/logtail/cat:cat"), 200}, {get("/logtail/cat%3Acat"), 200}, {get("/logtail/cat/stdout"), 200},
		{get("/logtail/cat%2Fstdout"), 200}, {get("/logtail/cat?x=y"), 200}, {get("/logtail/%63at"), 200},
		{get("/logtail/cat/stderr"), 404}, {get("/logtail/cat/stdlog"), 404}, {get("/logtail/cat/"), 404}, {get("/logtail/cat/stdout/"), 404},
		{get("/logtail/nope"), 404}, {get("/logtail/grp:a0"), 404}, {get("/logtail/grp"), 404}, {get("/logtail/grp:*"), 404}, {get("/logtail/grp:"), 404},
		{get("/logtail/"), 404}, {get("/logtail"), 404}, {get("/logtailx"), 404}, {get("/logtail//cat"), 404}, {get("/mainlogtail"), 404},
		{strings.Replace(get("/logtail/cat"), "GET", "POST", 1), 400}, {strings.Replace(get("/logtail/nope"), "GET", "HEAD", 1), 400},
		{strings.Replace(get("/mainlogtail"), "GET", "PUT", 1), 400},
	} {
		if s := openTail(t, r.socket, c.request); s.status != c.status {
			t.Errorf("%q: status %d, want %d", c.request, s.status, c.status)
		}
	}
	if s := openTail(t, r.locked, get("/logtail/cat")); s.status != 401 {
		t.Errorf("without credentials: status %d", s.status)
	}
}

func TestLogtail(t *testing.T) {
	r := newRig(t)
	f := r.logOf(t, "cat", logs.FileOptions{})
	write(t, f, strings.Repeat("x", 100)+strings.Repeat("é", 512))
	for _, c := range []struct{ name, address, request string }{
		{"unix", r.socket, get("/logtail/cat")},
		{"tcp", r.tcp, get("/logtail/cat/stdout")},
		{"credentials", r.locked, get("/logtail/cat", basic("u:a:b"))},
		{"1.0", r.tcp, "GET /logtail/cat HTTP/1.0\r\n\r\n"},
		{"1.0 keep-alive", r.socket, "GET /logtail/cat HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := f.Clear(); err != nil {
				t.Fatal(err)
			}
			write(t, f, strings.Repeat("x", 100)+strings.Repeat("é", 512))
			s := openTail(t, c.address, c.request)
			h := s.header
			encoding := "chunked"
			if strings.Contains(c.request, "HTTP/1.0") {
				encoding = ""
			}
			_, err := http.ParseTime(h.Get("Last-Modified"))
			if s.status != 200 || h.Get("Content-Type") != "text/plain;charset=utf-8" || h.Get("X-Accel-Buffering") != "no" ||
				h.Get("Transfer-Encoding") != encoding || h.Get("Content-Length") != "" || h.Get("Server") != "Medusa/1.12" || err != nil {
				t.Errorf("status %d, %v", s.status, h)
			}
			s.expect(t, strings.Repeat("é", 512))
			write(t, f, "one\n")
			s.expect(t, "one\n")
			write(t, f, "two\xff\x00\n")
			s.expect(t, "two\xff\x00\n")
			if err := f.Clear(); err != nil {
				t.Fatal(err)
			}
			write(t, f, "three\n")
			s.expect(t, "three\n")
			if err := os.Truncate(f.Path(), 0); err != nil {
				t.Fatal(err)
			}
			write(t, f, "4\n")
			s.expect(t, "==> File truncated <==\n4\n")
		})
	}
}

func TestMainLogtail(t *testing.T) {
	r := newRig(t)
	r.daemon.log = filepath.Join(t.TempDir(), "main.log")
	if s := openTail(t, r.socket, get("/mainlogtail")); s.status != 404 {
		t.Errorf("without a file: status %d", s.status)
	}
	f, err := logs.OpenFile(r.daemon.log, logs.FileOptions{MaxBytes: 10, Backups: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := openTail(t, r.socket, get("/mainlogtail"))
	if s.status != 200 || s.header.Get("X-Accel-Buffering") != "" || s.header.Get("Last-Modified") == "" {
		t.Errorf("status %d, %v", s.status, s.header)
	}
	for i := range 5 {
		line := fmt.Sprintf("line number %d\n", i) // each rotates
		write(t, f, line)
		s.expect(t, line)
	}
}

func (r *rig) streamCount() int {
	r.streams.mu.Lock()
	defer r.streams.mu.Unlock()
	return len(r.streams.open)
}

func TestStreamsEnd(t *testing.T) {
	before := runtime.NumGoroutine()
	r := newRig(t)
	f := r.logOf(t, "cat", logs.FileOptions{})
	r.logOf(t, "grp:a0", logs.FileOptions{})
	write(t, f, "x\n")

	gone := openTail(t, r.tcp, get("/logtail/cat"))
	gone.expect(t, "x\n")
	gone.Close()
	await(t, "the end of a stream whose client has gone", func() bool { return r.streamCount() == 0 })

	removed, kept := openTail(t, r.socket, get("/logtail/grp:a0")), openTail(t, r.socket, get("/logtail/cat"))
	kept.expect(t, "x\n")
	if body := r.rpcCall(t, "supervisor.removeProcessGroup", "grp"); !strings.Contains(body, "<boolean>1") {
		t.Fatal(body)
	}
	if got := removed.ends(t); got != "" {
		t.Errorf("got %q", got)
	}
	if body := r.rpcCall(t, "supervisor.removeProcessGroup", "cat"); !strings.Contains(body, "STILL_RUNNING") {
		t.Fatal(body)
	}
	write(t, f, "y\n")
	kept.expect(t, "y\n")

	raw := openTail(t, r.tcp, "GET /logtail/cat HTTP/1.0\r\n\r\n")
	raw.expect(t, "x\ny\n")
	if err := r.Close(t.Context()); err != nil {
		t.Errorf("close: %v", err)
	}
	if got := kept.ends(t) + raw.ends(t); got != "" {
		t.Errorf("got %q", got)
	}
	await(t, "the end of all goroutines", func() bool { return runtime.NumGoroutine() <= before })
}

// floodLog is more than sockets hold, so that a stream whose client does not read cannot send it all.
const floodLog = 32 << 20

func flood(t testing.TB, f io.Writer) {
	t.Helper()
	chunk := strings.Repeat(strings.Repeat("z", 1023)+"\n", 64)
	for range floodLog / len(chunk) {
		write(t, f, chunk)
	}
}

func TestAStreamThatIsNotReadDoesNotHoldUpTheEnd(t *testing.T) {
	r := newRig(t)
	f := r.logOf(t, "cat", logs.FileOptions{})
	for _, address := range []string{r.socket, r.tcp} {
		openTail(t, address, get("/logtail/cat"))
	}
	flood(t, f)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // less than StreamTimeout
	defer cancel()
	if err := r.Close(ctx); err != nil {
		t.Error(err)
	}
}

func TestAClientThatDoesNotReadIsCutOff(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Limits.StreamTimeout = time.Second })
	f := r.logOf(t, "cat", logs.FileOptions{})
	openTail(t, r.socket, get("/logtail/cat"))
	quiet := openTail(t, r.socket, get("/logtail/grp:a0"))
	if quiet.status != 404 {
		t.Fatal("no such log yet")
	}
	g := r.logOf(t, "grp:a0", logs.FileOptions{})
	quiet = openTail(t, r.socket, get("/logtail/grp:a0"))
	flood(t, f)
	await(t, "the end of the stream", func() bool { return r.streamCount() == 1 })
	write(t, g, "still here\n") // long after the deadline of its last delivery
	quiet.expect(t, "still here\n")
}

func TestOneStreamTooMany(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Limits.Streams = 2 })
	r.logOf(t, "cat", logs.FileOptions{})
	first := openTail(t, r.socket, get("/logtail/cat"))
	openTail(t, r.socket, get("/logtail/cat"))
	if s := openTail(t, r.socket, get("/logtail/cat")); s.status != http.StatusServiceUnavailable {
		t.Errorf("status %d", s.status)
	}
	first.Close()
	await(t, "room", func() bool { return r.streamCount() == 1 })
	if s := openTail(t, r.socket, get("/logtail/cat")); s.status != 200 {
		t.Errorf("status %d", s.status)
	}
}

// 200 streams of one log, one of which never reads: the others miss nothing, and the writer waits for nobody.
func TestManyStreamsOfOneLog(t *testing.T) {
	const (
		count = 200
		lines = 5000
	)
	r := newRig(t)
	f := r.logOf(t, "cat", logs.FileOptions{MaxBytes: 16 << 10, Backups: 100})
	openTail(t, r.tcp, get("/logtail/cat")) // never reads
	failures := make(chan error, count)
	for i := range count - 1 {
		address := []string{r.socket, r.tcp}[i%2]
		s := openTail(t, address, get("/logtail/cat"))
		go func() {
			in := bufio.NewReader(s.body)
			for n := range lines {
				line, err := in.ReadString('\n')
				if err != nil || line != numbered(n) {
					failures <- fmt.Errorf("stream %d: line %d is %q, %v", i, n, line, err)
					return
				}
			}
			failures <- nil
		}()
	}
	for n := range lines {
		write(t, f, numbered(n))
	}
	for range count - 1 {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
	if n := f.Dropped(); n != 0 {
		t.Errorf("%d bytes dropped", n)
	}
}

func numbered(n int) string {
	return strconv.Itoa(n) + " the quick brown fox jumps over the lazy dog\n"
}

func TestALogThatCannotBeReadIsNotFound(t *testing.T) {
	r := newRig(t)
	r.daemon.log = t.TempDir()
	if s := openTail(t, r.socket, get("/mainlogtail")); s.status != 404 {
		t.Errorf("status %d", s.status)
	}
	if !strings.Contains(r.log.String(), "not a regular file") {
		t.Errorf("the log does not say why:\n%s", r.log)
	}
}
