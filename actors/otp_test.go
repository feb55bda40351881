package actors

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process"
)

// This file has OTP's rules for supervisors in virtual time; strategy_test.go has the three strategies and what follows when a
// group gives up.

func TestAStopBeforeTheAutostartCounts(t *testing.T) {
	one, others := program1("one", nil), groupOf("g", confload.Supervision{}, "a", "b")
	inVirtualTime(t, dying(nil), []confload.Group{one, others, program1("free", nil)}, func(b *bench) {
		ctx := context.Background()
		if err := b.Stop(ctx, "one", true); err == nil {
			t.Error("it was stopped, but it is not running")
		}
		if _, err := b.StopGroup(ctx, "g", true); err != nil {
			t.Error(err)
		}
		b.Autostart()
		b.after(5 * time.Second)
		b.wantStates("STOPPED STOPPED STOPPED RUNNING", "one", "g:a", "g:b", "free")
		if err := b.Start(ctx, "one", true); err != nil {
			t.Error(err)
		}
		b.wantStates("RUNNING", "one")
	}, WithDeferredStart())
}

// groupOf is a [group:name] whose members are programs, or groups as "group:x".
func groupOf(name string, s confload.Supervision, members ...string) confload.Group {
	s.Period = max(s.Period, time.Minute)
	g := confload.Group{Name: name, Priority: 999, Section: "group:" + name, Supervision: &s}
	for _, m := range members {
		g.Members = append(g.Members, m)
		if _, nested := confload.GroupMember(m); !nested {
			p := program1(m, nil).Programs[0]
			p.Group = name
			g.Programs = append(g.Programs, p)
		}
	}
	return g
}

// in makes g a member of the group of a name, which its failures go up to.
func in(parent string, g confload.Group) confload.Group {
	g.Parent, g.Supervision.OnGiveUp = parent, confload.GiveUpEscalate
	return g
}

// dying is a host on which the lives of programs that are listed end by themselves after 5 s with status 1. A stop takes a
// second.
func dying(lives map[string][]int) *scriptedHost {
	return newScriptedHost(func(name string, life int) script {
		if slices.Contains(lives[name], life) {
			return script{runs: 5 * time.Second, code: 1, stops: time.Second}
		}
		return script{stops: time.Second}
	})
}

// had is how many lives a program has had.
func (h *scriptedHost) had(name string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lives[name]
}

// states tells the states of programs: "RUNNING STOPPED".
func (b *bench) states(names ...string) string {
	var out []string
	for _, n := range names {
		out = append(out, b.state(n).String())
	}
	return strings.Join(out, " ")
}

func (b *bench) wantStates(want string, names ...string) {
	b.t.Helper()
	if got := b.states(names...); got != want {
		b.t.Errorf("%v are %s, want %s", names, got, want)
	}
}

func TestPermanentTransientAndTemporaryMembers(t *testing.T) {
	for _, c := range []struct {
		policy confload.Autorestart
		code   int
		lives  int
		state  supervisor.State
	}{
		{confload.RestartAlways, 0, 2, supervisor.Running},
		{confload.RestartAlways, 1, 2, supervisor.Running},
		{confload.RestartUnexpected, 0, 1, supervisor.Exited},
		{confload.RestartUnexpected, 1, 2, supervisor.Running},
		{confload.RestartNever, 0, 1, supervisor.Exited},
		{confload.RestartNever, 1, 1, supervisor.Exited},
	} {
		h := newScriptedHost(func(name string, life int) script {
			if name == "a" && life == 1 {
				return script{runs: 5 * time.Second, code: c.code}
			}
			return script{}
		})
		g := groupOf("x", confload.Supervision{Intensity: 1}, "a", "b")
		g.Programs[0].Autorestart = c.policy
		inVirtualTime(t, h, []confload.Group{g}, func(b *bench) {
			b.after(time.Minute)
			if h.had("a") != c.lives || b.state("x:a") != c.state {
				t.Errorf("autorestart %d, status %d: %d lives, %s", c.policy, c.code, h.had("a"), b.state("x:a"))
			}
			_ = b.Stop(context.Background(), "x:a", true) // an end that somebody asked for is no failure, whatever the policy
			b.after(time.Minute)
			if h.had("a") != c.lives {
				t.Errorf("autorestart %d, status %d: it came back after a stop", c.policy, c.code)
			}
		})
	}
}

