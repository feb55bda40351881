package supervisor

import "slices"

// Strategy tells which members of a group are restarted when one of them fails. The names are OTP's.
type Strategy int

// The strategies of a group.
const (
	OneForOne  Strategy = iota // the failed member only
	OneForAll                  // all members
	RestForOne                 // the failed member and those after it in start order
)

var strategyNames = [...]string{"one_for_one", "one_for_all", "rest_for_one"}

// String is the strategy as it is written in a configuration.
func (s Strategy) String() string { return strategyNames[s] }

// Affected returns the members of order, in start order, that a failure of the member failed concerns. It is empty when
// failed is not a member. The result is a part of order, not a copy.
func (s Strategy) Affected(order []string, failed string) []string {
	i := slices.Index(order, failed)
	if i < 0 {
		return nil
	}
	from, to := s.affected(len(order), i)
	return order[from:to]
}

// affected is Affected by index, of n members: from one to before the other.
func (s Strategy) affected(n, failed int) (from, to int) {
	switch s {
	case OneForOne:
		return failed, failed + 1
	case OneForAll:
		return 0, n
	default:
		return failed, n
	}
}
