package watch

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/fsnotify/fsnotify"
)

// A source tells of events in directories. It is a fsnotify.Watcher, or stands in for one in tests of time.
type source struct {
	add, remove func(dir string) error
	close       func() error
	events      <-chan fsnotify.Event
	errors      <-chan error
}

func openSource() (*source, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, explain(err)
	}
	return &source{w.Add, w.Remove, w.Close, w.Events, w.Errors}, nil
}

// explain says what an error of inotify(7) is about.
func explain(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return errors.New("the limit of inotify watches is reached (sysctl fs.inotify.max_user_watches)")
	case errors.Is(err, syscall.EMFILE):
		return errors.New("the limit of inotify instances, or that of open files, is reached (sysctl fs.inotify.max_user_instances)")
	}
	return err
}

// gone tells whether an error only says that a directory is not there any more. The next look finds out what is.
func gone(err error) bool { return errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOTDIR) }

// matters tells whether an event can have changed a picture.
func (p *picture) matters(ev fsnotify.Event) bool {
	path := filepath.Clean(ev.Name)
	if p.dirs[path] != nil && ev.Has(fsnotify.Remove|fsnotify.Rename) {
		return true
	}
	in, name := p.dirs[filepath.Dir(path)], filepath.Base(path)
	switch {
	case in == nil:
		return false
	case in.names[name]:
		return true
	case in.all == nil:
		return false
	}
	return in.all(path, name) || ev.Has(fsnotify.Create) && isDir(path)
}

// watchError says what cannot be watched.
func watchError(dir string, err error) error { return fmt.Errorf("%s: %w", dir, explain(err)) }
