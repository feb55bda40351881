//go:build linux

package ctl

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// A scene is one command that goes on until somebody ends it.
type scene struct {
	name   string
	args   string
	pipes  bool // instead of a terminal
	server string
	log    string // is in logTo, or out.log, beforehand
	logTo  string
	start  string // a program to start before, and to kill when the scene is over
	woken  bool   // the real client is told of an end by an empty line, which is left out
	act    func(s *screen)
}

const streamConfig = serverConfig + `
[program:cat]
command=/bin/cat
startsecs=0
autorestart=false
stdout_logfile=DIR/out.log
stderr_logfile=DIR/err.log
[program:both]
command=/bin/cat
startsecs=0
autorestart=false
stdout_logfile=DIR/both.log
redirect_stderr=true
[program:m]
command=/bin/cat
startsecs=0
process_name=p
stdout_logfile=DIR/p.log
[program:off]
command=/bin/cat
autostart=false
stdout_logfile=NONE
[program:quits]
command=/bin/sh -c "echo ready; read line; echo said $line; exit 3"
startsecs=0
autorestart=false
stdout_logfile=DIR/quits.log
[program:deaf]
command=/bin/sh -c "echo ready; exec 0<&-; exec sleep 1000"
startsecs=0
autostart=false
autorestart=false
stdout_logfile=DIR/deaf.log
`

// playScenes plays the scenes one after the other, with each client on a daemon of its own, and compares what was on the
// screen and how the client has ended.
func playScenes(t *testing.T, config string, scenes []scene) {
	t.Helper()
	needPeers(t)
	var shown [2][]string
	t.Run("play", func(t *testing.T) {
		for i, name := range []string{"ours", "theirs"} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				d := startDaemon(t, config)
				for range strings.Fields(logStreamPrograms) {
					d.wait(t, "entered RUNNING")
				}
				for _, c := range scenes {
					shown[i] = append(shown[i], playScene(t, d, name == "theirs", c))
				}
			})
		}
	})
	compare(t, shown[1], shown[0])
}

func playScene(t *testing.T, d *daemon, real bool, c scene) string {
	t.Helper()
	t.Log(c.name)
	d.call(t, "clearProcessLogs", "cat")
	d.append(t, cmp.Or(c.logTo, "out.log"), c.log)
	if c.start != "" {
		d.call(t, "startProcess", c.start)
		defer d.call(t, "signalProcess", c.start, "KILL")
	}
	args := append([]string{"-c", d.client}, strings.Fields(d.fill(c.server+" "+c.args))...)
	open := onTerminal
	if c.pipes {
		open = onPipes
	}
	s := open(t, d, real, args...)
	if c.act != nil {
		c.act(s)
	}
	if c.logTo == "" && strings.HasPrefix(c.args, "fg ") {
		// The real client waits for up to 30 seconds for another word from the program, which it does not show.
		s.expect("Exiting foreground\n")
		d.append(t, "out.log", "more\n")
	}
	shown := s.end()
	if c.woken {
		shown = strings.ReplaceAll(shown, "\n\n", "\n")
	}
	return fmt.Sprintf("%s: %s\n%s", c.name, c.args, shown)
}

// logStreamPrograms are the programs of streamConfig that start by themselves.
const logStreamPrograms = "cat both m quits"

