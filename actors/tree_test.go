package actors

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process"
)

func lives(s script) *scriptedHost { return newScriptedHost(func(string, int) script { return s }) }

func wantFault(t *testing.T, err error, code FaultCode) {
	t.Helper()
	var f *Fault
	if !errors.As(err, &f) || f.Code != code {
		t.Errorf("got %v, want fault %s", err, code)
	}
}

func TestFailingStartsBackOffOneTwoThreeSecondsAndGiveUp(t *testing.T) {
	inVirtualTime(t, lives(script{runs: 500 * time.Millisecond, code: 1}), []confload.Group{program1("web", nil)}, func(b *bench) {
		b.after(time.Minute)
		b.want("  0.0s web STOPPED -> STARTING",
			"  0.5s web STARTING -> BACKOFF", "  1.5s web BACKOFF -> STARTING",
			"  2.0s web STARTING -> BACKOFF", "  4.0s web BACKOFF -> STARTING",
			"  4.5s web STARTING -> BACKOFF", "  7.5s web BACKOFF -> STARTING",
			"  8.0s web STARTING -> BACKOFF", "  8.0s web BACKOFF -> FATAL")
		if i, _ := b.Info("web"); i.SpawnErr != supervisor.TooQuick || i.Pid != 0 {
			t.Errorf("got %+v", i)
		}
	})
}

func TestUnexpectedExitRestartsAtOnceExpectedExitDoesNot(t *testing.T) {
	h := newScriptedHost(func(_ string, life int) script {
		return []script{{runs: 5 * time.Second, code: 7}, {runs: 5 * time.Second, code: 0}}[min(life-1, 1)]
	})
	inVirtualTime(t, h, []confload.Group{program1("web", nil)}, func(b *bench) {
		b.after(time.Minute)
		b.want("  0.0s web STOPPED -> STARTING", "  1.0s web STARTING -> RUNNING", "  5.0s web RUNNING -> EXITED",
			"  5.0s web EXITED -> STARTING", "  6.0s web STARTING -> RUNNING", " 10.0s web RUNNING -> EXITED")
	})
}

func TestStopEscalatesToSIGKILLAfterStopwaitsecs(t *testing.T) {
	inVirtualTime(t, lives(script{stops: -1}), []confload.Group{program1("web", nil)}, func(b *bench) {
		b.after(2 * time.Second)
		b.forget()
		if err := b.Stop(context.Background(), "web", true); err != nil {
			t.Error(err)
		}
		b.want("  2.0s web RUNNING -> STOPPING", " 12.0s web STOPPING -> STOPPED")
	})
}

func TestStopDuringBackoffIsFinal(t *testing.T) {
	inVirtualTime(t, lives(script{err: &process.SpawnError{Text: "no"}}), []confload.Group{program1("web", nil)}, func(b *bench) {
		b.after(1500 * time.Millisecond)
		b.forget()
		if err := b.Stop(context.Background(), "web", true); err != nil {
			t.Error(err)
		}
		b.after(time.Hour)
		b.want("  1.5s web BACKOFF -> STOPPED")
	})
}

func TestStartThatOvertakesTheEndOfTheOldRunIsNotLost(t *testing.T) {
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", nil)}, func(b *bench) {
		synctest.Wait()
		for range 200 {
			if err := b.Stop(context.Background(), "web", true); err != nil {
				t.Error(err)
			}
			if err := b.Start(context.Background(), "web", false); err != nil {
				t.Error(err)
			}
		}
		b.after(2 * time.Second)
		if s := b.state("web"); s != supervisor.Running {
			t.Errorf("got %s", s)
		}
	})
}

func TestCommandsAreRefusedWithTheFaultsOfTheProtocol(t *testing.T) {
	h := newScriptedHost(func(name string, _ int) script {
		switch name {
		case "quick":
			return script{runs: 10 * time.Millisecond}
		case "slow":
			return script{stops: time.Second}
		}
		return script{}
	})
	manual := func(p *confload.Program) { p.Autostart = false }
	missing := func(p *confload.Program) { p.Autostart, p.Command = false, "/no/such/file" }
	empty := func(p *confload.Program) { p.Autostart, p.Command = false, `"` }
	groups := []confload.Group{program1("up", nil), program1("quick", manual), program1("down", manual),
		program1("missing", missing), program1("badquote", empty), program1("slow", nil)}
	inVirtualTime(t, h, groups, func(b *bench) {
		ctx := context.Background()
		b.after(2 * time.Second)
		wantFault(t, b.Start(ctx, "nobody", true), BadName)
		wantFault(t, b.Stop(ctx, "nobody", true), BadName)
		wantFault(t, b.Signal(ctx, "nobody", syscall.SIGHUP), BadName)
		wantFault(t, b.Start(ctx, "up", true), AlreadyStarted)
		wantFault(t, b.Stop(ctx, "down", true), NotRunning)
		wantFault(t, b.Signal(ctx, "down", 0), NotRunning)
		wantFault(t, b.Start(ctx, "missing", true), NoFile)
		wantFault(t, b.Start(ctx, "badquote", true), NotExecutable)
		wantFault(t, b.Start(ctx, "quick", true), SpawnError)
		wantFault(t, b.AddGroup(ctx, "up"), AlreadyAdded)
		wantFault(t, b.AddGroup(ctx, "nobody"), BadName)
		wantFault(t, b.RemoveGroup(ctx, "up"), StillRunning)
		wantFault(t, b.RemoveGroup(ctx, "nobody"), BadName)
		if err := b.Stop(ctx, "slow", false); err != nil {
			t.Error(err)
		}
		wantFault(t, b.Start(ctx, "slow", true), AbnormalTermination)
		wantFault(t, b.Stop(ctx, "slow", true), NotRunning)
		if _, err := b.StartGroup(ctx, "nobody", true); err != nil {
			wantFault(t, err, BadName)
		}
		if _, err := b.Reread(ctx); err != nil {
			wantFault(t, err, CantReread)
		}
	})
}

