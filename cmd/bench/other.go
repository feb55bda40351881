//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: measures through /proc and runs on Linux only")
	os.Exit(2)
}
