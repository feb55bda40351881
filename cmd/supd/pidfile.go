package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// pidFile is a locked file that holds our process id. The lock ends with the process, whatever kills it; a file that a
// dead daemon left behind is taken over.
type pidFile struct {
	path    string
	file    *os.File
	created bool
	written bool
}

// errLocked is the error of a pidfile that another daemon holds.
type errLocked struct{ path, pid string }

func (e *errLocked) Error() string {
	return fmt.Sprintf("another supervisor (pid %s) holds the pidfile %s; stop it first, or choose another pidfile", e.pid, e.path)
}

// lockPidFile opens and locks the pidfile without changing what is in it. A symbolic link is followed, but not by root where
// anybody could have put it: the file it leads to would be overwritten.
func lockPidFile(path string) (*pidFile, error) {
	_, statErr := os.Lstat(path)
	flags := os.O_RDWR | os.O_CREATE
	public := os.Geteuid() == 0 && isPublic(filepath.Dir(path))
	if public {
		flags |= syscall.O_NOFOLLOW
	}
	f, err := os.OpenFile(path, flags, 0o644)
	if public && errors.Is(err, syscall.ELOOP) {
		return nil, fmt.Errorf("the pidfile %s is a symbolic link in a directory that everybody may write to; "+
			"remove it, or choose a pidfile in another directory", path)
	}
	if err != nil {
		return nil, err
	}
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() { // /dev/null and the like
		f.Close()
		return nil, err
	}
	p := &pidFile{path: path, file: f, created: errors.Is(statErr, os.ErrNotExist)}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		pid := "unknown"
		if b, err := io.ReadAll(io.LimitReader(f, 32)); err == nil && len(bytes.TrimSpace(b)) > 0 {
			pid = strings.TrimSpace(string(b))
		}
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &errLocked{path, pid}
		}
		return nil, err
	}
	return p, nil
}

// isPublic tells whether everybody may write to a directory.
func isPublic(dir string) bool {
	st, err := os.Stat(dir)
	return err == nil && st.Mode().Perm()&0o002 != 0
}

// write puts our process id into the file.
func (p *pidFile) write() error {
	if err := p.file.Truncate(0); err != nil {
		return err
	}
	if _, err := p.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return err
	}
	p.written = true
	return nil
}

// isThere tells whether the file of that name is the one we have locked: somebody may have removed it, and another
// daemon made its own.
func (p *pidFile) isThere() bool {
	ours, err := p.file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(p.path)
	return err == nil && os.SameFile(ours, there)
}

// release gives the lock up and removes the file if its content is ours, or if we made it.
func (p *pidFile) release() {
	if p == nil {
		return
	}
	if (p.written || p.created) && p.isThere() {
		_ = os.Remove(p.path)
	}
	_ = p.file.Close()
}
