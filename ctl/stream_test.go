//go:build linux

package ctl

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// attack is text that steers terminals.
const attack = "\x1b]0;title\x07\x1b[2Jevil\x00\n"

func TestLogsCannotSteerATerminal(t *testing.T) {
	t.Parallel()
	needPeers(t)
	d := startDaemon(t, logConfig)
	for range 3 {
		d.wait(t, "entered RUNNING")
	}
	d.append(t, "out.log", attack)
	d.append(t, "s.log", attack)
	const shown = "^[]0;title^G^[[2Jevil^@\n"
	for _, c := range []struct {
		args   string
		pipes  bool
		want   string
		follow bool
	}{
		{"tail cat", false, shown + "\n", false},
		{"tail cat", true, attack + "\n", false},
		{fmt.Sprint("maintail -", len(attack)), false, shown + "\n", false},
		{fmt.Sprint("maintail -", len(attack)), true, attack + "\n", false},
		{"tail -f cat", false, shown, true},
		{"tail -f cat", true, attack, true},
		{"fg cat", false, shown, true},
		{"fg cat", true, attack, true},
	} {
		open := onTerminal
		if c.pipes {
			open = onPipes
		}
		s := open(t, d, false, append([]string{"-c", d.client}, strings.Fields(c.args)...)...)
		if c.follow {
			s.expect("evil")
			s.expect("\n")
			s.stop()
		}
		if got := s.end(); !strings.Contains(got, c.want) || !c.pipes && strings.Contains(got, "\x1b") {
			t.Errorf("%s: %q, want %q", c.args, got, c.want)
		}
	}
}

func TestFollowingEndsWhenNobodyReads(t *testing.T) {
	t.Parallel()
	needPeers(t)
	d := startDaemon(t, logConfig)
	d.wait(t, "entered RUNNING")
	for _, args := range []string{"tail -f cat", "maintail -f", "fg cat"} {
		cmd := clientCommand(false, append([]string{"-c", d.client}, strings.Fields(args)...)...)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		keys, err1 := cmd.StdinPipe() // fg would end with its input
		out, err2 := cmd.StdoutPipe()
		if err1 != nil || err2 != nil || cmd.Start() != nil {
			t.Fatal(err1, err2)
		}
		line := make([]byte, len(pressCtrlC))
		if _, err := out.Read(line); err != nil || string(line) != pressCtrlC {
			t.Errorf("%s: %q, %v", args, line, err)
		}
		out.Close()
		if err := cmd.Wait(); err != nil || errs.Len() > 0 {
			t.Errorf("%s: %v, %q", args, err, errs.String())
		}
		keys.Close()
	}
}

func TestLongCredentialsAreUsedForStreams(t *testing.T) {
	t.Parallel()
	needPeers(t)
	password := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz", 10)
	config := strings.Replace(logConfig, "[rpcinterface", "username=u\npassword="+password+"\n[rpcinterface", 1)
	config = strings.Replace(config, "serverurl", "username=u\npassword="+password+"\nserverurl", 1)
	d := startDaemon(t, config)
	d.wait(t, "entered RUNNING")
	s := onTerminal(t, d, false, "-c", d.client, "tail", "-f", "cat")
	s.expect("exit <==\n")
	d.append(t, "out.log", "seen\n")
	s.expect("seen\n")
	s.stop()
	if got := s.end(); !strings.HasSuffix(got, "seen\n^C\n[exit status 0]") {
		t.Errorf("%q", got)
	}
}

func TestStreamsWithoutChunksAreFollowed(t *testing.T) {
	inner := fakeHandler(map[string]string{"getVersion": fakeVersion})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			inner.ServeHTTP(w, r)
			return
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		fmt.Fprintf(conn, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n%s\n", r.URL.EscapedPath())
		conn.Close()
	}))
	defer srv.Close()
	conf := emptyConfig(t)
	out, errs, status := run(Env{}, "-c", conf, "-s", srv.URL, "tail", "-f", "a%2F?b:c", "stderr")
	if out != pressCtrlC+"/logtail/a%252F%3Fb:c/stderr\n" || status != 0 || !strings.HasPrefix(errs, "hint: ") {
		t.Errorf("%q %q, status %d", out, errs, status)
	}
}

func TestServersWithoutLogsAreToldOnTheErrorOutput(t *testing.T) {
	srv := fakeServer(t, map[string]string{"getVersion": fakeVersion})
	srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/RPC2":
			fakeHandler(map[string]string{"getVersion": fakeVersion}).ServeHTTP(w, r)
		case mainLogStream:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			http.NotFound(w, r)
		}
	})
	conf := emptyConfig(t)
	for args, want := range map[string]string{
		"tail -f x":   "/logtail/x/stdout Cannot read, status code 404\nhint: ",
		"maintail -f": "/mainlogtail Cannot read, status code 401\nhint: ",
	} {
		out, errs, status := run(Env{}, append([]string{"-c", conf, "-s", srv.URL}, strings.Fields(args)...)...)
		if out != pressCtrlC || status != 0 || !strings.HasPrefix(errs, srv.URL+want) {
			t.Errorf("%s: %q %q, status %d", args, out, errs, status)
		}
	}
}

func TestHistoryFileIsLeftAloneByOneCommand(t *testing.T) {
	srv := fakeServer(t, map[string]string{"getVersion": fakeVersion, "getPID": "<int>42</int>"})
	conf := emptyConfig(t)
	if out, _, status := run(Env{}, "-c", conf, "-s", srv.URL, "-r", conf+".history", "pid"); out != "42\n" || status != 0 {
		t.Errorf("%q, status %d", out, status)
	}
	if _, err := os.Stat(conf + ".history"); !os.IsNotExist(err) {
		t.Errorf("history: %v", err)
	}
}
