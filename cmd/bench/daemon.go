//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const stopTimeout = 60 * time.Second

// A daemon is one running peer.
type daemon struct {
	cmd     *exec.Cmd
	place   place
	begun   int64 // monotonic clock just before the fork
	gone    int64 // monotonic clock when it had ended; valid after exited
	failure error // its exit status, nil for 0; valid after exited
	exited  chan struct{}
}

// launches starts commands on one thread that never ends: the signal a daemon gets when its parent dies follows the
// thread that forked it.
var launches = sync.OnceValue(func() chan<- func() {
	requests := make(chan func())
	go func() {
		runtime.LockOSThread()
		for start := range requests {
			start()
		}
	}()
	return requests
})

// startDaemon runs a peer at a task.
func startDaemon(p peer, where place, t task) (*daemon, error) {
	args, err := p.configure(where, t)
	if err != nil {
		return nil, err
	}
	out, err := os.Create(where.path("daemon.out"))
	if err != nil {
		return nil, err
	}
	defer out.Close()
	d := &daemon{cmd: exec.Command(p.program, args...), place: where, exited: make(chan struct{})}
	d.cmd.Stdout, d.cmd.Stderr = out, out
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	started := make(chan error)
	launches() <- func() {
		d.begun = monotonic()
		started <- d.cmd.Start()
	}
	if err := <-started; err != nil {
		return nil, err
	}
	go func() {
		d.failure = d.cmd.Wait()
		d.gone = monotonic()
		close(d.exited)
	}()
	return d, nil
}

func (d *daemon) pid() int { return d.cmd.Process.Pid }

// stop asks the daemon to end and returns how long that took. It must not leave processes behind.
func (d *daemon) stop(ctx context.Context) (time.Duration, error) {
	begun := monotonic()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, fmt.Errorf("cannot be stopped: %w: %s", err, d.lastWords())
	}
	select {
	case <-d.exited:
	case <-time.After(stopTimeout):
		return 0, fmt.Errorf("did not end within %v of SIGTERM", stopTimeout)
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	if strays := sweep(); strays > 0 {
		return 0, fmt.Errorf("left %d processes behind", strays)
	}
	return time.Duration(d.gone - begun), nil
}

// destroy ends the daemon and all it started, whatever state they are in.
func (d *daemon) destroy() {
	d.cmd.Process.Kill()
	<-d.exited
	sweep()
}

// lastWords returns the end of what the daemon wrote, on one line.
func (d *daemon) lastWords() string {
	for _, name := range []string{"daemon.out", "daemon.log"} {
		data, err := os.ReadFile(d.place.path(name))
		if text := strings.TrimSpace(string(data)); err == nil && text != "" {
			lines := strings.Split(text, "\n")
			return strings.Join(lines[max(0, len(lines)-3):], "; ")
		}
	}
	return "it wrote nothing"
}

// adoptStrays makes this process the parent of every descendant whose own parent ends, so that sweep finds it.
func adoptStrays() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("cannot become a subreaper: %w", err)
	}
	return nil
}

// sweep kills and reaps every child of this process and returns how many were alive. No daemon may be running, nor any
// other command of ours.
func sweep() int {
	killed := map[int]bool{}
	for {
		children, err := childrenOf(os.Getpid())
		if err != nil || len(children) == 0 {
			return len(killed)
		}
		for pid, c := range children {
			if c.state != 'Z' && !killed[pid] {
				killed[pid] = true
				unix.Kill(pid, unix.SIGKILL)
			}
			for {
				_, err := unix.Wait4(pid, nil, 0, nil)
				if !errors.Is(err, unix.EINTR) {
					break
				}
			}
		}
	}
}
