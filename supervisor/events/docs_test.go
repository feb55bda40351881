package events

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestDocsOfTheTypes checks the generated part of the reference of events. Run with -update to rewrite it.
func TestDocsOfTheTypes(t *testing.T) {
	const file, begin, end = "../../docs/reference/events.md", "<!-- generated: types -->\n", "<!-- end: types -->"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the marks of the generated part are missing")
	}
	got := before + begin + "\n" + typesMarkdown() + "\n" + end + after
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != string(b) {
		t.Errorf("%s is not up to date: make docs", file)
	}
}

func typesMarkdown() string {
	var b strings.Builder
	b.WriteString("| type | below | payload |\n|---|---|---|\n")
	for _, row := range Table {
		below, payload := "`"+row.Parent.String()+"`", "empty"
		if row.Type == Any {
			below = ""
		}
		switch {
		case row.Abstract:
			payload = "never occurs itself"
		case row.Payload != "":
			payload = "`" + strings.ReplaceAll(strings.ReplaceAll(row.Payload, "|", `\|`), ", ", "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", row.Name, below, payload)
	}
	return b.String()
}
