//go:build unix && !linux

package process

import (
	"errors"
	"syscall"
)

type pidfdSupport struct{ wait, signal, group bool }

func probePidfd() pidfdSupport              { return pidfdSupport{} }
func pidfdSignal(int, syscall.Signal) error { return syscall.ENOSYS }
func (p *Process) keepPidfd()               {}
func (p *Process) closePidfd()              {}

func (p *Process) groupLeft() bool {
	err := syscall.Kill(-p.pid, 0) // sends nothing
	return err == nil || errors.Is(err, syscall.EPERM)
}

// signalLeft does nothing: there is no way to be sure that the group is still ours.
func (p *Process) signalLeft(syscall.Signal) error { return syscall.ESRCH }
