package logs

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// createMode is the mode of a new log file, before the umask (compat.md §7.2).
const createMode os.FileMode = 0o666

// FileOptions say what a File does with its bytes. The zero value appends for ever.
type FileOptions struct {
	// MaxBytes is the size at which a file is rotated, after the write that reaches it. 0 or less: never.
	MaxBytes int64
	// Backups is how many rotated files are kept as PATH.1 (the newest) to PATH.N. 0 or less: none, the file is emptied.
	Backups int
	// Every rotates a file as well when an "hour", a "day" or a "week" (from Monday on) is over, by local time: before the
	// first write after it. The time of the last write counts, also of one by an earlier File. Anything else: never.
	Every string
	// Compress replaces rotated files by PATH.N.gz, in the background. At every moment the bytes are in a complete file
	// under one name or the other. A backup that somebody still writes to is left until the next rotation. Turning it off
	// leaves the compressed files where they are.
	Compress bool
	// StripANSI removes terminal control sequences (ESC [ … final byte, ECMA-48 §5.4), also when they are split over
	// writes.
	StripANSI bool
	// MakeDir makes a missing directory of the file, and those above it, with mode 0755 less the umask.
	MakeDir bool
}

// A File is a Sink that appends to a file, or to what a device, pipe or standard descriptor leads to. It holds no buffer:
// every Write is one write(2).
//
// Only regular files are rotated and cleared. A write to a regular file, a rotation, Reopen and Clear exclude each
// other, so that no byte gets lost between them. A write to a pipe or terminal that blocks does not hold up Reopen and
// Close: they take the target away from under it.
type File struct {
	path    string
	key     string // path, cleaned, by which it is followed
	options FileOptions

	mu       sync.Mutex
	target   target
	closed   bool
	position int64 // of a regular file: what its size should be
	check    int64 // position at which the real size is asked for
	ansi     *stripper
	dropped  atomic.Int64
	writes   outage    // trouble with storing bytes
	rotation outage    // trouble with rotating; bytes are stored all the same
	due      time.Time // when the period of the last byte ends; zero: there are no periods
	late     error     // of what went on in the background
}

var _ Sink = (*File)(nil)

// OpenFile opens path for appending, and creates it with mode 0666 less the umask. /dev/stdout and /dev/stderr work
// whatever they are redirected to, sockets included. A named pipe without a reader does not block. The error is an
// *os.PathError with the system's error number.
func OpenFile(path string, o FileOptions) (*File, error) {
	if nextPeriod(time.Time{}, o.Every).IsZero() {
		o.Every = ""
	}
	f := &File{path: path, key: filepath.Clean(path), options: o}
	t, err := f.open(createMode)
	if err != nil {
		return nil, err
	}
	f.use(t)
	if o.StripANSI {
		f.ansi = new(stripper)
	}
	f.tell()
	return f, nil
}

// open opens the path, see openTarget.
func (f *File) open(perm os.FileMode) (target, error) {
	t, err := openTarget(f.path, perm)
	if f.options.MakeDir && errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
			return target{}, err
		}
		return openTarget(f.path, perm)
	}
	return t, err
}

// Path is the name the file was opened by.
func (f *File) Path() string { return f.path }

// Dropped is how many bytes could not be stored since the file was opened.
func (f *File) Dropped() int64 { return f.dropped.Load() }

// Write stores p. See Sink for errors; the result is always len(p).
func (f *File) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ansi == nil || f.closed || f.target.kind == null || f.ansi.transparent(p) {
		return len(p), f.store(p)
	}
	buf := stripBuffers.Get().(*[]byte)
	*buf = f.ansi.strip((*buf)[:0], p)
	err := f.store(*buf)
	stripBuffers.Put(buf)
	return len(p), err
}

