package supervisor

// A roster is the members of a group by their index: a balanced tree whose nodes count, so that a change, and the search for
// a member with something to do, take the logarithm of the number of members. It is never changed in place.
type roster struct {
	left, right *roster // nil: it is one member
	size        int
	member      member // where it is one
	tally       tally
}

// trait is something that is true or not of a member, and that a group looks for.
type trait int

const (
	isLive     trait = iota // it is not down
	isReady                 // it is up
	isAwaited               // the group waits until it is down
	isToStop                // it is still to be stopped
	isToStart               // it is to be up in the course of the pass
	isToSettle              // it is one of these, and is not on its way up
	isMissed                // it is wanted
	isVital                 // it is significant, and up or to be up
	traits
)

// tally is how many members have a trait.
type tally [traits]int

// tally is what a member has by itself.
func (m member) tally() (t tally) {
	has := [traits]bool{
		isLive:     m.is != isDown,
		isReady:    m.is == isUp,
		isAwaited:  m.is == isStopping,
		isToStop:   m.plan == stop || m.plan == restart,
		isToStart:  m.plan == start,
		isToSettle: m.plan == start && m.is != isStarting,
		isMissed:   m.wanted,
		isVital:    m.significant && (m.is != isDown || m.plan == start),
	}
	for i, b := range has {
		if b {
			t[i] = 1
		}
	}
	return t
}

// newRoster makes a roster of at least one member.
func newRoster(members []member) *roster {
	if len(members) == 1 {
		return &roster{size: 1, member: members[0], tally: members[0].tally()}
	}
	half := len(members) / 2
	return join(newRoster(members[:half]), newRoster(members[half:]))
}

func join(left, right *roster) *roster {
	r := &roster{left: left, right: right, size: left.size + right.size, tally: left.tally}
	for i, n := range right.tally {
		r.tally[i] += n
	}
	return r
}

// at returns member i.
func (r *roster) at(i int) member {
	for r.left != nil {
		if i < r.left.size {
			r = r.left
		} else {
			i -= r.left.size
			r = r.right
		}
	}
	return r.member
}

// with returns a roster in which member i is m.
func (r *roster) with(i int, m member) *roster {
	switch {
	case r.left == nil:
		return &roster{size: 1, member: m, tally: m.tally()}
	case i < r.left.size:
		return join(r.left.with(i, m), r.right)
	}
	return join(r.left, r.right.with(i-r.left.size, m))
}

// count is how many members have a trait.
func (r *roster) count(t trait) int { return r.tally[t] }

// first is the index of the first member with a trait, or -1.
func (r *roster) first(t trait) int {
	if r.tally[t] == 0 {
		return -1
	}
	i := 0
	for r.left != nil {
		if r.left.tally[t] > 0 {
			r = r.left
		} else {
			i += r.left.size
			r = r.right
		}
	}
	return i
}

// last is the index of the last member with a trait, or -1.
func (r *roster) last(t trait) int {
	if r.tally[t] == 0 {
		return -1
	}
	i := 0
	for r.left != nil {
		if r.right.tally[t] > 0 {
			i += r.left.size
			r = r.right
		} else {
			r = r.left
		}
	}
	return i
}
