//go:build !linux

package server

import "golang.org/x/sys/unix"

// duplicateTo makes a descriptor another one for what from stands for.
func duplicateTo(from, to int) error {
	err := unix.Dup2(from, to)
	if err == nil {
		unix.CloseOnExec(to)
	}
	return err
}
