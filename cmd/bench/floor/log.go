//go:build linux

package main

import (
	"fmt"
	"os"
	"syscall"
)

// A logFile is an output file that is rotated when a write has brought it to its size.
type logFile struct {
	path    string
	fd      int
	size    int64
	max     int64
	backups int
}

func openLog(path string, max int64, backups int) (*logFile, error) {
	l := &logFile{path: path, max: max, backups: backups}
	return l, l.open()
}

func (l *logFile) open() error {
	fd, err := syscall.Open(l.path, syscall.O_WRONLY|syscall.O_APPEND|syscall.O_CREAT|syscall.O_CLOEXEC, 0o644)
	if err != nil {
		return fmt.Errorf("cannot open %s: %w", l.path, err)
	}
	l.size, err = syscall.Seek(fd, 0, 2)
	l.fd = fd
	return err
}

func (l *logFile) write(data []byte) {
	for len(data) > 0 {
		n, err := syscall.Write(l.fd, data)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "floor: cannot write %s: %v\n", l.path, err)
			return
		}
		data = data[n:]
		l.size += int64(n)
	}
	if l.max > 0 && l.size >= l.max {
		l.rotate()
	}
}

// rotate moves each backup up by one, the oldest out, and begins a new file.
func (l *logFile) rotate() {
	syscall.Close(l.fd)
	for i := l.backups - 1; i > 0; i-- {
		os.Rename(fmt.Sprintf("%s.%d", l.path, i), fmt.Sprintf("%s.%d", l.path, i+1))
	}
	if l.backups > 0 {
		os.Rename(l.path, l.path+".1")
	} else {
		os.Remove(l.path)
	}
	if err := l.open(); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
	}
}
