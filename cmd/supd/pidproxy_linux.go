package main

import "golang.org/x/sys/unix"

// watchProcess tells when a process that is no child of ours has ended, by a status of 0: the real one is its parent's.
func watchProcess(pid int) (<-chan int, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, err
	}
	ended := make(chan int, 1)
	go func() {
		defer unix.Close(fd)
		for {
			_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
			if err != unix.EINTR {
				ended <- 0
				return
			}
		}
	}()
	return ended, nil
}
