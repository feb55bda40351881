package supervisor

import "testing"

// allDeaths lists every death there can be.
func allDeaths() []Death {
	var all []Death
	for _, stop := range []bool{false, true} {
		for _, held := range []bool{false, true} {
			for _, ending := range []Ending{FailedStart, ExpectedExit, UnexpectedExit} {
				for _, left := range []bool{false, true} {
					for _, auto := range []Autorestart{RestartUnexpected, RestartNever, RestartAlways} {
						all = append(all, Death{stop, held, ending, left, auto})
					}
				}
			}
		}
	}
	return all
}

// decideSlowly is the decision in plain words.
func decideSlowly(d Death) (Directive, State) {
	if d.StopRequested {
		return StopRun, Stopped
	}
	if d.Ending == FailedStart {
		if d.Held {
			return StopRun, Backoff
		}
		if d.RetriesLeft {
			return RestartLater, Backoff
		}
		return StopRun, Fatal
	}
	if !d.Held && (d.Autorestart == RestartAlways || d.Autorestart == RestartUnexpected && d.Ending == UnexpectedExit) {
		return RestartNow, Starting
	}
	return StopRun, Exited
}

func TestDecideAgreesWithPlainWordsOnEveryDeath(t *testing.T) {
	used := map[string]bool{}
	for _, d := range allDeaths() {
		r := Decide(d)
		used[r.Reason.Text] = true
		if dir, to := decideSlowly(d); r.Directive != dir || r.To != to {
			t.Errorf("%+v: got %s to %s, want %s to %s", d, r.Directive, r.To, dir, to)
		}
		if r.Reason.Code == "" || r.Reason.Text == "" {
			t.Errorf("%+v: no reason", d)
		}
	}
	for _, r := range Rules {
		if !used[r.Reason.Text] {
			t.Errorf("no death leads to the rule %q", r.Reason.Text)
		}
	}
}
