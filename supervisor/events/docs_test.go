package events

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor/golden"
)

// TestDocsOfTheTypes checks the generated part of the reference of events. Run with -update to rewrite it.
func TestDocsOfTheTypes(t *testing.T) {
	const file = "../../docs/reference/events.md"
	golden.Check(t, file, golden.PutPart(t, golden.Read(t, file), "types", typesMarkdown()))
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
