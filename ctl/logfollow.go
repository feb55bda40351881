package ctl

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
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

	mu sync.Mutex // of the error output and the exit status
}

// begun is the end of a log that is followed from now on.
type begun struct {
	log   *logSource
	lines []logLine
}

// followLogs prints the ends of the logs and then what is written to them, until they all have ended or Ctrl-C.
func (s *session) followLogs(logs []*logSource, o logOptions, p *logPrinter) error {
	ctx, cancel := s.whileRead()
	defer cancel()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	f := &logFollow{s: s, ctx: ctx, stop: stop, o: o, printer: p, begun: make(chan begun, len(logs)), goOn: make(chan struct{})}
	var all sync.WaitGroup
	defer all.Wait()
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
	all.Wait()
	if s.ctx.Err() != nil && s.env.IsTerminal() && s.format == formatText {
		s.printf("\n") // behind the ^C
	}
	return nil
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
		defer body.Close()
		err = f.copy(l, body, join)
	}
	if f.ctx.Err() == nil {
		f.ended(l, err)
	}
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

// ended tells that a log is not followed any more, and why.
func (f *logFollow) ended(l *logSource, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case statusOf(err) == http.StatusNotFound:
		fmt.Fprintf(f.s.env.Stderr, "%s of %s is not followed: there is no file yet; it is there once the program was started\n", l.stream, l.program)
	case streamBroke(err):
		fmt.Fprintf(f.s.env.Stderr, "%s of %s is not followed any more\n", l.stream, l.program)
		f.s.streamProblem(l.path(), err)
	default:
		f.s.logProblem(l, err)
	}
}
