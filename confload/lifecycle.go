package confload

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// This file has the types of the options about readiness, health, restarts and stops.

// Liveness is the health check of a program.
type Liveness struct {
	Probe            *Probe        // nil: there is none
	InitialDelay     time.Duration // from RUNNING to the first check
	Period           time.Duration // between the begins of two checks
	Timeout          time.Duration // of one check
	SuccessThreshold int           // successes in a row, at least 1
	FailureThreshold int           // failures in a row, at least 1
	OnSuccess        Action
	OnFailure        Action
}

// ActionKind tells what is done when a health check has succeeded or failed so often.
type ActionKind int

// The kinds of actions.
const (
	ActionNone    ActionKind = iota
	ActionRestart            // stop the program and start it again
	ActionStop               // stop the program
	ActionCommand            // run a command
)

// An Action is the value of liveness_check_failure_action and liveness_check_success_action.
type Action struct {
	Kind ActionKind
	Args []string // ActionCommand: the words, as they were written
}

var actionType = valueType[Action]{
	name: "action", allowed: "nothing, restart, stop, or a command",
	parse: func(_ *loader, s string) (Action, error) {
		switch strings.ToLower(strings.TrimFunc(s, isSpace)) {
		case "":
			return Action{}, nil
		case "restart":
			return Action{Kind: ActionRestart}, nil
		case "stop":
			return Action{Kind: ActionStop}, nil
		}
		words, err := SplitCommand(s)
		if err == nil && (len(words) == 0 || words[0] == "") {
			err = errors.New("the command is empty")
		}
		return Action{ActionCommand, words}, err
	},
	same: func(a, b Action) bool { return a.Kind == b.Kind && slices.Equal(a.Args, b.Args) },
}

// ReadyTimeoutAction tells what becomes of a program that is not ready in time.
type ReadyTimeoutAction int

// The values of ready_timeout_action=.
const (
	ReadyTimeoutReport  ReadyTimeoutAction = iota // the log says so
	ReadyTimeoutRestart                           // it is stopped and started again
)

// BackoffKind tells how the wait between failed starts grows.
type BackoffKind int

// The values of backoff=.
const (
	BackoffLinear BackoffKind = iota
	BackoffConstant
	BackoffExponential
)

// Backoff says how long a program that failed to start waits for the next attempt.
type Backoff struct {
	Kind   BackoffKind
	Base   time.Duration
	Cap    *time.Duration // nil: not given
	Jitter float64        // 0 to 1
	Reset  time.Duration
}

// defaultExponentialCap is the longest wait of an exponential backoff that has no backoff_cap.
const defaultExponentialCap = 5 * time.Minute

// Limit is the longest wait; 0: there is none.
func (b *Backoff) Limit() time.Duration {
	switch {
	case b.Cap != nil:
		return *b.Cap
	case b.Kind == BackoffExponential:
		return defaultExponentialCap
	}
	return 0
}

// maxSeconds is the most seconds an option of secondsFrom takes: 30 years.
const maxSeconds = 1e9

// secondsFrom is the type of times in seconds that may have decimals.
func secondsFrom(low float64) valueType[time.Duration] {
	allowed := "a number of seconds, like 5 or 0.5"
	if low > 0 {
		allowed += fmt.Sprintf(", at least %v", low)
	}
	return valueType[time.Duration]{
		name: "seconds", allowed: allowed,
		parse: func(_ *loader, s string) (time.Duration, error) {
			v, err := parseDecimal(s)
			if err == nil && (v < low || v > maxSeconds) {
				err = errors.New("it is out of range")
			}
			return time.Duration(v * float64(time.Second)), err
		},
		same: equal[time.Duration],
	}
}

// parseDecimal reads a number in digits, with a decimal point or without.
func parseDecimal(s string) (float64, error) {
	s = strings.TrimFunc(s, isSpace)
	if s == "" || strings.Trim(s, "0123456789.") != "" {
		return 0, errNotAllowed
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, errNotAllowed
	}
	return v, nil
}

var fractionType = valueType[float64]{
	name: "fraction", allowed: "a number from 0 to 1",
	parse: func(_ *loader, s string) (float64, error) {
		v, err := parseDecimal(s)
		if err == nil && v > 1 {
			err = errors.New("it is out of range")
		}
		return v, err
	},
	same: equal[float64],
}

// stopSignals is the value of stopsignal=.
type stopSignals struct {
	first syscall.Signal
	later []syscall.Signal
}

// maxStopSignals bounds the signals of stopsignal=.
const maxStopSignals = 16

var stopSignalType = valueType[stopSignals]{
	name: "signal", allowed: signalType.allowed + ", or several with spaces or commas between them",
	parse: func(_ *loader, s string) (stopSignals, error) {
		var v stopSignals
		words := strings.FieldsFunc(s, func(r rune) bool { return isSpace(r) || r == ',' })
		if len(words) > maxStopSignals {
			return v, fmt.Errorf("there are more than %d", maxStopSignals)
		}
		if len(words) < 2 { // an empty one has the error of a signal
			sig, err := ParseSignal(strings.Trim(s, ", \t"))
			v.first = sig
			return v, err
		}
		for i, w := range words {
			sig, err := ParseSignal(w)
			if err != nil {
				return v, fmt.Errorf("%s: %w", quoted(w), err)
			}
			if i == 0 {
				v.first = sig
			} else {
				v.later = append(v.later, sig)
			}
		}
		return v, nil
	},
	same: func(a, b stopSignals) bool { return a.first == b.first && slices.Equal(a.later, b.later) },
}

// compiles tells why a text is no regular expression.
func compiles(pattern string) error {
	if _, err := regexp.Compile(pattern); err != nil {
		return fmt.Errorf("the regular expression cannot be used: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return nil
}
