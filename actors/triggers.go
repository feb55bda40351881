package actors

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
	"github.com/gwaycc/supd/supervisor/watch"
)

// This file is what has a program act from outside: files and its schedule. What follows, its machine decides.

// fileWatcher is a *watch.Watcher, or stands in for one in tests of time.
type fileWatcher interface {
	Watch(t watch.Target, changed func(watch.Change), trouble func(error)) (stop func())
}

// watching is what one life of a program's actor watches. Messages name it: there is no other number that they could carry,
// as files change in no life in particular.
type watching struct{ stops []func() }

func (w *watching) end() {
	if w == nil {
		return
	}
	for _, stop := range w.stops {
		stop()
	}
	w.stops = nil
}

// watch begins to watch the files of the program.
func (p *program) watch() {
	w := &watching{}
	p.watching = w
	root, self, logger, name := p.ctx.ActorSystem().Root, p.ctx.Self(), p.tree.logger, p.policy.Name
	begin := func(trigger supervisor.Trigger, t watch.Target) {
		w.stops = append(w.stops, p.tree.files.Watch(t, func(c watch.Change) { root.Send(self, &filesChanged{w, trigger, c}) },
			func(err error) {
				logger.Warn(fmt.Sprintf("%s is not restarted for every change of its files, which cannot all be watched: %s",
					name, logs.Clean(err.Error())))
			}))
	}
	if cfg, t := p.cfg, p.tree; cfg.OnBinary.Watch {
		begin(supervisor.BinaryTrigger, watch.Executable(func() (string, []string) { return t.executable(cfg) }))
	}
	if f := &p.cfg.OnFiles; f.Directory != "" {
		begin(supervisor.FilesTrigger, watch.Tree(f.Directory, f.Pattern, p.tree.isOwn))
	}
}

// executable is what a start of p would execute now, "" when there is nothing, and all that was tried.
func (t *tree) executable(p *confload.Program) (path string, tried []string) {
	args, err := confload.SplitCommand(p.Command)
	if err != nil || len(args) == 0 {
		return "", nil
	}
	env, _ := t.environment(p) // without one nothing can be started; then the PATH is ours
	if path, err = t.world.find(args[0], env); err != nil {
		path = ""
	}
	return path, process.Candidates(args[0], env)
}

func (p *program) filesChanged(m *filesChanged) {
	if m.watching != p.watching {
		return
	}
	p.apply(supervisor.Triggered{Trigger: m.trigger, What: whatChanged(m), Known: m.change.At.Before(p.start)})
}

// whatChanged says in words what has changed.
func whatChanged(m *filesChanged) string {
	files := m.change.Files
	if m.trigger == supervisor.BinaryTrigger {
		path := files[0]
		for _, f := range files { // another one in the PATH may have become the first
			if _, err := os.Stat(f); err == nil {
				path = f
			}
		}
		return "its executable " + logs.Clean(path) + " has changed"
	}
	switch first := logs.Clean(files[0]); len(files) {
	case 1:
		return first + " has changed"
	case 2:
		return first + " and another file have changed"
	default:
		return fmt.Sprintf("%s and %d other files have changed", first, len(files)-1)
	}
}

// onChange is what the configuration says about a trigger.
func (p *program) onChange(t supervisor.Trigger) *confload.OnChange {
	if t == supervisor.BinaryTrigger {
		return &p.cfg.OnBinary.OnChange
	}
	return &p.cfg.OnFiles.OnChange
}

// runCommand runs the command of a trigger. If one is running it is run again when that has ended: what it has done may have
// been about what was before.
func (p *program) runCommand(e supervisor.RunCommand) {
	if p.ending {
		return
	}
	if p.command != nil {
		p.commandAgain = &e
		return
	}
	who := subject{prog: p.cfg, pid: p.m.Pid}
	command := &helperCommand{prog: p.cfg, name: p.cfg.Name + " change", args: p.onChange(e.Trigger).Command,
		set: append(who.variables(), "SUPD_TRIGGER="+e.Trigger.String(), "SUPD_REASON="+e.Reason.Text)}
	p.command = p.spawnCommand(command, "change")
}

func (p *program) commandEnded() {
	p.command = nil
	if again := p.commandAgain; again != nil {
		p.commandAgain = nil
		p.runCommand(*again)
	}
}