func TestProgramsStartInOrderOfPriorityAndStopGroupByGroup(t *testing.T) {
	prio := func(n int) func(*confload.Program) { return func(p *confload.Program) { p.Priority = n } }
	groups := []confload.Group{program1("c", prio(1)), program1("b", prio(2)), program1("a", prio(3))}
	h := lives(script{stops: time.Second})
	inVirtualTime(t, h, groups, func(b *bench) {
		b.after(2 * time.Second)
		if want := []string{"c", "b", "a"}; !slices.Equal(h.starts, want) {
			t.Errorf("started %v, want %v", h.starts, want)
		}
		b.forget()
		b.Shutdown(false)
		<-b.Done()
		b.want("  2.0s a RUNNING -> STOPPING", "  3.0s a STOPPING -> STOPPED",
			"  3.0s b RUNNING -> STOPPING", "  4.0s b STOPPING -> STOPPED",
			"  4.0s c RUNNING -> STOPPING", "  5.0s c STOPPING -> STOPPED")
	})
}

// A pool hears of the starts of all others, and of their ends.
func TestAPoolOfListenersStartsFirstAndStopsLast(t *testing.T) {
	prio := func(n int) func(*confload.Program) { return func(p *confload.Program) { p.Priority = n } }
	groups := []confload.Group{program1("b", prio(1)), listeners("ear", 1, "TICK_3600"), program1("a", prio(2))}
	h := lives(script{stops: time.Second})
	inVirtualTime(t, h, groups, func(b *bench) {
		b.after(2 * time.Second)
		if want := []string{"ear", "b", "a"}; !slices.Equal(h.starts, want) {
			t.Errorf("started %v, want %v", h.starts, want)
		}
		b.forget()
		b.Shutdown(false)
		<-b.Done()
		b.want("  2.0s a RUNNING -> STOPPING", "  3.0s a STOPPING -> STOPPED",
			"  3.0s b RUNNING -> STOPPING", "  4.0s b STOPPING -> STOPPED",
			"  4.0s ear RUNNING -> STOPPING", "  5.0s ear STOPPING -> STOPPED")
	})
}

func TestNothingIsStartedDuringShutdown(t *testing.T) {
	always := func(p *confload.Program) { p.Autorestart = confload.RestartAlways }
	h := newScriptedHost(func(name string, _ int) script {
		if name == "a" {
			return script{runs: 5 * time.Second, stops: time.Second}
		}
		return script{stops: 10 * time.Second}
	})
	inVirtualTime(t, h, []confload.Group{program1("a", always), program1("b", nil)}, func(b *bench) {
		b.after(4500 * time.Millisecond)
		b.forget()
		b.Shutdown(false)
		synctest.Wait()
		wantFault(t, b.Start(context.Background(), "a", true), ShutdownState)
		<-b.Done()
		b.want("  4.5s b RUNNING -> STOPPING", "  5.0s a RUNNING -> EXITED", " 14.5s b STOPPING -> STOPPED")
		wantFault(t, b.Start(context.Background(), "a", true), ShutdownState)
	})
}

