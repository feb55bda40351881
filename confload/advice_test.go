package confload

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const steerable = "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=" + mainFactory + "\n[supervisorctl]\n"

// warnsOf returns the warnings of a configuration as LINE: TEXT.
func warnsOf(t *testing.T, text string) string {
	t.Helper()
	var b strings.Builder
	for _, m := range mustParse(t, text).Messages {
		if m.Level != Info {
			b.WriteString(strings.TrimSpace(quoted(m.Text)) + fmt.Sprintf(" at %d\n", m.Line))
		}
	}
	return b.String()
}

func TestWhatCannotBeSteeredNamesTheLinesToAdd(t *testing.T) {
	const server = "[inet_http_server]\nport=127.0.0.1:9001\n"
	const api = "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=" + mainFactory + "\n"
	for _, c := range []struct {
		name, text string
		want       []string // nil: no warning
	}{
		{"no programs, no server", "", nil},
		{"all there", server + steerable, nil},
		{"no interface", server + "[supervisorctl]\n", []string{"'[rpcinterface:supervisor]' and 'supervisor.rpcinterface_factory = " + mainFactory + "'"}},
		{"foreign interface only", server + "[supervisorctl]\n[rpcinterface:x]\nsupervisor.rpcinterface_factory=a:b\n", []string{"'[rpcinterface:supervisor]'"}},
		{"no client", server + api, []string{"'[supervisorctl]' and 'serverurl = http://127.0.0.1:9001'"}},
		{"socket, no client", "[unix_http_server]\nfile=/tmp/s\n" + api, []string{"'serverurl = unix:///tmp/s'"}},
		{"path from the environment", "[unix_http_server]\nfile=/tmp/%(ENV_SECRET)s\n" + api, []string{"'serverurl = unix:///tmp/%(ENV_SECRET)s'"}},
		{"neither", server, []string{"'[rpcinterface:supervisor]'", "'[supervisorctl]'"}},
	} {
		c2 := mustParse(t, c.text)
		got := strings.Join(append(texts(c2, Warn), texts(c2, Info)...), "\n")
		if c.want == nil && len(c2.Groups) == 0 && strings.Contains(got, "steer") || strings.Contains(got, "hunter2") {
			t.Errorf("%s: %s", c.name, got)
		}
		for _, w := range c.want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: %q does not say %q", c.name, got, w)
			}
		}
	}
	if m := mustParse(t, "[program:x]\ncommand=c\n"+server+api).Messages[0]; m.Line != 4 {
		t.Errorf("said of line %d, not of the server", m.Line)
	}
	c := mustParse(t, "[program:x]\ncommand=c\n")
	if got := texts(c, Info); len(got) != 1 || !strings.Contains(got[0], "'[unix_http_server]'") {
		t.Errorf("no server: infos %q", got)
	}
}

func TestTheSectionOfTheClientMustBeInTheMainFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"s.conf": "[supervisord]\n[unix_http_server]\nfile=/tmp/s\n[include]\nfiles=i.conf\n", "i.conf": steerable})
	c, err := load(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	w := c.Messages[len(c.Messages)-1]
	if !strings.Contains(w.Text, "move section [supervisorctl] to "+dir+"/s.conf") || w.File != dir+"/i.conf" || w.Line != 3 {
		t.Errorf("%+v", c.Messages)
	}
}

func TestWhatIsThereTwiceIsToldWithBothLines(t *testing.T) {
	got := warnsOf(t, "[supervisord]\n[program:x]\ncommand=a\n[program:y]\ncommand=b\n[program:x]\ncommand=c\ncommand=d\n")
	for _, want := range []string{
		"'section [program:x] was opened before, on line 2;", "Rename one, or put them together' at 6",
		"'command was set before in section [program:x], on line 3; this later one counts, remove one of them' at 7",
		"on line 7; this later one counts, remove one of them' at 8",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\ndoes not say %q", got, want)
		}
	}
	if n := strings.Count(got, "\n"); n != 3 {
		t.Errorf("%d warnings:\n%s", n, got)
	}
}

func TestIncludedFilesMayChangeTheMainFileButNotEachOther(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"s.conf":   "[supervisord]\n[program:x]\ncommand=a\n[include]\nfiles=*.ini *.ini\n",
		"1.ini":    "[supervisord]\nidentifier=a\n[program:x]\ncommand=b\n[program:new]\ncommand=b\n",
		"2.ini":    "[supervisord]\nidentifier=b\n[program:new]\ncommand=c\n",
		"none.txt": "",
	})
	c, err := load(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	got := texts(c, Warn)
	if len(got) != 1 || !strings.Contains(got[0], "section [program:new] was opened before, on "+dir+"/1.ini line 5") {
		t.Errorf("%q", got)
	}
}

func TestASocketInAMissingDirectoryIsToldWithItsLine(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s.conf")
	text := "[supervisord]\n[unix_http_server]\nfile=" + dir + "/run/s.sock\n" + steerable
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path, testOptions(t))
	if err != nil {
		t.Fatal(err) // a reread must not be refused for it
	}
	want := "the directory of the socket " + dir + "/run/s.sock does not exist; make it with: mkdir -p " + dir + "/run"
	if len(c.Messages) != 1 || c.Messages[0].Text != want || c.Messages[0].Line != 3 {
		t.Errorf("%+v", c.Messages)
	}
	checked, err := Check(path, testOptions(t))
	if err != nil || len(checked.Errors) != 1 || checked.Errors[0].Text != want || checked.Errors[0].Line != 3 {
		t.Errorf("%+v %v", checked, err)
	}
}
