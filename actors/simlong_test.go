package actors

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor"
)

var (
	simSteps = flag.Int("sim.steps", 40_000, "how many steps of random simulations")
	simSeed  = flag.Uint64("sim.seed", 1, "the seed of the first one")
	simLimit = flag.Duration("sim.limit", 5*time.Minute, "after which no further one is begun")
)

// broken are files of cases that have failed once, made smaller: NAME.conf and NAME.sim, and NAME.next for "update next".
const broken = "testdata/sim"

func (c *simCase) inspect(t testing.TB, step stepFunc) ([]string, int) {
	return inspect(t, c.config(), c.nextConfig(), c.script(), SimulateOptions{Seed: c.seed, Until: c.until}, step)
}

// TestRandomSimulations plays random scripts on random configurations. "make sim" plays ten million steps. A case that fails is made
// smaller and kept, so that it is played again from then on.
func TestRandomSimulations(t *testing.T) {
	begin, steps, cases := time.Now(), 0, 0
	for seed := *simSeed; steps < *simSteps && time.Since(begin) < *simLimit; seed++ {
		c := randomCase(seed)
		wrong, n := c.inspect(t, nil)
		steps += n
		cases++
		if wrong == nil {
			continue
		}
		c = c.shrunk(func(c *simCase) bool { wrong, _ := c.inspect(t, nil); return wrong != nil })
		wrong, _ = c.inspect(t, nil)
		t.Errorf("seed %d, kept as %s:\n%s", seed, c.keep(t), strings.Join(wrong, "\n"))
		if t.Failed() {
			break
		}
	}
	t.Logf("%d steps in %d simulations, %s", steps, cases, time.Since(begin).Round(time.Millisecond))
}

// keep writes the case down and returns the name of its script.
func (c *simCase) keep(t testing.TB) string {
	base := filepath.Join(broken, fmt.Sprintf("seed-%d", c.seed))
	script := fmt.Sprintf("# --seed %d --until %s\n%s", c.seed, c.until, c.script())
	files := map[string]string{base + ".conf": c.config(), base + ".sim": script}
	if c.next != nil {
		files[base+".next"] = c.nextConfig()
	}
	for name, text := range files {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
	return base + ".sim"
}

// TestKeptSimulations plays what has once failed, or is worth to be played each time.
func TestKeptSimulations(t *testing.T) {
	scripts, err := filepath.Glob(broken + "/*.sim")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("there is none: %v", err)
	}
	for _, file := range scripts {
		t.Run(filepath.Base(file), func(t *testing.T) {
			script, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			config, err := os.ReadFile(strings.TrimSuffix(file, ".sim") + ".conf")
			if err != nil {
				t.Fatal(err)
			}
			next, err := os.ReadFile(strings.TrimSuffix(file, ".sim") + ".next")
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			var o SimulateOptions
			var until string
			if _, err := fmt.Sscanf(string(script), "# --seed %d --until %s\n", &o.Seed, &until); err != nil {
				t.Fatalf("it does not begin with '# --seed N --until TIME': %v", err)
			}
			if o.Until, err = time.ParseDuration(until); err != nil {
				t.Fatal(err)
			}
			if wrong, _ := inspect(t, string(config), string(next), string(script), o, nil); wrong != nil {
				t.Errorf("%s", strings.Join(wrong, "\n"))
			}
		})
	}
}

// mutants are the core with a mistake.
var mutants = map[string]stepFunc{
	"it forgets the time after which it kills": func(c *supervisor.Policy, p supervisor.Program, ev supervisor.Event) (supervisor.Program, []supervisor.Effect) {
		p, effects := supervisor.Step(c, p, ev)
		return p, slices.DeleteFunc(effects, func(e supervisor.Effect) bool {
			arm, is := e.(supervisor.Arm)
			return is && arm.Timer == supervisor.StopTimer
		})
	},
	"it starts without what it depends on": func(c *supervisor.Policy, p supervisor.Program, ev supervisor.Event) (supervisor.Program, []supervisor.Effect) {
		if _, is := ev.(supervisor.NeedsChanged); is {
			ev = supervisor.NeedsChanged{}
		}
		return supervisor.Step(c, p, ev)
	},
	"it never gives up": func(c *supervisor.Policy, p supervisor.Program, ev supervisor.Event) (supervisor.Program, []supervisor.Effect) {
		p.Failures = min(p.Failures, 1)
		return supervisor.Step(c, p, ev)
	},
	"it starts what runs": func(c *supervisor.Policy, p supervisor.Program, ev supervisor.Event) (supervisor.Program, []supervisor.Effect) {
		fired, is := ev.(supervisor.TimerFired)
		running := is && fired.Timer == supervisor.StartTimer && fired.Life == p.Life && p.State == supervisor.Starting
		p, effects := supervisor.Step(c, p, ev)
		if running && p.State == supervisor.Running {
			effects = append(effects, supervisor.Spawn{Life: p.Life})
		}
		return p, effects
	},
	"it goes on without what it depends on": func(c *supervisor.Policy, p supervisor.Program, ev supervisor.Event) (supervisor.Program, []supervisor.Effect) {
		careless := *c
		careless.OnLoss = supervisor.KeepOnLoss
		return supervisor.Step(&careless, p, ev)
	},
}

// TestMutantsAreFound has random simulations find what is wrong with cores that are.
func TestMutantsAreFound(t *testing.T) {
	for name, step := range mutants {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(300) {
				c := randomCase(seed)
				wrong, _ := c.inspect(t, step)
				if wrong == nil {
					continue
				}
				small := c.shrunk(func(c *simCase) bool { wrong, _ := c.inspect(t, step); return wrong != nil })
				t.Logf("seed %d: %s\n%s%s%s", seed, wrong[0], small.config(), small.nextConfig(), small.script())
				if healthy, _ := small.inspect(t, nil); healthy != nil {
					t.Errorf("without the mistake: %s", strings.Join(healthy, "\n"))
				}
				return
			}
			t.Error("nothing was found")
		})
	}
}
