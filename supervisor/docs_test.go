package supervisor

import (
	"os"
	"strings"
	"testing"
)

// TestDocsOfTheStates checks the generated parts of the explanation of the states. Run with -update to rewrite them.
func TestDocsOfTheStates(t *testing.T) {
	const file = "../docs/explanation/states.md"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := string(b)
	got = replaceBetween(t, got, "diagram", "```mermaid\n"+Mermaid()+"```\n")
	got = replaceBetween(t, got, "rules", RulesMarkdown())
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != string(b) {
		t.Errorf("%s is not up to date: make docs", file)
	}
	for _, s := range States {
		if !strings.Contains(got, "`"+s.String()+"`") {
			t.Errorf("%s does not explain %s", file, s)
		}
	}
}

// replaceBetween replaces the text between the markers of a generated part.
func replaceBetween(t *testing.T, doc, part, text string) string {
	t.Helper()
	begin, end := "<!-- generated: "+part+" -->\n", "<!-- end: "+part+" -->"
	before, rest, ok := strings.Cut(doc, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("no markers for %q", part)
	}
	return before + begin + "\n" + text + "\n" + end + after
}
