package actors

import (
	"fmt"
	"slices"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
)

// This file is depends_on. A program looks at what it needs in the table whenever one of these has changed, and tells its
// machine what it lacks; so nothing depends on the order of messages, and none can be lost that matters.

// need is one program that another one depends on.
type need struct {
	spec      string
	entry     *entry // nil: there is no such program now
	condition confload.Condition
}

// met tells whether the need is fulfilled.
func (n *need) met() bool {
	if n.entry == nil {
		return false
	}
	i := n.entry.info.Load()
	switch n.condition {
	case confload.NeedsExited:
		return i.State == supervisor.Exited && i.Expected
	case confload.NeedsHealthy:
		return i.Ready && !i.Unhealthy
	default:
		return i.Ready
	}
}

// hopeless tells whether the need will not be fulfilled unless somebody does something about it.
func (n *need) hopeless() bool {
	if n.entry == nil {
		return true
	}
	i := n.entry.info.Load()
	switch {
	case i.Overdue && !i.Ready:
		return true
	case i.State.IsDown() && !i.Wanted: // it has failed, somebody has stopped it, or it has ended and is to stay so
		return true
	}
	return i.WaitsFor != "" && n.entry.isStuck()
}

// isStuck tells whether the program needs something that it will not get unless somebody does something about it.
func (e *entry) isStuck() bool {
	return slices.ContainsFunc(e.needed(), func(n need) bool { return !n.met() && n.hopeless() })
}

func (n *need) String() string {
	if n.condition == confload.NeedsRunning {
		return n.spec
	}
	return fmt.Sprintf("%s (%s)", n.spec, n.condition)
}

// relink connects the programs that are there with what they need, as the configuration read last has it, and returns those
// whose needs may have changed. Programs that are to come with a part of that configuration which is not in effect yet are needed
// when they are there. It costs nothing when nothing depends on anything.
func (t *table) relink(latest *confload.Config) []*entry {
	entries := *t.sorted.Load()
	depends := func(p confload.Program) bool { return len(p.DependsOn) > 0 }
	if !slices.ContainsFunc(entries, func(e *entry) bool { return depends(*e.now()) || e.needs.Load() != nil }) &&
		!slices.ContainsFunc(latest.Groups, func(g confload.Group) bool { return slices.ContainsFunc(g.Programs, depends) }) {
		return nil
	}
	wanted := map[string][]confload.Dependency{}
	for i := range latest.Groups {
		for j := range latest.Groups[i].Programs {
			p := &latest.Groups[i].Programs[j]
			wanted[p.NameSpec()] = p.DependsOn
		}
	}
	bySpec := make(map[string]*entry, len(entries))
	for _, e := range entries {
		bySpec[e.program.NameSpec()] = e
	}
	dependants := map[*entry][]*entry{}
	var concerned []*entry
	for _, e := range entries {
		list, known := wanted[e.program.NameSpec()]
		if !known {
			list = e.now().DependsOn
		}
		var needs []need
		for _, d := range list {
			for _, spec := range d.Programs {
				on := bySpec[spec]
				if on == nil && !dependsOn(e.now(), spec) {
					continue
				}
				needs = append(needs, need{spec, on, d.Condition})
				if on != nil && !slices.Contains(dependants[on], e) {
					dependants[on] = append(dependants[on], e)
				}
			}
		}
		if len(needs) > 0 || e.needs.Load() != nil {
			e.needs.Store(&needs)
			concerned = append(concerned, e)
		}
	}
	for _, e := range entries {
		if list := dependants[e]; list != nil || e.dependants.Load() != nil {
			e.dependants.Store(&list)
		}
	}
	t.versions.changed()
	return concerned
}

// dependsOn tells whether a program is configured to depend on another one.
func dependsOn(p *confload.Program, spec string) bool {
	return slices.ContainsFunc(p.DependsOn, func(d confload.Dependency) bool { return slices.Contains(d.Programs, spec) })
}

// needed lists what the program needs.
func (e *entry) needed() []need {
	if n := e.needs.Load(); n != nil {
		return *n
	}
	return nil
}

// neededBy lists the programs that need this one.
func (e *entry) neededBy() []*entry {
	if d := e.dependants.Load(); d != nil {
		return *d
	}
	return nil
}

// maxTold is how many of the programs that are lacking are named.
const maxTold = 5

// lookAround tells the machine what the program lacks now. cause is the record of what may have changed that. What it has come to
// need while it is up is no loss before it has been there.
func (p *program) lookAround(cause uint64) {
	var lacks, lost []string
	var had map[string]bool
	if needs := p.entry.needed(); len(needs) > 0 {
		had = make(map[string]bool, len(needs))
	}
	for _, n := range p.entry.needed() {
		if n.met() {
			had[n.spec] = true
			continue
		}
		name := logs.Clean(n.String())
		lacks = append(lacks, name)
		if had[n.spec] = p.had[n.spec]; had[n.spec] {
			lost = append(lost, name)
		}
	}
	p.had = had
	if ev := (supervisor.NeedsChanged{Lacks: someOf(lacks), Lost: someOf(lost), Cause: cause}); ev.Lacks != p.m.Lacks || ev.Lost != p.m.Lost {
		p.apply(ev)
	}
}

