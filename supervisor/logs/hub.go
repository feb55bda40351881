package logs

import (
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// hub knows who follows which path in this process, so that a File can wake them. As long as nobody follows anything, a
// write costs one atomic load.
//
// Lock order: File.mu, nameLock, hub.mu, watch.mu.
var hub struct {
	followers atomic.Int64 // of all paths
	mu        sync.RWMutex
	watches   map[string]*watch // by cleaned path
}

// A watch is what the Files and the Followers of one path have in common. It exists while there are followers.
type watch struct {
	// mu is held for reading by a follower that reads bytes, for at most one read of what is there, and for writing by
	// whoever empties or renames files of this path, or moves a follower to another one. So a follower never takes bytes
	// from behind an emptying for those before it.
	mu        sync.RWMutex
	followers map[*Follower]struct{}
	rotations int64 // how often PATH became PATH.1 since the watch began

	wake atomic.Pointer[chan struct{}] // closed at the next change; nil when nobody waits
}

// watchOf returns the watch of a cleaned path, or nil when nobody follows it.
func watchOf(key string) *watch {
	if hub.followers.Load() == 0 {
		return nil
	}
	hub.mu.RLock()
	defer hub.mu.RUnlock()
	return hub.watches[key]
}

// join adds a follower to the watch of its path. It must not run while the path is rotated or emptied.
func (f *Follower) join() {
	key := filepath.Clean(f.path)
	hub.followers.Add(1)
	hub.mu.Lock()
	defer hub.mu.Unlock()
	w := hub.watches[key]
	if w == nil {
		w = &watch{followers: make(map[*Follower]struct{})}
		if hub.watches == nil {
			hub.watches = make(map[string]*watch)
		}
		hub.watches[key] = w
	}
	w.mu.Lock()
	w.followers[f] = struct{}{}
	w.mu.Unlock()
	f.watch = w
}

// leave undoes join.
func (f *Follower) leave() {
	hub.mu.Lock()
	defer hub.mu.Unlock()
	w := f.watch
	w.mu.Lock()
	delete(w.followers, f)
	if len(w.followers) == 0 {
		delete(hub.watches, filepath.Clean(f.path))
	}
	w.mu.Unlock()
	hub.followers.Add(-1)
}

// tell wakes the followers of the file after something has changed.
func (f *File) tell() {
	if w := watchOf(f.key); w != nil && w.wake.Load() != nil {
		if c := w.wake.Swap(nil); c != nil {
			close(*c)
		}
	}
}

// arm returns a channel that is closed at the next change.
func (w *watch) arm() <-chan struct{} {
	for {
		if c := w.wake.Load(); c != nil {
			return *c
		}
		fresh := make(chan struct{})
		if w.wake.CompareAndSwap(nil, &fresh) {
			return fresh
		}
	}
}

// truncate empties an open file that has the path, and takes the followers that read it back to its beginning. With report
// they are told that the file was truncated.
func (f *File) truncate(file *os.File, report bool) error {
	gap := nameLock(f.path)
	gap.Lock() // nobody begins to follow meanwhile
	defer gap.Unlock()
	w := watchOf(f.key)
	if w == nil {
		return file.Truncate(0)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := file.Truncate(0); err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	for r := range w.followers {
		if r.held != nil && os.SameFile(r.held, info) {
			r.truncated = r.truncated || report && r.offset > 0
			r.offset = 0
		}
	}
	return nil
}
