package ctl

import (
	"bytes"
	"testing"
)

func TestControlCharactersAreShownOnATerminal(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"plain\ttext\n":           "plain\ttext\n",
		"dos\r\nline":             "dos\r\nline",
		"over\rwritten":           "over^Mwritten",
		"end\r":                   "end^M",
		"\r\r\n":                  "^M\r\n",
		"\x1b]0;title\x07":        "^[]0;title^G",
		"\x1b[2J\x00\x7f":         "^[[2J^@^?",
		"\u009b2J\u0085":          "<U+009B>2J<U+0085>",
		"grüße € 😀 \u00a0\u202e":  "grüße € 😀 \u00a0\u202e",
		"bad \xff\xfe \xe2\x82 x": "bad \uFFFD\uFFFD \uFFFD\uFFFD x",
		"cut \xe2\x82":            "cut \uFFFD",
	} {
		whole := show(t, in)
		if whole != want {
			t.Errorf("%q: %q, want %q", in, whole, want)
		}
		for i := range len(in) {
			for j := i; j < len(in); j++ {
				if got := show(t, in[:i], in[i:j], in[j:]); got != whole {
					t.Errorf("%q in parts [:%d:%d:]: %q, want %q", in, i, j, got, whole)
				}
			}
		}
	}
}

// show writes the parts to a printable and returns what comes out.
func show(t *testing.T, parts ...string) string {
	t.Helper()
	var out bytes.Buffer
	p := &printable{out: &out}
	for _, s := range parts {
		if n, err := p.Write([]byte(s)); n != len(s) || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
