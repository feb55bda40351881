package main

import (
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// foregroundTranscript has the real supervisorctl bring programs to the foreground in a terminal, type into them, and look
// on while one dies.
func foregroundTranscript(t *testing.T, ctl, daemon string) string {
	dir := t.TempDir()
	conf := writeFile(t, dir, "conf", strings.ReplaceAll(`[supervisord]
nodaemon=true
logfile=DIR/log
pidfile=DIR/pid
childlogdir=DIR
[unix_http_server]
file=DIR/sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://DIR/sock
[program:cat]
command=/bin/cat
`, "DIR", dir))
	b := startDaemon(t, "supervisord started with pid", daemon, "-c", conf)
	b.out.WaitFor(t, "success: cat entered RUNNING state")
	var all strings.Builder
	for _, scene := range []func(s *foreground){
		func(s *foreground) {
			s.run("fg", "cat")
			s.sees("exit <==\n")
			s.types("hello\n")
			s.sees("hello\nhello\n")
			s.types("grüße\n")
			s.sees("grüße\ngrüße\n")
			s.types("\x03")
		},
		func(s *foreground) {
			s.run("tail", "-f", "cat")
			s.sees("grüße\n")
			s.types("\x03")
		},
	} {
		s := &foreground{t: t, ctl: ctl, conf: conf, out: &proctest.Output{}}
		scene(s)
		all.WriteString(s.end())
	}
	return normalise(dir, all.String())
}

// foreground is a supervisorctl in a terminal.
type foreground struct {
	t         *testing.T
	ctl, conf string
	cmd       *exec.Cmd
	tty       io.ReadWriteCloser
	out       *proctest.Output
	ended     chan struct{}
}

func (s *foreground) run(args ...string) {
	s.t.Helper()
	s.cmd = exec.Command(s.ctl, append([]string{"-c", s.conf}, args...)...)
	tty, err := pty.Start(s.cmd)
	if err != nil {
		s.t.Fatal(err)
	}
	s.tty, s.ended = tty, make(chan struct{})
	s.t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		tty.Close()
	})
	go func() {
		defer close(s.ended)
		_, _ = io.Copy(s.out, tty)
	}()
}

// text is what the terminal has shown, with plain line ends.
func (s *foreground) text() string { return strings.ReplaceAll(s.out.String(), "\r\n", "\n") }

func (s *foreground) sees(text string) {
	s.t.Helper()
	proctest.Eventually(s.t, text, func() (string, bool) { return s.text(), strings.Contains(s.text(), text) })
}

func (s *foreground) types(text string) {
	s.t.Helper()
	if _, err := io.WriteString(s.tty, text); err != nil {
		s.t.Fatal(err)
	}
}

// afterInterrupt is what supervisorctl says after Ctrl-C: it depends on where in its code that finds it.
var afterInterrupt = regexp.MustCompile(`(?s)\^C.*$`)

// end waits until supervisorctl has ended and returns what it has shown.
func (s *foreground) end() string {
	s.t.Helper()
	_ = s.cmd.Wait()
	s.tty.Close()
	<-s.ended
	shown := afterInterrupt.ReplaceAllString(s.text(), "^C\n")
	return "$ supervisorctl " + strings.Join(s.cmd.Args[3:], " ") + "\n" + shown + "[" + filepath.Base(s.ctl) + " ended]\n"
}

// TestForegroundOfTheRealClientSeesNoDifference compares fg and tail -f of Debian's supervisorctl against both daemons.
func TestForegroundOfTheRealClientSeesNoDifference(t *testing.T) {
	t.Parallel()
	ctl, supervisord := peer(t, "supervisorctl"), peer(t, "supervisord")
	want, got := foregroundTranscript(t, ctl, supervisord), foregroundTranscript(t, ctl, supdBinary)
	if want != got {
		t.Errorf("supervisord:\n%s\nsupd:\n%s", want, got)
	}
}
