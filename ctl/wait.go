package ctl

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// waitFile waits until one of the events of poll(2) is there for f, or an error or the end of it, which need not be
// asked for. When ctx ends first its error is returned.
//
// Files such as terminals and inherited pipes do not take deadlines, and a read that has begun cannot be called off.
func waitFile(ctx context.Context, f *os.File, events int16) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	// The end of ctx closes one end of a pipe, which is an event at the other.
	ended, end, err := os.Pipe()
	if err != nil {
		return err
	}
	defer ended.Close()
	stop := context.AfterFunc(ctx, func() { end.Close() })
	defer func() {
		if stop() {
			end.Close()
		}
	}()
	fds := []unix.PollFd{{Events: events}, {Fd: int32(ended.Fd()), Events: unix.POLLIN}}
	err = errors.Join(conn.Control(func(fd uintptr) {
		fds[0].Fd = int32(fd)
		for {
			if _, err = unix.Poll(fds, -1); !errors.Is(err, unix.EINTR) {
				return
			}
		}
	}), err)
	if err == nil && fds[0].Revents == 0 {
		err = ctx.Err()
	}
	return err
}
