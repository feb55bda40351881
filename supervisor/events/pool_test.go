package events

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor"
)

// A book keeps account of one pool from outside: it knows only what the pool was told and what it asked for. Every event
// it accepted is in one place.
type book struct {
	t       *testing.T
	pool    *Pool
	options PoolOptions
	trace   []string

	waiting   []Serial // in order
	numbers   map[Serial]Serial
	accepted  int
	done      int
	discarded int
	rejects   map[Serial]int
	resting   uint64 // the number of the rest under way, 0 none
	rests     uint64
	lives     []bookLife
}

// bookLife is what the book knows of a listener.
type bookLife struct {
	life                        uint64
	alive, running, ready, deaf bool
	has                         Serial // -1: none
}

func (l *bookLife) free() bool { return l.running && l.ready && !l.deaf && l.has < 0 }

func (b *book) fail(format string, args ...interface{}) {
	b.t.Helper()
	b.t.Fatalf("%s\n%s", strings.Join(b.trace, "\n"), fmt.Sprintf(format, args...))
}

// back puts the event of a listener back at the head; the oldest one makes room for it.
func (b *book) back(l *bookLife) {
	if l.has < 0 {
		return
	}
	b.room()
	b.waiting = slices.Insert(b.waiting, 0, l.has)
	l.has = -1
}

func (b *book) room() {
	if len(b.waiting) >= b.options.BufferSize {
		b.waiting = b.waiting[1:]
		b.discarded++
	}
}

// at returns the listener a fact is about, nil when the fact is of no concern.
func (b *book) at(i int, life uint64) *bookLife {
	l := &b.lives[i]
	if life > l.life {
		b.back(l)
		*l = bookLife{life: life, alive: true, has: -1}
	}
	if life == l.life && l.alive {
		return l
	}
	return nil
}

// settle checks the effects of a call against what the book expects: while somebody is free, the oldest event goes to the
// first one.
func (b *book) settle(effects []Effect, first Serial) []Send {
	b.t.Helper()
	var sends []Send
	overflows, resting := 0, b.resting
	for _, e := range effects {
		switch e := e.(type) {
		case Send:
			sends = append(sends, e)
		case Rest:
			if e.Number != b.rests || e.For < restBase || e.For > restCap {
				b.fail("%+v is not rest %d", e, b.rests)
			}
		case supervisor.Log:
			if strings.Contains(e.Text, "overflowed") {
				overflows++
			}
		}
	}
	for k, s := range sends {
		if resting > 0 {
			b.fail("event %d is sent during rest %d", s.Serial, resting)
		}
		b.trace = append(b.trace, fmt.Sprintf("  send %d to %d/%d", s.Serial, s.Listener, s.Life))
		i := slices.IndexFunc(b.lives, func(l bookLife) bool { return l.free() })
		if i != s.Listener || s.Life != b.lives[max(i, 0)].life {
			b.fail("event %d goes to listener %d, the first free one is %d", s.Serial, s.Listener, i)
		}
		want := first // an event that was refused is tried elsewhere before it waits again
		if k > 0 || first < 0 {
			if len(b.waiting) == 0 {
				b.fail("event %d is sent, but nothing waits", s.Serial)
			}
			want, b.waiting = b.waiting[0], b.waiting[1:]
		}
		if s.Serial != want {
			b.fail("event %d is sent, the oldest is %d", s.Serial, want)
		}
		b.lives[i].has, b.lives[i].ready = s.Serial, false
		if number := fmt.Sprintf("serial:%d pool:p poolserial:%d ", s.Serial, b.numbers[s.Serial]); !strings.Contains(string(s.Bytes), number) {
			b.fail("%q lacks %q", s.Bytes, number)
		}
	}
	held := 0
	for i := range b.lives {
		if b.lives[i].has >= 0 {
			held++
		}
		if b.lives[i].free() && len(b.waiting) > 0 && resting == 0 {
			b.fail("listener %d is free, but %v wait", i, b.waiting)
		}
	}
	switch {
	case b.pool.Waiting() != len(b.waiting) || len(b.waiting) > b.options.BufferSize:
		b.fail("%d events wait, not %v", b.pool.Waiting(), b.waiting)
	case int(b.pool.Discarded()) != b.discarded:
		b.fail("%d are discarded, not %d", b.pool.Discarded(), b.discarded)
	case b.accepted != b.done+b.discarded+held+len(b.waiting):
		b.fail("%d accepted, %d done, %d discarded, %d held, %d waiting", b.accepted, b.done, b.discarded, held, len(b.waiting))
	}
	return sends
}

