package sse

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestNext(t *testing.T) {
	for _, tt := range []struct {
		name, stream, want string
		end                error
	}{
		{"nothing", "", "", io.EOF},
		{"kinds and numbers", "event: a\nid: 7\ndata: {}\n\nevent: b\ndata: x\n\n", `a 7 "{}"; b 7 "x"`, io.EOF},
		{"no kind", "data: x\n\n", `message  "x"`, io.EOF},
		{"comments and other fields", ": ping\n\nretry: 1000\n\nfoo\nevent: a\n: in between\ndata: x\n\n", `a  "x"`, io.EOF},
		{"a kind without data does not stay", "event: a\n\ndata: x\n\n", `message  "x"`, io.EOF},
		{"several lines", "data: x\ndata:  y\ndata\n\n", `message  "x\n y\n"`, io.EOF},
		{"line ends of others", "event: a\r\ndata: x\r\n\r\n", `a  "x"`, io.EOF},
		{"broken off between events", "data: x\n\ndata: y\n", `message  "x"`, io.EOF},
		{"broken off in a line", "data: x\n\ndata: y", `message  "x"`, io.ErrUnexpectedEOF},
		{"too large in one line", "data: " + strings.Repeat("x", 200_000) + "\n\n", "", ErrTooLarge},
		{"too large in many lines", strings.Repeat("data: "+strings.Repeat("x", 1000)+"\n", 200) + "\n", "", ErrTooLarge},
		{"as large as it may be", "data: " + strings.Repeat("x", 100_000) + "\n\n", fmt.Sprintf("message  %q", strings.Repeat("x", 100_000)), io.EOF},
	} {
		for _, slow := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", tt.name, slow), func(t *testing.T) {
				var in io.Reader = strings.NewReader(tt.stream)
				if slow {
					in = iotest.OneByteReader(in)
				}
				r := NewReader(in, 100_000)
				var got []string
				for {
					e, err := r.Next()
					if err != nil {
						if !errors.Is(err, tt.end) {
							t.Errorf("it ended with %v, not %v", err, tt.end)
						}
						break
					}
					got = append(got, fmt.Sprintf("%s %s %q", e.Kind, e.ID, e.Data))
				}
				if s := strings.Join(got, "; "); s != tt.want {
					t.Errorf("got %s, not %s", s, tt.want)
				}
			})
		}
	}
}

func TestIs(t *testing.T) {
	for kind, want := range map[string]bool{"text/event-stream": true, "Text/Event-Stream; charset=utf-8": true, "text/html": false, "": false} {
		if Is(kind) != want {
			t.Errorf("%q: %v", kind, !want)
		}
	}
}

func FuzzNext(f *testing.F) {
	f.Add("event: a\nid: 1\ndata: {}\n\n", 10)
	f.Add(": ping\r\n\r\ndata\ndata:\n\n", 0)
	f.Fuzz(func(t *testing.T, stream string, max int) {
		if max < 0 || max > 1<<20 {
			return
		}
		r := NewReader(strings.NewReader(stream), max)
		for read := 0; ; read++ {
			e, err := r.Next()
			if err != nil {
				return
			}
			if len(e.Data) > max || strings.ContainsAny(e.Kind+e.ID, "\n") || read > len(stream) {
				t.Fatalf("%q gives %+v", stream, e)
			}
		}
	})
}
