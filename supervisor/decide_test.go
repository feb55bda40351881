package supervisor

import (
	"slices"
	"testing"
)

// allDeaths lists every death there can be.
func allDeaths() []Death {
	var all []Death
	for _, stop := range []struct{ unknown, requested bool }{{}, {unknown: true}, {requested: true}, {true, true}} {
		for _, held := range []bool{false, true} {
			for _, ending := range []Ending{FailedStart, ExpectedExit, UnexpectedExit} {
				for _, left := range []bool{false, true} {
					for _, auto := range []Autorestart{RestartUnexpected, RestartNever, RestartAlways} {
						all = append(all, Death{stop.unknown, stop.requested, held, ending, left, auto})
					}
				}
			}
		}
	}
	return all
}

// decideSlowly is the decision in plain words.
func decideSlowly(d Death) (Directive, State) {
	if d.Unknown || d.StopRequested {
		return StopRun, Stopped
	}
	if d.Ending == FailedStart {
		if !d.RetriesLeft {
			return StopRun, Fatal
		}
		if d.Held {
			return StopRun, Backoff
		}
		return RestartLater, Backoff
	}
	if !d.Held && (d.Autorestart == RestartAlways || d.Autorestart == RestartUnexpected && d.Ending == UnexpectedExit) {
		return RestartNow, Starting
	}
	return StopRun, Exited
}

// ruleOf is the index in Rules of the rule for d.
func ruleOf(d Death) int {
	return slices.IndexFunc(Rules, func(r Rule) bool { return r.matches(d) })
}

func TestDecideAgreesWithPlainWordsOnEveryDeath(t *testing.T) {
	used := map[int]bool{}
	for _, d := range allDeaths() {
		r := Decide(d)
		used[ruleOf(d)] = true
		if dir, to := decideSlowly(d); r.Directive != dir || r.To != to {
			t.Errorf("%+v: got %s to %s, want %s to %s", d, r.Directive, r.To, dir, to)
		}
		if r.Reason.Code == "" || r.Reason.Text == "" {
			t.Errorf("%+v: no reason", d)
		}
	}
	for i, r := range Rules {
		if !used[i] {
			t.Errorf("no death leads to the rule %q", r.Reason.Text)
		}
	}
}
