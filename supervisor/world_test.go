package supervisor

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// fate is what happens to one attempt to start a program. Times are in milliseconds.
type fate struct {
	answer  int  // until the request to spawn is answered
	fails   bool // there is no process
	sudden  bool // it has ended before anybody learned that it exists
	lasts   int  // how long it lives if it is let alone
	code    int  // its exit status then
	onTerm  int  // how long it survives the stop signal; < 0: for ever
	refuses bool // it cannot be signalled
}

func (f fate) String() string {
	switch {
	case f.fails:
		return fmt.Sprintf("spawn fails after %d ms", f.answer)
	case f.sudden:
		return fmt.Sprintf("answered after %d ms: has ended after %d ms with %d", f.answer, f.lasts, f.code)
	}
	s := fmt.Sprintf("spawned after %d ms, lasts %d ms, ends with %d", f.answer, f.lasts, f.code)
	if f.refuses {
		return s + ", cannot be signalled"
	}
	if f.onTerm < 0 {
		return s + ", ignores the stop signal"
	}
	return s + fmt.Sprintf(", survives the stop signal for %d ms", f.onTerm)
}

func randomFate(r *rand.Rand) fate {
	f := fate{answer: 1 + r.IntN(30), code: []int{0, 0, 1, 2}[r.IntN(4)]}
	if r.IntN(8) == 0 {
		f.answer = 300 + r.IntN(1500)
	}
	f.fails = r.IntN(7) == 0
	f.sudden = r.IntN(16) == 0
	f.refuses = r.IntN(10) == 0
	f.lasts = [...]int{20 + r.IntN(900), 500 + r.IntN(3500), 20 + r.IntN(60), 1 << 40}[r.IntN(4)]
	if f.sudden {
		f.lasts = r.IntN(2500)
	}
	f.onTerm = [...]int{1 + r.IntN(300), 500 + r.IntN(4000), -1}[r.IntN(3)]
	return f
}

// world is the operating system as far as one program sees it: at most one process, whose fate is settled beforehand.
// Everything it tells of happens at odd milliseconds, so that it never meets a request.
type world struct {
	fates  []fate // by life, over and over
	lives  int
	asked  bool // a spawn has not been answered
	exists bool // there is a process
	at     int  // when it is answered, or when the process ends
	began  int
	killed bool // a signal will end it

	hookFates []hookFate // of one hook after the other, over and over
	hooks     int        // so many have begun
	hook      Hook       // the one the program waits for
	hookAt    int        // when it ends
	besideAt  int        // when post_start_hook ends; never: it does not go on

	problem string
	record  *record
}

func newWorld(q *sequence, r *record) *world {
	return &world{fates: q.fates, hookFates: q.hooks, besideAt: never, record: r}
}

// news is what the world tells at one time.
type news struct {
	spawned, failed, ended bool
	code, ran              int // of an end
	hook                   Hook
	wrong                  bool // the hook has failed
}

// hookFate is what happens to one hook.
type hookFate struct {
	takes int // milliseconds
	wrong bool
}

// runHook begins a hook.
func (w *world) runHook(now int, h Hook) {
	w.record.add(now, "run %s", h)
	at := odd(now + w.hookFates[w.hooks%len(w.hookFates)].takes)
	w.hooks++
	switch {
	case h == PostStartHook && w.besideAt != never, h != PostStartHook && w.hook != NoHook:
		w.problem = "a hook was asked for while one goes on"
	case h == PostStartHook:
		w.besideAt = at
	default:
		w.hook, w.hookAt = h, at
	}
}

// endHook ends a hook before its time. Nobody hears of the end of post_start_hook then.
func (w *world) endHook(now int, h Hook) {
	w.record.add(now, "end %s", h)
	switch {
	case h == PostStartHook && w.besideAt == never, h != PostStartHook && w.hook != h:
		w.problem = "the end of a hook was asked for that does not go on"
	case h == PostStartHook:
		w.besideAt = never
	default:
		w.hookAt = min(w.hookAt, odd(now+1))
	}
}

