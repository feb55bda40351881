package confload

import (
	"fmt"
	"slices"
	"strings"
)

// eventTypes are the names events= knows (compat.md §5.1).
var eventTypes = []string{
	"EVENT",
	"PROCESS_STATE", "PROCESS_STATE_STARTING", "PROCESS_STATE_RUNNING", "PROCESS_STATE_BACKOFF", "PROCESS_STATE_STOPPING",
	"PROCESS_STATE_EXITED", "PROCESS_STATE_STOPPED", "PROCESS_STATE_FATAL", "PROCESS_STATE_UNKNOWN",
	"PROCESS_COMMUNICATION", "PROCESS_COMMUNICATION_STDOUT", "PROCESS_COMMUNICATION_STDERR",
	"PROCESS_LOG", "PROCESS_LOG_STDOUT", "PROCESS_LOG_STDERR",
	"REMOTE_COMMUNICATION",
	"SUPERVISOR_STATE_CHANGE", "SUPERVISOR_STATE_CHANGE_RUNNING", "SUPERVISOR_STATE_CHANGE_STOPPING",
	"TICK", "TICK_5", "TICK_60", "TICK_3600",
	"PROCESS_GROUP", "PROCESS_GROUP_ADDED", "PROCESS_GROUP_REMOVED",
}

// EventTypes returns the names events= knows.
func EventTypes() []string { return slices.Clone(eventTypes) }

// eventsType is the type of events=: each name once, upper case, in the order listed.
var eventsType = valueType[[]string]{
	name: "list of events", allowed: strings.Join(eventTypes, ", "),
	parse: func(l *loader, s string) ([]string, error) {
		names, err := listType.parse(l, s)
		if err != nil {
			return nil, err
		}
		var out []string
		for _, name := range names {
			name = strings.ToUpper(name)
			if !slices.Contains(eventTypes, name) {
				return nil, fmt.Errorf("unknown event type%s", nearestHint(strings.ToUpper(name), eventTypes))
			}
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
		if len(out) == 0 {
			return nil, fmt.Errorf("no event type is named")
		}
		return out, nil
	},
	same: func(a, b []string) bool {
		a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
		return slices.Equal(a, b)
	},
}

var eventLengthType = valueType[EventLength]{
	name: "unit", allowed: "bytes, characters",
	parse: func(_ *loader, s string) (EventLength, error) {
		switch strings.ToLower(s) {
		case "bytes":
			return LengthInBytes, nil
		case "characters":
			return LengthInCharacters, nil
		}
		return 0, errNotAllowed
	},
	same: equal[EventLength],
}

// defaultHandler is the only result handler there is.
const defaultHandler = "supervisor.dispatchers:default_handler"

var handlerType = valueType[string]{
	name: "result handler", allowed: defaultHandler,
	parse: func(_ *loader, s string) (string, error) {
		if s != defaultHandler {
			return "", fmt.Errorf("it cannot be resolved, supd runs no Python code")
		}
		return s, nil
	},
	same: equal[string],
}

// mainFactory is the only RPC interface there is.
const mainFactory = "supervisor.rpcinterface:make_main_rpcinterface"
