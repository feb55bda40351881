package confload

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const python = "/usr/bin/python3"

var peerError = sync.OnceValue(func() error {
	return exec.Command(python, "-c", "import supervisor.options").Run()
})

// needPeer fails the test when supervisord's modules are not there.
func needPeer(t *testing.T) {
	t.Helper()
	if peerError() != nil {
		t.Fatal("supervisord is needed to compare with: apt-get install -y supervisor")
	}
}

// An answer is what peer.py says to one question.
type answer struct {
	OK  json.RawMessage `json:"ok"`
	Err *string         `json:"err"`
}

// into decodes a good answer.
func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(a.OK, v); err != nil {
		t.Fatalf("answer %s: %v", a.OK, err)
	}
}

// ask puts questions to supervisord's modules.
func ask(t *testing.T, questions [][]any) []answer {
	t.Helper()
	needPeer(t)
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, q := range questions {
		if err := enc.Encode(q); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(python, "testdata/peer.py")
	cmd.Stdin = &in
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("peer.py: %v", err)
	}
	var answers []answer
	sc := bufio.NewScanner(bytes.NewReader(out))
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		var a answer
		if err := json.Unmarshal(sc.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, a)
	}
	if len(answers) != len(questions) {
		t.Fatalf("%d answers to %d questions", len(answers), len(questions))
	}
	return answers
}

// testOptions are options that do not depend on the machine.
func testOptions(t *testing.T) Options {
	return Options{Environ: []string{"HOME=/home/me", "SECRET=hunter2", "PCT=100%s", "N=7"}, Hostname: "box", TempDir: t.TempDir()}
}

// parse parses text as a file in a new directory, with a [supervisord] section before it unless it has one.
func parse(t *testing.T, text string) (*Config, error) {
	t.Helper()
	return parseIn(t, t.TempDir(), text)
}

func parseIn(t *testing.T, dir, text string) (*Config, error) {
	t.Helper()
	if !strings.Contains(text, "[supervisord]") {
		text = "[supervisord]\n" + text
	}
	return Parse(filepath.Join(dir, "s.conf"), []byte(text), testOptions(t))
}

// mustParse is parse for a text that is right.
func mustParse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := parse(t, text)
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, text)
	}
	return c
}

// program returns the only program of a configuration.
func program(t *testing.T, text string) Program {
	t.Helper()
	c := mustParse(t, text)
	if len(c.Groups) != 1 || len(c.Groups[0].Programs) != 1 {
		t.Fatalf("not one program but %+v", c.Groups)
	}
	return c.Groups[0].Programs[0]
}

// wantError checks that err says all parts and is made of *Error.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("%T is no *Error", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %q tells the value of an environment variable", err)
	}
}

// write writes files below dir; the keys are paths.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// texts returns the texts of messages of a level.
func texts(c *Config, level MessageLevel) []string {
	var out []string
	for _, m := range c.Messages {
		if m.Level == level {
			out = append(out, m.Text)
		}
	}
	return out
}
