package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestTopShowsWhatHappens has a real terminal watch programs die, come back and be stopped, over a unix socket and over TCP.
func TestTopShowsWhatHappens(t *testing.T) {
	dir, address := pageSite(t, "username=u\npassword=p\n", `
[program:web]
command=/bin/sh -c 'echo $$ > DIR/web.pid; printf "hello from web\n\033[31mred\033[0m\033]0;title\007\n"; exec sleep 1000'
startsecs=0
[group:team]
programs=a,b
strategy=one_for_all
intensity=3
[program:a]
command=/bin/sleep 1000
startsecs=0
[program:b]
command=/bin/false
startretries=0
`)
	for name, args := range map[string][]string{
		"unix": {"ctl", "-c", dir + "/conf", "top"},
		"tcp":  {"ctl", "-s", address, "-u", "u", "-p", "p", "top"},
	} {
		t.Run(name, func(t *testing.T) {
			s := onScreen(t, 110, 30, nil, supdBinary, args...)
			s.line("web", "running")
			s.line("team", "of 2 running", "one_for_all")
			s.line("team:b", "fatal")
			s.shows("memory")

			// It dies and comes back.
			pid, err := strconv.Atoi(strings.TrimSpace(read(t, dir+"/web.pid")))
			if err != nil {
				t.Fatal(err)
			}
			s.line("web", "running", strconv.Itoa(pid))
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			s.wait("another process", func(text string) bool {
				for l := range strings.Lines(text) {
					if strings.Contains(l, " web ") && strings.Contains(l, "running") && !strings.Contains(l, strconv.Itoa(pid)) {
						return true
					}
				}
				return false
			})
			s.press("e")
			s.shows("events of ")
			s.press("E")
			s.shows("SIGKILL")

			// Its log, and why.
			s.press("/web\r")
			s.shows("filter: web")
			s.press("l")
			s.shows("log of web")
			s.shows("hello from web")
			s.shows("red")
			s.press("w")
			s.shows("because")
			s.press("d")
			s.shows("command = ")

			// A stop asks first; no is no, yes is yes.
			s.press("x")
			s.shows("Stop web?")
			s.press("n")
			s.shows("nothing was done")
			s.press("x")
			s.shows("Stop web?")
			s.press("y")
			s.line("web", "stopped")
			s.press("s")
			s.line("web", "running")

			// Another size, help, and the end.
			s.resize(70, 40)
			s.press("?")
			s.shows("only programs that are not well")
			s.press(" q")
			if state := s.end(); !state.Success() {
				t.Errorf("it ended with %v", state)
			}
		})
	}
}

