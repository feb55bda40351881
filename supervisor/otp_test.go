package supervisor

import (
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// This file has OTP's rules for supervisors, as far as the core decides about them. actors and cmd/supd have files of the same
// name for the rest.

// TestWhichEndsRestartAMember is OTP's table of permanent, transient and temporary children: autorestart is true, unexpected,
// false. An escalated end is one that the group restarts.
func TestWhichEndsRestartAMember(t *testing.T) {
	ends := map[string]Exit{
		"clean":    {Code: 0, Text: "exit status 0", Ran: time.Minute},
		"abnormal": {Code: 1, Text: "exit status 1", Ran: time.Minute},
		"killed":   {Code: -1, Text: "terminated by SIGKILL", Ran: time.Minute},
	}
	for _, c := range []struct {
		policy    Autorestart
		end       string
		asked     bool
		escalated bool
		state     State
	}{
		{RestartAlways, "clean", false, true, Exited},
		{RestartAlways, "abnormal", false, true, Exited},
		{RestartAlways, "killed", false, true, Exited},
		{RestartAlways, "abnormal", true, false, Stopped},
		{RestartUnexpected, "clean", false, false, Exited},
		{RestartUnexpected, "abnormal", false, true, Exited},
		{RestartUnexpected, "killed", false, true, Exited},
		{RestartUnexpected, "abnormal", true, false, Stopped},
		{RestartNever, "clean", false, false, Exited},
		{RestartNever, "abnormal", false, false, Exited},
		{RestartNever, "killed", false, false, Exited},
		{RestartNever, "abnormal", true, false, Stopped},
	} {
		policy := Policy{Name: "web", Autorestart: c.policy, ExitCodes: []int{0}, StopSignals: []string{"SIGTERM"}, StopWaitSecs: 10, Escalate: true}
		p, _ := Step(&policy, Program{}, StartRequested{By: ByAutostart})
		p, _ = Step(&policy, p, Spawned{Life: 1, Pid: 100})
		if c.asked {
			p, _ = Step(&policy, p, StopRequested{By: ByAdministrator})
		}
		p, effects := Step(&policy, p, ProcessExited{Life: 1, Exit: ends[c.end]})
		escalated := slices.ContainsFunc(effects, func(e Effect) bool { _, is := e.(Escalate); return is })
		if escalated != c.escalated || p.State != c.state {
			t.Errorf("autorestart %d, %s end, asked for %t: escalated %t, %s", c.policy, c.end, c.asked, escalated, p.State)
		}
	}
}

// play tells a group of facts, "a failed", and returns what it asks for.
func play(t *testing.T, g Group, facts ...string) (Group, []string) {
	t.Helper()
	var asked []string
	for _, f := range facts {
		name, what, _ := strings.Cut(f, " ")
		var actions []GroupAction
		g, actions = g.Tell(Member{name, Fact(slices.Index(factNames[:], what))}, 0)
		for _, a := range actions {
			if a.Do != Charge {
				asked = append(asked, a.String())
			}
		}
	}
	return g, asked
}

func TestEachStrategyStopsInReverseAndStartsInOrder(t *testing.T) {
	answers := []string{"d down", "c down", "a down", "a up", "b up", "c up", "d up"}
	for strategy, want := range map[Strategy]string{
		OneForOne:  "start b, finished",
		RestForOne: "stop d, stop c, start b, start c, start d, finished",
		OneForAll:  "stop d, stop c, stop a, start a, start b, start c, start d, finished",
	} {
		g, _ := play(t, Group{Strategy: strategy, Order: []string{"a", "b", "c", "d"}, Budget: Unlimited}, "a up", "b up", "c up", "d up")
		g, asked := play(t, g, "b failed")
		for !strings.HasSuffix(strings.Join(asked, ", "), "finished") { // answer what was asked last
			do, name, _ := strings.Cut(asked[len(asked)-1], " ")
			answer := name + map[string]string{"stop": " down", "start": " up"}[do]
			if !slices.Contains(answers, answer) {
				t.Fatalf("%s asked for %v", strategy, asked)
			}
			var more []string
			g, more = play(t, g, answer)
			if len(more) == 0 {
				t.Fatalf("%s: nothing follows %s", strategy, answer)
			}
			asked = append(asked, more...)
		}
		if got := strings.Join(asked, ", "); got != want {
			t.Errorf("%s: %s", strategy, got)
		}
	}
}

// TestAStartThatFailsIsUnwound is OTP's start of a supervisor whose second child cannot be had: what was started is stopped again.
func TestAStartThatFailsIsUnwound(t *testing.T) {
	g := Group{Strategy: OneForAll, Order: []string{"a", "b", "c"}}
	g, actions := g.Start(g.Order, someReason)
	if len(actions) != 1 || actions[0].String() != "start a" {
		t.Fatalf("%v", actions)
	}
	g, asked := play(t, g, "a up", "b failed", "a down")
	if got := strings.Join(asked, ", "); got != "start b, stop a, give up" || g.Standing() != MemberFailed {
		t.Errorf("%s, then it stands %s", got, g.Standing())
	}
}

func TestTheGroupLivesWithNRestartsAndGivesUpAtOneMore(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7} {
		g := Group{Order: []string{"a", "b"}, Budget: Budget{Intensity: n, Period: time.Minute}}
		g, _ = play(t, g, "a up", "b up")
		for i := range n {
			if g, _ = play(t, g, "a failed", "a up"); g.Busy() || g.GaveUp() || g.Standing() != MemberUp {
				t.Errorf("intensity %d: after %d failures it stands %s", n, i+1, g.Standing())
			}
		}
		if g, _ = play(t, g, "a failed", "b down"); !g.GaveUp() {
			t.Errorf("intensity %d: it has not given up after %d failures", n, n+1)
		}
	}
}

