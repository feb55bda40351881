package logs

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gwaycc/supd/confload"
)

func TestOutlets(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	var outlets Outlets
	if s, err := outlets.Open(Outlet{}); err != nil || s != Discard {
		t.Errorf("nowhere: %T, %v", s, err)
	}
	s, err := outlets.Open(Outlet{Files: []string{path("one")}, File: FileOptions{StripANSI: true}})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.(*File); !ok {
		t.Errorf("one file is a %T", s)
	}
	put(t, s, "\x1b[1mraw\x1b[0m")
	s.Close()

	s, err = outlets.Open(Outlet{Files: []string{path("two"), path("three")}, File: FileOptions{StripANSI: true},
		Line: LineFormat{Format: "prefix", Program: "web", Stream: "stdout", Life: 3}})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "\x1b[1ma")
	put(t, s, "\x1b[0m\nb\x1b[")
	s.Close()

	if _, err := outlets.Open(Outlet{Files: []string{path("four"), path("none/five")}}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	want := map[string]string{"one": "raw", "two": "web stdout 3 | a\nweb stdout 3 | b\x1b[\n", "four": ""}
	want["three"] = want["two"]
	for name, text := range want {
		if got := content(t, path(name)); got != text {
			t.Errorf("%s: %q, want %q", name, got, text)
		}
	}
}

func TestAPipeThatNobodyReadsDoesNotHoldUpAFile(t *testing.T) {
	dir := t.TempDir()
	pipe, file := filepath.Join(dir, "pipe"), filepath.Join(dir, "file")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var outlets Outlets
	s, err := outlets.Open(Outlet{Files: []string{pipe, file}})
	if err != nil {
		t.Fatal(err)
	}
	chunk := strings.Repeat("x", 64<<10)
	for range 40 {
		s.Write([]byte(chunk)) // that the pipe does not keep up is told
	}
	if got := content(t, file); len(got) != 40*len(chunk) {
		t.Errorf("%d bytes in the file", len(got))
	}
	s.Close()
}

func TestOutletsShareSyslogServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newFakeSyslog()
		dir := t.TempDir()
		outlets := Outlets{dial: func(a SyslogAddress) *SyslogServer { return newSyslogServer(a, fake.dial) }}
		a := SyslogAddress{"tcp", "log:6514"}
		open := func(name string) Sink {
			s, err := outlets.Open(Outlet{Files: []string{filepath.Join(dir, name)}, File: FileOptions{StripANSI: true},
				Line: LineFormat{Format: "prefix", Program: name}, Syslogs: []SyslogAddress{a}, Syslog: SyslogOptions{Tag: "t", Prefix: name + " "}})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		one, two := open("one"), open("two")
		put(t, one, "\x1b[1ma\n")
		synctest.Wait()
		put(t, two, "b\n")
		one.Close()
		two.Close()
		if got := strings.Join(fake.texts(), ","); got != "one a,two b" || len(fake.times()) != 1 {
			t.Errorf("%q over %d connections", got, len(fake.times()))
		}
		if got := content(t, filepath.Join(dir, "one")); got != "one  0 | a\n" {
			t.Errorf("%q", got)
		}
		if err := outlets.Close(time.Second); err != nil || outlets.Dropped() != 0 {
			t.Error(err)
		}
		(<-fake.conns).Close()
	})
}

func TestOutletsOfAConfiguration(t *testing.T) {
	dir := t.TempDir()
	read := func(text string) *confload.Program {
		t.Helper()
		c, err := confload.Parse(filepath.Join(dir, "s.conf"), []byte("[supervisord]\n"+strings.ReplaceAll(text, "DIR", dir)),
			confload.Options{Environ: []string{}, Hostname: "box", TempDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return &c.Groups[0].Programs[0]
	}
	p := read("[program:web]\ncommand=c\n")
	got := OutletFor(p, &p.Stdout, "stdout", "/auto.log", 1, true)
	want := Outlet{Files: []string{"/auto.log"}, File: FileOptions{MaxBytes: 50 << 20, Backups: 10, Every: "never", StripANSI: true},
		Line:   LineFormat{Format: "raw", Program: "web", Stream: "stdout", Life: 1},
		Syslog: SyslogOptions{Facility: 1, Severity: 6, Tag: "supervisord", Prefix: "web "}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}

	p = read("[program:web]\ncommand=c\nprocess_name=w%(process_num)d\nlog_format=json\nsyslog_tag=%(program_name)s\n" +
		"syslog_stderr_priority=err\nsyslog_facility=local0\nstderr_logfile=/dev/stderr, DIR/e.log, syslog, syslog @tcp:h\n" +
		"stderr_logfile_rotate_every=day\nstderr_logfile_compress=true\nstderr_logfile_maxbytes=0\nstderr_logfile_backups=2\n")
	got = OutletFor(p, &p.Stderr, "stderr", p.Stderr.Path, 7, false)
	want = Outlet{Files: []string{dir + "/e.log", "/dev/stderr"}, File: FileOptions{Backups: 2, Every: "day", Compress: true},
		Line:    LineFormat{Format: "json", Timestamp: true, Program: "web:w0", Stream: "stderr", Life: 7},
		Syslogs: []SyslogAddress{{}, {"tcp", "h:6514"}}, Syslog: SyslogOptions{Facility: 16, Severity: 3, Tag: "web"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}

	// What the table of options calls a period or a format is one here.
	for _, o := range confload.Table() {
		for _, word := range strings.Split(o.Allowed, ", ") {
			switch {
			case strings.HasSuffix(o.Name, "_rotate_every") && (word == "never") != nextPeriod(time.Now(), word).IsZero():
				t.Errorf("%s=%s is not known", o.Name, word)
			case o.Name == "log_format" && (word == "raw") != (Formatted(Discard, LineFormat{Format: word}) == Discard):
				t.Errorf("%s=%s is not known", o.Name, word)
			}
		}
	}
}
