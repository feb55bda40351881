//go:build !linux

package server

import "syscall"

func realTime(string) (syscall.Signal, bool) { return 0, false }
