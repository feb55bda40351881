package actors

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gwaycc/supd/confload"
)

// transcript writes a plan, a step on each line.
func planText(steps []PlanStep) string {
	var b strings.Builder
	for _, s := range steps {
		why := ""
		if s.Why != "" {
			why = " (" + s.Why + ")"
		}
		fmt.Fprintf(&b, "%s %s%s\n", s.Do, s.Program, why)
	}
	return b.String()
}

func wantPlan(t *testing.T, what string, steps []PlanStep, want ...string) {
	t.Helper()
	if got := planText(steps); got != strings.Join(want, "\n")+"\n" {
		t.Errorf("%s:\n%s", what, got)
	}
}

func TestThePlanOfAnUpdateIsInItsOrder(t *testing.T) {
	needs := func(on string) func(*confload.Program) {
		return func(p *confload.Program) { p.DependsOn = []confload.Dependency{{Programs: []string{on}}} }
	}
	groups := []confload.Group{program1("db", nil), program1("web", needs("db")), program1("old", nil), crew("a b", nil)}
	inVirtualTime(t, newScriptedHost(stays), groups, func(b *bench) {
		b.after(10 * time.Second)
		both := func(p *confload.Program) { otherDirectory(p) }
		to := &confload.Config{Groups: []confload.Group{program1("db", both), program1("new", nil),
			crew("b c", of("b", func(p *confload.Program) { p.StopWaitSecs = 3 })),
			program1("web", func(p *confload.Program) { needs("db")(p); both(p) })}}
		wantPlan(t, "all", b.PlanUpdate(to, nil),
			"stop team:a (it is not in the configuration any more)", "stop old (it is not in the configuration any more)", "stop web (directory changed)",
			"stop db (directory changed)", "remove old:*", "change db (directory changed)", "remove team:a",
			"change team:b (stopwaitsecs changed, without a restart)", "add team:c", "change web (directory changed)", "add new:*", "start new (autostart)",
			"start db (directory changed)", "start team:c", "start web (directory changed, when db is up)")
		wantPlan(t, "one", b.PlanUpdate(to, []string{"db", "nobody"}), "stop db (directory changed)", "keep web (it goes on without db (depends_policy))", "change db (directory changed)",
			"start db (directory changed)", "nothing nobody (there is no such group)")
		if steps := b.PlanUpdate(&confload.Config{Groups: groups}, nil); steps != nil {
			t.Errorf("nothing: %s", planText(steps))
		}
	})
}

func TestThePlanOfAStopNamesWhoDependsOnIt(t *testing.T) {
	on := func(name string, policy confload.DependsPolicy) func(*confload.Program) {
		return func(p *confload.Program) {
			p.DependsOn, p.DependsPolicy = []confload.Dependency{{Programs: []string{name}}}, policy
		}
	}
	groups := []confload.Group{program1("db", nil), program1("app", on("db", confload.DependsRestart)), program1("web", on("app", confload.DependsStop)),
		program1("cron", on("db", confload.DependsKeep))}
	inVirtualTime(t, newScriptedHost(stays), groups, func(b *bench) {
		b.after(10 * time.Second)
		steps, err := b.PlanStop("db")
		wantPlan(t, fmt.Sprint(err), steps, "stop db (asked for; it stays down)", "stop app (until db is up again (depends_policy))",
			"keep cron (it goes on without db (depends_policy))", "stop web (it is stopped for lack of app (depends_policy))")
		if _, err := b.PlanStop("nobody"); err == nil {
			t.Error("nobody is stopped")
		}
		steps, _ = b.PlanStop("web:*")
		wantPlan(t, "a group", steps, "stop web (asked for; it stays down)")
		if err := b.Stop(context.Background(), "web", true); err != nil {
			t.Error(err)
		}
		steps, _ = b.PlanStop("web")
		wantPlan(t, "one that is down", steps, "nothing web (it is not running)")
	})
}

