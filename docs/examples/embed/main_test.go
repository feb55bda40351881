package main

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// The example is built and run as its reader would, and does what its comments say.
func TestTheExample(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "embed")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var out proctest.Output
	cmd := exec.Command(binary)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill() }()
	for _, line := range []string{
		"database is RUNNING: ", "Good morning!", "flaky is EXITED: ", "flaky is STOPPED: ",
		"a program that failed too often was stopped\n",
	} {
		out.WaitFor(t, line)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := proctest.Receive(t, "the end", ended); err != nil {
		t.Errorf("it ended with %v", err)
	}
	out.WaitFor(t, "database is STOPPED: ")
	out.WaitFor(t, "greeter is STOPPED: ")
}
