package process

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"syscall"
)

// A forkThread is the one thread of a Host that forks. Where the kernel allows it, umask, working directory and descriptors
// are its own: the umask, so that it can be set for one child; the directory, because it comes with the umask; the
// descriptors, because a fork copies all that its thread has and an exec looks at all of them again, which with a thousand
// programs takes longer than everything else. What a child is to get is fetched from the program's table.
type forkThread struct {
	forkExec forkExecFunc
	jobs     chan *forkJob
	ended    chan struct{} // closed when the thread is gone

	// What follows belongs to the thread.
	private bool // umask and directory are its own
	base    int  // the umask of the program when the thread was made
	umask   int  // the thread's umask now
	apart   bool // so are its descriptors
}

// A forkJob is one fork.
type forkJob struct {
	umask int // of the child; < 0: the program's
	path  string
	args  []string
	attr  *syscall.ProcAttr // its descriptors are the program's

	pid, pidfd int
	err        error
	done       chan struct{}
}

// newForkThread makes the thread. unshare: what can be its own is its own.
func newForkThread(fork forkExecFunc, unshare bool) *forkThread {
	t := &forkThread{forkExec: fork, jobs: make(chan *forkJob), ended: make(chan struct{})}
	elsewhere := make(chan struct{})
	go t.start(unshare, elsewhere)
	<-elsewhere
	return t
}

// start runs the thread on any but the first one: /proc/self is that of the first thread, so it must keep what is the
// program's, and a program can end when its first thread does.
func (t *forkThread) start(unshare bool, elsewhere chan struct{}) {
	runtime.LockOSThread()
	if !onFirstThread() {
		close(elsewhere)
		t.run(unshare)
		return
	}
	go t.start(unshare, elsewhere) // on another thread, as this one is taken until then
	<-elsewhere
	runtime.UnlockOSThread()
}

// run keeps its thread, which dies with the goroutine.
//
// unshare(2) needs no privilege here, but the system call filter of some containers refuses it. Then the umask is set for
// the whole program while a program with a umask of its own is forked, which is what Go offers.
func (t *forkThread) run(unshare bool) {
	defer close(t.ended)
	clearSignalMask()
	t.private = unshare && unshareFS() == nil
	if t.private {
		t.base = syscall.Umask(0)
		syscall.Umask(t.base)
		t.umask = t.base
		t.apart = unshareDescriptors()
	}
	for j := range t.jobs {
		t.guarded(j)
		close(j.done)
	}
}

// guarded does a job. A bug in that is an error of the job: what a thread with descriptors of its own writes to the standard
// error output nobody sees.
func (t *forkThread) guarded(j *forkJob) {
	defer func() {
		if bug := recover(); bug != nil {
			j.pid, j.pidfd, j.err = 0, -1, fmt.Errorf("internal error: %v\n%s", bug, debug.Stack())
		}
	}()
	j.pid, j.pidfd, j.err = t.do(j)
}

// fork starts a process and waits until the new program has taken over, or failed to. pidfd is -1 where there is none.
func (t *forkThread) fork(umask int, path string, args []string, attr *syscall.ProcAttr) (pid, pidfd int, err error) {
	j := &forkJob{umask: umask, path: path, args: args, attr: attr, done: make(chan struct{})}
	t.jobs <- j
	<-j.done
	if j.err == nil && j.pidfd < 0 {
		j.pidfd = pidfdOf(j.pid)
	}
	return j.pid, j.pidfd, j.err
}

// end ends the thread. Nothing may be forked any more.
func (t *forkThread) end() {
	close(t.jobs)
	<-t.ended
}

func (t *forkThread) do(j *forkJob) (pid, pidfd int, err error) {
	if !t.private {
		if j.umask >= 0 {
			defer syscall.Umask(syscall.Umask(j.umask))
		}
		return t.forkExec(j.path, j.args, j.attr)
	}
	want := j.umask
	if want < 0 {
		want = t.base
	}
	if want != t.umask {
		syscall.Umask(want)
		t.umask = want
	}
	followDirectory()
	if t.apart {
		return forkFetching(t.forkExec, j.path, j.args, *j.attr)
	}
	return t.forkExec(j.path, j.args, j.attr)
}
