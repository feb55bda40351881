package events

import (
	"fmt"
	"strings"

	"github.com/gwaycc/supd/supervisor"
)

// Type is the type of an event.
type Type uint8

// The types of events. Those with types below them in the table are only subscribed to, they never occur.
const (
	Any Type = iota // EVENT
	ProcessState
	ProcessStateStarting
	ProcessStateRunning
	ProcessStateBackoff
	ProcessStateStopping
	ProcessStateExited
	ProcessStateStopped
	ProcessStateFatal
	ProcessStateUnknown
	ProcessCommunication
	ProcessCommunicationStdout
	ProcessCommunicationStderr
	ProcessLog
	ProcessLogStdout
	ProcessLogStderr
	RemoteCommunication
	SupervisorStateChange
	SupervisorStateChangeRunning
	SupervisorStateChangeStopping
	Tick
	Tick5
	Tick60
	Tick3600
	ProcessGroup
	ProcessGroupAdded
	ProcessGroupRemoved
)

// A Row describes one type.
type Row struct {
	Type     Type
	Name     string // on the wire and in events=
	Parent   Type   // subscribing to the parent means subscribing to this one; Any is its own parent
	Abstract bool   // it never occurs
	Payload  string // what the payload looks like, for people; "" empty or abstract
}

const (
	stateHead = "processname:P groupname:G from_state:S"
	dataHead  = "processname:P groupname:G pid:N"
)

// Table lists all types in the order of their numbers (compat.md §5.1).
var Table = []Row{
	{Any, "EVENT", Any, true, ""},
	{ProcessState, "PROCESS_STATE", Any, true, ""},
	{ProcessStateStarting, "PROCESS_STATE_STARTING", ProcessState, false, stateHead + " tries:N"},
	{ProcessStateRunning, "PROCESS_STATE_RUNNING", ProcessState, false, stateHead + " pid:N"},
	{ProcessStateBackoff, "PROCESS_STATE_BACKOFF", ProcessState, false, stateHead + " tries:N"},
	{ProcessStateStopping, "PROCESS_STATE_STOPPING", ProcessState, false, stateHead + " pid:N"},
	{ProcessStateExited, "PROCESS_STATE_EXITED", ProcessState, false, stateHead + " expected:0|1 pid:N"},
	{ProcessStateStopped, "PROCESS_STATE_STOPPED", ProcessState, false, stateHead + " pid:N"},
	{ProcessStateFatal, "PROCESS_STATE_FATAL", ProcessState, false, stateHead},
	{ProcessStateUnknown, "PROCESS_STATE_UNKNOWN", ProcessState, false, stateHead},
	{ProcessCommunication, "PROCESS_COMMUNICATION", Any, true, ""},
	{ProcessCommunicationStdout, "PROCESS_COMMUNICATION_STDOUT", ProcessCommunication, false, dataHead + ", LF, data"},
	{ProcessCommunicationStderr, "PROCESS_COMMUNICATION_STDERR", ProcessCommunication, false, dataHead + ", LF, data"},
	{ProcessLog, "PROCESS_LOG", Any, true, ""},
	{ProcessLogStdout, "PROCESS_LOG_STDOUT", ProcessLog, false, dataHead + " channel:stdout, LF, data"},
	{ProcessLogStderr, "PROCESS_LOG_STDERR", ProcessLog, false, dataHead + " channel:stderr, LF, data"},
	{RemoteCommunication, "REMOTE_COMMUNICATION", Any, false, "type:T, LF, data"},
	{SupervisorStateChange, "SUPERVISOR_STATE_CHANGE", Any, true, ""},
	{SupervisorStateChangeRunning, "SUPERVISOR_STATE_CHANGE_RUNNING", SupervisorStateChange, false, ""},
	{SupervisorStateChangeStopping, "SUPERVISOR_STATE_CHANGE_STOPPING", SupervisorStateChange, false, ""},
	{Tick, "TICK", Any, true, ""},
	{Tick5, "TICK_5", Tick, false, "when:EPOCH"},
	{Tick60, "TICK_60", Tick, false, "when:EPOCH"},
	{Tick3600, "TICK_3600", Tick, false, "when:EPOCH"},
	{ProcessGroup, "PROCESS_GROUP", Any, true, ""},
	{ProcessGroupAdded, "PROCESS_GROUP_ADDED", ProcessGroup, false, "groupname:G, LF"},
	{ProcessGroupRemoved, "PROCESS_GROUP_REMOVED", ProcessGroup, false, "groupname:G, LF"},
}

// stateTypes are the types that tell of a program's new state.
var stateTypes = map[supervisor.State]Type{
	supervisor.Stopped: ProcessStateStopped, supervisor.Starting: ProcessStateStarting,
	supervisor.Running: ProcessStateRunning, supervisor.Backoff: ProcessStateBackoff,
	supervisor.Stopping: ProcessStateStopping, supervisor.Exited: ProcessStateExited,
	supervisor.Fatal: ProcessStateFatal, supervisor.Unknown: ProcessStateUnknown,
}

// String is the name of the type on the wire.
func (t Type) String() string {
	if int(t) < len(Table) {
		return Table[t].Name
	}
	return fmt.Sprintf("EVENT_TYPE_%d", uint8(t))
}

// Is tells whether t is of or below.
func (t Type) Is(of Type) bool {
	for t != of && t != Any {
		t = Table[t].Parent
	}
	return t == of
}

// TypeNamed returns the type of a name in any case; false when there is none.
func TypeNamed(name string) (Type, bool) {
	for i := range Table {
		if strings.EqualFold(Table[i].Name, name) {
			return Table[i].Type, true
		}
	}
	return Any, false
}

// A Set is a set of types that occur. The zero value is empty.
type Set uint64

// Subscribe returns the types that occur and are one of the given ones or below them.
func Subscribe(types ...Type) Set {
	var s Set
	for i := range Table {
		row := &Table[i]
		for _, t := range types {
			if !row.Abstract && row.Type.Is(t) {
				s |= 1 << row.Type
			}
		}
	}
	return s
}

// SubscribeNames is Subscribe for the names of events=, in any case. The error names the first unknown one.
func SubscribeNames(names []string) (Set, error) {
	var s Set
	for _, name := range names {
		t, ok := TypeNamed(name)
		if !ok {
			return 0, fmt.Errorf("unknown event type %q", name)
		}
		s |= Subscribe(t)
	}
	return s, nil
}

// Has tells whether t is in s.
func (s Set) Has(t Type) bool { return s&(1<<t) != 0 }
