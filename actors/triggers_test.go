package actors

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process"
	"github.com/gwaycc/supd/supervisor/process/proctest"
	"github.com/gwaycc/supd/supervisor/watch"
)

// scriptedFiles stands in for a watch.Watcher: the test says when something changes.
type scriptedFiles struct {
	mu      sync.Mutex
	targets []scriptedTarget
}

type scriptedTarget struct {
	changed func(watch.Change)
	trouble func(error)
	stopped bool
}

func (f *scriptedFiles) Watch(_ watch.Target, changed func(watch.Change), trouble func(error)) (stop func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.targets = append(f.targets, scriptedTarget{changed: changed, trouble: trouble})
	i := len(f.targets) - 1
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.targets[i].stopped = true
	}
}

// change tells the nth target, in the order in which they came, of a change now.
func (f *scriptedFiles) change(n int, files ...string) { f.changeAt(n, time.Now(), files...) }

func (f *scriptedFiles) changeAt(n int, at time.Time, files ...string) {
	f.mu.Lock()
	changed := f.targets[n].changed
	f.mu.Unlock()
	changed(watch.Change{Files: files, At: at})
	synctest.Wait()
}

func withFiles(f *scriptedFiles) Option { return func(o *options) { o.tree.files = f } }

// watching gives a program a directory to watch.
func onFiles(edit func(*confload.Program)) func(*confload.Program) {
	return func(p *confload.Program) {
		p.OnFiles = confload.FilesTrigger{Directory: "/srv", Pattern: "*"}
		if edit != nil {
			edit(p)
		}
	}
}

func TestAChangeOfFilesRestartsAProgramAndSaysWhichFile(t *testing.T) {
	files := &scriptedFiles{}
	h := newScriptedHost(func(string, int) script { return script{stops: 2 * time.Second} })
	inVirtualTime(t, h, []confload.Group{program1("web", onFiles(nil)), program1("other", nil)}, func(b *bench) {
		b.after(2 * time.Second)
		b.forget()
		files.change(0, "/srv/a.py")
		b.want("  2.0s web RUNNING -> STOPPING")
		if i, _ := b.Info("web"); i.Reason.Code != "files-changed" || i.Reason.Text != "/srv/a.py has changed" {
			t.Errorf("got %+v", i.Reason)
		}
		b.after(2 * time.Second)
		b.want("  4.0s web STOPPING -> STOPPED", "  4.0s web STOPPED -> STARTING")
		if i, _ := b.Info("web"); i.Reason.Text != "started again: /srv/a.py has changed" {
			t.Errorf("got %+v", i.Reason)
		}
		b.after(time.Hour)
		b.forget()
	}, withFiles(files))
	if len(files.targets) != 1 || !files.targets[0].stopped {
		t.Errorf("got %+v", files.targets)
	}
}

func TestWhatHasChangedBeforeTheStartIsKnownToTheProgram(t *testing.T) {
	files := &scriptedFiles{}
	h := newScriptedHost(func(string, int) script { return script{} })
	inVirtualTime(t, h, []confload.Group{program1("web", onFiles(nil))}, func(b *bench) {
		b.after(2 * time.Second)
		if err := b.Stop(context.Background(), "web", true); err != nil {
			t.Fatal(err)
		}
		changed := time.Now()
		b.after(time.Second / 2)
		files.change(0, "/srv/a.py") // it is down, and stays so
		if err := b.Start(context.Background(), "web", true); err != nil {
			t.Fatal(err)
		}
		b.forget()
		files.changeAt(0, changed, "/srv/a.py")
		b.after(time.Minute)
		b.want()
	}, withFiles(files))
}

func TestTwoProgramsOfOneDirectoryBothRestart(t *testing.T) { // B46
	files := &scriptedFiles{}
	h := newScriptedHost(func(string, int) script { return script{} })
	inVirtualTime(t, h, []confload.Group{program1("a", onFiles(nil)), program1("b", onFiles(nil))}, func(b *bench) {
		b.after(2 * time.Second)
		files.change(0, "/srv/x")
		files.change(1, "/srv/x")
		b.after(2 * time.Second)
		if got := slices.Sorted(slices.Values(h.started())); !slices.Equal(got, []string{"a", "a", "b", "b"}) {
			t.Errorf("started: %q", got)
		}
		b.forget()
	}, withFiles(files))
}

func TestRestartpauseHoldsForAChangeOfFiles(t *testing.T) { // B70
	files := &scriptedFiles{}
	h := newScriptedHost(func(string, int) script { return script{} })
	web := onFiles(func(p *confload.Program) { p.RestartPause = 5 * time.Second })
	inVirtualTime(t, h, []confload.Group{program1("web", web)}, func(b *bench) {
		b.after(2 * time.Second)
		b.forget()
		files.change(0, "/srv/a", "/srv/b", "/srv/c")
		b.want("  2.0s web RUNNING -> STOPPING", "  2.0s web STOPPING -> STOPPED")
		b.after(5 * time.Second)
		b.want("  7.0s web STOPPED -> STARTING")
		if i, _ := b.Info("web"); i.Reason.Text != "started again: /srv/a and 2 other files have changed" {
			t.Errorf("got %+v", i.Reason)
		}
		b.after(time.Minute)
		b.forget()
	}, withFiles(files))
}