// sendSignal sends the signal of a trigger.
func (p *program) sendSignal(e supervisor.SendSignal) {
	err := p.proc.Signal(p.onChange(e.Trigger).Signal)
	if err != nil && !errors.Is(err, syscall.ESRCH) && !errors.Is(err, process.ErrGone) {
		p.tree.logger.Warn(fmt.Sprintf("%s could not be sent a signal: %v", p.policy.Name, err))
	}
}

// dueTime is how the time of a start by cron= is told.
const dueTime = "2006-01-02 15:04:05 MST"

// plan sets the timer to the next start by cron=.
func (p *program) plan() {
	now := p.tree.now()
	p.unplan()
	if p.next = p.cfg.NextRun(now); p.next.IsZero() || p.ending {
		return
	}
	root, self, next := p.ctx.ActorSystem().Root, p.ctx.Self(), p.next
	p.planned = p.tree.clock.AfterFunc(p.next.Sub(now), func() { root.Send(self, &cronDue{next}) })
}

func (p *program) unplan() {
	if p.planned != nil {
		p.planned.Stop()
		p.planned = nil
	}
}

// cronCame starts the program if it is time. A timer does not know of changes of the clock, nor of times when the machine
// was asleep: too early, it is set anew; too late, the start is made up for, once, whatever has been missed.
func (p *program) cronCame(m *cronDue) {
	if !m.at.Equal(p.next) {
		return
	}
	due, late := p.next, p.tree.now().Sub(p.next)
	p.plan()
	p.publish()
	if late < 0 {
		return
	}
	what := due.Format(dueTime)
	if late >= time.Second {
		what += ", late by " + late.Round(time.Second).String()
	}
	p.lookAround(0)
	p.apply(supervisor.Due{What: what})
	if p.m.Waiting {
		p.summon()
	}
}

// nextRun is when cron= starts the program next; zero: it does not.
func (p *program) nextRun() time.Time {
	if p.m.Suspended || p.m.Held {
		return time.Time{}
	}
	return p.next
}

// ownLogs notes the log files of the program, ownMain those of supd.
func (p *program) ownLogs() {
	p.tree.own(p.files.stdout)
	p.tree.own(p.files.stderr)
	for _, target := range slices.Concat(p.cfg.Stdout.Extra, p.cfg.Stderr.Extra) {
		p.tree.own(target.Path)
	}
}

func (t *tree) ownMain(s *confload.Supervisord) {
	t.own(s.LogFile)
	t.own(s.PidFile)
	for _, target := range s.LogExtra {
		t.own(target.Path)
	}
}

// own notes that supd itself writes a file; "" is none.
func (t *tree) own(path string) {
	for _, name := range t.namesOf(path) {
		t.ownFiles.Store(name, true)
	}
}

// disownLogs forgets the log files that were made up for the program, whose options are cfg, and which nobody else writes.
func (p *program) disownLogs(cfg *confload.Program) {
	for path, stream := range map[string]*confload.Stream{p.files.stdout: &cfg.Stdout, p.files.stderr: &cfg.Stderr} {
		if stream.Kind == confload.LogAuto {
			for _, name := range p.tree.namesOf(path) {
				p.tree.ownFiles.Delete(name)
			}
		}
	}
}

// namesOf are the path of a file and the one without links to its directory; "" has none.
func (t *tree) namesOf(path string) []string {
	if path == "" {
		return nil
	}
	dir, base := filepath.Split(path)
	real, known := t.realDirs.Load(dir) // most logs are in one directory, and programs are many
	if !known {
		real = dir
		if found, err := filepath.EvalSymlinks(dir); err == nil {
			real = found
		}
		t.realDirs.Store(dir, real)
	}
	return []string{path, filepath.Join(real.(string), base)}
}

// isOwn tells whether supd writes a file: the log of a program, which would restart it by being restarted, the main log, or
// one of their backups.
func (t *tree) isOwn(path string) bool {
	for range 3 { // PATH, PATH.1, PATH.1.gz
		if _, own := t.ownFiles.Load(path); own {
			return true
		}
		dot := strings.LastIndexByte(path, '.')
		if dot < 0 {
			return false
		}
		path = path[:dot]
	}
	return false
}
