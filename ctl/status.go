package ctl

import (
	"errors"
	"fmt"
)

// The exit statuses of the client (compat.md §8.2). Some numbers mean different things to different commands.
const (
	exitGeneric     = 1   // any other failure
	exitUsage       = 2   // wrong flags, a bad configuration, missing or wrong names of start
	exitStopped     = 3   // status: a program that was shown is stopped
	exitNoInterface = 3   // other commands: the server has no supervisor namespace
	exitUnknown     = 4   // status: no answer, or a name nobody has
	exitRefused     = 4   // other commands: connection refused
	exitVersion     = 5   // the server speaks another version of the API
	exitNotRunning  = 7   // the server or a program is not running
	exitInterrupted = 130 // Ctrl-C
)

// An ExitError is returned by the commands of Command when the client should exit with a status other than 0.
// All output has been written by then.
type ExitError struct{ Status int }

func (e *ExitError) Error() string { return fmt.Sprintf("exit status %d", e.Status) }

// ExitStatus is the exit status for an error that executing Command returned: 0 for nil, that of an ExitError, and 2
// for any other error, which is one about flags and has not been printed.
func ExitStatus(err error) int {
	var exit *ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.Status
	}
	return exitUsage
}
