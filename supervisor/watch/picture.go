package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// maxFiles is how many files and directories of one target are watched.
const maxFiles = 100_000

// An identity tells one file from another. A file that replaces another one has its own.
type identity struct{ dev, ino uint64 }

func identify(info os.FileInfo) identity {
	st := info.Sys().(*syscall.Stat_t)
	return identity{uint64(st.Dev), st.Ino} // Dev is an int32 on some systems
}

// A stamp is what must change for a file to have changed. Owner and permissions are not in it.
type stamp struct {
	identity
	size, mtime int64
}

// An interest says which entries of a directory matter to a target.
type interest struct {
	names map[string]bool              // these do
	all   func(path, name string) bool // nil: no others do; otherwise those for which it holds, and directories
}

// A picture is a target as it was at one moment.
type picture struct {
	files  map[string]stamp     // what counts, by the path it was reached by
	dirs   map[string]*interest // the directories in which something could happen to them, by their real paths
	absent bool                 // there is nothing to compare
	err    error                // why the picture is not complete; nil: it is
}

func newPicture() *picture {
	return &picture{files: map[string]stamp{}, dirs: map[string]*interest{}}
}

// fail notes why the picture is not complete.
func (p *picture) fail(err error) {
	if p.err == nil && !os.IsNotExist(err) {
		p.err = err
	}
}

// full tells whether the picture has as many files as it may.
func (p *picture) full() bool {
	if len(p.files)+len(p.dirs) < maxFiles {
		return false
	}
	p.fail(fmt.Errorf("there are more than %d files", maxFiles))
	return true
}

func (p *picture) interestIn(dir string) *interest {
	in := p.dirs[dir]
	if in == nil {
		in = &interest{names: map[string]bool{}}
		p.dirs[dir] = in
	}
	return in
}

// all makes all entries of a directory matter for which counts holds.
func (p *picture) all(dir string, counts func(path, name string) bool) {
	p.interestIn(dir).all = counts
}

// maxLinks is how many links may be followed on the way to one file.
const maxLinks = 40

// trace follows a path, links included, and makes each step matter: a link that is turned elsewhere, a directory that is
// renamed. It returns where the path leads and whether that is there; the step that is missing matters as well.
func (p *picture) trace(path string) (real string, ok bool) {
	path, err := filepath.Abs(path)
	if err != nil {
		p.fail(err)
		return "", false
	}
	at, steps, links := "/", strings.Split(path, "/"), 0
	for len(steps) > 0 {
		name := steps[0]
		steps = steps[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			at = filepath.Dir(at)
			continue
		}
		p.interestIn(at).names[name] = true
		next := filepath.Join(at, name)
		info, err := os.Lstat(next)
		if err != nil {
			p.fail(err)
			return "", false
		}
		if info.Mode()&os.ModeSymlink == 0 {
			at = next
			continue
		}
		target, err := os.Readlink(next)
		if links++; err != nil || links > maxLinks {
			return "", false
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		steps = append(strings.Split(target, "/"), steps...)
	}
	return at, true
}

// file puts one file into the picture, and tells whether it is there.
func (p *picture) file(path string) bool {
	if _, ok := p.trace(path); !ok {
		return false
	}
	return p.note(path)
}

// note is file without a trace.
func (p *picture) note(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	p.files[path] = stamp{identify(info), info.Size(), info.ModTime().UnixNano()}
	return true
}

// differences lists the paths that are not the same in two pictures, sorted.
func differences(a, b map[string]stamp) []string {
	var out []string
	for path, was := range a {
		if is, ok := b[path]; !ok || is != was {
			out = append(out, path)
		}
	}
	for path := range b {
		if _, ok := a[path]; !ok {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}
