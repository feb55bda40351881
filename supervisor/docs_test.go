package supervisor

import (
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor/golden"
)

// TestDocsOfTheStates checks the generated parts of the explanation of the states. Run with -update to rewrite them.
func TestDocsOfTheStates(t *testing.T) {
	const file = "../docs/explanation/states.md"
	got := golden.PutPart(t, golden.Read(t, file), "diagram", "```mermaid\n"+Mermaid()+"```\n")
	got = golden.PutPart(t, got, "rules", RulesMarkdown())
	golden.Check(t, file, got)
	for _, s := range States {
		if !strings.Contains(got, "`"+s.String()+"`") {
			t.Errorf("%s does not explain %s", file, s)
		}
	}
}
