package main

import (
	"encoding/json"
	"testing"
)

func TestStatusForAMachineTellsWhereAProgramComesFrom(t *testing.T) {
	t.Parallel()
	dir, conf := site(t, `
[include]
files = more.conf
[program:one]
command = /bin/sleep 1000
`)
	more := writeFile(t, dir, "more.conf", "[program:two]\ncommand=/bin/sleep 2000\ndirectory=/tmp\nconf_file=%(here)s/%(program_name)s.yaml\nautostart=false\n")
	startDaemon(t, "success: one entered RUNNING", supdBinary, "-c", conf)
	out, _ := ctlIn(t, conf, "-o", "json", "status")
	type origin struct{ Command, Directory, Ini_path, Conf_file string }
	var got []origin
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got) != 2 {
		t.Fatalf("%v: %s", err, out)
	}
	if want := (origin{"/bin/sleep 1000", "", conf, ""}); got[0] != want {
		t.Errorf("one: %+v, want %+v", got[0], want)
	}
	if want := (origin{"/bin/sleep 2000", "/tmp", more, dir + "/two.yaml"}); got[1] != want {
		t.Errorf("two: %+v, want %+v", got[1], want)
	}
}
