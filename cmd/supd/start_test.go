package main

import (
	"os/exec"
	"strings"
	"testing"
)

// Who starts a program hears what else was started for it, and, when it did not come up, where to look.
func TestAStartSaysWhatElseItStartsAndWhereToLook(t *testing.T) {
	_, conf := site(t, `[program-default]
autostart=false
startsecs=0
startretries=0
[program:web]
command=/bin/cat
depends_on=api
[program:api]
command=/bin/cat
depends_on=db
[program:db]
command=/bin/cat
[program:worker]
command=/bin/cat
depends_on=broken
[program:broken]
command=/bin/sh -c "exit 3"
startsecs=5
`)
	startDaemon(t, up, supdBinary, "-c", conf)
	run := func(args ...string) (stdout, stderr string) {
		cmd := exec.Command(supdBinary, append([]string{"ctl", "-c", conf}, args...)...)
		var out, err strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &err
		_ = cmd.Run()
		return out.String(), err.String()
	}
	out, err := run("start", "web")
	if out != "web: started\n" || err != "hint: started as well, as it is needed: api, db\n" && err != "hint: started as well, as it is needed: db, api\n" {
		t.Errorf("%q, %q", out, err)
	}
	if out, err := run("start", "db"); out != "db: ERROR (already started)\n" || err != "" {
		t.Errorf("%q, %q", out, err)
	}
	out, err = run("start", "worker")
	if out != "worker: ERROR (abnormal termination)\n" ||
		err != "hint: started as well, as it is needed: broken\nhint: supd ctl -c "+conf+" why worker tells what is in the way\n" {
		t.Errorf("%q, %q", out, err)
	}
	if out, _ := run("why", "worker"); !strings.Contains(out, "broken") {
		t.Errorf("why says %q", out)
	}
}
