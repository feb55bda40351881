package watch

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Quiet is how long nothing may happen before a target is looked at, and limit how long that is put off at most where a
// target has a limit.
const (
	Quiet = time.Second
	limit = 10 * time.Second
)

// A Target is what is watched.
type Target struct {
	look  func(p *picture)
	limit time.Duration // 0: it is looked at only when it is quiet
}

// Executable is a file that is executed: the first of several that find returns, which is the one that would be executed
// now; "" there is none. tried are all paths that decide about that. Both are asked for at each look, by Watch and from a
// goroutine of the watcher. While there is none, nothing has changed: what counts is the next one that is there.
//
// It has no limit: a file that is being written is not to be executed.
func Executable(find func() (path string, tried []string)) Target {
	return Target{look: func(p *picture) {
		path, tried := find()
		for _, t := range tried {
			p.trace(t)
		}
		if path == "" {
			p.absent = true
			return
		}
		p.file(path)
	}}
}

// Files are certain files and all entries of certain directories; both are asked for at each look, by Watch and from a
// goroutine of the watcher. The entries themselves count only if they are among the files. As long as the first file is missing, nothing has
// changed.
func Files(list func() (files, dirs []string)) Target {
	return Target{limit: limit, look: func(p *picture) {
		files, dirs := list()
		for i, f := range files {
			if !p.file(f) && i == 0 {
				p.absent = true
			}
		}
		for _, d := range dirs {
			if real, ok := p.trace(d); ok {
				p.all(real, func(string, string) bool { return true })
			}
		}
	}}
}

// Tree is the files in a directory and below it whose names match a pattern as filepath.Match has it. Names that begin with
// a dot count only if the pattern does, and directories of such names never. Links are followed. except tells which paths do
// not count; it is called at each look as well. As long as there is no such directory, nothing has changed.
func Tree(dir, pattern string, except func(path string) bool) Target {
	t := &tree{pattern: pattern, except: except}
	return Target{limit: limit, look: func(p *picture) {
		real, ok := p.trace(dir)
		if !ok || !isDir(real) {
			p.absent = true
			return
		}
		t.walk(p, real, filepath.Clean(dir), map[identity]bool{})
	}}
}

type tree struct {
	pattern string
	except  func(path string) bool
}

// counts tells whether a file counts. name is the last part of path.
func (t *tree) counts(path, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(t.pattern, ".") {
		return false
	}
	ok, _ := filepath.Match(t.pattern, name)
	return ok && !t.except(path)
}

// walk takes the picture of a directory: real is where it is, shown is how it was reached. Each directory is entered once, so
// that links cannot lead in a circle.
func (t *tree) walk(p *picture, real, shown string, seen map[identity]bool) {
	info, err := os.Stat(real)
	if err != nil || seen[identify(info)] {
		return
	}
	seen[identify(info)] = true
	p.all(real, t.counts)
	entries, err := os.ReadDir(real)
	if err != nil {
		p.fail(err)
	}
	for _, e := range entries {
		at, path := filepath.Join(real, e.Name()), filepath.Join(shown, e.Name())
		if e.Type()&os.ModeSymlink != 0 {
			if at, _ = p.trace(at); at == "" {
				continue
			}
		}
		switch {
		case p.full():
			return
		case e.IsDir(), e.Type()&os.ModeSymlink != 0 && isDir(at):
			if !strings.HasPrefix(e.Name(), ".") {
				t.walk(p, at, path, seen)
			}
		case t.counts(at, e.Name()):
			p.note(path)
		}
	}
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
