package logs

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"syscall"
)

// Errors of Read and Tail that have a fault code of their own. All others mean that reading failed.
var (
	// ErrBadArguments: the offset and the length do not go together.
	ErrBadArguments = errors.New("bad offset or length")
	// ErrNoFile: there is no log file.
	ErrNoFile = errors.New("no such log file")
)

// Read returns a window of the file at path (compat.md §4.8), in bytes:
//
//	offset <  0, length = 0: the last -offset bytes
//	offset >= 0, length = 0: from offset to the end
//	offset >= 0, length > 0: at most length bytes from offset
//
// Beyond the end is empty and no error. Anything else is ErrBadArguments. That there is no file (ErrNoFile) is found out
// before. Only the window is read.
func Read(path string, offset, length int64) ([]byte, error) {
	f, size, err := openReader(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if length < 0 || offset < 0 && length != 0 {
		return nil, fmt.Errorf("cannot read log %s: %w", path, ErrBadArguments)
	}
	if offset < 0 {
		offset = max(size+offset, 0)
	}
	n := max(size-offset, 0)
	if length > 0 {
		n = min(n, length)
	}
	return readWindow(f, offset, n)
}

// Tail returns the last length bytes of the file at path for a reader that has seen it up to offset (compat.md §4.8).
//
// newOffset is always the size of the file. overflow tells that there is more than length bytes after offset. There are
// no data when the reader has seen all of the file, or when length is not positive. On an error the data are empty,
// overflow is false and newOffset is 0 when there is no file (ErrNoFile), otherwise offset: what a client is answered
// then, as this call has no faults of its own.
func Tail(path string, offset, length int64) (data []byte, newOffset int64, overflow bool, err error) {
	f, size, err := openReader(path)
	if err != nil {
		if errors.Is(err, ErrNoFile) {
			offset = 0
		}
		return nil, offset, false, err
	}
	defer f.Close()
	overflow = size > addSaturating(offset, length)
	var n int64
	if length > 0 && (overflow || offset < size) {
		n = min(length, size)
	}
	data, err = readWindow(f, size-n, n)
	if err != nil {
		return nil, offset, false, err
	}
	return data, size, overflow, nil
}

// openReader opens a log file for reading and returns its size. The null device is an empty file.
func openReader(path string) (*os.File, int64, error) {
	f, size, err := openNow(path)
	if errors.Is(err, ErrNoFile) {
		gap := nameLock(path)
		gap.RLock()
		f, size, err = openNow(path)
		gap.RUnlock()
	}
	return f, size, err
}

// openNow is openReader for a caller that excludes rotations.
func openNow(path string) (*os.File, int64, error) {
	// O_NONBLOCK: a named pipe must not make the reader wait.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			return nil, 0, fmt.Errorf("cannot read log %s: %w", path, ErrNoFile)
		}
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() && !isNull(info) {
		err = errNotRegular(path)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// readWindow reads n bytes at offset, fewer when the file has been truncated meanwhile.
func readWindow(f *os.File, offset, n int64) ([]byte, error) {
	data := make([]byte, n)
	got, err := f.ReadAt(data, offset)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return data[:got], nil
}

// addSaturating is a+b, held at the ends of the range.
func addSaturating(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}