// someOf are names in words.
func someOf(names []string) string {
	if more := len(names) - maxTold; more > 0 {
		names = append(names[:maxTold], fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// despair answers those who wait for the program to start when something it needs will not come, and nobody is asked for that. It is
// called when a message has been dealt with, as then it is clear who was asked.
func (p *program) despair() {
	if stuck := p.m.Waiting && p.entry.isStuck(); stuck != p.stuck {
		p.stuck = stuck
		p.tellDependants(p.latest) // a client may wait for one of them
	}
	if !p.m.Waiting || len(p.starters) == 0 {
		return
	}
	for i, n := range p.entry.needed() {
		if !p.summoned[i] && !n.met() && n.hopeless() {
			p.needFailed(&n)
			return
		}
	}
}

// summon starts what the program needs and is not on its way.
func (p *program) summon() {
	for i, n := range p.entry.needed() {
		if n.entry == nil || n.met() || n.entry.info.Load().State.IsUp() || p.summoned[i] {
			continue
		}
		if p.summoned == nil {
			p.summoned = map[int]bool{}
		}
		p.summoned[i] = true
		p.tree.logger.Info(fmt.Sprintf("%s is started because %s depends on it", logs.Clean(n.spec), p.policy.Name))
		p.ctx.Request(n.entry.pid.Load(), &startRequest{name: n.spec, by: supervisor.ByDependant, wait: true, index: i,
			cause: p.latest})
	}
}

// summonAnswered hears what became of a start that summon has asked for.
func (p *program) summonAnswered(m *indexed) {
	if !p.summoned[m.index] {
		return
	}
	delete(p.summoned, m.index)
	needs := p.entry.needed()
	if f := m.outcome.Fault; f != nil && f.Code != AlreadyStarted && m.index < len(needs) && p.m.Waiting && !needs[m.index].met() {
		p.needFailed(&needs[m.index])
	}
}

// needFailed tells those who wait for the program to start that it will not. It goes on waiting.
func (p *program) needFailed(n *need) {
	p.tree.logger.Warn(fmt.Sprintf("%s cannot start yet: it depends on %s, which is not to be had", p.policy.Name, logs.Clean(n.spec)))
	for _, w := range p.starters {
		p.answer(w, &Outcome{Fault: &Fault{AbnormalTermination, w.name}})
	}
	p.starters = nil
}

// tellDependants has those who need the program look around.
func (p *program) tellDependants(cause uint64) {
	for _, e := range p.entry.neededBy() {
		if pid := e.pid.Load(); pid != nil {
			p.ctx.Send(pid, &needsMoved{cause})
		}
	}
}

// relink connects programs after groups came or went, and has those concerned look around. cause is the record of that.
func (r *root) relink(ctx actor.Context, cause uint64) {
	if len(r.unready) > 0 {
		return // the last of them does it for all: nothing is started before
	}
	for _, e := range r.tree.table.relink(r.latest.Load()) {
		ctx.Send(e.pid.Load(), &needsMoved{cause})
	}
}

// A stage is programs of one group that are stopped at once, when those of the stages before are down.
type stage struct {
	group   string
	entries []*entry
}

// stages orders the stop of programs, given in stretches in start order: a program is stopped when all that need it are
// down. Without dependencies that is one stretch after the other, the last one first.
func stages(stretches []stage) []stage {
	var all []*entry
	for _, s := range stretches {
		all = append(all, s.entries...)
	}
	var out []stage
	peel(all, func(free func(*entry) bool) []*entry {
		s := nextStage(stretches, free)
		if s.entries != nil {
			out = append(out, s)
		}
		return s.entries
	})
	return out
}

// waves orders the stop of programs, by index: those of a wave are stopped at once, when those of the waves before are down.
// Without dependencies there is one wave.
func waves(entries []*entry) [][]int {
	var out [][]int
	peel(entries, func(free func(*entry) bool) []*entry {
		var wave []int
		var taken []*entry
		for i, e := range entries {
			if free(e) {
				wave, taken = append(wave, i), append(taken, e)
			}
		}
		if wave != nil {
			out = append(out, wave)
		}
		return taken
	})
	return out
}

// peel takes entries away in rounds until none is left. next takes some of those that are free: that are left, and needed by
// nobody who is left. It takes none when none is free: two generations of the configuration can make a cycle, and then all
// that are left count as free.
func peel(entries []*entry, next func(free func(*entry) bool) []*entry) {
	left := make(map[*entry]bool, len(entries))
	for _, e := range entries {
		left[e] = true
	}
	isLeft := func(e *entry) bool { return left[e] }
	free := func(e *entry) bool { return left[e] && !slices.ContainsFunc(e.neededBy(), isLeft) }
	for len(left) > 0 {
		taken := next(free)
		if taken == nil {
			taken = next(isLeft)
		}
		for _, e := range taken {
			delete(left, e)
		}
	}
}

func nextStage(stretches []stage, free func(*entry) bool) stage {
	for _, from := range slices.Backward(stretches) {
		s := stage{group: from.group}
		for _, e := range from.entries {
			if free(e) {
				s.entries = append(s.entries, e)
			}
		}
		if s.entries != nil {
			return s
		}
	}
	return stage{}
}
