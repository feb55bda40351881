package logs

import (
	"errors"
	"hash/maphash"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// rotateIfFull rotates a regular file whose size has reached MaxBytes. The caller holds f.mu.
//
// The size is counted, and asked for only when the count says that the file is full, and now and then on the way there:
// somebody else may have truncated the file or be writing to it as well.
func (f *File) rotateIfFull() error {
	limit := f.options.MaxBytes
	if limit <= 0 || f.position < f.check {
		return nil
	}
	size, err := f.size()
	if err != nil {
		return f.notRotated(err)
	}
	f.position = size
	if size < limit {
		f.check = min(size+limit/16+1, limit)
		return nil
	}
	if err := f.rotate(); err != nil {
		// The bytes are safe in the file that is open. It goes on growing, since nothing may be lost.
		f.check = f.position + limit/16 + 1
		return f.notRotated(err)
	}
	f.rotation.end()
	return nil
}

// rotateIfDue rotates a regular file when the period of its last byte is over: the first byte of a period begins a file. It
// asks for the time only when there are periods. The caller holds f.mu.
func (f *File) rotateIfDue() error {
	if f.due.IsZero() || f.target.kind != regular {
		return nil
	}
	now := time.Now()
	if now.Before(f.due) {
		return nil
	}
	f.due = nextPeriod(now, f.options.Every)
	if f.position == 0 {
		return nil
	}
	if err := f.rotate(); err != nil {
		f.due = now.Add(reportEvery) // the bytes are safe in the file that is open; it is tried again soon
		return f.notRotated(err)
	}
	f.rotation.end()
	return nil
}

// await sets when a file that was opened must be rotated: at the end of the period of its last byte.
func (f *File) await(t target) {
	last := time.Now()
	if t.kind == regular && t.size > 0 {
		if info, err := t.file.Stat(); err == nil {
			last = info.ModTime()
		}
	}
	f.due = nextPeriod(last, f.options.Every)
}

// reportLater keeps an error of work behind the back of the writer, for the next Write to return.
func (f *File) reportLater(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.late = err
}

// rotate renames PATH to PATH.1, PATH.1 to PATH.2 and so on, drops the oldest and starts an empty file; without backups
// it empties the file (compat.md §7.2).
//
// When PATH has been removed underneath, the backups are left as they are, and only the file is created again. So a
// rotation that could not open its new file and is tried again does not push the backups out.
func (f *File) rotate() error {
	if f.options.Backups <= 0 {
		return f.empty(true)
	}
	held, err := f.target.file.Stat()
	if err != nil {
		return err
	}
	gap := nameLock(f.path)
	gap.Lock()
	defer gap.Unlock()
	w := watchOf(f.key)
	if w != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
	}

	if _, err := os.Lstat(f.path); err == nil {
		for i := f.options.Backups; i > 0; i-- {
			if err := f.shift(i); err != nil {
				return err
			}
		}
		if w != nil {
			w.rotations++
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}

	// The new file is created, never followed to through a link that somebody put there in the meantime. It is not
	// readable for more users than the old one was: automatic log files stay private.
	perm := held.Mode().Perm() & createMode
	file, err := os.OpenFile(f.path, openFlags|os.O_CREATE|os.O_EXCL, perm)
	if errors.Is(err, os.ErrExist) { // another File on the same path was faster
		t, err := f.open(perm)
		if err != nil {
			return err
		}
		f.use(t)
		f.compressBackups()
		return nil
	}
	if err != nil {
		return err
	}
	f.use(target{file: file, kind: regular})
	f.compressBackups()
	return nil
}

// compressBackups begins to compress, now that this File does not hold the newest one open any more.
func (f *File) compressBackups() {
	if f.options.Compress {
		compressions.add(compression{f.path, f.options.Backups, f.reportLater})
	}
}

// backup is the name of the i-th rotated file of path; that of number 0 is path itself.
func backup(path string, i int) string {
	if i == 0 {
		return path
	}
	return path + "." + strconv.Itoa(i)
}

// shift makes backup i of the one before, and of the compressed one if there is.
func (f *File) shift(i int) error {
	from, to, oldest := backup(f.path, i-1), backup(f.path, i), i == f.options.Backups
	if !f.options.Compress {
		return shift(from, to, oldest)
	}
	if oldest && (exists(from) || i > 1 && exists(from+gzSuffix)) {
		// Either form takes the place of both.
		syscall.Unlink(to)
		syscall.Unlink(to + gzSuffix)
	}
	if i > 1 {
		if err := shift(from+gzSuffix, to+gzSuffix, false); err != nil {
			return err
		}
	}
	return shift(from, to, false)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// shift renames a file, and does nothing when there is none of that name. It replaces what has the new name, which is
// only there when it is the oldest backup.
func shift(from, to string, oldest bool) error {
	if oldest {
		if _, err := os.Lstat(from); err != nil {
			return ignoreNotExist(err)
		}
		// A rename over a file makes ext4 (auto_da_alloc) write the new one to the disk there and then, which takes
		// several times longer than filling it did. An error here comes back from the rename.
		syscall.Unlink(to)
	}
	return ignoreNotExist(os.Rename(from, to))
}

func ignoreNotExist(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// While a file is rotated there is an instant without a file of its name, in which a reader would be told that there is
// no log. A reader that finds nothing looks again under the lock that the rotation holds. There are few locks, chosen by
// the name, so that a file system that hangs does not hang the readers of all others.
var (
	nameLocks [64]sync.RWMutex
	nameSeed  = maphash.MakeSeed()
)

func nameLock(path string) *sync.RWMutex {
	return &nameLocks[maphash.String(nameSeed, path)%uint64(len(nameLocks))]
}
