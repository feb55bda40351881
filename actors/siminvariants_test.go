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
	configs []*confload.Config // the first one, and if there is one that of "update next"
	script  *scenario.Script
	sim     *simulation
	wrong   []string

	rank    map[string]int // namespec → its place in the order of starts at the begin; nil: one depends on another
	last    int            // the rank of the program that was started last at the begin
	states  map[string]supervisor.State
	since   map[string]time.Duration // when it went into its state
	failed  map[string]int           // starts that have failed in a row
	charged map[string][]time.Duration
	gaveUp  map[string]time.Duration    // group → when it gave up last
	charges map[uint64]string           // record of a charge → the group whose budget it was
	causes  map[uint64]uint64           // record → the one that has led to it
	rested  map[string]supervisor.State // how it all was before the shutdown of the script
	needs   map[string][]string         // namespec → those it depends on, at that time
	onLoss  map[string]confload.DependsPolicy

	texts  []string         // of configs
	active int              // which of them is in effect as a whole, -1 none
	before map[string]*Info // programs before the update that goes on

	unwanted map[string]string // namespec → the command by which a client has stopped it, while nobody has asked for anything else
}

func (i *inspector) complain(format string, args ...any) {
	if len(i.wrong) < 20 {
		i.wrong = append(i.wrong, fmt.Sprintf("at %s: ", i.sim.elapsed())+fmt.Sprintf(format, args...))
	}
}

// inspect plays a script and returns what was wrong. next is what "update next" reads, "" nothing; step is nil for the core as it is.
func inspect(t testing.TB, config, next, script string, o SimulateOptions, step stepFunc) (wrong []string, steps int) {
	t.Helper()
	i := &inspector{configs: []*confload.Config{configOf(t, config)}, script: scriptOf(t, script), rank: map[string]int{},
		states: map[string]supervisor.State{}, since: map[string]time.Duration{}, failed: map[string]int{}, charged: map[string][]time.Duration{},
		gaveUp: map[string]time.Duration{}, unwanted: map[string]string{}, charges: map[uint64]string{}, causes: map[uint64]uint64{}}
	if i.texts = []string{config}; next != "" {
		i.configs, i.texts = append(i.configs, configOf(t, next)), append(i.texts, next)
	}
	i.expectOrder(i.configs[0])
	o.Script, o.Report = i.script, i.happened
	o.Load = func(file string) (*confload.Config, error) {
		if file == "" {
			return i.configs[0], nil
		}
		return i.configs[len(i.configs)-1], nil
	}
	i.sim = &simulation{SimulateOptions: o, onStep: i.look}
	var opts []Option
	if step != nil {
		opts = append(opts, func(o *options) { o.tree.step = step })
	}
	r, err := i.sim.run(i.configs[0], opts...)
	if err != nil {
		t.Fatal(err)
	}
	i.atTheEnd(r)
	return i.wrong, r.Steps
}

// expectOrder notes in which order programs start at the begin, if none depends on another.
func (i *inspector) expectOrder(config *confload.Config) {
	var order startOrder
	for g := range config.Groups {
		for p := range config.Groups[g].Programs {
			if len(config.Groups[g].Programs[p].DependsOn) > 0 {
				i.rank = nil
				return
			}
		}
		if config.Groups[g].Parent == "" {
			order.enrol(config.Groups, &config.Groups[g])
		}
	}
	for _, name := range slices.Concat(order...) {
		i.rank[name] = len(i.rank) + 1
	}
}

// groups are the groups of the tree as it is.
func (i *inspector) groups() (out []confload.Group) {
	for _, g := range *i.sim.handle.tree.table.groups.Load() {
		out = append(out, *g.config)
	}
	return out
}

// program is a program of the tree as it is, nil when it is not there.
func (i *inspector) program(name string) *entry { return i.sim.handle.tree.table.find(name) }

// needsOf are those that a program of the tree depends on, as the configuration read last has it.
func (i *inspector) needsOf(name string) (out []string) {
	for _, n := range i.program(name).needed() {
		out = append(out, n.spec)
	}
	return out
}

// everyGroup are the groups of that name, of all configurations.
func (i *inspector) everyGroup(name string) (out []*confload.Group) {
	for _, c := range i.configs {
		if g := groupNamed(c, name); g != nil {
			out = append(out, g)
		}
	}
	return out
}

