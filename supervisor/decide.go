package supervisor

import "slices"

// Autorestart tells what happens when a process ends by itself after it was up.
type Autorestart int

// The values of autorestart.
const (
	RestartUnexpected Autorestart = iota // when the exit status is not one of exitcodes
	RestartNever
	RestartAlways
)

// Ending classes the end of a life.
type Ending int

// The endings of a life. A death by signal is never expected.
const (
	FailedStart Ending = iota // no process, or it ended before startsecs, whatever its status
	ExpectedExit
	UnexpectedExit
)

// Directive is what becomes of the run that ended.
type Directive int

// The directives. They are those of a supervision tree: the run is restarted, restarted later, or stopped for good.
const (
	StopRun Directive = iota
	RestartNow
	RestartLater
)

var directiveNames = [...]string{"stop", "restart now", "restart later"}

// String is the directive in words.
func (d Directive) String() string { return directiveNames[d] }

// A Death is everything the decision about a run that ended depends on.
type Death struct {
	Unknown       bool // it could not be signalled before it ended
	StopRequested bool // somebody wants the program down
	Held          bool // the supervisor is going down
	Ending        Ending
	RetriesLeft   bool // the failed attempts so far, this one included, do not exceed startretries
	Autorestart   Autorestart
}

// tri is a condition of a rule that may not matter.
type tri int

const (
	whatever tri = iota
	yes
	no
)

func (t tri) matches(b bool) bool { return t == whatever || (t == yes) == b }

// A Rule is one row of the decision table: the first row whose conditions all hold decides.
type Rule struct {
	Unknown, StopRequested, Held, RetriesLeft tri

	Endings     []Ending      // nil: any
	Autorestart []Autorestart // nil: any
	Directive   Directive
	To          State // the state in which the program comes to rest or waits
	Reason      Reason
}

// ReasonGaveUp is the code of the reason why a program is FATAL that used up its startretries.
const ReasonGaveUp = "gave-up"

// Rules is the decision table for a run that ended (compat.md §3.2, §3.3; platform.md §3.3).
var Rules = []Rule{
	{Unknown: yes, Directive: StopRun, To: Stopped,
		Reason: Reason{"ended-unknown", "it ended after it could not be signalled"}},
	{StopRequested: yes, Directive: StopRun, To: Stopped,
		Reason: Reason{"stopped", "it was asked to stop"}},
	{Endings: []Ending{FailedStart}, RetriesLeft: no, Directive: StopRun, To: Fatal,
		Reason: Reason{ReasonGaveUp, "too many start retries too quickly"}},
	{Endings: []Ending{FailedStart}, Held: no, Directive: RestartLater, To: Backoff,
		Reason: Reason{"start-failed", "it failed to start"}},
	{Endings: []Ending{FailedStart}, Held: yes, Directive: StopRun, To: Backoff,
		Reason: Reason{"held", "the supervisor is going down"}},
	{Held: yes, Directive: StopRun, To: Exited,
		Reason: Reason{"held", "the supervisor is going down"}},
	{Autorestart: []Autorestart{RestartAlways}, Directive: RestartNow, To: Starting,
		Reason: Reason{"autorestart", "it ended and autorestart is true"}},
	{Autorestart: []Autorestart{RestartUnexpected}, Endings: []Ending{UnexpectedExit}, Directive: RestartNow, To: Starting,
		Reason: Reason{"autorestart-unexpected", "it ended with a status that is not in exitcodes"}},
	{Autorestart: []Autorestart{RestartUnexpected}, Directive: StopRun, To: Exited,
		Reason: Reason{"expected-exit", "it ended with a status that is in exitcodes"}},
	{Autorestart: []Autorestart{RestartNever}, Directive: StopRun, To: Exited,
		Reason: Reason{"no-autorestart", "it ended and autorestart is false"}},
}

func (r *Rule) matches(d Death) bool {
	return r.Unknown.matches(d.Unknown) && r.StopRequested.matches(d.StopRequested) && r.Held.matches(d.Held) &&
		r.RetriesLeft.matches(d.RetriesLeft) && oneOf(r.Endings, d.Ending) && oneOf(r.Autorestart, d.Autorestart)
}

func oneOf[T comparable](list []T, v T) bool { return list == nil || slices.Contains(list, v) }

// whyIn is the reason to enter state, on the way to where the rule sends the program: the rule's own reason with detail
// when the program is to stay there, otherwise passing.
func (r *Rule) whyIn(state State, passing Reason, detail string) Reason {
	if r.Directive != StopRun || r.To != state {
		return passing
	}
	return Reason{r.Reason.Code, r.Reason.Text + ": " + detail}
}

// Decide returns the row of Rules that applies to d. Every Death has one.
func Decide(d Death) Rule {
	for i := range Rules {
		if Rules[i].matches(d) {
			return Rules[i]
		}
	}
	panic("internal error: no rule for a death") // excluded by a test over all deaths
}
