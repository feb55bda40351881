package actors

import (
	"cmp"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

// session carries out one command on several programs and answers the client when all have answered. It lives as long
// as that takes.
type session struct {
	command *ManyPrograms
	entries []*entry
	client  *actor.PID // nil: it was answered
	began   time.Time
	tree    *tree
	by      supervisor.Origin // of starts and stops
	cause   uint64            // number of the record of the command, or of what it is part of

	next    int     // start: the program to launch next
	waves   [][]int // stop: programs still to be stopped, by index; the first ones are being stopped
	wave    int     // how many of these have not answered
	open    int     // answers still to come
	settled []bool  // by program: its answer has come
	answers []answer
}

// answer is the result of one program. Results stand in the order in which a client of supervisord gets them: what was
// decided at once comes first, in the order of the programs, then the others as they finish (compat.md §4.5).
type answer struct {
	index  int
	round  int64 // -1: decided at once
	fault  *Fault
	absent bool // the program was not in a state the command is for
}

// roundLength is the time within which programs that finish count as finishing together.
const roundLength = 50 * time.Millisecond

func newSession(t *tree, m *ManyPrograms, entries []*entry, client *actor.PID) *session {
	return &session{tree: t, command: m, entries: entries, client: client, open: len(entries), settled: make([]bool, len(entries))}
}

// Receive implements actor.Actor.
func (s *session) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.began = s.tree.clock.Now()
		if s.cause == 0 {
			s.cause = s.record()
		}
		s.begin(ctx)
		s.finish(ctx)
	case *launched:
		s.launchAfter(ctx, m.index)
	case *indexed:
		s.take(ctx, m.index, m.outcome)
		s.finish(ctx)
	case *actor.Terminated: // what was still in its mailbox will not be answered
		for i, e := range s.entries {
			if m.Who.Equal(e.pid.Load()) {
				s.take(ctx, i, &Outcome{Skipped: true})
				s.launchAfter(ctx, i)
			}
		}
		s.finish(ctx)
	}
}

// record remembers what was asked for; clearing logs is nothing that leads to anything.
func (s *session) record() uint64 {
	whom, of := s.command.Group+":*", "of the group "+logs.Clean(s.command.Group)
	if s.command.All {
		whom, of = "", "of all programs"
	}
	switch s.command.Do {
	case Start:
		return s.tree.asked(whom, "client-start", s.command.By, "asked for start "+of)
	case Stop:
		return s.tree.asked(whom, "client-stop", s.command.By, "asked for stop "+of)
	case Signal:
		return s.tree.asked(whom, "client-signal", s.command.By, "had "+process.SignalName(s.command.Signal)+" sent to the processes "+of)
	}
	return 0
}

// request asks the program at index i, and notices if it ends before it has answered.
func (s *session) request(ctx actor.Context, i int, m interface{}) {
	pid := s.entries[i].pid.Load()
	ctx.Watch(pid)
	ctx.Request(pid, m)
}

func (s *session) begin(ctx actor.Context) {
	switch s.command.Do {
	case Start:
		s.launchAfter(ctx, -1)
	case Stop:
		s.waves = waves(s.entries)
		if len(s.waves) > 1 && !s.command.Wait {
			s.answerEarly(ctx)
		}
		s.stopWave(ctx)
	case Signal:
		for i, e := range s.entries {
			s.request(ctx, i, &signalRequest{name: e.program.NameSpec(), signal: s.command.Signal, onlyIfApt: true, index: i, cause: s.cause})
		}
	case Clear:
		for i, e := range s.entries {
			s.request(ctx, i, &clearRequest{name: e.program.NameSpec(), index: i})
		}
	}
}

// stopWave stops the programs of the first wave that is left.
func (s *session) stopWave(ctx actor.Context) {
	if len(s.waves) == 0 {
		return
	}
	wave, ordered := s.waves[0], len(s.waves) > 1
	s.wave = len(wave)
	for _, i := range wave {
		s.request(ctx, i, &stopRequest{name: s.entries[i].program.NameSpec(), by: s.by,
			wait: s.command.Wait || ordered, onlyIfApt: true, index: i, cause: s.cause})
	}
}

// waveAnswered goes on with the next wave when all of one are down.
func (s *session) waveAnswered(ctx actor.Context) {
	if s.command.Do != Stop {
		return
	}
	if s.wave--; s.wave == 0 {
		s.waves = s.waves[1:]
		s.stopWave(ctx)
	}
}

// answerEarly answers a client that does not want to wait, while the programs are stopped one after the other.
func (s *session) answerEarly(ctx actor.Context) {
	results := Results{}
	for _, e := range s.entries {
		if i := e.info.Load(); i.State.IsUp() || i.Wanted || !i.NextRun.IsZero() {
			results = append(results, Result{Name: e.program.Name, Group: e.program.Group, Status: Success, Description: "OK"})
		}
	}
	ctx.Send(s.client, results)
	s.client = nil
}

// launchAfter starts the program after i: programs are launched one after the other, so that the order is kept, and then
// awaited together.
func (s *session) launchAfter(ctx actor.Context, i int) {
	if s.command.Do != Start || i+1 != s.next || s.next >= len(s.entries) {
		return
	}
	e := s.entries[s.next]
	s.next++
	s.request(ctx, i+1, &startRequest{name: e.program.NameSpec(), by: s.by,
		wait: s.command.Wait, onlyIfApt: true, index: i + 1, cause: s.cause})
}

func (s *session) take(ctx actor.Context, i int, o *Outcome) {
	if s.settled[i] {
		return
	}
	s.settled[i] = true
	s.open--
	a := answer{index: i, round: int64(s.tree.since(s.began) / roundLength), fault: o.Fault, absent: o.Skipped}
	if o.Immediate || !s.command.Wait {
		a.round = -1
	}
	s.answers = append(s.answers, a)
	s.waveAnswered(ctx)
}

func (s *session) finish(ctx actor.Context) {
	if s.open > 0 {
		return
	}
	slices.SortStableFunc(s.answers, func(a, b answer) int {
		return cmp.Or(cmp.Compare(a.round, b.round), cmp.Compare(a.index, b.index))
	})
	results := Results{}
	for _, a := range s.answers {
		if a.absent {
			continue
		}
		p := s.entries[a.index].program
		r := Result{Name: p.Name, Group: p.Group, Status: Success, Description: "OK"}
		if a.fault != nil {
			r.Status, r.Description = a.fault.Code, a.fault.Error()
		}
		results = append(results, r)
	}
	if s.client != nil {
		ctx.Send(s.client, results)
		s.client = nil // a program may end before this actor does, and bring it here again
	}
	ctx.Stop(ctx.Self())
}