// TestTopGivesTheTerminalBack ends it in all ways.
func TestTopGivesTheTerminalBack(t *testing.T) {
	dir, conf := site(t, "[program:web]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
	d := startDaemon(t, up, supdBinary, "-c", conf)
	for _, tt := range []struct {
		name string
		end  func(*screen)
		want string
	}{
		{"q", func(s *screen) { s.press("q") }, "exit status 0"},
		{"Ctrl-C", func(s *screen) { s.press("\x03") }, "exit status 0"},
		{"TERM", func(s *screen) { _ = s.cmd.Process.Signal(syscall.SIGTERM) }, "signal: terminated"},
		{"HUP", func(s *screen) { _ = s.cmd.Process.Signal(syscall.SIGHUP) }, "signal: hangup"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := onScreen(t, 80, 24, nil, supdBinary, "ctl", "-c", conf, "top")
			s.line("web", "running")
			tt.end(s)
			if got := s.end().String(); got != tt.want {
				t.Errorf("it ended with %s, not %s", got, tt.want)
			}
		})
	}
	t.Run("from the shell", func(t *testing.T) {
		s := onScreen(t, 80, 24, nil, supdBinary, "ctl", "-c", conf)
		s.shows("supervisor>")
		s.press("top\r")
		s.line("web", "running")
		s.shows("? help")
		s.press("?")
		s.shows("any key goes back")
		s.press(" q")
		s.wait("the prompt", func(text string) bool {
			return !strings.Contains(text, "any key") && strings.Contains(text, "supervisor>")
		})
		s.press("pid web\r")
		s.wait("the pid", func(text string) bool { return regexp.MustCompile(`(?m)^\d+ *$`).MatchString(text) })
		s.press("exit\r")
		if got := s.end().String(); got != "exit status 0" {
			t.Errorf("it ended with %s", got)
		}
	})
	t.Run("without colours", func(t *testing.T) {
		s := onScreen(t, 80, 24, []string{"NO_COLOR=1"}, supdBinary, "ctl", "-c", conf, "top")
		s.line("web", "running")
		s.mu.Lock()
		for y := range 24 {
			for x := range 80 {
				if c := s.shown.CellAt(x, y); c != nil && (c.Style.Fg != nil || c.Style.Bg != nil) {
					t.Errorf("there is a colour at %d, %d", x, y)
				}
			}
		}
		s.mu.Unlock()
		s.press("q")
		s.end()
	})
	t.Run("while supd restarts", func(t *testing.T) {
		s := onScreen(t, 80, 24, nil, supdBinary, "ctl", "-c", conf, "top")
		s.line("web", "running")
		before := read(t, dir+"/pid")
		if err := syscall.Kill(d.cmd.Process.Pid, syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		s.press("E")
		s.shows("supd has begun anew")
		s.shows("● 1 running")
		if read(t, dir+"/pid") != before {
			t.Error("it was no soft restart")
		}
		s.press("q")
		s.end()
	})
}

// TestTopOnce prints it once, for people and for a machine, and says why it cannot.
func TestTopOnce(t *testing.T) {
	_, conf := site(t, "[program:web]\ncommand=/bin/sh -c 'while :; do :; done'\nstartsecs=0\n")
	startDaemon(t, up, supdBinary, "-c", conf)
	out, status := ctlIn(t, conf, "top")
	if status != 0 || !strings.Contains(out, "web  ") || !strings.Contains(out, "● running") || strings.Contains(out, "\x1b") {
		t.Errorf("%d\n%s", status, out)
	}
	out, status = ctlIn(t, conf, "-o", "json", "top", "--once")
	var rows []struct {
		Namespec  string
		PID       int
		CPU       float64
		Memory    int64
		Processes int
	}
	if err := json.Unmarshal([]byte(out), &rows); err != nil || status != 0 || len(rows) != 1 {
		t.Fatalf("%d %v\n%s", status, err, out)
	}
	if r := rows[0]; r.Namespec != "web" || r.PID == 0 || r.CPU < 5 || r.Memory == 0 || r.Processes != 1 {
		t.Errorf("%+v", r)
	}
	if out, status := ctlIn(t, conf, "top", "web"); status != 1 || !strings.Contains(out, "accepts no arguments") {
		t.Errorf("%d\n%s", status, out)
	}
}

// TestTopNeedsSupd points it at the original, which has nothing to show it.
func TestTopNeedsSupd(t *testing.T) {
	original := peer(t, "supervisord")
	_, conf := site(t, "[program:web]\ncommand=/bin/sleep 1000\n")
	startDaemon(t, "supervisord started with pid", original, "-n", "-c", conf)
	if out, status := ctlIn(t, conf, "top"); status != 1 || !strings.Contains(out, "it has no /api/v1: it is supervisord, or a supd older than this client") {
		t.Errorf("%d\n%s", status, out)
	}
}

// TestScreenshotOfTop takes the picture of the documents.
func TestScreenshotOfTop(t *testing.T) {
	if os.Getenv("SUPD_SCREENSHOTS") == "" {
		t.Skip("make screenshots takes it")
	}
	dir, _ := pageSite(t, "", demoPrograms)
	s := onScreen(t, 116, 34, nil, supdBinary, "ctl", "-c", dir+"/conf", "top")
	s.line("queue", "backoff")
	s.line("import", "fatal")
	s.press("/api\r")
	s.shows("filter: api")
	s.press("l")
	s.shows("products")
	s.press("/\x15\r")
	s.line("shop:api", "running", "MB")
	s.line("shop:api", " 17s ")
	page := writeFile(t, dir, "top.html", s.html())
	b := openBrowser(t)
	b.screen(1010, 668, "dark")
	b.run(chromedp.Navigate("file://" + page))
	b.shoot("top.png")
	s.press("q")
	s.end()
}
