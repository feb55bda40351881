package ctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// The streams of a server (compat.md §4.10). They begin with the last bytes of a log, go on with what is written to
// it and do not end by themselves.
const (
	mainLogStream = "/mainlogtail"
	// streamBacklog is how many bytes before the end of a log a stream of it begins at most.
	streamBacklog = 1024
)

// logStream is the path of the stream of a program's log; channel is stdout or stderr.
func logStream(name, channel string) string {
	return "/logtail/" + url.PathEscape(name) + "/" + channel
}

// pressCtrlC is printed before a stream.
const pressCtrlC = "==> Press Ctrl-C to exit <==\n"

// stream opens the stream at path. The caller closes it; the end of ctx ends it. Errors are those of call; there is no
// log when it is a *statusError with the code 404.
func (c *client) stream(ctx context.Context, path string) (body io.ReadCloser, err error) {
	if c.broken != nil {
		return nil, c.broken
	}
	if begun := time.Now(); c.called != nil {
		defer func() { c.called(path, time.Since(begun), err) }()
	}
	req, err := http.NewRequest(http.MethodGet, strings.TrimSuffix(c.endpoint, "/RPC2")+path, nil)
	if err != nil {
		return nil, err
	}
	return c.send(ctx, req, path)
}

// follow shows the stream at path until the user or the server ends it, or nobody reads the output any more. Whatever
// happens, the exit status stays as it is (compat.md §8.2).
func (s *session) follow(path string) error {
	s.printf(pressCtrlC)
	ctx, cancel := s.whileRead()
	defer cancel()
	err := s.copyStream(ctx, path, s.logOutput(s.env.Stdout))
	switch {
	case s.ctx.Err() != nil:
		s.printf("\n")
	case ctx.Err() != nil, errors.Is(err, errOutput):
	default:
		s.streamProblem(path, err)
	}
	return nil
}

// copyStream writes the stream at path to out, which it closes. It returns nil when the server ended the stream, and an
// error that is errOutput when out cannot be written to.
func (s *session) copyStream(ctx context.Context, path string, out io.WriteCloser) error {
	defer out.Close()
	body, err := s.client.stream(ctx, path)
	if err != nil {
		return err
	}
	defer body.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := body.Read(buf)
		if n > 0 {
			if _, err := out.Write(buf[:n]); err != nil {
				return fmt.Errorf("%w: %w", errOutput, err)
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// errOutput says that the output cannot be written to.
var errOutput = errors.New("output cannot be written")

// streamProblem says on the error output why the stream at path is over; err is that of copyStream.
func (s *session) streamProblem(path string, err error) {
	status := statusOf(err)
	if shown, err := url.PathUnescape(path); err == nil {
		path = shown
	}
	switch {
	case streamBroke(err):
		s.advise("%s has ended the stream; status tells whether it is still there", s.client.url)
	case status != 0:
		fmt.Fprintf(s.env.Stderr, "%s%s Cannot read, status code %d\n", s.client.url, path, status)
		if status == http.StatusNotFound && path == mainLogStream {
			s.advise("the server keeps no log file, see logfile= in [supervisord]")
		} else if status == http.StatusNotFound {
			s.advise("status lists the names of programs; a log is there once the program " +
				"was started, unless its stdout_logfile or stderr_logfile is NONE or redirect_stderr is set")
		}
	case errors.Is(err, errAuth):
		fmt.Fprintf(s.env.Stderr, "%s%s Cannot read, status code %d\n", s.client.url, path, http.StatusUnauthorized)
		s.hint(err)
	default:
		fmt.Fprintf(s.env.Stderr, "%s%s Cannot connect, error: %v\n", s.client.url, path, err)
		s.hint(err)
	}
}

// streamBroke tells whether err, of reading a stream, is that the server has ended it; nil is as well.
func streamBroke(err error) bool {
	return err == nil || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

// whileRead returns a context that ends with that of the session, and when the output is a pipe that nobody reads any
// more: tail -f in front of head ends when head does, without a word, not with the next line of the log. The function
// returned ends it and waits for what it has started.
func (s *session) whileRead() (context.Context, func()) {
	ctx, cancel := context.WithCancel(s.ctx)
	f, ok := s.env.Stdout.(*os.File)
	if !ok || !isPipe(f) {
		return ctx, cancel
	}
	// Asking for the signal keeps a write from ending the process by it.
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	done := make(chan struct{})
	go func() {
		defer close(done)
		// No event is asked for; that there is no reader is told all the same.
		if waitFile(ctx, f, 0) == nil {
			cancel()
		}
	}()
	return ctx, func() {
		cancel()
		<-done
		signal.Stop(broken)
	}
}

// isPipe tells whether f is a pipe or a socket.
func isPipe(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}
