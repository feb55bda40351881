package ctl

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// An input reads lines. A wait for one can be ended, and takes nothing from a file then: what is typed next belongs to
// whoever reads next. It is not for concurrent use.
type input struct {
	from io.Reader
	file *os.File // from, when it is a file

	buf     []byte         // read and not yet returned
	pending chan inputRead // the outcome of a read that was not waited for, nil for none; not used for a file
}

// inputRead is the outcome of a read.
type inputRead struct {
	data []byte
	err  error
}

// input returns the standard input of the session.
func (s *session) input() *input {
	if s.in == nil {
		s.in = &input{from: s.env.Stdin}
		s.in.file, _ = s.env.Stdin.(*os.File)
	}
	return s.in
}

// line returns the next line without its end. A last line that has no end is one as well; after it comes io.EOF. When
// ctx ends first its error is returned.
func (in *input) line(ctx context.Context) (string, error) {
	for {
		if i := bytes.IndexByte(in.buf, '\n'); i >= 0 {
			l := string(in.buf[:i])
			in.buf = in.buf[i+1:]
			return l, nil
		}
		data, err := in.read(ctx)
		in.buf = append(in.buf, data...)
		if err == nil {
			continue
		}
		if errors.Is(err, io.EOF) && len(in.buf) > 0 {
			l := string(in.buf)
			in.buf = nil
			return l, nil
		}
		return "", err
	}
}

// putBack makes l the next line.
func (in *input) putBack(l string) { in.buf = append([]byte(l+"\n"), in.buf...) }

// secret calls ask and returns the next line as line does, with what is typed on a terminal kept off the screen.
func (in *input) secret(ctx context.Context, ask func()) (string, error) {
	if in.file == nil || !term.IsTerminal(int(in.file.Fd())) {
		ask()
		return in.line(ctx)
	}
	fd := int(in.file.Fd())
	before, err := unix.IoctlGetTermios(fd, ioctlGetTermios)
	if err != nil {
		return "", err
	}
	silent := *before
	silent.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, ioctlSetTermios, &silent); err != nil {
		return "", err
	}
	defer func() { _ = unix.IoctlSetTermios(fd, ioctlSetTermios, before) }()
	ask() // not before: a quick answer would be seen
	return in.line(ctx)
}

// read returns what can be read next.
func (in *input) read(ctx context.Context) ([]byte, error) {
	if in.file != nil {
		if err := waitFile(ctx, in.file, unix.POLLIN); err != nil {
			return nil, err
		}
		return readSome(in.file)
	}
	if in.pending == nil {
		in.pending = make(chan inputRead, 1)
		go func(c chan<- inputRead) {
			data, err := readSome(in.from)
			c <- inputRead{data, err}
		}(in.pending)
	}
	select {
	case r := <-in.pending:
		in.pending = nil
		return r.data, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func readSome(r io.Reader) ([]byte, error) {
	buf := make([]byte, 4096)
	n, err := r.Read(buf)
	if n > 0 {
		err = nil // it comes again
	}
	return buf[:n], err
}
