package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// TestLimitsOfControlGroupsHoldOrAreToldNotTo is right about both kinds of machines: those on which supd may make control groups, and
// others, on which the programs run without and a warning says so once for each.
func TestLimitsOfControlGroupsHoldOrAreToldNotTo(t *testing.T) {
	s := onStage(t, `
[program:web]
command = /bin/sh -c "cat /proc/self/cgroup; echo done; exec sleep 1000"
cgroup_memory_max = 100MB
cgroup_memory_high = 90MB
cgroup_cpu_max = 50%%
cgroup_pids_max = 20
stdout_logfile = DIR/web.log
startsecs = 0
[program:hog]
command = `+python+`-c "import mmap; m = mmap.mmap(-1, 200<<20); [m.seek(i) or m.write(b'x') for i in range(0, 200<<20, 4096)]"
cgroup_memory_max = 50MB
startsecs = 0
autorestart = false
`)
	group := until(t, filepath.Join(s.dir, "web.log"), "done\n")
	if out, status := ctlIn(t, s.conf, "restart", "web"); status != 0 {
		t.Error(out)
	}
	proctest.Eventually(t, "the end of the hog", func() (string, bool) {
		return s.out.String(), strings.Contains(s.out.String(), "exited: hog")
	})
	log := s.out.String()
	if !strings.Contains(log, " runs without cgroup_") {
		s.limitsHold(group, log)
		return
	}
	for _, want := range []string{"web runs without cgroup_memory_high, cgroup_memory_max", "hog runs without cgroup_memory_max: "} {
		line := log[max(0, strings.Index(log, want)):]
		line, _, _ = strings.Cut(line, "\n")
		if strings.Count(log, want) != 1 || !strings.Contains(line, "Delegate=yes in its systemd unit") {
			t.Errorf("%d times %q in:\n%s", strings.Count(log, want), want, log)
		}
	}
	if !strings.Contains(log, "exited: hog (exit status 0") || strings.Contains(group, "program-web") {
		t.Errorf("%s\n%s", group, log)
	}
}

// limitsHold checks the groups of a machine that has them.
func (s *stage) limitsHold(group, log string) {
	if !strings.Contains(group, "/program-web\n") {
		s.t.Errorf("web is in %s", group)
	}
	if !strings.Contains(log, "exited: hog (terminated by SIGKILL, the kernel has killed a process of it for lack of memory (cgroup_memory_max); not expected)") {
		s.t.Errorf("the hog was not killed:\n%s", log)
	}
	dirs, _ := filepath.Glob("/sys/fs/cgroup/*/program-web")
	more, _ := filepath.Glob("/sys/fs/cgroup/program-web")
	for _, dir := range append(dirs, more...) {
		for file, want := range map[string]string{"memory.max": "104857600\n", "memory.high": "94371840\n", "cpu.max": "50000 100000\n", "pids.max": "20\n"} {
			if b, err := os.ReadFile(filepath.Join(dir, file)); err != nil || string(b) != want {
				s.t.Errorf("%s/%s: %q, %v", dir, file, b, err)
			}
		}
	}
}
