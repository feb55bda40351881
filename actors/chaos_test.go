package actors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

func TestMain(m *testing.M) {
	actAsListener()
	proctest.Main()
	os.Exit(m.Run())
}

// disturb does one random thing to a random program or group.
func disturb(h *Handle, r *rand.Rand, names []string) {
	ctx := context.Background()
	name := names[r.IntN(len(names))]
	switch r.IntN(12) {
	case 0, 1, 2:
		_ = h.Start(ctx, name, false)
	case 3, 4:
		_ = h.Stop(ctx, name, false)
	case 5:
		_ = h.Stop(ctx, name, true)
	case 6, 7, 8:
		_ = h.Signal(ctx, name, syscall.SIGKILL)
	case 9:
		_, _ = h.Reread(ctx)
	case 10:
		group, _, many := strings.Cut(name, ":")
		if many {
			_, _ = h.StopGroup(ctx, group, true)
		} else {
			_ = h.Stop(ctx, name, true)
		}
		if name != "ear" && h.RemoveGroup(ctx, group) == nil { // the witness needs a pool that hears everything
			_ = h.AddGroup(ctx, group)
		}
	case 11:
		_, _ = h.StartAll(ctx, false)
	}
}

// TestTwentyMinutesOfRandomCommands lets four clients do random things in virtual time. The scripted host panics when a
// program has two processes.
func TestTwentyMinutesOfRandomCommands(t *testing.T) {
	w := newWitness(1)
	groups, names, h := w.world(1)
	inVirtualTime(t, h, groups, func(b *bench) {
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(i), 7))
				for time.Since(b.began) < 20*time.Minute {
					disturb(b.Handle, r, names)
					<-time.After(time.Duration(r.IntN(400)) * time.Millisecond)
				}
			})
		}
		wg.Wait()
		w.calmDown()
		b.settleAndCompare(names)
		b.mu.Lock()
		if len(b.log) < 1000 {
			t.Errorf("only %d transitions happened", len(b.log))
		}
		b.log = nil
		b.mu.Unlock()
		b.Shutdown(false)
		<-b.Done()
		if n := w.check(t, "ear", int(b.EventSerial())); n < 500 {
			t.Errorf("only %d events were acknowledged", n)
		}
	}, WithLogger(w.logger()), WithLoader(w.loader(groups)), withCheck(w.hook))
}

// hook takes a while, and sometimes fails.
func (w *witness) hook(ctx context.Context, _ *subject) error {
	select {
	case <-time.After(time.Duration(w.throw(2500)) * time.Millisecond):
	case <-ctx.Done():
		return ctx.Err()
	}
	if w.throw(4) == 1 {
		return errors.New("no luck")
	}
	return nil
}

// world is ten programs and two pools of listeners on a scripted host.
func (w *witness) world(seed uint64) (groups []confload.Group, names []string, h *scriptedHost) {
	quickly := func(g confload.Group) confload.Group {
		for i := range g.Programs {
			g.Programs[i].StartSecs, g.Programs[i].Autorestart = i, confload.RestartAlways
		}
		return g
	}
	groups = append(groups, quickly(listeners("ear", 1, "EVENT")), quickly(listeners("pair", 2, "PROCESS_STATE", "PROCESS_GROUP")))
	names = append(names, "ear", "pair:pair", "pair:pair2")
	for i := range 10 {
		name := fmt.Sprintf("p%d", i)
		names = append(names, name)
		groups = append(groups, program1(name, func(p *confload.Program) {
			p.StartSecs = i % 3
			p.Autorestart = confload.Autorestart(i % 3)
			p.StopWaitSecs = 1 + i%4
			if i%3 == 0 {
				p.Hooks = allHooks(2 * time.Second)
			}
			p.Stdout.EventsEnabled, p.Stdout.CaptureMaxBytes = i%2 == 0, int64(i%4)*100
		}))
	}
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(seed, 2))
	h = newScriptedHost(func(name string, _ int) script {
		if pool := strings.TrimSuffix(name, "2"); pool == "ear" || pool == "pair" {
			return w.script(pool)
		}
		mu.Lock()
		defer mu.Unlock()
		s := script{stops: time.Duration(dice.IntN(6000)) * time.Millisecond}
		s.begun = func(p *scriptedProcess) { p.says("hello<!--XSUPERVISOR:BEGIN-->captured<!--XSUPERVISOR:END-->") }
		switch {
		case w.throw(2) == 0: // all of them once it is calm
		case dice.IntN(2) == 0:
			s.runs, s.code = time.Duration(dice.IntN(5000))*time.Millisecond, dice.IntN(3)
		case dice.IntN(4) == 0:
			s.err = fmt.Errorf("no")
		case dice.IntN(4) == 0:
			s.stops = -1
		}
		return s
	})
	return groups, names, h
}

