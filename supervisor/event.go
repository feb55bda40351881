package supervisor

import "time"

// An Event is a fact or a request that one program's machine is told of. Facts about a process carry the number of the
// life they speak of; a fact about an earlier life is dropped. A Cause is the number of the record (see Program.Last) of what
// has led to the event; 0 nothing that was recorded.
type Event interface{ event() }

type (
	// StartRequested asks for the program to be up. It resets the count of failed starts when By is an administrator. One that is
	// FATAL waits in BACKOFF first when By is its group.
	StartRequested struct {
		By    Origin
		Cause uint64
	}
	// StopRequested asks for the program to be down.
	StopRequested struct {
		By    Origin
		Cause uint64
		Owed  bool // it is down, or on its way down, for the sake of its group, which would start it again otherwise
	}
	// HoldRequested says that the supervisor is going down: nothing is started from now on (compat.md §3.2, last line).
	HoldRequested struct{}
	// NeedsChanged says what the program depends on and is not up now, in words; "" when it lacks nothing. Lost is what of that
	// has been up before: what a program has come to depend on while it runs is no loss. It is told on every change of what it
	// depends on, and before the first start.
	NeedsChanged struct {
		Lacks, Lost string
		Cause       uint64
	}
	// Spawned says that the process of a life exists.
	Spawned struct {
		Life uint64
		Pid  int
	}
	// SpawnFailed says that no process came to be. Text is one of compat.md §3.5.
	SpawnFailed struct {
		Life uint64
		Text string
	}
	// ProcessExited says that the process of a life has ended and that its output was read to the end. Cause is that of a
	// signal which somebody sent and which has ended it.
	ProcessExited struct {
		Life  uint64
		Exit  Exit
		Cause uint64
	}
	// TimerFired says that the time asked for by an Arm effect has passed.
	TimerFired struct {
		Life  uint64
		Timer Timer
	}
	// KillFailed says that the operating system refused a Signal effect for another reason than that the process is gone.
	KillFailed struct {
		Life uint64
		Text string
	}
	// ReadinessChanged says that the readiness check of a life was met, or that the program takes that back.
	ReadinessChanged struct {
		Life  uint64
		Ready bool
		Why   string // how this is known, in words
	}
	// StatusTold says what a program says of itself.
	StatusTold struct {
		Life uint64
		Text string
	}
	// WatchdogFed says that a program has reported, which it must do regularly if its policy has a watchdog.
	WatchdogFed struct{ Life uint64 }
	// Checked is the result of one health check. Wrong says what was found wrong; "" nothing.
	Checked struct {
		Life  uint64
		Wrong string
	}
	// Triggered says that files have changed.
	Triggered struct {
		Trigger Trigger
		What    string // which, in words
		Known   bool   // the program was started after that, so that only a command has still something to do
	}
	// Due says that the schedule of the program has come. What is the time it was due, in words.
	Due struct{ What string }
	// HookEnded answers a RunHook effect: the hook has ended, by itself or because it had to. Wrong says what was wrong; "" nothing.
	HookEnded struct {
		Life  uint64
		Hook  Hook
		Wrong string
	}
	// PolicyChanged says that the policy was From until now. Ran is how long the present process has been there; 0: there is none.
	PolicyChanged struct {
		From  *Policy
		Ran   time.Duration
		Stale bool   // a process that is there was started with options that do not count any more
		Cause uint64 // of Stale
	}
	// MemoryUsed says how much memory the process of a life and its descendants use, in bytes.
	MemoryUsed struct {
		Life  uint64
		Bytes int64
	}
)

func (StartRequested) event()   {}
func (StopRequested) event()    {}
func (HoldRequested) event()    {}
func (NeedsChanged) event()     {}
func (Spawned) event()          {}
func (SpawnFailed) event()      {}
func (ProcessExited) event()    {}
func (TimerFired) event()       {}
func (KillFailed) event()       {}
func (ReadinessChanged) event() {}
func (StatusTold) event()       {}
func (WatchdogFed) event()      {}
func (Checked) event()          {}
func (Triggered) event()        {}
func (Due) event()              {}
func (HookEnded) event()        {}
func (PolicyChanged) event()    {}
func (MemoryUsed) event()       {}

// An Exit is how a process ended.
type Exit struct {
	Code int           // exit status; -1 when a signal ended it
	Text string        // "exit status 0", "terminated by SIGTERM"
	Ran  time.Duration // from just before the fork to the end; >= 0
	Why  string        // what the child could not do to become the program; "" when it became it
}

// Origin tells who asked.
type Origin int

// The origins of a request.
const (
	ByAdministrator Origin = iota // a person or a client
	ByAutostart                   // autostart=true when the group came to be
	ByShutdown                    // the supervisor goes down
	ByGroup                       // the strategy of the group
	ByDependant                   // a program that depends on it is to start
	ByLoss                        // something it depends on is not up any more
	ByHealth                      // its health checks, or its watchdog
	ByReadiness                   // it was not ready in time
	ByFiles                       // files of its have changed
	ByMemory                      // it uses too much memory
	ByUpdate                      // its options have changed
)

