package watch

import (
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// A Change says what has changed.
type Change struct {
	Files []string  // what is new, other or gone, sorted; never empty
	At    time.Time // when the last of it happened
}

// A Watcher watches any number of targets. As long as there is none it holds nothing: no goroutine, no descriptor. All
// methods may be called from any goroutine.
type Watcher struct {
	open func() (*source, error)

	mu      sync.Mutex
	watches map[*subscription]bool
	running bool
	kick    chan struct{} // watches has changed
}

// New returns a Watcher without targets.
func New() *Watcher {
	return &Watcher{open: openSource, watches: map[*subscription]bool{}, kick: make(chan struct{}, 1)}
}

// subscription is one target and who wants to know of it. All but target and the functions belongs to the loop.
type subscription struct {
	target  Target
	changed func(Change)
	trouble func(error)

	picture       *picture         // as it was last; nil: never looked at
	base          map[string]stamp // what the next picture is compared with
	first, latest time.Time        // of what has happened since; zero: nothing
	told          string           // the trouble that was told last
}

// Watch begins to watch a target: changed is called for each change from the moment on at which Watch returns, trouble when not
// all of it can be watched. Both are called from a goroutine of the watcher, must not block, and may be called once more after
// stop was called. Watch itself looks at the target, which takes its time when there are many files.
func (w *Watcher) Watch(t Target, changed func(Change), trouble func(error)) (stop func()) {
	s := &subscription{target: t, changed: changed, trouble: trouble, base: map[string]stamp{}}
	now := newPicture()
	if t.look(now); !now.absent {
		s.base = now.files
	}
	w.mu.Lock()
	w.watches[s] = true
	if !w.running {
		w.running = true
		go (&loop{w: w, dirs: map[string]identity{}, watches: map[*subscription]bool{}}).run()
	}
	w.mu.Unlock()
	w.poke()
	return func() {
		w.mu.Lock()
		delete(w.watches, s)
		w.mu.Unlock()
		w.poke()
	}
}

func (w *Watcher) poke() {
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

// loop is the goroutine of a Watcher, which runs as long as there is something to watch.
type loop struct {
	w       *Watcher
	watches map[*subscription]bool
	source  *source                    // nil: none could be had
	dirs    map[string]identity        // which are watched
	matters map[string][]*subscription // for whom a directory matters
	timer   *time.Timer                // of the look that is due next; nil: none is
}

func (l *loop) run() {
	defer l.close()
	for l.adopt() {
		var events <-chan fsnotify.Event
		var errors <-chan error
		var due <-chan time.Time
		if l.source != nil {
			events, errors = l.source.events, l.source.errors
		}
		if l.timer != nil {
			due = l.timer.C
		}
		select {
		case <-l.w.kick:
		case ev, open := <-events:
			if !open {
				l.lostTrack()
				continue
			}
			l.happened(ev)
		case <-errors:
			l.lostTrack()
		case <-due:
			l.lookAtDue()
		}
	}
}

func (l *loop) close() {
	if l.timer != nil {
		l.timer.Stop()
	}
	if l.source != nil {
		_ = l.source.close()
		l.source = nil
	}
}

// adopt takes over which targets are to be watched, and tells whether there are any. Without, the loop has to end: another
// one may have begun already.
func (l *loop) adopt() bool {
	l.w.mu.Lock()
	var fresh []*subscription
	for s := range l.w.watches {
		if !l.watches[s] {
			l.watches[s] = true
			fresh = append(fresh, s)
		}
	}
	dropped := false
	for s := range l.watches {
		if !l.w.watches[s] {
			delete(l.watches, s)
			dropped = true
		}
	}
	l.w.running = len(l.watches) > 0
	running := l.w.running
	l.w.mu.Unlock()
	switch {
	case running && len(fresh) > 0:
		l.look(fresh)
	case running && dropped:
		l.sync()
	}
	return running
}

// happened notes for whom an event matters.
func (l *loop) happened(ev fsnotify.Event) {
	path := filepath.Clean(ev.Name)
	if _, watched := l.dirs[path]; watched && ev.Has(fsnotify.Remove|fsnotify.Rename) {
		l.drop(path) // what has this path from now on is another directory
	}
	noted := false
	for _, dir := range []string{path, filepath.Dir(path)} {
		for _, s := range l.matters[dir] {
			if s.picture.matters(ev) {
				s.note(time.Now())
				noted = true
			}
		}
	}
	if noted {
		l.arm()
	}
}

func (s *subscription) note(at time.Time) {
	if s.first.IsZero() {
		s.first = at
	}
	s.latest = at
}

// due is when a target on which something has happened is to be looked at.
func (s *subscription) due() time.Time {
	due := s.latest.Add(Quiet)
	if last := s.first.Add(s.target.limit); s.target.limit > 0 && last.Before(due) {
		return last
	}
	return due
}

// arm sets the timer to the look that is due next.
func (l *loop) arm() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	var next time.Time
	for s := range l.watches {
		if !s.first.IsZero() && (next.IsZero() || s.due().Before(next)) {
			next = s.due()
		}
	}
	if !next.IsZero() {
		l.timer = time.NewTimer(time.Until(next))
	}
}

func (l *loop) lookAtDue() {
	now := time.Now()
	var due []*subscription
	for s := range l.watches {
		if !s.first.IsZero() && !s.due().After(now) {
			due = append(due, s)
		}
	}
	l.look(due)
	l.arm()
}

// lostTrack watches anew after events were lost. Anything may have happened, and may still be happening.
func (l *loop) lostTrack() {
	_ = l.source.close()
	l.source = nil
	clear(l.dirs)
	for s := range l.watches {
		s.note(time.Now())
	}
	_, _ = l.sync() // what cannot be watched, the look finds
	l.arm()
}

// maxRounds is how often a look is repeated because it has found new directories.
const maxRounds = 5

// look takes new pictures and tells what has changed. A directory that is new is watched first and looked into again: what
// has happened between is not lost.
func (l *loop) look(list []*subscription) {
	var err error
	for range maxRounds {
		for _, s := range list {
			s.picture = newPicture()
			s.target.look(s.picture)
		}
		var more bool
		if more, err = l.sync(); !more {
			break
		}
	}
	for _, s := range list {
		s.compare(err)
	}
}

func (s *subscription) compare(err error) {
	p, at := s.picture, s.latest
	s.first, s.latest = time.Time{}, time.Time{}
	if at.IsZero() { // it was between Watch and the first look of the loop
		at = time.Now()
	}
	if err == nil {
		err = p.err
	}
	s.tell(err)
	if p.absent {
		return
	}
	changed := differences(s.base, p.files)
	s.base = p.files
	if len(changed) > 0 {
		s.changed(Change{changed, at})
	}
}

// tell reports trouble, once.
func (s *subscription) tell(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != "" && text != s.told {
		s.trouble(err)
	}
	s.told = text
}

// sync watches the directories that matter and no others. It tells whether one was added, and what could not be watched.
func (l *loop) sync() (added bool, err error) {
	if l.source == nil {
		if l.source, err = l.w.open(); err != nil {
			return false, err
		}
	}
	l.matters = map[string][]*subscription{}
	for s := range l.watches {
		if s.picture == nil {
			continue
		}
		for dir := range s.picture.dirs {
			l.matters[dir] = append(l.matters[dir], s)
		}
	}
	for dir := range l.dirs {
		if l.matters[dir] == nil {
			l.drop(dir)
		}
	}
	for dir := range l.matters {
		info, e := os.Stat(dir)
		if e != nil {
			continue
		}
		id := identify(info)
		was, watched := l.dirs[dir]
		if watched && was == id {
			continue
		}
		if watched {
			l.drop(dir)
		}
		if e := l.source.add(dir); e != nil {
			if !gone(e) {
				err = watchError(dir, e)
			}
			continue
		}
		l.dirs[dir], added = id, true
	}
	return added, err
}

// drop ends watching a directory.
func (l *loop) drop(dir string) {
	_ = l.source.remove(dir) // what is gone is not watched any more anyway
	delete(l.dirs, dir)
}
