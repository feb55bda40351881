package server

import (
	"context"
	"syscall"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
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

	// SendStdin gives bytes to the standard input of a program: all of them or, with an error, none.
	SendStdin(ctx context.Context, name string, data []byte) error
	// ClearLogs empties the logs of a program that has a process.
	ClearLogs(ctx context.Context, name string) error
	ClearAllLogs(ctx context.Context) ([]actors.Result, error)
	// RemoteEvent tells event listeners; also while the tree shuts down.
	RemoteEvent(ctx context.Context, typ, data string) error

	// Info returns what is known of one program.
	Info(name string) (*actors.Info, bool)
	// Infos returns what is known of all programs, sorted by group, then name, without asking any of them.
	Infos() []*actors.Info
	// Metrics returns what was counted, without asking any program.
	Metrics() actors.Metrics
	// Why returns why the program of a namespec is as it is.
	Why(namespec string) actors.Answer
	// History returns the records after number seq, at most max of them (<= 0: all), and how many are not kept any more.
	History(seq uint64, max int) (records []actors.Record, missed uint64)
	// HistoryAfter returns a channel that is closed when there is a record after number seq.
	HistoryAfter(seq uint64) <-chan struct{}
	// HistoryID is another one when the numbers have begun anew.
	HistoryID() string
	// Groups returns all groups and programs in the order of their start.
	Groups() []actors.GroupInfo
	// Lives returns the last lives of a program that have ended, the last one first.
	Lives(name string) (lives []actors.Life, ok bool)
	// Version grows whenever something has changed that Info, Infos or Groups tell; VersionAfter returns a channel that is closed
	// when it is above v.
	Version() uint64
	VersionAfter(v uint64) <-chan struct{}
	// Done is closed when the tree has ended.
	Done() <-chan struct{}
	// Ping returns when the tree has answered.
	Ping(ctx context.Context) error
	// ConfigInfos returns the programs of the configuration read last, sorted by name.
	ConfigInfos() []actors.ConfigInfo

	// Reread reads the configuration. One that is bad is *actors.Fault CantReread.
	Reread(ctx context.Context) (actors.Changes, error)
	AddGroup(ctx context.Context, name string) error
	RemoveGroup(ctx context.Context, name string) error
	// Update reads the configuration and brings it into effect with the smallest change; nil groups are all.
	Update(ctx context.Context, groups []string) ([]actors.Updated, error)
	// PlanUpdate tells what Update would do with a configuration, PlanStop and PlanKill what a stop or a death would lead to.
	PlanUpdate(to *confload.Config, groups []string) []actors.PlanStep
	PlanStop(name string) ([]actors.PlanStep, error)
	PlanKill(name string) ([]actors.PlanStep, error)
}

// Daemon is what the server needs of the daemon. All methods without a context return at once.
type Daemon interface {
	Identification() string
	// State is 1 RUNNING, 0 RESTARTING or -1 SHUTDOWN (compat.md §3.1).
	State() (code int, name string)
	Pid() int
	// After Shutdown, State is SHUTDOWN. ctx tells who asks (actors.ClientOf).
	Shutdown(ctx context.Context)
	// Restart begins a soft restart when the configuration as it is now can be had; otherwise it is refused with an
	// *actors.Fault CantReread and nothing changes.
	Restart(ctx context.Context) error
	// MainLog is the path of the daemon's own log; "" when it is no file (logfile=syslog).
	MainLog() string
	// ReopenLogs closes and opens the main log and those of all programs.
	ReopenLogs()
	// RunProgram adds a program that no file names and starts it; with save a file for it is written. The results are those of
	// the start. A program that cannot be had, or whose name is taken, is *actors.Fault CantReread, and nothing changes.
	RunProgram(ctx context.Context, run confload.Run, save, wait bool) ([]actors.Result, error)
	// RemoveProgram stops and removes a program that RunProgram has added, and deletes its file.
	RemoveProgram(ctx context.Context, name string) error
	// Scale gives a program another number of processes and brings that into effect. A number that cannot be had is
	// *actors.Fault CantReread, and nothing changes.
	Scale(ctx context.Context, name string, count int) ([]actors.Updated, error)
	// Preview reads a configuration without bringing it into effect: that of a file or, with "", the daemon's own. One that is bad
	// is *actors.Fault CantReread.
	Preview(file string) (*confload.Config, error)
	// NeedsReload names what has changed in the configuration that was read last, and comes into force with a soft restart
	// only, as "[supervisord] loglevel".
	NeedsReload() []string
	// Environ is the environment that programs inherit, as KEY=VALUE.
	Environ() []string
	// SetEnv sets a variable of it, for programs that start from now on.
	SetEnv(ctx context.Context, name, value string) error
	// ClearMainLog replaces it by an empty file.
	ClearMainLog() error
}

var _ Tree = (*actors.Handle)(nil)