// TestANestedGroupThatGivesUpIsOneFailureOfTheGroupAbove plays two groups, the inner one a member of the outer one.
func TestANestedGroupThatGivesUpIsOneFailureOfTheGroupAbove(t *testing.T) {
	inner := Group{Strategy: OneForAll, Order: []string{"p", "q"}, Budget: Budget{Intensity: 1}}
	outer := Group{Strategy: RestForOne, Order: []string{"a", "group:in", "z"}, Budget: Budget{Intensity: 1}}
	inner, _ = play(t, inner, "p up", "q up")
	outer, _ = play(t, outer, "a up", "group:in "+inner.Standing().String(), "z up")

	inner, _ = play(t, inner, "p failed", "q down", "p up", "q up", "q failed", "p down")
	if inner.Standing() != MemberFailed {
		t.Fatalf("the inner one stands %s", inner.Standing())
	}
	outer, asked := play(t, outer, "group:in failed", "z down")
	if got := strings.Join(asked, ", "); got != "stop z, start group:in" || outer.Budget.Used(0) != 1 {
		t.Fatalf("%s, %d used", got, outer.Budget.Used(0))
	}
	inner, actions := inner.Start(nil, someReason)
	if len(actions) != 1 || actions[0].String() != "start p" || inner.Budget.Used(0) != 0 {
		t.Fatalf("%v, %d used", actions, inner.Budget.Used(0))
	}
	inner, _ = play(t, inner, "p up", "q up")
	if outer, asked = play(t, outer, "group:in "+inner.Standing().String(), "z up"); !slices.Contains(asked, "finished") {
		t.Fatalf("%v", asked)
	}
	if outer, asked = play(t, outer, "group:in failed", "z down", "a down"); strings.Join(asked, ", ") != "stop z, stop a, give up" {
		t.Errorf("%v", asked)
	}
	if outer.Standing() != MemberFailed {
		t.Errorf("the outer one stands %s", outer.Standing())
	}
}

var someReason = Reason{"test", "test"}

// TestAChangeOfStrategyKeepsWhatWasSpentAndWhoIsUp has all changes from one strategy to another, with a member down.
func TestAChangeOfStrategyKeepsWhatWasSpentAndWhoIsUp(t *testing.T) {
	order := []string{"a", "b", "c"}
	want := map[Strategy]string{OneForOne: "start b", RestForOne: "stop c", OneForAll: "stop c"}
	for from := range want {
		for to, first := range want {
			g, _ := play(t, Group{Strategy: from, Order: order, Budget: Budget{Intensity: 2}}, "a up", "b up", "c up", "a failed", "c down", "b down", "a up", "b up", "c up")
			if from == OneForOne {
				g, _ = play(t, g, "b starting", "c starting", "b up", "c up") // they were taken down by somebody
			}
			g, actions := g.Revise(Group{Strategy: to, Order: order, Budget: Budget{Intensity: 2}})
			if len(actions) != 0 || g.Budget.Used(0) != 1 || g.Standing() != MemberUp {
				t.Errorf("%s to %s: %v, %d used, it stands %s", from, to, actions, g.Budget.Used(0), g.Standing())
			}
			if _, asked := play(t, g, "b failed"); len(asked) != 1 || asked[0] != first {
				t.Errorf("%s to %s: the next failure leads to %v", from, to, asked)
			}
		}
	}
}

// TestThousandsOfDeathsAtOnceCostLinearTime counts what is allocated: a node of the roster each, and little else. With ten times
// as many deaths it is ten times as much, times the logarithm; it was a hundred times as much when all members were copied.
func TestThousandsOfDeathsAtOnceCostLinearTime(t *testing.T) {
	for _, strategy := range []Strategy{OneForOne, OneForAll, RestForOne} {
		few, many := deaths(t, strategy, 500), deaths(t, strategy, 5000)
		if ratio := float64(many) / float64(few); ratio > 16 {
			t.Errorf("%s: 5000 deaths cost %d bytes, 500 cost %d: %.1f times as much", strategy, many, few, ratio)
		}
	}
}

// deaths lets all n members of a group fail at once, brings them up again, and returns how many bytes that has allocated.
func deaths(t *testing.T, strategy Strategy, n int) uint64 {
	t.Helper()
	g := Group{Strategy: strategy, Budget: Unlimited}
	for i := range n {
		g.Order = append(g.Order, strconv.Itoa(i))
	}
	for _, name := range g.Order {
		g, _ = g.Tell(Member{name, MemberUp}, 0)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var asked []GroupAction
	started := 0
	for _, name := range g.Order {
		var actions []GroupAction
		g, actions = g.Tell(Member{name, MemberFailed}, 0)
		asked = append(asked, actions...)
	}
	for len(asked) > 0 {
		a := asked[0]
		asked = asked[1:]
		var actions []GroupAction
		if a.Do == StartMember { // what was to be stopped has failed already
			started++
			g, actions = g.Tell(Member{a.Member, MemberUp}, 0)
		}
		asked = append(asked, actions...)
	}
	runtime.ReadMemStats(&after)
	if g.Standing() != MemberUp || started < n {
		t.Fatalf("%s: %d of %d were started, it stands %s", strategy, started, n, g.Standing())
	}
	return after.TotalAlloc - before.TotalAlloc
}
