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

// spawn does one start on the spawner thread.
func (h *Host) spawn(t *spawnThread, spec *Spec) (*Process, error) {
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
	t.enter(spec)
	p.StartedAt = time.Now()
	err = children.fork(p, func() (err error) {
		p.pid, p.pidfd, err = h.opt.fork(path, args, attr)
		return err
	})
	t.leave()
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
		if err := unix.SetNonblock(ours, true); err != nil {
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

// A spawnThread is the thread that forks: its umask and working directory are its own where the kernel allows that.
type spawnThread struct {
	private bool // umask and directory are this thread's alone
	base    int  // the umask of the program when the thread was made
	umask   int  // the thread's umask now
	undo    int  // umask to go back to after the fork, -1 none: not private
}

// newSpawnThread makes the calling goroutine's thread, which must be locked, a spawner for good.
//
// unshare(CLONE_FS) needs no privilege, but the system call filter of some containers refuses it. Then the umask is set
// for the whole program while a program with a umask of its own is forked, which is what Go offers.
func newSpawnThread(private bool) *spawnThread {
	clearSignalMask()
	t := &spawnThread{private: private && unshareFS() == nil, undo: -1}
	if t.private {
		t.base = syscall.Umask(0)
		syscall.Umask(t.base)
		t.umask = t.base
	}
	return t
}

// enter prepares the thread for a fork of spec.
func (t *spawnThread) enter(spec *Spec) {
	if !t.private {
		if spec.Umask >= 0 {
			t.undo = syscall.Umask(spec.Umask)
		}
		return
	}
	want := spec.Umask
	if want < 0 {
		want = t.base
	}
	if want != t.umask {
		syscall.Umask(want)
		t.umask = want
	}
	followDirectory()
}

// leave undoes what enter did to the whole program.
func (t *spawnThread) leave() {
	if t.undo >= 0 {
		syscall.Umask(t.undo)
		t.undo = -1
	}
}
