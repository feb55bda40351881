package supervisor

import (
	"fmt"
	"testing"
	"time"
)

func TestARevisedGroupKeepsItsMembersAndWhatWasSpent(t *testing.T) {
	g := Group{Strategy: OneForOne, Order: []string{"a", "b", "c"}, Budget: Budget{Intensity: 3, Period: time.Minute}}
	for _, name := range g.Order {
		g, _ = g.Tell(Member{name, MemberUp}, 0)
	}
	g, _ = g.Tell(Member{"a", MemberFailed}, time.Second)
	g, _ = g.Tell(Member{"a", MemberUp}, time.Second)
	g, actions := g.Revise(Group{Strategy: OneForAll, Order: []string{"c", "n", "a"}, Budget: Budget{Intensity: 2, Period: time.Minute}})
	if len(actions) != 0 || g.Budget.Used(time.Second) != 1 {
		t.Errorf("%v, %d used", actions, g.Budget.Used(time.Second))
	}
	g, actions = g.Tell(Member{"c", MemberFailed}, 2*time.Second)
	if got := fmt.Sprint(actions[len(actions)-1]); len(actions) != 2 || got != "stop a" {
		t.Errorf("one_for_all: %v", actions)
	}
	g, actions = g.Tell(Member{"a", MemberDown}, 2*time.Second)
	if got := fmt.Sprint(actions); got != "[start c]" { // n was down and stays so
		t.Errorf("the pass: %v", got)
	}
	g, _ = g.Tell(Member{"c", MemberUp}, 2*time.Second)
	g, actions = g.Tell(Member{"a", MemberFailed}, 2*time.Second)
	if !g.Busy() || len(actions) == 0 || actions[0].Reason.Code != "budget-used-up" {
		t.Errorf("the smaller budget: %v", actions)
	}
}

func TestARevisedGroupLeavesOutWhoIsGoneInTheMiddleOfAPass(t *testing.T) {
	g := Group{Strategy: OneForAll, Order: []string{"a", "b"}, Budget: Unlimited}
	g, _ = g.Tell(Member{"a", MemberUp}, 0)
	g, _ = g.Tell(Member{"b", MemberUp}, 0)
	g, _ = g.Tell(Member{"a", MemberFailed}, 0) // b is being stopped
	_, actions := g.Revise(Group{Strategy: OneForAll, Order: []string{"a"}, Budget: Unlimited})
	if got := fmt.Sprint(actions); got != "[start a]" {
		t.Errorf("got %s", got)
	}
}
