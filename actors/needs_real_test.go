package actors

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// TestTwentyRealProcessesKeepTheirOrder is TestDiamondsOfDependenciesUnderRandomFailures on the operating system: nothing starts
// that was never preceded by what it needs, whatever is killed, stopped and started, and all go down in the reverse order.
func TestTwentyRealProcessesKeepTheirOrder(t *testing.T) {
	proctest.LeakCheck(t)
	const layers, width = 4, 5
	rng := rand.New(rand.NewPCG(11, 7))
	needs := map[string][]string{}
	var names []string
	var groups []confload.Group
	for layer := range layers {
		for i := range width {
			n := fmt.Sprintf("p%d_%d", layer, i)
			for range min(layer, 2) {
				if on := fmt.Sprintf("p%d_%d", layer-1, rng.IntN(width)); !slices.Contains(needs[n], on) {
					needs[n] = append(needs[n], on)
				}
			}
			names = append(names, n)
			groups = append(groups, program1(n, func(p *confload.Program) {
				needing(confload.DependsPolicy(rng.IntN(3)), needs[n]...)(p)
				p.Command, p.StartSecs, p.Autorestart = fmt.Sprintf("/bin/sleep 20000%d", len(names)), 0, confload.RestartAlways
			}))
		}
	}
	rng.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	var mu sync.Mutex
	ever := map[string]bool{}
	var ended []Change
	observe := func(c Change) {
		mu.Lock()
		defer mu.Unlock()
		n := c.Program.Name
		switch c.To {
		case supervisor.Starting:
			for _, on := range needs[n] {
				if !ever[on] {
					t.Errorf("%s starts before %s was ever up", n, on)
				}
			}
		case supervisor.Running:
			ever[n] = true
		case supervisor.Stopping, supervisor.Stopped:
			ended = append(ended, c)
		}
	}
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(io.Discard, nil))
	}))
	defer system.Shutdown()
	h, err := Spawn(system, &confload.Config{Groups: groups}, WithEnviron(os.Environ()), WithObserver(observe))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for range 150 {
		switch n := names[rng.IntN(len(names))]; rng.IntN(4) {
		case 0:
			_ = h.Stop(ctx, n, rng.IntN(2) == 0)
		case 1, 2:
			_ = h.Signal(ctx, n, syscall.SIGKILL)
		default:
			_ = h.Start(ctx, n, false)
		}
	}
	proctest.Eventually(t, "everything to be up", func() (string, bool) {
		_, _ = h.StartAll(ctx, false)
		var down []string
		for _, n := range names {
			if i, ok := h.Info(n); !ok || i.State != supervisor.Running || commandOf(i.Pid) != i.Program.Command {
				down = append(down, n)
			}
		}
		return strings.Join(down, " "), len(down) == 0
	})
	mu.Lock()
	ended = nil
	mu.Unlock()
	if err := h.Close(ctx); err != nil {
		t.Error(err)
	}
	down := map[string]bool{}
	for _, c := range ended {
		n := c.Program.Name
		down[n] = c.To == supervisor.Stopped
		for above, list := range needs {
			if c.To == supervisor.Stopping && slices.Contains(list, n) && !down[above] {
				t.Errorf("%s is stopped before %s", n, above)
			}
		}
	}
	if len(down) != len(names) {
		t.Errorf("%d programs were stopped, not %d", len(down), len(names))
	}
}
