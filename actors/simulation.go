package actors

import (
	"bytes"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/process"
	"github.com/gwaycc/supd/supervisor/scenario"
	"github.com/gwaycc/supd/supervisor/watch"
)

// A simulation is a tree with all its actors in a time and a world that are made up. Everything runs on the goroutine of Simulate:
// what actors have to do waits in one queue, first in, first out; when it is empty the time jumps to the next timer. So the same
// arguments always have the same outcome.
type simulation struct {
	SimulateOptions
	handle *Handle
	next   *confload.Config // what a reread finds

	now    time.Time
	queue  []func()
	busy   bool // the queue is being worked off
	timers timers
	armed  uint64 // how many timers there were
	steps  int

	host    simulatedHost
	pending []*scriptedCommand // commands that are not answered
	told    uint64             // number of the last record that was reported
	bugs    bytes.Buffer       // internal errors, of the log
	onStep  func()             // nil, but for tests
}

// SimulateOptions is what a simulation depends on besides its configuration.
type SimulateOptions struct {
	Script *scenario.Script // nil: nothing is said, all is made up
	Seed   uint64           // of what is made up
	Until  time.Duration    // when it ends, unless everything has ended before
	// Load reads the file that a script names instead of the first one; "" is that one. It is called while the simulation runs.
	// nil: there is nothing to read.
	Load func(file string) (*confload.Config, error)
	// Report is called with everything that happens, in order. nil: nobody wants to know.
	Report func(Happening)
}

// A Happening is something that happens in a simulation: just one of Record, Command and Answer is set.
type Happening struct {
	At      time.Duration // since the begin
	Record  *Record       // what the tree has recorded
	Command string        // a statement of the script whose time has come, a behaviour as well
	Answer  string        // what became of a command; of several that are under way Of tells which
	Of      string
}

// Simulated is how a simulation has ended.
type Simulated struct {
	At       time.Duration // when
	Over     bool          // everything was stopped
	Idle     bool          // it is not over, but nothing was going to happen any more
	Steps    int           // how many messages were dealt with and timers fired, about
	Programs []*Info       // at the end, sorted by group, then name
	Pending  []string      // commands that were not answered
	Bugs     string        // internal errors of supd, as in its log; "" none
}

// simulationBegin is the time at which simulations begin: a Saturday.
var simulationBegin = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Simulate runs a configuration in a simulation. The configuration is not changed. Of the system nothing is used: no process is
// started, no file written, no port opened, and what programs would be executed need not exist.
func Simulate(config *confload.Config, o SimulateOptions) (*Simulated, error) {
	s := &simulation{SimulateOptions: o}
	return s.run(config)
}

func (s *simulation) run(config *confload.Config, opts ...Option) (*Simulated, error) {
	if s.Script == nil {
		s.Script = &scenario.Script{}
	}
	s.now, s.next = simulationBegin, config
	s.host = simulatedHost{sim: s, voices: map[*process.Spec]*announcer{}, live: map[string]*simulatedProcess{}, begun: map[string]bool{}, lives: map[string]int{}}
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }))
	defer system.Shutdown()
	for i := range s.Script.Statements {
		if st := &s.Script.Statements[i]; st.Command != nil || st.At > 0 {
			s.AfterFunc(st.At, func() { s.obey(st) })
		}
	}
	opts = append([]Option{WithDeferredStart(), s.into, WithLogger(s.logger()), WithLoader(s.load)}, opts...)
	handle, err := Spawn(system, withoutSystem(config), opts...)
	if err != nil {
		return nil, err
	}
	s.handle = handle
	handle.Autostart()
	s.pass()
	if s.isOver() {
		s.dismiss()
	}
	out := &Simulated{At: s.elapsed(), Over: s.isOver(), Idle: !s.isOver() && len(s.timers) == 0, Steps: s.steps, Programs: handle.Infos(), Bugs: s.bugs.String()}
	for _, b := range s.pending {
		out.Pending = append(out.Pending, b.command)
	}
	s.leave()
	return out, nil
}

// into puts the simulation in the place of what a tree uses of the system.
func (s *simulation) into(o *options) {
	t := o.tree
	t.clock, t.world, t.mailboxes, t.host, t.files = s, s, s, &s.host, noFiles{}
	t.memory = s.host.memory
	dice := rand.New(rand.NewPCG(s.Seed, 0))
	t.random = dice.Uint64
}

// logger only keeps internal errors.
func (s *simulation) logger() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Level: hclog.Error, Output: onlyBugs{&s.bugs}})
}

// bug notes something that must not happen.
func (s *simulation) bug(format string, args ...any) {
	fmt.Fprintf(&s.bugs, "at %s: internal error: %s\n", s.elapsed(), fmt.Sprintf(format, args...))
}

type onlyBugs struct{ to *bytes.Buffer }

func (b onlyBugs) Write(line []byte) (int, error) {
	if _, bug, found := bytes.Cut(line, []byte("internal error")); found {
		first, _, _ := bytes.Cut(bug, []byte("\n")) // the stack below it differs from time to time
		fmt.Fprintf(b.to, "internal error%s\n", first)
	}
	return len(line), nil
}

// pass lets time pass until the end.
func (s *simulation) pass() {
	for len(s.timers) > 0 && !s.isOver() {
		if s.timers[0].at.Sub(simulationBegin) > s.Until {
			s.now = simulationBegin.Add(s.Until)
			return
		}
		t := heap.Pop(&s.timers).(*simulatedTimer)
		s.now = t.at
		s.Schedule(t.f)
	}
}

