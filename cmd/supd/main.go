// Supd is a process supervisor: a drop-in for supervisord, its control client, and a few helpers, in one program.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// version is set by the linker.
var version = "unknown"

// interfaceVersion is the release of supervisord whose interface is spoken; clients compare it.
const interfaceVersion = "4.2.5"

// exitUsage is the exit status for everything that is wrong before supd runs: usage, configuration, listeners, limits.
const exitUsage = 2

func main() { os.Exit(run(filepath.Base(os.Args[0]), os.Args[1:], os.Stdout, os.Stderr)) }

// run is the program: name is what it was called as. Under the names of the tools it replaces it behaves as they do.
func run(name string, args []string, stdout, stderr io.Writer) int {
	switch {
	case strings.HasPrefix(name, "supervisorctl"):
		return runCtl(name, args, stdout, stderr)
	case strings.HasPrefix(name, "supervisord"):
		return runDaemon(asSupervisord, name, args, stdout, stderr)
	case isCompletion(args):
		return complete(args, stdout, stderr)
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		i := slices.IndexFunc(subcommands, func(c subcommand) bool { return c.name == args[0] })
		if i >= 0 {
			return subcommands[i].run(name+" "+args[0], args[1:], stdout, stderr)
		}
	}
	return runDaemon(asSupd, name, args, stdout, stderr)
}

// A subcommand is a word that may follow "supd".
type subcommand struct {
	name, help string
	run        func(name string, args []string, stdout, stderr io.Writer) int
}

var subcommands []subcommand

func init() {
	subcommands = []subcommand{
		{"ctl", "look at and steer a running supd or supervisord", runCtl},
		{"completion", "print a script that completes command lines in bash, zsh or fish", runCompletion},
		{"demo", "run on a small built-in configuration", runDemo},
		{"version", "print the version", func(_ string, _ []string, stdout, _ io.Writer) int {
			fmt.Fprintln(stdout, version)
			return 0
		}},
	}
}

// usageError is an error that is the caller's to mend.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// fail prints an error as supervisord does and returns the exit status for it.
func fail(name string, err error, stderr io.Writer) int {
	fmt.Fprintf(stderr, "Error: %v\n", err)
	var u *usageError
	if errors.As(err, &u) {
		fmt.Fprintf(stderr, "For help, use %s -h\n", name)
	}
	return exitUsage
}
