package ctl

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// is makes a program in a state.
func is(name, state string, pid int, description string) programInfo {
	codes := map[string]int{"STOPPED": 0, "STARTING": 10, "RUNNING": 20, "FATAL": 200}
	return programInfo{Name: name, Group: name, Namespec: name, StateName: state, State: codes[state], PID: pid, Description: description}
}

var at = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func TestWatchOnAPipePrintsChanges(t *testing.T) {
	var out, errs strings.Builder
	s := &session{env: Env{Stdout: &out, Stderr: &errs}.complete()}
	show := s.changeLines(func() time.Time { return at })
	show([]programInfo{is("a", "RUNNING", 1, "pid 1, uptime 0:00:01"), is("b", "STOPPED", 0, "Not started")}, nil)
	show([]programInfo{is("a", "RUNNING", 1, "pid 1, uptime 0:00:02"), is("b", "STOPPED", 0, "Not started")}, nil)
	show(nil, errors.New("refused"))
	show(nil, errors.New("refused"))
	show([]programInfo{is("a", "RUNNING", 2, "pid 2, uptime 0:00:00")}, nil)
	show(nil, errors.New("refused"))
	want := `2026-03-04 05:06:07 a                                RUNNING   pid 1, uptime 0:00:01
2026-03-04 05:06:07 b                                STOPPED   Not started
2026-03-04 05:06:07 error: refused
2026-03-04 05:06:07 a                                RUNNING   pid 2, uptime 0:00:00
2026-03-04 05:06:07 b                                removed
2026-03-04 05:06:07 error: refused
`
	if out.String() != want || errs.String() != "" {
		t.Errorf("%s%s", out.String(), errs.String())
	}

	out.Reset()
	s.format = formatJSON
	show = s.changeLines(func() time.Time { return at })
	show([]programInfo{is("a", "RUNNING", 1, "")}, nil)
	show(nil, errors.New("refused"))
	show([]programInfo{is("a", "FATAL", 0, "")}, nil)
	var states []string
	for dec := json.NewDecoder(strings.NewReader(out.String())); dec.More(); {
		var p programInfo
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		states = append(states, p.StateName)
	}
	if strings.Join(states, " ") != "RUNNING FATAL" || !strings.Contains(errs.String(), "error: refused") || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("%s%s", out.String(), errs.String())
	}
}

func TestWatchDrawsOnlyWhatHasChanged(t *testing.T) {
	width, height := 60, 5
	s := &display{title: "unix:///s", size: func() (int, int) { return width, height }}
	all := []programInfo{is("a", "RUNNING", 1, "pid 1, uptime 0:00:01"), is("b", "STOPPED", 0, "Not started")}
	draw := func(step, want string) {
		t.Helper()
		if got := s.draw(all, nil); got != want {
			t.Errorf("%s: %q, want %q", step, got, want)
		}
	}
	title := "unix:///s  RUNNING 1, STOPPED 1  Ctrl-C ends"
	a := "a                                RUNNING   pid 1, uptime 0:0"
	b := "b                                STOPPED   Not started"
	draw("first", "\x1b[2J\x1b[1;1H"+title+"\x1b[K\x1b[2;1H"+a+"\x1b[K\x1b[3;1H"+b+"\x1b[K")
	draw("nothing new", "")
	width = 80
	draw("wider", "\x1b[2J\x1b[1;1H"+title+"\x1b[K\x1b[2;1H"+a+"0:01\x1b[K\x1b[3;1H"+b+"\x1b[K")
	all[0].Description = "pid 1, uptime 0:00:02"
	draw("uptime", "\x1b[2;1H"+a+"0:02\x1b[K")
	all = all[1:]
	draw("one gone", "\x1b[1;1Hunix:///s  STOPPED 1  Ctrl-C ends\x1b[K\x1b[2;1H"+b+"\x1b[K\x1b[3;1H\x1b[K")
	if got := s.draw(nil, errors.New("refused")); got != "\x1b[1;1Hno answer: refused  Ctrl-C ends\x1b[K" {
		t.Errorf("error: %q", got)
	}
	all = nil
	for range 9 {
		all = append(all, is("x", "FATAL", 0, ""))
	}
	if got := s.draw(all, nil); !strings.Contains(got, "\x1b[5;1H... and 6 more; a higher window shows them") || strings.Contains(got, "\x1b[6;1H") {
		t.Errorf("more than fit: %q", got)
	}
	s.colour, width, height = true, 36, 20
	if got := s.draw(all, nil); !strings.Contains(got, "x"+strings.Repeat(" ", 32)+"FAT\x1b[K") {
		t.Errorf("cut within the state: %q", got)
	}
	width = 50
	if got := s.draw(all, nil); !strings.Contains(got, "\x1b[31mFATAL\x1b[0m") {
		t.Errorf("colour: %q", got)
	}
}

func TestWatchAsksWhenTheClockTicksAndDrawsWhenTheSizeChanges(t *testing.T) {
	tick, size, done := make(chan time.Time), make(chan os.Signal), make(chan struct{})
	shown := make(chan int)
	fetched := 0
	w := &watch{tick: tick, size: size, done: done,
		fetch: func() ([]programInfo, error) { fetched++; return nil, nil },
		show:  func([]programInfo, error) { shown <- fetched }}
	ended := make(chan struct{})
	go func() { defer close(ended); w.run() }()
	var got []int
	got = append(got, <-shown)
	tick <- at
	got = append(got, <-shown)
	size <- nil
	got = append(got, <-shown)
	tick <- at
	got = append(got, <-shown)
	close(done)
	<-ended
	if got[0] != 1 || got[1] != 2 || got[2] != 2 || got[3] != 3 {
		t.Errorf("fetched %v", got)
	}
}

// changing is a server whose program has another process each time, and how many connections it has had.
func changing(t *testing.T) (url string, connections *atomic.Int32) {
	t.Helper()
	var asked atomic.Int32
	connections = new(atomic.Int32)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pid := int(asked.Add(1))
		p := strings.Replace(program("web", "web", "RUNNING", 20, "pid N, uptime 0:00:01"), "<int>7<", "<int>"+string(rune('0'+pid%10))+"<", 1)
		p = strings.Replace(p, "pid N", "pid "+string(rune('0'+pid%10)), 1)
		fakeHandler(map[string]string{
			"getVersion":        fakeVersion,
			"getAllProcessInfo": "<array><data>" + p + program("off", "off", "STOPPED", 0, "Not started") + "</data></array>",
		}).ServeHTTP(w, r)
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.URL, connections
}

func TestWatchOnATerminal(t *testing.T) {
	t.Parallel()
	url, connections := changing(t)
	x := openTerminal(t, "-c", emptyConfig(t), "-s", url, "status", "--watch", "w*")
	x.wait("RUNNING 1  Ctrl-C ends")
	x.wait("web                              RUNNING   pid 3, uptime 0:00:01")
	x.wait("web                              RUNNING   pid 4, uptime 0:00:01")
	x.send("typed" + enter)
	x.resize(40, 10)
	x.wait("web                              RUNNING")
	x.send(ctrlC)
	x.wait("web                              RUNNING   pid ")
	if status := x.end(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	raw := string(x.raw())
	if !strings.HasPrefix(raw, enterScreen) || strings.Count(raw, leaveScreen) != 1 || strings.Contains(raw, "off") || strings.Contains(raw, "typed") {
		t.Errorf("%q", raw)
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestWatchInTheShellReturnsToThePrompt(t *testing.T) {
	t.Parallel()
	url, _ := changing(t)
	x := shellOn(t, url, "")
	x.wait(prompt)
	x.send("status -w" + enter)
	x.wait("Ctrl-C ends")
	x.wait("off ")
	x.send(ctrlC)
	x.wait(prompt)
	x.send("status nope" + enter)
	x.wait("nope: ERROR (no such process)\n" + prompt)
	x.send(ctrlD)
	x.end()
}

func TestWatchEndsWithItsContext(t *testing.T) {
	proctest.LeakCheck(t)
	url, _ := changing(t)
	ctx, cancel := context.WithCancel(context.Background())
	out := &cancelling{after: "RUNNING", cancel: cancel}
	cmd := Command(Env{Stdout: out})
	cmd.SetArgs([]string{"-c", emptyConfig(t), "-s", url, "status", "-w"})
	if err := cmd.ExecuteContext(ctx); err != nil {
		t.Error(err)
	}
	if got := string(out.text); strings.Count(got, "\n") != 2 || !strings.Contains(got, " off ") {
		t.Errorf("%q", got)
	}
}

func TestWatchOfUnknownNamesEnds(t *testing.T) {
	url, _ := changing(t)
	out, _, status := run(Env{}, "-c", emptyConfig(t), "-s", url, "status", "-w", "nope")
	if out != "nope: ERROR (no such process)\n" || status != exitUnknown {
		t.Errorf("%q, status %d", out, status)
	}
}

// cancelling is an output that calls cancel when it has got the text after.
type cancelling struct {
	text   []byte
	after  string
	cancel func()
}

func (c *cancelling) Write(b []byte) (int, error) {
	c.text = append(c.text, b...)
	if strings.Contains(string(c.text), c.after) && c.cancel != nil {
		c.cancel()
	}
	return len(b), nil
}
