//go:build !linux

package process

import "syscall"

const shimSupported = false

func socketPair() (fds [2]int, err error) { return fds, syscall.ENOSYS }

// RunShim is for Linux only: elsewhere it returns an exit status at once.
func RunShim([]string) int { return 127 }
