package workers

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
)

// Every task runs, tasks that wait for each other included.
func TestTasksRunBesideEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Pool
		for range 3 {
			var all sync.WaitGroup
			begin := make(chan struct{})
			for range 3 * mostIdle {
				all.Add(1)
				p.Go(func() { <-begin; all.Done() })
			}
			synctest.Wait()
			close(begin)
			all.Wait()
			synctest.Wait()
			if n := len(p.idle); n != mostIdle {
				t.Errorf("%d goroutines are kept, not %d", n, mostIdle)
			}
		}
		p.Close()
	}) // which fails if a goroutine is left
}

// A task that comes when another has ended runs on its goroutine.
func TestGoroutinesAreUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Pool
		defer p.Close()
		before := runtime.NumGoroutine()
		for range 100 {
			p.Go(func() {})
			synctest.Wait()
		}
		if n := runtime.NumGoroutine() - before; n != 1 {
			t.Errorf("%d goroutines for one task at a time", n)
		}
	})
}

// After Close tasks still run, and nothing is kept.
func TestAClosedPoolKeepsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Pool
		p.Go(func() {})
		synctest.Wait()
		p.Close()
		ran := false
		p.Go(func() { ran = true })
		synctest.Wait()
		if !ran || len(p.idle) != 0 {
			t.Errorf("ran: %v, kept: %d", ran, len(p.idle))
		}
		p.Close()
	})
}

// A deep task, as a mailbox has, with and without its stack.
func BenchmarkDeepTask(b *testing.B) {
	var deep func(int, [256]byte) byte
	deep = func(n int, pad [256]byte) byte {
		if n == 0 {
			return pad[0]
		}
		return deep(n-1, pad) + pad[n]
	}
	run := func(b *testing.B, start func(func())) {
		done := make(chan byte)
		for b.Loop() {
			start(func() { done <- deep(20, [256]byte{}) })
			<-done
		}
	}
	b.Run("pool", func(b *testing.B) {
		var p Pool
		defer p.Close()
		run(b, p.Go)
	})
	b.Run("go", func(b *testing.B) { run(b, func(f func()) { go f() }) })
}
