//go:build !linux

// Command floor needs pidfds and is built on Linux only.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "floor: runs on Linux only")
	os.Exit(2)
}
