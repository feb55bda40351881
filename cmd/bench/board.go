//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// The kinds of announcement.
const (
	kindExecuting = 1 // the program's first instructions ran
	kindWriting   = 2 // it passed the gate
	kindWritten   = 3 // its last line went into the pipe
)

// A record is one announcement of a child, laid out as child/child.c writes it.
type record struct {
	Pid, Index, Generation, Kind uint32
	At, CPU                      int64 // monotonic clock and the child's own CPU time, nanoseconds
}

const recordBytes = 32

// A board is where children announce themselves: a FIFO, so that learning of a start costs the supervisor nothing.
// Only one goroutine may wait on it.
type board struct {
	path    string
	fifo    *os.File
	records chan record
	last    []record // of each program, the last announcement that it executes
}

// newBoard creates the FIFO at path for programs with the indexes 0 to programs-1.
func newBoard(path string, programs int) (*board, error) {
	if err := unix.Mkfifo(path, 0o666); err != nil {
		return nil, fmt.Errorf("cannot create %s: %w", path, err)
	}
	fifo, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if raw, err := fifo.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 1<<20) })
	}
	b := &board{path: path, fifo: fifo, records: make(chan record, 4*programs+64), last: make([]record, programs)}
	go b.read()
	return b, nil
}

func (b *board) read() {
	defer close(b.records)
	in := bufio.NewReaderSize(b.fifo, 64<<10)
	data := make([]byte, recordBytes)
	for {
		if _, err := io.ReadFull(in, data); err != nil {
			return
		}
		var r record
		binary.Decode(data, binary.NativeEndian, &r)
		b.records <- r
	}
}

// close ends the board. Children that announce themselves later are not heard.
func (b *board) close() {
	b.fifo.Close()
	go func() {
		for range b.records {
		}
	}()
}

// await takes announcements until done is true for one. It fails when that takes too long or the daemon ends.
func (b *board) await(ctx context.Context, d *daemon, timeout time.Duration, what string, done func(record) bool) error {
	late := time.NewTimer(timeout)
	defer late.Stop()
	seen := 0
	for {
		select {
		case r, ok := <-b.records:
			if !ok {
				return fmt.Errorf("the announcements ended while waiting for %s", what)
			}
			seen++
			b.note(r)
			if done(r) {
				return nil
			}
		case <-d.exited:
			return fmt.Errorf("ended while waiting for %s: %s", what, d.lastWords())
		case <-late.C:
			return fmt.Errorf("no %s within %v (%d announcements came)", what, timeout, seen)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// drain takes the announcements that are there without waiting.
func (b *board) drain(each func(record)) {
	for {
		select {
		case r, ok := <-b.records:
			if !ok {
				return
			}
			b.note(r)
			each(r)
		default:
			return
		}
	}
}

func (b *board) note(r record) {
	if r.Kind == kindExecuting && int(r.Index) < len(b.last) {
		b.last[r.Index] = r
	}
}
