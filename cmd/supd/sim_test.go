package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor/golden"
)

// The transcripts of the page are what supd prints.
func TestDocsOfSimulations(t *testing.T) {
	const file = "../../docs/how-to/simulate.md"
	page, dir, commands := read(t, file), t.TempDir(), 0
	for _, f := range fences(page) {
		kind, name, _ := strings.Cut(f.info, " ")
		if kind != "console" {
			writeFile(t, dir, name, f.text)
			continue
		}
		command, _, _ := strings.Cut(f.text, "\n")
		out, status := runTool(t, dir, supdBinary, strings.Fields(command)[2:]...)
		if status != 0 {
			t.Errorf("%s: status %d: %s", command, status, out)
		}
		page = strings.Replace(page, f.text, command+"\n"+out, 1)
		commands++
	}
	if commands < 3 {
		t.Errorf("only %d commands were found", commands)
	}
	golden.Check(t, file, page)
}

const simConf = "[supervisord]\n[program:web]\ncommand=/opt/web\n"

// A script that is wrong is refused with file and line, each of its errors.
func TestSimRefusesWhatMakesNoSense(t *testing.T) {
	dir := t.TempDir()
	conf := writeFile(t, dir, "web.conf", simConf)
	for _, c := range []struct{ script, want string }{
		{"\nweb sleeps", `:2: "sleeps" is nothing that can be said of a program, which is 'stays up'`},
		{"at 1s stop", ":1: cannot make sense of 'stop'; allowed commands: "},
		{"stop web", ":1: a command needs a time: at 10s stop web"},
		{"at noon stop web", `:1: "noon" is no time; write 500ms, 10s, 1m30s or 2h`},
		{"web exits 256 after 1s", `:1: an exit status is a number from 0 to 255, not "256"`},
		{"web ignores TREM", `:1: "TREM" is no signal`},
		{"web uses 3XB", `:1: "3XB" is no size`},
		{"web life 0 stays up", ":1: the lives of a program are numbered from 1"},
		{"at 1s stop wbe", `:1: there is no program "wbe" in the configuration; did you mean web?`},
		{"at 1s add wbe", `:1: there is no program "wbe"`},
		{"at 1s update none.conf", ":1: could not find config file"},
		{"at 1s", ":1: 'at' needs a time and what happens then"},
	} {
		script := writeFile(t, dir, "bad.sim", c.script)
		out, errs, status := called("supd", "sim", conf, "--script", script)
		if status != exitUsage || out != "" || !strings.Contains(errs, script+c.want) {
			t.Errorf("%q: status %d, %s%s", c.script, status, out, errs)
		}
	}
	for _, args := range [][]string{{}, {conf, conf}, {conf, "--until", "0s"}, {conf, "--seed", "x"}, {conf, "--script", "/no/such"}, {"/no/such"}} {
		if _, errs, status := called("supd", append([]string{"sim"}, args...)...); status != exitUsage || !strings.HasPrefix(errs, "Error: ") {
			t.Errorf("%q: status %d: %s", args, status, errs)
		}
	}
}

// As JSON each line is an object; causes lead back.
func TestSimPrintsJSON(t *testing.T) {
	dir := t.TempDir()
	conf := writeFile(t, dir, "web.conf", simConf)
	script := writeFile(t, dir, "a.sim", "all stays up\nat 5s stop web\n")
	out, errs, status := called("supd", "sim", conf, "--script", script, "--until", "1m", "-o", "json")
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	kinds, request, cause := map[string]int{}, uint64(0), uint64(0)
	for line := range strings.Lines(out) {
		var l simLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		kinds[l.Kind]++
		switch {
		case l.Kind == "request":
			request = l.Seq
		case l.To == "STOPPING":
			cause = l.Cause
		}
	}
	if request == 0 || cause != request {
		t.Errorf("the stop comes of %d, the request is %d", cause, request)
	}
	for _, kind := range []string{"tree", "transition", "request", "command", "answer", "program", "end"} {
		if kinds[kind] == 0 {
			t.Errorf("no line is of kind %s:\n%s", kind, out)
		}
	}
}

// Processes of their own print the same for the same seed.
func TestSimRepeatsItself(t *testing.T) {
	conf := writeFile(t, t.TempDir(), "web.conf", simConf+"[program:db]\ncommand=/opt/db\n")
	transcript := func(seed string) string {
		out, err := exec.Command(supdBinary, "sim", conf, "--seed", seed).Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	first := transcript("7")
	if again := transcript("7"); again != first {
		t.Errorf("%s\nand then:\n%s", first, again)
	}
	if other := transcript("8"); other == first {
		t.Errorf("another seed gives the same:\n%s", other)
	}
	if left, _ := filepath.Glob(filepath.Dir(conf) + "/*"); len(left) != 1 {
		t.Errorf("files are left: %q", left)
	}
}
