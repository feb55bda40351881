package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

func TestTheOwnControlGroupIsFound(t *testing.T) {
	const unified = "30 25 0:27 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
	const hybrid = "30 25 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n31 25 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
	const bound = `31 25 0:28 /a/b /mnt/my\040groups rw - cgroup2 cgroup2 rw` + "\n"
	for _, c := range []struct{ own, mounts, want, wrong string }{
		{"0::/system.slice/supd.service\n", unified, "/sys/fs/cgroup/system.slice/supd.service", ""},
		{"0::/\n", unified, "/sys/fs/cgroup", ""},
		{"0::/system.slice/supd.service/supd-daemon\n", unified, "/sys/fs/cgroup/system.slice/supd.service", ""},
		{"8:pids:/x\n0::/y\n", hybrid, "/sys/fs/cgroup/unified/y", ""},
		{"0::/a/b/c\n", bound, "/mnt/my groups/c", ""},
		{"0::/a/x\n", bound, "", "is not mounted"},
		{"8:pids:/x\n", hybrid, "", "no control groups of version 2"},
		{"0::/x\n", "30 25 0:27 / /proc rw - proc proc rw\n", "", "is not mounted"},
	} {
		got, err := cgroupRoot(c.own, c.mounts)
		if got != c.want || (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%q in %q: %q, %v", c.own, c.mounts, got, err)
		}
	}
}

// A standIn is a directory tree that stands in for control groups. It refuses what the kernel refuses.
type standIn struct {
	*Cgroups
	t       *testing.T
	written []string
}

func newStandIn(t *testing.T, controllers string, procs ...string) *standIn {
	s := &standIn{t: t}
	s.Cgroups = &Cgroups{root: t.TempDir(), made: map[string]bool{}, write: s.put, ours: func() []int { return []int{7, 8} }}
	s.file("cgroup.controllers", controllers)
	s.file("cgroup.subtree_control", "")
	s.file("cgroup.procs", strings.Join(procs, "\n"))
	return s
}

func (s *standIn) file(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.root, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *standIn) put(path, text string) error {
	name := strings.TrimPrefix(path, s.root+"/")
	procs := words(filepath.Join(s.root, "cgroup.procs"))
	switch {
	case name == "cgroup.subtree_control" && len(procs) > 0:
		return &os.PathError{Op: "write", Path: path, Err: syscall.EBUSY}
	case name == "cgroup.subtree_control":
		s.file(name, strings.Join(append(words(path), strings.TrimPrefix(text, "+")), " "))
	case filepath.Base(name) == "cgroup.procs":
		s.file("cgroup.procs", strings.Join(slices.DeleteFunc(procs, func(p string) bool { return p == text }), "\n"))
	}
	s.written = append(s.written, name+" "+text)
	return nil
}

func (s *standIn) want(lines ...string) {
	s.t.Helper()
	if !slices.Equal(s.written, lines) {
		s.t.Errorf("written was\n%s\nwant\n%s", strings.Join(s.written, "\n"), strings.Join(lines, "\n"))
	}
	s.written = nil
}

var memoryAndPids = []CgroupSetting{{"memory.max", "1000"}, {"pids.max", "7"}}

func TestLimitsAreWrittenAfterTheDaemonHasMovedAway(t *testing.T) {
	s := newStandIn(t, "cpu memory pids", "7", "8")
	g, refused := s.Enter("g:web", memoryAndPids)
	if len(refused) > 0 || g.Dir() != filepath.Join(s.root, "program-g:web") {
		t.Fatalf("%+v, %v", g, refused)
	}
	s.want("supd-daemon/cgroup.procs 7", "supd-daemon/cgroup.procs 8", "cgroup.subtree_control +memory", "cgroup.subtree_control +pids",
		"program-g:web/memory.max 1000", "program-g:web/pids.max 7")
	g.Started()
	events := filepath.Join(g.Dir(), "memory.events")
	if err := os.WriteFile(events, []byte("low 0\noom 3\noom_kill 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := g.OOMKills(); n != 2 {
		t.Errorf("%d were killed", n)
	}
	again, refused := s.Enter("g:web", memoryAndPids[:1]) // what was before does not count
	if n := again.OOMKills(); n != 0 || len(refused) > 0 {
		t.Errorf("%d were killed, %v", n, refused)
	}
	again.Started()
	g.Remove() // it is not empty
	if _, err := os.Stat(g.Dir()); err != nil {
		t.Error(err)
	}
	_ = os.Remove(events)
	s.Close()
	if _, err := os.Stat(g.Dir()); err == nil {
		t.Error("the group is left behind")
	}
}

func TestWhatCannotBeLimitedIsToldOneByOne(t *testing.T) {
	s := newStandIn(t, "cpu pids")
	g, refused := s.Enter("web", memoryAndPids)
	if g == nil || len(refused) != 1 || !strings.Contains(fmt.Sprint(refused[0]), "the controller memory is not available in "+s.root+" (there are: cpu, pids)") {
		t.Fatalf("%+v, %v", g, refused)
	}
	g.Started()
	s.want("cgroup.subtree_control +pids", "program-web/pids.max 7")
	s = newStandIn(t, "memory pids", "7", "9") // 9 is not ours, and stays
	g, refused = s.Enter("web", memoryAndPids)
	if g != nil || len(refused) != 2 || !strings.Contains(fmt.Sprint(refused[1]), "other processes are in the control group "+s.root) {
		t.Errorf("%+v, %v", g, refused)
	}
	s.want("supd-daemon/cgroup.procs 7")
	s = newStandIn(t, "memory")
	s.write = func(path, _ string) error { return &os.PathError{Op: "open", Path: path, Err: syscall.EROFS} }
	if g, refused = s.Enter("web", memoryAndPids[:1]); g != nil || !errors.Is(refused[0], syscall.EROFS) {
		t.Errorf("%+v, %v", g, refused)
	}
}

// TestAProcessBeginsInItsControlGroup uses the real file system of control groups, without limits: those need controllers.
func TestAProcessBeginsInItsControlGroup(t *testing.T) {
	proctest.LeakCheck(t)
	groups, err := OpenCgroups()
	if err != nil {
		t.Skip(err)
	}
	name := fmt.Sprintf("test-%d", os.Getpid())
	g, refused := groups.Enter(name, nil)
	if g == nil {
		t.Skip(refused)
	}
	g.Started()
	defer groups.Close()
	h := newHost(t, Options{Shim: "/proc/self/exe"})
	nice := 3
	for what, limits := range map[string]*Limits{"at once": nil, "through the shim": {Nice: &nice}} {
		g, _ := groups.Enter(name, nil)
		spec := shell("cat /proc/self/cgroup; exec sleep 1000")
		spec.Cgroup, spec.Limits = g, limits
		spec.CgroupRefused = func(err error) { t.Errorf("%s: refused: %v", what, err) }
		l, err := tryStart(t, h, spec)
		g.Started()
		if err != nil {
			t.Fatal(err)
		}
		proctest.Eventually(t, what, func() (string, bool) { return l.out.String(), strings.Contains(l.out.String(), "program-"+name+"\n") })
		g.Remove() // it has a process
		if _, err := os.Stat(g.Dir()); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		_ = l.Signal(syscall.SIGKILL)
		proctest.Receive(t, "exit", l.exits)
		proctest.Eventually(t, what+": the end of the group", func() (string, bool) { // some kernels count the dead for a moment
			g.Remove()
			_, err := os.Stat(g.Dir())
			return "it is there", err != nil
		})
	}
}

// TestAProcessThatCannotBeginInItsControlGroupBeginsInOurs has a directory that is none.
func TestAProcessThatCannotBeginInItsControlGroupBeginsInOurs(t *testing.T) {
	proctest.LeakCheck(t)
	s := newStandIn(t, "memory")
	g, _ := s.Enter("web", memoryAndPids[:1])
	h := newHost(t, Options{})
	refused := make(chan error, 1)
	spec := shell("exit 3")
	spec.Cgroup, spec.CgroupRefused = g, func(err error) { refused <- err }
	l, err := tryStart(t, h, spec)
	g.Started()
	if err != nil {
		t.Fatal(err)
	}
	if proctest.Receive(t, "the refusal", refused) == nil {
		t.Error("no reason")
	}
	if e := proctest.Receive(t, "exit", l.exits); e.Code != 3 {
		t.Errorf("%+v", e)
	}
	spec = command("/nonexistent") // that is another error
	spec.Cgroup, _ = s.Enter("web", memoryAndPids[:1])
	spec.CgroupRefused = func(err error) { refused <- err }
	_, err = tryStart(t, h, spec)
	spec.Cgroup.Started()
	if child := (*ChildError)(nil); !errors.As(err, &child) || child.Op != OpExec || len(refused) > 0 {
		t.Errorf("got %v", err)
	}
}
