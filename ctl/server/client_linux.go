package server

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// credentialsOf are those of the process at the other end of a unix socket when it connected; nil: they are not known.
func credentialsOf(c *net.UnixConn) *unix.Ucred {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	var peer *unix.Ucred
	_ = raw.Control(func(fd uintptr) { peer, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err != nil {
		return nil
	}
	return peer
}

// accountOf is the account of the process at the other end of a unix socket; "" it is not known.
func accountOf(c *net.UnixConn) string {
	peer := credentialsOf(c)
	if peer == nil {
		return ""
	}
	return fmt.Sprintf("uid %d", peer.Uid)
}

// peerOf is the account and the groups of the process at the other end of a unix socket. Its further groups are known while it is there.
func peerOf(c *net.UnixConn) (uid int, gids []int, ok bool) {
	peer := credentialsOf(c)
	if peer == nil {
		return 0, nil, false
	}
	gids = []int{int(peer.Gid)}
	status, _ := os.ReadFile("/proc/" + strconv.Itoa(int(peer.Pid)) + "/status")
	if strings.Contains(string(status), fmt.Sprintf("\nUid:\t%d\t%[1]d\t", peer.Uid)) { // and not somebody who has got its number since
		for line := range strings.Lines(string(status)) {
			if groups, is := strings.CutPrefix(line, "Groups:"); is {
				for word := range strings.FieldsSeq(groups) {
					if gid, err := strconv.Atoi(word); err == nil {
						gids = append(gids, gid)
					}
				}
			}
		}
	}
	return int(peer.Uid), gids, true
}
