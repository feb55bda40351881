package logs

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// awaitCompressions waits until nothing is being compressed.
func awaitCompressions(t testing.TB) {
	t.Helper()
	idle := make(chan struct{})
	go func() {
		compressions.await()
		close(idle)
	}()
	within(t, "the end of compressing", idle)
}

// await waits until nothing is being compressed.
func (c *compressor) await() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.working {
		c.idle.Wait()
	}
}

// unpacked is tree with what is in compressed files.
func unpacked(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := tree(t, dir)
	for name, text := range files {
		if !strings.HasSuffix(name, gzSuffix) {
			continue
		}
		z, err := gzip.NewReader(strings.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		b, err := io.ReadAll(z)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		files[name] = string(b)
	}
	return files
}

func TestRotatedFilesAreCompressed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	f := open(t, path, FileOptions{MaxBytes: 4, Backups: 3, Compress: true})
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		put(t, f, fmt.Sprintf("text %d", i))
		awaitCompressions(t)
	}
	put(t, f, "now")
	want := map[string]string{"log": "now", "log.1.gz": "text 5", "log.2.gz": "text 4", "log.3.gz": "text 3"}
	if got := unpacked(t, dir); !equalTrees(got, want) {
		t.Errorf("%q", got)
	}
	info, err := os.Stat(path + ".3.gz")
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestWhatACrashLeftIsPutRight(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte("both"))
	z.Close()
	for name, text := range map[string]string{
		"log": "full", "log.1": "both", "log.1.gz": packed.String(), // it ended before the original was removed
		"log.2": "never compressed", "log.gz.tmp": "half of a fi", "log.3.gz": packed.String(), "log.4": "the oldest",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f := open(t, path, FileOptions{MaxBytes: 4, Backups: 4, Compress: true})
	put(t, f, "!")
	awaitCompressions(t)
	want := map[string]string{"log": "", "log.1.gz": "full!", "log.2.gz": "both", "log.3.gz": "never compressed", "log.4.gz": "both"}
	if got := unpacked(t, dir); !equalTrees(got, want) {
		t.Errorf("%q", got)
	}
}

func TestAFileThatSomebodyWritesToIsNotCompressed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	f := open(t, path, FileOptions{MaxBytes: 4, Backups: 3, Compress: true})
	second := open(t, path, FileOptions{}) // as for stderr in the same file
	put(t, f, "first")
	awaitCompressions(t)
	put(t, second, ", second")
	want := map[string]string{"log": "", "log.1": "first, second"}
	if got := unpacked(t, dir); !equalTrees(got, want) {
		t.Errorf("%q", got)
	}
	second.Close()
	put(t, f, "third")
	awaitCompressions(t)
	want = map[string]string{"log": "", "log.1.gz": "third", "log.2.gz": "first, second"}
	if got := unpacked(t, dir); !equalTrees(got, want) {
		t.Errorf("%q", got)
	}
}

func TestCompressingThatFailsIsReportedAndLosesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	if err := os.MkdirAll(path+gzTemporary+"/in the way", 0o755); err != nil {
		t.Fatal(err)
	}
	f := open(t, path, FileOptions{MaxBytes: 4, Backups: 3, Compress: true})
	put(t, f, "text 1")
	awaitCompressions(t)
	if n, err := f.Write([]byte("a")); n != 1 || err == nil || !strings.Contains(err.Error(), "cannot compress a rotated log") {
		t.Errorf("%d, %v", n, err)
	} else if IsLoss(err) || IsLoss(errors.Join(err, err)) || !IsLoss(errors.Join(err, os.ErrClosed)) || IsLoss(nil) {
		t.Errorf("%v: lost or not", err)
	}
	put(t, f, "b")
	if got := content(t, path+".1") + content(t, path); got != "text 1ab" {
		t.Errorf("%q", got)
	}
}

