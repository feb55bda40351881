package events

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// captured runs a Capture over pieces and renders what comes out: text as it is, captured texts as {…}.
func captured(maxBytes int64, pieces ...string) string {
	var out strings.Builder
	c := Capture{MaxBytes: maxBytes,
		Text:     func(b []byte) { out.Write(b) },
		Captured: func(b []byte) { fmt.Fprintf(&out, "{%s}", b) }}
	for _, p := range pieces {
		c.Write([]byte(p))
	}
	c.Close()
	return out.String()
}

func TestCapture(t *testing.T) {
	for _, c := range []struct {
		name     string
		maxBytes int64
		in, want string
	}{
		{"nothing to capture", 100, "hello\n", "hello\n"},
		{"one", 100, "a" + beginMark + "in" + endMark + "b", "a{in}b"},
		{"two next to each other", 100, beginMark + "1" + endMark + beginMark + "2" + endMark, "{1}{2}"},
		{"empty", 100, "a" + beginMark + endMark + "b", "a{}b"},
		{"off", 0, "a" + beginMark + "in" + endMark + "b", "a" + beginMark + "in" + endMark + "b"},
		{"negative", -1, beginMark, beginMark},
		{"end without begin", 100, "a" + endMark + "b", "a" + endMark + "b"},
		{"begin inside", 100, beginMark + "x" + beginMark + "y" + endMark, "{x" + beginMark + "y}"},
		{"the last bytes", 4, beginMark + "abcdefg" + endMark, "{defg}"},
		{"exactly full", 7, beginMark + "abcdefg" + endMark, "{abcdefg}"},
		{"ends inside", 100, "a" + beginMark + "in", "ain"},
		{"ends inside a begin", 100, "a" + beginMark[:10], "a" + beginMark[:10]},
		{"ends inside an end", 100, beginMark + "in" + endMark[:10], "in" + endMark[:10]},
		{"begins twice", 100, "<!--<" + beginMark + "<!--" + endMark + "<", "<!--<{<!--}<"},
		{"a last line without a line feed", 100, "bye", "bye"},
	} {
		whole := captured(c.maxBytes, c.in)
		bytewise := captured(c.maxBytes, strings.Split(c.in, "")...)
		if whole != c.want || bytewise != c.want {
			t.Errorf("%s: %q, byte by byte %q, want %q", c.name, whole, bytewise, c.want)
		}
	}
}

func TestOrdinaryOutputIsNotHeldBack(t *testing.T) {
	var got strings.Builder
	c := Capture{MaxBytes: 100, Text: func(b []byte) { got.Write(b) }, Captured: func([]byte) {}}
	for _, p := range []struct{ in, want string }{
		{"a", "a"},
		{"b<", "ab"},
		{"!", "ab"},
		{"-x", "ab<!-x"},
		{"<<", "ab<!-x<"},
		{"<", "ab<!-x<<"},
		{"html>", "ab<!-x<<<html>"},
	} {
		c.Write([]byte(p.in))
		if got.String() != p.want {
			t.Errorf("after %q there is %q, want %q", p.in, got.String(), p.want)
		}
	}
}

// slowCapture is a Capture on all of the output at once.
func slowCapture(maxBytes int64, s string) string {
	if maxBytes <= 0 {
		return s
	}
	var out strings.Builder
	last := func(s string) string { return s[max(0, int64(len(s))-maxBytes):] }
	for {
		before, rest, found := strings.Cut(s, beginMark)
		out.WriteString(before)
		if !found {
			return out.String()
		}
		inside, after, found := strings.Cut(rest, endMark)
		if !found {
			out.WriteString(last(rest))
			return out.String()
		}
		out.WriteString("{" + last(inside) + "}")
		s = after
	}
}

func checkCapture(t *testing.T, in string, r *rand.Rand) {
	t.Helper()
	maxBytes := int64(r.IntN(60))
	var pieces []string
	for rest := in; rest != ""; {
		n := 1 + r.IntN(min(len(rest), 40))
		pieces, rest = append(pieces, rest[:n]), rest[n:]
	}
	if got, want := captured(maxBytes, pieces...), slowCapture(maxBytes, in); got != want {
		t.Fatalf("at most %d of %q\ngot  %q\nwant %q", maxBytes, pieces, got, want)
	}
}

func TestRandomOutputAgreesWithTheSlowCapture(t *testing.T) {
	parts := []string{beginMark, endMark, beginMark, endMark, "<", "<!--", "text\n", "x", "<!--XSUPERVISOR:", "-->", beginMark[:23], endMark[:21]}
	for seed := range uint64(6000) {
		r := rand.New(rand.NewPCG(seed, 0))
		var in strings.Builder
		for range r.IntN(12) {
			in.WriteString(parts[r.IntN(len(parts))])
		}
		checkCapture(t, in.String(), r)
	}
}

func FuzzCapture(f *testing.F) {
	f.Add("a"+beginMark+"b"+endMark+"c", uint64(1))
	f.Add(beginMark+beginMark[:5]+endMark[:7]+endMark, uint64(2))
	f.Fuzz(func(t *testing.T, in string, seed uint64) { checkCapture(t, in, rand.New(rand.NewPCG(seed, 0))) })
}

func TestCaptureKeepsNoMoreThanItsBound(t *testing.T) {
	const limit = 1000
	longest := 0
	c := Capture{MaxBytes: limit, Text: func([]byte) {}, Captured: func(b []byte) { longest = max(longest, len(b)) }}
	c.Write([]byte(beginMark))
	for _, n := range []int{1, 600, 399, 1, 10_000, 7} {
		c.Write(bytes.Repeat([]byte("x"), n))
		if len(c.kept.b) > limit || cap(c.kept.b) > 2*limit {
			t.Errorf("%d bytes in %d are kept", len(c.kept.b), cap(c.kept.b))
		}
	}
	c.Write([]byte(endMark))
	if longest != limit {
		t.Errorf("%d bytes were captured", longest)
	}
}

func TestOrdinaryOutputCostsNoAllocation(t *testing.T) {
	line := []byte(strings.Repeat("an ordinary line with <b>some</b> angle brackets\n", 100))
	n := 0
	c := Capture{MaxBytes: 100, Text: func(b []byte) { n += len(b) }, Captured: func([]byte) {}}
	if a := testing.AllocsPerRun(100, func() { c.Write(line) }); a != 0 {
		t.Errorf("%v allocations", a)
	}
	if n != 101*len(line) {
		t.Errorf("%d bytes came out", n)
	}
}

func BenchmarkCapture(b *testing.B) {
	line := []byte(strings.Repeat("an ordinary line of text\n", 2600))
	c := Capture{MaxBytes: 100, Text: func([]byte) {}, Captured: func([]byte) {}}
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		c.Write(line)
	}
}
