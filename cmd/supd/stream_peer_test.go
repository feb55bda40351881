package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"net"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

func makeFIFO(t *testing.T, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

// rawStream is one log stream, over the bytes of the connection.
type rawStream struct {
	header string
	body   io.Reader
}

// stream opens /logtail or /mainlogtail.
func (d *webDaemon) stream(t *testing.T, network, path, version string) *rawStream {
	t.Helper()
	address := filepath.Join(d.dir, "sock")
	request := "GET " + path + " HTTP/" + version + "\r\nHost: localhost\r\n"
	if network == "tcp" {
		address = "127.0.0.1:" + d.port
		request += "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("u:a:b")) + "\r\n"
	}
	c, err := net.DialTimeout(network, address, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, request+"\r\n"); err != nil {
		t.Fatal(err)
	}
	s := &rawStream{}
	r := bufio.NewReader(c)
	var names []string
	chunked := false
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("after %q: %v", names, err)
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			break
		}
		chunked = chunked || line == "Transfer-Encoding: chunked"
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "Date", "X-Content-Type-Options", "Connection": // ours tells that it is the last answer
		case "Last-Modified":
			names = append(names, name)
		default:
			names = append(names, name+": "+value)
		}
	}
	s.header = strings.Join(slices.Sorted(slices.Values(names)), "\n")
	s.body = r
	if chunked {
		s.body = httputil.NewChunkedReader(r)
	}
	return s
}

// until reads up to a text.
func (s *rawStream) until(t *testing.T, text string) string {
	t.Helper()
	var got []byte
	p := make([]byte, 1)
	for !bytes.HasSuffix(got, []byte(text)) {
		if _, err := io.ReadFull(s.body, p); err != nil {
			t.Fatalf("no %q, but %q and %v", text, got, err)
		}
		got = append(got, p[0])
	}
	return string(got)
}

