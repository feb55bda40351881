package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// TestShellsCompleteCommandLines types half a command line and TAB into real shells, and has the shell run what they
// made of it.
func TestShellsCompleteCommandLines(t *testing.T) {
	dir, conf := site(t, `[program:ape]
command=/bin/cat
autostart=false
[group:zoo]
programs=ape
[program:off]
command=/bin/cat
autostart=false
`)
	startDaemon(t, up, supdBinary, "-c", conf)
	for _, shell := range []struct {
		name   string
		args   []string
		before []string // makes it know the script
	}{
		{"bash", []string{"--norc", "--noprofile", "-i"}, []string{"source <(supd completion bash)"}},
		{"zsh", []string{"-f", "-i"}, []string{"autoload -U compinit; compinit -u -D", "source <(supd completion zsh)"}},
		{"fish", []string{"--no-config", "-i"}, []string{"supd completion fish | source"}},
	} {
		t.Run(shell.name, func(t *testing.T) {
			s := typeInto(t, dir, shell.name, shell.args...)
			for _, line := range shell.before {
				s.send(line + "\r")
			}
			s.send("echo re''ady\r")
			s.wait("ready")
			s.send("supd ct\tstat\t-c\t\025") // no harm comes from completion in the middle of nonsense
			s.send("supd ctl -c " + conf + " stat\tzoo:a\t\r")
			s.wait("zoo:ape                          STOPPED   Not started")
			s.send("supd ctl -c " + conf + " -o js\tpid of\t\r")
			s.wait(`"namespec": "off",`)
			s.send("supd ctl -c " + conf + " run x --sa\t--option nic\t5\025")
			s.send("supd ctl -c " + conf + " logta\t-t stde\tnope\r")
			s.wait("nope: ERROR (no such process name)")
			s.send("supd ver\t\r")
			s.wait("unknown")
			s.send("exit\r")
			s.end()
		})
	}
}

// TestBashCompletionTellsBashOnlyWhatFollowsAColon asks the function for what bash would show.
func TestBashCompletionTellsBashOnlyWhatFollowsAColon(t *testing.T) {
	dir, conf := site(t, "[program:ape]\ncommand=/bin/cat\nautostart=false\n[group:zoo]\nprograms=ape\n")
	startDaemon(t, up, supdBinary, "-c", conf)
	script := writeFile(t, dir, "script", bashCompletion+`
ask() {
	COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
	_supd 2>/dev/null
	echo "${COMPREPLY[*]}"
}
while IFS= read -r line; do ask "$line"; done
`)
	for line, want := range map[string]string{
		"supd ctl -c CONF start zoo:":   "ape *",
		"supd ctl -c CONF start zo":     "zoo:ape zoo:*",
		"supd ctl -c CONF start zoo:ap": "ape",
		"supd ctl -c CONF re":           "reload remove reread restart",
		"supd   ctl  -c CONF   vers":    "version",
		"supd ctl -c CONF status --":    "--watch --output",
		"supd ctl -c CONF rm zo":        "zoo:ape",
		"supd ctl -c CONF run":          "run",
		"supd ctl -c CONF run x --":     "--group --option --save --output",
		"supd ctl -c CONF run x -- l":   "",
		"supd ctl -c CONF start-group ": "zoo",
		"supd ctl -c CONF get-env PW":   "PWD",
		"supd ctl -c CONF logtail -t ":  "stdout stderr",
		"supd ctl -c /nope start x":     "",
		"supd completion ":              "bash zsh fish",
		"supd c":                        "check completion ctl",
	} {
		cmd := exec.Command("bash", "--norc", "--noprofile", script)
		cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(supdBinary)+":"+os.Getenv("PATH"), `COMP_WORDBREAKS= "'><=;|&(:`)
		cmd.Stdin = strings.NewReader(strings.ReplaceAll(line, "CONF", conf) + "\n")
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", line, got, err, want)
		}
	}
}

func TestCompletionWithoutAShellSaysWhichThereAre(t *testing.T) {
	for _, args := range [][]string{nil, {"tcsh"}, {"bash", "zsh"}} {
		var out, errs bytes.Buffer
		if status := run("supd", append([]string{"completion"}, args...), &out, &errs); status != exitUsage || out.Len() > 0 || !strings.Contains(errs.String(), "bash, zsh or fish") {
			t.Errorf("%q: %q %q, status %d", args, out.String(), errs.String(), status)
		}
	}
	var out, errs bytes.Buffer
	if status := run("supd", []string{"completion", "-h"}, &out, &errs); status != 0 || !strings.Contains(out.String(), "bash_completion.d") {
		t.Errorf("%q %q, status %d", out.String(), errs.String(), status)
	}
}

// A typed is a shell on a terminal.
type typed struct {
	t      *testing.T
	master *os.File
	out    *proctest.Output
	ended  chan struct{}
}

// typeInto starts a shell that finds the supd under test.
func typeInto(t *testing.T, dir, name string, args ...string) *typed {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%v; type: apt-get install -y %s", err, name)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + filepath.Dir(supdBinary) + ":" + os.Getenv("PATH"), "HOME=" + dir, "TERM=xterm", "LC_ALL=C.UTF-8", "PS1=$ "}
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 200})
	if err != nil {
		t.Fatal(err)
	}
	s := &typed{t: t, master: master, out: &proctest.Output{}, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		_, _ = io.Copy(s.out, master) // ends with an error when the shell has
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-s.ended
		master.Close()
	})
	return s
}

func (s *typed) send(text string) {
	s.t.Helper()
	if _, err := s.master.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

// wait waits until the terminal has been written text.
func (s *typed) wait(text string) {
	s.t.Helper()
	s.out.WaitFor(s.t, text)
}

func (s *typed) end() {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(proctest.Deadline):
		s.t.Fatalf("the shell does not end; it printed\n%s", s.out)
	}
}
