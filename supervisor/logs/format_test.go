package logs

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

func TestLineFormats(t *testing.T) {
	const at = "2000-01-01T00:00:00.000Z"
	long := strings.Repeat("x", maxFormatted)
	for _, c := range []struct {
		name   string
		format LineFormat
		writes []string
		want   string
	}{
		{"raw with the time", LineFormat{Timestamp: true}, []string{"a\nb", "c\n"}, at + " a\n" + at + " bc\n"},
		{"prefix", LineFormat{Format: "prefix"}, []string{"a\n\nb"}, "site:web stdout 7 | a\nsite:web stdout 7 | \nsite:web stdout 7 | b\n"},
		{"prefix with the time", LineFormat{Format: "prefix", Timestamp: true}, []string{"a\r\n"}, at + " site:web stdout 7 | a\r\n"},
		{"json", LineFormat{Format: "json"}, []string{"say \"hé\"\t\\\n"},
			`{"time":"` + at + `","program":"site:web","stream":"stdout","life":7,"message":"say \"hé\"\t\\"}` + "\n"},
		{"json of no text", LineFormat{Format: "json"}, []string{"a\xff\x00\x7f\n"},
			`{"time":"` + at + `","program":"site:web","stream":"stdout","life":7,"message":"a` + "\ufffd" + `\u0000\u007f","base64":"Yf8Afw=="}` + "\n"},
		{"json of a long line", LineFormat{Format: "json"}, []string{long, "yé\n"},
			`{"time":"` + at + `","program":"site:web","stream":"stdout","life":7,"message":"` + long + `","partial":true}` + "\n" +
				`{"time":"` + at + `","program":"site:web","stream":"stdout","life":7,"message":"yé"}` + "\n"},
		{"prefix of a long line", LineFormat{Format: "prefix"}, []string{long[1:] + "é\n"},
			"site:web stdout 7 | " + long[1:] + "\nsite:web stdout 7 | é\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c.format.Program, c.format.Stream, c.format.Life = "site:web", "stdout", 7
			m := newMemorySink(nil)
			s := Formatted(m, c.format)
			for _, w := range c.writes {
				put(t, s, w)
			}
			s.Close()
			s.Close()
			put(t, s, "late\n")
			if got := m.text(); got != c.want {
				t.Errorf("%s: %q\nwant %q", c.name, got, c.want)
			}
		})
	}
}

func TestRawCostsNothing(t *testing.T) {
	m := newMemorySink(nil)
	for _, f := range []LineFormat{{}, {Format: "raw", Program: "x"}} {
		if Formatted(m, f) != Sink(m) {
			t.Errorf("%+v is wrapped", f)
		}
	}
}

func TestALineGoesOutWhenItIsComplete(t *testing.T) {
	m := newMemorySink(nil)
	s := Formatted(m, LineFormat{Format: "prefix", Program: "p", Stream: "stderr", Life: 1})
	for _, c := range []struct{ in, want string }{
		{"a", ""},
		{"b\nc", "p stderr 1 | ab\n"},
		{"d\ne\n", "p stderr 1 | ab\np stderr 1 | cd\np stderr 1 | e\n"},
	} {
		put(t, s, c.in)
		if m.text() != c.want {
			t.Errorf("after %q: %q, want %q", c.in, m.text(), c.want)
		}
	}
}

// TestJSONIsValidWhateverTheBytesAre feeds random bytes in random pieces, and puts the lines together again.
func TestJSONIsValidWhateverTheBytesAre(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 0))
		in := make([]byte, r.IntN(400))
		if seed%20 == 0 {
			in = make([]byte, 2*maxFormatted+r.IntN(1000))
		}
		alphabet := []string{"\n", "a", "\"", "\\", "\xff", "é", "\x00", "\u2028", "\xe2\x82", "😀", "\x1b", "<"}
		for i := 0; i < len(in); {
			i += copy(in[i:], alphabet[r.IntN(len(alphabet))])
		}
		if seed%20 == 0 {
			for i, c := range in {
				if c == '\n' {
					in[i] = 'n' // one long line
				}
			}
		}
		checkJSON(t, in, r)
	}
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte("a\xff\n\"\\\x00"), uint64(1))
	f.Fuzz(func(t *testing.T, in []byte, seed uint64) { checkJSON(t, in, rand.New(rand.NewPCG(seed, 0))) })
}

func checkJSON(t *testing.T, in []byte, r *rand.Rand) {
	t.Helper()
	m := newMemorySink(nil)
	s := Formatted(m, LineFormat{Format: "json", Program: "p\xff\"", Stream: "stdout", Life: 1})
	for rest := in; len(rest) > 0; {
		n := 1 + r.IntN(len(rest))
		s.Write(rest[:n])
		rest = rest[n:]
	}
	s.Close()
	var out strings.Builder
	for _, line := range strings.SplitAfter(m.text(), "\n") {
		if line == "" {
			continue
		}
		var v struct {
			Time, Program, Stream, Message string
			Life                           int
			Partial                        bool
			Base64                         *string
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if _, err := time.Parse(time.RFC3339, v.Time); err != nil || v.Program != "p\ufffd\"" || v.Life != 1 || !utf8.ValidString(line) {
			t.Fatalf("%q: %+v, %v", line, v, err)
		}
		if v.Base64 != nil {
			b, err := base64.StdEncoding.DecodeString(*v.Base64)
			if err != nil || !utf8.ValidString(v.Message) {
				t.Fatalf("%q: %v", line, err)
			}
			v.Message = string(b)
		}
		out.WriteString(v.Message)
		if !v.Partial {
			out.WriteString("\n")
		}
	}
	want := string(in)
	if want != "" && !strings.HasSuffix(want, "\n") {
		want += "\n" // Close completes the last line
	}
	if out.String() != want {
		t.Fatalf("%q became %q", want, out.String())
	}
}

func BenchmarkFormats(b *testing.B) {
	lines := []byte(strings.Repeat("an ordinary line of a program that has something to say\n", 1000))
	for _, f := range []LineFormat{{Format: "prefix", Timestamp: true}, {Format: "json"}} {
		b.Run(fmt.Sprint(f.Format), func(b *testing.B) {
			s := Formatted(Discard, f)
			b.SetBytes(int64(len(lines)))
			for b.Loop() {
				s.Write(lines)
			}
		})
	}
}
