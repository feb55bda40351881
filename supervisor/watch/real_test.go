package watch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// site is a directory that is watched with the operating system.
type site struct {
	t       *testing.T
	dir     string
	changes chan Change
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

func (s *site) do(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) write(name, text string) {
	s.t.Helper()
	s.do(os.MkdirAll(filepath.Dir(s.path(name)), 0o755))
	s.do(os.WriteFile(s.path(name), []byte(text), 0o755))
}

// replace puts a new file in the place of another one at once.
func (s *site) replace(name, text string) {
	s.t.Helper()
	s.write(name+".new", text)
	s.do(os.Rename(s.path(name+".new"), s.path(name)))
}

// link turns a link elsewhere at once.
func (s *site) link(name, to string) {
	s.t.Helper()
	s.do(os.Symlink(to, s.path(name+".new")))
	s.do(os.Rename(s.path(name+".new"), s.path(name)))
}

// begin watches a target. When it returns, the first picture is taken.
func (s *site) begin(target Target) {
	ready := make(chan bool, 1)
	look := target.look
	target.look = func(p *picture) {
		look(p)
		select {
		case ready <- true:
		default:
		}
	}
	w := New()
	s.t.Cleanup(w.Watch(target, func(c Change) { s.changes <- c }, func(err error) { s.t.Error(err) }))
	proctest.Receive(s.t, "the first look", ready)
	var base = make(chan bool) // a second target comes after the first one has been dealt with
	s.t.Cleanup(w.Watch(Target{look: func(*picture) {
		select {
		case <-base:
		default:
			close(base)
		}
	}}, func(Change) {}, func(error) {}))
	proctest.Receive(s.t, "the look to be over", base)
}

// want waits until a file was told as changed. Writing may take longer than a moment, so that it is told in parts.
func (s *site) want(name string) {
	s.t.Helper()
	for {
		c := proctest.Receive(s.t, "a change of "+name, s.changes)
		for _, f := range c.Files {
			if strings.TrimPrefix(f, s.dir+"/") == name {
				return
			}
		}
	}
}

func newSite(t *testing.T) *site {
	return &site{t: t, dir: t.TempDir(), changes: make(chan Change, 100)}
}

func TestTheOperatingSystemTellsOfAllWaysToReplaceAnExecutable(t *testing.T) {
	for _, c := range []struct {
		name    string
		path    string
		prepare func(s *site)
		change  func(s *site)
	}{
		{"written anew", "prog", nil, func(s *site) { s.write("prog", "two") }},
		{"rename", "prog", nil, func(s *site) { s.replace("prog", "two") }},
		{"link to the release", "current/prog", func(s *site) {
			s.write("releases/1/prog", "same")
			s.write("releases/2/prog", "same")
			s.link("current", "releases/1")
		}, func(s *site) { s.link("current", "releases/2") }},
		{"link of the file", "link", func(s *site) {
			s.write("prog1", "same")
			s.write("prog2", "same")
			s.link("link", "prog1")
		}, func(s *site) { s.link("link", s.path("prog2")) }},
		{"behind a link", "current/prog", func(s *site) {
			s.write("releases/1/prog", "one")
			s.link("current", "releases/1")
		}, func(s *site) { s.replace("releases/1/prog", "two") }},
		{"directory renamed", "app/bin/prog", func(s *site) {
			s.write("app/bin/prog", "one")
			s.write("next/bin/prog", "one")
		}, func(s *site) {
			s.do(os.Rename(s.path("app"), s.path("old")))
			s.do(os.Rename(s.path("next"), s.path("app")))
		}},
		{"directory made anew", "app/bin/prog", func(s *site) { s.write("app/bin/prog", "one") }, func(s *site) {
			s.do(os.RemoveAll(s.path("app")))
			s.write("app/bin/prog", "two")
		}},
		{"directory to come", "app/bin/prog", func(s *site) {}, func(s *site) { s.write("app/bin/prog", "one") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.write("prog", "one")
			if c.prepare != nil {
				c.prepare(s)
			}
			path := s.path(c.path)
			s.begin(Executable(func() (string, []string) {
				if _, err := os.Stat(path); err != nil {
					return "", []string{path}
				}
				return path, []string{path}
			}))
			c.change(s)
			s.want(c.path)
			real, err := filepath.EvalSymlinks(path)
			s.do(err)
			s.do(os.WriteFile(real, []byte("and once more"), 0o755)) // what is there now is watched
			s.want(c.path)
		})
	}
}

func TestTheOperatingSystemTellsOfAllThatHappensInATree(t *testing.T) {
	for _, c := range []struct {
		name    string
		want    string
		prepare func(s *site)
		change  func(s *site)
	}{
		{"file", "a", nil, func(s *site) { s.write("tree/a", "two") }},
		{"removed", "a", nil, func(s *site) { s.do(os.Remove(s.path("tree/a"))) }},
		{"directory that comes later", "x/y/z", nil, func(s *site) { s.write("tree/x/y/z", "1") }},
		{"in a directory that came later", "x/y/z", nil, func(s *site) {
			s.write("tree/x/y/first", "1")
			s.want("tree/x/y/first")
			s.write("tree/x/y/z", "1")
		}},
		{"moved into it", "m/n", func(s *site) { s.write("m/n", "1") }, func(s *site) { s.do(os.Rename(s.path("m"), s.path("tree/m"))) }},
		{"link to a release", "current/b", func(s *site) {
			s.write("releases/1/b", "1")
			s.write("releases/2/b", "1")
			s.link("tree/current", "../releases/1")
		}, func(s *site) { s.link("tree/current", "../releases/2") }},
		{"as Kubernetes does it", "conf", func(s *site) {
			s.write("tree/..1/conf", "1")
			s.write("tree/..2/conf", "2")
			s.link("tree/..data", "..1")
			s.link("tree/conf", "..data/conf")
		}, func(s *site) { s.link("tree/..data", "..2") }},
		{"a circle", "a", func(s *site) { s.link("tree/loop", ".") }, func(s *site) { s.write("tree/a", "two") }},
		{"made anew", "a", nil, func(s *site) {
			s.do(os.RemoveAll(s.path("tree")))
			s.write("tree/a", "two")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.write("tree/a", "one")
			if c.prepare != nil {
				c.prepare(s)
			}
			s.begin(Tree(s.path("tree"), "*", func(string) bool { return false }))
			c.change(s)
			s.want("tree/" + c.want)
			s.write("tree/again", "1") // it is watched all the same
			s.want("tree/again")
		})
	}
}

func TestNothingIsLeftOfAWatcher(t *testing.T) {
	proctest.LeakCheck(t)
	s := newSite(t)
	s.write("tree/a", "1")
	s.begin(Tree(s.path("tree"), "*", func(string) bool { return false }))
	s.write("tree/a", "2")
	s.want("tree/a")
}

func TestADirectoryThatDoesNotExistYetIsAwaited(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.begin(Tree(s.path("no/such/directory"), "*", func(string) bool { return false }))
	s.write("no/such/directory/a", "1")
	s.want("no/such/directory/a")
}
