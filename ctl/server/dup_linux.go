package server

import "golang.org/x/sys/unix"

// duplicateTo makes a descriptor another one for what from stands for.
func duplicateTo(from, to int) error { return unix.Dup3(from, to, unix.O_CLOEXEC) }