func TestSequenceThroughCompressionIsComplete(t *testing.T) {
	const backups = 200
	path := filepath.Join(t.TempDir(), "log")
	f := open(t, path, FileOptions{MaxBytes: 64 << 10, Backups: backups, Compress: true})
	rnd := rand.New(rand.NewPCG(3, 4))
	var buf []byte
	written := 0
	for line := 0; written < 8<<20; {
		n := 1 + rnd.IntN(32<<10)
		for len(buf) < n {
			buf = strconv.AppendInt(buf, int64(line), 10)
			buf = append(buf, " the quick brown fox jumps over the lazy dog\n"...)
			line++
		}
		put(t, f, string(buf[:n]))
		buf = append(buf[:0], buf[n:]...)
		written += n
	}
	f.Close()
	awaitCompressions(t)
	if got := readBack(t, path, backups); got != int64(written) {
		t.Errorf("%d bytes in order, want %d", got, written)
	}
	plain := 0
	for name := range tree(t, filepath.Dir(path)) {
		if name != "log" && !strings.HasSuffix(name, gzSuffix) {
			plain++
		}
	}
	if plain > 0 {
		t.Errorf("%d files are not compressed", plain)
	}
}

// compressingChild writes a sequence until it is killed. It tells on standard output when a byte is in a file for good.
func compressingChild(path string) int {
	f, err := OpenFile(path, FileOptions{MaxBytes: 64 << 10, Backups: 2000, Compress: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	written, writes := 0, 0
	var buf []byte
	for line := 0; ; line++ {
		buf = strconv.AppendInt(buf, int64(line), 10)
		buf = append(buf, " the quick brown fox jumps over the lazy dog\n"...)
		if len(buf) < 8<<10 {
			continue
		}
		if _, err := f.Write(buf); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		written += len(buf)
		fmt.Println(written)
		buf = buf[:0]
		if writes++; writes%50 == 0 { // so that some are compressed before the writer is killed
			compressions.await()
		}
	}
}

func TestNothingIsLostWhenItIsKilledWhileItCompresses(t *testing.T) {
	for round := range 3 {
		dir := t.TempDir()
		path := filepath.Join(dir, "log")
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"=compress:"+path)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		guard := time.AfterFunc(6*patience, func() { cmd.Process.Kill() })
		// It is killed after a number of writes, wherever the compressor is then.
		told := make([]byte, 7*(120+23*round))
		n, err := io.ReadFull(out, told)
		cmd.Process.Kill()
		rest, _ := io.ReadAll(out)
		cmd.Wait()
		guard.Stop()
		if err != nil {
			t.Fatalf("after %d bytes: %v, %s", n, err, stderr.String())
		}
		lines := strings.Fields(string(append(told, rest...)))
		if !bytes.HasSuffix(append(told, rest...), []byte("\n")) {
			lines = lines[:len(lines)-1]
		}
		safe, err := strconv.ParseInt(lines[len(lines)-1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := readBack(t, path, 2000); got < safe {
			t.Errorf("round %d: %d bytes are in order, %d were written", round, got, safe)
		}
		gz := slices.ContainsFunc(names(t, dir), func(name string) bool { return strings.HasSuffix(name, gzSuffix) })
		if !gz {
			t.Errorf("round %d: nothing was compressed", round)
		}
	}
}

func names(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestEitherFormOfTheOldestBackupMakesRoom(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	for _, name := range []string{"log.2", "log.2.gz"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("the oldest"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f := open(t, path, FileOptions{MaxBytes: 4, Backups: 2, Compress: true})
	second := open(t, path, FileOptions{}) // keeps the first file from being compressed
	put(t, f, "first")
	put(t, f, "second")
	awaitCompressions(t)
	second.Close()
	want := map[string]string{"log": "", "log.1.gz": "second", "log.2": "first"}
	if got := tree(t, dir); len(got) != 3 || got["log.2"] != "first" || !equalTrees(unpacked(t, dir), want) {
		t.Errorf("%q", got)
	}
}
