package actors

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/scenario"
)

// An inspector looks at a simulation after every step and at what it records, and says what must not be. It knows nothing of how the
// decisions are made.
type inspector struct {
	config *confload.Config
	script *scenario.Script
	sim    *simulation
	wrong  []string

	programs map[string]*confload.Program
	needs    map[string][]string // namespec → those it depends on
	rank     map[string]int      // namespec → its place in the order of starts
	last     int                 // the rank of the program that was started last at the begin
	states   map[string]supervisor.State
	since    map[string]time.Duration // when it went into its state
	failed   map[string]int           // starts that have failed in a row
	charged  map[string][]time.Duration
	gaveUp   map[string]time.Duration    // group → when it gave up last
	charges  map[uint64]string           // record of a charge → the group whose budget it was
	causes   map[uint64]uint64           // record → the one that has led to it
	rested   map[string]supervisor.State // how it all was before the shutdown of the script
}

func (i *inspector) complain(format string, args ...any) {
	if len(i.wrong) < 20 {
		i.wrong = append(i.wrong, fmt.Sprintf("at %s: ", i.sim.elapsed())+fmt.Sprintf(format, args...))
	}
}

// inspect plays a script and returns what was wrong. step is nil for the core as it is.
func inspect(t testing.TB, config, script string, o SimulateOptions, step stepFunc) (wrong []string, steps int) {
	t.Helper()
	i := &inspector{config: configOf(t, config), script: scriptOf(t, script), programs: map[string]*confload.Program{}, needs: map[string][]string{}, rank: map[string]int{},

		states: map[string]supervisor.State{}, since: map[string]time.Duration{}, failed: map[string]int{}, charged: map[string][]time.Duration{},
		gaveUp: map[string]time.Duration{}, charges: map[uint64]string{}, causes: map[uint64]uint64{}}
	var order startOrder
	for g := range i.config.Groups {
		if i.config.Groups[g].Parent == "" {
			order.enrol(i.config, &i.config.Groups[g], func(string) bool { return true })
		}
	}
	for _, name := range slices.Concat(order...) {
		i.rank[name] = len(i.rank) + 1
	}
	for g := range i.config.Groups {
		for p := range i.config.Groups[g].Programs {
			p := &i.config.Groups[g].Programs[p]
			i.programs[p.NameSpec()] = p
			for _, d := range p.DependsOn {
				i.needs[p.NameSpec()] = append(i.needs[p.NameSpec()], d.Programs...)
			}
		}
	}
	o.Script, o.Report = i.script, i.happened
	o.Load = func(string) (*confload.Config, error) { return i.config, nil }
	i.sim = &simulation{SimulateOptions: o, onStep: i.look}
	var opts []Option
	if step != nil {
		opts = append(opts, func(o *options) { o.tree.step = step })
	}
	r, err := i.sim.run(i.config, opts...)
	if err != nil {
		t.Fatal(err)
	}
	i.atTheEnd(r)
	return i.wrong, r.Steps
}

// startOrder are all programs in the order of starts; those of one stage are stopped together.
type startOrder [][]string

// enrol adds the programs of a group, those of a group that is a member in its place.
func (s *startOrder) enrol(config *confload.Config, g *confload.Group, there func(group string) bool) {
	*s = append(*s, nil)
	for _, m := range g.MemberNames() {
		inner, is := confload.GroupMember(m)
		if is && there(inner) {
			s.enrol(config, groupNamed(config, inner), there)
			*s = append(*s, nil)
		}
		for p := range g.Programs {
			if g.Programs[p].Name == m {
				last := &(*s)[len(*s)-1]
				*last = append(*last, g.Programs[p].NameSpec())
			}
		}
	}
}

type stepFunc = func(*supervisor.Policy, supervisor.Program, supervisor.Event) (supervisor.Program, []supervisor.Effect)

// look compares what is known of programs with the processes that there are, when nothing is on its way.
func (i *inspector) look() {
	if len(i.sim.queue) > 0 {
		return
	}
	for _, info := range i.sim.handle.Infos() {
		name := info.Program.NameSpec()
		p := i.sim.host.live[name]
		switch {
		case info.Pid == 0 && p != nil && p.life > 0:
			i.complain("%s is %s without a process, but there is %d", name, info.State, p.pid)
		case info.Pid != 0 && p == nil:
			i.complain("%s is %s with process %d, which is not there", name, info.State, info.Pid)
		case info.Pid != 0 && p.pid != info.Pid:
			i.complain("%s has process %d, but there is %d", name, info.Pid, p.pid)
		case info.State == supervisor.Running && info.Pid == 0:
			i.complain("%s is RUNNING without a process", name)
		}
	}
}

