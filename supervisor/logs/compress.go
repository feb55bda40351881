package logs

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
)

const (
	gzSuffix = ".gz"
	// gzTemporary is behind the name of the log while one of its backups is compressed. What a crash left is replaced.
	gzTemporary = ".gz.tmp"
)

// A compressor compresses the backups of logs, one at a time whatever the number of logs, so that a rotation of all of them
// at midnight leaves the processors to others. Nothing runs while there is nothing to do.
type compressor struct {
	mu      sync.Mutex
	idle    *sync.Cond
	queue   []compression
	working bool
}

// A compression is the backups of one log.
type compression struct {
	path    string
	backups int
	report  func(error)
}

// compressions is the one of the process.
var compressions = newCompressor()

func newCompressor() *compressor {
	c := &compressor{}
	c.idle = sync.NewCond(&c.mu)
	return c
}

// add has the backups of a log compressed soon.
func (c *compressor) add(job compression) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.ContainsFunc(c.queue, func(q compression) bool { return q.path == job.path }) {
		return
	}
	c.queue = append(c.queue, job)
	if !c.working {
		c.working = true
		go c.work()
	}
}

func (c *compressor) work() {
	for {
		c.mu.Lock()
		if len(c.queue) == 0 {
			c.working, c.queue = false, nil
			c.idle.Broadcast()
			c.mu.Unlock()
			return
		}
		job := c.queue[0]
		c.queue = c.queue[1:]
		c.mu.Unlock()
		if err := job.run(); err != nil {
			job.report(fmt.Errorf("cannot compress a rotated log, it is kept as it is: %w", err))
		}
	}
}

// run compresses what is there, the oldest first.
func (j *compression) run() error {
	var all error
	for i := j.backups; i > 0; i-- {
		all = errors.Join(all, j.compress(backup(j.path, i)))
	}
	return all
}

// errInUse says that somebody may still write to a backup. It is left for the next rotation.
var errInUse = errors.New("somebody writes to it")

// compress puts name+".gz" in the place of a backup. At every moment the bytes are in a complete file of one name or the
// other, also after a crash or a power cut; it may leave both.
func (j *compression) compress(name string) error {
	in, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return ignoreNotExist(err)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	tmp := j.path + gzTemporary
	size, err := squeeze(in, info, tmp)
	if err == nil {
		err = j.replace(in, info, size, tmp)
	}
	if err != nil {
		os.Remove(tmp)
	}
	if errors.Is(err, errInUse) {
		return nil
	}
	return err
}

// squeeze writes a file as gzip to a new one, down to the disk. It returns how many bytes it has read.
func squeeze(in *os.File, info os.FileInfo, tmp string) (size int64, err error) {
	if hasWriters(in) {
		return 0, errInUse
	}
	if err := ignoreNotExist(os.Remove(tmp)); err != nil {
		return 0, err
	}
	out, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = out.Chown(int(st.Uid), int(st.Gid)) // only root may
	}
	z := gzip.NewWriter(out)
	z.ModTime = info.ModTime()
	size, err = io.Copy(z, in)
	err = errors.Join(err, z.Close(), out.Chmod(info.Mode().Perm()), out.Sync(), out.Close())
	return size, err
}

// replace gives a compressed file the name of the original, whatever that is by now, and removes the original when the
// new name is on the disk.
func (j *compression) replace(in *os.File, info os.FileInfo, size int64, tmp string) error {
	placed, err := j.underName(info, func(name string) error {
		now, err := in.Stat()
		switch {
		case err != nil:
			return err
		case now.Size() != size || hasWriters(in):
			return errInUse
		}
		return os.Rename(tmp, name+gzSuffix)
	})
	switch {
	case err != nil:
		return err
	case !placed: // rotated away meanwhile
		return os.Remove(tmp)
	}
	if err := syncDir(filepath.Dir(j.path)); err != nil {
		return err
	}
	_, err = j.underName(info, os.Remove)
	return err
}

// underName calls do with the name that a backup has now, while no rotation can change it. false: it is gone.
func (j *compression) underName(info os.FileInfo, do func(name string) error) (bool, error) {
	gap := nameLock(j.path)
	gap.Lock()
	defer gap.Unlock()
	for i := 1; i <= j.backups; i++ {
		name := backup(j.path, i)
		if now, err := os.Lstat(name); err == nil && os.SameFile(now, info) {
			return true, do(name)
		}
	}
	return false, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