func TestThePlanOfADeathIsWhatThenHappens(t *testing.T) {
	groups := []confload.Group{team(confload.Supervision{Strategy: confload.RestForOne, Intensity: 1, Period: time.Hour}), program1("web", nil),
		program1("once", func(p *confload.Program) { p.Autorestart = confload.RestartNever })}
	inVirtualTime(t, newScriptedHost(stays), groups, func(b *bench) {
		b.after(10 * time.Second)
		plan := func(name string) []PlanStep {
			steps, err := b.PlanKill(name)
			if err != nil {
				t.Error(err)
			}
			return steps
		}
		wantPlan(t, "autorestart", plan("web"), "go to EXITED web (the process ended: terminated by SIGKILL)",
			"start web (it ended with a status that is not in exitcodes)")
		wantPlan(t, "no autorestart", plan("once"), "go to EXITED once (it ended and autorestart is false: terminated by SIGKILL)")
		wantPlan(t, "rest_for_one", plan("team:b"), "go to EXITED team:b (the process ended: terminated by SIGKILL)",
			"stop team:c (b failed, and the strategy of the group is rest_for_one)",
			"start team:b (b failed, and the strategy of the group is rest_for_one)",
			"start team:c (b failed, and the strategy of the group is rest_for_one)")
		b.forget()
		kill := func() {
			if err := b.Signal(context.Background(), "team:b", syscall.SIGKILL); err != nil {
				t.Error(err)
			}
			b.after(10 * time.Second)
		}
		kill()
		b.want(" 10.0s team:b RUNNING -> EXITED", " 10.0s team:c RUNNING -> STOPPING", " 10.0s team:c STOPPING -> STOPPED",
			" 10.0s team:b EXITED -> STARTING", " 11.0s team:b STARTING -> RUNNING",
			" 11.0s team:c STOPPED -> STARTING", " 12.0s team:c STARTING -> RUNNING")
		used := "b failed, and the budget is used up: at most 1 restart in 1h0m0s"
		wantPlan(t, "once more", plan("team:b"), "go to EXITED team:b (the process ended: terminated by SIGKILL)",
			"stop team:c ("+used+")", "stop team:a ("+used+")", "give up team:* ("+used+"; on_give_up is leave: they stay down)")
		kill()
		b.want(" 20.0s team:b RUNNING -> EXITED", " 20.0s team:c RUNNING -> STOPPING", " 20.0s team:c STOPPING -> STOPPED",
			" 20.0s team:a RUNNING -> STOPPING", " 20.0s team:a STOPPING -> STOPPED")
		wantPlan(t, "nothing to kill", plan("team:b"), "nothing team:b (it has no process)")
	})
}