func (i *inspector) happened(h Happening) {
	if h.Command != "" {
		i.awaitsTooLong()
	}
	for group := range i.charged {
		if !i.sim.handle.HasGroup(group) {
			delete(i.charged, group) // the one that comes again is a new one
		}
	}
	if h.Command == "shutdown" {
		i.rested = map[string]supervisor.State{}
		for _, info := range i.sim.handle.Infos() {
			i.rested[info.Program.NameSpec()] = info.State
		}
	}
	if h.Record == nil {
		return
	}
	i.causes[h.Record.Seq] = h.Record.Cause
	switch {
	case h.Record.Kind == RecordTransition:
		i.changed(h.Record)
	case h.Record.Reason.Code == "waits":
		i.renewed(h.Record) // it will be started for another reason
	case h.Record.Reason.Code == "budget-charged":
		i.spent(h.Record)
	case h.Record.Reason.Code == "group-gave-up":
		group, _, _ := strings.Cut(h.Record.Program, ":")
		delete(i.charged, group)
		i.gaveUp[group] = i.sim.elapsed()
	case h.Record.Reason.Code == "group-begins-anew":
		i.beginsAnew(h.Record)
	}
}

// awaitsTooLong: no command waits for longer than anything takes here.
func (i *inspector) awaitsTooLong() {
	for _, b := range i.sim.pending {
		if waits := i.sim.now.Sub(b.began); waits >= settleFor {
			i.complain("%s waits for its answer since %s", b.command, waits)
		}
	}
}

func (i *inspector) changed(r *Record) {
	name := r.Program
	if r.From != i.states[name] && i.programs[name] != nil && r.From != supervisor.Stopped {
		i.complain("%s goes from %s, but it was %s", name, r.From, i.states[name])
	}
	if r.Reason.Text == "" {
		i.complain("%s -> %s has no reason", name, r.To)
	}
	switch {
	case r.To == supervisor.Starting:
		i.renewed(r)
		i.mayStart(name)
	case r.To == supervisor.Stopping && strings.Contains(r.Reason.Text, "shutdown of the supervisor"):
		i.mayStop(name)
	}
	i.countFailures(r)
	i.states[name], i.since[name] = r.To, i.sim.elapsed()
}

// beginsAnew: not before the pause since it gave up last is over.
func (i *inspector) beginsAnew(r *Record) {
	group, _, _ := strings.Cut(r.Program, ":")
	i.charges[r.Seq] = group // for the groups in it it is the same
	pause := max(groupNamed(i.config, group).Supervision.Period, time.Second)
	if since := i.sim.elapsed() - i.gaveUp[group]; since < pause {
		i.complain("group %s begins anew %s after it gave up, not after %s", group, since, pause)
	}
}

// renewed: a group that the one above has started begins with a full budget.
func (i *inspector) renewed(r *Record) {
	group, _, _ := strings.Cut(r.Program, ":")
	g := groupNamed(i.config, group)
	if g == nil || g.Parent == "" {
		return
	}
	for seq := r.Cause; seq != 0; seq = i.causes[seq] {
		if by := i.charges[seq]; by != "" {
			if by == g.Parent {
				delete(i.charged, group)
			}
			return
		}
	}
}

// mayStart: at the begin programs start in order, and what a program depends on is up when it starts. That something goes down at the same moment may not have come round.
func (i *inspector) mayStart(name string) {
	if i.sim.handle.Mood() != MoodRunning {
		i.complain("%s is started during the shutdown", name)
	}
	if i.sim.elapsed() == 0 && len(i.needs) == 0 {
		if i.rank[name] < i.last {
			i.complain("%s is started too late", name)
		}
		i.last = i.rank[name]
	}
	for _, n := range i.needs[name] {
		if i.states[n] != supervisor.Running && i.since[n] < i.sim.elapsed() {
			i.complain("%s is started, but %s is %s since %s", name, n, i.states[n], i.since[n])
		}
	}
}

// mayStop: at a shutdown a program is stopped when those that depend on it are down, and without dependencies when the groups after
// its own are.
func (i *inspector) mayStop(name string) {
	for other, needs := range i.needs {
		if slices.Contains(needs, name) && !i.states[other].IsDown() {
			i.complain("%s is stopped, but %s depends on it and is %s", name, other, i.states[other])
		}
	}
	if len(i.needs) > 0 {
		return
	}
	var order startOrder
	for _, g := range i.sim.handle.Groups() { // groups of one priority stand as they have come
		c := groupNamed(i.config, g.Name)
		switch {
		case c.Parent == "":
			order.enrol(i.config, c, i.sim.handle.HasGroup)
		case !i.sim.handle.HasGroup(c.Parent):
			return // what is left of the other one has another place
		}
	}
	for _, stage := range slices.Backward(order) {
		if slices.Contains(stage, name) {
			return
		}
		for _, other := range stage {
			if s := i.states[other]; !s.IsDown() {
				i.complain("%s is stopped, but %s of a later group is %s", name, other, s)
			}
		}
	}
}

