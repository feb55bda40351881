//go:build unix && !linux

package process

import "golang.org/x/sys/unix"

// readNow reads from a descriptor that does not block.
func readNow(fd int, buf []byte) (int, error) { return unix.Read(fd, buf) }
