package logs

import (
	"context"
	"errors"
	"io"
	"os"
	"time"
)

// ErrTruncated is returned by Follower.Read when the file has become shorter than what was read of it. Following goes on
// at its beginning.
var ErrTruncated = errors.New("log file truncated")

// A Follower reads a log file from some bytes before its end on, and then what is written to it, through rotation,
// truncation and removal (compat.md §4.10). What it has not read yet is in the file, nothing is buffered; it has no
// goroutine. Any number of followers may read one file, and none of them holds its writer up, however slow it is.
//
// It is woken by the Files of its path in this process: each tells after a write, a rotation, Reopen, Clear and when it
// is opened. What other processes do to the file shows at the next of these.
//
//   - Rotation: the file is read to its end, then the next newer one, from PATH.k down to PATH. A reader that lags by less
//     than the backups hold gets each byte once and in order; one that lags more goes on with the oldest that is left.
//   - A rotation without backups, or a truncation by somebody else, is ErrTruncated.
//   - Clear goes on with what is written after it, without a word, as with supervisord, which makes a new file.
//   - Renamed or removed by somebody else: the old file is read until there are bytes in a new one of that name.
//
// Read and Wait are for one goroutine at a time.
type Follower struct {
	path     string
	modified time.Time
	watch    *watch
	armed    <-chan struct{} // closed when there may be more after an io.EOF

	// All below are changed by this follower under the watch's lock for reading, or by anybody under that for writing.
	file      *os.File
	held      os.FileInfo // of file
	offset    int64       // of the next byte
	truncated bool        // to be reported
	born      int64       // the number of rotations when file was at PATH
}

// Follow opens the log file at path and returns a Follower that stands last bytes before its end, or at its beginning if
// that is nearer. Without a file the error is ErrNoFile. What is not a regular file cannot be followed; the null device
// is an empty file.
func Follow(path string, last int64) (*Follower, error) {
	f := &Follower{path: path}
	gap := nameLock(path)
	gap.RLock()
	f.join()
	gap.RUnlock()

	f.watch.mu.Lock()
	file, size, err := openNow(path)
	if err == nil {
		err = f.hold(file, f.watch.rotations)
	}
	f.watch.mu.Unlock()
	if err != nil {
		f.leave()
		return nil, err
	}
	f.modified = f.held.ModTime()
	f.offset = max(size-max(last, 0), 0)
	return f, nil
}

// ModTime is when the file had been written to last before it was followed.
func (f *Follower) ModTime() time.Time { return f.modified }

// Close lets go of the file. It must not be called during Read or Wait; end those by their context.
func (f *Follower) Close() error {
	f.leave()
	return f.file.Close()
}

// Read reads the next bytes. It does not wait: io.EOF means that there are none now, and Wait returns when there may be.
// ErrTruncated comes between the bytes before and after. Any other error means that the file cannot be read any more.
func (f *Follower) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if n, err := f.readHeld(p); err != io.EOF {
			return n, err
		}
		// Whatever comes after this look closes the channel.
		f.armed = f.watch.arm()
		if n, err := f.readHeld(p); err != io.EOF {
			return n, err
		}
		if moved, err := f.advance(); err != nil || !moved {
			if err == nil {
				err = io.EOF
			}
			return 0, err
		}
	}
}

// Wait returns after an io.EOF of Read when there may be more to read, or with the error of ctx.
func (f *Follower) Wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-f.armed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readHeld reads from the file that is open.
func (f *Follower) readHeld(p []byte) (int, error) {
	f.watch.mu.RLock()
	defer f.watch.mu.RUnlock()
	if f.truncated {
		f.truncated = false
		return 0, ErrTruncated
	}
	n, err := f.file.ReadAt(p, f.offset)
	f.offset += int64(n)
	switch {
	case n > 0:
		return n, nil
	case err != io.EOF:
		return 0, err
	}
	info, err := f.file.Stat()
	if err != nil {
		return 0, err
	}
	if info.Mode().IsRegular() && info.Size() < f.offset {
		f.offset = 0
		return 0, ErrTruncated
	}
	return 0, io.EOF
}

// advance turns from a file that has been read to its end to the next newer one, if there is one. It tells whether there
// may be something to read.
func (f *Follower) advance() (bool, error) {
	w := f.watch
	if f.isCurrent() {
		return false, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	// While nothing was written to the new file, somebody may still write to the old one: after a rename by somebody else
	// until Reopen.
	info, err := f.file.Stat()
	if err != nil || info.Size() != f.offset {
		return err == nil, err
	}
	for i := f.next(); i >= 0; i-- {
		file, size, err := openNow(backup(f.path, i))
		if errors.Is(err, ErrNoFile) {
			continue
		}
		if err != nil {
			return false, err
		}
		if i == 0 && size == 0 {
			return false, file.Close()
		}
		old := f.file
		if err := f.hold(file, w.rotations-int64(i)); err != nil {
			return false, err
		}
		old.Close()
		return true, nil
	}
	return false, nil
}

// isCurrent tells whether the path still names the file that is open, or, as the old one is read until there is a new
// one, no file at all.
func (f *Follower) isCurrent() bool {
	f.watch.mu.RLock()
	defer f.watch.mu.RUnlock()
	current, err := os.Stat(f.path)
	if err != nil {
		return true
	}
	if !os.SameFile(current, f.held) {
		return false
	}
	f.born = f.watch.rotations
	return true
}

// next is the number of the backup from which on to look for the next newer file. The caller holds the watch's lock.
func (f *Follower) next() int {
	is := func(i int) bool {
		info, err := os.Stat(backup(f.path, i))
		return err == nil && os.SameFile(info, f.held)
	}
	rotated := int(f.watch.rotations - f.born)
	if rotated > 0 && is(rotated) {
		return rotated - 1
	}
	last := 0
	for {
		if _, err := os.Lstat(backup(f.path, last+1)); err != nil {
			break
		}
		last++
		if is(last) {
			return last - 1
		}
	}
	// It is not among the backups: too old, or somebody else has moved it. All files of later rotations are newer.
	return min(rotated, last)
}

// hold makes file the one that is read, from its beginning. The caller holds the watch's lock.
func (f *Follower) hold(file *os.File, born int64) error {
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return err
	}
	f.file, f.held, f.offset, f.born, f.truncated = file, info, 0, born, false
	return nil
}
