package process

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// A NotifySocket is where one life of one program says how it is, by the protocol of sd_notify. It is a datagram socket
// with a name in the abstract namespace: nothing is left behind in the file system, and a program that runs as another
// user reaches it as well. The name is no secret, so the kernel is asked who has sent a message.
type NotifySocket struct {
	conn *net.UnixConn
	name string
}

// ListenNotify makes the socket.
func ListenNotify() (*NotifySocket, error) {
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, err
	}
	name := fmt.Sprintf("@supd-notify-%d-%s", os.Getpid(), hex.EncodeToString(random[:]))
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	raw, err := conn.SyscallConn()
	if err == nil {
		cerr := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PASSCRED, 1) })
		if err == nil {
			err = cerr
		}
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &NotifySocket{conn, name}, nil
}

// Name is the value of NOTIFY_SOCKET.
func (n *NotifySocket) Name() string { return n.name }

// Close ends Serve.
func (n *NotifySocket) Close() error { return n.conn.Close() }

// Serve takes messages until Close. A message is the program's when it comes from the process leader, from its process
// group, or from one that descends from it. A sender that has ended before it could be looked at cannot be placed any more:
// it is believed when it ran as the program's user, uid.
//
// Descriptors that come with a message are closed when it was handled. This is what a sender waits for that has to be alive
// until then (BARRIER=1, as systemd-notify does).
func (n *NotifySocket) Serve(leader int, uid uint32, h NotifyHandler) {
	buf := make([]byte, maxNotifyMessage+1)
	oob := make([]byte, unix.CmsgSpace(unix.SizeofUcred)+unix.CmsgSpace(4*maxPassed))
	for {
		size, oobSize, flags, _, err := n.conn.ReadMsgUnix(buf, oob)
		if err != nil {
			return // closed; a datagram socket that nobody is connected to has no other errors that stay
		}
		from, passed := readControl(oob[:oobSize])
		switch {
		case from == nil || flags&unix.MSG_TRUNC != 0 || size > maxNotifyMessage:
		case belongs(leader, uid, from):
			h.Told(string(buf[:size]))
		default:
			h.Refused(int(from.Pid))
		}
		for _, fd := range passed {
			unix.Close(fd)
		}
	}
}

// maxPassed is how many descriptors the kernel passes with one message at most.
const maxPassed = 253

// readControl returns who has sent a message, nil when that is not known, and the descriptors that came with it.
func readControl(oob []byte) (from *unix.Ucred, passed []int) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, nil
	}
	for i := range messages {
		m := &messages[i]
		if m.Header.Level != unix.SOL_SOCKET {
			continue
		}
		switch m.Header.Type {
		case unix.SCM_CREDENTIALS:
			if c, err := unix.ParseUnixCredentials(m); err == nil {
				from = c
			}
		case unix.SCM_RIGHTS:
			if fds, err := unix.ParseUnixRights(m); err == nil {
				passed = append(passed, fds...)
			}
		}
	}
	return from, passed
}

// maxAncestors bounds the way from a process to the program it descends from.
const maxAncestors = 64

func belongs(leader int, uid uint32, from *unix.Ucred) bool {
	pid := int(from.Pid)
	for range maxAncestors {
		if pid == leader {
			return true
		}
		st, ok := readStat(pid, make([]byte, statSize))
		if !ok {
			return pid == int(from.Pid) && from.Uid == uid
		}
		if st.pgrp == leader {
			return true
		}
		if pid = st.ppid; pid <= 1 {
			break
		}
	}
	return false
}
