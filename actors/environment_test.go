package actors

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
)

// fatal waits until a program is given up and returns why.
func (r *realTree) fatal(name string) string {
	r.t.Helper()
	return r.await(name, "FATAL", func(i *Info) bool { return i.State == supervisor.Fatal }).SpawnErr
}

func TestLimitsNeedAShim(t *testing.T) {
	nice := 3
	r := spawnReal(t, []confload.Group{program1("web", both(child("wait"), func(p *confload.Program) {
		p.Nice, p.StartRetries = &nice, 0
		p.Limits[0] = &confload.ResourceLimit{Soft: 5, Hard: 6}
	}))})
	want := "can't set rlimit_nofile, nice of 'web': the program that embeds the supervisor names no shim to do it"
	if got := r.fatal("web"); got != want {
		t.Errorf("%q", got)
	}
}

// A bad environment fails the start, not the request: the program is tried again as after any spawn error.
func TestABadEnvironmentFileFailsTheStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	r := spawnReal(t, []confload.Group{program1("web", both(child("wait"), func(p *confload.Program) {
		p.EnvFiles, p.StartRetries = []string{file}, 0
	}))})
	want := "can't make the environment of 'web': could not read the environment file " + file + ": no such file or directory"
	if got := r.fatal("web"); got != want {
		t.Errorf("%q", got)
	}
	if err := r.Start(context.Background(), "web", true); err == nil || !strings.Contains(err.Error(), "SPAWN_ERROR") {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(file, []byte("A=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(context.Background(), "web", true); err != nil {
		t.Error(err)
	}
}

func TestTheOrderOfTheEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(file, []byte("HOME=file\nSUPERVISOR_GROUP_NAME=file\nFILE=file\nBOTH=file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tr := &tree{config: &confload.Config{}}
	tr.environ.Store(&[]string{"HOME=ours", "USER=ours", "OTHER=ours", "FILE=ours"})
	got, err := tr.environment(&confload.Program{Name: "n", Group: "g", LoginEnv: true, User: &confload.User{Name: "daemon", UID: 1},
		EnvFiles: []string{file}, Environment: []string{"BOTH=own", "LOGNAME=own"}})
	want := "HOME=file USER=daemon OTHER=ours FILE=file LOGNAME=own SHELL=/usr/sbin/nologin SUPERVISOR_ENABLED=1 " +
		"SUPERVISOR_PROCESS_NAME=n SUPERVISOR_GROUP_NAME=file BOTH=own"
	if err != nil || strings.Join(got, " ") != want {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAVariableThatIsSetReachesTheNextStartOnly(t *testing.T) {
	inherited := []string{"A=old", "B=kept"}
	h := lives(script{})
	given := func() []string {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.env
	}
	inVirtualTime(t, h, []confload.Group{program1("web", func(p *confload.Program) { p.Environment = []string{"C=own"} })}, func(b *bench) {
		ctx := context.Background()
		b.after(2 * time.Second)
		first := given()
		for _, kv := range [][2]string{{"A", "new=er"}, {"C", "set"}, {"D", ""}} {
			if err := b.SetEnv(ctx, kv[0], kv[1]); err != nil {
				t.Error(err)
			}
		}
		if got := strings.Join(b.Environ(), " "); got != "B=kept A=new=er C=set D=" {
			t.Errorf("the environment is %q", got)
		}
		if !slices.Contains(first, "A=old") || !slices.Equal(given(), first) {
			t.Errorf("the running program has %q", given())
		}
		if err := b.Stop(ctx, "web", true); err != nil {
			t.Error(err)
		}
		if err := b.Start(ctx, "web", true); err != nil {
			t.Error(err)
		}
		second := given()
		for _, kv := range []string{"A=new=er", "B=kept", "C=own", "D="} {
			if !slices.Contains(second, kv) {
				t.Errorf("no %s in %q", kv, second)
			}
		}
		b.Shutdown(false)
		synctest.Wait()
		wantFault(t, b.SetEnv(ctx, "A", "late"), ShutdownState)
	}, WithEnviron(inherited))
	if !slices.Equal(inherited, []string{"A=old", "B=kept"}) {
		t.Errorf("the list of the caller has become %q", inherited)
	}
}
