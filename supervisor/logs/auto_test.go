package logs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

func TestCreateAuto(t *testing.T) {
	dir := t.TempDir()
	name := regexp.MustCompile(`^web_00-stderr---supervisor-[a-z0-9_]{8}\.log$`)
	seen := map[string]bool{}
	for range 50 {
		path, err := CreateAuto(dir, "web_00", "stderr", "supervisor")
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Dir(path) != dir || !name.MatchString(filepath.Base(path)) || info.Mode() != 0o600 || info.Size() != 0 || seen[path] {
			t.Errorf("%s: %v, %d bytes", path, info.Mode(), info.Size())
		}
		seen[path] = true
	}
}

func TestCreateAutoErrors(t *testing.T) {
	if _, err := CreateAuto(filepath.Join(t.TempDir(), "none"), "p", "stdout", "s"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing directory: %v", err)
	}
	dir := t.TempDir()
	if path, err := CreateAuto(dir, "../p", "stdout", "s"); err == nil {
		t.Errorf("left the directory: %s", path)
	}
}

func TestCleanAuto(t *testing.T) {
	dir := t.TempDir()
	mine := []string{
		"cat-stdout---sup.er-ayWAp9.log",
		"cat-stdout---sup.er-abc_0123.log",
		"cat-stdout---sup.er-abc_0123.log.1",
		"cat-stderr---sup.er-abc_0123.log.1234",
		"cat-stdout---sup.er-abc_0123.log.1.gz",
		"cat-stdout---sup.er-abc_0123.log.gz.tmp",
		"a b---c-stderr---sup.er-abc_0123.log",
	}
	others := []string{
		"cat-stdout---super-abc_0123.log",
		"cat-stdout---supxer-abc_0123.log",
		"cat-stdout---sup.er-visor-abc_0123.log",
		"cat-stdout---sup.er-abc_0123.log.gz",
		"cat-stdout---sup.er-abc_0123.log.12345",
		"---sup.er-abc_0123.log",
		"cat-stdout---sup.er-.log",
		"supervisord.log",
	}
	for _, name := range append(slices.Clone(mine), others...) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	folder := filepath.Join(dir, "dir-stdout---sup.er-abc_0123.log")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}

	removed, err := CleanAuto(dir, "sup.er")
	if err != nil {
		t.Error(err)
	}
	var names []string
	for _, path := range removed {
		names = append(names, filepath.Base(path))
	}
	slices.Sort(names)
	slices.Sort(mine)
	if !slices.Equal(names, mine) {
		t.Errorf("removed %q\nwant %q", names, mine)
	}
	os.Remove(folder)
	var left []string
	for name := range tree(t, dir) {
		left = append(left, name)
	}
	slices.Sort(left)
	slices.Sort(others)
	if !slices.Equal(left, others) {
		t.Errorf("left %q\nwant %q", left, others)
	}
	if _, err := CleanAuto(filepath.Join(dir, "none"), "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing directory: %v", err)
	}
}

func TestCleanAutoTakesWhatCreateAutoMade(t *testing.T) {
	dir := t.TempDir()
	path, err := CreateAuto(dir, "p", "stdout", "[a]")
	if err != nil {
		t.Fatal(err)
	}
	if removed, err := CleanAuto(dir, "[a]"); err != nil || !slices.Equal(removed, []string{path}) {
		t.Errorf("removed %q, %v", removed, err)
	}
}