var originTexts = [...]string{"an administrator", "autostart", "shutdown of the supervisor", "the strategy of its group",
	"a program that depends on it", "the loss of what it depends on", "its health check", "its readiness check", "a change of its files",
	"the limit of its memory", "an update of its configuration"}

// String is the origin in the words of a Reason.
func (o Origin) String() string { return originTexts[o] }

// Timer names what a program is waiting for. At most one timer of each Slot runs per program.
type Timer int

// The timers of a program.
const (
	StartTimer    Timer = iota // startsecs
	BackoffTimer               // the wait before the next attempt
	StopTimer                  // stopwaitsecs
	PauseTimer                 // restartpause
	ReadyTimer                 // ready_timeout
	WatchdogTimer              // watchdog_secs
)

var timerNames = [...]string{"start", "backoff", "stop", "pause", "ready", "watchdog"}

// String is the name of the timer in transcripts.
func (t Timer) String() string { return timerNames[t] }

// Slot tells which timers replace each other: those that carry the program from state to state have slot 0, each of the
// others has one of its own, below TimerSlots.
func (t Timer) Slot() int {
	switch t {
	case ReadyTimer:
		return 1
	case WatchdogTimer:
		return 2
	}
	return 0
}

// TimerSlots is how many slots there are.
const TimerSlots = 3

// An Effect is something the machine wants done. Effects are to be carried out in the order in which they are returned.
type Effect interface{ effect() }

type (
	// Spawn asks for a process; the answer is Spawned, SpawnFailed or ProcessExited with the same Life.
	Spawn struct{ Life uint64 }
	// Signal asks for a signal to the process, or to its process group.
	Signal struct {
		Kill  bool // SIGKILL; otherwise a stop signal of the program
		Group bool
		Nth   int // which of the stop signals, from 0
	}
	// Arm starts a timer of the program, replacing the one of the same slot.
	Arm struct {
		Life  uint64
		Timer Timer
		After time.Duration
	}
	// Disarm stops the timer of slot 0.
	Disarm struct{}
	// RunAction asks for the command of a change of health.
	RunAction struct {
		Life   uint64
		Failed bool   // the command for failure; otherwise the one for success
		Reason Reason // what has happened
		Count  int    // of checks in a row with this result
	}
	// RunCommand asks for the command of a trigger.
	RunCommand struct {
		Trigger Trigger
		Reason  Reason // what has happened
	}
	// SendSignal asks for the signal of a trigger to the process.
	SendSignal struct {
		Trigger Trigger
		Reason  Reason // what has happened
	}
	// RunHook asks for a hook; the answer is HookEnded with the same Life and Hook.
	RunHook struct {
		Hook   Hook
		Life   uint64
		Pid    int    // of the process; 0: there is none
		Ended  Ended  // the process of this life that has ended
		Reason Reason // why the program is in its state
	}
	// EndHook asks for the end of a hook that is going on.
	EndHook struct{ Hook Hook }
	// Transition says that the state has changed.
	Transition struct {
		From, To State
		Life     uint64
		Pid      int  // of the process it concerns; 0 none
		Tries    int  // To Starting: failed attempts before; To Backoff: failed attempts so far
		Expected bool // To Exited: the status was one of exitcodes
		Reason   Reason
		Cause    uint64 // number of the record that has led to it; CauseBefore: see there; 0: it came from outside
	}
	// Note says that something was decided that is worth remembering and does not change the state by itself.
	Note struct {
		Life    uint64
		Reason  Reason
		Cause   uint64 // as in Transition
		Decides bool   // the next transition comes of it, see Program.Last
	}
	// Escalate says that the program has failed for good as far as its own policy goes, or was stopped for something that is a
	// failure: what becomes of it is up to its group. Only programs whose policy says so do that.
	Escalate struct{ Reason Reason }
	// Log is one line for the main log, in supervisord's words (compat.md §7.1).
	Log struct {
		Level Level
		Text  string
	}
)

func (Spawn) effect()      {}
func (Signal) effect()     {}
func (Arm) effect()        {}
func (Disarm) effect()     {}
func (RunAction) effect()  {}
func (RunCommand) effect() {}
func (SendSignal) effect() {}
func (RunHook) effect()    {}
func (EndHook) effect()    {}
func (Transition) effect() {}
func (Note) effect()       {}
func (Escalate) effect()   {}
func (Log) effect()        {}

// Level is the level of a Log effect.
type Level int

// The levels of Log effects.
const (
	Debug Level = iota
	Info
	Warn
	Error
	Critical
)

var levelNames = [...]string{"DEBG", "INFO", "WARN", "ERRO", "CRIT"}

// String is the code of the level in the main log.
func (l Level) String() string { return levelNames[l] }
