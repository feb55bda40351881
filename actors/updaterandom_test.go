package actors

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
)

// TestRandomUpdatesTouchNothingElse goes from one random configuration to another, with clients that start, stop and kill
// meanwhile every other time, and checks after each what there is, with which options, and that nobody else was restarted.
func TestRandomUpdatesTouchNothingElse(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 7))
		h := newScriptedHost(func(string, int) script { return script{stops: time.Duration(seed%3) * time.Second} })
		withChanges(t, h, randomGroups(random), func(r *reconfigurable) {
			for step := range 15 {
				before := r.snapshot()
				to := randomGroups(random)
				disturbed := step%2 == 1
				if disturbed {
					go r.disturb(rand.New(rand.NewPCG(seed, uint64(step))))
				}
				did := r.update(slices.Clone(to)...)
				r.after(time.Minute)
				if disturbed { // a program that a client has started again in the middle cannot be removed
					did += "; " + r.update(slices.Clone(to)...)
					r.after(time.Minute)
				}
				r.check(fmt.Sprintf("seed %d, step %d: %s", seed, step, did), before, to, disturbed)
			}
		})
	}
}

// randomGroups are two groups with some of six programs, in a random order, with a few random options.
func randomGroups(random *rand.Rand) []confload.Group {
	var groups []confload.Group
	for _, name := range []string{"one", "two"} {
		if random.IntN(8) == 0 {
			continue
		}
		g := confload.Group{Name: name, Priority: random.IntN(2), Section: "group:" + name}
		if random.IntN(2) == 0 {
			g.Supervision = &confload.Supervision{Strategy: confload.Strategy(random.IntN(3)), Intensity: -1, Period: time.Minute, GiveUpExitCode: 1}
		}
		for _, n := range random.Perm(6)[:random.IntN(7)] {
			p := program1(fmt.Sprintf("%s%d", name, n), nil).Programs[0]
			p.Group, p.Autorestart = name, confload.RestartAlways
			p.StopWaitSecs = 5 + random.IntN(2) // in place
			if random.IntN(4) == 0 {            // a restart
				p.Directory = "/"
			}
			g.Programs = append(g.Programs, p)
		}
		groups = append(groups, g)
	}
	return groups
}

func (r *reconfigurable) snapshot() map[string]*Info {
	all := map[string]*Info{}
	for _, i := range r.Infos() {
		all[i.Program.NameSpec()] = i
	}
	return all
}

// disturb gives commands to random programs. What is answered does not matter.
func (r *reconfigurable) disturb(random *rand.Rand) {
	for range 10 {
		name := []string{"one", "two"}[random.IntN(2)]
		spec := fmt.Sprintf("%s:%[1]s%d", name, random.IntN(6))
		switch ctx := context.Background(); random.IntN(4) {
		case 0:
			_ = r.Stop(ctx, spec, false)
		case 1:
			_ = r.Start(ctx, spec, false)
		case 2:
			_ = r.Signal(ctx, spec, 9)
		case 3:
			r.PlanUpdate(r.Config(), nil)
			_, _ = r.PlanKill(spec)
			_, _ = r.PlanStop(name + ":*")
		}
		time.Sleep(time.Duration(random.IntN(800)) * time.Millisecond)
	}
}

func (r *reconfigurable) check(what string, before map[string]*Info, to []confload.Group, disturbed bool) {
	r.t.Helper()
	after := r.snapshot()
	wanted := 0
	for _, g := range to {
		for _, p := range g.Programs {
			wanted++
			spec := p.NameSpec()
			i, was := after[spec], before[spec]
			if i == nil {
				r.t.Fatalf("%s: %s is not there", what, spec)
			}
			if changed := confload.ChangedOptions(i.Program, &p); changed != nil {
				r.t.Errorf("%s: %s has other options: %v", what, spec, changed)
			}
			if disturbed {
				continue
			}
			same := was != nil && was.Program.Directory == p.Directory
			switch {
			case was == nil && i.State != supervisor.Running:
				r.t.Errorf("%s: %s is new and %s", what, spec, i.State)
			case same && (i.Life != was.Life || i.Pid != was.Pid || i.State != was.State):
				r.t.Errorf("%s: %s was touched: life %d, then %d; %s, then %s", what, spec, was.Life, i.Life, was.State, i.State)
			case was != nil && !same && was.State == supervisor.Running && (i.State != supervisor.Running || i.Life != was.Life+1):
				r.t.Errorf("%s: %s was not restarted once: life %d, then %d; %s", what, spec, was.Life, i.Life, i.State)
			case was != nil && !same && was.State == supervisor.Stopped && i.State != supervisor.Stopped:
				r.t.Errorf("%s: %s was stopped and is %s", what, spec, i.State)
			}
		}
	}
	if len(after) != wanted {
		r.t.Errorf("%s: there are %d programs, want %d", what, len(after), wanted)
	}
}