func TestASignificantMemberThatIsDoneStopsItsGroupInReverse(t *testing.T) {
	h := newScriptedHost(func(name string, life int) script {
		if name == "main" && life == 1 {
			return script{runs: 5 * time.Second}
		}
		return script{stops: time.Second}
	})
	g := groupOf("x", confload.Supervision{Intensity: -1, AutoShutdown: confload.AnySignificant}, "db", "main", "log")
	g.Programs[1].Significant = true
	inVirtualTime(t, h, []confload.Group{g, program1("other", nil)}, func(b *bench) {
		b.after(4 * time.Second)
		b.forget()
		b.after(time.Minute)
		b.want("  5.0s x:main RUNNING -> EXITED", "  5.0s x:log RUNNING -> STOPPING", "  6.0s x:log STOPPING -> STOPPED",
			"  6.0s x:db RUNNING -> STOPPING", "  7.0s x:db STOPPING -> STOPPED")
		if i := slices.IndexFunc(b.Groups(), func(g GroupInfo) bool { return g.Name == "x" }); !b.Groups()[i].Done || b.Groups()[i].Budget.GaveUp {
			t.Errorf("%+v", b.Groups()[i])
		}
		if _, err := b.StartGroup(context.Background(), "x", true); err != nil {
			t.Error(err)
		}
		b.wantStates("RUNNING RUNNING RUNNING RUNNING", "x:db", "x:main", "x:log", "other")
		if b.Groups()[slices.IndexFunc(b.Groups(), func(g GroupInfo) bool { return g.Name == "x" })].Done {
			t.Error("it has begun anew, and is done")
		}
	})
}

func TestAStopOrAFailureOfASignificantMemberStopsNothing(t *testing.T) {
	g := groupOf("x", confload.Supervision{Intensity: -1, AutoShutdown: confload.AnySignificant}, "main", "log")
	g.Programs[0].Significant = true
	inVirtualTime(t, dying(map[string][]int{"main": {1}}), []confload.Group{g}, func(b *bench) {
		b.after(time.Minute)
		b.wantStates("RUNNING RUNNING", "x:main", "x:log")
		if err := b.Stop(context.Background(), "x:main", true); err != nil {
			t.Error(err)
		}
		b.after(time.Minute)
		b.wantStates("STOPPED RUNNING", "x:main", "x:log")
	})
}

func TestWithAllSignificantTheLastOneThatIsUpCounts(t *testing.T) {
	h := newScriptedHost(func(name string, _ int) script {
		return script{runs: map[string]time.Duration{"one": 5 * time.Second, "two": 10 * time.Second}[name], stops: time.Second}
	})
	g := groupOf("x", confload.Supervision{Intensity: -1, AutoShutdown: confload.AllSignificant}, "one", "two", "log")
	g.Programs[0].Significant, g.Programs[1].Significant = true, true
	inVirtualTime(t, h, []confload.Group{g}, func(b *bench) {
		b.after(9 * time.Second)
		b.wantStates("EXITED RUNNING RUNNING", "x:one", "x:two", "x:log")
		b.after(9 * time.Second)
		b.wantStates("EXITED EXITED STOPPED", "x:one", "x:two", "x:log")
	})
}

// nest is a group x of a, the group in of p and q, and z.
func nest(outer, inner confload.Supervision) []confload.Group {
	return []confload.Group{in("x", groupOf("in", inner, "p", "q")), groupOf("x", outer, "a", "group:in", "z")}
}