func odd(ms int) int { return ms | 1 }

func (w *world) fate() fate { return w.fates[w.lives%len(w.fates)] }

func (w *world) spawn(now int) {
	if w.asked || w.exists || w.hook != NoHook {
		w.problem = "a process was asked for while one may exist, or a hook goes on"
	}
	w.lives++
	w.asked, w.killed = true, false
	w.at = odd(now + w.fate().answer)
	w.record.add(now, "spawn")
}

// signal sends a signal and tells whether it could be sent.
func (w *world) signal(now int, kill bool) bool {
	if !w.exists || w.hook != NoHook {
		w.problem = "a signal was sent to no process, or while a hook goes on"
	}
	f := w.fate()
	if f.refuses {
		return false
	}
	survives := f.onTerm
	if kill {
		survives = 1
		w.record.add(now, "send SIGKILL")
	} else {
		w.record.add(now, "send the stop signal")
	}
	if end := odd(now + survives); survives >= 0 && end < w.at {
		w.at, w.killed = end, true
	}
	return true
}

// next is when there will be news; never when there is nothing going on.
func (w *world) next() int {
	next := w.besideAt
	if w.asked || w.exists {
		next = min(next, w.at)
	}
	if w.hook != NoHook {
		next = min(next, w.hookAt)
	}
	return next
}

const never = 1 << 60

// tell returns the next news of this very moment, if there are any.
func (w *world) tell(now int) (n news, ok bool) {
	if now != w.next() {
		return news{}, false
	}
	wrong := w.hookFates[w.hooks%len(w.hookFates)].wrong
	switch {
	case now == w.besideAt:
		w.besideAt = never
		return news{hook: PostStartHook, wrong: wrong}, true
	case w.hook != NoHook && now == w.hookAt:
		n.hook, n.wrong, w.hook = w.hook, wrong, NoHook
		return n, true
	}
	f := w.fate()
	if w.exists {
		w.exists = false
		if w.killed {
			f.code = -1
		}
		return news{ended: true, code: f.code, ran: now - w.began}, true
	}
	w.asked = false
	switch {
	case f.fails:
		return news{failed: true}, true
	case f.sudden:
		return news{ended: true, code: f.code, ran: f.lasts}, true
	}
	w.exists, w.began, w.at = true, now, odd(now+f.lasts)
	return news{spawned: true}, true
}

// record is what was seen of a program, one line per thing, with its time.
type record struct {
	lines []string
	open  int // time of the last line that no summary follows; 0 none
}

func (r *record) add(now int, format string, args ...interface{}) {
	r.lines = append(r.lines, fmt.Sprintf("%6d  ", now)+fmt.Sprintf(format, args...))
	r.open = now
}

// transition adds a change of state. What does not belong to the new state is left out.
func (r *record) transition(now int, from, to State, tries int, expected bool, code string) {
	detail := ""
	switch to {
	case Starting, Backoff:
		detail = fmt.Sprintf(" tries %d", tries)
	case Exited:
		detail = fmt.Sprintf(" expected %t", expected)
	}
	r.add(now, "%s -> %s%s (%s)", from, to, detail, code)
}

// summary closes the lines of one time with what can be asked of the program then.
func (r *record) summary(failures int, spawnErr string, status int) {
	if r.open == 0 {
		return
	}
	r.lines = append(r.lines, fmt.Sprintf("        failures %d, status %d, error %q", failures, status, spawnErr))
	r.open = 0
}

// firstDifference is the index of the first line in which a and b differ; -1 when they are the same.
func firstDifference(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return i
		}
	}
	return -1
}

// around shows the lines up to i, and the next few.
func around(lines []string, i int) string {
	var b strings.Builder
	for n, line := range lines[:min(len(lines), i+6)] {
		mark := "  "
		if n == i {
			mark = "> "
		}
		b.WriteString(mark + line + "\n")
	}
	return b.String()
}
