package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
)

// reconfigurable is a tree whose configuration a test changes.
type reconfigurable struct {
	*bench
	groups atomic.Pointer[[]confload.Group]
}

// withChanges runs f on a tree of groups.
func withChanges(t *testing.T, h *scriptedHost, groups []confload.Group, f func(*reconfigurable)) {
	r := &reconfigurable{}
	load := func() (*confload.Config, error) { return &confload.Config{Groups: *r.groups.Load()}, nil }
	inVirtualTime(t, h, groups, func(b *bench) {
		r.bench = b
		b.after(2 * time.Second)
		b.forget()
		f(r)
	}, WithLoader(load))
}

// update brings groups into effect and returns what was done, in words.
func (r *reconfigurable) update(groups ...confload.Group) string {
	r.t.Helper()
	r.groups.Store(&groups)
	rows, err := r.Update(context.Background(), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return updatedWords(rows)
}

func updatedWords(rows []Updated) string {
	var out []string
	for _, u := range rows {
		s := u.NameSpec() + " " + string(u.Action)
		if len(u.Options) > 0 {
			s += " (" + strings.Join(u.Options, " ") + ")"
		}
		if u.Status != Success {
			s += " but " + u.Description
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

// lives are the numbers of the lives of programs, by name.
func (r *reconfigurable) lives(names ...string) string {
	r.t.Helper()
	var out []string
	for _, n := range names {
		i, ok := r.Info(n)
		if !ok {
			out = append(out, n+" gone")
			continue
		}
		out = append(out, fmt.Sprintf("%s %s %d", n, i.State, i.Life))
	}
	return strings.Join(out, ", ")
}

func (r *reconfigurable) wantLives(what, want string, names ...string) {
	r.t.Helper()
	r.after(2 * time.Second)
	if got := r.lives(names...); got != want {
		r.t.Errorf("%s: %s; want %s", what, got, want)
	}
}

// crew is a group "team" of programs; edit may change them.
func crew(names string, edit func(*confload.Program)) confload.Group {
	g := confload.Group{Name: "team", Priority: 999, Section: "group:team"}
	for _, n := range strings.Fields(names) {
		p := program1(n, nil).Programs[0]
		p.Group = "team"
		if edit != nil {
			edit(&p)
		}
		g.Programs = append(g.Programs, p)
	}
	return g
}

// of edits one program of a team.
func of(name string, edit func(*confload.Program)) func(*confload.Program) {
	return func(p *confload.Program) {
		if p.Name == name {
			edit(p)
		}
	}
}

func otherDirectory(p *confload.Program) { p.Directory = "/" }

func stays(string, int) script { return script{} }

func TestUpdateRestartsOnlyWhoseOwnOptionsNeedIt(t *testing.T) {
	withChanges(t, newScriptedHost(stays), []confload.Group{crew("a b c", nil)}, func(r *reconfigurable) {
		if got := r.update(crew("a b c", of("b", otherDirectory))); got != "team:b restarted (directory)" {
			t.Error(got)
		}
		r.wantLives("another directory", "team:a RUNNING 1, team:b RUNNING 2, team:c RUNNING 1", "team:a", "team:b", "team:c")
		if got := r.update(crew("a b c", of("b", otherDirectory))); got != "" {
			t.Errorf("the same again: %s", got)
		}
		edit := of("a", func(p *confload.Program) { p.StopWaitSecs, p.Autorestart = 7, confload.RestartAlways })
		got := r.update(crew("a b c", func(p *confload.Program) { edit(p); of("b", otherDirectory)(p) }))
		if got != "team:a changed (autorestart stopwaitsecs)" {
			t.Error(got)
		}
		r.wantLives("in place", "team:a RUNNING 1, team:b RUNNING 2, team:c RUNNING 1", "team:a", "team:b", "team:c")
		if i, _ := r.Info("team:a"); i.Program.StopWaitSecs != 7 {
			t.Error("the new options are not shown")
		}
	})
}

func TestUpdateTouchesOnlyMembersThatComeOrGo(t *testing.T) {
	h := newScriptedHost(stays)
	withChanges(t, h, []confload.Group{crew("a b", nil)}, func(r *reconfigurable) {
		if got := r.update(crew("c a b d", of("d", func(p *confload.Program) { p.Autostart = false }))); got != "team:c added, team:d added" {
			t.Error(got)
		}
		r.wantLives("two more", "team:a RUNNING 1, team:b RUNNING 1, team:c RUNNING 1, team:d STOPPED 0", "team:a", "team:b", "team:c", "team:d")
		if got := r.update(crew("b", nil)); got != "team:c removed, team:a removed, team:d removed" {
			t.Error(got)
		}
		r.wantLives("three fewer", "team:a gone, team:b RUNNING 1, team:c gone", "team:a", "team:b", "team:c")
		if got := r.update(crew("a b", nil)); got != "team:a added" {
			t.Error(got)
		}
		r.wantLives("one is back", "team:b RUNNING 1", "team:b")
		if i, ok := r.Info("team:a"); !ok || i.State != supervisor.Running || i.Life < 2 {
			t.Error("its lives are not counted on")
		}
		if got := len(r.Infos()); got != 2 {
			t.Errorf("%d programs are shown", got)
		}
		if err := r.Stop(context.Background(), "team:a", true); err != nil {
			t.Error(err)
		}
	})
}

func TestUpdateAddsAndRemovesGroups(t *testing.T) {
	withChanges(t, newScriptedHost(stays), []confload.Group{program1("old", nil), program1("web", nil)}, func(r *reconfigurable) {
		if got := r.update(program1("web", nil), program1("new", nil)); got != "old removed, new added" {
			t.Error(got)
		}
		r.wantLives("groups", "old gone, web RUNNING 1, new RUNNING 1", "old", "web", "new")
		groups := []confload.Group{program1("third", nil)}
		r.groups.Store(&groups)
		rows, err := r.Update(context.Background(), []string{"third", "nobody"})
		if got := updatedWords(rows); err != nil || got != "nobody  but BAD_NAME: nobody, third added" {
			t.Errorf("%v %s", err, got)
		}
		r.wantLives("only that one", "web RUNNING 1, third RUNNING 1", "web", "third")
	})
}

// Whoever stopped a program wants it down; whoever mends one that has failed wants it up.
func TestUpdateLeavesWhatWasStoppedByHandAndStartsWhatHasFailed(t *testing.T) {
	fails := func(name string, life int) script {
		if name == "bad" && life == 1 {
			return script{err: errors.New("no such thing")}
		}
		return script{}
	}
	groups := func(edit func(*confload.Program)) []confload.Group {
		return []confload.Group{program1("bad", func(p *confload.Program) {
			p.StartRetries = 0
			if edit != nil {
				edit(p)
			}
		}), program1("web", edit)}
	}
	withChanges(t, newScriptedHost(fails), groups(nil), func(r *reconfigurable) {
		if err := r.Stop(context.Background(), "web", true); err != nil {
			t.Fatal(err)
		}
		if got := r.update(groups(func(p *confload.Program) { p.StopWaitSecs = 3 })...); got != "bad changed (stopwaitsecs), web changed (stopwaitsecs)" {
			t.Error(got)
		}
		r.wantLives("in place", "bad FATAL 1, web STOPPED 1", "bad", "web")
		both := func(p *confload.Program) { p.StopWaitSecs = 3; otherDirectory(p) }
		if got := r.update(groups(both)...); got != "bad started (directory), web prepared (directory)" {
			t.Error(got)
		}
		r.wantLives("mended", "bad RUNNING 2, web STOPPED 1", "bad", "web")
	})
}

func TestUpdateStopsInReverseAndStartsInOrder(t *testing.T) {
	h := newScriptedHost(func(string, int) script { return script{stops: time.Second} })
	groups := func(dir string) []confload.Group {
		edit := func(needs string) func(*confload.Program) {
			return func(p *confload.Program) {
				p.Directory = dir
				if needs != "" {
					p.DependsOn = []confload.Dependency{{Programs: []string{needs}}}
				}
			}
		}
		return []confload.Group{program1("app", edit("db")), program1("db", edit("")), program1("web", edit("app"))}
	}
	withChanges(t, h, groups(""), func(r *reconfigurable) {
		r.after(10 * time.Second)
		r.forget()
		if got := r.update(groups("/")...); got != "app restarted (directory), db restarted (directory), web restarted (directory)" {
			t.Error(got)
		}
		r.after(20 * time.Second)
		r.mu.Lock()
		defer r.mu.Unlock()
		var order []string
		for _, line := range r.log {
			if f := strings.Fields(line); f[4] == "STOPPING" || f[4] == "STARTING" {
				order = append(order, f[1]+" "+f[4])
			}
		}
		want := []string{"web STOPPING", "app STOPPING", "db STOPPING", "db STARTING", "app STARTING", "web STARTING"}
		if !slices.Equal(order, want) {
			t.Errorf("got %q", order)
		}
	})
}

func TestStartsecsChangedInPlaceCountForTheStartUnderWay(t *testing.T) {
	slow := func(secs int) confload.Group {
		return program1("slow", func(p *confload.Program) { p.StartSecs = secs })
	}
	withChanges(t, newScriptedHost(stays), []confload.Group{slow(100)}, func(r *reconfigurable) {
		r.update(slow(5)) // 2 s of them have passed
		r.after(2 * time.Second)
		r.want()
		r.after(2 * time.Second)
		r.want("  5.0s slow STARTING -> RUNNING")
	})
}

func TestASchedulesComesAndGoesInPlace(t *testing.T) {
	job := func(cron string) confload.Group {
		if cron == "" {
			return program1("job", func(p *confload.Program) {
				p.Autostart, p.Autorestart, p.StartSecs = false, confload.RestartNever, 0
			})
		}
		return program1("job", scheduled(t, cron, nil))
	}
	withChanges(t, newScriptedHost(func(string, int) script { return script{runs: 2 * time.Second} }), []confload.Group{job("")}, func(r *reconfigurable) {
		if got := r.update(job("0 * * * * *")); got != "job changed (cron)" {
			t.Error(got)
		}
		r.after(time.Minute)
		if i, _ := r.Info("job"); i.Life != 1 {
			t.Errorf("a minute later its life is %d", i.Life)
		}
		r.update(job(""))
		r.after(5 * time.Minute)
		if i, _ := r.Info("job"); i.Life != 1 || !i.NextRun.IsZero() {
			t.Errorf("without a schedule its life is %d, the next %v", i.Life, i.NextRun)
		}
	})
}

// A strategy comes, changes and goes while everything is up, and acts at the next failure.
func TestTheStrategyOfAGroupChangesInPlace(t *testing.T) {
	var mu sync.Mutex
	procs := map[string]*scriptedProcess{}
	h := newScriptedHost(func(name string, _ int) script {
		return script{begun: func(p *scriptedProcess) {
			mu.Lock()
			defer mu.Unlock()
			procs[name] = p
		}}
	})
	kill := func(r *reconfigurable, name string) {
		mu.Lock()
		p := procs[name]
		mu.Unlock()
		_ = p.Signal(9)
		r.after(5 * time.Second)
	}
	with := func(s *confload.Supervision) confload.Group {
		g := crew("a b c", nil)
		g.Supervision = s
		return g
	}
	supervision := func(s confload.Strategy, intensity int) *confload.Supervision {
		return &confload.Supervision{Strategy: s, Intensity: intensity, Period: time.Minute, GiveUpExitCode: 1}
	}
	names := []string{"team:a", "team:b", "team:c"}
	withChanges(t, h, []confload.Group{with(nil)}, func(r *reconfigurable) {
		if got := r.update(with(supervision(confload.OneForAll, 5))); got != "team changed (strategy intensity)" {
			t.Error(got)
		}
		r.wantLives("nothing restarts for it", "team:a RUNNING 1, team:b RUNNING 1, team:c RUNNING 1", names...)
		kill(r, "b")
		r.wantLives("one_for_all", "team:a RUNNING 2, team:b RUNNING 2, team:c RUNNING 2", names...)
		r.update(with(supervision(confload.RestForOne, 5)))
		kill(r, "b")
		r.wantLives("rest_for_one", "team:a RUNNING 2, team:b RUNNING 3, team:c RUNNING 3", names...)
		if g := r.Metrics().Groups; len(g) != 1 || g[0].Used != 2 {
			t.Errorf("what was spent does not count on: %+v", g)
		}
		r.update(with(nil))
		kill(r, "b")
		r.wantLives("without", "team:a RUNNING 2, team:b RUNNING 4, team:c RUNNING 3", names...)
		if g := r.Metrics().Groups; len(g) != 0 {
			t.Errorf("it has a budget: %+v", g)
		}
	})
}

// TestAFailureThatOvertakesTheEndOfAStrategyIsNotForgotten has a program leave a decision to its group, which has no strategy any more.
func TestAFailureThatOvertakesTheEndOfAStrategyIsNotForgotten(t *testing.T) {
	h := newScriptedHost(func(_ string, life int) script {
		if life == 1 {
			return script{runs: time.Second}
		}
		return script{}
	})
	inVirtualTime(t, h, []confload.Group{program1("web", func(p *confload.Program) { p.Autorestart = confload.RestartNever })}, func(b *bench) {
		b.after(5 * time.Second)
		e := b.tree.table.find("web")
		if state := e.info.Load().State; state != supervisor.Exited {
			t.Fatalf("it is %s", state)
		}
		group := b.tree.table.group("web").pid.Load()
		b.tree.system.Root.Send(group, &programChanged{entry: e, state: supervisor.Fatal, failed: true}) // what has given up stays down
		b.after(5 * time.Second)
		if i := e.info.Load(); i.Life != 1 {
			t.Errorf("life %d", i.Life)
		}
		b.tree.system.Root.Send(group, &programChanged{entry: e, state: supervisor.Exited, failed: true})
		b.after(5 * time.Second)
		if i := e.info.Load(); i.State != supervisor.Running || i.Life != 2 {
			t.Errorf("it is %s in life %d", i.State, i.Life)
		}
		records, _ := b.History(0, 0)
		if !slices.ContainsFunc(records, func(r Record) bool { return r.Reason.Code == "no-strategy" && r.Program == "web" }) {
			t.Errorf("nobody tells why: %+v", records)
		}
	})
}

func TestPrioritiesChangeInPlace(t *testing.T) {
	web := func(priority int) confload.Group {
		return program1("web", func(p *confload.Program) { p.Priority = priority })
	}
	withChanges(t, newScriptedHost(stays), []confload.Group{program1("db", nil), web(999)}, func(r *reconfigurable) {
		if got := r.update(web(1), program1("db", nil)); got != "web changed (priority)" {
			t.Error(got)
		}
		r.wantLives("in place", "web RUNNING 1, db RUNNING 1", "web", "db")
		if g := r.Groups(); g[0].Name != "web" || g[0].Programs[0].Program.Priority != 1 {
			t.Errorf("the order of starts is %+v", g)
		}
	})
}

// An update that finds a shutdown under way, or a bad configuration, says so.
func TestUpdateTellsWhyNothingWasDone(t *testing.T) {
	load := func() (*confload.Config, error) { return nil, errors.New("line 7 is bad") }
	inVirtualTime(t, newScriptedHost(stays), []confload.Group{program1("web", nil)}, func(b *bench) {
		_, err := b.Update(context.Background(), nil)
		wantFault(t, err, CantReread)
		b.Shutdown(false)
		<-b.Done()
		_, err = b.Update(context.Background(), nil)
		wantFault(t, err, ShutdownState)
	}, WithLoader(load))
}

// Updates asked for at the same time are carried out one after the other.
func TestUpdatesDoNotOverlap(t *testing.T) {
	h := newScriptedHost(func(string, int) script { return script{stops: 3 * time.Second} })
	withChanges(t, h, []confload.Group{crew("a b", nil)}, func(r *reconfigurable) {
		groups := []confload.Group{crew("a b c", otherDirectory)}
		r.groups.Store(&groups)
		var all sync.WaitGroup
		var done [5]string
		for i := range done {
			all.Go(func() {
				rows, err := r.Update(context.Background(), nil)
				done[i] = fmt.Sprint(updatedWords(rows), err)
			})
		}
		all.Wait()
		slices.Sort(done[:])
		if done[0] != "<nil>" || done[3] != "<nil>" || done[4] != "team:a restarted (directory), team:b restarted (directory), team:c added<nil>" {
			t.Errorf("%q", done)
		}
		r.wantLives("once", "team:a RUNNING 2, team:b RUNNING 2, team:c RUNNING 1", "team:a", "team:b", "team:c")
	})
}
