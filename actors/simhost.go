package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process"
	"github.com/gwaycc/supd/supervisor/scenario"
)

// simulatedHost is the osHost of a simulation: its processes behave as the script says, and otherwise as the seed has it.
type simulatedHost struct {
	sim    *simulation
	voices map[*process.Spec]*announcer // of lives whose processes are still to be started
	live   map[string]*simulatedProcess // by namespec
	begun  map[string]bool              // by namespec: a process was asked for and is not there yet
	lives  map[string]int               // by namespec: how many were begun
	pids   int
}

// simulatedProcess is one life of a program.
type simulatedProcess struct {
	host  *simulatedHost
	voice *announcer // also knows whose process it is
	spec  *process.Spec
	name  string // namespec
	life  int    // of the program, from 1
	pid   int
	began time.Time
	fate  scenario.Fate
	plans []timer // what it will do by itself
	dying timer   // a signal has reached it; nil: none has
	ready bool    // it has said so
	gone  bool
}

// firstSimulatedPid is the first process id of a simulation, less one.
const firstSimulatedPid = 100

// Start implements osHost.
func (h *simulatedHost) Start(spec *process.Spec, done func(osProcess, error)) {
	voice := h.voices[spec]
	delete(h.voices, spec)
	name := voice.prog.NameSpec()
	h.lives[name]++
	life := h.lives[name]
	if h.begun[name] || h.live[name] != nil {
		h.sim.bug("a second process of %s is started while there is one", name)
	}
	h.begun[name] = true
	takes := max(h.fate(name, life).Start, time.Millisecond) // time goes on, however soon the process ends
	h.sim.AfterFunc(takes, func() {
		delete(h.begun, name)
		fate := h.fate(name, life) // much may have been said meanwhile
		if fate.Fails {
			done(nil, &process.SpawnError{Text: fmt.Sprintf("the simulation lets no process of '%s' begin", voice.prog.Name)})
			return
		}
		h.pids++
		p := &simulatedProcess{host: h, voice: voice, spec: spec, name: name, life: life, pid: firstSimulatedPid + h.pids, began: h.sim.now, fate: fate}
		h.live[name] = p
		done(p, nil)
		p.plan()
	})
}

// fate is that of a life, as far as it is settled by now.
func (h *simulatedHost) fate(name string, life int) scenario.Fate {
	return h.sim.Script.FateOf(h.sim.Seed, name, life, h.sim.elapsed())
}

// Close implements osHost.
func (h *simulatedHost) Close() error { return nil }

// behave changes the fates of the processes that a behaviour concerns.
func (h *simulatedHost) behave(b *scenario.Behaviour) {
	for _, name := range sortedNames(h.live) {
		p := h.live[name]
		if b.Change(&p.fate, name, p.life) {
			p.plan()
		}
	}
}

// kill ends the processes of who, as somebody else than supd does it. It tells how many there were.
func (h *simulatedHost) kill(who string) (killed int) {
	for _, name := range sortedNames(h.live) {
		if scenario.Concerns(who, name) {
			h.live[name].end(-1, syscall.SIGKILL)
			killed++
		}
	}
	return killed
}

func sortedNames(m map[string]*simulatedProcess) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// memory is how much memory the process with this pid uses.
func (h *simulatedHost) memory(pid int) (int64, error) {
	for _, p := range h.live {
		if p.pid == pid {
			return p.fate.Memory, nil
		}
	}
	return 0, errors.New("there is no such process")
}

// checkTakes is how long a check takes that is answered.
const checkTakes = 5 * time.Millisecond

// chore tells how a check, a hook or a command goes: how long it takes, and what is found then.
func (h *simulatedHost) chore(c *chore) (takes time.Duration, outcome func() error) {
	name := c.prog.NameSpec()
	p := h.live[name]
	switch c.what {
	case "memory":
		return checkTakes, func() error { return c.do(context.Background()) }
	case "ready", "health":
		if p != nil && p.age() >= p.fate.Hangs {
			return scenario.Never, nil
		}
		return checkTakes, func() error { return h.found(name, c.what) }
	}
	life := h.lives[name]
	if c.what == supervisor.PreStartHook.String() {
		life++
	}
	fate := h.fate(name, life)
	how := fate.ChoreOf(c.what)
	return how.Takes, func() error {
		if how.Fails {
			return errors.New("the script has it fail")
		}
		return nil
	}
}

// found is what a check finds out.
func (h *simulatedHost) found(name, what string) error {
	p := h.live[name]
	switch {
	case p == nil:
		return errors.New("there is no process")
	case what == "ready" && !p.fate.IsReady(p.age()):
		return errors.New("it is not ready")
	case what == "health" && !p.fate.IsHealthy(p.age()):
		return errors.New("it does not answer")
	}
	return nil
}

