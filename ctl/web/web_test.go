package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// What is not escaped is a constant in the source: nothing is converted to markup.
func TestNoStringBecomesMarkup(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		files++
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if name, ok := call.Fun.(*ast.Ident); ok && name.Name == "markup" {
					t.Errorf("%v: something is converted to markup", set.Position(call.Pos()))
				}
			}
			return true
		})
	}
	if files < 3 {
		t.Errorf("only %d files were looked at", files)
	}
}

// asSeen is what is left of a text in HTML.
func asSeen(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || 0x7f <= r && r <= 0x9f {
			return '\ufffd'
		}
		return r
	}, strings.Map(func(r rune) rune { return r }, s)) // the inner one makes U+FFFD of each byte that is no UTF-8
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "plain é", `<script>"'&amp;`, "\x00\x1b\x7f\u0085\xff\xfe", "a\r\nb\tc", "</title>", "\u202e\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var p page
		p.put(`<!DOCTYPE html><html><head></head><body><p title="`).text(s).put(`" id="`).value(s).put(`">`).text(s).put("</p></body></html>")
		doc, err := html.Parse(strings.NewReader(string(p)))
		if err != nil {
			t.Fatal(err)
		}
		var elements []*html.Node
		for n := range doc.Descendants() {
			if n.Type == html.ElementNode {
				elements = append(elements, n)
			}
		}
		if len(elements) != 4 { // html, head, body, p
			t.Fatalf("%q makes %d elements: %s", s, len(elements), p)
		}
		a := elements[3].Attr
		if len(a) != 2 || a[0].Val != asSeen(s) || a[1].Val != Quote(s) {
			t.Errorf("%q makes attributes %q", s, a)
		}
		text := ""
		if c := elements[3].FirstChild; c != nil {
			text = c.Data
		}
		if text != asSeen(s) {
			t.Errorf("%q makes text %q", s, text)
		}
	})
}

func TestQuoteIsThatOfPython(t *testing.T) {
	for in, want := range map[string]string{"": "", "grp:a b": "grp%3Aa%20b", "é/~._-": "%C3%A9/~._-", "a+b&c=d%": "a%2Bb%26c%3Dd%25",
		"*'()!": "%2A%27%28%29%21", "\n\xff": "%0A%FF", "[70]": "%5B70%5D"} {
		if got := Quote(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func BenchmarkStatus(b *testing.B) {
	s := &Status{Identifier: "supervisor", Version: "v1"}
	for range 1000 {
		s.Programs = append(s.Programs, Program{Name: "group:program", State: "running", Mood: Running, Description: "pid 1234, uptime 0:00:01", Running: true})
	}
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(s.HTML())))
	}
}
