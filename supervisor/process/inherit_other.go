//go:build unix && !linux

package process

import (
	"errors"

	"golang.org/x/sys/unix"
)

func closeRange() error { return errors.ErrUnsupported }
func adopt() error      { return errors.ErrUnsupported }

func setLimit(resource int, lim *unix.Rlimit) error { return unix.Setrlimit(resource, lim) }
