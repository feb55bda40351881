package confload

import (
	"strings"
	"time"
)

// Strategy tells which programs of a group are restarted when one fails. The names are OTP's.
type Strategy int

// The values of strategy=.
const (
	OneForOne  Strategy = iota // the one that failed
	OneForAll                  // all
	RestForOne                 // the one that failed and those after it in programs=
)

// OnGiveUp tells what happens when a group has used up its restarts.
type OnGiveUp int

// The values of on_give_up=.
const (
	GiveUpLeave    OnGiveUp = iota // its programs stay down
	GiveUpRestart                  // it begins anew after the period
	GiveUpShutdown                 // supd ends, with GiveUpExitCode
	GiveUpEscalate                 // it is a failure of the group that it is a member of
)

// AutoShutdown tells when the work of a group is done, so that it stops. The names are OTP's.
type AutoShutdown int

// The values of auto_shutdown=.
const (
	NeverShutDown  AutoShutdown = iota // never
	AnySignificant                     // when a significant member has ended for good
	AllSignificant                     // when the last one that was up has
)

// Supervision is how a group restarts its programs together.
type Supervision struct {
	Strategy       Strategy
	Intensity      int           // restarts within Period that are lived with; -1 any number
	Period         time.Duration // > 0
	OnGiveUp       OnGiveUp
	GiveUpExitCode int // 0–255
	AutoShutdown   AutoShutdown
}

var strategyType = words[Strategy]("one_for_one", "one_for_all", "rest_for_one")
var onGiveUpType = words[OnGiveUp]("leave", "restart", "shutdown", "escalate")
var autoShutdownType = words[AutoShutdown]("never", "any_significant", "all_significant")

// words is the type of an option that takes one of a few words, in any case: the nth stands for the number n.
func words[T ~int](list ...string) valueType[T] {
	return valueType[T]{
		name: "word", allowed: strings.Join(list, ", "),
		parse: func(_ *loader, s string) (T, error) {
			i, err := wordOf(s, list...)
			return T(i), err
		},
		same: equal[T],
	}
}

// secondsType is the type of a span of time that cannot be nothing.
var secondsType = valueType[time.Duration]{
	name: "seconds", allowed: "a whole number of seconds, at least 1",
	parse: func(l *loader, s string) (time.Duration, error) {
		n, err := intIn(1, maxInt32).parse(l, s)
		return time.Duration(n) * time.Second, err
	},
	same: equal[time.Duration],
}