// dismiss answers those who wait for a tree that has ended.
func (s *simulation) dismiss() {
	for _, b := range slices.Clone(s.pending) {
		b.finish(&Fault{Code: ShutdownState})
	}
}

// leave ends what is left of the tree without telling anybody: time goes on until it has.
func (s *simulation) leave() {
	s.Report, s.onStep, s.Script = nil, nil, &scenario.Script{}
	s.handle.tree.system.Root.Stop(s.handle.root)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.handle.Close(ended) // nothing of the system was used that could not be given back
}

func (s *simulation) elapsed() time.Duration { return s.now.Sub(simulationBegin) }

func (s *simulation) isOver() bool {
	select {
	case <-s.handle.Done():
		return true
	default:
		return false
	}
}

// Schedule implements actor.Dispatcher. Who is first to have something to do works off the queue.
func (s *simulation) Schedule(run func()) {
	s.queue = append(s.queue, run)
	if s.busy {
		return
	}
	s.busy = true
	for len(s.queue) > 0 {
		next := s.queue[0]
		s.queue = s.queue[1:]
		next()
		s.steps++
		s.stepped()
	}
	s.busy = false
}

// stepped is called after each step.
func (s *simulation) stepped() {
	if s.handle == nil {
		return // Spawn has not returned
	}
	s.reportRecords()
	if s.onStep != nil {
		s.onStep()
	}
}

// reportRecords reports what was recorded and is not reported.
func (s *simulation) reportRecords() {
	if s.Report == nil {
		return
	}
	records, _ := s.handle.History(s.told, 0)
	for i := range records {
		s.told = records[i].Seq
		s.Report(Happening{At: s.elapsed(), Record: &records[i]})
	}
}

// Throughput implements actor.Dispatcher.
func (s *simulation) Throughput() int { return 300 }

// Close implements mailboxes.
func (s *simulation) Close() {}

// Now implements clock.
func (s *simulation) Now() time.Time { return s.now }

// AfterFunc implements clock.
func (s *simulation) AfterFunc(d time.Duration, f func()) timer {
	s.armed++
	t := &simulatedTimer{sim: s, at: s.now.Add(max(0, d)), seq: s.armed, f: f}
	heap.Push(&s.timers, t)
	return t
}

type simulatedTimer struct {
	sim   *simulation
	at    time.Time
	seq   uint64
	f     func()
	index int // in the heap; -1: it is not there any more
}

// Stop implements timer.
func (t *simulatedTimer) Stop() bool {
	if t.index < 0 {
		return false
	}
	heap.Remove(&t.sim.timers, t.index)
	return true
}

// timers are a heap: the next one is the first, of equal ones that which was armed first.
type timers []*simulatedTimer

func (h timers) Len() int { return len(h) }
func (h timers) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].seq < h[j].seq
}
func (h timers) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *timers) Push(x any) {
	t := x.(*simulatedTimer)
	t.index = len(*h)
	*h = append(*h, t)
}
func (h *timers) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	*h, t.index = (*h)[:last], -1
	return t
}

// find implements world: whatever a program would execute is there.
func (s *simulation) find(command string, _ []string) (string, error) { return command, nil }

// listen implements world: the process will speak to the announcer itself.
func (s *simulation) listen(a *announcer, spec *process.Spec) error {
	s.host.voices[spec] = a
	return nil
}

// delivery implements world.
func (s *simulation) delivery() delivery { return nil }

// beside implements world.
func (s *simulation) beside(f func()) { s.Schedule(f) }

// start implements world.
func (s *simulation) start(c *chore, timeout time.Duration, deliver func(error)) *job {
	takes, outcome := s.host.chore(c)
	if takes >= timeout {
		takes, outcome = timeout, func() error { return errLate(timeout) }
	}
	t := s.AfterFunc(takes, func() { deliver(outcome()) })
	return &job{func() { t.Stop() }}
}

// load is the loader of the tree.
func (s *simulation) load() (*confload.Config, error) {
	if s.Load == nil {
		return nil, errors.New("there is no file to read")
	}
	return withoutSystem(s.next), nil
}

// noFiles is a fileWatcher in a world where files do not change.
type noFiles struct{}

func (noFiles) Watch(watch.Target, func(watch.Change), func(error)) (stop func()) { return func() {} }

// withoutSystem is a configuration without what needs the system: logs, sockets, accounts, limits, files of variables.
func withoutSystem(c *confload.Config) *confload.Config {
	out := *c
	out.Supervisord.LogFile, out.Supervisord.PidFile, out.Supervisord.LogExtra = "", "", nil
	out.Groups = make([]confload.Group, len(c.Groups))
	for i, g := range c.Groups {
		g.Programs = append([]confload.Program(nil), g.Programs...)
		for j := range g.Programs {
			p := &g.Programs[j]
			p.Socket, p.User, p.EnvFiles, p.LoginEnv, p.LogMarks, p.Cgroup = nil, nil, nil, false, false, confload.CgroupLimits{}
			for _, s := range []*confload.Stream{&p.Stdout, &p.Stderr} {
				s.Kind, s.Path, s.Syslog, s.Extra = confload.LogNone, "", false, nil
			}
		}
		out.Groups[i] = g
	}
	return &out
}
