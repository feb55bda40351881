package supervisor

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// groupScript is the group of a transcript.
type groupScript struct{ group Group }

// parseGroup reads "one_for_all a,b,c intensity=3 period=10s auto_shutdown=any_significant significant=a,b"; without intensity
// there is no limit.
func parseGroup(t *testing.T, s string) *groupScript {
	f := strings.Fields(s)
	g := Group{Strategy: Strategy(slices.Index(strategyNames[:], f[0])), Order: strings.Split(f[1], ","), Budget: Unlimited}
	for _, kv := range f[2:] {
		k, v, _ := strings.Cut(kv, "=")
		var err error
		switch k {
		case "intensity":
			g.Budget.Intensity, err = strconv.Atoi(v)
		case "period":
			g.Budget.Period, err = time.ParseDuration(v)
		case "auto_shutdown":
			g.AutoShutdown = AutoShutdown(slices.Index(autoShutdownNames[:], v))
		case "significant":
			g.Significant = strings.Split(v, ",")
		default:
			t.Fatalf("unknown option %q", k)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return &groupScript{g}
}

// tell reads "2s a failed" or "0s a,b,c up", "3s STOP", "4s START a,b", "5s REVISE rest_for_one a,b" or "6s STANDING", and
// returns the answers.
func (g *groupScript) tell(t *testing.T, s string) string {
	f := strings.Fields(s)
	now, err := time.ParseDuration(f[0])
	if err != nil {
		t.Fatalf("bad event %q", s)
	}
	var out strings.Builder
	took := func(next Group, actions []GroupAction) {
		g.group = next
		for _, a := range actions {
			fmt.Fprintf(&out, "  %s (%s: %s)\n", a, a.Reason.Code, a.Reason.Text)
		}
	}
	switch f[1] {
	case "STOP":
		took(g.group.Stop(Reason{"asked", "the group above asks for it"}))
	case "START":
		took(g.group.Start(strings.Split(f[2], ","), Reason{"asked", "the group above asks for it"}))
	case "REVISE":
		took(g.group.Revise(parseGroup(t, strings.Join(f[2:], " ")).group))
	case "STANDING":
		fmt.Fprintf(&out, "  %s, wanted %t, %d restarts used\n", g.group.Standing(), g.group.IsWanted(), g.group.Budget.Used(now))
	default:
		fact := slices.Index(factNames[:], f[2])
		if fact < 0 {
			t.Fatalf("bad event %q", s)
		}
		for _, name := range strings.Split(f[1], ",") {
			took(g.group.Tell(Member{name, Fact(fact)}, now))
		}
	}
	if out.Len() == 0 {
		return "  nothing\n"
	}
	return out.String()
}

// list is the members in order; nil: nothing was told yet.
func (g Group) list() []member {
	if g.members == nil {
		return nil
	}
	list := make([]member, len(g.Order))
	for i := range list {
		list[i] = g.members.at(i)
	}
	return list
}

// groupWorld is the members of a group as they really are: every order takes effect some time later.
type groupWorld struct {
	t       *testing.T
	r       *rand.Rand
	g       Group
	up      map[string]bool // RUNNING
	off     map[string]bool // somebody took it down
	late    map[string]bool // asked to stop before a start was answered, it may yet come up
	asked   []GroupAction   // orders not carried out yet
	history []string
	over    []GroupVerb // Finished and GiveUp, in order
	charged int
}

func (w *groupWorld) fail(format string, args ...interface{}) {
	w.t.Helper()
	w.t.Fatalf("%s %v, %s: %s\n%s", w.g.Strategy, w.g.Order, w.g.Budget, fmt.Sprintf(format, args...), strings.Join(w.history, "\n"))
}

// tell tells the group of a fact and checks what holds at every step.
func (w *groupWorld) tell(name string, fact Fact) {
	w.t.Helper()
	w.history = append(w.history, "> "+name+" "+fact.String())
	if w.r.IntN(20) == 0 {
		if _, actions := w.g.Tell(Member{"stranger", fact}, 0); actions != nil {
			w.fail("a stranger led to %v", actions)
		}
	}
	before := w.g
	members := before.list()
	used := before.Budget.Used(0)
	again, actionsAgain := before.Tell(Member{name, fact}, 0)
	after, actions := before.Tell(Member{name, fact}, 0)
	if !reflect.DeepEqual(after, again) || !reflect.DeepEqual(actions, actionsAgain) || !slices.Equal(before.list(), members) {
		w.fail("Tell is not a function of its input")
	}
	w.g = after
	w.charged += after.Budget.Used(0) - used
	for _, a := range actions {
		w.history = append(w.history, "  "+a.String())
		if a.Reason.Code == "" || a.Reason.Text == "" {
			w.fail("no reason")
		}
		switch a.Do {
		case Finished, GiveUp, ShutDown:
			w.over = append(w.over, a.Do)
			continue
		case Charge:
			continue
		}
		w.checkOrder(a)
		if a.Do == StopMember { // it takes the place of a start that was not answered
			w.asked = slices.DeleteFunc(w.asked, func(old GroupAction) bool {
				if old.Member == a.Member && old.Do == StopMember {
					w.fail("%s twice", a)
				}
				w.late[a.Member] = w.late[a.Member] || old.Member == a.Member
				return old.Member == a.Member
			})
		}
		w.asked = append(w.asked, a)
	}
	if w.g.Strategy != OneForOne && len(w.asked) > 1 {
		w.fail("more than one member at a time: %v", w.asked)
	}
}

// checkOrder checks an order against the rule that a stop finds nothing up behind it that must go as well, and a start
// finds everything before it up, or left out.
func (w *groupWorld) checkOrder(a GroupAction) {
	w.t.Helper()
	i := slices.Index(w.g.Order, a.Member)
	if a.Do == StartMember && (w.up[a.Member] || w.off[a.Member]) {
		w.fail("%s, which is up or was taken down by somebody", a)
	}
	if w.g.Strategy == OneForOne && a.Do == StartMember {
		return
	}
	for j, other := range w.g.Order {
		switch {
		case a.Do == StopMember && j > i && w.up[other]:
			w.fail("%s before %s", a, other)
		case a.Do == StartMember && j < i && !w.up[other] && !w.off[other]:
			w.fail("%s before %s is up", a, other)
		case a.Do == StartMember && j > i && w.up[other]:
			w.fail("%s while %s is up", a, other)
		}
	}
}

// answer carries out one of the orders: a stop succeeds, well or badly; a start succeeds or fails.
func (w *groupWorld) answer() {
	i := w.r.IntN(len(w.asked))
	a := w.asked[i]
	w.asked = slices.Delete(w.asked, i, i+1)
	switch {
	case a.Do == StopMember:
		if w.late[a.Member] && w.r.IntN(2) == 0 {
			stopping := slices.Clone(w.asked)
			w.tell(a.Member, MemberUp)
			if len(w.asked) != len(stopping) {
				w.fail("%s came up before it went down, which led to %v", a.Member, w.asked)
			}
		}
		w.up[a.Member], w.late[a.Member] = false, false
		charged := w.charged
		w.tell(a.Member, []Fact{MemberDown, MemberDone, MemberFailed}[w.r.IntN(3)])
		if w.charged != charged {
			w.fail("%s was charged for its end, which was asked for", a.Member)
		}
	case w.r.IntN(6) == 0:
		w.tell(a.Member, MemberFailed)
	default:
		w.up[a.Member] = true
		w.tell(a.Member, MemberUp)
	}
}

// disturb lets a member that is up, and was not told to stop, end by itself.
func (w *groupWorld) disturb() {
	name := w.g.Order[w.r.IntN(len(w.g.Order))]
	if w.r.IntN(12) == 0 {
		w.takeDown(name)
		return
	}
	if !w.up[name] || slices.ContainsFunc(w.asked, func(a GroupAction) bool { return a.Member == name }) {
		return
	}
	w.up[name] = false
	if w.r.IntN(8) == 0 {
		w.off[name] = true
		w.tell(name, []Fact{MemberDown, MemberDone}[w.r.IntN(2)])
		return
	}
	w.tell(name, MemberFailed)
}

// takeDown has somebody want a member to be down, whatever it is at that moment.
func (w *groupWorld) takeDown(name string) {
	w.off[name] = true
	i := slices.IndexFunc(w.asked, func(a GroupAction) bool { return a.Member == name })
	if i >= 0 && w.asked[i].Do == StopMember { // it goes down anyway
		w.tell(name, MemberUnwanted)
		return
	}
	if i >= 0 {
		w.asked = slices.Delete(w.asked, i, i+1)
	}
	w.tell(name, MemberUnwanted)
	if w.up[name] || i >= 0 {
		w.up[name] = false
		w.tell(name, MemberDown)
	}
}

func TestRandomGroupsEndWithAllUpOrOver(t *testing.T) {
	var finished, gaveUp, done int
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 2))
		order := strings.Split("abcdefgh", "")[:1+r.IntN(6)]
		w := &groupWorld{t: t, r: r, up: map[string]bool{}, off: map[string]bool{}, late: map[string]bool{}, history: []string{fmt.Sprintf("seed %d", seed)},
			g: Group{Strategy: Strategy(r.IntN(3)), Order: order, Budget: Budget{Intensity: []int{-1, 0, 1, 3, 20}[r.IntN(5)]},
				AutoShutdown: AutoShutdown(r.IntN(3)), Significant: order[:r.IntN(len(order)+1)]}}
		for _, m := range order {
			if w.off[m] = r.IntN(6) == 0; !w.off[m] {
				w.up[m] = true
				w.tell(m, MemberUp)
			}
		}
		for range 10 + r.IntN(30) {
			if len(w.asked) > 0 && r.IntN(3) > 0 {
				w.answer()
			} else {
				w.disturb()
			}
		}
		for n := 0; len(w.asked) > 0; n++ {
			if n > 10_000 {
				w.fail("the pass has no end")
			}
			w.answer()
		}
		if w.g.Busy() {
			w.fail("busy, but nothing is asked for")
		}
		for _, m := range order {
			switch {
			case w.g.Over() && w.up[m]:
				w.fail("it is over, but %s is up", m)
			case !w.g.Over() && !w.up[m] && !w.off[m]:
				w.fail("%s is down", m)
			}
		}
		n := len(w.over) - 1
		i := slices.IndexFunc(w.over, func(v GroupVerb) bool { return v == GiveUp || v == ShutDown })
		if w.g.Over() != (i >= 0) || i >= 0 && (i != n || w.g.GaveUp() != (w.over[i] == GiveUp)) {
			w.fail("over %t, gave up %t, but reported %v", w.g.Over(), w.g.GaveUp(), w.over)
		}
		if (w.g.Standing() == MemberDone) != (i >= 0 && w.over[i] == ShutDown) || w.g.Standing() == MemberStarting {
			w.fail("it stands %s and reported %v", w.g.Standing(), w.over)
		}
		if b := w.g.Budget.Intensity; b >= 0 && w.charged > b {
			w.fail("%d restarts were charged", w.charged)
		}
		if n >= 0 {
			switch w.over[n] {
			case GiveUp:
				gaveUp++
			case ShutDown:
				done++
			default:
				finished++
			}
		}
	}
	if finished < 300 || gaveUp < 300 || done < 50 {
		t.Errorf("too tame: %d finished, %d gave up, %d were done", finished, gaveUp, done)
	}
}
