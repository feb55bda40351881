package process

import (
	"errors"
	"os"
	"sync"
	"time"

	"github.com/gwaycc/supd/supervisor/workers"
)

// defaultStdinBuffer is what Options.StdinBuffer zero means.
const defaultStdinBuffer = 1 << 20

// ErrHostClosed is given to done for a start that Close came before.
var ErrHostClosed = errors.New("process host is closed")

// Options changes how a Host works. The zero value is what a daemon wants.
type Options struct {
	// StdinBuffer bounds, in bytes, what WriteStdin keeps for one process that does not read. 0 means 1 MiB.
	StdinBuffer int
	// Shim is the program that becomes the one to be started when a Spec has Limits: one whose main calls RunShim when
	// IsShim says so. "/proc/self/exe" is this program itself. "": such a start fails.
	Shim string

	noPidfd   bool         // tests: a goroutine waits for each child
	noLoop    bool         // tests: a goroutine reads each stream
	noUnshare bool         // tests: the spawner shares the umask of the program
	fork      forkExecFunc // tests: instead of syscall.ForkExec
}

// A Host starts processes and watches them. All methods may be called on any goroutine.
type Host struct {
	opt    Options
	pidfd  pidfdSupport
	loop   *loop // nil: a goroutine reads each stream
	others bool  // the program had children before NewHost

	mu     sync.Mutex
	queue  []request
	closed bool
	wake   chan struct{} // capacity 1: the queue or closed has changed
	ended  chan struct{} // closed when the spawner has ended

	shims   sync.WaitGroup // starts that a shim has in hand
	workers workers.Pool   // for what the event loop finds out
}

type request struct {
	spec *Spec
	done func(*Process, error)
}

// NewHost starts the spawner thread and the event loop. The umask that a Spec with Umask -1 leaves unchanged is the
// program's at this moment.
func NewHost(o Options) (*Host, error) {
	if o.StdinBuffer <= 0 {
		o.StdinBuffer = defaultStdinBuffer
	}
	if o.fork == nil {
		o.fork = forkExec
	}
	h := &Host{opt: o, wake: make(chan struct{}, 1), ended: make(chan struct{}), others: hasOtherChildren()}
	if !o.noPidfd {
		h.pidfd = probePidfd()
	}
	if !o.noLoop {
		l, err := newLoop()
		if err != nil {
			return nil, err
		}
		h.loop = l
	}
	go h.runSpawner()
	return h, nil
}

// Start queues one start and returns at once. Forks happen in the order of the calls. done is called exactly once, on
// the spawner's goroutine, or on one of its own when spec has Limits, and must not block; it is called before any output
// is delivered and before Exited. The error is a *SpawnError, a *ChildError or ErrHostClosed. spec must not be changed until then; nothing of it is kept later but
// the writers and Exited.
func (h *Host) Start(spec *Spec, done func(*Process, error)) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		go done(nil, ErrHostClosed)
		return
	}
	h.queue = append(h.queue, request{spec, done})
	h.mu.Unlock()
	h.poke()
}

// Wait returns when no process of the host is left, or after patience. Whoever has killed them all calls it before Close, so that
// they are no zombies of the application.
func (h *Host) Wait(patience time.Duration) {
	over := time.NewTimer(patience)
	defer over.Stop()
	for {
		left, fewer := children.left(h)
		if !left {
			return
		}
		select {
		case <-fewer:
		case <-over.C:
			return
		}
	}
}

// Close ends the spawner and the event loop and waits for them. Starts still in the queue are answered with
// ErrHostClosed. It touches no process: those that live go on with their pipes open, but nothing reads the pipes any
// more and Exited is not called for them. A second Close does nothing. It must not be called from done.
func (h *Host) Close() error {
	h.mu.Lock()
	first := !h.closed
	h.closed = true
	h.mu.Unlock()
	h.poke()
	<-h.ended
	h.shims.Wait()
	if !first {
		return nil
	}
	children.forgetHost(h)
	defer h.workers.Close()
	if h.loop == nil {
		return nil
	}
	return h.loop.close()
}

func (h *Host) poke() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// next waits for requests. closed tells that no more will come and the spawner must end after answering these.
func (h *Host) next() (batch []request, closed bool) {
	for range h.wake {
		h.mu.Lock()
		batch, h.queue, closed = h.queue, nil, h.closed
		h.mu.Unlock()
		if closed || len(batch) > 0 {
			break
		}
	}
	return batch, closed
}

// runSpawner is the goroutine that makes everything a process needs, and has it forked.
func (h *Host) runSpawner() {
	defer close(h.ended)
	t := newForkThread(h.opt.fork, !h.opt.noUnshare)
	defer t.end()
	for {
		batch, closed := h.next()
		for _, r := range batch {
			if closed {
				r.done(nil, ErrHostClosed)
				continue
			}
			p, err := h.spawn(t, r.spec)
			if p != nil && p.shim != nil {
				h.shims.Add(1)
				go h.handOver(p, r)
				continue
			}
			r.done(p, err)
			if p != nil {
				h.watch(p)
			}
		}
		if closed {
			return
		}
	}
}

// watch begins to deliver what p does. What the event loop cannot take (no epoll, or its limit of watches is reached)
// gets a goroutine instead. Everything may have happened to p before watch returns.
func (h *Host) watch(p *Process) {
	if h.loop != nil {
		h.loop.attach(p)
	}
	for _, k := range []kind{kindStdout, kindStderr} {
		s := p.stream(k)
		s.mu.Lock()
		if s.fd >= 0 && !h.loopTakes(p, k, s.fd) {
			s.reader, s.lent = os.NewFile(uintptr(s.fd), p.name), true
			go s.pump(s.reader)
		}
		s.mu.Unlock()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pidfd < 0 || !h.loopTakes(p, kindExit, p.pidfd) {
		go p.await()
	}
}

func (h *Host) loopTakes(p *Process, k kind, fd int) bool {
	return h.loop != nil && h.loop.add(p, k, fd) == nil
}
