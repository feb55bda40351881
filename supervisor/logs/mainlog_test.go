package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
)

// noon is what the clock of the main log shows in tests.
var noon = time.Date(2026, 11, 22, 11, 20, 7, 503_999_999, time.Local)

const stamp = "2026-11-22 11:20:07,503 "

// echoed is what a main log has echoed.
type echoed struct {
	log *MainLog
	mu  sync.Mutex
	buf bytes.Buffer
}

func (e *echoed) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.buf.Write(p)
}

// String waits for all that was logged.
func (e *echoed) String() string {
	if e.log != nil {
		e.log.outputs.Load().echo.flush(time.Minute)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.buf.String()
}

func (e *echoed) Reset() {
	_ = e.String()
	e.buf.Reset()
}

func (e *echoed) Len() int { return len(e.String()) }

// mainLog opens a main log that only echoes.
func mainLog(t *testing.T, level Level) (*MainLog, *echoed) {
	t.Helper()
	out := &echoed{}
	m, err := OpenMain(MainOptions{Level: level, Echo: out})
	if err != nil {
		t.Fatal(err)
	}
	out.log = m
	m.now = func() time.Time { return noon }
	return m, out
}

func TestMainLogLines(t *testing.T) {
	for _, tt := range []struct {
		name string
		log  func(l hclog.Logger)
		want string
	}{
		{"info", func(l hclog.Logger) { l.Info("spawned: 'web' with pid 12") }, "INFO spawned: 'web' with pid 12"},
		{"warn", func(l hclog.Logger) { l.Warn("x") }, "WARN x"},
		{"error", func(l hclog.Logger) { l.Error("x") }, "ERRO x"},
		{"critical", func(l hclog.Logger) { Critical(l, "could not write pidfile %s", "p") }, "CRIT could not write pidfile p"},
		{"debug", func(l hclog.Logger) { l.Debug("x") }, "DEBG x"},
		{"trace", func(l hclog.Logger) { l.Trace("x") }, "TRAC x"},
		{"blather", func(l hclog.Logger) { Blather(l, "%d%%", 5) }, "BLAT 5%"},
		{"severity fits the level only", func(l hclog.Logger) { l.Info("x", "sev", "CRIT") }, "INFO x"},
		{"another severity is an argument", func(l hclog.Logger) { l.Info("x", "sev", 3) }, "INFO x sev=3"},
		{"verbs are not expanded", func(l hclog.Logger) { l.Info("100%s") }, "INFO 100%s"},
		{"lines of a message", func(l hclog.Logger) { l.Debug("'web' stdout output:\na\tb\n") }, "DEBG 'web' stdout output:\na\tb\n"},
		{"control characters", func(l hclog.Logger) { l.Info("a\rb\x1b[1mc\x00\x7f\u0085\u202e\xff é") }, `INFO a\rb\x1b[1mc\x00\x7f\u0085\u202e\xff é`},
		{"arguments", func(l hclog.Logger) {
			l.Info("x", "pid", 12, "ok", true, "wait", 1500*time.Millisecond, "err", errors.New("no such file"), "none", nil)
		}, `INFO x pid=12 ok=true wait=1.5s err="no such file" none=<nil>`},
		{"arguments are one word", func(l hclog.Logger) {
			l.Info("x", "a", "1\n2026-11-22 INFO forged", "b", "", "c", `q"q`, "d", "k=v", "e", "é", "f\n", []byte("raw"))
		}, `INFO x a="1\n2026-11-22 INFO forged" b="" c="q\"q" d="k=v" e="é" f\n=raw`},
		{"format argument", func(l hclog.Logger) { l.Info("x", "took", hclog.Fmt("%02d", 3)) }, "INFO x took=03"},
		{"odd argument", func(l hclog.Logger) { l.Info("x", "a", 1, "lost") }, "INFO x a=1 ?=lost"},
		{"sub-logger", func(l hclog.Logger) { l.Named("sub").With("group", "g").Info("x", "a", 1) }, "INFO x group=g a=1"},
		{"long argument", func(l hclog.Logger) { l.Info("x", "a", strings.Repeat("y", maxValue+1)) }, "INFO x a=\"" + strings.Repeat("y", maxValue) + "…\""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, out := mainLog(t, LevelBlather)
			tt.log(m.Logger())
			if got, want := out.String(), stamp+tt.want+"\n"; got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

func TestMainLogLevels(t *testing.T) {
	all := []string{"CRIT", "ERRO", "WARN", "INFO", "DEBG", "TRAC", "BLAT"}
	for i, name := range LevelNames() {
		level, err := ParseLevel(strings.ToUpper(name))
		if err != nil {
			t.Fatal(err)
		}
		if level.Code() != all[i] || level.String() != name {
			t.Errorf("%s is %s, %s", name, level, level.Code())
		}
		m, out := mainLog(t, level)
		l := m.Logger().Named("sub")
		Critical(l, "x")
		l.Error("x")
		l.Warn("x")
		l.Info("x")
		l.Debug("x")
		l.Trace("x")
		Blather(l, "x")
		var got []string
		for line := range strings.Lines(out.String()) {
			got = append(got, strings.Fields(line)[2])
		}
		if fmt.Sprint(got) != fmt.Sprint(all[:i+1]) {
			t.Errorf("at %s: %v", name, got)
		}
		if l.IsDebug() != (level <= LevelDebug) || l.IsWarn() != (level <= LevelWarn) {
			t.Errorf("at %s: IsDebug %v, IsWarn %v", name, l.IsDebug(), l.IsWarn())
		}
	}
	if _, err := ParseLevel("warning"); err == nil {
		t.Error("warning is no level of supervisord")
	}
	if m, _ := mainLog(t, 0); m.Level() != LevelInfo {
		t.Errorf("default level is %v", m.Level())
	}
}

func TestMainLogFileAndEchoAreIdentical(t *testing.T) {
	path := filepath.Join(t.TempDir(), "main.log")
	echo := &echoed{}
	m, err := OpenMain(MainOptions{Path: path, File: FileOptions{MaxBytes: 1 << 20, Backups: 1}, Echo: echo})
	if err != nil {
		t.Fatal(err)
	}
	echo.log = m
	m.Logger().Info("one")
	m.Logger().Warn("two", "k", "v")
	if got := content(t, path); got != echo.String() || m.Path() != path {
		t.Errorf("file %q, echo %q, path %q", got, echo.String(), m.Path())
	}
	line := regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO one\n`)
	if !line.MatchString(echo.String()) {
		t.Errorf("got %q", echo.String())
	}

	os.Rename(path, path+"-old")
	if err := m.Reopen(); err != nil {
		t.Error(err)
	}
	m.Logger().Info("three")
	if got := content(t, path); !strings.HasSuffix(got, "INFO three\n") || strings.Contains(got, "one") {
		t.Errorf("after reopen: %q", got)
	}
	if err := m.Clear(); err != nil {
		t.Error(err)
	}
	if got := content(t, path); got != "" {
		t.Errorf("after clear: %q", got)
	}

	next := path + "-next"
	if err := m.Reconfigure(MainOptions{Path: filepath.Join(path, "bad")}); err == nil || m.Path() != path {
		t.Errorf("bad options: %v, path %s", err, m.Path())
	}
	if err := m.Reconfigure(MainOptions{Path: next, Level: LevelDebug}); err != nil {
		t.Fatal(err)
	}
	m.Logger().Debug("four")
	if got := content(t, next); !strings.HasSuffix(got, "DEBG four\n") {
		t.Errorf("after a change: %q", got)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	m.Logger().Info("nobody hears")
	if m.Path() != "" || m.Reopen() != nil || !errors.Is(m.Clear(), ErrNoFile) {
		t.Errorf("after close there is still %q", m.Path())
	}
}

func TestMainLogTellsOnceWhenItCannotBeWritten(t *testing.T) {
	echo := &echoed{}
	m, err := OpenMain(MainOptions{Path: "/dev/full", Echo: echo})
	if err != nil {
		t.Fatal(err)
	}
	echo.log = m
	defer m.Close()
	m.now = func() time.Time { return noon }
	const trouble = `ERRO cannot write the main log error="write /dev/full: no space left on device"` + "\n"
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(echo.String(), trouble); { // a device has a queue
		m.Logger().Info("one")
		if time.Now().After(deadline) {
			t.Fatalf("got %q", echo.String())
		}
	}
	m.Logger().Info("two")
	if got := echo.String(); strings.Count(got, trouble) != 1 || !strings.HasPrefix(got, stamp+"INFO one\n") || !strings.HasSuffix(got, stamp+"INFO two\n") {
		t.Errorf("got %q", got)
	}
}

func TestAnEchoNobodyReadsHoldsNobodyUp(t *testing.T) {
	r, w := io.Pipe()
	path := filepath.Join(t.TempDir(), "main.log")
	m, err := OpenMain(MainOptions{Path: path, Echo: w})
	if err != nil {
		t.Fatal(err)
	}
	const lines = 30_000
	for i := range lines {
		m.Logger().Info(fmt.Sprintf("line %d %s", i, strings.Repeat("x", 50)))
	}
	if got := strings.Count(content(t, path), "\n"); got != lines {
		t.Errorf("%d lines in the file", got)
	}
	m.Logger().Info("the last line")
	read := make(chan string)
	go func() {
		b, _ := io.ReadAll(r)
		read <- string(b)
	}()
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	m.outputs.Load().echo.flush(time.Minute)
	w.Close()
	got := <-read
	var missing int
	for l := range strings.Lines(got) {
		if strings.HasPrefix(l, "(") {
			if _, err := fmt.Sscanf(l, "(%d lines are missing here", &missing); err != nil {
				t.Errorf("%q: %v", l, err)
			}
		}
	}
	if n := strings.Count(got, " INFO "); missing == 0 || n+missing != lines+1 {
		t.Errorf("%d lines came, %d are told to be missing", n, missing)
	}
}

func TestMainLogFromManyGoroutinesKeepsLinesWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "main.log")
	m, err := OpenMain(MainOptions{Path: path, File: FileOptions{MaxBytes: 1 << 12, Backups: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 200 {
				m.Logger().Info("line", "i", i, "j", j)
				if j%50 == 0 {
					m.Reopen()
				}
			}
		})
	}
	wg.Wait()
	m.Close()
	line := regexp.MustCompile(`^\S+ \S+ INFO line i=\d j=\d+\n$`)
	lines := 0
	for name, s := range tree(t, filepath.Dir(path)) {
		for l := range strings.Lines(s) {
			lines++
			if !line.MatchString(l) {
				t.Errorf("%s: %q", name, l)
			}
		}
	}
	if lines != 1600 {
		t.Errorf("%d lines", lines)
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                         "",
		"web:api-1":                "web:api-1",
		"naïve 日本":                 "naïve 日本",
		"a\n2026 INFO x":           `a\n2026 INFO x`,
		"a\r\tb":                   `a\r\tb`,
		"\x1b[31m\x07":             `\x1b[31m\a`,
		"\u0085\u2028\u202e\u2066": `\u0085\u2028\u202e\u2066`,
		"\xc3(\xff":                `\xc3(\xff`,
		"\ufffd":                   "\ufffd",
	} {
		if got := Clean(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if n := testing.AllocsPerRun(10, func() { Clean("a clean name") }); n != 0 {
		t.Errorf("a clean name allocates %v times", n)
	}
}
