package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// soakVariable has TestSoak take minutes: see make soak.
const soakVariable = "SUPD_TEST_SOAK"

const soakLine = 64 // bytes of a line of the writer

// A soak is programs that write numbered lines.
type soak struct {
	name     string
	programs int
	lines    int // of each program
	rate     int // lines a second; 0: as fast as it goes
	rotateAt string
	backups  int
	events   bool // PROCESS_LOG, to a listener that reads nothing
	tail     bool // somebody follows the log of the first program
}

// TestSoak has programs write fast, and looks for every byte.
func TestSoak(t *testing.T) {
	soaks := []soak{
		{"many", 20, 2000, 1000, "20KB", 10, false, false},
		{"many with events and a reader", 20, 2000, 1000, "20KB", 10, true, true},
		{"flood", 1, 32 << 20 / soakLine, 0, "4MB", 20, false, false},
		{"flood with events and a reader", 1, 32 << 20 / soakLine, 0, "4MB", 20, true, true},
	}
	patience := time.Minute
	if os.Getenv(soakVariable) != "" {
		soaks = []soak{
			{"many", 100, 60_000, 1000, "1MB", 10, false, false},
			{"many with events and a reader", 100, 20_000, 1000, "1MB", 10, true, true},
			{"flood", 1, 1 << 30 / soakLine, 0, "50MB", 40, false, false},
			{"flood with events and a reader", 1, 1 << 30 / soakLine, 0, "50MB", 40, true, true},
		}
		patience = 5 * time.Minute
	}
	writer := filepath.Join(t.TempDir(), "writer")
	build := exec.Command("go", "build", "-o", writer, "testdata/writer.go")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	defer func(d time.Duration) { proctest.Deadline = d }(proctest.Deadline)
	proctest.Deadline = patience
	for _, s := range soaks {
		t.Run(s.name, func(t *testing.T) { s.run(t, writer) })
	}
}

func (s soak) run(t *testing.T, writer string) {
	scripts, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	conf := strings.NewReplacer("DIR", dir, "SCRIPTS", scripts).Replace(fmt.Sprintf(`
[supervisord]
nodaemon = true
silent = true
logfile = DIR/log
pidfile = DIR/pid
[unix_http_server]
file = DIR/sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[eventlistener:ear]
command = %sSCRIPTS/listener.py deaf DIR/diary
events = PROCESS_LOG
autostart = %t
[program:writer]
command = %s %d %d DIR/done%%(process_num)d
process_name = writer%%(process_num)d
numprocs = %d
startsecs = 0
autorestart = false
stdout_logfile = DIR/out%%(process_num)d
stdout_logfile_maxbytes = %s
stdout_logfile_backups = %d
stdout_events_enabled = %t
`, python, s.events, writer, s.lines, s.rate, s.programs, s.rotateAt, s.backups, s.events))
	b := startDaemon(t, "", supdBinary, "-c", writeFile(t, dir, "conf", conf))
	if s.tail {
		follow(t, filepath.Join(dir, "out0"))
	}
	for i := range s.programs {
		proctest.File(t, fmt.Sprintf("%s/done%d", dir, i))
	}
	callUnix(t, dir+"/sock", "shutdown")
	if status := b.wait(); status != 0 {
		t.Errorf("exit status %d\n%s", status, b.out)
	}
	for i := range s.programs {
		if err := s.check(fmt.Sprintf("%s/out%d", dir, i)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "diary")); s.events && err != nil {
		t.Errorf("the listener did nothing: %v", err)
	}
}

// check reads the files of a log, the oldest first: every line must be there, in order, and nothing else.
func (s soak) check(path string) error {
	next := 0
	want := fmt.Appendf(nil, "%063d\n", 0)
	line := make([]byte, soakLine)
	var files []io.Reader
	for n := s.backups; n >= 0; n-- {
		name := path
		if n > 0 {
			name = fmt.Sprintf("%s.%d", path, n)
		}
		f, err := os.Open(name)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		defer f.Close()
		files = append(files, f)
	}
	if len(files) < 2 {
		return fmt.Errorf("%s is in %d files, it was never rotated", path, len(files))
	}
	in := bufio.NewReaderSize(io.MultiReader(files...), 1<<20)
	for ; ; next++ {
		n, err := io.ReadFull(in, line)
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("%s ends with %q after line %d", path, line[:n], next)
		}
		if !bytes.Equal(line, want) {
			return fmt.Errorf("%s has %q where line %d should be", path, line, next)
		}
		countUp(want)
	}
	if next != s.lines {
		return fmt.Errorf("%s has %d lines of %d", path, next, s.lines)
	}
	return nil
}

// countUp makes the next line of a line; formatting sixteen million of them takes too long.
func countUp(line []byte) {
	for i := len(line) - 2; ; i-- {
		if line[i]++; line[i] <= '9' {
			return
		}
		line[i] = '0'
	}
}

// follow reads a log with the tail of the system until the test ends.
func follow(t *testing.T, path string) {
	t.Helper()
	cmd := exec.Command("tail", "-n", "+1", "-F", path)
	var count counter
	cmd.Stdout = &count
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		proctest.Eventually(t, "something to read", func() (string, bool) {
			n := count.Load()
			return fmt.Sprint(n), n > 0
		})
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// A counter counts what is written to it.
type counter struct{ atomic.Int64 }

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	c.Add(int64(len(p)))
	return len(p), nil
}