// nestOfThree is a group x of a, the group in of p alone, and z: at a shutdown no two end at the same time.
func nestOfThree() []confload.Group {
	s := confload.Supervision{Intensity: -1}
	return []confload.Group{in("x", groupOf("in", s, "p")), groupOf("x", s, "a", "group:in", "z")}
}

var nestNames = []string{"x:a", "in:p", "in:q", "x:z"}

func TestAGroupInAGroupStartsInItsPlaceAndStopsInItsPlace(t *testing.T) {
	h := dying(nil)
	inVirtualTime(t, h, append(nestOfThree(), program1("alone", nil)), func(b *bench) {
		b.after(2 * time.Second)
		if got := fmt.Sprint(h.started()); got != "[a p z alone]" {
			t.Errorf("started %s", got)
		}
		b.forget()
		b.Shutdown(false)
		<-b.Done()
		b.want("  2.0s alone RUNNING -> STOPPING", "  3.0s alone STOPPING -> STOPPED",
			"  3.0s x:z RUNNING -> STOPPING", "  4.0s x:z STOPPING -> STOPPED",
			"  4.0s in:p RUNNING -> STOPPING", "  5.0s in:p STOPPING -> STOPPED",
			"  5.0s x:a RUNNING -> STOPPING", "  6.0s x:a STOPPING -> STOPPED")
	})
}

// One of the group that is a member needs one that stands after that group: what is needed stops last all the same.
func TestDependenciesCountForMoreThanThePlaceOfAGroup(t *testing.T) {
	groups := nestOfThree()
	groups[0].Programs[0].DependsOn = []confload.Dependency{{Name: "x:z", Programs: []string{"x:z"}}}
	inVirtualTime(t, dying(nil), groups, func(b *bench) {
		b.after(5 * time.Second)
		b.wantStates("RUNNING RUNNING RUNNING", "x:a", "in:p", "x:z")
		b.forget()
		b.Shutdown(false)
		<-b.Done()
		b.want("  5.0s in:p RUNNING -> STOPPING", "  6.0s in:p STOPPING -> STOPPED",
			"  6.0s x:z RUNNING -> STOPPING", "  7.0s x:z STOPPING -> STOPPED", "  7.0s x:a RUNNING -> STOPPING", "  8.0s x:a STOPPING -> STOPPED")
	})
}

func TestAFailureInANestedGroupStaysThereWithinItsBudget(t *testing.T) {
	h := dying(map[string][]int{"p": {1}})
	inVirtualTime(t, h, nest(confload.Supervision{Strategy: confload.OneForAll}, confload.Supervision{Intensity: 1}), func(b *bench) {
		b.after(time.Minute)
		b.wantStates("RUNNING RUNNING RUNNING RUNNING", nestNames...)
		if h.had("p") != 2 || h.had("q") != 1 || h.had("a") != 1 || h.had("z") != 1 {
			t.Errorf("%v", h.lives)
		}
	})
}

func TestANestedGroupThatGivesUpIsRestartedAsAUnit(t *testing.T) {
	h := dying(map[string][]int{"p": {1}})
	inVirtualTime(t, h, nest(confload.Supervision{Strategy: confload.RestForOne, Intensity: 1}, confload.Supervision{}), func(b *bench) {
		b.after(4 * time.Second)
		b.forget()
		b.after(time.Minute)
		b.want("  5.0s in:p RUNNING -> EXITED", "  5.0s in:q RUNNING -> STOPPING", "  6.0s in:q STOPPING -> STOPPED",
			"  6.0s x:z RUNNING -> STOPPING", "  7.0s x:z STOPPING -> STOPPED",
			"  7.0s in:p EXITED -> STARTING", "  8.0s in:p STARTING -> RUNNING",
			"  8.0s in:q STOPPED -> STARTING", "  9.0s in:q STARTING -> RUNNING",
			"  9.0s x:z STOPPED -> STARTING", " 10.0s x:z STARTING -> RUNNING")
		for _, g := range b.Groups() {
			if want := map[string]int{"x": 1, "in": 0}[g.Name]; g.Budget.Used != want || g.Budget.GaveUp {
				t.Errorf("%s: %+v", g.Name, g.Budget)
			}
		}
	})
}

