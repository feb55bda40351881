package logs

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is how long a test waits for something that must happen.
const patience = 10 * time.Second

// deadline is that time from now.
func deadline() time.Time { return time.Now().Add(patience) }

// childEnv makes the test binary act as another program: see TestMain.
const childEnv = "SUPD_LOGS_TEST_CHILD"

func TestMain(m *testing.M) {
	if mode := os.Getenv(childEnv); mode != "" {
		if path, ok := strings.CutPrefix(mode, "compress:"); ok {
			os.Exit(compressingChild(path))
		}
		os.Exit(standardStreamChild(mode))
	}
	os.Exit(m.Run())
}

// open opens a File that is closed when the test ends.
func open(t testing.TB, path string, o FileOptions) *File {
	t.Helper()
	f, err := OpenFile(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// put writes s, which must be accepted without an error.
func put(t testing.TB, w interface{ Write([]byte) (int, error) }, s string) {
	t.Helper()
	if n, err := w.Write([]byte(s)); n != len(s) || err != nil {
		t.Fatalf("write %q: %d, %v", s, n, err)
	}
}

// content is what a file holds, or "(none)".
func content(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return "(none)"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// tree is what all files of a directory hold.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		files[e.Name()] = content(t, filepath.Join(dir, e.Name()))
	}
	return files
}

// within returns the value that comes from ch, or fails.
func within[T any](t testing.TB, what string, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("%s: nothing after %v", what, patience)
		panic("not reached")
	}
}

// python runs a script of ours under the Python that Debian's supervisor belongs to: in goes to it as JSON, and out is
// filled with the JSON it prints.
func python(t testing.TB, script string, in, out any) {
	t.Helper()
	if err := exec.Command("/usr/bin/python3", "-c", "import supervisor.options").Run(); err != nil {
		t.Fatal("the reference is missing: apt-get install -y supervisor")
	}
	data, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/usr/bin/python3", "-W", "ignore", "-c", script)
	cmd.Stdin = bytes.NewReader(data)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	answer, err := cmd.Output()
	if err != nil {
		t.Fatalf("python: %v\n%s", err, stderr.String())
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("python printed %q: %v", answer, err)
	}
}
