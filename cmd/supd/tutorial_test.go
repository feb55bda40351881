package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// A fence is one fenced block of a page: what stands behind the three backquotes, and its text.
type fence struct {
	info string
	text string
}

func fences(page string) []fence {
	var out []fence
	for _, m := range regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$").FindAllStringSubmatch(page, -1) {
		out = append(out, fence{m[1], m[2]})
	}
	return out
}

// A step is a command of a console block and what it prints.
type step struct {
	command string
	prints  string
}

func steps(t *testing.T, text string) []step {
	t.Helper()
	var out []step
	for line := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			out = append(out, step{command: strings.TrimSpace(command)})
			continue
		}
		if len(out) == 0 {
			t.Fatalf("a console block must begin with a command: %q", text)
		}
		out[len(out)-1].prints += line
	}
	return out
}

// pattern makes an expression of an answer in a page: … is anything within a line, numbers and times are any.
func pattern(prints string) *regexp.Regexp {
	p := regexp.QuoteMeta(prints)
	p = strings.ReplaceAll(p, "…", ".*")
	p = regexp.MustCompile(`pid \d+`).ReplaceAllString(p, `pid \d+`)
	p = regexp.MustCompile(`uptime \d+:\d\d:\d\d`).ReplaceAllString(p, `uptime \d+:\d\d:\d\d`)
	return regexp.MustCompile("^" + p + "$")
}

// TestTutorial does what the tutorial says, in a directory of its own, and compares the answers. Blocks marked "ini FILE" are
// written to a file, "ini +FILE" are added to it, "console" are commands and answers.
func TestTutorial(t *testing.T) {
	dir, bin := t.TempDir(), t.TempDir()
	if err := os.Symlink(supdBinary, filepath.Join(bin, "supd")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Cleanup(func() { // when a step has failed
		_ = exec.Command(supdBinary, "ctl", "-c", filepath.Join(dir, "supervisord.conf"), "shutdown").Run()
		proctest.Eventually(t, "supd to end", func() (string, bool) {
			_, err := os.Stat(filepath.Join(dir, "supd.sock"))
			return "its socket", os.IsNotExist(err)
		})
	})
	commands := 0
	for _, f := range fences(read(t, "../../docs/tutorial/first-steps.md")) {
		kind, name, _ := strings.Cut(f.info, " ")
		switch {
		case kind == "console" && name == "":
			for _, s := range steps(t, f.text) {
				commands++
				doStep(t, dir, s)
			}
		case kind == "ini" && name != "":
			flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
			if plain, add := strings.CutPrefix(name, "+"); add {
				name, flags = plain, os.O_WRONLY|os.O_APPEND
			}
			w, err := os.OpenFile(filepath.Join(dir, name), flags, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.WriteString(f.text); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("the block %q is not tested: mark it console, ini FILE or ini +FILE", f.info)
		}
	}
	if commands < 10 {
		t.Errorf("only %d commands were found", commands)
	}
}

// doStep runs one command and compares what it prints. Looking again until it is as expected is what a reader does too:
// only commands that change nothing are run again.
func doStep(t *testing.T, dir string, s step) {
	t.Helper()
	want := pattern(strings.ReplaceAll(s.prints, "/home/you/first", dir))
	look := func() (string, bool) {
		cmd := exec.Command("/bin/bash", "-c", s.command)
		cmd.Dir = dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		out, err := cmd.CombinedOutput()
		if err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), want.Match(out)
	}
	for _, harmless := range []string{"supd ctl status", "cat ", "grep "} {
		if strings.HasPrefix(s.command, harmless) {
			proctest.Eventually(t, "$ "+s.command+"\n"+s.prints, look)
			return
		}
	}
	if got, ok := look(); !ok {
		t.Fatalf("$ %s\n%s\nthe page says:\n%s", s.command, got, s.prints)
	}
}
