package top

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor/golden"
)

// TestDocsKeys keeps the table of keys in the documents.
func TestDocsKeys(t *testing.T) {
	const path = "../../docs/how-to/top.md"
	var b strings.Builder
	b.WriteString("\n| key | what it does |\n|---|---|\n")
	for _, k := range Keys() {
		if k.Help != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", "`"+strings.ReplaceAll(k.Shown, " ", "` `")+"`", k.Help)
		}
	}
	golden.Check(t, path, golden.Put(t, golden.Read(t, path), "<!-- keys -->", "<!-- /keys -->", b.String()))
}
