//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

const killAfter = 10 * time.Second // from SIGTERM to SIGKILL

// A spawner owns every program's life on one operating-system thread: only it forks, counts and signals.
type spawner struct {
	job      *job
	programs []*program
	ready    chan *program // programs to start: never started, or ended
	null     *os.File
	env      []string
	alive    int
	stopping bool
}

func newSpawner(j *job) (*spawner, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	s := &spawner{job: j, null: null, env: os.Environ(), ready: make(chan *program, j.count)}
	s.programs = make([]*program, j.count)
	for i := range s.programs {
		p := &program{index: i, name: fmt.Sprintf("p_%04d", i)}
		if j.logs != "" {
			p.out, err = openLog(filepath.Join(j.logs, p.name+".log"), j.maxBytes, j.backups)
			if err != nil {
				return nil, err
			}
		}
		s.programs[i] = p
		s.ready <- p
	}
	return s, nil
}

// run starts programs as they become ready until stop says otherwise, and returns when the last one has ended after that.
// A program that cannot be started ends everything.
func (s *spawner) run(stop <-chan os.Signal) error {
	runtime.LockOSThread()
	var kill <-chan time.Time
	for !s.stopping || s.alive > 0 {
		select {
		case <-stop:
			s.stopping = true
			kill = time.After(killAfter)
			s.signal(syscall.SIGTERM)
		case <-kill:
			s.signal(syscall.SIGKILL)
		case p := <-s.ready:
			ended := p.started.Load() != 0
			if ended {
				s.alive--
			}
			if s.stopping || ended && !s.job.restart {
				continue
			}
			if err := s.start(p); err != nil {
				s.signal(syscall.SIGKILL)
				return fmt.Errorf("cannot start %s: %w", p.name, err)
			}
			s.alive++
		}
	}
	return nil
}

// start forks p's process and leaves it to its own goroutines, which send p back to ready when the process has ended.
func (s *spawner) start(p *program) error {
	out, outEnd, err := outputPipe()
	if err != nil {
		return err
	}
	defer syscall.Close(outEnd)
	errs, errsEnd, err := outputPipe()
	if err != nil {
		syscall.Close(out)
		return err
	}
	defer syscall.Close(errsEnd)
	pidfd := -1
	argv := s.job.arguments(p.index)
	pid, err := syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{
		Env:   s.env,
		Files: []uintptr{s.null.Fd(), uintptr(outEnd), uintptr(errsEnd)},
		Sys:   &syscall.SysProcAttr{Setpgid: true, PidFD: &pidfd},
	})
	if err == nil && pidfd < 0 {
		syscall.Kill(pid, syscall.SIGKILL)
		err = fmt.Errorf("the kernel has no pidfd")
	}
	if err != nil {
		syscall.Close(out)
		syscall.Close(errs)
		return err
	}
	syscall.SetNonblock(pidfd, true)
	p.pid.Store(int64(pid))
	p.started.Store(time.Now().Unix())
	go p.watch(os.NewFile(uintptr(pidfd), "pidfd"), os.NewFile(uintptr(out), "stdout"), os.NewFile(uintptr(errs), "stderr"), s.ready)
	return nil
}

func (s *spawner) signal(sig syscall.Signal) {
	for _, p := range s.programs {
		if pid := p.pid.Load(); pid != 0 {
			syscall.Kill(-int(pid), sig)
		}
	}
}

// outputPipe returns a pipe whose end to read does not block.
func outputPipe() (r, w int, err error) {
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_CLOEXEC); err != nil {
		return -1, -1, err
	}
	syscall.SetNonblock(fds[0], true)
	return fds[0], fds[1], nil
}
