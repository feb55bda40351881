package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/logs"
)

// maxSocketPath is how long the path of a socket may be, in bytes.
const maxSocketPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// errNotASocket is why a file in the place of a socket is left alone.
var errNotASocket = errors.New("the file exists and is not a socket")

// socketFile is the file that leads to a unix socket of ours.
type socketFile struct {
	path  string
	info  fs.FileInfo  // tells it from the socket of somebody else in the same place
	users atomic.Int32 // listeners that are reached by it
}

// inPlace tells whether the path still leads to our socket.
func (f *socketFile) inPlace() bool {
	now, err := os.Lstat(f.path)
	return err == nil && os.SameFile(now, f.info)
}

// release removes the file when its last listener closes, unless it has been replaced by one that is not ours.
func (f *socketFile) release() {
	if f.users.Add(-1) > 0 {
		return
	}
	defer lockFolder(f.path)()
	if f.inPlace() {
		os.Remove(f.path)
	}
}

// How long to wait for another instance that is about to replace a socket in the same folder.
const (
	lockTries = 50
	lockPause = 20 * time.Millisecond
)

// lockFolder keeps other instances of supd from replacing sockets in the folder of path until unlock is called. It gives
// up after a second, and at once where the file system has no locks: anybody may lock a folder such as /tmp for ever.
func lockFolder(path string) (unlock func()) {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return func() {}
	}
	for range lockTries {
		err = unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err != unix.EWOULDBLOCK && err != unix.EINTR {
			break
		}
		time.Sleep(lockPause)
	}
	return func() { dir.Close() }
}

// listenUnix makes a socket that is seen under its path only when it listens and has its mode and owner: it is made with
// mode 0700 beside the path and linked into place. A socket nobody listens on is replaced; one that is in use, and a file
// that is no socket, are left alone (compat.md §2.4).
func listenUnix(s confload.Server, logger hclog.Logger) (*listener, error) {
	if len(s.Path) > maxSocketPath {
		return nil, syscall.ENAMETOOLONG
	}
	defer lockFolder(s.Path)()
	if err := clearSocket(s.Path, logger); err != nil {
		return nil, err
	}
	temp := s.Path + "." + strconv.Itoa(os.Getpid())
	if len(temp) > maxSocketPath {
		temp = filepath.Join(filepath.Dir(s.Path), "."+strconv.Itoa(os.Getpid()))
	}
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	config := net.ListenConfig{Control: makePrivate}
	l, err := config.Listen(context.Background(), "unix", temp)
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	info, err := place(temp, s)
	if err != nil {
		l.Close()
		os.Remove(temp)
		return nil, err
	}
	file := &socketFile{path: s.Path, info: info}
	file.users.Store(1)
	return &listener{Listener: l, file: file}, nil
}

// makePrivate has a socket made for its owner alone. Linux gives the file the mode of the descriptor; elsewhere this does
// nothing and only the umask keeps others out until place has set the mode.
func makePrivate(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) { _ = unix.Fchmod(int(fd), 0o700) })
}

// setAccess sets who may use the socket at path.
func setAccess(path string, s confload.Server) error {
	if s.UID >= 0 || s.GID >= 0 {
		if err := os.Chown(path, max(s.UID, -1), max(s.GID, -1)); err != nil {
			return fmt.Errorf("cannot change its owner: %w", errnoOf(err))
		}
	}
	if err := os.Chmod(path, s.Mode.Perm()); err != nil {
		return fmt.Errorf("cannot change its mode: %w", errnoOf(err))
	}
	return nil
}

// place gives the socket at temp its owner and mode, and moves it to its path.
func place(temp string, s confload.Server) (fs.FileInfo, error) {
	if err := setAccess(temp, s); err != nil {
		return nil, err
	}
	info, err := os.Lstat(temp)
	if err != nil {
		return nil, err
	}
	// A link, unlike a rename, fails when somebody has come first.
	switch err = os.Link(temp, s.Path); {
	case err == nil:
		_ = os.Remove(temp) // a second name does no harm
		return info, nil
	case errors.Is(err, fs.ErrExist):
		return nil, syscall.EADDRINUSE
	}
	// Not every file system has links.
	if err := os.Rename(temp, s.Path); err != nil {
		return nil, errnoOf(err)
	}
	return info, nil
}

// errnoOf drops what os adds to an error: the message names the path already.
func errnoOf(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

// connectTimeout bounds the look whether somebody listens.
const connectTimeout = 2 * time.Second

// clearSocket removes what a dead daemon has left at path. EADDRINUSE: it is not dead.
func clearSocket(path string, logger hclog.Logger) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return errNotASocket
	}
	conn, err := net.DialTimeout("unix", path, connectTimeout)
	if err == nil {
		conn.Close()
		return syscall.EADDRINUSE
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, syscall.ECONNREFUSED):
	default:
		// A full queue, a missing permission, another type of socket: nothing says that it is dead.
		return fmt.Errorf("cannot find out whether it is in use (%w): %w", errnoOf(err), syscall.EADDRINUSE)
	}
	logger.Warn("Unlinking stale socket " + logs.Clean(path))
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
