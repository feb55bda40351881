// Go's runtime would look once a second after each thing that happens whether it may use other processors by now.
//go:debug updatemaxprocs=0

// Supd is a process supervisor: a drop-in for supervisord, its control client, and a few helpers, in one program.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gwaycc/supd/supervisor/process"
)

// version is set by the linker; without that it is what the build tool knows, as after go install.
var version string

func init() {
	if version != "" {
		return
	}
	version = "unknown"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		version = info.Main.Version
	}
}

// interfaceVersion is the release of supervisord whose interface is spoken; clients compare it.
const interfaceVersion = "4.2.5"

// exitUsage is the exit status for everything that is wrong before supd runs: usage, configuration, listeners, limits.
const exitUsage = 2

func main() {
	if process.IsShim(os.Args) {
		os.Exit(process.RunShim(os.Args))
	}
	os.Exit(run(filepath.Base(os.Args[0]), os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program: name is what it was called as. Under the names of the tools it replaces it behaves as they do.
func run(name string, args []string, stdout, stderr io.Writer) int {
	for _, l := range links {
		if strings.HasPrefix(name, l.name) {
			return l.run(name, args, stdout, stderr)
		}
	}
	if isCompletion(args) {
		return complete(args, stdout, stderr)
	}
	if len(args) > 0 {
		if c := findSubcommand(args[0]); c != nil {
			return c.run(name+" "+args[0], args[1:], stdout, stderr)
		}
	}
	return runDaemon(asSupd, name, args, stdout, stderr)
}

// links are the names under which this program is one of the tools it replaces; anything may follow a name.
var links = []subcommand{
	{name: "supervisorctl", run: runCtl},
	{name: "supervisord", run: func(name string, args []string, stdout, stderr io.Writer) int {
		return runDaemon(asSupervisord, name, args, stdout, stderr)
	}},
	{name: "pidproxy", run: runPidproxy},
	{name: "echo_supervisord_conf", run: func(name string, _ []string, stdout, stderr io.Writer) int {
		return runInit(name, nil, stdout, stderr)
	}},
}

// A subcommand is a word that may follow "supd".
type subcommand struct {
	name, help string
	run        func(name string, args []string, stdout, stderr io.Writer) int
}

var subcommands []subcommand

func init() { // not in the declaration: help leads back to the table
	subcommands = []subcommand{
		{"ctl", "look at and steer a running supd or supervisord", runCtl},
		{"completion", "print a script that completes command lines in bash, zsh or fish", runCompletion},
		{"check", "tell what is wrong with a configuration file", runCheck},
		{"sim", "play a configuration through in simulated time, with programs that fail", runSim},
		{"init", "print a configuration file to start from", runInit},
		{"user", "print a section for somebody who may use the servers", runUser},
		{"demo", "run on a small built-in configuration", runDemo},
		{"service", "have the system start supd: install, start, stop, status and so on", runService},
		{"pidproxy", "run a program that writes a pidfile, pass signals to that pid", runPidproxy},
		{"version", "print the version", runVersion},
		{"help", "help for supd, or for one of these commands", runHelp},
	}
}

// findSubcommand returns the subcommand of that name, nil when there is none.
func findSubcommand(name string) *subcommand {
	i := slices.IndexFunc(subcommands, func(c subcommand) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return &subcommands[i]
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