// A failure in the group above restarts the group in it, in reverse and in order, and what somebody has stopped stays down.
func TestAFailureBesideANestedGroupRestartsItAsAUnit(t *testing.T) {
	h := dying(map[string][]int{"a": {1}})
	inVirtualTime(t, h, nest(confload.Supervision{Strategy: confload.OneForAll, Intensity: 1}, confload.Supervision{}), func(b *bench) {
		b.after(2 * time.Second)
		if err := b.Stop(context.Background(), "in:q", true); err != nil {
			t.Error(err)
		}
		b.forget()
		b.after(time.Minute)
		b.want("  5.0s x:a RUNNING -> EXITED", "  5.0s x:z RUNNING -> STOPPING", "  6.0s x:z STOPPING -> STOPPED",
			"  6.0s in:p RUNNING -> STOPPING", "  7.0s in:p STOPPING -> STOPPED",
			"  7.0s x:a EXITED -> STARTING", "  8.0s x:a STARTING -> RUNNING",
			"  8.0s in:p STOPPED -> STARTING", "  9.0s in:p STARTING -> RUNNING",
			"  9.0s x:z STOPPED -> STARTING", " 10.0s x:z STARTING -> RUNNING")
	})
}

// What has failed before a group began anew is no failure of the new one.
func TestAGroupThatIsStartedAnewForgetsThatTheOneInItGaveUp(t *testing.T) {
	h := dying(map[string][]int{"p": {1}})
	inVirtualTime(t, h, nest(confload.Supervision{}, confload.Supervision{}), func(b *bench) {
		b.after(20 * time.Second) // both gave up
		if err := b.Start(context.Background(), "x:a", true); err != nil {
			t.Error(err)
		}
		b.after(20 * time.Second)
		b.wantStates("EXITED RUNNING", "in:p", "x:a")
		for _, g := range b.Groups() {
			if gaveUp := g.Name == "in"; g.Budget.GaveUp != gaveUp {
				t.Errorf("%s: %+v", g.Name, g.Budget)
			}
		}
	})
}

func TestThroughThreeLevelsAFailureGoesUpToTheTop(t *testing.T) {
	inner := confload.Supervision{} // intensity 0: every failure goes up
	groups := []confload.Group{
		groupOf("top", confload.Supervision{OnGiveUp: confload.GiveUpShutdown, GiveUpExitCode: 7, Intensity: 1}, "t", "group:mid"),
		in("top", groupOf("mid", inner, "m", "group:low")),
		in("mid", groupOf("low", inner, "l")),
	}
	told := make(chan string, 1)
	inVirtualTime(t, dying(map[string][]int{"l": {1, 2}}), groups, func(b *bench) {
		b.after(9 * time.Second) // the first one is lived with
		b.wantStates("RUNNING RUNNING RUNNING", "top:t", "mid:m", "low:l")
		<-b.Done()
		if got := <-told; got != "top 7 group:mid failed, and the budget is used up: at most 1 restart in 1m0s" {
			t.Error(got)
		}
	}, WithGiveUp(func(group string, code int, r supervisor.Reason) { told <- fmt.Sprint(group, " ", code, " ", r.Text) }))
}

func TestANestedGroupThatIsDoneIsNoFailureAndMayBeSignificant(t *testing.T) {
	h := newScriptedHost(func(name string, _ int) script {
		if name == "p" {
			return script{runs: 5 * time.Second}
		}
		return script{stops: time.Second}
	})
	for _, significant := range []bool{false, true} {
		groups := nest(confload.Supervision{Strategy: confload.OneForAll}, confload.Supervision{Intensity: -1, AutoShutdown: confload.AnySignificant})
		groups[0].Programs[0].Significant = true
		if significant {
			groups[0].Significant, groups[1].SignificantGroups = true, []string{"group:in"}
			groups[1].Supervision.AutoShutdown = confload.AnySignificant
		}
		inVirtualTime(t, h, groups, func(b *bench) {
			b.after(time.Minute)
			want := "RUNNING EXITED STOPPED RUNNING"
			if significant {
				want = "STOPPED EXITED STOPPED STOPPED"
			}
			b.wantStates(want, nestNames...)
		})
	}
}

