//go:build !linux

package server

import "net"

func accountOf(*net.UnixConn) string { return "" }

// peerOf is not known here: where it is asked for nobody is let in.
func peerOf(*net.UnixConn) (uid int, gids []int, ok bool) { return 0, nil, false }
