package watch

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

// stage is a Watcher in virtual time on real files; events are made by the test.
type stage struct {
	*Watcher
	t       *testing.T
	dir     string
	events  chan fsnotify.Event
	errs    chan error
	mu      sync.Mutex
	watched map[string]bool
	opened  int
	refuse  error // what add says
	changes []Change
	trouble []string
}

func onStage(t *testing.T, f func(*stage)) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := &stage{Watcher: New(), t: t, dir: dir, events: make(chan fsnotify.Event), errs: make(chan error), watched: map[string]bool{}}
		s.open = func() (*source, error) {
			s.opened++
			return &source{
				add: func(dir string) error {
					if s.refuse == nil {
						s.watched[dir] = true
					}
					return s.refuse
				},
				remove: func(dir string) error { delete(s.watched, dir); return nil },
				close:  func() error { clear(s.watched); return nil },
				events: s.events, errors: s.errs,
			}, nil
		}
		f(s)
	})
}

func (s *stage) watch(target Target) (stop func()) {
	stop = s.Watch(target, func(c Change) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.changes = append(s.changes, c)
	}, func(err error) { s.trouble = append(s.trouble, err.Error()) })
	synctest.Wait()
	return stop
}

func (s *stage) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		s.t.Fatal(err)
	}
}

// tell sends an event if its directory is watched, as the operating system would.
func (s *stage) tell(op fsnotify.Op, name string) {
	path := filepath.Join(s.dir, name)
	if s.watched[filepath.Dir(path)] {
		s.events <- fsnotify.Event{Name: path, Op: op}
		synctest.Wait()
	}
}

// after lets virtual time pass.
func (s *stage) after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// want compares the changes so far, each as the names of its files with spaces between them, and forgets them.
func (s *stage) want(changes ...string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var got []string
	for _, c := range s.changes {
		got = append(got, strings.ReplaceAll(strings.Join(c.Files, " "), s.dir+"/", ""))
	}
	if !slices.Equal(got, changes) {
		s.t.Errorf("got %q, want %q", got, changes)
	}
	s.changes = nil
}

func (s *stage) tree(pattern string, except ...string) Target {
	return Tree(s.dir, pattern, func(path string) bool { return slices.Contains(except, strings.TrimPrefix(path, s.dir+"/")) })
}

func TestNothingIsHeldWhileNothingIsWatched(t *testing.T) {
	onStage(t, func(s *stage) {
		if s.opened != 0 || s.running {
			t.Error("a watcher without targets has begun something")
		}
		one, two := s.watch(s.tree("*")), s.watch(s.tree("*"))
		one()
		synctest.Wait()
		if s.opened != 1 || len(s.watched) == 0 {
			t.Errorf("opened %d times, watched are %v", s.opened, s.watched)
		}
		two()
		synctest.Wait()
		if s.running || len(s.watched) > 0 {
			t.Error("it goes on without targets")
		}
		s.watch(s.tree("*"))()
		synctest.Wait()
	})
}

func TestAChangeIsToldWhenItHasBeenQuiet(t *testing.T) {
	onStage(t, func(s *stage) {
		s.write("a", "1")
		stop := s.watch(s.tree("*"))
		defer stop()
		s.write("a", "12")
		s.tell(fsnotify.Write, "a")
		s.after(Quiet / 2)
		s.write("b", "1")
		s.tell(fsnotify.Create, "b")
		last := time.Now()
		s.after(Quiet - time.Millisecond)
		s.want()
		s.after(time.Millisecond)
		if len(s.changes) != 1 || !s.changes[0].At.Equal(last) {
			t.Errorf("got %+v, the last of it happened at %v", s.changes, last)
		}
		s.want("a b")
		s.after(time.Hour)
		s.want()
	})
}

func TestATreeThatChangesPermanentlyIsToldOfAllTheSame(t *testing.T) {
	onStage(t, func(s *stage) {
		stop := s.watch(s.tree("*"))
		defer stop()
		for range 120 { // for a minute
			s.write("a", time.Now().String())
			s.tell(fsnotify.Write, "a")
			s.after(Quiet / 2)
		}
		if n := len(s.changes); n < 4 || n > 6 {
			t.Errorf("it was told %d times in a minute", n)
		}
	})
}

func TestAnExecutableThatIsBeingWrittenIsNotTakenForFinished(t *testing.T) {
	onStage(t, func(s *stage) {
		s.write("prog", "1")
		path := filepath.Join(s.dir, "prog")
		stop := s.watch(Executable(func() (string, []string) { return path, []string{path} }))
		defer stop()
		text := ""
		for range 120 {
			text += "x"
			s.write("prog", text)
			s.tell(fsnotify.Write, "prog")
			s.after(Quiet / 2)
		}
		s.want()
		s.after(Quiet)
		s.want("prog")
	})
}

