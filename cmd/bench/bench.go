//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	fewestSamples  = 10 // of a figure that is measured for a time
	stormRate      = 200
	restartTimeout = 30 * time.Second
	writeTimeout   = 2 * time.Minute
	stallTimeout   = 3 * time.Second // without growth, what is missing in the files is lost
)

// The settings are how much is measured.
type settings struct {
	programs     int // of the fleet
	runs         int // of what is started anew for each sample
	settleTime   time.Duration
	idleTime     time.Duration // over which wake-ups are counted
	watchTime    time.Duration // over which a page is open
	killCount    int
	killTime     time.Duration // after which no further kill begins
	stormDeaths  int
	callTime     time.Duration // after which no further call of a method begins
	commandCount int           // stops and starts of one program
	updateCount  int
	floodBytes   int64
	rotateAt     int64
	writers      int
	lineRate     int // lines per second of each writer
	lineTime     time.Duration
}

func defaultSettings(programs, runs int) settings {
	return settings{
		programs: programs, runs: runs,
		settleTime: time.Second, idleTime: 5 * time.Second, watchTime: 20 * time.Second,
		killCount: 500, killTime: 15 * time.Second,
		stormDeaths: min(1000, 20*programs),
		callTime:    3 * time.Second, commandCount: 100, updateCount: 5,
		floodBytes: 1e9, rotateAt: 50 << 20,
		writers: 100, lineRate: 1000, lineTime: 10 * time.Second,
	}
}

// A bench measures figures of peers.
type bench struct {
	settings
	figures  []figure
	results  *results
	child    child
	dir      string // for everything written; the caller removes it
	progress io.Writer
	places   int
}

// newPlace returns a new directory for a run of p.
func (b *bench) newPlace(p peer) (place, error) {
	b.places++
	port, err := freePort()
	if err != nil {
		return place{}, err
	}
	where := place{port: port, dir: filepath.Join(b.dir, fmt.Sprintf("%02d-%s", b.places, p.name)), child: b.child}
	return where, os.Mkdir(where.dir, 0o755)
}

// freePort returns a port of the loopback address that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// startTimeout is generous: it is there to end a run that will never succeed.
func (b *bench) startTimeout(programs int) time.Duration {
	return 30*time.Second + time.Duration(programs)*20*time.Millisecond
}

// wants reports whether one of the figures, or of the families of figures, is to be measured.
func (b *bench) wants(names ...string) bool {
	return slices.ContainsFunc(b.figures, func(f figure) bool {
		return slices.ContainsFunc(names, f.is)
	})
}

// put records a value if it was asked for.
func (b *bench) put(figure string, p peer, value float64, samples int, note string) {
	if b.wants(figure) {
		b.results.put(figure, p.name, value, samples, note)
	}
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, "bench: "+format+"\n", args...)
}

// run measures all figures of all peers, scenario by scenario, so that the peers are compared within a short time. What
// a peer fails at is recorded; only the end of ctx stops the run.
func (b *bench) run(ctx context.Context, peers []peer) error {
	scenarios := []struct {
		in      scenario
		measure func(context.Context, peer) error
	}{{inFile, b.file}, {inSingle, b.single}, {inFleet, b.fleet}, {inFlood, b.flood}, {inLines, b.lines}}
	for _, s := range scenarios {
		for _, p := range peers {
			applicable := b.applicable(s.in, p)
			if len(applicable) == 0 {
				continue
			}
			begun := time.Now()
			err := p.present()
			if err == nil {
				err = s.measure(ctx, p)
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				b.say("%s: %s failed: %v", s.in, p.name, err)
				b.results.fail(applicable, p.name, err.Error())
				continue
			}
			b.say("%s: %s measured in %.1f s", s.in, p.name, time.Since(begun).Seconds())
		}
	}
	return nil
}

// applicable returns the selected figures of a scenario that p can have.
func (b *bench) applicable(in scenario, p peer) []figure {
	var fit []figure
	for _, f := range b.figures {
		commands := f.is("control") || f.is("update")
		script := f.in == inFile && p.name == peerSupervisord
		own := f.is("watch") && p.name != peerSupd
		if f.in == in && !script && !own && (p.commanded || !commands) {
			fit = append(fit, f)
		}
	}
	return fit
}

// file records what the program file weighs.
func (b *bench) file(_ context.Context, p peer) error {
	size, static, err := strippedSize(p.program)
	if err != nil {
		return err
	}
	note := ""
	if !static {
		note = "not static"
	}
	b.put("file.size", p, float64(size), 1, note)
	return nil
}

// single records how long it takes from nothing to one executing program.
func (b *bench) single(ctx context.Context, p peer) error {
	var spent []float64
	for range 2*b.runs - 1 {
		f, err := b.startFleet(ctx, p, 1)
		if err != nil {
			return err
		}
		spent = append(spent, f.wall.Seconds())
		err = f.ready(ctx)
		f.end()
		if err != nil {
			return err
		}
	}
	b.put("single.wall", p, median(spent), len(spent), "")
	return nil
}

// fleet records everything about n idle programs: the start and the end several times, the rest in the last run.
func (b *bench) fleet(ctx context.Context, p peer) error {
	runs := 1
	if b.wants("start", "stop") {
		runs = b.runs
	}
	var walls, cpus, setups, stops []float64
	for i := range runs {
		f, err := b.startFleet(ctx, p, b.programs)
		if err != nil {
			return err
		}
		walls = append(walls, f.wall.Seconds())
		cpus = append(cpus, f.cpu.Seconds())
		setups = append(setups, f.setup.Seconds())
		if i < runs-1 {
			err = f.ready(ctx)
		} else {
			err = f.measure(ctx)
		}
		if err == nil {
			var spent time.Duration
			spent, err = f.stop(ctx)
			stops = append(stops, spent.Seconds())
		}
		f.end()
		if err != nil {
			return err
		}
	}
	b.put("start.wall", p, median(walls), runs, "")
	b.put("start.cpu", p, median(cpus), runs, "")
	b.put("start.setup", p, median(setups), runs, "")
	b.put("stop.wall", p, median(stops), runs, "")
	return nil
}

// measure records what is measured on a running fleet, the quiet things before anything is asked of it. One that fails does not keep the others
// from being measured, as long as the daemon lives.
func (f *fleet) measure(ctx context.Context) error {
	steps := []struct {
		names []string
		run   func(context.Context) error
	}{
		{[]string{"memory", "idle"}, f.rest},
		{nil, f.ready},
		{[]string{"rpc.all"}, f.readAll},
		{[]string{"rpc.one"}, f.readOne},
		{[]string{"control"}, f.command},
		{[]string{"update"}, f.update},
		{[]string{"watch"}, f.watched},
		{[]string{"kill"}, f.kills},
		{[]string{"storm"}, f.storm},
	}
	applicable := f.applicable(inFleet, f.peer)
	for _, s := range steps {
		own := slices.DeleteFunc(slices.Clone(applicable), func(g figure) bool {
			return !slices.ContainsFunc(s.names, g.is)
		})
		if len(own) == 0 && s.names != nil {
			continue
		}
		err := s.run(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil && s.names == nil {
			return err
		}
		if err != nil {
			f.say("%s: %s failed: %v", own[0].name, f.peer.name, err)
			f.results.fail(own, f.peer.name, err.Error())
		}
		select {
		case <-f.daemon.exited:
			return fmt.Errorf("%w: %s", errEnded, f.daemon.lastWords())
		default:
		}
	}
	return nil
}

// rest records what an idle daemon holds and does.
func (f *fleet) rest(ctx context.Context) error {
	if err := pause(ctx, f.daemon, 2*f.settleTime); err != nil {
		return err
	}
	if err := f.memory(); err != nil {
		return err
	}
	if !f.wants("idle.wakeups") {
		return nil
	}
	return f.quiet(ctx)
}
