package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMissingLogDirectoriesAreMadeWhenAskedFor(t *testing.T) {
	t.Parallel()
	dir, conf := site(t, "[program:a]\ncommand=/bin/sh -c 'echo here; exec sleep 1000'\nstdout_logfile=DIR/new/deep/a.log\nstartsecs=0\n")
	if out, status := runTool(t, dir, supdBinary, "-n", "-c", conf); status != exitUsage || !strings.Contains(out, "make_log_dirs=true") {
		t.Errorf("not asked for: status %d: %s", status, out)
	}
	set(t, conf, "make_log_dirs = true\n")
	writeFile(t, dir, "conf", strings.Replace(read(t, conf), "logfile="+dir+"/log\n", "logfile="+dir+"/main/log\n", 1))
	startDaemon(t, up, supdBinary, "-c", conf)
	until(t, filepath.Join(dir, "new", "deep", "a.log"), "here\n")
	until(t, filepath.Join(dir, "main", "log"), "spawned: 'a'")
	if st, err := os.Stat(filepath.Join(dir, "new")); err != nil || st.Mode().Perm()&^0o755 != 0 || st.Mode().Perm()&0o700 != 0o700 {
		t.Errorf("%v %v", st.Mode(), err)
	}
	if out, status := ctlIn(t, conf, "stop", "a"); status != 0 {
		t.Fatal(out)
	}
	if err := os.RemoveAll(filepath.Join(dir, "new")); err != nil {
		t.Fatal(err)
	}
	if out, status := ctlIn(t, conf, "start", "a"); status != 0 {
		t.Fatal(out)
	}
	until(t, filepath.Join(dir, "new", "deep", "a.log"), "here\n")
}
