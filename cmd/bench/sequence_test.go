package main

import (
	"fmt"
	"strings"
	"testing"
)

func linesFrom(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "%012d %086d\n", i, 0)
	}
	return b.String()
}

func TestSequence(t *testing.T) {
	for _, c := range []struct {
		what    string
		parts   []string
		written int64
		lost    int64
		broken  bool
	}{
		{"all there", []string{linesFrom(0, 50)}, 50, 0, false},
		{"nothing there", nil, 50, 5000, false},
		{"cut within a line by a rotation", []string{linesFrom(0, 20)[:1234], linesFrom(0, 20)[1234:]}, 20, 0, false},
		{"cut in three", []string{linesFrom(0, 1)[:10], linesFrom(0, 1)[10:20], linesFrom(0, 1)[20:]}, 1, 0, false},
		{"a file missing in the middle", []string{linesFrom(0, 10), linesFrom(15, 20)}, 20, 500, false},
		{"the end missing", []string{linesFrom(0, 19)}, 20, 100, false},
		{"the end torn", []string{linesFrom(0, 20)[:1950]}, 20, 100, true},
		{"bytes missing within", []string{linesFrom(0, 20)[:1050], linesFrom(0, 20)[1060:]}, 20, 100, true},
		{"a part twice", []string{linesFrom(0, 10), linesFrom(5, 20)}, 20, 0, true},
		{"files in the wrong order", []string{linesFrom(10, 20), linesFrom(0, 10)}, 20, 1000, true},
		{"no newline for very long", []string{strings.Repeat("x", 3<<20) + "\n" + linesFrom(0, 5)}, 5, 0, true},
	} {
		var s sequence
		for _, part := range c.parts {
			if err := s.read(strings.NewReader(part)); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.lost(c.written); got != c.lost || (s.String() != "") != c.broken {
			t.Errorf("%s: %d bytes lost, want %d; remark %q", c.what, got, c.lost, s.String())
		}
	}
}
