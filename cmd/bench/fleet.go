//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// A fleet is a peer with idle programs, all of them executing.
type fleet struct {
	*bench
	peer   peer
	task   task
	daemon *daemon
	board  *board
	rpc    *client // nil until ready
	wall   time.Duration
	cpu    time.Duration // of the daemon until all were executing
	setup  time.Duration // of the children until they announced themselves
}

// startFleet starts p cold and waits until all programs execute. The caller must call end.
func (b *bench) startFleet(ctx context.Context, p peer, programs int) (*fleet, error) {
	where, err := b.newPlace(p)
	if err != nil {
		return nil, err
	}
	f := &fleet{bench: b, peer: p, task: task{mode: modeIdle, programs: programs}}
	if f.board, err = newBoard(where.announcements(), programs); err != nil {
		return nil, err
	}
	if f.daemon, err = startDaemon(p, where, f.task); err != nil {
		f.board.close()
		return nil, err
	}
	seen := make([]bool, programs)
	missing := programs
	var latest int64
	err = f.board.await(ctx, f.daemon, b.startTimeout(programs), "start of all programs", func(r record) bool {
		if r.Kind == kindExecuting && int(r.Index) < programs && !seen[r.Index] {
			seen[r.Index] = true
			missing--
			latest = max(latest, r.At)
			f.setup += time.Duration(r.CPU)
		}
		return missing == 0
	})
	if err == nil {
		f.cpu, err = cpuTime(f.daemon.pid())
	}
	if err != nil {
		f.end()
		return nil, err
	}
	f.wall = time.Duration(latest - f.daemon.begun)
	return f, nil
}

// end kills whatever is left of the fleet.
func (f *fleet) end() {
	if f.rpc != nil {
		f.rpc.close()
	}
	f.daemon.destroy()
	f.board.close()
}