// streamTranscript follows logs while they are written, cleared, rotated, truncated and removed.
func streamTranscript(t *testing.T, daemon string, isSupervisord bool) (transcript []string) {
	d := webStart(t, daemon, "")
	pipes := map[string]*os.File{}
	for _, name := range []string{"say", "rot", "empty"} {
		f, err := os.OpenFile(filepath.Join(d.dir, name+".fifo"), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		pipes[name] = f
	}
	say := func(name, text string) {
		t.Helper()
		if _, err := io.WriteString(pipes[name], text); err != nil {
			t.Fatal(err)
		}
	}
	note := func(what, got string) { transcript = append(transcript, what+": "+got) }

	say("say", strings.Repeat("x", 2000)+"\n")
	log := filepath.Join(d.dir, "say.log")
	proctest.Eventually(t, "the text in the log", func() (string, bool) { b := read(t, log); return b, len(b) == 2001 })
	version := "1.0"
	if isSupervisord {
		version = "1.1" // over 1.0 it keeps everything back until there are 64 KiB
	}
	streams := map[string]*rawStream{}
	follow := func() {
		streams["unix"], streams["tcp"] = d.stream(t, "unix", "/logtail/say", "1.1"), d.stream(t, "tcp", "/logtail/say%3Asay/stdout", version)
	}
	follow()
	both := func(what, text string) {
		t.Helper()
		for _, name := range []string{"unix", "tcp"} {
			note(what+", "+name, streams[name].until(t, text))
		}
	}
	note("header", streams["unix"].header)
	both("the last bytes", "x\n")
	say("say", "one \xff\x00\n")
	both("written", "\n")
	if a := d.ask(t, d.unix, "/?action=clearlog&processname=say"); a.status != 301 {
		t.Fatalf("%+v", a)
	}
	say("say", "two, which is longer than three\n")
	both("cleared", "three\n")
	if err := os.Truncate(log, 0); err != nil {
		t.Fatal(err)
	}
	if isSupervisord { // it means to say so, and breaks: a str among bytes
		for name, s := range streams {
			if _, err := io.Copy(io.Discard, s.body); err == nil {
				t.Errorf("%s: the stream ends well", name)
			}
		}
		say("say", "three\n")
	} else {
		say("say", "three\n")
		for _, s := range streams {
			if got := s.until(t, "three\n"); got != "==> File truncated <==\nthree\n" {
				t.Errorf("truncated: %q", got)
			}
		}
	}
	proctest.Eventually(t, "the text in the log", func() (string, bool) { b := read(t, log); return b, b == "three\n" })
	follow()
	both("followed anew", "three\n")
	if err := os.Remove(log); err != nil {
		t.Fatal(err)
	}
	say("say", "four\n")
	both("removed", "four\n")

	line := func(c string) string { return strings.Repeat(c, 30) + "\n" }
	if !isSupervisord {
		empty := d.stream(t, "unix", "/logtail/empty/stdout", "1.1")
		say("empty", line("a"))
		got := empty.until(t, line("a"))
		say("empty", line("b"))
		got += empty.until(t, "==> File truncated <==\n")
		say("empty", "c\n")
		if got += empty.until(t, "c\n"); got != line("a")+"==> File truncated <==\nc\n" {
			t.Errorf("rotated without backups: %q", got)
		}
	}
	rot := d.stream(t, "unix", "/logtail/rot", "1.1")
	say("rot", line("a"))
	note("rotated", rot.until(t, line("a")))
	say("rot", line("b")) // reaches the size; supervisord does not show it
	proctest.Eventually(t, "the rotation", func() (string, bool) {
		_, err := os.Stat(filepath.Join(d.dir, "rot.log.1"))
		return "no rot.log.1", err == nil
	})
	say("rot", "c\n")
	note("rotated", strings.Replace(rot.until(t, "c\n"), line("b"), "", 1))

	main := d.stream(t, "tcp", "/mainlogtail", "1.1")
	note("main log, header", main.header)
	if a := d.ask(t, d.unix, "/?action=stop&processname=cat"); a.status != 301 {
		t.Fatalf("%+v", a)
	}
	main.until(t, "stopped: cat (terminated by SIGTERM)\n")

	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	for name, s := range streams {
		if _, err := io.Copy(io.Discard, s.body); err != nil && !isSupervisord {
			t.Errorf("%s ends with %v", name, err)
		}
	}
	note("exit status", string(rune('0'+d.wait())))
	return transcript
}

// TestLogStreamsAreThoseOfSupervisord follows the same logs at both. A truncation ends supervisord's streams, and what is written to make a log reach its size and rotate
// is not in them.
func TestLogStreamsAreThoseOfSupervisord(t *testing.T) {
	supervisord := peer(t, "supervisord")
	var want, got []string
	t.Run("peers", func(t *testing.T) {
		t.Run("supervisord", func(t *testing.T) { t.Parallel(); want = streamTranscript(t, supervisord, true) })
		t.Run("supd", func(t *testing.T) { t.Parallel(); got = streamTranscript(t, supdBinary, false) })
	})
	if len(want) != len(got) || len(got) == 0 {
		t.Fatalf("supervisord %d notes, supd %d", len(want), len(got))
	}
	for i := range want {
		if want[i] != got[i] {
			t.Errorf("supervisord: %q\nsupd:        %q", want[i], got[i])
		}
	}
}

// TestSupervisorctlFollowsOurLogs has the real client follow a log and the main log of ours.
func TestSupervisorctlFollowsOurLogs(t *testing.T) {
	ctl := peer(t, "supervisorctl")
	d := webStart(t, supdBinary, "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"+
		"[supervisorctl]\nserverurl=http://127.0.0.1:PORT\nusername=u\npassword=a:b\n")
	pipe, err := os.OpenFile(filepath.Join(d.dir, "say.fifo"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	for _, c := range []struct{ args, want string }{{"tail -f say", "grüße\n"}, {"maintail -f", "stopped: cat"}} {
		cmd := exec.Command(ctl, append([]string{"-c", d.conf}, strings.Fields(c.args)...)...)
		cmd.Env = append(os.Environ(), "PYTHONUNBUFFERED=1")
		out := &proctest.Output{}
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		out.WaitFor(t, "==> Press Ctrl-C to exit <==")
		if c.args == "tail -f say" {
			io.WriteString(pipe, "grüße\n")
		} else {
			d.ask(t, d.tcp, "/?action=stop&processname=cat")
		}
		out.WaitFor(t, c.want)
		_ = cmd.Process.Signal(syscall.SIGINT)
		_ = cmd.Wait()
	}
}

// A stream never ends by itself; a soft restart does not wait for it, whether it is read or not.
func TestASoftRestartEndsStreams(t *testing.T) {
	d := webStart(t, supdBinary, "")
	pipe, err := os.OpenFile(filepath.Join(d.dir, "say.fifo"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	read, unread, main := d.stream(t, "unix", "/logtail/say", "1.1"), d.stream(t, "tcp", "/logtail/say", "1.1"), d.stream(t, "tcp", "/mainlogtail", "1.0")
	big := strings.Repeat(strings.Repeat("z", 1023)+"\n", 256)
	for range 64 { // more than the connection of unread holds
		if _, err := io.WriteString(pipe, big); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, read.body, int64(len(big))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(d.dir, "gone"), 0o700); err != nil { // otherwise the configuration is refused
		t.Fatal(err)
	}
	_ = d.cmd.Process.Signal(syscall.SIGHUP)
	for name, s := range map[string]*rawStream{"log": read, "main log": main} {
		if _, err := io.Copy(io.Discard, s.body); err != nil {
			t.Errorf("%s ends with %v", name, err)
		}
	}
	d.waitForStarts(2)
	if out := d.out.String(); strings.Contains(out, "did not end") {
		t.Errorf("something did not end:\n%s", out)
	}
	if _, err := io.Copy(io.Discard, unread.body); err == nil {
		t.Error("a stream that was not read ends as if it were complete")
	}
}
