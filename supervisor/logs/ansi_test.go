package logs

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

func TestStrip(t *testing.T) {
	long := "\x1b[" + strings.Repeat("1;", maxSequence)
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"plain", "plain text\n", "plain text\n"},
		{"colour", "a\x1b[1;31mb\x1b[0mc", "abc"},
		{"cursor and modes", "\x1b[2J\x1b[1;1H\x1b[?25lx\x1b[K\x1b[?25h\x1b[10G", "x"},
		{"intermediate bytes", "\x1b[0 qx\x1b[!p", "x"},
		{"extended colour", "\x1b[38:2::255:0:0mred\x1b[m", "red"},
		{"other escapes stay", "\x1b]0;title\x07\x1b(B", "\x1b]0;title\x07\x1b(B"},
		{"escape at the end", "x\x1b", "x\x1b"},
		{"unfinished at the end", "x\x1b[1;3", "x\x1b[1;3"},
		{"broken by a line end", "\x1b[1\nnext", "\x1b[1\nnext"},
		{"broken by another", "\x1b[1\x1b[2mx", "\x1b[1x"},
		{"two escapes", "\x1b\x1b[mx", "\x1bx"},
		{"too long is text", long + "mx", long + "mx"},
		{"non-ASCII breaks it", "\x1b[1é", "\x1b[1é"},
		{"bytes stay", "\xff\x00\x9b1m", "\xff\x00\x9b1m"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s stripper
			got := s.strip(nil, []byte(tt.in))
			got = append(got, s.rest()...)
			if string(got) != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// FuzzStripChunks: the result does not depend on the chunks, is no longer than the input, and holds back little.
func FuzzStripChunks(f *testing.F) {
	f.Add([]byte("a\x1b[1;31mb\x1b[0mc\x1b"), []byte{1, 3, 2})
	f.Add([]byte("\x1b\x1b[\x1b[["+strings.Repeat("\x1b[1;", 60)), []byte{0})
	f.Add([]byte("\x1b["+strings.Repeat("0", 200)+"mtext"), []byte{127, 1})
	f.Fuzz(func(t *testing.T, in, cuts []byte) {
		var whole stripper
		want := append(whole.strip(nil, in), whole.rest()...)

		var s stripper
		var got []byte
		rest := in
		for i := 0; len(rest) > 0; i++ {
			n := 1
			if len(cuts) > 0 {
				n += int(cuts[i%len(cuts)])
			}
			n = min(n, len(rest))
			chunk := rest[:n]
			if s.transparent(chunk) {
				got = append(got, chunk...)
			} else {
				got = s.strip(got, chunk)
			}
			rest = rest[n:]
			if s.n > maxSequence {
				t.Fatalf("%d bytes held back", s.n)
			}
		}
		got = append(got, s.rest()...)
		if !bytes.Equal(got, want) {
			t.Errorf("in %q, cuts %v\n got %q\nwant %q", in, cuts, got, want)
		}
		if len(want) > len(in) {
			t.Errorf("in %q grew to %q", in, want)
		}
	})
}

func TestFileStripsAcrossWritesAndKeepsTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	f := open(t, path, FileOptions{StripANSI: true})
	for _, s := range []string{"a\x1b", "[3", "1mb", "c\x1b[0"} {
		put(t, f, s)
	}
	if got := content(t, path); got != "abc" {
		t.Errorf("before closing: %q", got)
	}
	f.Close()
	if got := content(t, path); got != "abc\x1b[0" {
		t.Errorf("after closing: %q", got)
	}
}
