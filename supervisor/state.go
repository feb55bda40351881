package supervisor

import "strconv"

// State is the state of one program. The numbers are those of the XML-RPC interface (compat.md §3.1).
type State int

// The states of a program.
const (
	Stopped  State = 0
	Starting State = 10
	Running  State = 20
	Backoff  State = 30
	Stopping State = 40
	Exited   State = 100
	Fatal    State = 200
	Unknown  State = 1000
)

// States lists all states in the order of their numbers.
var States = []State{Stopped, Starting, Running, Backoff, Stopping, Exited, Fatal, Unknown}

var stateNames = map[State]string{
	Stopped: "STOPPED", Starting: "STARTING", Running: "RUNNING", Backoff: "BACKOFF",
	Stopping: "STOPPING", Exited: "EXITED", Fatal: "FATAL", Unknown: "UNKNOWN",
}

// String is the name of the state on the wire, in events and on the screen.
func (s State) String() string {
	if n, ok := stateNames[s]; ok {
		return n
	}
	return "STATE_" + strconv.Itoa(int(s))
}

// IsUp tells whether s is in supervisord's class of running states: what start refuses and stop accepts.
func (s State) IsUp() bool { return s == Starting || s == Running || s == Backoff }

// IsDown tells whether s is in supervisord's class of stopped states: what removing a group asks for and what a waited
// stop waits for.
func (s State) IsDown() bool { return s == Stopped || s == Exited || s == Fatal || s == Unknown }

// IsSignallable tells whether a signal request is accepted in s.
func (s State) IsSignallable() bool { return s == Starting || s == Running || s == Stopping }

// A Reason says why a decision was made. The same Reason reaches the log, the event and the screen.
type Reason struct {
	Code string // stable word for machines: "exited-too-quickly"
	Text string // one line for people
}
