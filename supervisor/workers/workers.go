// Package workers runs short tasks on goroutines that are used again, so that each finds the stack that the ones before it
// have grown: growing one anew for every message took an eighth of the time of a death and restart.
package workers

import "sync"

// mostIdle is how many goroutines are kept without work. Two processors seldom have more to do at once; a keeper costs the
// memory of its stack, some 8 KB.
const mostIdle = 8

// A Pool runs tasks, each on a goroutine of its own while it runs; their number has no bound. The zero value is ready.
type Pool struct {
	mu     sync.Mutex
	idle   []chan func() // of the goroutines without work; the last one was at work last
	closed bool
}

// Go runs task, and does not wait for it.
func (p *Pool) Go(task func()) {
	p.mu.Lock()
	last := len(p.idle) - 1
	if last < 0 {
		p.mu.Unlock()
		go p.work(task)
		return
	}
	next := p.idle[last]
	p.idle = p.idle[:last]
	p.mu.Unlock()
	next <- task
}

func (p *Pool) work(task func()) {
	next := make(chan func(), 1)
	for ; task != nil; task = <-next {
		task()
		if !p.rest(next) {
			return
		}
	}
}

// rest has the goroutine of next wait for work, unless it is not needed.
func (p *Pool) rest(next chan func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) == mostIdle {
		return false
	}
	p.idle = append(p.idle, next)
	return true
}

// Close ends the goroutines without work; those at work end after it. Go may still be called: it keeps nothing from then on.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, next := range p.idle {
		next <- nil
	}
	p.idle = nil
}