func TestRandomPoolsLoseAndInventNothing(t *testing.T) {
	counts := map[string]int{}
	for seed := range uint64(8000) {
		randomPool(t, seed, counts)
	}
	for _, what := range []string{"done", "rejected", "broken", "gone busy", "closed", "full", "stale", "later life", "overflow", "rest"} {
		if counts[what] < 100 {
			t.Errorf("%s came only %d times: the pools are too tame", what, counts[what])
		}
	}
}

func randomPool(t *testing.T, seed uint64, counts map[string]int) {
	r := rand.New(rand.NewPCG(seed, 0))
	names := make([]string, 1+r.IntN(3))
	o := PoolOptions{Name: "p", Events: Subscribe(RemoteCommunication), BufferSize: 1 + r.IntN(4), Listeners: names}
	b := &book{t: t, pool: NewPool(o), options: o, numbers: map[Serial]Serial{}, rejects: map[Serial]int{}, lives: make([]bookLife, len(names)),
		trace: []string{fmt.Sprintf("seed %d, %d listeners, buffer %d", seed, len(names), o.BufferSize)}}
	for i := range b.lives {
		b.lives[i].has = -1
	}
	next := Serial(r.IntN(3))
	for range 60 {
		b.act(r, &next, counts)
	}
}

// act tells the pool of one random thing, and answers what it asks for.
func (b *book) act(r *rand.Rand, next *Serial, counts map[string]int) {
	i := r.IntN(len(b.lives))
	life := b.lives[i].life
	switch r.IntN(12) {
	case 0:
		life++
	case 1:
		life -= min(life, 1)
	}
	before := b.lives[i]
	if life > before.life {
		counts["later life"]++
	} else if life < before.life || !before.alive {
		counts["stale"]++
	}
	note := func(format string, args ...interface{}) { b.trace = append(b.trace, fmt.Sprintf(format, args...)) }
	var effects []Effect
	switch what := r.IntN(11); what {
	case 10:
		number := b.rests - min(b.rests, uint64(r.IntN(2)))
		note("rested %d", number)
		if number == b.resting {
			b.resting = 0
		}
		effects = b.pool.Rested(number)
	case 0, 1, 2:
		note("accept %d", *next)
		if len(b.waiting) == b.options.BufferSize {
			counts["overflow"]++
		}
		b.room()
		b.numbers[*next] = Serial(b.accepted)
		b.waiting = append(b.waiting, *next)
		b.accepted++
		effects = b.pool.Accept(Remote("t", "x"), *next)
		*next += Serial(1 + r.IntN(3)) // those in between went to other pools
	case 3:
		note("%d/%d running", i, life)
		if l := b.at(i, life); l != nil {
			l.running = true
		}
		effects = b.pool.Running(i, life)
	case 4:
		note("%d/%d not running", i, life)
		if l := b.at(i, life); l != nil {
			l.running = false
		}
		effects = b.pool.NotRunning(i, life)
	case 5:
		if r.IntN(2) == 0 {
			return
		}
		note("%d/%d gone", i, life)
		if l := b.at(i, life); l != nil {
			if l.has >= 0 {
				counts["gone busy"]++
			}
			b.back(l)
			*l = bookLife{life: l.life, has: -1}
		}
		effects = b.pool.Gone(i, life)
	default:
		told := Result{Told: Told(r.IntN(4)), Serial: before.has}
		if before.has < 0 || r.IntN(3) > 0 && told.Told == ToldBroken {
			told.Told = ToldReady
		}
		if r.IntN(10) == 0 {
			told.Serial += 1 // of another event
		}
		note("%d/%d told %s %d", i, life, told.Told, told.Serial)
		if l := b.at(i, life); l != nil {
			mine := l.has >= 0 && l.has == told.Serial
			switch {
			case told.Told == ToldReady:
				l.ready = true
			case told.Told == ToldBroken:
				l.ready = false
				b.back(l)
				counts["broken"]++
			case told.Told == ToldDone && mine:
				l.has = -1
				b.done++
				counts["done"]++
			case told.Told == ToldRejected && mine:
				if b.rejects[l.has]++; b.rejects[l.has] > len(b.lives) {
					b.rests++
					b.resting = b.rests
					counts["rest"]++
				}
				b.back(l)
				counts["rejected"]++
			}
		}
		effects = b.pool.Told(i, life, told)
	}
	b.answer(r, b.settle(effects, -1), counts)
}