func TestANestedGroupThatDoesNotEscalateIsLeftDown(t *testing.T) {
	groups := nest(confload.Supervision{Strategy: confload.OneForAll}, confload.Supervision{})
	groups[0].Supervision.OnGiveUp = confload.GiveUpLeave
	inVirtualTime(t, dying(map[string][]int{"p": {1}}), groups, func(b *bench) {
		b.after(time.Minute)
		b.wantStates("RUNNING EXITED STOPPED RUNNING", nestNames...)
		if err := b.Start(context.Background(), "in:p", true); err != nil {
			t.Error(err)
		}
		b.wantStates("RUNNING RUNNING STOPPED RUNNING", nestNames...)
	})
}

func TestAGroupThatGaveUpBeginsAnewWithTheGroupsInIt(t *testing.T) {
	groups := nest(confload.Supervision{OnGiveUp: confload.GiveUpRestart, Period: 30 * time.Second}, confload.Supervision{})
	inVirtualTime(t, dying(map[string][]int{"q": {1}}), groups, func(b *bench) {
		b.after(20 * time.Second)
		b.wantStates("STOPPED STOPPED EXITED STOPPED", nestNames...)
		b.after(2 * time.Minute)
		b.wantStates("RUNNING RUNNING RUNNING RUNNING", nestNames...)
	})
}

func TestANestedGroupCanBeRemovedAndAddedWhileTheOneAboveGoesOn(t *testing.T) {
	groups := nest(confload.Supervision{Strategy: confload.RestForOne, Intensity: 5}, confload.Supervision{})
	h := dying(map[string][]int{"a": {1}, "p": {3}})
	inVirtualTime(t, h, groups, func(b *bench) {
		ctx := context.Background()
		b.after(2 * time.Second)
		if _, err := b.StopGroup(ctx, "in", true); err != nil {
			t.Error(err)
		}
		if err := b.RemoveGroup(ctx, "in"); err != nil {
			t.Error(err)
		}
		b.after(20 * time.Second) // a has failed, and x was restarted without it
		b.wantStates("RUNNING RUNNING", "x:a", "x:z")
		if err := b.AddGroup(ctx, "in"); err != nil {
			t.Error(err)
		}
		b.after(4 * time.Second)
		b.wantStates("RUNNING RUNNING RUNNING RUNNING", nestNames...)
		if err := b.Stop(ctx, "in:p", true); err != nil {
			t.Error(err)
		}
		if err := b.Start(ctx, "in:p", true); err != nil { // its third life fails, which goes up
			t.Error(err)
		}
		z := h.had("z")
		b.after(time.Minute)
		b.wantStates("RUNNING RUNNING RUNNING RUNNING", nestNames...)
		if h.had("p") != 4 || h.had("z") != z+1 {
			t.Errorf("%v, z had %d", h.lives, z)
		}
	})
}

func TestTheGroupAboveCanBeRemovedAndAddedWhileTheNestedOneGoesOn(t *testing.T) {
	groups := nest(confload.Supervision{Strategy: confload.RestForOne, Intensity: 5}, confload.Supervision{})
	h := newScriptedHost(func(name string, life int) script {
		if name == "p" && life == 1 {
			return script{runs: 30 * time.Second, code: 1}
		}
		return script{stops: time.Second}
	})
	inVirtualTime(t, h, groups, func(b *bench) {
		ctx := context.Background()
		b.after(2 * time.Second)
		if _, err := b.StopGroup(ctx, "x", true); err != nil {
			t.Error(err)
		}
		if err := b.RemoveGroup(ctx, "x"); err != nil {
			t.Error(err)
		}
		if err := b.AddGroup(ctx, "x"); err != nil {
			t.Error(err)
		}
		b.after(4 * time.Second)
		b.wantStates("RUNNING RUNNING RUNNING RUNNING", nestNames...)
		if h.had("p") != 1 {
			t.Errorf("%d lives of p", h.had("p"))
		}
		b.after(time.Minute) // p has failed: x knows the group, and restarts it and what stands after it
		b.wantStates("RUNNING RUNNING RUNNING RUNNING", nestNames...)
		if h.had("p") != 2 || h.had("z") != 3 || h.had("a") != 2 {
			t.Errorf("%v", h.lives)
		}
	})
}

