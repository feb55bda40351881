package logs

import (
	"context"
	"io"
	"os"
	"time"
)

// A Log is one that can be read back: a file, or a Memory. Read and Tail are described at the functions of these names.
type Log interface {
	// Name is the path of a file, "memory" for a Memory.
	Name() string
	// Size is how many bytes can be read; ok is false when there is no such file.
	Size() (size int64, ok bool)
	Read(offset, length int64) ([]byte, error)
	Tail(offset, length int64) (data []byte, newOffset int64, overflow bool, err error)
	// Follow begins last bytes before the end.
	Follow(last int64) (Following, error)
}

// A Following is the reader of a log that grows. See Follower.
type Following interface {
	io.ReadCloser
	Wait(ctx context.Context) error
	ModTime() time.Time
}

// At is the log file at a path, which need not exist. "" is no file.
func At(path string) Log { return fileLog(path) }

type fileLog string

func (f fileLog) Name() string { return string(f) }

func (f fileLog) Size() (int64, bool) {
	info, err := os.Stat(string(f))
	if err != nil || f == "" {
		return 0, false
	}
	return info.Size(), true
}

func (f fileLog) Read(offset, length int64) ([]byte, error) { return Read(string(f), offset, length) }

func (f fileLog) Tail(offset, length int64) ([]byte, int64, bool, error) {
	return Tail(string(f), offset, length)
}

func (f fileLog) Follow(last int64) (Following, error) {
	follower, err := Follow(string(f), last)
	if err != nil {
		return nil, err // not a nil *Follower
	}
	return follower, nil
}
