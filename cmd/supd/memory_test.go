package main

import (
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

func TestALogInMemoryIsReadAsAFileIs(t *testing.T) {
	t.Parallel()
	s := onStage(t, `
[program:speaker]
command = /bin/sh -c "for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done; echo oops >&2; exec cat"
stdout_logfile = memory
stdout_logfile_maxbytes = 30
stderr_logfile = memory, DIR/err.log
startsecs = 0
stopasgroup = true
`)
	until(t, s.dir+"/err.log", "oops\n")
	tail := func(args ...string) string {
		t.Helper()
		out, status := ctlIn(t, s.conf, append([]string{"tail"}, args...)...)
		if status != 0 {
			t.Fatalf("status %d: %s", status, out)
		}
		return strings.TrimSuffix(out, "\n")
	}
	proctest.Eventually(t, "the log", func() (string, bool) {
		out := tail("speaker")
		return out, out == "line 6\nline 7\nline 8\nline 9\n"
	})
	if out := tail("speaker", "stderr"); out != "oops\n" {
		t.Errorf("stderr: %q", out)
	}
	if out, status := runTool(t, s.dir, peer(t, "supervisorctl"), "-c", s.conf, "tail", "-8", "speaker"); status != 0 || strings.TrimSuffix(out, "\n") != "\nline 9\n" {
		t.Errorf("supervisorctl: %d %q", status, out)
	}
	if out, status := ctlIn(t, s.conf, "logs", "speaker", "-n", "2"); status != 0 || !strings.Contains(out, "line 8\n") || strings.Contains(out, "line 7") {
		t.Errorf("logs: %d %q", status, out)
	}

	f := followLogs(t, "-c", s.conf, "tail", "-f", "speaker")
	for line := f.line(); line != "line 9"; line = f.line() {
	}
	if out, status := ctlIn(t, s.conf, "restart", "speaker"); status != 0 { // what came before a restart stays
		t.Fatal(out)
	}
	for line := f.line(); line != "line 9"; line = f.line() {
	}
	f.interrupt()
	if out, status := ctlIn(t, s.conf, "clear", "speaker"); status != 0 {
		t.Fatal(out)
	}
	if out := tail("speaker"); out != "" {
		t.Errorf("cleared, it has %q", out)
	}
	if out, _ := ctlIn(t, s.conf, "-o", "json", "status"); !strings.Contains(out, `"stdout_logfile": "memory"`) {
		t.Errorf("status: %s", out)
	}
}
