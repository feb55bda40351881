//go:build linux

package main

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

//go:embed child/child.c
var childSource []byte

// A child is the command every peer supervises; see child/child.c for its arguments.
type child struct {
	argv []string // the words before the mode
	kind string   // for the report
}

// buildChild compiles the child into dir. Without a C compiler this very program serves as the child: it starts more
// slowly, for every peer alike.
func buildChild(dir string) (child, error) {
	source, program := filepath.Join(dir, "child.c"), filepath.Join(dir, "child")
	if err := os.WriteFile(source, childSource, 0o644); err != nil {
		return child{}, err
	}
	for _, compiler := range []string{"cc", "gcc", "clang"} {
		build := exec.Command(compiler, "-Os", "-static", "-nostdlib", "-ffreestanding", "-fno-builtin", "-fno-stack-protector",
			"-fno-asynchronous-unwind-tables", "-Wl,--build-id=none", "-o", program, source)
		if build.Run() == nil {
			return child{argv: []string{program}, kind: "C, static, no libc"}, nil
		}
	}
	self, err := os.Executable()
	if err != nil {
		return child{}, err
	}
	return child{argv: []string{self, childWord}, kind: "Go, for want of a C compiler"}, nil
}

// childWord as the first argument makes this program the child.
const childWord = "bench-child"

// actAsChild does what child/child.c does when the arguments ask for it, and returns otherwise.
func actAsChild() {
	if len(os.Args) < 6 || os.Args[1] != childWord {
		return
	}
	if err := runChild(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench: child:", err)
		os.Exit(2)
	}
	os.Exit(0)
}

func runChild(args []string) error {
	fifo, err := os.OpenFile(args[1], os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	index, _ := strconv.Atoi(args[2])
	generation, _ := strconv.Atoi(args[3])
	announce := func(kind uint32) error {
		var cpu unix.Timespec
		unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &cpu)
		return binary.Write(fifo, binary.NativeEndian, record{Pid: uint32(os.Getpid()), Index: uint32(index),
			Generation: uint32(generation), Kind: kind, At: monotonic(), CPU: cpu.Nano()})
	}
	if err := announce(kindExecuting); err != nil {
		return err
	}
	if args[0] == string(modeIdle) {
		select {}
	}
	gate, err := os.Open(args[4])
	if err != nil {
		return err
	}
	defer gate.Close()
	lines, _ := strconv.ParseInt(args[5], 10, 64)
	var step time.Duration
	if args[0] == string(modeLines) {
		rate, _ := strconv.Atoi(args[6])
		step = time.Second / time.Duration(max(rate, 1))
	}
	if err := announce(kindWriting); err != nil {
		return err
	}
	if err := writeLines(lines, step, time.Now().Add(step*burst*time.Duration(index%100)/100)); err != nil {
		return err
	}
	return announce(kindWritten)
}

const burst = 10 // lines a paced child writes at once

// writeLines writes numbered lines to stdout: a write each, ten at once, one in step on average from next on; or in large
// chunks when step is 0.
func writeLines(lines int64, step time.Duration, next time.Time) error {
	const perChunk = 655
	var chunk []byte
	for n := range lines {
		chunk = fmt.Appendf(chunk, "%0*d %086d\n", lineDigits, n, 0)
		if step == 0 && len(chunk) < perChunk*lineBytes && n < lines-1 {
			continue
		}
		if step > 0 && n%burst == 0 {
			time.Sleep(time.Until(next))
			next = next.Add(step * burst)
		}
		if _, err := os.Stdout.Write(chunk); err != nil {
			return err
		}
		chunk = chunk[:0]
	}
	return nil
}