// parent is the group that a group is a member of, "" for none.
func (i *inspector) parent(group string) string {
	for _, g := range i.everyGroup(group) {
		if g.Parent != "" {
			return g.Parent
		}
	}
	return ""
}

// startOrder are all programs in the order of starts; those of one stage are stopped together.
type startOrder [][]string

// enrol adds the programs of a group, those of a group that is a member in its place.
func (s *startOrder) enrol(groups []confload.Group, g *confload.Group) {
	*s = append(*s, nil)
	for _, m := range g.MemberNames() {
		if inner, is := confload.GroupMember(m); is {
			if i := slices.IndexFunc(groups, func(g confload.Group) bool { return g.Name == inner }); i >= 0 {
				s.enrol(groups, &groups[i])
				*s = append(*s, nil)
			}
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
	i.supervised()
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
	verb, whom, _ := strings.Cut(h.Command+h.Of, " ")
	if h.Command != "" {
		i.commanded(verb, whom)
	}
	if verb == "update" {
		i.forgetCharges()
	}
	switch {
	case h.Command == "shutdown":
		i.rest()
	case verb == "update" && h.Command != "":
		i.before = map[string]*Info{}
		for _, info := range i.sim.handle.Infos() {
			i.before[info.Program.NameSpec()] = info
		}
	case verb == "update" && h.Of != "":
		i.updated(h.Of)
	case verb == "add" || verb == "remove" || verb == "reread":
		i.active = -1
	}
	if h.Record == nil {
		return
	}
	i.causes[h.Record.Seq] = h.Record.Cause
	if strings.Contains(h.Record.Reason.Text, "stopped by "+supervisor.ByAdministrator.String()) {
		i.unwanted[h.Record.Program] = h.Record.Reason.Text
	}
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
	case h.Record.Reason.Code == "group-done": // whoever starts one of its programs begins anew
		group, _, _ := strings.Cut(h.Record.Program, ":")
		delete(i.charged, group)
	case h.Record.Reason.Code == "group-begins-anew":
		i.beginsAnew(h.Record)
	}
}

// forgetCharges forgets what was charged to groups that may allow another number of restarts now: what goes beyond that is not
// remembered.
func (i *inspector) forgetCharges() {
	for name := range i.charged {
		intensities := map[int]bool{}
		for _, g := range i.everyGroup(name) {
			if g.Supervision != nil {
				intensities[g.Supervision.Intensity] = true
			}
		}
		if len(intensities) > 1 {
			delete(i.charged, name)
		}
	}
}

// supervised: nothing is up in a group that asks for nothing any more, as nobody would look after it.
func (i *inspector) supervised() {
	if i.sim.handle.Mood() != MoodRunning {
		return
	}
	for _, g := range *i.sim.handle.tree.table.groups.Load() {
		s := g.state.Load()
		for _, e := range g.entries {
			if up := e.info.Load().State; s != nil && s.Over() && up.IsUp() {
				i.complain("%s is %s, but its group has given up or shut down", e.program.NameSpec(), up)
			}
		}
	}
}

// commanded notes whom a client wants down, and what is to have come to rest when a command comes late.
func (i *inspector) commanded(verb, whom string) {
	for _, info := range i.sim.handle.Infos() {
		name := info.Program.NameSpec()
		switch {
		case verb == "update" || verb == "add" || verb == "remove":
			delete(i.unwanted, name)
		case whom != scenario.All && whom != name && whom != info.Program.Group+":*":
		case verb == "stop" && whom == name: // those of a group are stopped one after the other
			i.unwanted[name] = verb + " " + whom
		case verb == "start" || verb == "restart":
			delete(i.unwanted, name)
		}
	}
	if !i.isCalm() {
		return
	}
	waits := slices.ContainsFunc(i.sim.handle.Infos(), func(p *Info) bool { return p.WaitsFor != "" }) // for one that a client has stopped
	for _, g := range *i.sim.handle.tree.table.groups.Load() {
		if s := g.state.Load(); s != nil && s.Busy() && !waits {
			i.complain("group %s is still busy", g.config.Name)
		}
	}
	for name, p := range i.sim.host.live {
		if p.life > 0 && i.program(name) == nil {
			i.complain("there is process %d of %s, which is not there", p.pid, name)
		}
	}
}

// rest notes how everything is before the end.
func (i *inspector) rest() {
	i.rested, i.needs, i.onLoss = map[string]supervisor.State{}, map[string][]string{}, map[string]confload.DependsPolicy{}
	for _, info := range i.sim.handle.Infos() {
		name := info.Program.NameSpec()
		i.rested[name], i.needs[name], i.onLoss[name] = info.State, i.needsOf(name), i.program(name).now().DependsPolicy
	}
}

// updated: when programs behave, an update brings about what is configured. One of ours leaves whom it does not concern its process.
func (i *inspector) updated(command string) {
	from, to := i.active, 0
	if strings.HasSuffix(command, " next") {
		to = len(i.configs) - 1
	}
	i.active = -1
	if !i.isCalm() {
		return
	}
	i.active = to
	for _, info := range i.sim.handle.Infos() {
		if programNamed(i.configs[to], info.Program.NameSpec()) == nil {
			i.complain("%s is still there after %s", info.Program.NameSpec(), command)
		}
	}
	for g := range i.configs[to].Groups {
		for p := range i.configs[to].Groups[g].Programs {
			if name := i.configs[to].Groups[g].Programs[p].NameSpec(); i.program(name) == nil {
				i.complain("%s is not there after %s", name, command)
			}
		}
	}
	if from < 0 || strings.Contains(command, "--supervisord") {
		return
	}
	for name, was := range i.before {
		is, _ := i.sim.handle.Info(name)
		if is != nil && was.State == supervisor.Running && is.Pid != was.Pid && !i.concerned(from, to, name) {
			i.complain("%s has lost its process by %s, which does not concern it", name, command)
		}
	}
}

// isCalm tells whether programs have come to rest and nobody has asked for the end.
func (i *inspector) isCalm() bool {
	calm := slices.IndexFunc(i.script.Statements, func(st scenario.Statement) bool {
		return st.Command != nil && st.Command.Verb == "start" && st.Command.Who == scenario.All && st.At >= calmFor
	})
	return calm >= 0 && i.script.Statements[calm].At <= i.sim.elapsed() && i.rested == nil && i.sim.handle.Mood() == MoodRunning
}

// concerned tells whether what is written of a program, or of a program that it depends on, differs.
func (i *inspector) concerned(from, to int, name string) bool {
	was, is := programNamed(i.configs[from], name), programNamed(i.configs[to], name)
	if was == nil || is == nil || section(i.texts[from], "program:"+was.Name) != section(i.texts[to], "program:"+is.Name) {
		return true
	}
	return slices.ContainsFunc(neededBy(was), func(n string) bool { return i.concerned(from, to, n) })
}

// section is the text of a section of a configuration.
func section(text, name string) string {
	_, rest, _ := strings.Cut(text, "["+name+"]\n")
	found, _, _ := strings.Cut(rest, "\n[")
	return found
}

// neededBy are the programs that a program is configured to depend on.
func neededBy(p *confload.Program) (out []string) {
	for _, d := range p.DependsOn {
		out = append(out, d.Programs...)
	}
	return out
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
	if r.From != i.states[name] && r.From != supervisor.Stopped {
		i.complain("%s goes from %s, but it was %s", name, r.From, i.states[name])
	}
	if r.Reason.Text == "" {
		i.complain("%s -> %s has no reason", name, r.To)
	}
	switch {
	case r.To == supervisor.Starting:
		i.renewed(r)
		i.mayStart(name)
		i.isAsked(r)
	case r.To == supervisor.Stopping && strings.Contains(r.Reason.Text, "shutdown of the supervisor"):
		i.mayStop(name)
	}
	i.countFailures(r)
	i.states[name], i.since[name] = r.To, i.sim.elapsed()
}

// isAsked: what a client has stopped is started by no strategy, and a program of a group with one only by that, or by somebody who
// asks for it.
func (i *inspector) isAsked(r *Record) {
	byGroup := strings.Contains(r.Reason.Text, supervisor.ByGroup.String())
	if by := i.unwanted[r.Program]; by != "" && byGroup {
		i.complain("%s is started by its group after %q", r.Program, by)
	}
	delete(i.unwanted, r.Program)
	if e := i.program(r.Program); e != nil && e.info.Load().ByGroup && r.Reason.Code == "restart" && !strings.Contains(r.Reason.Text, "before the update") {
		i.complain("%s is started past its group: %s", r.Program, r.Reason.Text)
	}
}

// beginsAnew: not before the pause since it gave up last is over.
func (i *inspector) beginsAnew(r *Record) {
	group, _, _ := strings.Cut(r.Program, ":")
	i.charges[r.Seq] = group // for the groups in it it is the same
	pause := time.Hour
	for _, g := range i.everyGroup(group) {
		pause = min(pause, max(g.Supervision.Period, time.Second))
	}
	if since := i.sim.elapsed() - i.gaveUp[group]; since < pause {
		i.complain("group %s begins anew %s after it gave up, not after %s", group, since, pause)
	}
}

// renewed: a group that the one above has started begins with a full budget.
func (i *inspector) renewed(r *Record) {
	group, _, _ := strings.Cut(r.Program, ":")
	parent := i.parent(group)
	if parent == "" {
		return
	}
	for seq := r.Cause; seq != 0; seq = i.causes[seq] {
		if by := i.charges[seq]; by != "" {
			if by == parent {
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
	if i.sim.elapsed() == 0 && i.rank != nil {
		if i.rank[name] < i.last {
			i.complain("%s is started too late", name)
		}
		i.last = i.rank[name]
	}
	if i.program(name) == nil {
		return // the start was on its way when it was removed
	}
	for _, n := range i.needsOf(name) {
		if i.states[n] != supervisor.Running && i.since[n] < i.sim.elapsed() {
			i.complain("%s is started, but %s is %s since %s", name, n, i.states[n], i.since[n])
		}
	}
}

// mayStop: at a shutdown a program is stopped when those that depend on it are down, and without dependencies when the groups after
// its own are.
func (i *inspector) mayStop(name string) {
	depend := false
	for _, info := range i.sim.handle.Infos() {
		other := info.Program.NameSpec()
		needs := i.needsOf(other)
		depend = depend || len(needs) > 0
		if slices.Contains(needs, name) && !i.states[other].IsDown() {
			i.complain("%s is stopped, but %s depends on it and is %s", name, other, i.states[other])
		}
	}
	if depend {
		return
	}
	var order startOrder
	groups := i.groups() // those of one priority stand as they have come
	for g := range groups {
		switch {
		case groups[g].Parent == "":
			order.enrol(groups, &groups[g])
		default:
			parent := slices.IndexFunc(groups, func(p confload.Group) bool { return p.Name == groups[g].Parent })
			if parent < 0 || !slices.Contains(groups[parent].MemberNames(), "group:"+groups[g].Name) {
				return // it has another place
			}
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

// startRetries are those of a program, -1 for no limit: the most that it has had.
func (i *inspector) startRetries(name string) int {
	most := 0
	for _, c := range i.configs {
		if p := programNamed(c, name); p != nil && p.StartRetries < 0 {
			return -1
		} else if p != nil {
			most = max(most, p.StartRetries)
		}
	}
	return most
}

// countFailures: startretries is kept.
func (i *inspector) countFailures(r *Record) {
	switch {
	case r.To == supervisor.Backoff && r.From == supervisor.Fatal: // it waits before its group tries it anew
	case r.To == supervisor.Backoff:
		i.failed[r.Program]++
		if n, most := i.failed[r.Program], i.startRetries(r.Program); most >= 0 && n > most+1 {
			i.complain("%s has failed to start %d times in a row, startretries is %d", r.Program, n, most)
		}
	case r.To != supervisor.Starting:
		i.failed[r.Program] = 0
	}
}

// spent: no more restarts are charged to a group than its intensity within its period.
func (i *inspector) spent(r *Record) {
	name, member, _ := strings.Cut(r.Program, ":")
	if member == "*" { // a group that is a member has failed
		name = i.parent(name)
	}
	i.charges[r.Seq] = name
	now := i.sim.elapsed()
	intensity, period := -1, time.Hour // the most generous that it has had
	for _, g := range i.everyGroup(name) {
		switch s := g.Supervision; {
		case s == nil:
		case s.Intensity < 0:
			return
		default:
			intensity, period = max(intensity, s.Intensity), min(period, s.Period)
		}
	}
	i.charged[name] = append(slices.DeleteFunc(i.charged[name], func(at time.Duration) bool { return now-at >= period }), now)
	if n := len(i.charged[name]); intensity >= 0 && n > intensity {
		i.complain("group %s had %d restarts within %s, intensity is %d", name, n, period, intensity)
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
			clear(m.wanted)
			begun = true
		case !begun && c.Verb == "shutdown":
			return nil
		case !begun || !has(i.rested, c.Who):
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
		switch m.onLoss[other] {
		case confload.DependsStop:
			m.stop(other)
		case confload.DependsRestart:
			m.stop(other)
			m.wanted[other] = true
		}
	}
}
