//go:build linux

package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestResolve(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, d := range []string{"a/tool", "b", "c", "d"} {
		os.MkdirAll(d, 0o755)
	}
	os.WriteFile("b/tool", nil, 0o644)
	os.WriteFile("c/tool", nil, 0o755)
	os.WriteFile("d/it's", nil, 0o644)
	at := func(names ...string) (path string) {
		for _, n := range names {
			path += ":" + filepath.Join(dir, n)
		}
		return "PATH=" + path[1:]
	}
	t.Setenv("PATH", filepath.Join(dir, "c"))
	for _, c := range []struct {
		word string
		env  []string
		path string
		kind ResolveKind
		text string
	}{
		{"tool", []string{at("a", "b", "c")}, dir + "/c/tool", 0, ""},
		{"tool", []string{at("c"), at("b")}, "", NotExecutable, "command at '" + dir + "/b/tool' is not executable"},
		{"tool", []string{at("a", "b")}, "", NotExecutable, "command at '" + dir + "/a/tool' is a directory"},
		{"tool", []string{at("d", "none")}, "", NotFound, "can't find command 'tool'"},
		{"tool", nil, dir + "/c/tool", 0, ""},
		{"sh", nil, "", NotFound, "can't find command 'sh'"},
		{"c/tool", nil, "c/tool", 0, ""},
		{"./c/tool", nil, "./c/tool", 0, ""},
		{"./tool", nil, "", NotFound, "can't find command './tool'"},
		{"./a", nil, "", NotExecutable, "command at './a' is a directory"},
		{"b/tool", nil, "", NotExecutable, "command at 'b/tool' is not executable"},
		{"d/it's", nil, "", NotExecutable, `command at "d/it's" is not executable`},
		{"tool", []string{"PATH=c"}, "c/tool", 0, ""},
		{"tool", []string{"PATH="}, "", NotFound, "can't find command 'tool'"},
		{"", nil, "", NotExecutable, "command is empty"},
	} {
		path, err := Resolve(c.word, c.env)
		var re *ResolveError
		if path != c.path || (err != nil) != (c.kind != 0) || errors.As(err, &re) && (re.Kind != c.kind || re.Text != c.text) {
			t.Errorf("%q in %q: %q, %v", c.word, c.env, path, err)
		}
	}
	t.Setenv("PATH", "")
	if path, err := Resolve("sh", nil); path != "/bin/sh" {
		t.Errorf("without PATH: %q, %v", path, err)
	}
}

func init() {
	roles["resolve"] = func() {
		_, err := Resolve(os.Getenv("WORD"), nil)
		fmt.Println(err)
	}
}

func TestResolveWithoutPermission(t *testing.T) {
	needRoot(t)
	h := newHost(t, Options{})
	spec := asNobody(roleSpec("resolve"))
	spec.Path = copyForAll(t, spec.Path)
	word := filepath.Join(filepath.Dir(spec.Path), "rootonly")
	os.WriteFile(word, nil, 0o700)
	spec.Env = append(spec.Env, "WORD="+word)
	l, _ := runToEnd(t, h, spec)
	if want := "no permission to run command '" + word + "'\n"; l.out.String() != want {
		t.Errorf("got %q, want %q", l.out.String(), want)
	}
}
