package process

import (
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const fionread = unix.TIOCINQ

const maxRSSUnit = 1024 // bytes, of Rusage.Maxrss

var pythonNames = map[syscall.Signal]string{29: "SIGPOLL", 34: "SIGRTMIN", 64: "SIGRTMAX"}

// A watch is the place of a Process in the loop's table.
type watch struct {
	slot int32
	life int32 // how often the slot has been given away, so that a late event for an earlier owner is known as such
}

// A loop waits for all descriptors of all children in one goroutine: an epoll instance of ours, whose descriptor Go's
// own poller waits for. All events are edges. The loop itself never reads from or waits for anything that could block.
type loop struct {
	epoll *os.File
	epfd  int
	ended chan struct{}

	mu    sync.Mutex
	slots []slot
	free  []int32
}

type slot struct {
	p    *Process
	life int32
}

func newLoop() (*loop, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	l := &loop{epoll: os.NewFile(uintptr(fd), "children"), epfd: fd, ended: make(chan struct{})}
	rc, err := l.epoll.SyscallConn()
	if err == nil {
		err = l.epoll.SetReadDeadline(time.Time{}) // which only a file in Go's poller has
	}
	if err != nil {
		l.epoll.Close()
		return nil, err
	}
	go func() {
		defer close(l.ended)
		events := make([]unix.EpollEvent, 128)
		_ = rc.Read(func(uintptr) bool { // ends when the file is closed
			l.collect(events)
			return false
		})
	}()
	return l, nil
}

func (l *loop) close() error {
	err := l.epoll.Close()
	<-l.ended
	return err
}

// attach gives p a place in the table.
func (l *loop) attach(p *Process) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var i int32
	if n := len(l.free); n > 0 {
		i, l.free = l.free[n-1], l.free[:n-1]
	} else {
		i = int32(len(l.slots))
		l.slots = append(l.slots, slot{})
	}
	s := &l.slots[i]
	s.p = p
	p.watch = watch{i, s.life}
}

func (l *loop) detach(p *Process) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &l.slots[p.watch.slot]
	s.p = nil
	s.life++
	l.free = append(l.free, p.watch.slot)
}

// event is what the loop is told of a descriptor that belongs to this place.
func (w watch) event(k kind) unix.EpollEvent {
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: w.slot<<2 | int32(k), Pad: w.life}
	if k == kindStdin {
		ev.Events = unix.EPOLLOUT | unix.EPOLLET
	}
	return ev
}

// add watches one descriptor of p. Closing the descriptor ends that.
func (l *loop) add(p *Process, k kind, fd int) error {
	ev := p.watch.event(k)
	return unix.EpollCtl(l.epfd, unix.EPOLL_CTL_ADD, fd, &ev)
}

// pause makes the loop silent about output on fd until resume, which tells of what is there already.
func (l *loop) pause(p *Process, k kind, fd int) error {
	ev := p.watch.event(k)
	ev.Events = unix.EPOLLET
	return unix.EpollCtl(l.epfd, unix.EPOLL_CTL_MOD, fd, &ev)
}

func (l *loop) resume(p *Process, k kind, fd int) error {
	ev := p.watch.event(k)
	return unix.EpollCtl(l.epfd, unix.EPOLL_CTL_MOD, fd, &ev)
}

// collect takes the events there are. Asking again when fewer came than there was room for would be a system call for nothing:
// what happens from here on is an edge of its own, which Go's poller keeps until we wait again.
func (l *loop) collect(events []unix.EpollEvent) {
	for {
		n, err := epollNow(l.epfd, events)
		if err == syscall.EINTR {
			continue
		}
		for i := range events[:max(0, n)] {
			l.dispatch(&events[i])
		}
		if n < len(events) {
			return
		}
	}
}

func (l *loop) dispatch(ev *unix.EpollEvent) {
	l.mu.Lock()
	s := l.slots[ev.Fd>>2]
	l.mu.Unlock()
	if s.p == nil || s.life != ev.Pad {
		return
	}
	switch k := kind(ev.Fd & 3); k {
	case kindExit:
		s.p.host.workers.Go(func() { s.p.reap(s.p.pollPidfd) })
	case kindStdin:
		s.p.flush()
	default:
		out := s.p.stream(k)
		if ev.Events == unix.EPOLLHUP && out.tryShut() { // no writer and nothing to read: most streams end so
			return
		}
		out.wake(ev.Events&unix.EPOLLHUP != 0)
	}
}