func TestAnExecutableThatIsGoneHasNotChanged(t *testing.T) {
	onStage(t, func(s *stage) {
		s.write("prog", "1")
		path := filepath.Join(s.dir, "prog")
		stop := s.watch(Executable(func() (string, []string) {
			if info, err := os.Stat(path); err != nil || info.Mode()&1 == 0 {
				return "", []string{path}
			}
			return path, []string{path}
		}))
		defer stop()
		if err := os.Rename(path, path+".old"); err != nil {
			t.Fatal(err)
		}
		s.tell(fsnotify.Rename, "prog")
		s.after(time.Minute)
		s.want()
		if err := os.Rename(path+".old", path); err != nil { // the same again
			t.Fatal(err)
		}
		s.tell(fsnotify.Create, "prog")
		s.after(time.Minute)
		s.want()
		_ = os.Remove(path)
		if err := os.WriteFile(path, []byte("two"), 0o644); err != nil { // a new one that cannot be executed yet
			t.Fatal(err)
		}
		s.tell(fsnotify.Create, "prog")
		s.after(time.Minute)
		s.want()
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
		s.tell(fsnotify.Chmod, "prog")
		s.after(time.Minute)
		s.want("prog")
	})
}

func TestPermissionsAndOtherNamesAreNoChange(t *testing.T) {
	onStage(t, func(s *stage) {
		s.write("a.py", "1")
		stop := s.watch(s.tree("*.py", "log.py"))
		defer stop()
		if err := os.Chmod(filepath.Join(s.dir, "a.py"), 0o700); err != nil {
			t.Fatal(err)
		}
		s.tell(fsnotify.Chmod, "a.py")
		for _, name := range []string{"a.txt", ".a.py", "log.py", ".git/a.py"} {
			s.write(name, "1")
			s.tell(fsnotify.Create, name)
			s.tell(fsnotify.Write, name)
		}
		s.after(time.Minute)
		s.want()
		now := time.Now().Add(time.Hour)
		if err := os.Chtimes(filepath.Join(s.dir, "a.py"), now, now); err != nil { // touch is one
			t.Fatal(err)
		}
		s.tell(fsnotify.Chmod, "a.py")
		s.after(time.Minute)
		s.want("a.py")
	})
}

func TestEventsThatWereLostAreMadeUpFor(t *testing.T) {
	onStage(t, func(s *stage) {
		s.write("a", "1")
		s.write("b", "1")
		stop := s.watch(s.tree("*"))
		defer stop()
		s.write("a", "changed")
		_ = os.Remove(filepath.Join(s.dir, "b"))
		s.errs <- fsnotify.ErrEventOverflow
		synctest.Wait()
		s.want() // it may not be over
		s.after(Quiet)
		s.want("a b")
		if s.opened != 2 || !s.watched[s.dir] {
			t.Errorf("opened %d times, watched are %v", s.opened, s.watched)
		}
	})
}

func TestWhatCannotBeWatchedIsToldOnce(t *testing.T) {
	onStage(t, func(s *stage) {
		s.refuse = errors.New("no more watches")
		s.write("a", "1")
		stop := s.watch(s.tree("*"))
		defer stop()
		if len(s.trouble) != 1 || !strings.HasSuffix(s.trouble[0], ": no more watches") {
			t.Errorf("got %q", s.trouble)
		}
	})
}

func TestAWatcherThatCouldNotBeHadIsTriedAgainWithTheNextTarget(t *testing.T) {
	onStage(t, func(s *stage) {
		open := s.open
		s.open = func() (*source, error) { return nil, explain(syscall.EMFILE) }
		s.write("a", "1")
		one := s.watch(s.tree("*"))
		defer one()
		if len(s.trouble) != 1 || !strings.Contains(s.trouble[0], "fs.inotify.max_user_instances") {
			t.Errorf("got %q", s.trouble)
		}
		s.open = open
		two := s.watch(s.tree("*"))
		defer two()
		s.write("a", "12")
		s.tell(fsnotify.Write, "a")
		s.after(Quiet)
		s.want("a", "a")
	})
}

func TestFilesAndTheDirectoriesTheyMayComeTo(t *testing.T) {
	onStage(t, func(s *stage) {
		s.write("conf", "1")
		s.write("conf.d/a.conf", "1")
		stop := s.watch(Files(func() (files, dirs []string) {
			more, _ := filepath.Glob(s.dir + "/conf.d/*.conf")
			return append([]string{s.dir + "/conf"}, more...), []string{s.dir + "/conf.d"}
		}))
		defer stop()
		s.write("conf.d/b.conf", "1")
		s.tell(fsnotify.Create, "conf.d/b.conf")
		s.after(Quiet)
		s.want("conf.d/b.conf")
		_ = os.Remove(s.dir + "/conf") // between the removal and the new one
		s.tell(fsnotify.Remove, "conf")
		s.after(time.Minute)
		s.want()
		s.write("conf", "12")
		s.tell(fsnotify.Create, "conf")
		s.after(Quiet)
		s.want("conf")
	})
}