// notComingUp is a host on which b fails once after 5 s, and a does not come up for some of its lives after that.
func notComingUp(failing ...int) *scriptedHost {
	return newScriptedHost(func(name string, life int) script {
		switch {
		case name == "b" && life == 1:
			return script{runs: 5 * time.Second, code: 1}
		case name == "a" && slices.Contains(failing, life):
			return script{runs: 100 * time.Millisecond, code: 1}
		}
		return script{stops: time.Second}
	})
}

// inAPass has a group of a, b and c in a restart pass in which a does not come up, and calls f in the middle of the second attempt.
func inAPass(t *testing.T, h *scriptedHost, intensity int, f func(b *bench)) {
	g := groupOf("x", confload.Supervision{Strategy: confload.OneForAll, Intensity: intensity}, "a", "b", "c")
	g.Programs[0].StartRetries = 0
	inVirtualTime(t, h, []confload.Group{g, program1("other", nil)}, func(b *bench) {
		b.after(5 * time.Second)
		// At 5 s b has failed, at 7 s c and a are down, a is started and fails 0.1 s later, again and again.
		b.after(2150 * time.Millisecond)
		f(b)
	})
}

func TestWhatDoesNotComeUpInAPassIsChargedAndThePassTriedAgain(t *testing.T) {
	for _, c := range []struct {
		intensity int
		want      string
	}{{3, "RUNNING RUNNING RUNNING"}, {2, "FATAL EXITED STOPPED"}} {
		inAPass(t, notComingUp(2, 3), c.intensity, func(b *bench) {
			b.after(time.Minute)
			b.wantStates(c.want, "x:a", "x:b", "x:c")
		})
	}
}

func TestBetweenTheAttemptsOfAPassStatusIsServed(t *testing.T) {
	inAPass(t, notComingUp(2, 3, 4, 5), -1, func(b *bench) {
		if err := b.Signal(context.Background(), "other", 0); err != nil {
			t.Error(err)
		}
		if _, err := b.SignalGroup(context.Background(), "x", 0); err != nil { // every member is asked, and answers
			t.Error(err)
		}
		if at := time.Since(b.began); at > 7200*time.Millisecond {
			t.Errorf("the answers came at %s", at)
		}
		b.after(time.Minute)
		b.wantStates("RUNNING RUNNING RUNNING", "x:a", "x:b", "x:c")
	})
}

func TestBetweenTheAttemptsOfAPassAStopIsServed(t *testing.T) {
	var always []int
	for life := 2; life < 2000; life++ {
		always = append(always, life)
	}
	h := notComingUp(always...)
	inAPass(t, h, -1, func(b *bench) {
		if _, err := b.StopGroup(context.Background(), "x", true); err != nil {
			t.Error(err)
		}
		lives := h.had("a")
		b.after(time.Minute)
		if h.had("a") != lives {
			t.Errorf("it was started %d times after the stop", h.had("a")-lives)
		}
		for _, name := range []string{"x:a", "x:b", "x:c"} {
			if s := b.state(name); !s.IsDown() {
				t.Errorf("%s is %s", name, s)
			}
		}
	})
}

func TestBetweenTheAttemptsOfAPassAShutdownIsServed(t *testing.T) {
	var always []int
	for life := 2; life < 2000; life++ {
		always = append(always, life)
	}
	inAPass(t, notComingUp(always...), -1, func(b *bench) {
		b.Shutdown(false)
		<-b.Done()
		if at := time.Since(b.began); at > 9*time.Second {
			t.Errorf("it has ended at %s", at)
		}
	})
}

