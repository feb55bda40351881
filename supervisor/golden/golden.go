// Package golden keeps files that are made from the code what the code makes: documents, and transcripts that are reviewed
// as a diff. Only tests use it. Their flag -update rewrites the files instead of comparing them.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the files that are made from the code: documents and transcripts")

// Check compares the file at path with what the code makes. The error names the first line that differs.
func Check(t testing.TB, path, made string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	there := Read(t, path)
	if there == made {
		return
	}
	is, want := strings.Split(there, "\n"), strings.Split(made, "\n")
	line := 0
	for line < len(is) && line < len(want) && is[line] == want[line] {
		line++
	}
	t.Errorf("%s is not what the code makes, from line %d on; make docs rewrites documents, this test with -update any file\n"+
		"there: %s\n made: %s",
		path, line+1, from(is, line), from(want, line))
}

// from is a line and a few that follow it.
func from(lines []string, at int) string {
	return strings.Join(lines[at:min(at+5, len(lines))], "\n       ")
}

// Read is a file as it is.
func Read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Put replaces the part of a text that stands between two marks, each of which stands there once.
func Put(t testing.TB, text, begin, end, part string) string {
	t.Helper()
	before, rest, ok := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("the marks %q and %q of a part that is made from the code are missing", begin, end)
	}
	return before + begin + part + end + after
}

// PutPart is Put for the marks of a part with a name: <!-- generated: NAME --> and <!-- end: NAME -->.
func PutPart(t testing.TB, text, name, part string) string {
	t.Helper()
	return Put(t, text, "<!-- generated: "+name+" -->\n", "<!-- end: "+name+" -->", "\n"+part+"\n")
}

// Transcripts runs play on each testdata/*.txt. It returns the same text with the answers that are given now.
func Transcripts(t *testing.T, play func(t *testing.T, text string) string) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			Check(t, file, play(t, Read(t, file)))
		})
	}
}