func TestFollowedLogsAreThoseOfSupervisorctl(t *testing.T) {
	t.Parallel()
	config := strings.Replace(streamConfig, "[rpcinterface", `username=u
password=ßp:a
[inet_http_server]
port=127.0.0.1:PORT
username=u
password=a:ß
[rpcinterface`, 1)
	config = strings.Replace(config, "serverurl", "username=u\npassword=ßp:a\nserverurl", 1)
	grows := func(file string) func(s *screen) {
		return func(s *screen) {
			s.expect("exit <==\n")
			s.d.append(s.t, file, "first\n")
			s.expect("first\n")
			s.d.append(s.t, file, "grüße €\r\n\ttab\n")
			s.expect("tab\n")
			s.d.append(s.t, file, "end without newline")
			s.expect("newline")
			s.stop()
		}
	}
	playScenes(t, config, []scene{
		{name: "terminal", args: "tail -f cat", act: grows("out.log")},
		{name: "stderr", args: "tail -f cat stderr", act: grows("err.log")},
		{name: "pipes", args: "tail -f cat", pipes: true, act: grows("out.log")},
		{name: "group", args: "tail -f m:p", act: grows("p.log")},
		{name: "TCP", args: "tail -f cat", server: "-s http://127.0.0.1:PORT -u u -p a:ß", act: grows("out.log")},
		{name: "TCP with a path", args: "tail -f cat", server: "-s http://127.0.0.1:PORT/ -u u -p a:ß", act: grows("out.log")},
		{name: "at once", args: "tail -f cat", act: func(s *screen) {
			s.expect("exit <==\n")
			s.d.append(s.t, "out.log", "first\n")
			s.expect("first\n")
			s.stop()
		}},
		{name: "long log", args: "tail -f cat", log: strings.Repeat("0123456789", 1000) + "\n", act: func(s *screen) {
			s.expect("6789\n")
			release := s.d.hold(s.t)
			s.d.append(s.t, "out.log", strings.Repeat("abcdefghij", 10000)+"\nend\n")
			release()
			s.expect("end\n")
			s.stop()
		}},
		{name: "cut off", args: "tail -f cat", act: func(s *screen) {
			s.expect("exit <==\n")
			s.d.append(s.t, "out.log", "one\ntwo\n")
			s.expect("two\n")
			if err := os.Truncate(s.d.dir+"/out.log", 0); err != nil {
				s.t.Fatal(err)
			}
			// Here supervisord's own text, which it means to send, makes it end the stream.
		}},
		{name: "main log", args: "maintail -f", logTo: "s.log", log: strings.Repeat("0123456789\n", 100), act: func(s *screen) {
			s.expect("0123456789\n") // the head has been read: what comes now is not in it
			s.d.append(s.t, "s.log", "added line\n")
			s.expect("added line\n")
			s.stop()
		}},
		{name: "no such program", args: "tail -f nope"},
		{name: "no such log", args: "tail -f off"},
		{name: "no stderr", args: "tail -f both stderr"},
		{name: "a group", args: "tail -f m:*"},
		{name: "server ends", args: "tail -f cat", act: func(s *screen) {
			s.expect("exit <==\n")
			s.d.append(s.t, "out.log", "first\n")
			s.expect("first\n")
			s.d.signal(s.t, syscall.SIGKILL)
		}},
	})
}

// stop ends the client as Ctrl-C does.
func (s *screen) stop() {
	s.settle()
	if s.cmd.SysProcAttr != nil {
		s.press("\x03")
	} else {
		s.interrupt()
	}
}

func TestForegroundIsThatOfSupervisorctl(t *testing.T) {
	t.Parallel()
	playScenes(t, streamConfig, []scene{
		{name: "typing", args: "fg cat", act: func(s *screen) {
			s.expect("exit <==\n")
			s.press("hello\n")
			s.expect("hello\nhello\n")
			s.press("grüße €\n")
			s.expect("grüße €\ngrüße €\n")
			s.press("  \"<&>'  two\twords \n")
			s.expect("words \n")
			s.expect("words \n")
			s.press("\n")
			s.expect("\n\n")
			s.stop()
		}},
		{name: "end of input", args: "fg cat", act: func(s *screen) {
			s.expect("exit <==\n")
			s.press("hello\n")
			s.expect("hello\nhello\n")
			s.press("\x04")
		}},
		{name: "half a line", args: "fg cat", act: func(s *screen) {
			s.expect("exit <==\n")
			s.press("hello\n")
			s.expect("hello\nhello\n")
			s.press("not sent")
			s.expect("not sent")
			s.stop()
		}},
		{name: "stderr", args: "fg cat", act: func(s *screen) {
			s.expect("exit <==\n")
			s.d.append(s.t, "err.log", "an error\n")
			s.expect("an error\n")
			s.press("hello\n")
			s.expect("hello\nhello\n")
			s.stop()
		}},
		{name: "pipes", args: "fg cat", pipes: true, act: func(s *screen) {
			s.expect("exit <==\n")
			s.press("hello\n")
			s.expect("hello\n")
			s.stop()
		}},
		{name: "the program does not read", args: "fg deaf", logTo: "none", start: "deaf", act: func(s *screen) {
			s.expect("ready\n")
			s.press("hello\n")
			s.expect("Exiting foreground\n")
			s.d.append(s.t, "deaf.log", "more\n")
		}},
		{name: "the program is killed", args: "fg cat", woken: true, act: func(s *screen) {
			s.expect("exit <==\n")
			s.press("hello\n")
			s.expect("hello\nhello\n")
			s.d.call(s.t, "signalProcess", "cat", "KILL")
			s.d.wait(s.t, "exited: cat")
			if s.cmd.Path == realClient {
				s.press("\n")
			}
			s.expect("got killed\n")
		}},
		{name: "not running", args: "fg cat", logTo: "none"},
	})
}
