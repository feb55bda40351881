package server

import (
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// signalAliases are names of signals that x/sys does not know, without SIG.
var signalAliases = map[string]syscall.Signal{
	"IOT": unix.SIGIOT, "CLD": unix.SIGCHLD, "POLL": unix.SIGIO,
}

// maxSignal is the highest number of a signal: 64 on Linux, of which 32 and 33 belong to the C library.
const maxSignal = 64

// parseSignal returns the signal of a name, with or without SIG, in any case, or of a number; 0 only probes.
func parseSignal(s string) (syscall.Signal, bool) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if n, err := strconv.Atoi(s); err == nil {
		return syscall.Signal(n), n >= 0 && n <= maxSignal && n != 32 && n != 33
	}
	s = strings.TrimPrefix(s, "SIG")
	if sig := unix.SignalNum("SIG" + s); sig != 0 {
		return sig, true
	}
	if sig, ok := realTime(s); ok {
		return sig, true
	}
	sig, ok := signalAliases[s]
	return sig, ok
}

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }
