package process

import (
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A forkExecFunc starts a process and returns its pid and its pidfd, -1 where there is none.
type forkExecFunc func(path string, args []string, attr *syscall.ProcAttr) (pid, pidfd int, err error)

// pipes are the descriptors of one start: ours stay, the child's are closed after the fork. -1: not there.
type pipes struct {
	ours   [3]int
	childs [3]int
}

// noFile is a descriptor that a child gets closed.
const noFile = ^uintptr(0)

// spawn does one start.
func (h *Host) spawn(t *forkThread, spec *Spec) (*Process, error) {
	cred, err := checkCredential(spec)
	if err != nil {
		return nil, err
	}
	ps, err := openPipes(spec)
	if err != nil {
		return nil, dispatcherError(spec.Name, err)
	}
	attr := &syscall.ProcAttr{Dir: spec.Dir, Env: spec.Env, Sys: &syscall.SysProcAttr{Setpgid: true, Credential: cred}}
	for i, fd := range ps.childs {
		if i == 0 && spec.Stdin != nil {
			attr.Files = append(attr.Files, spec.Stdin.Fd())
			continue
		}
		attr.Files = append(attr.Files, uintptr(fd))
	}
	if spec.MergeStderr {
		attr.Files[2] = attr.Files[1]
	}
	for _, d := range spec.Extra {
		for len(attr.Files) <= d.Number {
			attr.Files = append(attr.Files, noFile)
		}
		attr.Files[d.Number] = d.File.Fd()
	}
	path, args := spec.Path, spec.argv()
	p := &Process{host: h, name: spec.Name, exited: spec.Exited}
	if spec.Limits != nil {
		if p.shim, err = h.newShim(spec, cred, attr); err != nil {
			closeAll(ps.ours[:])
			closeAll(ps.childs[:])
			return nil, err
		}
		path, args = h.opt.Shim, p.shim.args
	}
	p.StartedAt = time.Now()
	err = t.forkInto(p, spec, path, args, attr)
	runtime.KeepAlive(spec)
	closeAll(ps.childs[:])
	if err != nil {
		closeAll(ps.ours[:])
		if p.shim != nil {
			return nil, p.shim.failed(err)
		}
		return nil, h.diagnose(spec, cred, err)
	}
	if p.shim != nil {
		p.shim.forked()
	}
	if p.pidfd >= 0 && !h.pidfd.wait {
		unix.Close(p.pidfd)
		p.pidfd = -1
	}
	p.stdin.fd = ps.ours[0]
	p.stdout.init(p, kindStdout, ps.ours[1], spec.Stdout)
	p.stderr.init(p, kindStderr, ps.ours[2], spec.Stderr)
	return p, nil
}

// forkInto forks, into the control group of a Spec if it has one.
func (t *forkThread) forkInto(p *Process, spec *Spec, path string, args []string, attr *syscall.ProcAttr) error {
	fork := func() error {
		return children.fork(p, func() (err error) {
			p.pid, p.pidfd, err = t.fork(spec.Umask, path, args, attr)
			return err
		})
	}
	if spec.Cgroup == nil {
		return fork()
	}
	enterCgroup(attr.Sys, spec.Cgroup.file)
	refused := fork()
	if refused == nil {
		return nil
	}
	leaveCgroup(attr.Sys) // if that does not help, the error has another cause
	err := fork()
	if err == nil && spec.CgroupRefused != nil {
		spec.CgroupRefused(refused)
	}
	return err
}

// openPipes makes the pipes a Spec asks for. All descriptors are close-on-exec, our ends do not block.
func openPipes(spec *Spec) (*pipes, error) {
	ps := &pipes{ours: [3]int{-1, -1, -1}, childs: [3]int{-1, -1, -1}}
	for i := range 3 {
		if i == 0 && spec.Stdin != nil || i == 2 && spec.MergeStderr {
			continue
		}
		var p [2]int
		if err := pipe(p[:]); err != nil {
			closeAll(ps.ours[:])
			closeAll(ps.childs[:])
			return nil, err
		}
		ours, childs := p[0], p[1]
		if i == 0 {
			ours, childs = p[1], p[0]
		}
		ps.ours[i], ps.childs[i] = ours, childs
		// A new pipe has no other flag that this could take away, so that they need not be asked for first.
		if _, err := unix.FcntlInt(uintptr(ours), unix.F_SETFL, unix.O_NONBLOCK); err != nil {
			closeAll(ps.ours[:])
			closeAll(ps.childs[:])
			return nil, err
		}
	}
	return ps, nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}
