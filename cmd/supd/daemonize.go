package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// readyEnv holds the pid of the parent of a daemon in the background.
const readyEnv = "SUPD_DAEMON_OF"

// isBackground tells whether we are the daemon that daemonize has started. The variable that says so names the parent
// and is taken out of the environment at once: programs must not get it.
var isBackground = func() bool {
	parent := os.Getenv(readyEnv)
	_ = os.Unsetenv(readyEnv)
	if parent == "" || parent != strconv.Itoa(os.Getppid()) {
		return false
	}
	syscall.CloseOnExec(readyFD)
	return true
}()

// readyFD is the descriptor on which the daemon tells its parent that it is up.
const readyFD = 3

// daemonize starts this program again, in a session of its own, and returns when that daemon answers requests, with
// status 0, or has given up, with its exit status. Until then the daemon's errors go to our stderr.
func daemonize(args []string) (status int, err error) {
	exe, err := os.Executable()
	if err != nil {
		return exitUsage, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return exitUsage, err
	}
	defer r.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return exitUsage, err
	}
	defer null.Close()
	p, err := os.StartProcess(exe, append([]string{os.Args[0]}, args...), &os.ProcAttr{
		Env:   append(os.Environ(), readyEnv+"="+strconv.Itoa(os.Getpid())),
		Files: []*os.File{null, null, os.Stderr, w},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	w.Close()
	if err != nil {
		return exitUsage, fmt.Errorf("could not go to the background: %w", err)
	}
	line, err := bufio.NewReader(r).ReadString('\n')
	if strings.TrimSpace(line) == "ready" {
		return 0, p.Release()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return exitUsage, err
	}
	state, err := p.Wait()
	if err != nil {
		return exitUsage, err
	}
	if c := state.ExitCode(); c > 0 {
		return c, nil
	}
	return exitUsage, nil
}

// tellReady tells the parent that the daemon answers, and lets go of the terminal. It does nothing in the foreground.
func tellReady() error {
	if !isBackground {
		return nil
	}
	w := os.NewFile(readyFD, "ready")
	defer w.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	for fd := range 3 {
		if err := dup2(int(null.Fd()), fd); err != nil {
			return err
		}
	}
	_, err = io.WriteString(w, "ready\n")
	return err
}
