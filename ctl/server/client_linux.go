package server

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// accountOf is the account of the process at the other end of a unix socket; "" it is not known.
func accountOf(c *net.UnixConn) string {
	raw, err := c.SyscallConn()
	if err != nil {
		return ""
	}
	var peer *unix.Ucred
	_ = raw.Control(func(fd uintptr) { peer, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err != nil || peer == nil {
		return ""
	}
	return fmt.Sprintf("uid %d", peer.Uid)
}