// TestAStartThatCannotBeHadIsUnwound is a pass whose second member has no executable any more: what was started is stopped.
func TestAStartThatCannotBeHadIsUnwound(t *testing.T) {
	h := newScriptedHost(func(name string, life int) script {
		switch {
		case name == "c" && life == 1:
			return script{runs: 5 * time.Second, code: 1}
		case name == "b" && life > 1:
			return script{err: &process.SpawnError{Text: "no"}}
		}
		return script{stops: time.Second}
	})
	g := groupOf("x", confload.Supervision{Strategy: confload.OneForAll, Intensity: 1}, "a", "b", "c")
	g.Programs[1].StartRetries = 0
	inVirtualTime(t, h, []confload.Group{g}, func(b *bench) {
		b.after(4 * time.Second)
		b.forget()
		b.after(time.Minute)
		b.want("  5.0s x:c RUNNING -> EXITED", "  5.0s x:b RUNNING -> STOPPING", "  6.0s x:b STOPPING -> STOPPED",
			"  6.0s x:a RUNNING -> STOPPING", "  7.0s x:a STOPPING -> STOPPED", "  7.0s x:a STOPPED -> STARTING", "  8.0s x:a STARTING -> RUNNING",
			"  8.0s x:b STOPPED -> STARTING", "  8.0s x:b STARTING -> BACKOFF", "  8.0s x:b BACKOFF -> FATAL", // charged: one more is lived with
			"  8.0s x:a RUNNING -> STOPPING", "  9.0s x:a STOPPING -> STOPPED")
	})
}

// TestThousandsOfDeathsAtOnceAreHandledInLinearTime counts what is allocated for 500 and for 5,000 deaths, and has every program up
// again, once.
func TestThousandsOfDeathsAtOnceAreHandledInLinearTime(t *testing.T) {
	few, many := massDeath(t, 500), massDeath(t, 5000)
	if ratio := float64(many) / float64(few); ratio > 15 {
		t.Errorf("5,000 deaths cost %d allocations, 500 cost %d: %.1f times as many", many, few, ratio)
	}
}

// massDeath kills n programs of a group at one moment, and returns what that and their restart have allocated.
func massDeath(t *testing.T, n int) (allocations uint64) {
	var names []string
	for i := range n {
		names = append(names, "p"+strconv.Itoa(i))
	}
	g := groupOf("x", confload.Supervision{Intensity: -1}, names...)
	for i := range g.Programs {
		g.Programs[i].StartSecs = 0 // thousands of timers at one moment would be as many goroutines
	}
	h := lives(script{})
	inVirtualTime(t, h, []confload.Group{g}, func(b *bench) {
		b.after(time.Second)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		for _, name := range names {
			if err := b.Signal(context.Background(), "x:"+name, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		runtime.ReadMemStats(&after)
		if took := time.Since(began); took > 0 {
			t.Errorf("the deaths were not at one moment, they took %s", took)
		}
		allocations = after.Mallocs - before.Mallocs
		for _, name := range names {
			if b.state("x:"+name) != supervisor.Running || h.had(name) != 2 {
				t.Fatalf("%s is %s in life %d", name, b.state("x:"+name), h.had(name))
			}
		}
	})
	return allocations
}

func TestStartAllTakesAGroupInAGroupInItsPlace(t *testing.T) {
	groups := nestOfThree()
	for i := range groups {
		for j := range groups[i].Programs {
			groups[i].Programs[j].Autostart = false
		}
	}
	h := dying(nil)
	inVirtualTime(t, h, groups, func(b *bench) {
		if _, err := b.StartAll(context.Background(), true); err != nil {
			t.Error(err)
		}
		if got := fmt.Sprint(h.started()); got != "[a p z]" {
			t.Errorf("started %s", got)
		}
	})
}
