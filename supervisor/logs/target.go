package logs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// A kind says how a log target may be used.
type kind uint8

const (
	// regular is a file with a name of its own: it has a size, and it may be renamed.
	regular kind = iota
	// stream is a pipe, terminal, socket or device, or any file reached through a descriptor of a process
	// (/dev/stdout): no size is asked, nothing is renamed, and a write may block for as long as the reader likes.
	stream
	// null is the null device. It is not kept open.
	null
)

// A target is an open log file.
type target struct {
	file *os.File // nil for null
	kind kind
	size int64 // of a regular file when it was opened
}

// openFlags are those of every log file. O_NOCTTY: a terminal used as a log file must not become the daemon's.
const openFlags = os.O_WRONLY | os.O_APPEND | syscall.O_NOCTTY

// openTarget opens path for appending and creates it with perm, less the umask, if it does not exist.
func openTarget(path string, perm os.FileMode) (target, error) {
	info, err := os.Lstat(path)
	if err == nil && info.Mode().IsRegular() || errors.Is(err, os.ErrNotExist) && !isStandardName(path) {
		return openRegular(path, perm)
	}
	descriptor, viaDescriptor := ownDescriptor(path)
	file, err := openAny(path, perm, descriptor)
	if err != nil {
		return target{}, err
	}
	if info, err = file.Stat(); err != nil {
		file.Close()
		return target{}, err
	}
	switch {
	case isNull(info):
		return target{kind: null}, file.Close()
	case info.Mode().IsRegular() && !viaDescriptor:
		return target{file: file, kind: regular, size: info.Size()}, nil
	}
	return target{file: file, kind: stream}, nil
}

// openRegular opens a regular file, or creates it. os.OpenFile would do it as well, and make five system calls more, in vain: they
// ask whether Go's poller can wait for the file.
func openRegular(path string, perm os.FileMode) (target, error) {
	fd, err := -1, error(unix.EINTR)
	for err == unix.EINTR {
		fd, err = unix.Open(path, openFlags|unix.O_CREAT|unix.O_CLOEXEC, uint32(perm.Perm()))
	}
	if err != nil {
		return target{}, &os.PathError{Op: "open", Path: path, Err: err}
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return target{}, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	t := target{file: os.NewFile(uintptr(fd), path), kind: stream}
	if st.Mode&unix.S_IFMT == unix.S_IFREG { // what it was when it was looked at
		t.kind, t.size = regular, st.Size
	}
	return t, nil
}

// openAny opens path, or, when it names standard output or error, what that descriptor refers to.
func openAny(path string, perm os.FileMode, descriptor int) (*os.File, error) {
	if descriptor != 1 && descriptor != 2 {
		return openByName(path, perm)
	}
	// Opening by name gives a description of our own, which can wait for the reader without holding a thread. It must
	// not be done for a regular file, where it would have a position of its own and overwrite what others write to the
	// same descriptor; it cannot be done for a socket (ENXIO), and not for a terminal of another user (EACCES).
	var st unix.Stat_t
	if err := unix.Fstat(descriptor, &st); err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	if t := st.Mode & unix.S_IFMT; t != unix.S_IFREG && t != unix.S_IFSOCK {
		if file, err := openByName(path, perm); err == nil {
			return file, nil
		}
	}
	fd, err := unix.FcntlInt(uintptr(descriptor), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, &os.PathError{Op: "dup", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// openByName opens path and does not wait for a reader when it is a named pipe.
func openByName(path string, perm os.FileMode) (*os.File, error) {
	if info, err := os.Stat(path); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return os.OpenFile(path, openFlags|os.O_CREATE, perm)
	}
	file, err := os.OpenFile(path, openFlags|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ENXIO) {
		// Nobody reads yet: with a reading end of our own the kernel keeps a pipe's worth until somebody does.
		file, err = os.OpenFile(path, openFlags&^os.O_WRONLY|os.O_RDWR|syscall.O_NONBLOCK, 0)
	}
	return file, err
}

// isStandardName tells whether path is what the standard descriptors are called when /dev is bare or /proc not mounted.
// Without this, a regular file of that name would be created.
func isStandardName(path string) bool {
	switch filepath.Clean(path) {
	case "/dev/stdout", "/dev/stderr":
		return true
	}
	return false
}

var descriptorDir = regexp.MustCompile(`^(?:/dev/fd|/proc/(\d+)/(?:task/\d+/)?fd)$`)

// ownDescriptor follows symbolic links from path, and tells whether they lead to a descriptor of a process, and which one
// it is if the process is this one (otherwise -1).
func ownDescriptor(path string) (descriptor int, viaDescriptor bool) {
	for range 40 { // the kernel's own bound
		switch filepath.Clean(path) {
		case "/dev/stdout":
			return 1, true
		case "/dev/stderr":
			return 2, true
		}
		dir, err := filepath.Abs(filepath.Dir(path))
		if err != nil {
			return -1, false
		}
		dir, err = filepath.EvalSymlinks(dir)
		if err != nil {
			return -1, false
		}
		base := filepath.Base(path)
		if m := descriptorDir.FindStringSubmatch(dir); m != nil {
			n, err := strconv.Atoi(base)
			if err != nil || m[1] != "" && m[1] != strconv.Itoa(os.Getpid()) {
				n = -1
			}
			return n, true
		}
		next, err := os.Readlink(filepath.Join(dir, base))
		if err != nil {
			return -1, false
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(dir, next)
		}
		path = next
	}
	return -1, false
}

// isNull tells whether info is that of the null device, under whatever name.
func isNull(info os.FileInfo) bool {
	if info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	want, err := os.Stat(os.DevNull)
	if err != nil || want.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	a, okA := info.Sys().(*syscall.Stat_t)
	b, okB := want.Sys().(*syscall.Stat_t)
	return okA && okB && a.Rdev == b.Rdev
}

// errNotRegular is returned for reading from a log that keeps nothing.
func errNotRegular(path string) error {
	return fmt.Errorf("cannot read log %s: not a regular file", path)
}
