package server

import (
	"runtime/debug"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

const (
	// sampleEvery is the least time between two samples. A sample takes at most one part in sampleShare of the time until the next.
	sampleEvery = 5 * time.Second
	sampleShare = 100
	// historyFor is how far the history of a program goes back.
	historyFor = 10 * time.Minute
	// forgetAfter is how long it is kept when nobody looks any more.
	forgetAfter = 10 * time.Minute
)

// sampler samples what programs use, while somebody looks: one goroutine for all who do, none when nobody does.
type sampler struct {
	tree   Tree
	logger hclog.Logger
	now    func() time.Time
	usages func([]process.UsageOf) ([]process.Usage, error)

	taking sync.Mutex // held while a sample is taken

	mu      sync.Mutex
	lookers int
	stop    chan struct{} // ends the goroutine
	forget  *time.Timer   // nil: somebody looks, or nothing is kept
	number  uint64        // of the last sample
	usage   *api.Usage    // it; nil: there is none
	before  map[string]reading
	taken   time.Time // when the last one was
	cost    time.Duration
	news    chan struct{} // closed at the next sample
	past    map[string][]point
}

// A reading is the CPU time of a program in one of its lives.
type reading struct {
	life uint64
	cpu  time.Duration
	at   time.Time
}

// A point is a sample in the history of a program.
type point struct {
	at     time.Time
	cpu    float64
	memory int64
}

func newSampler(tree Tree, logger hclog.Logger) *sampler {
	return &sampler{tree: tree, logger: logger, now: time.Now, usages: process.Usages, news: make(chan struct{})}
}

// look has samples taken until done is called.
func (s *sampler) look() (done func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lookers++; s.lookers == 1 {
		if s.forget != nil {
			s.forget.Stop()
			s.forget = nil
		}
		s.stop = make(chan struct{})
		go s.run(s.stop)
	}
	return sync.OnceFunc(s.unlook)
}

func (s *sampler) unlook() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lookers--; s.lookers > 0 {
		return
	}
	close(s.stop)
	s.forget = time.AfterFunc(forgetAfter, s.forgetAll)
}

// forgetAll gives up what nobody has looked at for long.
func (s *sampler) forgetAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lookers == 0 {
		s.past, s.before, s.usage, s.forget = nil, nil, nil, nil
	}
}

// run takes samples until stop is closed.
func (s *sampler) run(stop chan struct{}) {
	defer s.rescue()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-stop:
			return
		}
		timer.Reset(s.take())
	}
}

// last returns the last sample and its number; nil: there is none.
func (s *sampler) last() (number uint64, usage *api.Usage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.number, s.usage
}

// after returns a channel that is closed when there is a sample with a number above n.
func (s *sampler) after(n uint64) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.number > n {
		c := make(chan struct{})
		close(c)
		return c
	}
	return s.news
}

// fresh returns the last sample if it is no older than age, else a new one.
func (s *sampler) fresh(age time.Duration) *api.Usage {
	s.mu.Lock()
	usage, taken := s.usage, s.taken
	s.mu.Unlock()
	if usage != nil && s.now().Sub(taken) <= age {
		return usage
	}
	s.take()
	_, usage = s.last()
	return usage
}

// take takes a sample and returns how long to wait for the next one.
func (s *sampler) take() time.Duration {
	s.taking.Lock()
	defer s.taking.Unlock()
	begun := s.now()
	var of []process.UsageOf
	var names []string
	var lives []uint64
	for _, i := range s.tree.Infos() {
		if i.Pid > 0 {
			of = append(of, process.UsageOf{Pid: i.Pid, Cgroup: i.Program.Cgroup.Any()})
			names = append(names, i.Program.NameSpec())
			lives = append(lives, i.Life)
		}
	}
	usages, err := s.usages(of)
	if err != nil {
		usages = nil // it cannot be told here: there is nothing in the sample
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	readings := make(map[string]reading, len(usages))
	u := &api.Usage{At: now, Programs: make(map[string]api.Sample, len(usages))}
	past := make(map[string][]point, len(usages))
	for i := range usages {
		if usages[i].Processes == 0 {
			continue
		}
		name, r := names[i], reading{lives[i], usages[i].CPU, now}
		sample := api.Sample{Memory: usages[i].Memory, Files: usages[i].Files, Threads: usages[i].Threads, Processes: usages[i].Processes,
			Total: r.cpu.Seconds()}
		if b, ok := s.before[name]; ok && b.life == r.life && r.at.After(b.at) {
			sample.CPU = max(0, 100*(r.cpu-b.cpu).Seconds()/r.at.Sub(b.at).Seconds())
		}
		readings[name] = r
		u.Programs[name] = sample
		past[name] = append(recent(s.past[name], now), point{now, sample.CPU, sample.Memory})
	}
	for name, points := range s.past { // what is down has a past as well
		if _, up := past[name]; !up {
			if points = recent(points, now); len(points) > 0 {
				past[name] = points
			}
		}
	}
	s.past, s.before = past, readings
	s.cost = now.Sub(begun)
	wait := max(sampleEvery, sampleShare*s.cost)
	u.Interval = wait.Seconds()
	s.usage, s.taken = u, now
	s.number++
	close(s.news)
	s.news = make(chan struct{})
	return wait
}

// recent is the points that are not too old.
func recent(points []point, now time.Time) []point {
	for len(points) > 0 && now.Sub(points[0].at) > historyFor {
		points = points[1:]
	}
	return points
}

// history is what a program has used while somebody looked.
func (s *sampler) history(namespec string) api.UsageHistory {
	s.mu.Lock()
	defer s.mu.Unlock()
	points := recent(s.past[namespec], s.now())
	h := api.UsageHistory{Program: namespec, At: make([]float64, len(points)), CPU: make([]float64, len(points)), Memory: make([]int64, len(points))}
	for i, p := range points {
		h.At[i], h.CPU[i], h.Memory[i] = float64(p.at.UnixMilli())/1000, p.cpu, p.memory
	}
	return h
}

// rescue has a bug of ours end no more than the sampling.
func (s *sampler) rescue() {
	if bug := recover(); bug != nil {
		logs.Critical(s.logger, "the sampling of what programs use failed: %v\n%s", bug, debug.Stack())
	}
}