func TestStartAllReportsWhatWasDecidedAtOnceFirst(t *testing.T) {
	missing := func(p *confload.Program) { p.Autostart, p.Command = false, "/no/such/file" }
	manual := func(p *confload.Program) { p.Autostart = false }
	long := func(p *confload.Program) { p.Autostart, p.StartSecs = false, 3 }
	groups := []confload.Group{program1("a", long), program1("b", manual), program1("c", missing), program1("d", nil)}
	inVirtualTime(t, lives(script{}), groups, func(b *bench) {
		b.after(2 * time.Second)
		results, err := b.StartAll(context.Background(), true)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range results {
			got = append(got, r.Name+" "+r.Description)
		}
		want := []string{"c NO_FILE: can't find command '/no/such/file'", "b OK", "a OK"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestGroupIsRemovedAndAddedAgainFromTheNewConfiguration(t *testing.T) {
	next := &confload.Config{Groups: []confload.Group{
		program1("a", func(p *confload.Program) { p.StartSecs = 2 }), program1("c", nil)}}
	inVirtualTime(t, lives(script{}), []confload.Group{program1("a", nil), program1("b", nil)}, func(b *bench) {
		ctx := context.Background()
		b.after(2 * time.Second)
		ch, err := b.Reread(ctx)
		if err != nil || !slices.Equal(ch.Added, []string{"c"}) || !slices.Equal(ch.Changed, []string{"a"}) || !slices.Equal(ch.Removed, []string{"b"}) {
			t.Fatalf("got %+v, %v", ch, err)
		}
		b.forget()
		for _, name := range []string{"b", "a"} {
			if err := b.Stop(ctx, name, true); err != nil {
				t.Error(err)
			}
			if err := b.RemoveGroup(ctx, name); err != nil {
				t.Error(err)
			}
		}
		for _, name := range []string{"a", "c"} {
			if err := b.AddGroup(ctx, name); err != nil {
				t.Error(err)
			}
		}
		b.after(1500 * time.Millisecond)
		if a, c := b.state("a"), b.state("c"); a != supervisor.Starting || c != supervisor.Running {
			t.Errorf("a %s, c %s", a, c)
		}
		if len(b.Infos()) != 2 {
			t.Errorf("got %d programs", len(b.Infos()))
		}
	}, WithLoader(func() (*confload.Config, error) { return next, nil }))
}

func TestAGroupCanBeAddedWithoutStartingIt(t *testing.T) {
	next := &confload.Config{Groups: []confload.Group{program1("a", nil), program1("b", nil)}}
	inVirtualTime(t, lives(script{}), []confload.Group{program1("a", nil)}, func(b *bench) {
		ctx := context.Background()
		if _, err := b.Reread(ctx); err != nil {
			t.Fatal(err)
		}
		if err := b.AddGroupDown(ctx, "b"); err != nil {
			t.Fatal(err)
		}
		b.after(time.Minute)
		if s := b.state("b"); s != supervisor.Stopped {
			t.Errorf("it is %s", s)
		}
		wantFault(t, b.AddGroupDown(ctx, "b"), AlreadyAdded)
		results, err := b.StartGroup(ctx, "b", true)
		if err != nil || len(results) != 1 || results[0].Status != Success || b.state("b") != supervisor.Running {
			t.Errorf("%+v, %v, %s", results, err, b.state("b"))
		}
	}, WithLoader(func() (*confload.Config, error) { return next, nil }))
}

func TestABugInAnObserverHarmsNobody(t *testing.T) {
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", nil)}, func(b *bench) {
		b.after(2 * time.Second)
		if s := b.state("web"); s != supervisor.Running {
			t.Errorf("got %s", s)
		}
	}, WithObserver(func(Change) { panic("a bug") }))
}

func TestStandardInputGoesToAProcessThatCanReadIt(t *testing.T) {
	h := newScriptedHost(func(name string, _ int) script {
		return script{stops: time.Second, noStdin: name == "closed"}
	})
	groups := []confload.Group{program1("open", nil), program1("closed", nil), program1("down", func(p *confload.Program) { p.Autostart = false })}
	inVirtualTime(t, h, groups, func(b *bench) {
		ctx := context.Background()
		b.after(2 * time.Second)
		if err := b.SendStdin(ctx, "open", []byte("hello\n")); err != nil || h.stdin != "hello\n" {
			t.Errorf("got %v, %q", err, h.stdin)
		}
		wantFault(t, b.SendStdin(ctx, "closed", []byte("x")), NoFile)
		wantFault(t, b.SendStdin(ctx, "down", []byte("x")), NotRunning)
		wantFault(t, b.SendStdin(ctx, "nobody", []byte("x")), BadName)
		if err := b.Stop(ctx, "open", false); err != nil {
			t.Error(err)
		}
		wantFault(t, b.SendStdin(ctx, "open", []byte("x")), NotRunning)
	})
}

func TestLogsAreClearedOnlyOfAProgramThatHasAProcess(t *testing.T) {
	dir := t.TempDir()
	logged := func(name string) confload.Group {
		return program1(name, func(p *confload.Program) {
			p.Stdout = confload.Stream{Kind: confload.LogPath, Path: filepath.Join(dir, name)}
			p.Autostart = name != "down"
		})
	}
	for _, name := range []string{"up", "down", "over"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("old\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := newScriptedHost(func(name string, _ int) script {
		if name == "over" {
			return script{runs: 1500 * time.Millisecond}
		}
		return script{}
	})
	inVirtualTime(t, h, []confload.Group{logged("up"), logged("down"), logged("over")}, func(b *bench) {
		ctx := context.Background()
		b.after(2 * time.Second)
		results, err := b.ClearAllLogs(ctx)
		if err != nil || len(results) != 3 {
			t.Fatalf("got %v, %v", results, err)
		}
		for _, r := range results {
			if r.Status != Success {
				t.Errorf("got %+v", r)
			}
		}
		for name, want := range map[string]string{"up": "", "down": "old\n", "over": "old\n"} {
			if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
				t.Errorf("log of %s: got %q, %v, want %q", name, got, err, want)
			}
			if err := b.ClearLogs(ctx, name); err != nil {
				t.Error(err)
			}
		}
		wantFault(t, b.ClearLogs(ctx, "nobody"), BadName)
		wantFault(t, b.ClearLogs(ctx, "up:*"), BadName)
	})
}

// TestAProgramThatEndsMakesNoNewChild has a program asked for a start, and then to end, in the moment in which its old run
// has been told to stop: a new child would keep it from ending, and the removal of its group from being answered.
func TestAProgramThatEndsMakesNoNewChild(t *testing.T) {
	for range 50 { // which of the two comes first is a matter of luck
		var h *Handle
		var pid *actor.PID
		disturb := func(c Change) {
			if c.To == supervisor.Stopped {
				h.tree.system.Root.Send(pid, &startRequest{name: "web", by: supervisor.ByAdministrator, quiet: true})
				h.tree.system.Root.Poison(pid)
			}
		}
		inVirtualTime(t, lives(script{}), []confload.Group{program1("web", nil)}, func(b *bench) {
			b.after(2 * time.Second)
			h, pid = b.Handle, b.Handle.tree.table.find("web").pid.Load()
			if err := b.Stop(context.Background(), "web", false); err != nil {
				t.Error(err)
			}
			b.after(time.Minute)
			if _, alive := h.tree.system.ProcessRegistry.GetLocal(pid.Id); alive {
				t.Error("the program has not ended")
			}
			e := h.tree.table.find("web") // which nobody keeps any more
			e.info.Store(&Info{Program: e.program})
			b.forget()
		}, WithObserver(disturb))
	}
}

// TestALateMessageForARemovedProgramDoesNotReachItsNamesake: PIDs are names, so it does reach the mailbox; it must not fit.
func TestALateMessageForARemovedProgramDoesNotReachItsNamesake(t *testing.T) {
	var first *process.Spec
	h := newScriptedHost(func(string, int) script {
		return script{begun: func(p *scriptedProcess) {
			p.host.mu.Lock()
			defer p.host.mu.Unlock()
			if first == nil {
				first = p.spec
			}
		}}
	})
	groups := []confload.Group{program1("web", nil)}
	inVirtualTime(t, h, groups, func(b *bench) {
		ctx := context.Background()
		b.after(2 * time.Second)
		for _, err := range []error{b.Stop(ctx, "web", true), b.RemoveGroup(ctx, "web"), b.AddGroup(ctx, "web")} {
			if err != nil {
				t.Fatal(err)
			}
		}
		b.after(2 * time.Second)
		pid := func() int { i, _ := b.Info("web"); return i.Pid }
		before := pid()
		first.Exited(process.Exit{Code: 1}) // as late as can be
		b.after(10 * time.Second)
		if now := pid(); now != before || before == 0 {
			t.Errorf("pid was %d, is %d", before, now)
		}
	})
}

func TestLogMarksSayWhereLivesBeginAndEnd(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	h := newScriptedHost(func(_ string, life int) script {
		return script{begun: func(p *scriptedProcess) { p.says("no end of line") }, runs: 5 * time.Second, code: life - 1}
	})
	marked := program1("web", func(p *confload.Program) {
		p.Stdout = confload.Stream{Kind: confload.LogPath, Path: log}
		p.LogMarks, p.ExitCodes = true, []int{1}
		p.Autorestart = confload.RestartUnexpected
	})
	inVirtualTime(t, h, []confload.Group{marked}, func(b *bench) {
		b.after(20 * time.Second)
		got, err := os.ReadFile(log)
		stamp := regexp.MustCompile(`--- \d{4}-\d\d-\d\d \d\d:\d\d:\d\d `)
		want := "--- T web: life 1 begins, pid 101 ---\nno end of line\n--- T web: life 1 ends after 5s, exit status 0 ---\n" +
			"--- T web: life 2 begins, pid 102 ---\nno end of line\n--- T web: life 2 ends after 5s, exit status 1 ---\n"
		if text := stamp.ReplaceAllString(string(got), "--- T "); err != nil || text != want {
			t.Errorf("got %v:\n%s", err, text)
		}
	})
}
