package server

import (
	"context"
	"syscall"

	"github.com/gwaycc/supd/actors"
)

// Tree is what the server needs of the supervision tree. A name is "name" or "group:name". Errors are *actors.Fault, with
// the name as the client typed it in Extra; any other error is told as fault 30, FAILED. A ctx that ends only ends the
// waiting, never what was begun. All methods may be called by any number of goroutines at once.
type Tree interface {
	Start(ctx context.Context, name string, wait bool) error
	StartGroup(ctx context.Context, group string, wait bool) ([]actors.Result, error)
	StartAll(ctx context.Context, wait bool) ([]actors.Result, error)
	Stop(ctx context.Context, name string, wait bool) error
	StopGroup(ctx context.Context, group string, wait bool) ([]actors.Result, error)
	StopAll(ctx context.Context, wait bool) ([]actors.Result, error)
	Signal(ctx context.Context, name string, sig syscall.Signal) error
	SignalGroup(ctx context.Context, group string, sig syscall.Signal) ([]actors.Result, error)
	SignalAll(ctx context.Context, sig syscall.Signal) ([]actors.Result, error)
	// ClearLogs empties the log files of a program that has a process.
	ClearLogs(ctx context.Context, name string) error

	// Info returns what is known of one program.
	Info(name string) (*actors.Info, bool)
	// Infos returns what is known of all programs, sorted by group, then name, without asking any of them.
	Infos() []*actors.Info
	// ConfigInfos returns the programs of the configuration read last, sorted by name.
	ConfigInfos() []actors.ConfigInfo

	// Reread reads the configuration. One that is bad is *actors.Fault CantReread.
	Reread(ctx context.Context) (actors.Changes, error)
	AddGroup(ctx context.Context, name string) error
	RemoveGroup(ctx context.Context, name string) error
}

// Daemon is what the server needs of the daemon. All methods return at once.
type Daemon interface {
	Identification() string
	// State is 1 RUNNING, 0 RESTARTING or -1 SHUTDOWN (compat.md §3.1).
	State() (code int, name string)
	Pid() int
	// MainLogPath is the file of the daemon's own log, "" if there is none.
	MainLogPath() string
	Shutdown()
	Restart()
}

var _ Tree = (*actors.Handle)(nil)
