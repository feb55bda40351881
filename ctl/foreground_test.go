//go:build linux

package ctl

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kolo/xmlrpc"
)

const foregroundConfig = serverConfig + `
[program:quits]
command=/bin/sh -c "echo ready; read line; echo said $line; seq 100000; echo last >&2; exit 3"
startsecs=0
autorestart=false
stdout_logfile=DIR/quits.log
stdout_logfile_maxbytes=0
[program:again]
command=/bin/sh -c "echo ready; read line; echo said $line; exit 3"
startsecs=0
autorestart=true
stdout_logfile=DIR/again.log
[program:cat]
command=/bin/cat -A
startsecs=0
stdout_logfile=DIR/out.log
`

func TestForegroundShowsAllAndNoticesTheEndByItself(t *testing.T) {
	t.Parallel()
	needPeers(t)
	d := startDaemon(t, foregroundConfig)
	for range 3 {
		d.wait(t, "entered RUNNING")
	}
	var numbers strings.Builder
	for i := range 100000 {
		fmt.Fprintln(&numbers, i+1)
	}
	for _, c := range []struct{ args, out, errs string }{
		{"fg quits", "ready\nsaid bye\n" + numbers.String(), "last\n"},
		{"fg again", "ready\nsaid bye\nready\n", ""},
	} {
		s := onPipes(t, d, false, append([]string{"-c", d.client}, strings.Fields(c.args)...)...)
		s.expect("ready\n")
		s.press("bye\n")
		got := strings.Replace(s.raw(), c.errs, "", 1)
		want := pressCtrlC + c.out + "Process got killed\nExiting foreground\n"
		// The program that was started anew may have been late for the end.
		if c.args == "fg again" {
			got, want = strings.ReplaceAll(got, "ready\n", ""), strings.ReplaceAll(want, "ready\n", "")
		}
		if got != want {
			t.Errorf("%s: %d bytes, want %d: %.100q ... %.100q", c.args, len(got), len(want), got, got[max(0, len(got)-100):])
		}
	}
}

func TestForegroundOfAPipeShowsTheAnswer(t *testing.T) {
	t.Parallel()
	needPeers(t)
	d := startDaemon(t, foregroundConfig)
	for range 3 {
		d.wait(t, "entered RUNNING")
	}
	out, status := ours(t, "hello\n\x1b[A\r\x00 \u0085\nno end", []string{"-c", d.client, "fg", "cat"})
	// Whether the program has answered when the input ends is its own affair; what was sent is seen in its log.
	if !strings.HasPrefix(out, pressCtrlC) || !strings.HasSuffix(out, exitingForeground) || status != 0 {
		t.Errorf("%q, status %d", out, status)
	}
	out, status = ours(t, "fg cat\n", []string{"-c", d.client})
	if !strings.HasSuffix(out, exitingForeground+"supervisor> \n") || status != 0 {
		t.Errorf("a shell after fg: %q, status %d", out, status)
	}
	s := onTerminal(t, d, false, "-c", d.client, "tail", "-f", "cat")
	s.expect("exit <==\nhello$\n^[[A^M^@ M-BM-^E$\nno end$\n")
	s.stop()
	s.end()
}

// raw is all that was on the screen at the end.
func (s *screen) raw() string {
	s.t.Helper()
	limit := time.AfterFunc(2*deadline, func() { _ = s.cmd.Process.Kill() })
	defer limit.Stop()
	_ = s.cmd.Wait()
	<-s.done
	return s.text.String()
}

func TestTextWithControlCharactersIsSentAsBase64(t *testing.T) {
	for text, plain := range map[string]bool{
		"":                 true,
		"a\tb <&> grüße\n": true,
		"\x1b[A\n":         false,
		"a\r\n":            false,
		"\x00":             false,
		"\xff":             false,
		"\uFFFE":           false,
	} {
		want := any(xmlrpc.Base64(base64.StdEncoding.EncodeToString([]byte(text))))
		if plain {
			want = text
		}
		if got := textArg(text); got != want {
			t.Errorf("%q: %#v", text, got)
		}
	}
}

// A fakeProgram is a server with one program, whose log is what is written to its stream.
type fakeProgram struct {
	t      *testing.T
	answer map[string]string // to methods
	stdout chan string       // parts of the log; closing it ends the stream
	main   chan string
}

