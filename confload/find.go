package confload

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// FindOptions says where Find starts. The zero value is the running program in its current directory.
type FindOptions struct {
	Executable string // argv[0]; "": that of this process
	Dir        string // "": the current directory
}

// supdIni is the name of the configuration file of the supervisor in Go that supd has its name from.
const supdIni = "supd.ini"

// Find looks for the configuration file where supervisord does (compat.md §1.1) and then where supervisors in Go do: for
// supervisord.ini in the current directory, supd.ini in ., ./etc and /etc/supd, and beside the program. What they call .. is
// that of the directory of the program, as with supervisord's own two: a file of any directory above the current one is
// not to be run by chance. path is absolute, "" when there is none; that is no error. tried are all paths looked at, absolute.
func Find(opts FindOptions) (path string, tried []string, err error) {
	dir := opts.Dir
	if dir == "" {
		if dir, err = os.Getwd(); err != nil {
			return "", nil, fmt.Errorf("cannot find the current directory: %w", err)
		}
	}
	exe := opts.Executable
	if exe == "" {
		exe = os.Args[0]
		if !strings.Contains(exe, "/") { // found through PATH
			if exe, err = os.Executable(); err != nil {
				exe = os.Args[0]
			}
		}
	}
	base := filepath.Dir(filepath.Dir(exe))
	for _, p := range []string{
		filepath.Join(base, "etc", "supervisord.conf"),
		filepath.Join(base, "supervisord.conf"),
		"supervisord.conf",
		"etc/supervisord.conf",
		"/etc/supervisord.conf",
		"/etc/supervisor/supervisord.conf",
		"supervisord.ini",
		supdIni,
		filepath.Join("etc", supdIni),
		filepath.Join("/etc/supd", supdIni),
		filepath.Join(base, "etc/supd", supdIni),
		filepath.Join(base, supdIni),
	} {
		if !filepath.IsAbs(p) {
			p = filepath.Join(dir, p)
		}
		tried = append(tried, p)
		if _, err := os.Stat(p); err == nil {
			return p, tried, nil
		}
	}
	return "", tried, nil
}

// CheckPath makes the path of a configuration file absolute and checks that it can be read.
func CheckPath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", &Error{Text: "could not find config file " + path}
	}
	st, err := os.Stat(abs)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", &Error{Text: "could not find config file " + abs}
	case err != nil:
		return "", &Error{Text: "could not read config file " + abs + ": " + reason(err)}
	case st.IsDir():
		return "", &Error{Text: "could not read config file " + abs + ": it is a directory"}
	case st.Mode().IsRegular():
		f, err := os.Open(abs)
		if err != nil {
			return "", &Error{Text: "could not read config file " + abs + ": " + reason(err)}
		}
		f.Close()
	}
	return abs, nil
}

// reason is what the system said, without the path.
func reason(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
