package confload

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestEnvFileLines(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"\n  \n# comment\n\t# comment\n", nil},
		{"A=1\nB=2", []string{"A=1", "B=2"}}, // the last line needs no line end
		{"A=1\r\nB='2'\r\n", []string{"A=1", "B=2"}},
		{"\ufeffA=1", []string{"A=1"}},
		{"export A=1\nexport\tB=2\nexported=3", []string{"A=1", "B=2", "exported=3"}},
		{"  A = 1 ", []string{"A=1"}},
		{"A=", []string{"A="}},
		{"A= # nothing", []string{"A="}},
		{"A=\"\"\nB=''", []string{"A=", "B="}},
		{"A=a b  c", []string{"A=a b  c"}},
		{"A=a # comment\nB=a#b\nC=#fff", []string{"A=a", "B=a#b", "C=#fff"}},
		{"A=http://u:p@h/x?y=1&z=2", []string{"A=http://u:p@h/x?y=1&z=2"}},
		{"A=$HOME ${X} `id` \\n", []string{"A=$HOME ${X} `id` \\n"}},
		{"A='a # b' # comment", []string{"A=a # b"}},
		{`A='it\n "is" $X'`, []string{`A=it\n "is" $X`}},
		{`A="a\nb\t\"c\" \\ \$X ` + "\\`" + ` \d"`, []string{"A=a\nb\t\"c\" \\ $X ` \\d"}},
		{"A=\"1\n2\"\nB='3\n4'\nC=5", []string{"A=1\n2", "B=3\n4", "C=5"}},
		{"A=\"1\\\n2\"", []string{"A=12"}},
		{"A=1\nA=2", []string{"A=2"}},
		{"A=%(x)s", []string{"A=%(x)s"}},
		{"A.b-c_1=x", []string{"A.b-c_1=x"}},
		{"A=ü", []string{"A=ü"}},
		{"A=it's", []string{"A=it's"}},
	} {
		l := newLoader(Options{Environ: []string{}})
		got := l.parseEnvFile("/f", c.text)
		if !slices.Equal(got, c.want) || l.err() != nil {
			t.Errorf("%q: %q (%v), want %q", c.text, got, l.err(), c.want)
		}
	}
}

func TestEnvFileErrorsNameTheLineAndNoValue(t *testing.T) {
	for _, c := range []struct {
		text string
		line int
		says string
	}{
		{"A=1\nhunter2", 2, "a line must be KEY=VALUE or a # comment"},
		{"=hunter2", 1, "the name before ="},
		{"1A=hunter2", 1, "the name before ="},
		{"A B=hunter2", 1, "the name before ="},
		{"é=hunter2", 1, "the name before ="},
		{"\n\nA=\"hunter2\nB=2", 3, "A: the quote \" is never closed"},
		{"A='hunter2", 1, "A: the quote ' is never closed"},
		{"A=\"a\nb\"\nB=\"x\" hunter2", 3, "B: nothing but a comment may follow the closing quote"},
		{"A=\x00hunter2", 1, "A: the value contains a zero byte"},
	} {
		l := newLoader(Options{Environ: []string{}})
		l.parseEnvFile("/f", c.text)
		var e *Error
		if err := l.err(); !errors.As(err, &e) || e.File != "/f" || e.Line != c.line || !strings.Contains(e.Text, c.says) ||
			strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want line %d: %s", c.text, err, c.line, c.says)
		}
	}
}

func TestEnvFilesWinOverTheEnvironmentAndEarlierFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"s.conf": "[supervisord]\nidentifier=%(ENV_A)s%(ENV_B)s%(ENV_C)s\n[program:x]\ncommand=%(ENV_C)s",
		"1.env": "B=1\nC=1\n", "2.env": "C=2"})
	o := testOptions(t)
	o.Environ = []string{"A=0", "B=0", "C=0"}
	o.EnvFiles = []string{dir + "/1.env", dir + "/2.env"}
	c, err := Load(dir+"/s.conf", o)
	if err != nil {
		t.Fatal(err)
	}
	if c.Supervisord.Identifier != "012" || c.Groups[0].Programs[0].Command != "2" || !slices.Equal(c.Environ, []string{"A=0", "B=1", "C=2"}) {
		t.Errorf("%+v", c)
	}
	if fmt.Sprint(o.Environ) != "[A=0 B=0 C=0]" {
		t.Errorf("the caller's environment was changed: %q", o.Environ)
	}
	o.EnvFiles = append(o.EnvFiles, dir+"/none.env")
	_, err = Load(dir+"/s.conf", o)
	wantError(t, err, "could not read the environment file "+dir+"/none.env: no such file or directory")
}

func FuzzEnvFile(f *testing.F) {
	f.Add("A=1\nexport B=\"x\\n\" # c\nC='y\nz'\n")
	f.Fuzz(func(t *testing.T, text string) {
		l := newLoader(Options{Environ: []string{}})
		env := l.parseEnvFile("/f", text)
		for _, kv := range env {
			key, value, ok := strings.Cut(kv, "=")
			if !ok || !isEnvName(key) || strings.ContainsRune(value, 0) {
				t.Fatalf("%q: %q", text, kv)
			}
			quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(value)
			if again := newLoader(Options{Environ: []string{}}).parseEnvFile("/f", key+`="`+quoted+`"`); len(again) != 1 || again[0] != kv {
				t.Fatalf("%q was read as %q and, written again, as %q", text, kv, again)
			}
		}
	})
}

func TestReadEnvFilesNamesWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	a, b, bad := write("a", "A=1\nB=1\n"), write("b", "B='2 3'\n"), write("bad", "A=1\n\nhunter2\nmore\n")
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadEnvFiles([]string{a, b}); err != nil || !slices.Equal(got, []string{"A=1", "B=2 3"}) {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := ReadEnvFiles(nil); err != nil || len(got) > 0 {
		t.Errorf("%q, %v", got, err)
	}
	for path, want := range map[string]string{
		bad:         "environment file: a line must be KEY=VALUE or a # comment on line 3 (file: '" + bad + "')",
		dir + "/no": "could not read the environment file " + dir + "/no: no such file or directory",
		dir:         "could not read the environment file " + dir + ": it is not a regular file",
		fifo:        "could not read the environment file " + fifo + ": it is not a regular file",
	} {
		if _, err := ReadEnvFiles([]string{a, path}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", path, err)
		}
	}
}
