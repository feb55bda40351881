package scenario

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"syscall"
	"time"
)

// A Fate is how one life of a program goes. Times count from its begin, which is when its process exists.
type Fate struct {
	Start time.Duration // from the order to start it until there is a process
	Fails bool          // there is none: the start fails

	Ends   bool // it ends by itself
	After  time.Duration
	Code   int            // its exit status
	Signal syscall.Signal // what ends it instead; 0: it exits

	Stop    time.Duration    // from a signal that ends it to its end
	Ignores []syscall.Signal // that have no effect
	Hangs   time.Duration    // from then on it only ends by SIGKILL, and answers nothing; Never: it does not hang

	Ready     time.Duration // until it says that it is ready, or a check finds it so; Never
	Unhealthy time.Duration // until its health checks fail; Never
	Says      []Line
	Memory    int64 // bytes that it uses

	Chores map[string]Chore // hooks and commands by name; those without an entry take DefaultChore and succeed
}

// A Line is something a program writes to its standard output.
type Line struct {
	After time.Duration
	Text  string
}

// A Chore is how a hook goes.
type Chore struct {
	Takes time.Duration
	Fails bool
}

// Never is a time that does not come.
const Never = time.Duration(1<<63 - 1)

// What a fate that nothing is said about has.
const (
	DefaultChore  = 50 * time.Millisecond
	defaultMemory = 20 << 20
)

// Ignored tells whether a signal has no effect after a time.
func (f *Fate) Ignored(sig syscall.Signal, at time.Duration) bool {
	return sig != syscall.SIGKILL && (at >= f.Hangs || slices.Contains(f.Ignores, sig))
}

// IsReady tells whether a check of ready= succeeds after a time.
func (f *Fate) IsReady(at time.Duration) bool { return at >= f.Ready && at < f.Hangs }

// IsHealthy tells whether a health check succeeds after a time.
func (f *Fate) IsHealthy(at time.Duration) bool { return at < f.Unhealthy && at < f.Hangs }

// ChoreOf is how a hook or command goes.
func (f *Fate) ChoreOf(name string) Chore {
	if c, ok := f.Chores[name]; ok {
		return c
	}
	return Chore{Takes: DefaultChore}
}

// setChore changes one chore. Fates are copied: what they share is not changed in place.
func (f *Fate) setChore(name string, change func(*Chore)) {
	c := f.ChoreOf(name)
	change(&c)
	chores := map[string]Chore{name: c}
	for k, v := range f.Chores {
		if k != name {
			chores[k] = v
		}
	}
	f.Chores = chores
}

// Made makes up the fate of a life, counted from 1. The same arguments always give the same one; of other programs and lives it
// does not depend. Three of five lives stay up; the others end after up to a minute or an hour, some at once, most with status 1.
func Made(seed uint64, program string, life int) Fate {
	h := fnv.New64a()
	_, _ = h.Write([]byte(program))
	r := rand.New(rand.NewPCG(seed, h.Sum64()+uint64(life)*0x9e3779b97f4a7c15))
	upTo := func(d time.Duration) time.Duration { // whole milliseconds, at least one
		return time.Millisecond * time.Duration(1+r.Int64N(d.Milliseconds()))
	}
	f := Fate{Start: upTo(5 * time.Millisecond), Stop: upTo(500 * time.Millisecond), Ready: upTo(2 * time.Second),
		Hangs: Never, Unhealthy: Never, Memory: defaultMemory}
	const soon, later = time.Minute, time.Hour
	if within := [...]time.Duration{0, 0, 0, soon, later}[r.IntN(5)]; within > 0 {
		f.Ends, f.After, f.Code = true, upTo(within), 1
		switch r.IntN(6) {
		case 0:
			f.Code = 0
		case 1:
			f.Code, f.Signal = -1, syscall.SIGSEGV
		case 2, 3:
			f.After = upTo(800 * time.Millisecond) // before a program with startsecs=1 is RUNNING
		}
	}
	return f
}