// countFailures: startretries is kept.
func (i *inspector) countFailures(r *Record) {
	switch p := i.programs[r.Program]; {
	case r.To == supervisor.Backoff:
		i.failed[r.Program]++
		if n := i.failed[r.Program]; p.StartRetries >= 0 && n > p.StartRetries+1 {
			i.complain("%s has failed to start %d times in a row, startretries is %d", r.Program, n, p.StartRetries)
		}
	case r.To != supervisor.Starting:
		i.failed[r.Program] = 0
	}
}

// spent: no more restarts are charged to a group than its intensity within its period.
func (i *inspector) spent(r *Record) {
	name, member, _ := strings.Cut(r.Program, ":")
	if member == "*" { // a group that is a member has failed
		name = groupNamed(i.config, name).Parent
	}
	i.charges[r.Seq] = name
	now := i.sim.elapsed()
	for g := range i.config.Groups {
		if s := i.config.Groups[g].Supervision; i.config.Groups[g].Name == name && s != nil {
			i.charged[name] = append(slices.DeleteFunc(i.charged[name], func(at time.Duration) bool { return now-at >= s.Period }), now)
			if n := len(i.charged[name]); s.Intensity >= 0 && n > s.Intensity {
				i.complain("group %s had %d restarts within %s, intensity is %d", name, n, s.Period, s.Intensity)
			}
		}
	}
}

func (i *inspector) atTheEnd(r *Simulated) {
	if r.Bugs != "" {
		i.complain("%s", r.Bugs)
	}
	for _, c := range r.Pending {
		i.complain("no answer: %s", c)
	}
	if !r.Over {
		i.complain("the tree does not end")
		for _, info := range r.Programs {
			if !info.State.IsDown() {
				i.complain("%s is still %s", info.Program.NameSpec(), info.State)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(i.sim.host.live)) {
		if r.Over {
			i.complain("the tree has ended, but there is a process of %s", name)
		}
	}
	m := newStateModel(i)
	if m == nil || i.rested == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(i.rested)) {
		up, is := m.up[name], i.rested[name]
		if up != (is == supervisor.Running) || !up && !is.IsDown() {
			i.complain("%s is %s in the end; up in the model: %v", name, is, up)
		}
	}
}

// A stateModel tells which programs are up after the last commands of a script, when no program fails any more. It begins with
// "start all".
type stateModel struct {
	*inspector
	up     map[string]bool
	wanted map[string]bool // down, and up again as soon as what it depends on is
}

// newStateModel follows the commands of a script after its last behaviour; nil: they do not begin with "start all", or the tree
// had ended before.
func newStateModel(i *inspector) *stateModel {
	m := &stateModel{inspector: i, up: map[string]bool{}, wanted: map[string]bool{}}
	begun := false
	for _, st := range i.script.Statements {
		switch c := st.Command; {
		case c == nil:
			begun = false
		case c.Verb == "start" && c.Who == scenario.All:
			for name := range i.rested {
				m.up[name] = true
			}
			begun = true
		case !begun && c.Verb == "shutdown":
			return nil
		case !begun || i.programs[c.Who] == nil || i.rested != nil && !has(i.rested, c.Who):
		case c.Verb == "start":
			m.start(c.Who)
		case c.Verb == "stop":
			m.stop(c.Who)
		}
	}
	for name := range m.up { // what is there depends on what is not
		for _, n := range i.needs[name] {
			if i.rested != nil && !has(i.rested, n) {
				return nil
			}
		}
	}
	if !begun || i.endedEarly() {
		return nil
	}
	return m
}

func has[V any](m map[string]V, key string) bool {
	_, ok := m[key]
	return ok
}

// endedEarly tells whether something else than the end of the script has shut the tree down.
func (i *inspector) endedEarly() bool {
	last := i.script.Statements[len(i.script.Statements)-1]
	return i.sim.elapsed() < last.At || i.rested == nil
}

// start has a program up, with all that it depends on, and then those that have waited for one of them.
func (m *stateModel) start(name string) {
	m.lift(name)
	for again := true; again; {
		again = false
		for _, waiting := range slices.Sorted(maps.Keys(m.wanted)) {
			if !slices.ContainsFunc(m.needs[waiting], func(n string) bool { return !m.up[n] }) {
				m.up[waiting] = true
				delete(m.wanted, waiting)
				again = true
			}
		}
	}
}

func (m *stateModel) lift(name string) {
	if m.up[name] {
		return
	}
	for _, n := range m.needs[name] {
		m.lift(n)
	}
	m.up[name] = true
	delete(m.wanted, name)
}

// stop has a program down, with those that depend on it and do not go on without.
func (m *stateModel) stop(name string) {
	m.up[name] = false
	delete(m.wanted, name)
	for _, other := range slices.Sorted(maps.Keys(m.needs)) {
		if !m.up[other] || !slices.Contains(m.needs[other], name) {
			continue
		}
		switch m.programs[other].DependsPolicy {
		case confload.DependsStop:
			m.stop(other)
		case confload.DependsRestart:
			m.stop(other)
			m.wanted[other] = true
		}
	}
}
