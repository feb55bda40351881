package process

import (
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// An Exit is the end of a process.
type Exit struct {
	Code      int            // exit status; -1 when a signal ended it or the status is not known
	Signal    syscall.Signal // what ended it; 0: it exited
	Core      bool           // it dumped core
	Status    uint32         // raw wait status
	At        time.Time      // when it was reaped
	Rusage    syscall.Rusage // of the process and the children it waited for
	GroupLeft bool           // its process group still had members: it left processes behind
	Err       error          // the status could not be had, because somebody else in this program took it
}

// MaxRSS is the most memory in bytes that the process, or one of the children it waited for, held at a time. It is no less than
// what this program held when it made the process, which had that before it became another program.
func (e *Exit) MaxRSS() int64 { return int64(e.Rusage.Maxrss) * maxRSSUnit }

// exitOf reads a raw wait status.
func exitOf(status uint32) Exit {
	ws := syscall.WaitStatus(status)
	e := Exit{Code: -1, Status: status}
	switch {
	case ws.Exited():
		e.Code = ws.ExitStatus()
	case ws.Signaled():
		e.Signal = ws.Signal()
		e.Core = ws.CoreDump()
	}
	return e
}

// Describe says how a process ended, as supervisord's log does: "exit status 0", "terminated by SIGSEGV (core dumped)",
// "unknown termination cause 0x137f".
func Describe(e Exit) string {
	switch {
	case e.Err != nil:
		return "unknown exit status (" + e.Err.Error() + ")"
	case e.Signal != 0 && e.Core:
		return "terminated by " + SignalName(e.Signal) + " (core dumped)"
	case e.Signal != 0:
		return "terminated by " + SignalName(e.Signal)
	case e.Code >= 0:
		return fmt.Sprintf("exit status %d", e.Code)
	}
	return fmt.Sprintf("unknown termination cause 0x%04x", e.Status)
}

// DescribeStatus is Describe for a raw wait status, as ReapOrphans reports it.
func DescribeStatus(status uint32) string { return Describe(exitOf(status)) }

// SignalName is the name Python's signal module, and so supervisord, gives a signal on this platform ("SIGTERM"; 29 is
// SIGPOLL on Linux); "signal 40" when it has none.
func SignalName(sig syscall.Signal) string {
	if s, ok := pythonNames[sig]; ok {
		return s
	}
	if s := unix.SignalName(sig); s != "" {
		return s
	}
	return fmt.Sprintf("signal %d", int(sig))
}
