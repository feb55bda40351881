package confload

import (
	"errors"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// signalAliases are names of signals that go by another name in the platform's list.
var signalAliases = map[string]string{"SIGCLD": "SIGCHLD", "SIGPOLL": "SIGIO", "SIGIOT": "SIGABRT"}

// Real-time signals with names of their own (Linux).
const (
	sigRTMin = syscall.Signal(34)
	sigRTMax = syscall.Signal(64)
)

var signalType = valueType[syscall.Signal]{
	name: "signal", allowed: "a signal's name with or without SIG, or its number",
	parse: func(_ *loader, s string) (syscall.Signal, error) { return ParseSignal(s) },
	same:  equal[syscall.Signal],
}

var errSignalName = errors.New("there is no such signal name")
var errSignalNumber = errors.New("there is no such signal number")

// ParseSignal reads a signal as stopsignal= and the signal commands of clients know it: a name with or without SIG in
// any case, RTMIN, RTMAX, or a number of this platform. 0 is allowed; it asks whether a process can be signalled.
func ParseSignal(s string) (syscall.Signal, error) {
	if n, err := parseInt(s, 10); err == nil {
		sig := syscall.Signal(n)
		switch {
		case n < 0 || n > 64:
		case n <= 2, unix.SignalName(sig) != "", isRealTime(sig):
			return sig, nil
		}
		return 0, errSignalNumber
	}
	name := strings.ToUpper(strings.TrimFunc(s, isSpace))
	if !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	if other := signalAliases[name]; other != "" {
		name = other
	}
	if runtime.GOOS == "linux" {
		switch name {
		case "SIGRTMIN":
			return sigRTMin, nil
		case "SIGRTMAX":
			return sigRTMax, nil
		}
	}
	if sig := unix.SignalNum(name); sig != 0 {
		return sig, nil
	}
	return 0, errSignalName
}

func isRealTime(s syscall.Signal) bool {
	return runtime.GOOS == "linux" && (s == sigRTMin || s == sigRTMax)
}
