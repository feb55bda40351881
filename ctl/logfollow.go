package ctl

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// seamTries is how often a stream is opened anew so that nothing is written at that moment.
	seamTries = 4
	// maxLogLine is how long a line may be until it comes out in parts, in bytes.
	maxLogLine = 1 << 20
)

// A logFollow shows several logs as they grow, each in a goroutine of its own.
type logFollow struct {
	s       *session
	ctx     context.Context
	stop    context.CancelFunc
	o       logOptions
	printer *logPrinter
	begun   chan begun
	goOn    chan struct{} // closed when the ends of the logs have been printed

	mu        sync.Mutex      // of the error output and the exit status, and of what follows
	following map[string]bool // logs, by logSource.path
	again     map[string]bool // of these, those of programs that have begun since
	watching  bool            // what is started later is taken up; never changed
}

// begun is the end of a log that is followed from now on.
type begun struct {
	log   *logSource
	lines []logLine
}

// followLogs prints the ends of the logs and then what is written to them, until they all have ended and nothing can begin, or
// Ctrl-C.
func (s *session) followLogs(logs []*logSource, o logOptions, p *logPrinter) error {
	ctx, cancel := s.whileRead()
	defer cancel()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	f := &logFollow{s: s, ctx: ctx, stop: stop, o: o, printer: p, begun: make(chan begun, len(logs)), goOn: make(chan struct{}),
		following: map[string]bool{}, again: map[string]bool{}}
	var all sync.WaitGroup
	defer all.Wait()
	since, known := s.latestRecord()
	if len(logs) == 0 && !known {
		s.fail(exitGeneric)
		return nil
	}
	f.watching = known
	for _, l := range logs {
		f.following[l.path()] = true
	}
	for _, l := range logs {
		all.Go(func() { f.follow(l) })
	}
	ends := map[*logSource][]logLine{}
	for range logs {
		b := <-f.begun
		ends[b.log] = b.lines
	}
	var inOrder [][]logLine
	for _, l := range logs {
		inOrder = append(inOrder, ends[l])
	}
	f.print(interleave(inOrder))
	close(f.goOn)
	if known {
		f.watch(since, &all)
	}
	all.Wait()
	if s.ctx.Err() != nil && s.env.IsTerminal() && s.format == formatText {
		s.printf("\n") // behind the ^C
	}
	return nil
}

// watch takes up what is started from a record on, until the server is gone.
func (f *logFollow) watch(since int, all *sync.WaitGroup) {
	for failures := 0; f.ctx.Err() == nil; {
		next := historyAnswer{Next: since}
		err := f.s.client.call(f.ctx, &next, ownMethods+"getHistory", since, historyMax, "", historyWait)
		switch {
		case err == nil:
			since = next.Next
			if begun := beginsIn(next.Records); failures > 0 || next.Missed > 0 || len(begun) > 0 {
				err = f.takeUp(all, begun)
			}
			failures = 0
		case !restarting(err) || failures == historyRetries:
			f.tell("%s is gone", f.s.client.url)
			return
		}
		if err != nil {
			failures++
			f.pause()
		}
	}
}

// tell says something on the error output.
func (f *logFollow) tell(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ctx.Err() == nil {
		fmt.Fprintf(f.s.env.Stderr, format+"\n", args...)
	}
}

// beginsIn are the programs that may have a log from one of the records on that they have not had before.
func beginsIn(records []pastRecord) map[string]bool {
	begun := map[string]bool{}
	for _, r := range records {
		if r.To == "STARTING" || r.To == "RUNNING" {
			begun[r.Program] = true
		}
	}
	return begun
}

// takeUp follows what is there by now and was asked for. Some programs have begun.
func (f *logFollow) takeUp(all *sync.WaitGroup, begun map[string]bool) error {
	programs, err := f.s.allPrograms()
	if err != nil {
		return err
	}
	picked := slices.DeleteFunc(slices.Clone(programs), func(p programInfo) bool {
		return !slices.Contains(f.o.names, "all") && !named(f.o.names, p)
	})
	for _, l := range logsOf(programs, picked, f.o, nil) {
		f.mu.Lock()
		if !f.following[l.path()] {
			f.following[l.path()] = true
			all.Go(func() { f.followLate(l) })
		} else if begun[l.program] {
			f.again[l.path()] = true
		}
		f.mu.Unlock()
	}
	return nil
}

// followLate shows a log that has come later.
func (f *logFollow) followLate(l *logSource) { f.ended(l, f.show(l), true) }

// show shows a log that has come later, for as long as there is one.
func (f *logFollow) show(l *logSource) error {
	for {
		opened := time.Now()
		body, join, err := f.open(l, f.print)
		if err == nil {
			err = f.copy(l, body, join)
			body.Close()
		}
		switch again, why := f.afterEnd(l, err); {
		case again && time.Since(opened) < historyPause:
			f.pause() // a server that ends its streams at once
		case !again && f.leave(l):
			return why
		}
	}
}

