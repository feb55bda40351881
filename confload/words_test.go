package confload

import (
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestSplitCommand(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
		err  string
	}{
		{"", []string{}, ""},
		{" \t\n ", []string{}, ""},
		{"a b", []string{"a", "b"}, ""},
		{`--x="e f"`, []string{"--x=e f"}, ""},
		{`g\ h`, []string{"g h"}, ""},
		{`"i\"j"`, []string{`i"j`}, ""},
		{`"a\nb"`, []string{`a\nb`}, ""},
		{`'a\'`, []string{`a\`}, ""},
		{`a '' ""`, []string{"a", "", ""}, ""},
		{`""`, []string{""}, ""},
		{"a\nb\tc\rd", []string{"a", "b", "c", "d"}, ""},
		{"a # b; c && d | e", []string{"a", "#", "b;", "c", "&&", "d", "|", "e"}, ""},
		{"$HOME * ~", []string{"$HOME", "*", "~"}, ""},
		{"世界\u00a0x 'é'", []string{"世界\u00a0x", "é"}, ""},
		{"a\xff\xfe b", []string{"a\xff\xfe", "b"}, ""},
		{`a "b`, nil, "No closing quotation"},
		{`a 'b`, nil, "No closing quotation"},
		{`a \`, nil, "No escaped character"},
		{`"a\`, nil, "No escaped character"},
	} {
		got, err := SplitCommand(c.text)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if !slices.Equal(got, c.want) || text != c.err {
			t.Errorf("%q: %q, %q; want %q, %q", c.text, got, text, c.want, c.err)
		}
	}
}

// randomWords makes texts of what matters to a tokeniser.
func randomWords(seed int64, n int) []string {
	rng := rand.New(rand.NewSource(seed))
	alphabet := []string{"a", "B", "1", "_", "-", "/", ".", ":", "(", ")", "+", " ", "\t", "\n", "\r", "\"", "'", "\\", "#", "=", "=", ",", ",", ";", "$", "é", "×", "世", "%", "\u00a0", "\f"}
	out := make([]string, n)
	for i := range out {
		var b strings.Builder
		for range rng.Intn(14) {
			b.WriteString(alphabet[rng.Intn(len(alphabet))])
		}
		out[i] = b.String()
	}
	return out
}

func TestSplitCommandAgreesWithPython(t *testing.T) {
	texts := randomWords(2, 20000)
	questions := make([][]any, len(texts))
	for i, s := range texts {
		questions[i] = []any{"split", s}
	}
	for i, a := range ask(t, questions) {
		got, err := SplitCommand(texts[i])
		if a.Err != nil {
			if err == nil || err.Error() != *a.Err {
				t.Errorf("%q: %q, %v; Python: %s", texts[i], got, err, *a.Err)
			}
			continue
		}
		var want []string
		a.into(t, &want)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; Python: %q", texts[i], got, err, want)
		}
	}
}

func TestEnvironmentValues(t *testing.T) {
	env := func(kv ...string) []string { return kv }
	for _, c := range []struct {
		text string
		want []string // nil: refused
	}{
		{`A="1",B="2"`, env("A=1", "B=2")},
		{`A=1,B=2`, env("A=1", "B=2")},
		{`A = 1 , B = 2`, env("A=1", "B=2")},
		{"A=1,\nB=2", env("A=1", "B=2")},
		{`A=1,`, env("A=1")},
		{`A=""`, env("A=")},
		{`A="a,b"`, env("A=a,b")},
		{`A="foo#bar"`, env("A=foo#bar")},
		{`A="a\"b"`, env(`A=a"b`)},
		{`A="a\nb"`, env(`A=a\nb`)},
		{`A="a""b"`, env("A=ab")},
		{`A="a"b`, env("A=ab")},
		{`A='x "y"'`, env(`A=x "y"`)},
		{`A=http://x/y`, env("A=http://x/y")},
		{`A=/usr/bin:/bin`, env("A=/usr/bin:/bin")},
		{`A-B=1`, env("A-B=1")},
		{`A.B=1`, env("A.B=1")},
		{`1=2`, env("1=2")},
		{`A=é`, env("A=é")},
		{`A=1;B=2`, env("A=1", "B=2")},
		{`A=a b`, env("A=a")},
		{`A=http://x/y?z=1`, env("A=http://x/y", "z=1")},
		{`A=$HOME`, env("A=$")},
		{`A=~/x`, env("A=~")},
		{`A=foo#bar`, env("A=foo")},
		{`A=1,A=2`, env("A=2")},
		{`A=1,B=2,A=3`, env("A=3", "B=2")},
		{``, nil},
		{`A=`, nil},
		{`A`, nil},
		{`A=1 B=2`, nil},
		{`A=1,,B=2`, nil},
		{`A=a=b`, nil},
		{`A=a%b`, nil},
		{`A=a@b`, nil},
		{`A=x;y`, nil},
		{`A="x`, nil},
		{`""=1`, nil},
		{`"A=B"=1`, nil},
	} {
		got, err := parsePairs(c.text)
		if c.text == "" {
			if err != nil || got != nil {
				t.Errorf("empty: %q, %v", got, err)
			}
			continue
		}
		if (err != nil) != (c.want == nil) || !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, %v; want %q", c.text, got, err, c.want)
		}
	}
}

func TestEnvironmentErrorsTellNoValue(t *testing.T) {
	for _, v := range []string{`A="hunter2`, `A=hunter2=b`, `A=1 hunter2=1`, `A=hunter2%(ENV_SECRET)s=b`, `A=%(nope)s,B=hunter2`, `A="hunter2%"`,
		`A="hunter2%(here)d"`, `A=%(ENV_SECRET)s=b`} {
		_, err := parse(t, "[program:x]\ncommand=c\nenvironment="+v)
		if err == nil {
			t.Errorf("no error for %s", v)
			continue
		}
		wantError(t, err, "environment", "in section 'program:x'")
	}
	_, err := parse(t, "[program:x]\ncommand=c\nenvironment=A=\"x\n")
	wantError(t, err, "No closing quotation")
}

// TestEnvironmentAgreesWithPython compares with the strides over the tokens of Python's shlex in POSIX mode. What
// 4.2.5 itself says is another grammar: its shlex is not POSIX. Where the two differ supd follows the newer one.
func TestEnvironmentAgreesWithPython(t *testing.T) {
	texts := randomWords(3, 20000)
	for i := range texts {
		if i%2 == 0 {
			texts[i] = "A=" + texts[i]
		}
	}
	questions := make([][]any, len(texts))
	for i, s := range texts {
		questions[i] = []any{"pairs", s}
	}
	good := 0
	for i, a := range ask(t, questions) {
		got, err := parsePairs(texts[i])
		if a.Err != nil {
			if err == nil {
				t.Errorf("%q: %q; Python: %s", texts[i], got, *a.Err)
			}
			continue
		}
		var want map[string]string
		a.into(t, &want)
		odd := false // a name that no environment can have
		for k := range want {
			odd = odd || k == "" || strings.Contains(k, "=")
		}
		if odd != (err != nil) || !odd && !reflect.DeepEqual(envMap(got), want) {
			t.Errorf("%q: %q, %v; Python: %q", texts[i], got, err, want)
		}
		if len(want) > 0 {
			good++
		}
	}
	if good < 1000 {
		t.Errorf("only %d texts were pairs", good)
	}
}

// TestEnvironmentOf425 names how the grammar differs from that of 4.2.5.
func TestEnvironmentOf425(t *testing.T) {
	texts := []string{`A=1,B=2`, `A="1",B='2'`, `A="a,b"`, `A=/x:y`, `A=1;B=2`, `A="a\"b"`, `A="a"b`, `A="a""b"`, `A="\\"`, `A='"x"'`, `A=x\ y`}
	differ := []string{`A="a\"b"`, `A="a"b`, `A="a""b"`, `A="\\"`, `A='"x"'`, `A=x\ y`}
	questions := make([][]any, len(texts))
	for i, s := range texts {
		questions[i] = []any{"old pairs", s}
	}
	for i, a := range ask(t, questions) {
		got, err := parsePairs(texts[i])
		same := (a.Err != nil) == (err != nil)
		if same && err == nil {
			var want map[string]string
			a.into(t, &want)
			same = reflect.DeepEqual(envMap(got), want)
		}
		if same == slices.Contains(differ, texts[i]) {
			t.Errorf("%q: %q, %v; 4.2.5: %s; the same: %v", texts[i], got, err, a.OK, same)
		}
	}
}
