package actors

import (
	"syscall"
	"time"

	"github.com/gwaycc/supd/supervisor/process"
)

// osHost starts operating-system processes. Tests of time put a scripted one in its place; everything else is a
// *process.Host.
type osHost interface {
	Start(spec *process.Spec, done func(osProcess, error))
	Close() error
}

// osProcess is a process that was started.
type osProcess interface {
	ID() int          // pid
	Began() time.Time // just before the fork
	Signal(syscall.Signal) error
	SignalGroup(syscall.Signal) error
	Release()                // SignalGroup is not called after the exit any more
	WriteStdin([]byte) error // all or nothing; does not block
}

// realHost is a process.Host as an osHost.
type realHost struct{ *process.Host }

// realProcess is a process.Process as an osProcess.
type realProcess struct{ *process.Process }

func (p realProcess) ID() int          { return p.Process.Pid() }
func (p realProcess) Began() time.Time { return p.Process.StartedAt }

func (h realHost) Start(spec *process.Spec, done func(osProcess, error)) {
	h.Host.Start(spec, func(p *process.Process, err error) {
		if err != nil {
			done(nil, err)
			return
		}
		done(realProcess{p}, nil)
	})
}