// afterEnd tells whether the program of a stream that has ended is there, as when supd was reloaded, so that there is another one.
// Otherwise it says why there is none: err, or that there is no such program.
func (f *logFollow) afterEnd(l *logSource, err error) (again bool, why error) {
	if !f.watching || !streamBroke(err) || f.ctx.Err() != nil {
		return false, err
	}
	var i programInfo
	asked := f.s.client.call(f.ctx, &i, "getProcessInfo", textArg(l.program))
	if codeOf(asked) == faultBadName {
		return false, asked
	}
	return asked == nil, err
}

// pause waits a little, unless all is over.
func (f *logFollow) pause() {
	timer := time.NewTimer(historyPause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.ctx.Done():
	}
}

// leave tells whether a log is not followed any more: unless its program has begun since the last time.
func (f *logFollow) leave(l *logSource) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.again[l.path()] && f.ctx.Err() == nil {
		delete(f.again, l.path())
		return false
	}
	delete(f.following, l.path())
	return true
}

// follow shows one log.
func (f *logFollow) follow(l *logSource) {
	told := false
	begin := func(lines []logLine) {
		if !told {
			told = true
			f.begun <- begun{l, lines}
			return
		}
		<-f.goOn
		f.print(lines)
	}
	body, join, err := f.open(l, begin)
	begin(nil)
	<-f.goOn
	if err == nil {
		err = f.copy(l, body, join)
		body.Close()
	}
	late, err := f.afterEnd(l, err)
	if late = late || !f.leave(l); late {
		err = f.show(l)
	}
	f.ended(l, err, late)
}

// open opens the stream of a log and hands the lines that are in the log already to begin.
func (f *logFollow) open(l *logSource, begin func([]logLine)) (io.ReadCloser, *seam, error) {
	for try := 1; ; try++ {
		_, before, _, err := f.s.client.tailLog(f.ctx, l.method(), l.program, 0)
		if err != nil {
			return nil, nil, err
		}
		if before == 0 {
			begin(nil) // supervisord answers only when something has been written
		}
		body, err := f.s.client.stream(f.ctx, l.path())
		if err != nil {
			return nil, nil, err
		}
		// All that is in the stream already is to be in the end, too.
		end, err := f.s.logEnd(f.ctx, l, max(0, before-streamBacklog), f.o.enough())
		if err != nil {
			if statusOf(err) != 0 { // its last lines cannot be sent, but its stream can be shown
				f.mu.Lock()
				defer f.mu.Unlock()
				f.s.logProblem(l, err)
				return body, nil, nil
			}
			body.Close()
			return nil, nil, err
		}
		join := newSeam(before, end)
		if !join.certain() && try < seamTries {
			body.Close()
			continue
		}
		f.mu.Lock()
		lines := f.s.chosen(l, end, f.o, false)
		f.mu.Unlock()
		begin(lines)
		return body, join, nil
	}
}

// copy prints the lines of a stream until it ends. join is nil when nothing was printed of the log before.
func (f *logFollow) copy(l *logSource, body io.Reader, join *seam) error {
	var line []byte // that has no end yet
	defer func() {
		if len(line) > 0 {
			f.print([]logLine{{l, line}})
		}
	}()
	buf := make([]byte, 32<<10)
	for {
		n, err := body.Read(buf)
		text := buf[:n]
		if join != nil {
			text = join.add(text)
		}
		lines, rest := splitLines(l, append(line, text...))
		if len(rest) > maxLogLine {
			lines, rest = append(lines, logLine{l, rest}), nil
		}
		f.print(lines)
		line = bytes.Clone(rest)
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// print prints lines. Everything ends when the output cannot be written to.
func (f *logFollow) print(lines []logLine) {
	if err := f.printer.print(lines); err != nil {
		f.stop()
	}
}

// ended tells that a log is not followed any more, and why. late: it is not one of the first.
func (f *logFollow) ended(l *logSource, err error, late bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.ctx.Err() != nil:
	case f.watching && codeOf(err) == faultBadName:
		fmt.Fprintf(f.s.env.Stderr, "%s of %s is not followed any more: the program was removed\n", l.stream, l.program)
	case f.watching && (streamBroke(err) || late && statusOf(err) == http.StatusNotFound): // it is taken up when it begins anew
	case statusOf(err) == http.StatusNotFound && f.watching:
		fmt.Fprintf(f.s.env.Stderr, "%s of %s is followed once the program is started: there is no file yet\n", l.stream, l.program)
	case statusOf(err) == http.StatusNotFound:
		fmt.Fprintf(f.s.env.Stderr, "%s of %s is not followed: there is no file yet; it is there once the program was started\n", l.stream, l.program)
	case streamBroke(err):
		fmt.Fprintf(f.s.env.Stderr, "%s of %s is not followed any more\n", l.stream, l.program)
		f.s.streamProblem(l.path(), err)
	default:
		f.s.logProblem(l, err)
	}
}
