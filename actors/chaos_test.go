package actors

import (
	"context"
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
		if h.Stop(ctx, name, true) == nil && h.RemoveGroup(ctx, name) == nil {
			_ = h.AddGroup(ctx, name)
		}
	case 11:
		_, _ = h.StartAll(ctx, false)
	}
}

// TestTwentyMinutesOfRandomCommands lets four clients do random things in virtual time. The scripted host panics when a
// program has two processes.
func TestTwentyMinutesOfRandomCommands(t *testing.T) {
	var groups []confload.Group
	var names []string
	for i := range 10 {
		name := fmt.Sprintf("p%d", i)
		names = append(names, name)
		groups = append(groups, program1(name, func(p *confload.Program) {
			p.StartSecs = i % 3
			p.Autorestart = confload.Autorestart(i % 3)
			p.StopWaitSecs = 1 + i%4
		}))
	}
	cfg := &confload.Config{Groups: groups}
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(1, 2))
	calm := false
	h := newScriptedHost(func(string, int) script {
		mu.Lock()
		defer mu.Unlock()
		s := script{stops: time.Duration(dice.IntN(6000)) * time.Millisecond}
		switch {
		case calm:
		case dice.IntN(4) == 0:
			s.runs, s.code = time.Duration(dice.IntN(5000))*time.Millisecond, dice.IntN(3)
		case dice.IntN(10) == 0:
			s.err = fmt.Errorf("no")
		case dice.IntN(10) == 0:
			s.stops = -1
		}
		return s
	})
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
		mu.Lock()
		calm = true
		mu.Unlock()
		b.settleAndCompare(names)
		b.mu.Lock()
		defer b.mu.Unlock()
		if len(b.log) < 1000 {
			t.Errorf("only %d transitions happened", len(b.log))
		}
		b.log = nil
	}, WithLoader(func() (*confload.Config, error) { return cfg, nil }))
}

// settleAndCompare starts everything and compares the table with what the host has.
func (b *bench) settleAndCompare(names []string) {
	for _, n := range names {
		_ = b.AddGroup(context.Background(), n)
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
		if !ok || i.State != supervisor.Running || b.host.live[n] != 1 {
			b.t.Errorf("%s: %+v, %d processes", n, i, b.host.live[n])
		}
	}
	synctest.Wait()
}

// TestRandomCommandsOnRealProcesses does the same to real processes for a short while, and compares the table with what
// the operating system shows.
func TestRandomCommandsOnRealProcesses(t *testing.T) {
	proctest.LeakCheck(t)
	dir := t.TempDir()
	var groups []confload.Group
	var names []string
	for i := range 12 {
		name := fmt.Sprintf("p%d", i)
		names = append(names, name)
		groups = append(groups, program1(name, func(p *confload.Program) {
			p.Command = fmt.Sprintf("/bin/sleep 10000%d", i)
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
	var changes atomic.Int64
	h, err := Spawn(system, cfg, WithLoader(func() (*confload.Config, error) { return cfg, nil }), WithEnviron(os.Environ()),
		WithObserver(func(Change) { changes.Add(1) }))
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(8 * time.Second)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 3))
			for time.Now().Before(deadline) {
				disturb(h, r, names)
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