// answer answers sends as a write would.
func (b *book) answer(r *rand.Rand, sends []Send, counts map[string]int) {
	for _, s := range sends {
		l := &b.lives[s.Listener]
		b.trace = append(b.trace, fmt.Sprintf("answer %d of %d/%d", s.Serial, s.Listener, s.Life))
		switch {
		case l.life != s.Life || l.has != s.Serial: // the answer before has changed things
			b.settle(b.pool.Sent(s.Listener, s.Life, s.Serial), -1)
		case r.IntN(8) == 0:
			counts["closed"]++
			l.has, l.deaf = -1, true
			first := Serial(-1)
			if b.resting == 0 && slices.ContainsFunc(b.lives, func(l bookLife) bool { return l.free() }) {
				first = s.Serial
			} else {
				b.room()
				b.waiting = slices.Insert(b.waiting, 0, s.Serial)
			}
			b.answer(r, b.settle(b.pool.Refused(s.Listener, s.Life, s.Serial, InputClosed), first), counts)
		case r.IntN(20) == 0:
			counts["full"]++
			l.has, l.ready = -1, true
			b.discarded++
			b.answer(r, b.settle(b.pool.Refused(s.Listener, s.Life, s.Serial, InputFull), -1), counts)
		default:
			b.settle(b.pool.Sent(s.Listener, s.Life, s.Serial), -1)
		}
	}
}

func TestABufferOfLessThanOneHoldsOne(t *testing.T) {
	p := NewPool(PoolOptions{Name: "p"})
	p.Accept(GroupAdded("a"), 0)
	if p.Waiting() != 1 {
		t.Errorf("%d wait", p.Waiting())
	}
}

func TestAPoolThatIsRemovedTellsWhatItTakesAlong(t *testing.T) {
	h := NewHub(7)
	p := h.AddPool(PoolOptions{Name: "p", Events: Subscribe(ProcessGroup), BufferSize: 2, Listeners: []string{"a"}})
	p.Running(0, 1)
	p.Told(0, 1, Result{Told: ToldReady})
	for range 3 {
		h.Publish(GroupAdded("g"))
	}
	effects := h.Close()
	want := supervisor.Log{Level: supervisor.Info, Text: "pool p ends, discarding events nobody has acknowledged: 7 8 9"}
	if len(effects) != 1 || effects[0] != want || p.Discarded() != 3 {
		t.Errorf("%+v, %d discarded", effects, p.Discarded())
	}
	if len(h.AddPool(PoolOptions{Name: "p"}).close()) != 0 || h.RemovePool("p") != nil || h.Pool("p") != nil {
		t.Error("an empty pool says something")
	}
}

func TestTheHubKnowsWhatIsWanted(t *testing.T) {
	h := NewHub(5)
	if h.Wanted() != 0 || len(h.Publish(GroupAdded("a"))) != 0 || h.NextSerial() != 5 {
		t.Error("a hub without pools wants something")
	}
	h.AddPool(PoolOptions{Name: "a", Events: Subscribe(Tick5), Listeners: []string{"a"}})
	h.AddPool(PoolOptions{Name: "b", Events: Subscribe(Tick60)})
	if got := strings.Join(namesOf(h.Wanted()), " "); got != "TICK_5 TICK_60" {
		t.Error(got)
	}
	h.RemovePool("b")
	h.RemovePool("nobody")
	h.AddPool(PoolOptions{Name: "a", Events: Subscribe(ProcessGroup)})
	if got := strings.Join(namesOf(h.Wanted()), " "); got != "PROCESS_GROUP_ADDED PROCESS_GROUP_REMOVED" {
		t.Error(got)
	}
	if h.Pool("b") != nil || h.Pool("a") == nil {
		t.Error("the pools are others")
	}
}

func TestFactsAboutNobodyChangeNothing(t *testing.T) {
	p := NewPool(PoolOptions{Name: "p", Listeners: []string{"a"}})
	p.Accept(GroupAdded("a"), 7)
	for _, i := range []int{-1, 1} {
		effects := slices.Concat(p.Running(i, 1), p.Told(i, 1, Result{Told: ToldReady}), p.NotRunning(i, 1), p.Gone(i, 1),
			p.Sent(i, 1, 7), p.Refused(i, 1, 7, InputClosed))
		if len(effects) != 0 {
			t.Errorf("listener %d: %v", i, effects)
		}
	}
	p.Running(0, 1)
	if effects := p.Refused(0, 1, 7, InputClosed); len(effects) != 0 {
		t.Errorf("an event that was not sent was refused: %v", effects)
	}
	if effects := p.Told(0, 1, Result{Told: ToldReady}); len(effects) != 1 {
		t.Errorf("%v", effects)
	}
}
