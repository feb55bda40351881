package events

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/gwaycc/supd/supervisor"
)

// An Event is something that happened, as listeners are told of it. It is frozen when it is made: nothing that happens
// later changes it, and nobody may change its bytes.
type Event struct {
	Type    Type
	Payload []byte // nil: empty
	data    int    // where in Payload the data begins that a program or client chose; len(Payload): nowhere
}

// A Process names the process an event is about. The names go into the payload as they are.
type Process struct {
	Name, Group string
	Pid         int // 0: none
}

// head is the tokens most payloads begin with.
func (p Process) head() []byte {
	return fmt.Appendf(nil, "processname:%s groupname:%s", p.Name, p.Group)
}

func plain(t Type, payload []byte) Event { return Event{t, payload, len(payload)} }

// withData appends a line feed and a copy of data to head.
func withData(t Type, head, data []byte) Event {
	payload := make([]byte, 0, len(head)+1+len(data))
	payload = append(append(append(payload, head...), '\n'), data...)
	return Event{t, payload, len(head) + 1}
}

// StateChanged is the event of a transition of a program. The pid is that of the transition, not that of p.
func StateChanged(p Process, tr supervisor.Transition) Event {
	b := append(p.head(), " from_state:"+tr.From.String()...)
	switch tr.To {
	case supervisor.Starting, supervisor.Backoff:
		b = fmt.Appendf(b, " tries:%d", tr.Tries)
	case supervisor.Running, supervisor.Stopping, supervisor.Stopped:
		b = fmt.Appendf(b, " pid:%d", tr.Pid)
	case supervisor.Exited:
		expected := 0
		if tr.Expected {
			expected = 1
		}
		b = fmt.Appendf(b, " expected:%d pid:%d", expected, tr.Pid)
	}
	return plain(stateTypes[tr.To], b)
}

// StateType is the type of the event of a program that enters a state.
func StateType(s supervisor.State) Type { return stateTypes[s] }

// Channel is one of the two outputs of a program.
type Channel uint8

// The outputs of a program.
const (
	Stdout Channel = iota
	Stderr
)

// String is the channel's name in payloads.
func (c Channel) String() string { return [...]string{"stdout", "stderr"}[c] }

// LogType is the type of Output on c, CommunicationType that of Captured.
func (c Channel) LogType() Type { return [...]Type{ProcessLogStdout, ProcessLogStderr}[c] }

// CommunicationType is the type of Captured on c.
func (c Channel) CommunicationType() Type {
	return [...]Type{ProcessCommunicationStdout, ProcessCommunicationStderr}[c]
}

// Captured is the event of text a program has written between the capture marks.
func Captured(p Process, c Channel, data []byte) Event {
	return withData(c.CommunicationType(), fmt.Appendf(p.head(), " pid:%d", p.Pid), data)
}

// Output is the event of one piece of a program's output.
func Output(p Process, c Channel, data []byte) Event {
	return withData(c.LogType(), fmt.Appendf(p.head(), " pid:%d channel:%s", p.Pid, c), data)
}

// Remote is the event a client has sent.
func Remote(kind, data string) Event {
	return withData(RemoteCommunication, []byte("type:"+kind), []byte(data))
}

// SupervisorRunning is the event of a supervisor that is up.
func SupervisorRunning() Event { return plain(SupervisorStateChangeRunning, nil) }

// SupervisorStopping is the event of a supervisor that goes down or begins a soft restart.
func SupervisorStopping() Event { return plain(SupervisorStateChangeStopping, nil) }

// GroupAdded is the event of a group that has come to be.
func GroupAdded(group string) Event { return groupEvent(ProcessGroupAdded, group) }

// GroupRemoved is the event of a group that is there no longer.
func GroupRemoved(group string) Event { return groupEvent(ProcessGroupRemoved, group) }

// groupEvent ends its payload with a line feed, alone among the payloads of tokens; listeners may count on it.
func groupEvent(t Type, group string) Event { return plain(t, []byte("groupname:"+group+"\n")) }

// readable returns the event with data that is valid UTF-8: what is not is replaced as a whole by
// Undecodable: b'…'.
func (e Event) readable() Event {
	data := e.Payload[e.data:]
	if isUTF8(data) {
		return e
	}
	return withData(e.Type, bytes.TrimSuffix(e.Payload[:e.data], []byte("\n")), []byte(Readable(data)))
}

// Readable is b as text: all of it as it is when it is UTF-8, else Undecodable: b'…' in the notation of Python, as
// listeners and the debug log have it.
func Readable(b []byte) string {
	if isUTF8(b) {
		return string(b)
	}
	return "Undecodable: " + pythonBytes(b)
}

// pythonBytes writes b as Python shows a bytes object.
func pythonBytes(b []byte) string {
	quote := byte('\'')
	if bytes.IndexByte(b, '\'') >= 0 && bytes.IndexByte(b, '"') < 0 {
		quote = '"'
	}
	var s strings.Builder
	s.WriteByte('b')
	s.WriteByte(quote)
	for _, c := range b {
		switch {
		case c == quote || c == '\\':
			s.WriteByte('\\')
			s.WriteByte(c)
		case c == '\t':
			s.WriteString(`\t`)
		case c == '\n':
			s.WriteString(`\n`)
		case c == '\r':
			s.WriteString(`\r`)
		case c < 0x20 || c >= 0x7f:
			s.WriteString(`\x` + strconv.FormatUint(uint64(c)|0x100, 16)[1:])
		default:
			s.WriteByte(c)
		}
	}
	s.WriteByte(quote)
	return s.String()
}
