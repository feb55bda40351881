package process

import "sync"

// children knows which children of this program are ours. Children belong to the program, not to a Host, so there is
// one for all hosts.
var children = registry{managed: map[int]*Process{}}

// A registry holds the processes that hosts have started and not yet reaped, by pid.
type registry struct {
	// forking is held from before a fork until the pid is in, so that whoever holds it and sees an unknown child can be
	// sure that it is not ours.
	forking sync.Mutex

	mu      sync.Mutex // guards the rest; never held for long
	managed map[int]*Process
	fewer   chan struct{} // closed when one is forgotten; nil: nobody waits
}

// fork runs start with forking held and enters p if it gave p a pid.
func (r *registry) fork(p *Process, start func() error) error {
	r.forking.Lock()
	defer r.forking.Unlock()
	if err := start(); err != nil {
		return err
	}
	r.mu.Lock()
	r.managed[p.pid] = p
	r.mu.Unlock()
	return nil
}

// forget removes p, unless its pid is already another's.
func (r *registry) forget(p *Process) {
	r.mu.Lock()
	if r.managed[p.pid] == p {
		delete(r.managed, p.pid)
	}
	if r.fewer != nil {
		close(r.fewer)
		r.fewer = nil
	}
	r.mu.Unlock()
}

// left tells whether children of a host are left, and when to look again.
func (r *registry) left(h *Host) (bool, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.managed {
		if p.host == h {
			if r.fewer == nil {
				r.fewer = make(chan struct{})
			}
			return true, r.fewer
		}
	}
	return false, nil
}

// forgetHost gives the children of a closed host up: from now on they are unknown ones.
func (r *registry) forgetHost(h *Host) {
	r.mu.Lock()
	for pid, p := range r.managed {
		if p.host == h {
			delete(r.managed, pid)
		}
	}
	r.mu.Unlock()
}

func (r *registry) has(pid int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.managed[pid] != nil
}
