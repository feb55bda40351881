package main

import (
	"io"
	"os"

	"github.com/gwaycc/supd/ctl"
)

// runCtl runs the control client.
func runCtl(name string, args []string, stdout, stderr io.Writer) int {
	return ctl.Run(ctl.Env{Name: name, Stdin: os.Stdin, Stdout: stdout, Stderr: stderr, Getenv: os.Getenv}, args)
}
