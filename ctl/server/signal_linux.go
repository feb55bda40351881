package server

import "syscall"

// realTime returns the signals Python gives the C library's names of the first and the last real-time signal.
func realTime(name string) (syscall.Signal, bool) {
	switch name {
	case "RTMIN":
		return 34, true
	case "RTMAX":
		return maxSignal, true
	}
	return 0, false
}