// ready connects and waits until the daemon itself says that all programs are running.
func (f *fleet) ready(ctx context.Context) error {
	deadline := time.Now().Add(f.startTimeout(f.task.programs))
	for {
		running, err := f.running()
		if err == nil && running == f.task.programs {
			return nil
		}
		if time.Now().After(deadline) {
			if err == nil {
				err = fmt.Errorf("getAllProcessInfo: %d of %d programs are RUNNING", running, f.task.programs)
			}
			return err
		}
		if err := pause(ctx, f.daemon, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

func (f *fleet) running() (int, error) {
	if f.rpc == nil {
		c, err := dial("unix", f.daemon.place.socket())
		if err != nil {
			return 0, err
		}
		f.rpc = c
	}
	body, err := f.rpc.call("supervisor.getAllProcessInfo")
	if err != nil {
		f.rpc.close()
		f.rpc = nil
		return 0, err
	}
	return bytes.Count(body, []byte("<string>RUNNING</string>")), nil
}

// stop ends the fleet in the proper way and returns how long it took.
func (f *fleet) stop(ctx context.Context) (time.Duration, error) {
	if f.rpc != nil {
		f.rpc.close()
		f.rpc = nil
	}
	return f.daemon.stop(ctx)
}

// memory records what an idle daemon holds.
func (f *fleet) memory() error {
	pid := f.daemon.pid()
	rss, err := readField(pid, "status", "VmRSS")
	if err != nil {
		return err
	}
	pss, err := readField(pid, "smaps_rollup", "Pss")
	if err != nil {
		return err
	}
	threads, err := readField(pid, "status", "Threads")
	if err != nil {
		return err
	}
	f.put("memory.rss", f.peer, float64(rss), 1, "")
	f.put("memory.pss", f.peer, float64(pss), 1, "")
	f.put("idle.threads", f.peer, float64(threads), 1, "")
	return nil
}

// quiet records how often the daemon wakes up with nothing to do.
func (f *fleet) quiet(ctx context.Context) error {
	return f.wakeups(ctx, "idle.wakeups")
}

// wakeups records, as a figure, how often the daemon wakes up in a while.
func (f *fleet) wakeups(ctx context.Context, figure string) error {
	before, err := contextSwitches(f.daemon.pid())
	if err != nil {
		return err
	}
	begun := monotonic()
	if err := pause(ctx, f.daemon, f.idleTime); err != nil {
		return err
	}
	after, err := contextSwitches(f.daemon.pid())
	if err != nil {
		return err
	}
	spent := time.Duration(monotonic() - begun)
	f.put(figure, f.peer, float64(wakeups(before, after))/spent.Seconds(), 1, "")
	return nil
}

// kills records how long a killed program is missing, one death after the other.
func (f *fleet) kills(ctx context.Context) error {
	var missing []float64
	deadline := time.Now().Add(f.killTime)
	for i := 0; i < f.killCount && (i < fewestSamples || time.Now().Before(deadline)); i++ {
		victim := uint32(i % f.task.programs)
		begun := monotonic()
		if err := unix.Kill(int(f.board.last[victim].Pid), unix.SIGKILL); err != nil {
			return fmt.Errorf("cannot kill program %d: %w", victim, err)
		}
		err := f.board.await(ctx, f.daemon, restartTimeout, "restart of a killed program", func(r record) bool {
			if r.Index != victim || r.Kind != kindExecuting {
				return false
			}
			missing = append(missing, time.Duration(r.At-begun).Seconds())
			return true
		})
		if err != nil {
			return err
		}
		if err := pause(ctx, f.daemon, 5*time.Millisecond); err != nil {
			return err
		}
	}
	note := ""
	if len(missing) < f.killCount {
		note = fmt.Sprintf("%d kills in the time there was", len(missing))
	}
	f.put("kill.p50", f.peer, percentile(missing, 50), len(missing), note)
	f.put("kill.p99", f.peer, percentile(missing, 99), len(missing), note)
	return nil
}

// storm kills programs at a steady rate and records what a death costs and what it leaves behind.
func (f *fleet) storm(ctx context.Context) error {
	pid := f.daemon.pid()
	descriptors, err := descriptorsOf(pid)
	if err != nil {
		return err
	}
	before, err := cpuTime(pid)
	if err != nil {
		return err
	}
	if err := f.strike(ctx); err != nil {
		return err
	}
	after, err := cpuTime(pid)
	if err != nil {
		return err
	}
	f.put("storm.cpu", f.peer, (after-before).Seconds()/float64(f.stormDeaths), f.stormDeaths, "")
	left, zombies := 0, 0
	for range 30 {
		now, err := descriptorsOf(pid)
		if err != nil {
			return err
		}
		if zombies, err = zombiesOf(pid); err != nil {
			return err
		}
		if left = max(0, now-descriptors); left == 0 && zombies == 0 {
			break
		}
		if err := pause(ctx, f.daemon, 100*time.Millisecond); err != nil {
			return err
		}
	}
	f.put("storm.fds", f.peer, float64(left), f.stormDeaths, "")
	f.put("storm.zombies", f.peer, float64(zombies), f.stormDeaths, "")
	return nil
}

// strike kills stormDeaths programs, a new one every 1/stormRate seconds, and waits until all are back.
func (f *fleet) strike(ctx context.Context) error {
	down := make([]bool, f.task.programs)
	missing := 0
	back := func(r record) {
		if r.Kind == kindExecuting && down[r.Index] {
			down[r.Index] = false
			missing--
		}
	}
	tick := time.NewTicker(time.Second / stormRate)
	defer tick.Stop()
	for done, next := 0, 0; done < f.stormDeaths; next++ {
		victim := next % f.task.programs
		f.board.drain(back)
		if down[victim] {
			if missing == f.task.programs {
				if err := pause(ctx, f.daemon, time.Millisecond); err != nil {
					return err
				}
			}
			continue
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := unix.Kill(int(f.board.last[victim].Pid), unix.SIGKILL); err != nil {
			return fmt.Errorf("cannot kill program %d: %w", victim, err)
		}
		down[victim] = true
		missing++
		done++
	}
	if missing == 0 {
		return nil
	}
	return f.board.await(ctx, f.daemon, restartTimeout, "restart of all killed programs", func(r record) bool {
		back(r)
		return missing == 0
	})
}

var errEnded = errors.New("the daemon ended")

// pause waits, and fails when the daemon ends meanwhile.
func pause(ctx context.Context, d *daemon, span time.Duration) error {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-d.exited:
		return fmt.Errorf("%w: %s", errEnded, d.lastWords())
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
