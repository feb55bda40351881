package actors

import (
	"syscall"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
)

// Info is what is known of one program at one moment. It is immutable: readers may keep it.
type Info struct {
	Program    *confload.Program // its configuration; never nil
	State      supervisor.State
	Start      time.Time         // last spawn attempt; zero: never
	Stop       time.Time         // last time a process was reaped; zero: never
	SpawnErr   string            // why the last attempt failed; "" none
	ExitStatus int               // of the last recorded exit; -1 death by signal
	ExitSignal syscall.Signal    // that ended the last process; 0: none
	Pid        int               // 0: no process; of a worker a number above all pids
	Life       uint64            // number of the last attempt to start it; 0: there was none
	StdoutLog  string            // path of the stdout log, "memory" (see Stdout), "" none
	StderrLog  string            // path of the stderr log, "memory" (see Stderr), "" none or redirected
	Reason     supervisor.Reason // why it is in this state
	Expected   bool              // Exited: the status is one of exitcodes
	ByGroup    bool              // its group decides what becomes of it when it fails
	Wanted     bool              // it is down, or on its way down, and will be started without anybody asking for it
	Ready      bool              // RUNNING, and as ready and healthy as its configuration asks
	Unhealthy  bool              // its health check has failed too often
	Overdue    bool              // it was not ready in time
	ReadyText  string            // RUNNING: "not ready", "unhealthy"; "" otherwise
	StatusText string            // what is wrong with it, or what it says of itself (STATUS= of sd_notify); "" nothing
	WaitsFor   string            // what it depends on and is not up, while it is to be started; "" it does not wait
	Failures   int               // failed starts in a row
	NextRun    time.Time         // when cron= starts it next; zero: it does not
	CleaningUp bool              // its post_stop_hook is going on
	Until      time.Time         // when it is tried again, in BACKOFF or during restartpause; zero: it does not wait for a time
	Counts     Counts

	memory  [2]*logs.Memory // logs in memory, by channel; nil none
	settled bool            // those that come after it in its group need not wait for it
	lent    bool            // its group has it down, or was told that it has failed
}

// Stdout is the log of standard output, nil when nothing is kept of it.
func (i *Info) Stdout() logs.Log { return logOf(i.StdoutLog, i.memory[0]) }

// Stderr is the log of standard error, nil when nothing is kept of it or it goes where standard output goes.
func (i *Info) Stderr() logs.Log { return logOf(i.StderrLog, i.memory[1]) }

func logOf(path string, memory *logs.Memory) logs.Log {
	switch {
	case memory != nil:
		return memory
	case path != "":
		return logs.At(path)
	}
	return nil
}

// isOver tells whether the program is down and nothing is done for it any more.
func (i *Info) isOver() bool { return i.State.IsDown() && !i.CleaningUp }

// Result is the outcome for one program of a command on many.
type Result struct {
	Name, Group string
	Status      FaultCode // Success or the code of the fault
	Description string    // "OK" or the text of the fault
}

// Changes is what a reread found, as group names: Added and Changed in the new start order, Removed in the old one.
type Changes struct {
	Added, Changed, Removed []string
}

// ConfigInfo is one program of the configuration read last.
type ConfigInfo struct {
	Program       *confload.Program
	GroupPriority int
	InUse         bool // its group is active
}
