package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
)

const (
	// notifyPatience bounds how long a service manager that does not read can hold us up when something has happened
	// that it must hear; notifyHaste the same for what is said again before long.
	notifyPatience = time.Second
	notifyHaste    = 10 * time.Millisecond
	// statusDelay is how long changes are collected before STATUS tells of them.
	statusDelay = time.Second
)

// notifier tells the service manager that has started supd how it is (sd_notify(3)). nil, which is what it is when there
// is none, says nothing. Its methods but the channels may be used from any goroutine.
type notifier struct {
	socket   string
	watchdog time.Duration // 0: nobody watches
	stopped  atomic.Bool

	// What follows belongs to the goroutine of serve.
	beat <-chan time.Time // time to say that the loop turns; nil: nobody watches
	due  <-chan time.Time // time to tell the status; nil: nothing has changed
	said string           // the status told last

	warned atomic.Bool // a failure is told once
	warn   func(string)
}

// takeNotifier makes the notifier from the environment, and takes what is for us out of it: programs must not speak in our
// name. It is called before the environment is read for anything else.
func takeNotifier() *notifier {
	socket, usec, pid := os.Getenv("NOTIFY_SOCKET"), os.Getenv("WATCHDOG_USEC"), os.Getenv("WATCHDOG_PID")
	for _, name := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
		_ = os.Unsetenv(name)
	}
	if socket == "" {
		return nil
	}
	n := &notifier{socket: socket}
	if pid == "" || pid == strconv.Itoa(os.Getpid()) { // else it is meant for another process
		if us, err := strconv.ParseInt(usec, 10, 64); err == nil && us > 1 && us <= int64(maxWatchdog/time.Microsecond) {
			n.watchdog = time.Duration(us) * time.Microsecond
		}
	}
	return n
}

// maxWatchdog keeps the conversion from microseconds within bounds; nobody who waits longer watches.
const maxWatchdog = 10 * 365 * 24 * time.Hour

// begin starts to beat. The serve loop itself sends each beat: one that hangs is found out.
func (n *notifier) begin(warn func(string)) {
	if n == nil {
		return
	}
	if n.warn == nil {
		n.warn = warn
	}
	if n.watchdog > 0 && n.beat == nil {
		n.beat = time.NewTicker(n.watchdog / 2).C
	}
}

// beats returns when to call alive.
func (n *notifier) beats() <-chan time.Time {
	if n == nil {
		return nil
	}
	return n.beat
}

// statusDue returns when to call status.
func (n *notifier) statusDue() <-chan time.Time {
	if n == nil {
		return nil
	}
	return n.due
}

// beatDuring does work, which ends within bounds of its own, without the service manager missing a beat.
func (n *notifier) beatDuring(work func()) {
	if n.beats() == nil {
		work()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	for {
		select {
		case <-done:
			return
		case <-n.beats():
			n.alive()
		}
	}
}

func (n *notifier) alive() { n.send("WATCHDOG=1", notifyHaste) }

// ready tells that supd answers, for the first time or again after reloading.
func (n *notifier) ready(infos []*actors.Info) {
	if n == nil || n.stopped.Load() {
		return
	}
	n.said = statusLine(infos)
	n.send("READY=1\nSTATUS="+n.said, notifyPatience)
}

// reloading tells that a soft restart has begun. ready or stopping must follow.
func (n *notifier) reloading() {
	if n == nil {
		return
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		n.send("RELOADING=1", notifyPatience)
		return
	}
	n.send(fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", now.Nano()/1000), notifyPatience)
}

// stopping tells, once, that supd ends.
func (n *notifier) stopping() {
	if n == nil {
		return
	}
	if !n.stopped.Swap(true) {
		n.send("STOPPING=1\nSTATUS=stopping programs", notifyPatience)
	}
}

// changed notes that the status may have changed.
func (n *notifier) changed() {
	if n.due == nil {
		n.due = time.After(statusDelay)
	}
}

// status tells the status if it has changed.
func (n *notifier) status(infos []*actors.Info) {
	n.due = nil
	if line := statusLine(infos); line != n.said && !n.stopped.Load() {
		n.said = line
		n.send("STATUS="+line, notifyHaste)
	}
}

func statusLine(infos []*actors.Info) string {
	running, fatal := 0, 0
	for _, i := range infos {
		switch i.State {
		case supervisor.Running:
			running++
		case supervisor.Fatal:
			fatal++
		}
	}
	line := fmt.Sprintf("%d of %d programs run", running, len(infos))
	if fatal > 0 {
		line += fmt.Sprintf(", %d could not be started", fatal)
	}
	return line
}

// send sends one message.
func (n *notifier) send(text string, patience time.Duration) {
	if n == nil {
		return
	}
	if err := n.write(text, patience); err != nil && !n.warned.Swap(true) {
		n.warn(fmt.Sprintf("could not tell the service manager %q: %s", text, logs.Clean(err.Error())))
	}
}

func (n *notifier) write(text string, patience time.Duration) error {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.socket, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err = conn.Write([]byte(text))
	return err
}
