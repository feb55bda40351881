package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// This file has OTP's rules for supervisors with real processes.

// cats are programs that run until they are stopped.
func cats(names ...string) string {
	var out strings.Builder
	for _, n := range names {
		out.WriteString("[program:" + n + "]\ncommand = /bin/cat\nstartsecs = 0\n")
	}
	return out.String()
}

// pidsOf tells the process of each program; "0" it has none.
func pidsOf(t *testing.T, conf string, names ...string) map[string]string {
	t.Helper()
	pids := map[string]string{}
	for _, n := range names {
		out, _ := ctlIn(t, conf, "pid", n)
		pids[n] = strings.TrimSpace(out)
	}
	return pids
}

// kill ends the process of a program as a crash does, and waits for a line in the log.
func kill(t *testing.T, b *background, conf, name, line string) {
	t.Helper()
	if out, status := ctlIn(t, conf, "signal", "KILL", name); status != 0 {
		t.Fatal(out)
	}
	b.out.WaitFor(t, line)
}

// wantExchanged compares processes before and after: those of the names are others now, the rest are the same.
func wantExchanged(t *testing.T, before, after map[string]string, names string) {
	t.Helper()
	for n, pid := range before {
		exchanged := strings.Contains(" "+names+" ", " "+n+" ")
		if after[n] == "0" || (after[n] != pid) != exchanged {
			t.Errorf("%s had pid %s and has %s", n, pid, after[n])
		}
	}
}

func TestEachStrategyExchangesItsProcesses(t *testing.T) {
	for strategy, exchanged := range map[string]string{
		"one_for_one": "x:b", "rest_for_one": "x:b x:c", "one_for_all": "x:a x:b x:c",
	} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			_, conf := site(t, cats("a", "b", "c", "other")+"[group:x]\nprograms = a, b, c\nintensity = 1\nstrategy = "+strategy+"\n")
			b := startDaemon(t, "success: c entered RUNNING", supdBinary, "-c", conf)
			names := []string{"x:a", "x:b", "x:c", "other"}
			before := pidsOf(t, conf, names...)
			kill(t, b, conf, "x:b", "group x is complete again")
			wantExchanged(t, before, pidsOf(t, conf, names...), exchanged)
		})
	}
}

func TestANestedGroupGivesUpToTheGroupItIsIn(t *testing.T) {
	t.Parallel()
	_, conf := site(t, cats("a", "p", "q", "z")+`
[group:in]
programs = p, q
intensity = 1
strategy = one_for_all
[group:x]
programs = a, group:in, z
strategy = rest_for_one
intensity = 1
on_give_up = shutdown
give_up_exitcode = 9
`)
	b := startDaemon(t, "success: z entered RUNNING", supdBinary, "-c", conf)
	names := []string{"x:a", "in:p", "in:q", "x:z"}
	before := pidsOf(t, conf, names...)
	kill(t, b, conf, "in:q", "group in is complete again")
	after := pidsOf(t, conf, names...)
	wantExchanged(t, before, after, "in:p in:q")
	kill(t, b, conf, "in:q", "group in gave up")
	b.out.WaitFor(t, "group x is complete again")
	last := pidsOf(t, conf, names...)
	wantExchanged(t, after, last, "in:p in:q x:z")
	out, status := ctlIn(t, conf, "tree")
	for _, want := range []string{"group x, priority 999, rest_for_one, 1 of 1 restarts", "\n    1  x:a   RUNNING",
		"\n  group in, priority 999, in x, one_for_all, 0 of 1 restarts", "\n      2  in:p  RUNNING", "\n    4  x:z   RUNNING"} {
		if !strings.Contains(out, want) || status != 0 {
			t.Errorf("status %d, no %q in\n%s", status, want, out)
		}
	}
	kill(t, b, conf, "in:q", "group in is complete again")
	if out, status := ctlIn(t, conf, "signal", "KILL", "in:q"); status != 0 {
		t.Fatal(out)
	}
	if status := b.wait(); status != 9 {
		t.Errorf("exit status %d:\n%s", status, b.out)
	}
}

// TestTheShutdownTakesANestedGroupInItsPlace has each program write when it ends.
func TestTheShutdownTakesANestedGroupInItsPlace(t *testing.T) {
	t.Parallel()
	program := func(name string) string {
		return "[program:" + name + `]
command = /bin/sh -c "trap 'echo ` + name + ` >> DIR/order; exit 0' TERM; echo up; while :; do sleep 0.05; done"
ready = log:up
`
	}
	dir, conf := site(t, program("a")+program("p")+program("z")+"[group:in]\nprograms = p\npriority = 1\n[group:x]\nprograms = a, group:in, z\n")
	b := startDaemon(t, "success: z entered RUNNING", supdBinary, "-c", conf)
	for _, name := range []string{"x:a", "in:p", "x:z"} {
		proctest.Eventually(t, name+" to be ready", func() (string, bool) {
			out, _ := ctlIn(t, conf, "tree")
			i := strings.Index(out, name)
			return out, i >= 0 && strings.Contains(strings.SplitN(out[i:], "\n", 2)[0], ", ready")
		})
	}
	_ = b.cmd.Process.Signal(syscall.SIGTERM)
	if status := b.wait(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if got := read(t, filepath.Join(dir, "order")); got != "z\np\na\n" {
		t.Errorf("they ended in the order %q", got)
	}
}

func TestAGroupIsDoneWhenItsSignificantProgramIs(t *testing.T) {
	t.Parallel()
	dir, conf := site(t, cats("db", "other")+`
[program:main]
command = /bin/sh -c "while ! test -e DIR/done; do sleep 0.05; done"
startsecs = 0
significant = true
[group:job]
programs = db, main
auto_shutdown = any_significant
`)
	b := startDaemon(t, "success: other entered RUNNING", supdBinary, "-c", conf)
	before := pidsOf(t, conf, "job:db", "job:main", "other")
	kill(t, b, conf, "job:main", "group job is complete again") // a failure is none that counts
	after := pidsOf(t, conf, "job:db", "job:main", "other")
	wantExchanged(t, before, after, "job:main")
	writeFile(t, dir, "done", "")
	b.out.WaitFor(t, "group job has shut down: main is significant and has ended, and auto_shutdown of the group is any_significant")
	if got := pidsOf(t, conf, "job:db", "other"); got["job:db"] != "0" || got["other"] != before["other"] {
		t.Errorf("pids are %v", got)
	}
	out, _ := ctlIn(t, conf, "tree")
	if !strings.Contains(out, "group job, priority 999, auto_shutdown any_significant, is done") || !strings.Contains(out, "significant, ") {
		t.Errorf("the tree is\n%s", out)
	}
}

// TestANestedGroupThatIsDoneStopsTheGroupItIsSignificantFor has the option significant of a group.
func TestANestedGroupThatIsDoneStopsTheGroupItIsSignificantFor(t *testing.T) {
	t.Parallel()
	_, conf := site(t, cats("db")+`
[program:main]
command = /bin/sh -c "exit 0"
startsecs = 0
significant = true
[group:in]
programs = main
auto_shutdown = all_significant
significant = true
[group:job]
programs = db, group:in
auto_shutdown = any_significant
`)
	b := startDaemon(t, "group job has shut down: group:in is significant and has ended", supdBinary, "-c", conf)
	if got := pidsOf(t, conf, "job:db"); got["job:db"] != "0" {
		t.Errorf("pids are %v:\n%s", got, b.out)
	}
}
