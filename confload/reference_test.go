package confload

import (
	"testing"

	"github.com/gwaycc/supd/supervisor/golden"
)

// TestDocsReference keeps the reference of the configuration file what the option table says.
func TestDocsReference(t *testing.T) {
	golden.Check(t, "../docs/reference/configuration.md", Reference())
}

// TestDocsComparison keeps the table of options in the guide for people with supervisord what the option table says. It
// stands between two marks.
func TestDocsComparison(t *testing.T) {
	const path, begin, end = "../docs/how-to/from-supervisord.md", "<!-- options: made from the option table -->\n", "<!-- end of options -->"
	golden.Check(t, path, golden.Put(t, golden.Read(t, path), begin, end, Comparison()))
}
