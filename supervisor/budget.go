package supervisor

import (
	"fmt"
	"slices"
	"time"
)

// A Budget limits restarts as OTP's restart intensity does: Intensity restarts within Period are lived with, one more
// gives up. Intensity 0 means that the first failure gives up; a negative Intensity means no limit. The zero Budget
// therefore allows nothing. A restart at the time t counts until just before t+Period.
type Budget struct {
	Intensity int
	Period    time.Duration   // a restart counts for this long; <= 0: for ever
	spent     []time.Duration // times of the restarts that may still count, oldest first; never changed in place
}

// Unlimited is the Budget without a limit: supervisord's behaviour.
var Unlimited = Budget{Intensity: -1}

// Spend counts one restart at the monotonic time now (any origin, never going back) and tells whether it was within the
// budget; one that was not is not counted. The receiver is unchanged. It never keeps more than Intensity times.
func (b Budget) Spend(now time.Duration) (Budget, bool) {
	if b.Intensity < 0 {
		return b, true
	}
	live := b.live(now)
	if len(live) >= b.Intensity {
		b.spent = live
		return b, false
	}
	b.spent = append(slices.Clone(live), now)
	return b, true
}

// String is the budget in the words of a Reason.
func (b Budget) String() string {
	switch {
	case b.Intensity < 0:
		return "restarts are not limited"
	case b.Intensity == 0:
		return "no restart is allowed"
	}
	s := fmt.Sprintf("at most %d restarts", b.Intensity)
	if b.Intensity == 1 {
		s = "at most 1 restart"
	}
	if b.Period > 0 {
		s += " in " + b.Period.String()
	}
	return s
}

// state is how the budget stands at the time now, in the words of a Reason.
func (b Budget) state(now time.Duration) string {
	if b.Intensity <= 0 {
		return b.String()
	}
	return fmt.Sprintf("%d used of %s", b.Used(now), b)
}

// Used tells how many restarts count at the time now.
func (b Budget) Used(now time.Duration) int { return len(b.live(now)) }

// Refill tells how long after now the oldest restart stops counting; 0 when none counts or they count for ever.
func (b Budget) Refill(now time.Duration) time.Duration {
	live := b.live(now)
	if len(live) == 0 || b.Period <= 0 {
		return 0
	}
	return live[0] + b.Period - now
}

// live lists the restarts that count at the time now.
func (b Budget) live(now time.Duration) []time.Duration {
	if b.Period <= 0 {
		return b.spent
	}
	i := slices.IndexFunc(b.spent, func(at time.Duration) bool { return now-at < b.Period })
	if i < 0 {
		return nil
	}
	return b.spent[i:]
}