func (p *fakeProgram) start() *session {
	srv := httptest.NewServer(p)
	p.t.Cleanup(srv.Close)
	env := Env{}.complete()
	return &session{ctx: p.t.Context(), env: env, client: newClient(srv.URL, "", credentials{}, certificates{})}
}

func (p *fakeProgram) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := p.stdout
	switch r.URL.Path {
	case "/RPC2":
		fakeHandler(p.answer).ServeHTTP(w, r)
		return
	case mainLogStream:
		parts = p.main
	case "/logtail/x/stderr":
		http.NotFound(w, r)
		return
	}
	for {
		w.(http.Flusher).Flush()
		select {
		case part, ok := <-parts:
			if !ok {
				return
			}
			_, _ = io.WriteString(w, part)
		case <-r.Context().Done():
			return
		}
	}
}

func TestForegroundWaitsForWhatIsInTheLog(t *testing.T) {
	size := func(n int) string {
		return fmt.Sprintf("<array><data><value><string></string></value><value><int>%d</int></value>"+
			"<value><boolean>0</boolean></value></data></array>", n)
	}
	for _, c := range []struct {
		name          string
		before, after string // answers about the size of the log
		parts         []string
		limited       bool // the wait ends by its limit
	}{
		{"all there", size(3), size(3), []string{"abc"}, false},
		{"grown", size(3), size(6), []string{"abc", "def"}, false},
		{"long log", size(5000), size(5003), []string{strings.Repeat("x", 1024), "abc"}, false},
		{"nothing", size(0), size(0), nil, false},
		{"rotated", size(5000), size(3), []string{strings.Repeat("x", 1024), "abc"}, true},
		{"size not known", "", "", []string{"abc"}, true},
		{"written before the stream began", size(5000), size(5003), []string{strings.Repeat("x", 1024)}, true},
	} {
		p := &fakeProgram{t: t, stdout: make(chan string), answer: map[string]string{}}
		if c.before != "" {
			p.answer["tailProcessStdoutLog"] = c.before
		}
		s := p.start()
		ctx, cancel := context.WithCancel(t.Context())
		f := newForeground(s, "x", programInfo{Name: "x", StdoutLog: "/log"})
		f.ctx, f.quiet = ctx, time.Hour
		if c.limited {
			f.quiet = time.Millisecond
		}
		l := f.logs[0]
		f.follow(l)
		if c.after != "" {
			p.answer["tailProcessStdoutLog"] = c.after
		}
		total := int64(0)
		send := func() {
			for _, part := range c.parts {
				p.stdout <- part
				total += int64(len(part))
			}
		}
		if c.limited {
			send()
			for l.received() < total {
				<-l.news
			}
		} else {
			go send()
		}
		done := make(chan struct{})
		go func() { f.catchUp(l); close(done) }()
		select {
		case <-done:
		case <-time.After(deadline):
			t.Fatalf("%s: catchUp does not end", c.name)
		}
		if want := int64(len(strings.Join(c.parts, ""))); l.received() != want {
			t.Errorf("%s: %d bytes were shown, want %d", c.name, l.received(), want)
		}
		cancel()
		f.running.Wait()
	}
}

func TestEndsOfProgramsAreSeenInTheMainLog(t *testing.T) {
	for _, c := range []struct {
		log  string
		want bool
	}{
		{"2026-01-01 00:00:00,000 WARN exited: x (exit status 3; not expected)\n", true},
		{"INFO stopped: x (terminated by SIGTERM)\n", true},
		{"INFO exited: xy (exit status 3; expected)\n", false},
		{"INFO exited: y (exit status 3; expected)\nINFO spawned: 'x' with pid 3\n", false},
		{"INFO exited: x (exit status 3", false},
		{strings.Repeat("z", 3*watchLine) + "\nexited: x (\n", true},
	} {
		whole := len(c.log)
		for cut := range whole {
			told := make(chan struct{}, 1)
			w := &deathWatch{marks: deathMarks("x"), told: told}
			for _, part := range []string{c.log[:cut], c.log[cut:]} {
				if n, err := io.WriteString(w, part); n != len(part) || err != nil {
					t.Fatal(n, err)
				}
			}
			if got := len(told) == 1; got != c.want {
				t.Errorf("%.60q cut at %d: %v", c.log, cut, got)
			}
		}
	}
}