func (p *simulatedProcess) age() time.Duration { return p.host.sim.now.Sub(p.began) }

// plan settles what the process will do by itself, from now on.
func (p *simulatedProcess) plan() {
	for _, t := range p.plans {
		t.Stop()
	}
	p.plans = nil
	f := &p.fate
	if f.Ends {
		p.at(max(f.After, p.age()), func() { p.end(f.Code, f.Signal) })
	}
	for _, line := range f.Says {
		p.at(line.After, func() { _, _ = p.spec.Stdout.Write([]byte(line.Text + "\n")) })
	}
	if f.Ready < f.Hangs && !p.ready {
		p.at(max(f.Ready, p.age()), p.getReady)
	}
	if w := p.voice.prog.Watchdog; w > 0 {
		p.feed(w / 2)
	}
	if p.voice.prog.Kind == confload.KindEventListener && p.age() == 0 {
		p.at(0, func() { p.say("READY\n") })
	}
}

// at plans to do something when the process has an age, unless it is older.
func (p *simulatedProcess) at(age time.Duration, do func()) {
	if wait := age - p.age(); wait >= 0 {
		p.plans = append(p.plans, p.host.sim.AfterFunc(wait, do))
	}
}

// getReady has the process say that it is ready, in the way its configuration asks for. Lines of a script speak for themselves.
func (p *simulatedProcess) getReady() {
	p.ready = true
	switch r := &p.voice.prog.Ready; {
	case r.Kind == confload.ReadyNotify:
		p.voice.told("READY=1")
	case r.Kind == confload.ReadyFD:
		p.voice.ready(fmt.Sprintf("it wrote a line to descriptor %d", r.FD))
	case r.Kind == confload.ReadyLog && len(p.fate.Says) == 0:
		p.voice.ready("it wrote a line that matches")
	}
}

// feed feeds the watchdog, again and again until the process hangs.
func (p *simulatedProcess) feed(every time.Duration) {
	if next := p.age() + every; next < p.fate.Hangs {
		p.at(next, func() {
			p.voice.told("WATCHDOG=1")
			p.feed(every)
		})
	}
}

// say writes to standard output.
func (p *simulatedProcess) say(text string) {
	if !p.gone && p.age() < p.fate.Hangs {
		_, _ = p.spec.Stdout.Write([]byte(text))
	}
}

func (p *simulatedProcess) end(code int, sig syscall.Signal) {
	if p.gone {
		return
	}
	p.gone = true
	for _, t := range p.plans {
		t.Stop()
	}
	if p.dying != nil {
		p.dying.Stop()
	}
	if p.host.live[p.name] == p {
		delete(p.host.live, p.name)
	}
	e := process.Exit{Code: code, Signal: sig, At: p.host.sim.now, Status: uint32(sig)}
	if sig == 0 {
		e.Status = uint32(code) << 8
	}
	p.spec.Exited(e)
}

// ID implements osProcess.
func (p *simulatedProcess) ID() int { return p.pid }

// Began implements osProcess.
func (p *simulatedProcess) Began() time.Time { return p.began }

// Signal implements osProcess. Signals that are meant to end a process do, others have no effect.
func (p *simulatedProcess) Signal(sig syscall.Signal) error {
	if p.gone {
		return process.ErrGone
	}
	takes := p.fate.Stop
	switch stops := stopSignals(p.voice.prog); {
	case sig == syscall.SIGKILL:
		takes = time.Millisecond
	case p.fate.Ignored(sig, p.age()) || p.dying != nil:
		return nil
	case !slices.Contains(stops, sig) && !slices.Contains(endingSignals, sig):
		return nil
	}
	if p.dying != nil {
		p.dying.Stop()
	}
	p.dying = p.host.sim.AfterFunc(takes, func() { p.end(-1, sig) })
	return nil
}

// endingSignals end a process also when they are not among its stop signals.
var endingSignals = []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT}

// SignalGroup implements osProcess. Nobody else is in the group.
func (p *simulatedProcess) SignalGroup(sig syscall.Signal) error { return p.Signal(sig) }

// WriteStdin implements osProcess. A listener acknowledges each event after a moment.
func (p *simulatedProcess) WriteStdin(b []byte) error {
	if p.gone {
		return process.ErrClosed
	}
	if p.voice.prog.Kind == confload.KindEventListener && strings.Contains(string(b), "eventname:") {
		p.host.sim.AfterFunc(checkTakes, func() { p.say("RESULT 2\nOKREADY\n") })
	}
	return nil
}

// Release implements osProcess.
func (p *simulatedProcess) Release() {}
