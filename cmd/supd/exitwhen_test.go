package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

func TestExitWhenJudgesByWhatIs(t *testing.T) {
	began := time.Unix(1, 0)
	info := func(name string, s supervisor.State, change ...func(*actors.Info)) *actors.Info {
		i := &actors.Info{Program: &confload.Program{Name: name, Group: name, Autostart: true}, State: s}
		if s != supervisor.Stopped {
			i.Start = began
		}
		for _, f := range change {
			f(i)
		}
		return i
	}
	code := func(n int) func(*actors.Info) { return func(i *actors.Info) { i.ExitStatus, i.Expected = n, n == 0 } }
	killed := func(i *actors.Info) { i.ExitStatus, i.ExitSignal = -1, syscall.SIGKILL }
	manual := func(i *actors.Info) { i.Program.Autostart = false }
	stopped := func(i *actors.Info) { i.Start = began }
	waits := func(i *actors.Info) { i.WaitsFor = "db" }
	scheduled := func(i *actors.Info) { i.NextRun = began }
	all, fatal := confload.ExitWhen{Policy: confload.ExitAllExited}, confload.ExitWhen{Policy: confload.ExitAnyFatal}
	one := confload.ExitWhen{Policy: confload.ExitOfAProgram, Program: "a"}
	some, last := confload.ExitWhen{Policy: confload.ExitAnySignificant}, confload.ExitWhen{Policy: confload.ExitAllSignificant}
	main := func(i *actors.Info) { i.Program.Significant = true }
	grouped := func(i *actors.Info) { i.ByGroup = true }
	never := func(i *actors.Info) { i.Program.Autorestart = confload.RestartNever }
	const no = -1
	for _, c := range []struct {
		name  string
		when  confload.ExitWhen
		infos []*actors.Info
		want  int
	}{
		{"never", confload.ExitWhen{}, []*actors.Info{info("a", supervisor.Fatal)}, no},
		{"all ended well", all, []*actors.Info{info("a", supervisor.Exited, code(0)), info("b", supervisor.Exited, code(0))}, 0},
		{"one ended badly", all, []*actors.Info{info("a", supervisor.Exited, code(0)), info("b", supervisor.Exited, code(7))}, 7},
		{"one was killed", all, []*actors.Info{info("a", supervisor.Exited, killed)}, 137},
		{"one is fatal", all, []*actors.Info{info("a", supervisor.Fatal)}, 1},
		{"one still runs", all, []*actors.Info{info("a", supervisor.Exited, code(0)), info("b", supervisor.Running)}, no},
		{"one backs off", all, []*actors.Info{info("a", supervisor.Exited, code(0)), info("b", supervisor.Backoff)}, no},
		{"one waits", all, []*actors.Info{info("a", supervisor.Exited, code(0)), info("b", supervisor.Stopped, manual, waits)}, no},
		{"one is still to be started", all, []*actors.Info{info("a", supervisor.Exited, code(0)), info("b", supervisor.Stopped)}, no},
		{"one is for people to start", all, []*actors.Info{info("a", supervisor.Exited, code(0)), info("b", supervisor.Stopped, manual)}, 0},
		{"one was stopped by somebody", all, []*actors.Info{info("a", supervisor.Exited, code(0)), info("b", supervisor.Stopped, stopped)}, 0},
		{"one comes again by its schedule", all, []*actors.Info{info("a", supervisor.Exited, code(0), scheduled)}, no},
		{"one is to come by its schedule", all, []*actors.Info{info("a", supervisor.Exited, code(0)), info("b", supervisor.Stopped, manual, scheduled)}, no},
		{"the one comes again", one, []*actors.Info{info("a", supervisor.Exited, code(3), scheduled)}, no},
		{"nothing has run", all, []*actors.Info{info("a", supervisor.Stopped, manual)}, no},
		{"nothing is there", all, nil, no},
		{"a fatal one", fatal, []*actors.Info{info("a", supervisor.Running), info("b", supervisor.Fatal)}, 1},
		{"no fatal one", fatal, []*actors.Info{info("a", supervisor.Exited, code(3))}, no},
		{"the one ended", one, []*actors.Info{info("a", supervisor.Exited, code(3)), info("b", supervisor.Running)}, 3},
		{"the one was stopped", one, []*actors.Info{info("a", supervisor.Stopped, stopped)}, no},
		{"another ended", one, []*actors.Info{info("a", supervisor.Running), info("b", supervisor.Exited, code(3))}, no},
		{"a significant one ended", some, []*actors.Info{info("a", supervisor.Exited, main, code(0)), info("b", supervisor.Running, main)}, 0},
		{"a significant one ended badly", some, []*actors.Info{info("a", supervisor.Exited, main, never, code(4)), info("b", supervisor.Running)}, 4},
		{"a significant one is fatal", some, []*actors.Info{info("a", supervisor.Fatal, main)}, 1},
		{"a significant one was stopped", some, []*actors.Info{info("a", supervisor.Stopped, main, stopped)}, no},
		{"another than a significant one ended", some, []*actors.Info{info("a", supervisor.Exited, code(0)), info("b", supervisor.Running, main)}, no},
		{"its group restarts a significant one", some, []*actors.Info{info("a", supervisor.Exited, main, grouped, code(4))}, no},
		{"its group restarts a significant one that is fatal", some, []*actors.Info{info("a", supervisor.Fatal, main, grouped)}, no},
		{"its group lets a significant one end", some, []*actors.Info{info("a", supervisor.Exited, main, grouped, never, code(4))}, 4},
		{"one of two significant ones ended", last, []*actors.Info{info("a", supervisor.Exited, main, code(3), never), info("b", supervisor.Running, main)}, no},
		{"all significant ones ended", last, []*actors.Info{info("a", supervisor.Exited, main, code(3), never), info("b", supervisor.Exited, main, code(0)),
			info("c", supervisor.Running)}, 3},
		{"the other significant one was stopped", last, []*actors.Info{info("a", supervisor.Exited, main, code(0)), info("b", supervisor.Stopped, main, stopped)}, 0},
		{"all significant ones were stopped", last, []*actors.Info{info("a", supervisor.Stopped, main, stopped)}, no},
		{"a significant one is still to start", last, []*actors.Info{info("a", supervisor.Exited, main, code(0)), info("b", supervisor.Stopped, main)}, no},
		{"its group restarts the last significant one", last, []*actors.Info{info("a", supervisor.Exited, main, grouped, code(4))}, no},
		{"its group restarts the last one", all, []*actors.Info{info("a", supervisor.Exited, grouped, code(4))}, no},
		{"its group restarts the one", one, []*actors.Info{info("a", supervisor.Exited, grouped, code(4))}, no},
		{"its group restarts a fatal one", fatal, []*actors.Info{info("a", supervisor.Fatal, grouped)}, no},
		{"the one is fatal", one, []*actors.Info{info("a", supervisor.Fatal)}, 1},
	} {
		got := no
		owed := func(i *actors.Info) bool {
			return i.ByGroup && (i.State == supervisor.Fatal || !i.Expected && i.Program.Autorestart != confload.RestartNever)
		}
		if v := judge(c.when, c.infos, owed); v != nil {
			got = v.status
		}
		if got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestExitStatusOfTheDaemonFollowsExitWhen(t *testing.T) {
	job := func(name, script string) string {
		return fmt.Sprintf("[program:%s]\ncommand=/bin/sh -c %q\nautorestart=false\nstartsecs=0\nstartretries=0\n", name, script)
	}
	long := "[program:long]\ncommand=/bin/cat\n"
	for _, c := range []struct {
		when, programs string
		want           int
	}{
		{"all_exited", job("a", "exit 0") + job("b", "exit 5"), 5},
		{"all_exited", job("a", "exit 0") + job("b", "exit 0"), 0},
		{"any_fatal", long + "[program:broken]\ncommand=/no/such/file\nstartretries=0\n", 1},
		{"program:main", long + job("main", "exit 42"), 42},
		{"any_significant", long + job("main", "exit 43") + "significant=true\n" + job("other", "exit 1"), 43},
		{"all_significant", long + job("one", "exit 44") + "significant=true\n" + job("two", "exit 0") + "significant=true\n", 44},
		{"program:main", long + job("main", "kill -TERM $$"), 143},
		{"all_exited", "[program:main]\ncommand=/bin/sh -c 'exit 45'\nstartsecs=0\n[group:g]\nprograms=main\nstrategy=one_for_all\nintensity=3\nperiod=60\n", 45},
	} {
		t.Run(fmt.Sprint(c.when, c.want), func(t *testing.T) {
			t.Parallel()
			dir, conf := site(t, c.programs)
			writeFile(t, dir, "conf", strings.Replace(read(t, conf), "[supervisord]\n", "[supervisord]\nexit_when="+c.when+"\n", 1))
			b := startDaemon(t, up, supdBinary, "-c", conf)
			if s := b.wait(); s != c.want {
				t.Errorf("exit status %d, want %d; log:\n%s", s, c.want, b.out)
			}
			if !strings.Contains(b.out.String(), "supd ends with status") {
				t.Errorf("the log does not say why:\n%s", b.out)
			}
		})
	}
}

// TestAContainerIsLeftCleanAndWithTheRightStatus is supd as process 1 with a program that leaves a thousand orphans.
func TestAContainerIsLeftCleanAndWithTheRightStatus(t *testing.T) {
	dir, conf := site(t, `[program:db]
command=/bin/sh -c "trap 'echo db >> DIR/order; exit 0' TERM; while :; do sleep 0.05; done"
[program:web]
command=/bin/sh -c "trap 'echo web >> DIR/order; exit 0' TERM; while :; do sleep 0.05; done"
depends_on=db
[program:orphans]
command=/bin/sh -c "i=0; while [ $i -lt 1000 ]; do (/bin/true &); i=$((i+1)); done; echo done > DIR/orphaned; exec sleep 1000"
`)
	args := []string{"-pf", "--mount-proc", "--kill-child", supdBinary, "-c", conf}
	if os.Getuid() != 0 {
		args = append([]string{"--user", "--map-root-user"}, args...)
	}
	b := startDaemon(t, up, "/usr/bin/unshare", args...)
	proctest.File(t, filepath.Join(dir, "orphaned"))
	b.out.WaitFor(t, "success: web entered RUNNING")
	inside := childOf(t, b.cmd.Process.Pid)
	proctest.Eventually(t, "all orphans to be taken", func() (string, bool) {
		n := zombiesOf(inside)
		return fmt.Sprintf("%d zombies", n), n == 0
	})
	_ = syscall.Kill(inside, syscall.SIGTERM)
	if s := b.wait(); s != 0 {
		t.Errorf("exit status %d; log:\n%s", s, b.out)
	}
	if got := read(t, filepath.Join(dir, "order")); got != "web\ndb\n" {
		t.Errorf("they ended in the order %q", got)
	}
}

// childOf returns the only child of a process.
func childOf(t *testing.T, pid int) int {
	t.Helper()
	var child int
	proctest.Eventually(t, "a child", func() (string, bool) {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
		if err != nil {
			return err.Error(), false
		}
		_, err = fmt.Sscan(string(b), &child)
		return string(b), err == nil
	})
	return child
}

// zombiesOf counts the children of a process that wait to be taken.
func zombiesOf(pid int) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return -1
	}
	n := 0
	for _, child := range strings.Fields(string(b)) {
		stat, err := os.ReadFile("/proc/" + child + "/stat")
		if err == nil && strings.Contains(string(stat), ") Z ") {
			n++
		}
	}
	return n
}
