package confload

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the generated documents")

// TestDocsReference keeps the reference of the configuration file what the option table says.
func TestDocsReference(t *testing.T) {
	const path = "../docs/reference/configuration.md"
	want := Reference()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the option table says; run: make docs", path)
	}
}

// TestDocsComparison keeps the table of options in the guide for people with supervisord what the option table says. It
// stands between two marks.
func TestDocsComparison(t *testing.T) {
	const path, begin, end = "../docs/how-to/from-supervisord.md", "<!-- options: made from the option table -->\n", "<!-- end of options -->"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no marks %q and %q", path, begin, end)
	}
	want := before + begin + Comparison() + end + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(data) != want {
		t.Errorf("%s is not what the option table says; run: make docs", path)
	}
}
