package ctl

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/kolo/xmlrpc"
)

// catchUpTime is how long nothing must come out of a stream before it counts as complete although more was expected:
// supervisord looks once a second whether a log has grown.
const catchUpTime = 2 * time.Second

// stateRunning is the state of a program that is up (compat.md §3.1).
const stateRunning = 20

const exitingForeground = "Exiting foreground\n"

// A foreground is one program that the user types to.
//
// Its end is noticed when a line was sent, as supervisorctl does, and when the main log tells that a program of its name
// has ended; the main log is followed for that. Either way the server is asked what became of the program.
type foreground struct {
	s     *session
	name  string // as the user typed it
	info  programInfo
	ctx   context.Context
	logs  []*programLog
	ended chan streamEnd
	check chan struct{} // holds a value when the program should be looked at
	quiet time.Duration // catchUpTime

	running sync.WaitGroup
}

// A streamEnd is the end of the stream of a log of the program.
type streamEnd struct {
	path string
	err  error
}

// newForeground prepares to show the program called name, about which the server has told info.
func newForeground(s *session, name string, info programInfo) *foreground {
	f := &foreground{s: s, name: name, info: info, check: make(chan struct{}, 1), quiet: catchUpTime}
	screen := &sharedWriter{out: s.env.Stdout}
	if info.StdoutLog != "" {
		f.logs = append(f.logs, newProgramLog(name, "stdout", s.logOutput(screen)))
	}
	if info.StderrLog != "" {
		f.logs = append(f.logs, newProgramLog(name, "stderr", s.logOutput(screen)))
	}
	f.ended = make(chan streamEnd, len(f.logs))
	return f
}

// run shows the program until it, the user or the input ends.
func (f *foreground) run() error {
	f.s.printf(pressCtrlC)
	ctx, cancel := f.s.whileRead()
	f.ctx = ctx
	for _, l := range f.logs {
		f.follow(l)
	}
	f.running.Go(f.watch)
	farewell, err := f.loop()
	unread := ctx.Err() != nil && f.s.ctx.Err() == nil
	cancel()
	f.running.Wait()
	switch {
	case f.s.ctx.Err() != nil: // Ctrl-C
		f.s.printf(exitingForeground)
	case unread, errors.Is(err, errOutput):
	case err != nil:
		return err
	default:
		f.s.printf("%s", farewell)
	}
	return nil
}

// loop waits for what happens until something ends fg, and returns what to say then.
func (f *foreground) loop() (farewell string, err error) {
	lines, next := make(chan typedLine), make(chan struct{}, 1)
	f.running.Go(func() { f.readLines(lines, next) })
	next <- struct{}{}
	for farewell == "" && err == nil {
		select {
		case <-f.ctx.Done():
			return "", nil
		case l := <-lines:
			if farewell, err = f.typed(l); farewell == "" && err == nil {
				next <- struct{}{}
			}
		case end := <-f.ended:
			if errors.Is(end.err, errOutput) || f.ctx.Err() != nil {
				return "", end.err
			}
			f.s.streamProblem(end.path, end.err)
			farewell, err = f.look()
		case <-f.check:
			farewell, err = f.look()
		}
	}
	return farewell, err
}

// A typedLine is a line of the input, or why there is none.
type typedLine struct {
	text string
	err  error
}

// readLines reads a line for each value of next. A line nobody takes goes back, so that the next command finds it.
func (f *foreground) readLines(lines chan<- typedLine, next <-chan struct{}) {
	in := f.s.input()
	for {
		select {
		case <-next:
		case <-f.ctx.Done():
			return
		}
		text, err := in.line(f.ctx)
		select {
		case lines <- typedLine{text, err}:
		case <-f.ctx.Done():
			if err == nil {
				in.putBack(text)
			}
			return
		}
	}
}

// typed passes a line on and looks what became of the program. It returns what to say when fg is over, else "".
func (f *foreground) typed(l typedLine) (farewell string, err error) {
	switch {
	case errors.Is(l.err, io.EOF):
		// The input may be a pipe that held all there is to say: what the program has answered by now is still shown.
		return f.leave(""), nil
	case l.err != nil:
		return "", fmt.Errorf("what you type cannot be read (%w); the program goes on, fg %s shows it again", l.err, f.name)
	}
	err = f.s.client.call(f.ctx, new(bool), "sendProcessStdin", f.name, textArg(l.text+"\n"))
	switch {
	case codeOf(err) == faultNotRunning:
		return f.leave("Process got killed\n"), nil
	case codeOf(err) != 0:
		return f.leave(fmt.Sprintf("ERROR: %v\n", err)), nil
	case err != nil:
		return "", err
	}
	return f.look()
}

// textArg is text as an argument of a method. XML cannot hold most control characters, but a terminal sends them, for
// keys with arrows; those go as base64, which servers take for a text as well (compat.md §4.2).
func textArg(text string) any {
	for _, r := range text {
		if r < ' ' && r != '\n' && r != '\t' || r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF {
			return xmlrpc.Base64(base64.StdEncoding.EncodeToString([]byte(text)))
		}
	}
	return text
}

// look asks what became of the program. It returns what to say when fg is over, else "". A program that was started
// anew is not the one the user has typed to.
func (f *foreground) look() (farewell string, err error) {
	var now programInfo
	err = f.s.client.call(f.ctx, &now, "getProcessInfo", f.name)
	switch {
	case codeOf(err) == faultBadName, err == nil && (now.State != stateRunning || now.PID != f.info.PID):
		return f.leave("Process got killed\n"), nil
	case codeOf(err) != 0:
		return f.leave(fmt.Sprintf("ERROR: %v\n", err)), nil
	}
	return "", err
}

// leave waits until all that is in the logs by now is shown, and returns what to say then.
func (f *foreground) leave(reason string) string {
	for _, l := range f.logs {
		f.catchUp(l)
	}
	return reason + exitingForeground
}
