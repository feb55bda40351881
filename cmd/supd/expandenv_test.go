package main

import (
	"path/filepath"
	"testing"
)

func TestDollarNamesReachThePrograms(t *testing.T) {
	t.Setenv("GREETING", "hello")
	dir, conf := site(t, `
[program:speaker]
command = /bin/echo $GREETING $$5 ${WHOM}
environment = WHOM="world",PLACE="DIR"
stdout_logfile = $PLACE/said
startsecs = 0
autorestart = false
`)
	set(t, conf, "expand_env = true\n")
	startDaemon(t, up, supdBinary, "-c", conf)
	if got := until(t, filepath.Join(dir, "said"), "\n"); got != "hello $5 world\n" {
		t.Errorf("it said %q", got)
	}
}
