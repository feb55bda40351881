package ctl

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// An Env is what the client knows of its surroundings. The zero value of a field is usable.
type Env struct {
	// Name is what the client was called as, "supd ctl" or "supervisorctl"; it appears in help and in hints.
	// "" means "supd ctl".
	Name string
	// Stdin answers questions; nil is an empty input. Stdout and Stderr get the output; nil throws it away.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Getenv looks up environment variables (NO_COLOR, TERM, HOME, SUPERVISOR_GROUP_DISPLAY, SUPD_TOKEN); nil means that none is set.
	Getenv func(string) string
	// IsTerminal tells whether Stdout is a terminal; nil means to look whether it is a file that is one.
	IsTerminal func() bool
}

// complete returns e with every field set.
func (e Env) complete() Env {
	if e.Name == "" {
		e.Name = "supd ctl"
	}
	if e.Stdin == nil {
		e.Stdin = eof{}
	}
	if e.Stdout == nil {
		e.Stdout = io.Discard
	}
	if e.Stderr == nil {
		e.Stderr = io.Discard
	}
	if e.Getenv == nil {
		e.Getenv = func(string) string { return "" }
	}
	if e.IsTerminal == nil {
		out := e.Stdout
		e.IsTerminal = func() bool {
			f, ok := out.(*os.File)
			return ok && term.IsTerminal(int(f.Fd()))
		}
	}
	return e
}

// colour tells whether output may carry colours: on a terminal that has them, unless the user does not want any
// (https://no-color.org).
func (e Env) colour() bool {
	return e.Getenv("NO_COLOR") == "" && e.Getenv("TERM") != "dumb" && e.IsTerminal()
}

// longNames tells whether status shows group:name always, as other supervisors do when this variable is set. supervisorctl
// does not know it.
func (e Env) longNames() bool {
	switch strings.ToLower(e.Getenv("SUPERVISOR_GROUP_DISPLAY")) {
	case "yes", "true", "y", "t", "1":
		return !e.isOriginal()
	}
	return false
}

// isOriginal tells whether the client was called as supervisorctl, whose users expect what that says and does.
func (e Env) isOriginal() bool { return strings.HasPrefix(e.Name, "supervisorctl") }

// eof is an empty input.
type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }
