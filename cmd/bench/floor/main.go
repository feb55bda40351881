//go:build linux

// Command floor is the least a process supervisor in Go can be: it forks, reads pipes, writes files, waits and restarts.
// It has no features. The benchmark runs it beside the real supervisors to learn what the machine allows.
package main

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: floor JOBFILE"))
	}
	j, err := readJob(os.Args[1])
	if err != nil {
		fail(err)
	}
	listeners, err := listen(j)
	if err != nil {
		fail(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	s, err := newSpawner(j)
	if err != nil {
		fail(err)
	}
	for _, l := range listeners {
		go serve(l, s.programs)
	}
	err = s.run(stop)
	os.Remove(j.socket)
	if err != nil {
		fail(err)
	}
}

func listen(j *job) ([]net.Listener, error) {
	l, err := net.Listen("unix", j.socket)
	if err != nil || j.address == "" {
		return []net.Listener{l}, err
	}
	tcp, err := net.Listen("tcp", j.address)
	return []net.Listener{l, tcp}, err
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "floor:", err)
	os.Exit(2)
}