func TestAProgramThatIsGoneIsNotRestarted(t *testing.T) {
	files := &scriptedFiles{}
	h := newScriptedHost(func(string, int) script { return script{} })
	inVirtualTime(t, h, []confload.Group{program1("web", onFiles(nil))}, func(b *bench) {
		ctx := context.Background()
		b.after(2 * time.Second)
		for _, err := range []error{b.Stop(ctx, "web", true), b.RemoveGroup(ctx, "web"), b.AddGroup(ctx, "web")} {
			if err != nil {
				t.Fatal(err)
			}
		}
		b.after(2 * time.Second)
		b.forget()
		files.change(0, "/srv/late") // on its way when the first one was removed
		b.after(time.Minute)
		b.want()
		files.change(1, "/srv/new")
		b.want(" 64.0s web RUNNING -> STOPPING", " 64.0s web STOPPING -> STOPPED", " 64.0s web STOPPED -> STARTING")
		b.after(time.Minute)
		b.forget()
	}, withFiles(files))
}

func TestACommandInPlaceOfTheRestart(t *testing.T) {
	files := &scriptedFiles{}
	var mu sync.Mutex
	var ran []string
	h := newScriptedHost(nil)
	h.script = func(name string, life int) script {
		s := script{runs: 10 * time.Second, begun: func(p *scriptedProcess) {
			mu.Lock()
			defer mu.Unlock()
			for _, kv := range p.spec.Env {
				if strings.HasPrefix(kv, "SUPD_TRIGGER=") || strings.HasPrefix(kv, "SUPD_REASON=") {
					ran = append(ran, kv)
				}
			}
		}}
		if name == "web" {
			s = script{}
		}
		return s
	}
	web := onFiles(func(p *confload.Program) { p.OnFiles.Command = []string{os.Args[0]} })
	inVirtualTime(t, h, []confload.Group{program1("web", web)}, func(b *bench) {
		b.after(2 * time.Second)
		b.forget()
		files.change(0, "/srv/a") // it runs for ten seconds
		files.change(0, "/srv/b")
		files.change(0, "/srv/c") // and once more for all that came meanwhile
		b.after(time.Minute)
		b.want()
		mu.Lock()
		defer mu.Unlock()
		if want := []string{"SUPD_TRIGGER=files", "SUPD_REASON=/srv/a has changed", "SUPD_TRIGGER=files", "SUPD_REASON=/srv/c has changed"}; !slices.Equal(ran, want) {
			t.Errorf("ran with %q", ran)
		}
	}, withFiles(files))
}

func TestASignalInPlaceOfTheRestart(t *testing.T) {
	files := &scriptedFiles{}
	h := newScriptedHost(func(string, int) script { return script{} })
	web := onFiles(func(p *confload.Program) { p.OnFiles.Signal, p.Autorestart = syscall.SIGHUP, confload.RestartNever })
	inVirtualTime(t, h, []confload.Group{program1("web", web)}, func(b *bench) {
		b.after(2 * time.Second)
		b.forget()
		files.change(0, "/srv/a")
		b.after(time.Second)
		b.want("  2.0s web RUNNING -> EXITED") // the script ends at any signal
		if i, _ := b.Info("web"); i.ExitSignal != syscall.SIGHUP {
			t.Errorf("ended by %v", i.ExitSignal)
		}
	}, withFiles(files))
}

func TestWhatCannotBeWatchedIsAWarningAndTheProgramRuns(t *testing.T) {
	files := &scriptedFiles{}
	var log proctest.Output
	h := newScriptedHost(func(string, int) script { return script{} })
	inVirtualTime(t, h, []confload.Group{program1("web", onFiles(nil))}, func(b *bench) {
		synctest.Wait()
		files.targets[0].trouble(errors.New("the limit is reached"))
		b.after(2 * time.Second)
		if b.state("web") != supervisor.Running {
			t.Errorf("it is %s", b.state("web"))
		}
		b.forget()
	}, withFiles(files), WithLogger(logTo(&log)))
	if want := "web is not restarted for every change of its files, which cannot all be watched: the limit is reached"; !strings.Contains(log.String(), want) {
		t.Errorf("got %s", &log)
	}
}

func TestLogsOfOurOwnAreNoChange(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(dir, dir+"/link"); err != nil {
		t.Fatal(err)
	}
	tr := &tree{world: realWorld{}}
	tr.own(dir + "/link/web.log")
	tr.own("")
	for path, own := range map[string]bool{"/web.log": true, "/link/web.log": true, "/web.log.3": true, "/web.log.3.gz": true, "/web.log.3.gz.x": false,
		"/web": false, "/web.py": false, "/other.log": false} {
		if got := tr.isOwn(filepath.Join(dir, path)); got != own {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestTheExecutableIsLookedForAsAtTheStart(t *testing.T) { // B46
	dir := t.TempDir()
	for _, d := range []string{"one", "two"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	prog := filepath.Join(dir, "two", "prog")
	if err := os.WriteFile(prog, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	tr := &tree{config: &confload.Config{}, world: realWorld{}}
	tr.environ.Store(&[]string{})
	tr.environ.Store(&[]string{})
	p := &confload.Program{Name: "x", Command: "prog 'a b'", Environment: []string{fmt.Sprintf("PATH=%s/one:%[1]s/two", dir)}}
	path, tried := tr.executable(p)
	if path != prog || !slices.Equal(tried, []string{filepath.Join(dir, "one", "prog"), prog}) {
		t.Errorf("got %q, %q", path, tried)
	}
	if err := os.Chmod(prog, 0o644); err != nil {
		t.Fatal(err)
	}
	if path, tried := tr.executable(p); path != "" || len(tried) != 2 {
		t.Errorf("got %q, %q", path, tried)
	}
	if got := process.Candidates("./x", nil); !slices.Equal(got, []string{"./x"}) {
		t.Errorf("got %q", got)
	}
}
