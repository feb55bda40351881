package confload

import (
	"flag"
	"os"
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
