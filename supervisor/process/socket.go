package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Socket says how a listening socket is made that processes get as their standard input.
type Socket struct {
	Network string      // "tcp" or "unix"
	Address string      // host:port, or the path of a unix socket
	Backlog int         // how many connections may wait; 0: as many as the system allows
	Mode    fs.FileMode // of a unix socket
	UID     int         // owner of a unix socket; -1: ours
	GID     int         // group of a unix socket; -1: ours
}

// socketTimeout bounds the look-up of the host of a Socket.
const socketTimeout = 10 * time.Second

// Open makes the socket. A unix socket that is there already is replaced, whether or not somebody listens on it, as
// supervisord does (compat.md §10.2); any other file in its place is an error. The caller closes the file, which leaves the
// path of a unix socket behind.
func (s Socket) Open() (*os.File, error) {
	config := net.ListenConfig{}
	if s.Network == "unix" {
		if err := removeSocket(s.Address); err != nil {
			return nil, err
		}
		config.Control = func(_, _ string, c syscall.RawConn) error { // nobody gets in before the owner is set
			return c.Control(func(fd uintptr) { _ = unix.Fchmod(int(fd), 0o700) })
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), socketTimeout)
	defer cancel()
	l, err := config.Listen(ctx, s.Network, s.Address)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
		if err := s.setAccess(); err != nil {
			_ = os.Remove(s.Address)
			return nil, err
		}
	}
	f, err := l.(interface{ File() (*os.File, error) }).File()
	if err == nil && s.Backlog > 0 {
		// Listening once more changes the length of the queue.
		if err = unix.Listen(int(f.Fd()), s.Backlog); err != nil {
			f.Close()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", s.Address, err)
	}
	return f, nil
}

func (s Socket) setAccess() error {
	if s.UID >= 0 || s.GID >= 0 {
		if err := os.Chown(s.Address, s.UID, s.GID); err != nil {
			return err
		}
	}
	return os.Chmod(s.Address, s.Mode.Perm())
}

func removeSocket(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return &os.PathError{Op: "listen", Path: path, Err: errors.New("the file exists and is not a socket")}
	}
	return os.Remove(path)
}
