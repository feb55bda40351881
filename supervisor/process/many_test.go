//go:build linux

package process

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// deaths is how many processes TestManyDeaths runs; SUPD_DEATHS=10000 is the long variant.
func deaths() int {
	n := 2000
	if s := os.Getenv("SUPD_DEATHS"); s != "" {
		fmt.Sscan(s, &n)
	}
	return n
}

// No exit is lost, none told twice, no descriptor, goroutine or zombie is left.
func TestManyDeaths(t *testing.T) {
	proctest.LeakCheck(t)
	h := newHost(t, Options{})
	n := deaths()
	var told atomic.Int32
	var wg sync.WaitGroup
	exited := make([]atomic.Int32, n)
	room := make(chan struct{}, 200) // alive at a time
	for i := range n {
		room <- struct{}{}
		wg.Add(1)
		spec := command("/bin/true")
		if i%2 == 1 {
			spec = command("/bin/false")
		}
		want := i % 2
		spec.Exited = func(e Exit) {
			if e.Code != want {
				t.Errorf("%d: %+v", i, e)
			}
			exited[i].Add(1)
			told.Add(1)
			<-room
			wg.Done()
		}
		h.Start(spec, func(p *Process, err error) {
			if err != nil {
				t.Errorf("%d: %v", i, err)
				<-room
				wg.Done()
			}
		})
	}
	wg.Wait()
	if int(told.Load()) != n {
		t.Errorf("%d exits of %d", told.Load(), n)
	}
	for i := range exited {
		if got := exited[i].Load(); got != 1 {
			t.Errorf("process %d: %d exits", i, got)
		}
	}
	if len(h.loop.free) != len(h.loop.slots) {
		t.Errorf("%d of %d places in use", len(h.loop.slots)-len(h.loop.free), len(h.loop.slots))
	}
	if len(children.managed) != 0 {
		t.Errorf("%d processes still managed", len(children.managed))
	}
}

// A thousand idle children cost no goroutine and little memory.
func TestIdleChildrenCostLittle(t *testing.T) {
	proctest.LeakCheck(t)
	h := newHost(t, Options{})
	const n = 200
	runToEnd(t, h, shell("exit 0"))
	goroutines, descriptors, heap := runtime.NumGoroutine(), openDescriptors(), liveHeap()
	lives := make([]*Process, n)
	exits := make(chan Exit, n)
	for i := range lives {
		spec := command("/bin/sleep", "1000")
		spec.Exited = func(e Exit) { exits <- e }
		c := make(chan error, 1)
		h.Start(spec, func(p *Process, err error) { lives[i] = p; c <- err })
		if err := <-c; err != nil {
			t.Fatal(err)
		}
	}
	proctest.Eventually(t, "no goroutine more than without children", func() (string, bool) {
		return fmt.Sprint(runtime.NumGoroutine(), " goroutines, ", goroutines, " before"), runtime.NumGoroutine() <= goroutines
	})
	if got := openDescriptors() - descriptors; got != 4*n { // pidfd and three pipes
		t.Errorf("%d descriptors for %d children", got, n)
	}
	if got := (liveHeap() - heap) / n; got > 3<<10 {
		t.Errorf("%d bytes a child", got)
	}
	for _, p := range lives {
		p.Signal(9)
	}
	for range lives {
		proctest.Receive(t, "an exit", exits)
	}
}

func openDescriptors() int {
	names, _ := os.ReadDir("/proc/self/fd")
	return len(names) - 1
}

func liveHeap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
