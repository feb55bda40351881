package actors

import (
	"context"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

func TestBackoffGrowsAsConfiguredAndNeverEnds(t *testing.T) {
	limit := 8 * time.Second
	fails := lives(script{err: &process.SpawnError{Text: "no"}})
	web := func(p *confload.Program) {
		p.StartRetries = -1
		p.Backoff = confload.Backoff{Kind: confload.BackoffExponential, Base: 2 * time.Second, Cap: &limit}
	}
	inVirtualTime(t, fails, []confload.Group{program1("web", web)}, func(b *bench) {
		b.after(23 * time.Second)
		b.want("  0.0s web STOPPED -> STARTING", "  0.0s web STARTING -> BACKOFF", "  2.0s web BACKOFF -> STARTING",
			"  2.0s web STARTING -> BACKOFF", "  6.0s web BACKOFF -> STARTING", "  6.0s web STARTING -> BACKOFF",
			" 14.0s web BACKOFF -> STARTING", " 14.0s web STARTING -> BACKOFF", " 22.0s web BACKOFF -> STARTING", " 22.0s web STARTING -> BACKOFF")
		b.after(24 * time.Hour)
		if s := b.state("web"); s != supervisor.Backoff {
			t.Errorf("web is %s", s)
		}
		b.forget()
	})
}

// TestJitterKeepsProgramsApart has a hundred programs that fail at once: without jitter they would all come back at once.
func TestJitterKeepsProgramsApart(t *testing.T) {
	h := lives(script{err: &process.SpawnError{Text: "no"}})
	var groups []confload.Group
	for i := range 100 {
		groups = append(groups, program1("p"+strconv.Itoa(i), func(p *confload.Program) {
			p.Backoff = confload.Backoff{Kind: confload.BackoffConstant, Base: 10 * time.Second, Jitter: 0.5}
		}))
	}
	inVirtualTime(t, h, groups, func(b *bench) {
		starts := func() int {
			h.mu.Lock()
			defer h.mu.Unlock()
			return len(h.starts)
		}
		b.after(4900 * time.Millisecond)
		early := starts()
		b.after(5 * time.Second)
		half := starts()
		b.after(5200 * time.Millisecond)
		if late := starts(); early != 100 || half < 105 || half > 195 || late < 200 {
			t.Errorf("%d starts before 5 s, %d before 10 s, %d after 15 s", early, half, late)
		}
		b.forget()
	})
}

func TestRestartpauseLiesBetweenAnEndAndTheNextStart(t *testing.T) {
	h := newScriptedHost(func(_ string, life int) script {
		if life == 1 {
			return script{runs: 5 * time.Second, code: 1}
		}
		return script{runs: 5 * time.Second, code: 1, stops: time.Second}
	})
	web := func(p *confload.Program) { p.RestartPause = 3 * time.Second }
	inVirtualTime(t, h, []confload.Group{program1("web", web)}, func(b *bench) {
		ctx := context.Background()
		b.after(6 * time.Second)
		if i, _ := b.Info("web"); i.State != supervisor.Exited || !i.Wanted || i.Reason.Code != "pause" {
			t.Errorf("got %+v", i)
		}
		b.after(3 * time.Second)
		b.want("  0.0s web STOPPED -> STARTING", "  1.0s web STARTING -> RUNNING", "  5.0s web RUNNING -> EXITED",
			"  8.0s web EXITED -> STARTING", "  9.0s web STARTING -> RUNNING")
		b.after(5 * time.Second) // 14: it pauses again
		b.forget()
		results, err := b.StopAll(ctx, true)
		if err != nil || len(results) != 1 || results[0].Status != Success {
			t.Errorf("got %v, %v", results, err)
		}
		b.after(time.Hour)
		b.want()
		wantFault(t, b.Stop(ctx, "web", true), NotRunning)
	})
}

// TestStopSignalsAreSentOneAfterTheOther has a process that obeys only the third signal.
func TestStopSignalsAreSentOneAfterTheOther(t *testing.T) {
	dir := t.TempDir()
	r := spawnReal(t, []confload.Group{program1("web", both(child("ignore INT", "on USR1 notify "+dir+"/usr1", "on QUIT exit 5", "notify "+dir+"/up", "wait"),
		func(p *confload.Program) {
			p.StopSignal, p.LaterStopSignals, p.StopWaitSecs = syscall.SIGINT, []syscall.Signal{syscall.SIGUSR1, syscall.SIGQUIT}, 1
		}))})
	proctest.File(t, dir+"/up")
	if err := r.Stop(context.Background(), "web", true); err != nil {
		t.Error(err)
	}
	if i, _ := r.Info("web"); i.ExitStatus != 5 {
		t.Errorf("got %+v", i)
	}
	proctest.File(t, dir+"/usr1")
	if strings.Contains(r.log.String(), "SIGKILL") {
		t.Error("it was killed")
	}
}

func TestKillwaitsecsIsTheTimeBetweenTwoKills(t *testing.T) {
	stuck := script{stops: -1}
	stuck.kills = 9 * time.Second // it hangs in the system
	web := func(p *confload.Program) { p.StopWaitSecs, p.KillWaitSecs = 10, 2 }
	var log proctest.Output
	inVirtualTime(t, lives(stuck), []confload.Group{program1("web", web)}, func(b *bench) {
		b.after(2 * time.Second)
		b.forget()
		if err := b.Stop(context.Background(), "web", true); err != nil {
			t.Error(err)
		}
		b.want("  2.0s web RUNNING -> STOPPING", " 21.0s web STOPPING -> STOPPED")
		if n := strings.Count(log.String(), "with SIGKILL"); n != 5 { // at 12, 14, 16, 18 and 20
			t.Errorf("%d times killed:\n%s", n, &log)
		}
	}, WithLogger(logTo(&log)))
}

func TestAProgramRunsAsItsUserWithAnotherGroup(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: only root can choose an account")
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	for _, u := range []confload.User{
		{UID: uint32(uid), GID: 1, Groups: []uint32{1, 7}, OtherGID: true},
		{UID: 0, GID: 1, Groups: []uint32{1}, OtherGID: true},
	} {
		out := t.TempDir() + "/out"
		r := spawnReal(t, []confload.Group{program1("web", func(p *confload.Program) {
			p.Command, p.User, p.StartSecs, p.Autorestart = "/bin/sh -c 'id -u; id -g; id -G'", &u, 0, confload.RestartNever
			p.Stdout = confload.Stream{Kind: confload.LogPath, Path: out}
		})})
		r.await("web", "EXITED", func(i *Info) bool { return i.State == supervisor.Exited })
		got := strings.Join(strings.Fields(string(mustRead(t, out))), " ")
		want := strconv.Itoa(int(u.UID)) + " 1"
		for _, g := range u.Groups {
			want += " " + strconv.Itoa(int(g))
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