// loader has the configuration read anew, the same each time.
func (w *witness) loader(groups []confload.Group) func() (*confload.Config, error) {
	cfg := &confload.Config{Groups: groups}
	return func() (*confload.Config, error) { return cfg, nil }
}

// settleAndCompare starts everything and compares the table with what the host has.
func (b *bench) settleAndCompare(names []string) {
	for _, n := range names {
		group, _, _ := strings.Cut(n, ":")
		_ = b.AddGroup(context.Background(), group)
	}
	for range 60 {
		b.after(time.Second)
		_, _ = b.StartAll(context.Background(), false)
	}
	b.after(10 * time.Second)
	b.host.mu.Lock()
	defer b.host.mu.Unlock()
	for _, n := range names {
		i, ok := b.Info(n)
		program := n[strings.IndexByte(n, ':')+1:]
		if !ok || i.State != supervisor.Running || b.host.live[program] != 1 {
			b.t.Errorf("%s: %+v, %d processes", n, i, b.host.live[program])
		}
	}
	synctest.Wait()
}

// TestRandomCommandsOnRealProcesses does the same to real processes for a short while, and compares the table with what
// the operating system shows.
func TestRandomCommandsOnRealProcesses(t *testing.T) {
	proctest.LeakCheck(t)
	dir := t.TempDir()
	w := newWitness(0)
	ear, deaf := listeners("ear", 1, "EVENT"), listeners("deaf", 1, "EVENT")
	recorded := filepath.Join(dir, "serials")
	ear.Programs[0].Environment = []string{listenerVariable + "=" + recorded}
	ear.Programs[0].StartSecs, ear.Programs[0].Autorestart = 0, confload.RestartAlways
	deaf.Programs[0].Command = `/bin/sh -c "echo READY; exec sleep 99999"`
	groups, victims := []confload.Group{ear, deaf}, []string{"ear", "deaf"}
	var names []string
	for i := range 12 {
		name := fmt.Sprintf("p%d", i)
		names = append(names, name)
		groups = append(groups, program1(name, func(p *confload.Program) {
			p.Command = fmt.Sprintf("/bin/sleep 10000%d", i)
			p.Stdout.EventsEnabled, p.Stdout.CaptureMaxBytes = true, 1000
			p.StartSecs = 0
			p.Autorestart = confload.RestartAlways
			p.Stdout = confload.Stream{Kind: confload.LogPath, Path: filepath.Join(dir, name+".log"), MaxBytes: 1 << 20}
		}))
	}
	cfg := &confload.Config{Groups: groups}
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(io.Discard, nil))
	}))
	defer system.Shutdown()
	victims = append(victims, names...)
	var changes atomic.Int64
	h, err := Spawn(system, cfg, WithLoader(func() (*confload.Config, error) { return cfg, nil }), WithEnviron(os.Environ()),
		WithLogger(w.logger()), WithObserver(func(Change) { changes.Add(1) }))
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(8 * time.Second)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 3))
			for time.Now().Before(deadline) {
				disturb(h, r, victims)
				if i > 0 {
					continue // looking at the operating system takes long; one of us does it
				}
				if doubles := processesByCommand(); len(doubles) > 0 {
					// A child that was just forked still shows the command line of the one it comes from; a
					// second look decides.
					if again := processesByCommand(); len(again) > 0 {
						t.Errorf("more than one process: %v, then %v", doubles, again)
					}
				}
			}
		})
	}
	wg.Wait()
	for _, n := range names {
		_ = h.AddGroup(context.Background(), n)
	}
	proctest.Eventually(t, "everything to be up", func() (string, bool) {
		_, _ = h.StartAll(context.Background(), true)
		var bad []string
		for _, n := range names {
			if i, ok := h.Info(n); !ok || i.State != supervisor.Running || commandOf(i.Pid) != i.Program.Command {
				bad = append(bad, fmt.Sprintf("%s %+v", n, i))
			}
		}
		return strings.Join(bad, "\n"), len(bad) == 0
	})
	if n := changes.Load(); n < 200 {
		t.Errorf("only %d transitions happened", n)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := h.Close(ctx); err != nil {
		t.Error(err)
	}
	for _, c := range proctest.Children() {
		t.Errorf("left behind: %s", c.Text)
	}
	w.checkRecord(t, "ear", recorded, int(h.EventSerial()))
}

func commandOf(pid int) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.TrimSpace(strings.ReplaceAll(string(b), "\x00", " "))
}

// processesByCommand lists commands that more than one child of ours runs.
func processesByCommand() map[string][]int {
	byCommand := map[string][]int{}
	for _, c := range proctest.Children() {
		if cmd := commandOf(c.Pid); strings.HasPrefix(cmd, "/bin/sleep") {
			byCommand[cmd] = append(byCommand[cmd], c.Pid)
		}
	}
	for cmd, pids := range byCommand {
		if len(pids) < 2 {
			delete(byCommand, cmd)
		}
	}
	return byCommand
}
