package process

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pidfdSupport is what this kernel (and the system call filter of the container) lets us do with a pidfd.
type pidfdSupport struct {
	wait   bool // waitid(P_PIDFD), Linux 5.4
	signal bool // pidfd_send_signal, Linux 5.1
	group  bool // pidfd_send_signal to the process group, Linux 6.9
}

// probePidfd asks on a pidfd of our own.
func probePidfd() (s pidfdSupport) {
	fd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return s
	}
	defer unix.Close(fd)
	// We are not our own child, which only a kernel that knows P_PIDFD finds out.
	s.wait = errors.Is(unix.Waitid(unix.P_PIDFD, fd, nil, unix.WEXITED|unix.WNOHANG, nil), syscall.ECHILD)
	s.signal = unix.PidfdSendSignal(fd, 0, nil, 0) == nil
	// EINVAL: the flag is not known. ESRCH or EPERM is an answer about the group.
	err = unix.PidfdSendSignal(fd, 0, nil, unix.PIDFD_SIGNAL_PROCESS_GROUP)
	s.group = s.wait && s.signal && (err == nil || errors.Is(err, syscall.ESRCH) || errors.Is(err, syscall.EPERM))
	return s
}

func pidfdSignal(fd int, sig syscall.Signal) error { return unix.PidfdSendSignal(fd, sig, nil, 0) }

// siginfo is the kernel's siginfo_t of a child, as 64-bit kernels lay it out.
type siginfo struct {
	signo, errno, code int32
	_                  int32
	pid, uid, status   int32
	_                  [100]byte
}

// What siginfo.code says of a child that has ended.
const (
	cldExited = 1
	cldKilled = 2
	cldDumped = 3
)

// pollPidfd takes the status if the process has ended. It does not wait.
func (p *Process) pollPidfd() (Exit, bool) {
	var info siginfo
	var usage unix.Rusage
	for {
		err := unix.Waitid(unix.P_PIDFD, p.pidfd, (*unix.Siginfo)(unsafe.Pointer(&info)), unix.WEXITED|unix.WNOHANG, &usage)
		if err == nil {
			break
		}
		if err != syscall.EINTR {
			return Exit{Code: -1, Err: os.NewSyscallError("waitid", err)}, true
		}
	}
	if info.pid == 0 {
		return Exit{}, false
	}
	status := uint32(info.status) & 0x7f
	switch info.code {
	case cldExited:
		status = uint32(info.status) & 0xff << 8
	case cldDumped:
		status |= 0x80
	}
	e := exitOf(status)
	e.Rusage = *(*syscall.Rusage)(unsafe.Pointer(&usage)) // the same struct in two packages
	return e, true
}

// groupLeft tells, right after the leader was reaped, whether its group has members.
func (p *Process) groupLeft() bool {
	if p.pidfd >= 0 && p.host.pidfd.group {
		err := unix.PidfdSendSignal(p.pidfd, 0, nil, unix.PIDFD_SIGNAL_PROCESS_GROUP)
		return err == nil || errors.Is(err, syscall.EPERM)
	}
	err := syscall.Kill(-p.pid, 0) // sends nothing
	return err == nil || errors.Is(err, syscall.EPERM)
}

// signalLeft signals the members of the group of a reaped leader.
func (p *Process) signalLeft(sig syscall.Signal) error {
	if p.pidfd >= 0 {
		return unix.PidfdSendSignal(p.pidfd, sig, nil, unix.PIDFD_SIGNAL_PROCESS_GROUP)
	}
	if !p.hasOldMember() {
		return syscall.ESRCH
	}
	return syscall.Kill(-p.pid, sig)
}

// keepPidfd keeps the descriptor of a reaped leader for SignalGroup, until the group is found empty or nobody has the
// Process any more.
func (p *Process) keepPidfd() {
	p.kept = runtime.AddCleanup(p, func(fd int) { unix.Close(fd) }, p.pidfd)
}

func (p *Process) closePidfd() {
	if p.pidfd < 0 {
		return
	}
	p.kept.Stop()
	unix.Close(p.pidfd)
	p.pidfd = -1
}
