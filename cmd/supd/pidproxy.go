package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// pidproxySignals are what pidproxy passes on.
var pidproxySignals = []os.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGQUIT}

const pidproxyUsage = `Usage: %s [--exit-status | --follow] PIDFILE COMMAND [ARGUMENTS]

Runs COMMAND, and passes each TERM, HUP, INT, USR1, USR2 and QUIT it gets on to the process whose number is in PIDFILE
at that moment. For programs that start others and write the number of the one to be signalled into a file.

COMMAND without a slash is looked for in the current directory, then along PATH.

It exits
  0    when COMMAND has ended, or at once after TERM, INT or QUIT was passed on
  1    when such a signal has no receiver any more, or the command line is wrong
  127  when COMMAND cannot be started
A signal that finds no number in PIDFILE is dropped with a message.

--exit-status exits as COMMAND did: with its status, or with 128 and the number of the signal that killed it.

--follow is for a COMMAND that goes to the background by itself. When it has ended with status 0, pidproxy waits for the end
of the process in PIDFILE: it exits with 0 if a TERM, INT or QUIT was passed on before, else with 1. When COMMAND fails it
exits as COMMAND did.
`

// A pidproxyMode is what pidproxy does when the command has ended.
type pidproxyMode int

const (
	proxyAsOriginal pidproxyMode = iota // exits with 0
	proxyExitStatus                     // exits as the command did
	proxyFollow                         // waits for the process of the pidfile
)

var pidproxyModes = map[string]pidproxyMode{"--exit-status": proxyExitStatus, "--follow": proxyFollow}

// runPidproxy is supervisord's pidproxy (compat.md §10.6). What it does differently: it knows at once when the command
// has ended, says so when it could not be started, and never signals a process group or everybody (0 or a negative number
// in the pidfile).
func runPidproxy(name string, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && (args[0] == "-h" || args[0] == "--help") {
		fmt.Fprintf(stdout, pidproxyUsage, name)
		return 0
	}
	p := &pidproxy{stdout: stdout}
	if len(args) > 0 {
		if mode, ok := pidproxyModes[args[0]]; ok {
			p.mode, args = mode, args[1:]
		}
	}
	if len(args) < 2 {
		fmt.Fprintf(stdout, pidproxyUsage, name)
		return 1
	}
	p.pidfile = args[0]
	status, err := p.run(args[1:])
	if err != nil {
		fmt.Fprintf(stderr, "Error: %v\n", err)
	}
	return status
}

// statusNotStarted is the exit status when the command could not be started, as a shell has it.
const statusNotStarted = 127

// pidproxy passes signals to the process named in a file.
type pidproxy struct {
	pidfile  string
	mode     pidproxyMode
	stdout   io.Writer
	stopping bool // a signal that asks for the end was passed on
}

// run runs the command until it has ended or a signal told it to end, and returns the exit status.
func (p *pidproxy) run(command []string) (int, error) {
	signals := make(chan os.Signal, 64)
	signal.Notify(signals, pidproxySignals...) // before the start: none may get lost, or end us without the command
	defer signal.Stop(signals)
	path, err := findCommand(command[0])
	if err != nil {
		return statusNotStarted, fmt.Errorf("could not start %s: %w", command[0], err)
	}
	child, err := os.StartProcess(path, command, &os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}})
	if err != nil {
		return statusNotStarted, fmt.Errorf("could not start %s: %w", command[0], err)
	}
	ended := make(chan int, 1)
	go func() { ended <- waitStatus(child) }()
	status, exited := p.passUntil(signals, ended)
	switch {
	case !exited || p.mode == proxyExitStatus:
		return status, nil
	case p.mode == proxyAsOriginal:
		return 0, nil
	case status != 0:
		return status, fmt.Errorf("%s failed, there is nothing to follow", command[0])
	}
	return p.follow(signals)
}

// follow waits for the end of the process in the pidfile.
func (p *pidproxy) follow(signals <-chan os.Signal) (int, error) {
	pid, err := readPidFile(p.pidfile)
	if err != nil {
		return 1, fmt.Errorf("the command has ended, and the pidfile %s cannot be followed: %w", p.pidfile, err)
	}
	ended, err := watchProcess(pid)
	if err != nil {
		return 1, fmt.Errorf("the command has ended, and process %d of the pidfile %s cannot be followed: %w", pid, p.pidfile, err)
	}
	p.passUntil(signals, ended)
	if p.stopping {
		return 0, nil
	}
	return 1, fmt.Errorf("process %d of the pidfile %s has ended", pid, p.pidfile)
}

// passUntil passes signals on until a status comes, which it returns with true, or a signal was the last. Signals that
// came together with the status are passed on as well: the process of the pidfile may outlive the command.
func (p *pidproxy) passUntil(signals <-chan os.Signal, ended <-chan int) (status int, exited bool) {
	for !exited || len(signals) > 0 {
		select {
		case s := <-signals:
			if done, status := p.pass(s.(syscall.Signal)); done {
				return status, false
			}
		case status = <-ended:
			exited = true
		}
	}
	return status, true
}

// pass passes one signal on. It tells whether that was the end, and with which status.
func (p *pidproxy) pass(s syscall.Signal) (done bool, status int) {
	pid, err := readPidFile(p.pidfile)
	if err != nil {
		fmt.Fprintf(p.stdout, "Can't read child pidfile %s! (%v)\n", p.pidfile, err)
		return false, 0
	}
	last := s == syscall.SIGTERM || s == syscall.SIGINT || s == syscall.SIGQUIT
	if err := syscall.Kill(pid, s); err != nil {
		fmt.Fprintf(p.stdout, "could not send %v to process %d of %s: %v\n", s, pid, p.pidfile, err)
		return last, 1
	}
	p.stopping = p.stopping || last
	return last && p.mode != proxyFollow, 0
}

// readPidFile reads the number of one process.
func readPidFile(path string) (int, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, errors.Unwrap(err)
	}
	text := strings.TrimSpace(string(data))
	pid, err := strconv.Atoi(text)
	if err != nil || pid < 1 {
		return 0, errors.New("there is no process number in it")
	}
	return pid, nil
}

// findCommand finds a command in the current directory, or along PATH if its name has no slash.
func findCommand(name string) (string, error) {
	path, err := filepath.Abs(name)
	if err != nil || strings.Contains(name, "/") {
		return path, err
	}
	if st, err := os.Stat(path); err == nil && !st.IsDir() {
		return path, nil
	}
	path, err = exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("it is neither in the current directory nor in PATH")
	}
	return path, nil
}

// waitStatus waits for the end of a process and returns its exit status as a shell has it.
func waitStatus(p *os.Process) int {
	state, err := p.Wait()
	if err != nil {
		return 1
	}
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return state.ExitCode()
}
