package server

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/supervisor/process"
)

// A fakeHost has processes that each use a tenth of a processor.
type fakeHost struct {
	began time.Time
	cost  time.Duration // of a pass

	mu   sync.Mutex
	done int
	err  error
}

// passes is how often it was looked at.
func (h *fakeHost) passes() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.done
}

func (h *fakeHost) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = err
}

func (h *fakeHost) usages(of []process.UsageOf) ([]process.Usage, error) {
	time.Sleep(h.cost)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.done++
	if h.err != nil {
		return nil, h.err
	}
	out := make([]process.Usage, len(of))
	for i := range of {
		out[i] = process.Usage{CPU: time.Since(h.began) / 10, Memory: 1000, Files: 3, Threads: 2, Processes: 1}
	}
	return out, nil
}

func fakeSampler(tree *fakeTree) (*sampler, *fakeHost) {
	h := &fakeHost{began: time.Now()}
	s := newSampler(tree, hclog.NewNullLogger())
	s.usages = h.usages
	return s, h
}

// later lets simulated time go by, and all come to rest.
func later(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestNobodyLooksNothingIsSampled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := fakeSampler(newFakeTree())
		later(time.Hour)
		first, second := s.look(), s.look()
		later(12 * time.Second)
		if h.passes() != 3 { // at once, after five and ten seconds, however many look
			t.Errorf("%d passes in 12 seconds", h.passes())
		}
		first()
		first() // again is harmless
		later(5 * time.Second)
		if h.passes() != 4 {
			t.Errorf("%d passes, while one still looks", h.passes())
		}
		if points := len(s.history("cat").At); points != 4 {
			t.Errorf("%d points in the history", points)
		}
		second()
		later(9 * time.Minute)
		if h.passes() != 4 {
			t.Errorf("%d passes, though nobody looks", h.passes())
		}
		if points := len(s.history("cat").At); points != 4 {
			t.Errorf("%d points are left after nine minutes", points)
		}
		later(2 * time.Minute)
		if points := len(s.history("cat").At); points != 0 {
			t.Errorf("%d points are left after eleven minutes", points)
		}
		if _, usage := s.last(); usage != nil {
			t.Errorf("%+v is kept for nobody", usage)
		}
	})
}

func TestASampleCostsAHundredthAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := fakeSampler(newFakeTree())
		h.cost = time.Second // of a machine with very many processes
		done := s.look()
		later(time.Hour)
		done()
		if h.passes() < 35 || h.passes() > 36 {
			t.Errorf("%d passes of a second each in an hour", h.passes())
		}
		if _, usage := s.last(); usage.Interval != 100 {
			t.Errorf("the next one is said to come in %v s", usage.Interval)
		}
		synctest.Wait()
	})
}

func TestTheShareOfAProcessorIsOfOneLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := newFakeTree()
		s, h := fakeSampler(tree)
		h.began = h.began.Add(-time.Hour)
		done := s.look()
		synctest.Wait()
		cat := func() float64 {
			t.Helper()
			_, usage := s.last()
			if len(usage.Programs) != 1 {
				t.Fatalf("%+v", usage.Programs)
			}
			return usage.Programs["cat"].CPU
		}
		if cpu := cat(); cpu != 0 {
			t.Errorf("the first sample says %v %%", cpu)
		}
		later(5*time.Second + time.Millisecond)
		if cpu := cat(); cpu < 9.99 || cpu > 10.01 {
			t.Errorf("the second one says %v %%", cpu)
		}
		// Another life begins with its own time.
		_ = tree.single("cat", func(i *actors.Info) *actors.Fault { i.Life++; return nil })
		later(5 * time.Second)
		if cpu := cat(); cpu != 0 {
			t.Errorf("the first one of another life says %v %%", cpu)
		}
		// One that is down has its past, but no sample.
		_ = tree.single("cat", func(i *actors.Info) *actors.Fault { i.Pid = 0; return nil })
		later(5 * time.Second)
		if _, usage := s.last(); len(usage.Programs) != 0 {
			t.Errorf("%+v", usage.Programs)
		}
		if points := len(s.history("cat").At); points != 3 {
			t.Errorf("%d points", points)
		}
		h.fail(errors.New("there is no /proc"))
		_ = tree.single("cat", func(i *actors.Info) *actors.Fault { i.Pid = 7; return nil })
		later(5 * time.Second)
		if _, usage := s.last(); len(usage.Programs) != 0 {
			t.Errorf("%+v", usage.Programs)
		}
		done()
		later(time.Hour)
	})
}

func TestAScrapeTakesAFreshSample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := fakeSampler(newFakeTree())
		s.fresh(time.Second)
		s.fresh(time.Second)
		if h.passes() != 1 {
			t.Errorf("%d passes for two scrapes at once", h.passes())
		}
		later(2 * time.Second)
		if usage := s.fresh(time.Second); h.passes() != 2 || usage.Programs["cat"].CPU < 9.9 {
			t.Errorf("%d passes, %+v", h.passes(), usage)
		}
	})
}
