package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// The shape of a line the child writes: a sequence number, a space, filler, a newline.
const (
	lineBytes  = 100
	lineDigits = 12
)

// A sequence checks a stream of the child's lines for what is missing, repeated or torn. The stream may come in parts
// that begin and end within a line, as rotated files do.
type sequence struct {
	next   int64  // number expected now
	whole  int64  // lines found in their place
	broken int64  // lines that are torn, or come late or twice
	rest   []byte // of the last part, the line that has not ended yet
}

// read takes the next part of the stream.
func (s *sequence) read(r io.Reader) error {
	in := bufio.NewReaderSize(r, 1<<20)
	for {
		line, err := in.ReadSlice('\n')
		switch {
		case err == nil && len(s.rest) == 0:
			s.take(line)
		case err == nil:
			s.take(append(s.rest, line...))
			s.rest = s.rest[:0]
		case err == io.EOF:
			s.rest = append(s.rest, line...)
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
			s.rest = append(s.rest[:0], line[:lineBytes]...) // far too long: its end will not make it a line
		default:
			return err
		}
	}
}

func (s *sequence) take(line []byte) {
	number, ok := lineNumber(line)
	if !ok || number < s.next {
		s.broken++
		return
	}
	s.whole++
	s.next = number + 1
}

// lineNumber returns the number of a line that is whole.
func lineNumber(line []byte) (number int64, ok bool) {
	if len(line) != lineBytes || line[lineDigits] != ' ' || line[lineBytes-1] != '\n' {
		return 0, false
	}
	for _, c := range line[:lineDigits] {
		if c < '0' || c > '9' {
			return 0, false
		}
		number = number*10 + int64(c-'0')
	}
	return number, true
}

// lost returns how many bytes of the written lines were not found whole and in their place.
func (s *sequence) lost(written int64) int64 {
	return (written - s.whole) * lineBytes
}

// String says what is wrong, or nothing.
func (s *sequence) String() string {
	broken := s.broken
	if len(s.rest) > 0 {
		broken++
	}
	if broken == 0 {
		return ""
	}
	return fmt.Sprintf("%d lines torn, repeated or out of order", broken)
}

// readFile reads a part of the stream that is in a file of its own. A file that is not there is an empty part.
func (s *sequence) readFile(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	return s.read(file)
}
