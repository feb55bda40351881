package supervisor

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestBudget(t *testing.T) {
	type spend struct {
		at     int // seconds
		within bool
		used   int
		refill time.Duration
	}
	for _, c := range []struct {
		name   string
		budget Budget
		spends []spend
	}{
		{"the zero Budget allows nothing", Budget{}, []spend{{0, false, 0, 0}, {100, false, 0, 0}}},
		{"intensity 0 gives up at once", Budget{Intensity: 0, Period: time.Second}, []spend{{0, false, 0, 0}, {9, false, 0, 0}}},
		{"no limit", Unlimited, []spend{{0, true, 0, 0}, {0, true, 0, 0}}},
		{"period 0 never forgets", Budget{Intensity: 2}, []spend{{0, true, 1, 0}, {1, true, 2, 0}, {1 << 30, false, 2, 0}}},
		{"N live, one more gives up", Budget{Intensity: 3, Period: 10 * time.Second},
			[]spend{{0, true, 1, 10 * time.Second}, {1, true, 2, 9 * time.Second}, {2, true, 3, 8 * time.Second}, {9, false, 3, time.Second}}},
		{"a restart counts until just before the period is over", Budget{Intensity: 1, Period: 10 * time.Second},
			[]spend{{0, true, 1, 10 * time.Second}, {9, false, 1, time.Second}, {10, true, 1, 10 * time.Second}}},
		{"what was not allowed does not count", Budget{Intensity: 1, Period: 10 * time.Second},
			[]spend{{0, true, 1, 10 * time.Second}, {5, false, 1, 5 * time.Second}, {11, true, 1, 10 * time.Second}}},
		{"the oldest is forgotten first", Budget{Intensity: 2, Period: 10 * time.Second},
			[]spend{{0, true, 1, 10 * time.Second}, {6, true, 2, 4 * time.Second}, {12, true, 2, 4 * time.Second}, {13, false, 2, 3 * time.Second}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := c.budget
			for _, s := range c.spends {
				now := time.Duration(s.at) * time.Second
				var within bool
				b, within = b.Spend(now)
				if within != s.within || b.Used(now) != s.used || b.Refill(now) != s.refill {
					t.Errorf("at %s: within %t, used %d, refill %s; want %+v", now, within, b.Used(now), b.Refill(now), s)
				}
			}
		})
	}
}

func TestBudgetAgreesWithCountingAllRestarts(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 3))
		b := Budget{Intensity: r.IntN(5), Period: time.Duration(r.IntN(20)) * time.Second}
		var all []time.Duration
		now := time.Duration(0)
		for range 40 {
			now += time.Duration(r.IntN(6)) * time.Second
			live := 0
			for _, at := range all {
				if b.Period == 0 || at+b.Period > now {
					live++
				}
			}
			old, oldUsed := b, b.Used(now)
			var within bool
			if b, within = b.Spend(now); within != (live < b.Intensity) {
				t.Fatalf("seed %d, %s, at %s after %v: within %t", seed, b, now, all, within)
			}
			if old.Used(now) != oldUsed {
				t.Fatalf("seed %d: Spend changed its receiver", seed)
			}
			if len(b.spent) > b.Intensity {
				t.Fatalf("seed %d: %d times are kept", seed, len(b.spent))
			}
			if within {
				all = append(all, now)
			}
		}
	}
}
