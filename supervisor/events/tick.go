package events

import "strconv"

// tickTypes are the types of ticks with their periods in seconds.
var tickTypes = [...]struct {
	t      Type
	period int64
}{{Tick5, 5}, {Tick60, 60}, {Tick3600, 3600}}

// Ticks decides when ticks are due. All times are seconds since 1970. The zero value has not begun: the first call of
// Step makes no event.
type Ticks struct {
	begun bool
	last  [len(tickTypes)]int64 // begin of the period of the last call
}

// Step returns a tick for each period that now is in another of than at the last call. A tick that was missed because
// nobody called is not made up for; a clock that was set back makes a tick as well, as with supervisord.
func (k *Ticks) Step(now int64) []Event {
	var out []Event
	for i, tick := range tickTypes {
		begin := floor(now, tick.period)
		if k.begun && begin != k.last[i] {
			out = append(out, plain(tick.t, strconv.AppendInt([]byte("when:"), begin, 10)))
		}
		k.last[i] = begin
	}
	k.begun = true
	return out
}

// NextTick returns the first time after now at which a tick of a type in wanted is due. ok is false when none is wanted:
// then nobody needs to be woken.
func NextTick(now int64, wanted Set) (at int64, ok bool) {
	for _, tick := range tickTypes {
		if wanted.Has(tick.t) {
			return floor(now, tick.period) + tick.period, true // the shortest one comes first and falls on all others
		}
	}
	return 0, false
}

// floor is n rounded down to a multiple of period.
func floor(n, period int64) int64 {
	r := n % period
	if r < 0 {
		r += period
	}
	return n - r
}
