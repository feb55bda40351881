//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// timeCalls calls a method until enough calls or enough time have gone by and returns the seconds each took.
func (f *fleet) timeCalls(ctx context.Context, c *client, most int, method string, params ...any) ([]float64, error) {
	var spent []float64
	deadline := time.Now().Add(f.callTime)
	for len(spent) < most && (len(spent) < fewestSamples || time.Now().Before(deadline)) {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		begun := monotonic()
		if _, err := c.call(method, params...); err != nil {
			return nil, err
		}
		spent = append(spent, time.Duration(monotonic()-begun).Seconds())
	}
	return spent, nil
}

// readBoth records how long a call takes over the unix socket, as a figure, and over TCP, as figure.tcp.
func (f *fleet) readBoth(ctx context.Context, figure string, most int, note func(*client) string, method string, params ...any) error {
	tcp, err := dial("tcp", f.daemon.place.address())
	if err != nil {
		return err
	}
	defer tcp.close()
	for _, over := range []struct {
		client *client
		figure string
	}{{f.rpc, figure}, {tcp, figure + ".tcp"}} {
		if !f.wants(over.figure) {
			continue
		}
		spent, err := f.timeCalls(ctx, over.client, most, method, params...)
		if err != nil {
			return err
		}
		f.put(over.figure, f.peer, percentile(spent, 50), len(spent), note(over.client))
	}
	return nil
}

// readAll records how long it takes to ask for the state of all programs.
func (f *fleet) readAll(ctx context.Context) error {
	note := func(c *client) string { return bytesHeld.format(float64(len(c.body))) + " in an answer" }
	return f.readBoth(ctx, "rpc.all", 300, note, "supervisor.getAllProcessInfo")
}

// readOne records how long it takes to ask for the state of one program.
func (f *fleet) readOne(ctx context.Context) error {
	name := "p:p_0000"
	if f.task.programs == 1 && f.peer.commanded {
		name = "one"
	}
	return f.readBoth(ctx, "rpc.one", 3000, func(*client) string { return "" }, "supervisor.getProcessInfo", name)
}

// command records how long one program takes to stop and to start, each until the daemon says it is done.
func (f *fleet) command(ctx context.Context) error {
	var stops, starts []float64
	deadline := time.Now().Add(f.callTime)
	for len(stops) < f.commandCount && (len(stops) < fewestSamples || time.Now().Before(deadline)) {
		for _, step := range []struct {
			method string
			spent  *[]float64
		}{{"supervisor.stopProcess", &stops}, {"supervisor.startProcess", &starts}} {
			begun := monotonic()
			if _, err := f.rpc.call(step.method, "one", true); err != nil {
				return err
			}
			*step.spent = append(*step.spent, time.Duration(monotonic()-begun).Seconds())
		}
		if err := f.arrival(ctx, uint32(f.task.generation)); err != nil {
			return err
		}
	}
	f.put("control.stop", f.peer, percentile(stops, 50), len(stops), "")
	f.put("control.start", f.peer, percentile(starts, 50), len(starts), "")
	return nil
}

// arrival waits until the last program executes in the given generation.
func (f *fleet) arrival(ctx context.Context, generation uint32) error {
	one := uint32(f.task.programs - 1)
	return f.board.await(ctx, f.daemon, restartTimeout, "start of the program", func(r record) bool {
		return r.Kind == kindExecuting && r.Index == one && r.Generation == generation
	})
}

// update records how long a changed program takes from rereading to executing, and how many others were restarted.
func (f *fleet) update(ctx context.Context) error {
	var spent []float64
	others := 0
	for range f.updateCount {
		f.task.generation++
		if _, err := f.peer.configure(f.daemon.place, f.task); err != nil {
			return err
		}
		before := append([]record(nil), f.board.last...)
		begun := monotonic()
		if err := f.reread(); err != nil {
			return err
		}
		for _, method := range []string{"supervisor.stopProcessGroup", "supervisor.removeProcessGroup", "supervisor.addProcessGroup"} {
			if _, err := f.rpc.call(method, "one"); err != nil {
				return err
			}
		}
		answered := monotonic()
		if err := f.arrival(ctx, uint32(f.task.generation)); err != nil {
			return err
		}
		one := f.task.programs - 1
		spent = append(spent, time.Duration(max(answered, f.board.last[one].At)-begun).Seconds())
		others += f.replaced(before[:one])
	}
	f.put("update.wall", f.peer, median(spent), len(spent), "")
	f.put("update.others", f.peer, float64(others), len(spent), "")
	return nil
}

// reread loads the configuration and makes sure that one program has changed, and nothing else.
func (f *fleet) reread() error {
	body, err := f.rpc.call("supervisor.reloadConfig")
	if err != nil {
		return err
	}
	if bytes.Count(body, []byte("<string>")) != 1 || !bytes.Contains(body, []byte("<string>one</string>")) {
		return fmt.Errorf("reloadConfig: not just the changed program is reported: %s", body[:min(len(body), 300)])
	}
	return nil
}

// replaced returns how many programs are not the processes they were.
func (f *fleet) replaced(before []record) int {
	f.board.drain(func(record) {})
	n := 0
	for i, r := range before {
		if f.board.last[i].Pid != r.Pid || unix.Kill(int(r.Pid), 0) != nil {
			n++
		}
	}
	return n
}