// TestThePlanOfADeathGoesThroughGroupsInGroups compares what is foretold of groups in groups with the stops and starts that then come.
func TestThePlanOfADeathGoesThroughGroupsInGroups(t *testing.T) {
	supervised := func(s confload.Strategy, intensity int) confload.Supervision {
		return confload.Supervision{Strategy: s, Intensity: intensity, Period: time.Hour}
	}
	first := groupOf("out", supervised(confload.OneForAll, 1), "a", "group:in", "z")
	inner := in("out", groupOf("in", supervised(confload.RestForOne, 0), "x", "group:deep", "y"))
	deep := in("in", groupOf("deep", supervised(confload.OneForOne, 5), "d"))
	job := groupOf("job", confload.Supervision{Strategy: confload.OneForOne, Intensity: 3, Period: time.Hour, AutoShutdown: confload.AnySignificant}, "main", "helper")
	job.Programs[0].Significant, job.Programs[0].Autorestart = true, confload.RestartNever
	groups := []confload.Group{first, inner, deep, job}
	inVirtualTime(t, newScriptedHost(stays), groups, func(b *bench) {
		b.after(20 * time.Second)
		foretold := func(name string, want ...string) {
			t.Helper()
			steps, err := b.PlanKill(name)
			wantPlan(t, fmt.Sprint(name, " ", err), steps, want...)
			b.forget()
			if err := b.Signal(context.Background(), name, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
			b.after(20 * time.Second)
			var planned []string
			for _, s := range steps {
				if s.Do == "stop" || s.Do == "start" {
					planned = append(planned, s.Do+" "+s.Program)
				}
			}
			if did := b.stopsAndStarts(); !slices.Equal(did, planned) {
				t.Errorf("%s: foretold %q, came %q", name, planned, did)
			}
		}
		one := "d failed, and the strategy of the group is one_for_one"
		foretold("deep:d", "go to EXITED deep:d (the process ended: terminated by SIGKILL)", "start deep:d ("+one+")")
		used := "x failed, and the budget is used up: no restart is allowed"
		asked := "the group in asks for it: " + used
		all := "group:in failed, and the strategy of the group is one_for_all"
		again := "the group out asks for it: " + all
		foretold("in:x", "go to EXITED in:x (the process ended: terminated by SIGKILL)",
			"stop in:y ("+used+")", "stop deep:d ("+asked+")",
			"give up in:* ("+used+"; on_give_up is that it is a failure of the group it is in)",
			"stop out:z ("+all+")", "stop out:a ("+all+")", "start out:a ("+all+")",
			"start in:x ("+again+")", "start deep:d (the group in asks for it: "+again+")", "start in:y ("+again+")", "start out:z ("+all+")")
		gone := "a failed, and the budget is used up: at most 1 restart in 1h0m0s"
		down := "the group out asks for it: " + gone
		foretold("out:a", "go to EXITED out:a (the process ended: terminated by SIGKILL)",
			"stop out:z ("+gone+")", "stop in:y ("+down+")", "stop deep:d (the group in asks for it: "+down+")", "stop in:x ("+down+")",
			"give up out:* ("+gone+"; on_give_up is leave: they stay down)")
		significant := "main is significant and has ended, and auto_shutdown of the group is any_significant"
		foretold("job:main", "go to EXITED job:main (it ended and autorestart is false: terminated by SIGKILL)",
			"stop job:helper ("+significant+")", "finish job:* ("+significant+")")
	})
}

// stopsAndStarts lists what has been stopped and started since the bench has forgotten, in the order of the begins.
func (b *bench) stopsAndStarts() []string {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, line := range b.log {
		f := strings.Fields(line)
		switch f[len(f)-1] {
		case "STARTING":
			out = append(out, "start "+f[1])
		case "STOPPING":
			out = append(out, "stop "+f[1])
		}
	}
	return out
}

func TestAPlanTellsWhenSupdEnds(t *testing.T) {
	ends := WithExitWhen(func(infos []*Info) string {
		if slices.ContainsFunc(infos, func(i *Info) bool { return !i.State.IsDown() && i.Program.Name != "watcher" }) {
			return ""
		}
		return "nothing runs any more"
	})
	g := team(confload.Supervision{Strategy: confload.OneForAll, Intensity: 0, Period: time.Minute, OnGiveUp: confload.GiveUpShutdown})
	watcher := program1("watcher", both(needing(confload.DependsRestart, "team:a"), func(p *confload.Program) { p.Priority = 1000 }))
	inVirtualTime(t, newScriptedHost(stays), []confload.Group{g, watcher, program1("last", nil)}, func(b *bench) {
		b.after(10 * time.Second)
		steps, err := b.PlanKill("team:a")
		wantPlan(t, fmt.Sprint(err), steps, "go to EXITED team:a (the process ended: terminated by SIGKILL)", "stop watcher (until team:a is up again (depends_policy))",
			"stop team:c (a failed, and the budget is used up: no restart is allowed)", "stop team:b (a failed, and the budget is used up: no restart is allowed)",
			"give up team:* (a failed, and the budget is used up: no restart is allowed; on_give_up is shutdown: supd ends)", "end supd (group team gave up)",
			"stop last (supd ends)")
		if _, err := b.StopGroup(context.Background(), "team", true); err != nil {
			t.Error(err)
		}
		b.after(time.Second)
		steps, err = b.PlanStop("last")
		wantPlan(t, fmt.Sprint(err), steps, "stop last (asked for; it stays down)", "end supd (nothing runs any more)")
	}, ends)
	inVirtualTime(t, newScriptedHost(stays), []confload.Group{program1("last", func(p *confload.Program) { p.Autorestart = confload.RestartNever }), program1("watcher", nil)}, func(b *bench) {
		b.after(10 * time.Second)
		steps, err := b.PlanKill("last")
		wantPlan(t, fmt.Sprint(err), steps, "go to EXITED last (it ended and autorestart is false: terminated by SIGKILL)", "end supd (nothing runs any more)",
			"stop watcher (supd ends)")
	}, ends)
}

// In the middle of a pass, what is under way comes first.
func TestThePlanOfADeathInTheMiddleOfAPass(t *testing.T) {
	g := team(confload.Supervision{Strategy: confload.OneForAll, Intensity: 1, Period: time.Minute})
	inVirtualTime(t, dyingOnce(1), []confload.Group{g}, func(b *bench) {
		b.after(5500 * time.Millisecond) // b has failed, c is being stopped
		steps, err := b.PlanKill("team:a")
		wantPlan(t, fmt.Sprint(err), steps, "go to EXITED team:a (the process ended: terminated by SIGKILL)", "wait team:c (until it is down)",
			"start team:a (b failed, and the strategy of the group is one_for_all)", "start team:b (b failed, and the strategy of the group is one_for_all)",
			"start team:c (b failed, and the strategy of the group is one_for_all)")
		steps, err = b.PlanStop("team:b")
		wantPlan(t, fmt.Sprint(err), steps, "stop team:b (it is down for the sake of its group, and is not started again then)")
		b.after(3 * time.Second) // a is up again, b is being started
		steps, err = b.PlanKill("team:a")
		used := "a failed, and the budget is used up: at most 1 restart in 1m0s"
		wantPlan(t, fmt.Sprint(err), steps, "go to EXITED team:a (the process ended: terminated by SIGKILL)", "stop team:b ("+used+")",
			"give up team:* ("+used+"; on_give_up is leave: they stay down)")
	})
}