// store writes b to the target, whatever becomes of that meanwhile, and rotates. The caller holds f.mu.
func (f *File) store(b []byte) error {
	for len(b) > 0 {
		if f.closed {
			return f.drop(len(b), os.ErrClosed)
		}
		late := f.rotateIfDue()
		t := f.target
		switch t.kind {
		case null:
			return nil
		case regular:
			n, err := t.file.Write(b)
			f.position += int64(n)
			if err != nil {
				f.tell()
				return f.drop(len(b)-n, err)
			}
			f.writes.end()
			if err = f.rotateIfFull(); err == nil {
				err = late
			}
			if err == nil {
				err = f.takeLate()
			}
			f.tell()
			return err
		case stream:
			f.mu.Unlock() // it may block
			n, err := t.file.Write(b)
			f.mu.Lock()
			b = b[n:]
			if err == nil {
				f.writes.end()
				return nil
			}
			if f.target == t {
				return f.drop(len(b), err)
			}
			// Reopen or Close took the target away: the rest goes where they said.
		}
	}
	return nil
}

// takeLate is what went wrong in the background since it was asked the last time.
func (f *File) takeLate() error {
	if f.late == nil {
		return nil
	}
	err := f.late
	f.late = nil
	return f.notRotated(err)
}

// notRotated is the error of a rotation that has failed, of which no byte is lost.
func (f *File) notRotated(err error) error {
	if err = f.rotation.begin(err); err != nil {
		return &rotationError{err}
	}
	return nil
}

// drop accounts for n bytes that could not be stored because of err.
func (f *File) drop(n int, err error) error {
	f.dropped.Add(int64(n))
	return f.writes.begin(err)
}

// use makes t the target of further writes and closes the one before.
func (f *File) use(t target) {
	old := f.target.file
	f.target = t
	f.position = t.size
	f.check = 0
	if f.options.Every != "" {
		f.await(t)
	}
	if old != nil {
		old.Close()
	}
}

// Reopen opens the path again. Bytes written before are in the old file, bytes written after in the new one.
func (f *File) Reopen() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return &os.PathError{Op: "reopen", Path: f.path, Err: os.ErrClosed}
	}
	t, err := f.open(createMode)
	if err != nil {
		return err
	}
	f.use(t)
	f.tell()
	return nil
}

// Clear empties the file that has the path now, or creates it. Backups stay. The name and the inode stay too, so that a
// second File on the same path, as for stdout and stderr in one file, goes on writing to it.
func (f *File) Clear() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return &os.PathError{Op: "clear", Path: f.path, Err: os.ErrClosed}
	}
	if f.target.kind != regular {
		return nil
	}
	err := f.empty(false)
	f.tell()
	return err
}

// empty truncates the file that has the path now, and makes it the target. With report, followers are told that it was
// truncated. The caller holds f.mu.
func (f *File) empty(report bool) error {
	if f.holdsPath() { // also when privileges were dropped and it could not be opened any more
		if err := f.truncate(f.target.file, report); err != nil {
			return err
		}
		f.position, f.check = 0, 0
		return nil
	}
	t, err := f.open(createMode)
	if err != nil {
		return err
	}
	if t.kind == regular {
		if err := f.truncate(t.file, report); err != nil {
			t.file.Close()
			return err
		}
		t.size = 0
	}
	f.use(t)
	return nil
}

// holdsPath tells whether the path still names the file that is open.
func (f *File) holdsPath() bool {
	byName, err := os.Stat(f.path)
	if err != nil {
		return false
	}
	held, err := f.target.file.Stat()
	return err == nil && os.SameFile(byName, held)
}

// Close stores what was held back of an unfinished terminal sequence and closes the file. Errors of network file systems
// that show only now are returned.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	if f.ansi != nil && f.target.kind == regular {
		if rest := f.ansi.rest(); len(rest) > 0 {
			f.store(rest)
		}
	}
	f.closed = true
	file := f.target.file
	f.target = target{}
	if file == nil {
		return nil
	}
	return file.Close()
}

// size is the end of the file after a write. It costs a system call, but no allocation.
func (f *File) size() (int64, error) { return f.target.file.Seek(0, io.SeekCurrent) }
