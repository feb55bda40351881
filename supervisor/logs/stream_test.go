package logs

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// standardStreamChild is the program that the tests below run with various things as its standard output.
func standardStreamChild(path string) int {
	f, err := OpenFile(path, FileOptions{MaxBytes: 4, Backups: 2})
	if err != nil {
		io.WriteString(os.Stderr, err.Error())
		return 1
	}
	for _, s := range []string{"one ", "two ", "three "} {
		if _, err := f.Write([]byte(s)); err != nil {
			io.WriteString(os.Stderr, err.Error())
			return 1
		}
		os.Stdout.WriteString("+ ")
		if err := f.Reopen(); err != nil {
			io.WriteString(os.Stderr, err.Error())
			return 1
		}
		if err := f.Clear(); err != nil {
			io.WriteString(os.Stderr, err.Error())
			return 1
		}
	}
	if err := f.Close(); err != nil {
		return 1
	}
	os.Stdout.WriteString("end")
	return 0
}

const standardStreamOutput = "one + two + three + end"

// runChild runs the child, which logs to path, with stdout as its standard output.
func runChild(t *testing.T, path string, stdout *os.File) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path,
		"GORACE=atexit_sleep_ms=0") // the race detector waits a second at exit otherwise
	cmd.Stdout = stdout
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		t.Errorf("%s: %v: %s", path, err, stderr.String())
	}
	if _, err := os.Lstat(path + ".1"); err == nil {
		t.Errorf("%s was rotated", path)
	}
}

// standardNames are names of a standard output: those of the system, and a link to one as container images have it.
func standardNames(t *testing.T) []string {
	link := filepath.Join(t.TempDir(), "access.log")
	if err := os.Symlink("/dev/stdout", link); err != nil {
		t.Fatal(err)
	}
	return []string{"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", link}
}

func TestStandardOutputIsARegularFile(t *testing.T) {
	for _, name := range standardNames(t) {
		path := filepath.Join(t.TempDir(), "out")
		f, err := os.Create(path) // not opened for appending: a shell's plain redirection
		if err != nil {
			t.Fatal(err)
		}
		runChild(t, name, f)
		f.Close()
		if got := content(t, path); got != standardStreamOutput {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestStandardOutputIsAPipe(t *testing.T) {
	for _, name := range standardNames(t) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		runChild(t, name, w)
		w.Close()
		got, _ := io.ReadAll(r)
		r.Close()
		if string(got) != standardStreamOutput {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestStandardOutputIsASocket(t *testing.T) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	conn, err := net.FileConn(ours)
	ours.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, name := range standardNames(t) {
		runChild(t, name, theirs)
		got := make([]byte, len(standardStreamOutput))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != standardStreamOutput {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	theirs.Close()
}

func TestNullDeviceIsNotKeptOpen(t *testing.T) {
	f := open(t, "/dev/null", FileOptions{MaxBytes: 1, Backups: 2, StripANSI: true})
	if f.target.file != nil {
		t.Error("it is open")
	}
	put(t, f, "x\x1b[1m")
	if err := f.Reopen(); err != nil {
		t.Error(err)
	}
	if err := f.Clear(); err != nil {
		t.Error(err)
	}
	put(t, f, "y")
	if f.Dropped() != 0 {
		t.Errorf("%d bytes dropped", f.Dropped())
	}
}

// namedPipe makes a pipe and opens its reading end.
func namedPipe(t *testing.T) (path string, reader *os.File) {
	path = filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	return path, reader
}

// stuckWrite begins a write that the pipe cannot take, and returns what its result will come on.
func stuckWrite(t *testing.T, f *File, reader *os.File, size int) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		_, err := f.Write(make([]byte, size))
		done <- err
	}()
	reader.SetReadDeadline(deadline())
	if _, err := io.ReadFull(reader, make([]byte, 1)); err != nil { // so it is under way
		t.Fatal(err)
	}
	return done
}

func TestFileCloseEndsAWriteThatIsStuckInAPipe(t *testing.T) {
	path, reader := namedPipe(t)
	f := open(t, path, FileOptions{})
	done := stuckWrite(t, f, reader, 1<<22)
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if err := within(t, "the write", done); err == nil {
		t.Error("no error reported")
	}
	if n := f.Dropped(); n <= 0 || n >= 1<<22 {
		t.Errorf("%d bytes dropped", n)
	}
}

func TestFileReopenTakesAStuckWriteToTheNewTarget(t *testing.T) {
	const size = 1 << 22
	path, reader := namedPipe(t)
	f := open(t, path, FileOptions{})
	done := stuckWrite(t, f, reader, size)
	os.Remove(path)
	if err := f.Reopen(); err != nil {
		t.Fatal(err)
	}
	if err := within(t, "the write", done); err != nil {
		t.Error(err)
	}
	inPipe, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	if got := 1 + len(inPipe) + len(content(t, path)); got != size || f.Dropped() != 0 {
		t.Errorf("%d of %d bytes arrived, %d dropped", got, size, f.Dropped())
	}
}

func TestNamedPipeWithoutReaderDoesNotBlock(t *testing.T) {
	path, reader := namedPipe(t)
	reader.Close()
	f := open(t, path, FileOptions{MaxBytes: 1, Backups: 1})
	put(t, f, "early")
	late, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	late.SetReadDeadline(deadline())
	got := make([]byte, 5)
	if _, err := io.ReadFull(late, got); err != nil || string(got) != "early" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestPipeWithoutReaderIsAnOutageThatEnds(t *testing.T) {
	path, reader := namedPipe(t)
	f := open(t, path, FileOptions{})
	reader.Close()
	if n, err := f.Write([]byte("lost")); n != 4 || err == nil {
		t.Errorf("write: %d, %v", n, err)
	}
	put(t, f, "lost too")
	again, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	put(t, f, "back")
	again.SetReadDeadline(deadline())
	got := make([]byte, 4)
	if _, err := io.ReadFull(again, got); err != nil || string(got) != "back" {
		t.Errorf("got %q, %v", got, err)
	}
	if f.Dropped() != 12 {
		t.Errorf("%d bytes dropped, want 12", f.Dropped())
	}
}
