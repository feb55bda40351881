package process

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// A ResolveKind is what is wrong with a program file. It decides the fault of startProcess.
type ResolveKind int

const (
	NotFound      ResolveKind = iota + 1 // there is no such file (fault NO_FILE)
	NotExecutable                        // there is one that cannot be executed (fault NOT_EXECUTABLE)
)

// A ResolveError says why a program cannot be started. Text is supervisord's spawnerr (compat.md §3.5).
type ResolveError struct {
	Kind ResolveKind
	Text string
}

func (e *ResolveError) Error() string { return e.Text }

// defaultPath is where supervisord looks when nobody has a PATH.
const defaultPath = "/bin:/usr/bin:/usr/local/bin"

// Resolve finds the program file for the first word of a command. A word with a slash is used as it is, relative to our
// working directory and not to the program's. Any other is looked for in the PATH of env, else in our own, else in
// /bin:/usr/bin:/usr/local/bin; an entry that is a directory or not executable does not end the search, as in execvp
// (supervisord stops at the first that exists), but is what the error is about when nothing better comes. env is
// KEY=VALUE, the last of equal keys counts. The error is a *ResolveError.
func Resolve(word string, env []string) (string, error) {
	if word == "" {
		return "", &ResolveError{NotExecutable, "command is empty"}
	}
	if strings.Contains(word, "/") {
		if err := checkProgram(word, word); err != nil {
			return "", err
		}
		return word, nil
	}
	best := &ResolveError{NotFound, "can't find command " + quote(word)}
	for _, path := range Candidates(word, env) {
		err := checkProgram(path, word)
		if err == nil {
			return path, nil
		}
		if best.Kind == NotFound && err.Kind != NotFound {
			best = err
		}
	}
	return "", best
}

// Candidates are the paths that Resolve tries for a word, in their order.
func Candidates(word string, env []string) []string {
	if strings.Contains(word, "/") {
		return []string{word}
	}
	dirs := strings.Split(searchPath(env), ":")
	paths := make([]string, len(dirs))
	for i, dir := range dirs {
		paths[i] = filepath.Join(dir, word)
	}
	return paths
}

func searchPath(env []string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if path, ok := strings.CutPrefix(env[i], "PATH="); ok {
			return path
		}
	}
	if path := os.Getenv("PATH"); path != "" {
		return path
	}
	return defaultPath
}

// checkProgram tells whether path can be executed by us; nil: it can. word is what the user wrote.
func checkProgram(path, word string) *ResolveError {
	st, err := os.Stat(path)
	switch {
	case err != nil:
		return &ResolveError{NotFound, "can't find command " + quote(word)}
	case st.IsDir():
		return &ResolveError{NotExecutable, "command at " + quote(path) + " is a directory"}
	case st.Mode()&fs.ModePerm&0o111 == 0:
		return &ResolveError{NotExecutable, "command at " + quote(path) + " is not executable"}
	case unix.Access(path, unix.X_OK) != nil:
		return &ResolveError{NotExecutable, "no permission to run command " + quote(path)}
	}
	return nil
}

// quote puts s into quotes as Python's repr does for text without control characters.
func quote(s string) string {
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		return `"` + s + `"`
	}
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", `\'`) + "'"
}
