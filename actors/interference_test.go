package actors

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
)

// three is a [group:g] with options, of programs a, b and c.
func three(options string, programs map[string]string) string {
	var b strings.Builder
	b.WriteString("[supervisord]\n")
	for _, name := range []string{"a", "b", "c"} {
		fmt.Fprintf(&b, "[program:%s]\ncommand=/opt/%[1]s\n%s\n", name, programs[name])
	}
	return b.String() + "[group:g]\nprograms=a,b,c\n" + options + "\n"
}

// inOrder fails unless all of these are in a text, in this order.
func inOrder(t *testing.T, text string, want []string) {
	t.Helper()
	rest := text
	for _, line := range want {
		_, after, found := strings.Cut(rest, line)
		if !found {
			t.Fatalf("no %q in\n%s", line, text)
		}
		rest = after
	}
}

// What clients and programs do while a group is in the middle of something.
func TestWhatHappensInTheMiddleOfAPass(t *testing.T) {
	for _, c := range []struct {
		name, config, script string
		want                 []string // in this order, in lines of the transcript
		never                string   // is in none; "" anything may be
	}{
		{"those that come later wait until the one before is ready", three("strategy=rest_for_one", map[string]string{"a": "ready=notify"}),
			"g:a ready after 5s\nat 20s kill g:a",
			[]string{"20.546 g:a EXITED -> STARTING: ", "21.547 g:a STARTING -> RUNNING", "g:a: it is ready", "g:b STOPPED -> STARTING"}, ""},
		{"but not for one that is not ready in time", three("strategy=rest_for_one", map[string]string{"a": "ready=notify\nready_timeout=8"}),
			"g:a life 2 never ready\nat 20s kill g:a",
			[]string{"g:a: it is not ready after ready_timeout (8 s)", "g:b STOPPED -> STARTING", "g:c STOPPED -> STARTING", "g:c RUNNING"}, ""},
		{"nor for the first health check", three("strategy=rest_for_one", map[string]string{"a": "liveness_check_script=/bin/check\nliveness_check_period=5"}),
			"g:a life 2 unhealthy after 0s\nat 60s kill g:a", []string{"60.546 g:a EXITED -> STARTING", "g:b STOPPED -> STARTING", "g:c STARTING -> RUNNING", "health checks in a row have failed"}, ""},
		{"a client stops one that the pass has down", three("strategy=one_for_all", nil),
			"g:a stops after 3s\ng:c stops after 1s\nat 10s kill g:b\nat 12s stop g:c",
			[]string{"10.000 g:c RUNNING -> STOPPING", "11.000 g:c STOPPING -> STOPPED", "12.000 g:c: a client (the script) asked for stop",
				"12.000 g:c: stopped by an administrator", "12.000 < stop g:c: done", "g:b RUNNING", "g:c STOPPED"}, "g:c STOPPED -> STARTING: started by the strategy"},
		{"a client stops one that the pass is stopping", three("strategy=one_for_all", nil),
			"g:c stops after 3s\nat 10s kill g:b\nat 11s stop g:c\nat 30s stop g:c",
			[]string{"11.000 g:c: stopped by an administrator", "13.000 g:c STOPPING -> STOPPED", "13.000 < stop g:c: done", "30.000 < stop g:c: NOT_RUNNING", "g:c STOPPED"}, "g:c STOPPED -> STARTING: started by the strategy"},
		{"a client stops one that has failed", three("strategy=one_for_all", nil),
			"g:c stops after 3s\nat 10s kill g:b\nat 11s stop g:b",
			[]string{"11.000 g:b: stopped by an administrator", "11.000 < stop g:b: done", "g:b EXITED", "g:c RUNNING"}, "g:b EXITED -> STARTING"},
		{"a client starts one that is to start later", three("strategy=rest_for_one", nil),
			"g:b stops after 3s\nat 10s kill g:a\nat 12s start g:c",
			[]string{"12.000 g:c STOPPED -> STARTING: started by an administrator", "13.0", "g:c STOPPING -> STOPPED", "g:a EXITED -> STARTING", "g:b STOPPED -> STARTING", "g:c STOPPED -> STARTING: started by the strategy of its group"}, ""},
		{"a liveness check that fails is a failure of the member", three("strategy=one_for_all\nintensity=1\nperiod=600",
			map[string]string{"a": "liveness_check_script=/bin/check\nliveness_check_period=5\nliveness_check_failure_action=restart"}),
			"g:a unhealthy after 30s",
			[]string{"g:a RUNNING -> STOPPING: ", "g:a STOPPING -> STOPPED", "1 used of at most 1 restart", "g:c RUNNING -> STOPPING: stopped by the strategy", "g:b RUNNING -> STOPPING",
				"g:a STOPPED -> STARTING: started by the strategy", "g:a RUNNING -> STOPPING: ", "the budget is used up", "the group gave up", "g:a STOPPED", "g:b STOPPED", "g:c STOPPED"}, "started again"},
		{"one that is not ready in time is one", three("strategy=one_for_one\nintensity=2\nperiod=600", map[string]string{"b": "ready=notify\nready_timeout=5\nready_timeout_action=restart"}),
			"g:b never ready", []string{"1 used of at most 2", "2 used of at most 2", "the budget is used up", "the group gave up", "g:b STOPPED"}, "started again"},
		{"a group begins anew in order, with those that were up", three("strategy=one_for_one\nintensity=0\nperiod=5\non_give_up=restart", map[string]string{"a": "ready=notify", "b": "autostart=false"}),
			"g:a ready after 4s\nat 10s start g:b\nat 20s stop g:c\nat 30s kill g:b",
			[]string{"the group gave up", "on_give_up of the group is restart", "g:a STOPPED -> STARTING", "g:a: it is ready", "g:b EXITED -> STARTING", "g:b RUNNING", "g:c STOPPED"}, "g:c STOPPED -> STARTING: started by the strategy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := transcript(t, c.config, "all stays up\n"+c.script, SimulateOptions{Seed: 1, Until: 3 * time.Minute})
			inOrder(t, got, c.want)
			if c.never != "" && strings.Contains(got, c.never) {
				t.Errorf("there is %q in\n%s", c.never, got)
			}
		})
	}
}

// A program that somebody starts while an update is on its way to it runs with its new options in the end.
func TestAStartInTheMiddleOfAnUpdateIsMadeGood(t *testing.T) {
	before := "[supervisord]\n[program:a]\ncommand=/opt/a\n[program:b]\ncommand=/opt/b\n"
	after := configOf(t, "[supervisord]\n[program:a]\ncommand=/opt/a2\n[program:b]\ncommand=/opt/b2\n")
	got := transcript(t, before, "all stays up\na stops after 3s\nat 10s update next\nat 11s start b", SimulateOptions{Until: time.Minute,
		Load: func(string) (*confload.Config, error) { return after, nil }})
	inOrder(t, got, []string{"11.000 b STOPPED -> STARTING: started by an administrator", "13.000 a STOPPING -> STOPPED",
		"b RUNNING -> STOPPING: somebody has started it with the options that it had before the update", "b STOPPED -> STARTING: started again", "b RUNNING"})
}

// A group comes into another one, and leaves it again in the middle of a pass, and nobody is restarted for that.
func TestAGroupComesIntoAnotherOneAndLeavesIt(t *testing.T) {
	apart := three("strategy=one_for_all", nil) + "[program:d]\ncommand=/opt/d\n[group:extra]\nprograms=d\n"
	together := strings.Replace(apart, "programs=a,b,c\n", "programs=a,group:extra,b,c\n", 1)
	load := func(file string) (*confload.Config, error) {
		return configOf(t, map[string]string{"apart": apart, "together": together}[file]), nil
	}
	got := transcript(t, apart, "all stays up\nall stops after 1s\nat 5s stop g:b\nat 10s update together\nat 20s kill g:a\nat 23s update apart\n"+
		"at 40s kill g:a\nat 50s update together\nat 60s kill g:a", SimulateOptions{Until: 2 * time.Minute, Load: load})
	inOrder(t, got, []string{"< update together: extra changed (parent, on_give_up); g changed (programs)", "20.000 > kill",
		"g:c STOPPING -> STOPPED", "extra:d RUNNING -> STOPPING", "g:a EXITED -> STARTING",
		"23.000 > update apart", "extra:*: the group that had it stopped is not the one that it is in any more", "extra:d STOPPED -> STARTING", "extra:d STARTING -> RUNNING",
		"40.000 > kill", "g:c STOPPED -> STARTING", "50.000 > update together", "60.000 > kill", "extra:d RUNNING -> STOPPING", "extra:d STOPPED -> STARTING", "extra:d RUNNING"})
	for from, to := range map[string]string{"10.000": "20.000", "50.000": "60.000"} {
		_, after, _ := strings.Cut(got, "\n"+from)
		between, _, _ := strings.Cut(after, "\n"+to)
		if strings.Contains(between, "STOPPING") || strings.Contains(between, "STARTING") {
			t.Errorf("the update of %s has touched programs:\n%s", from, got)
		}
	}
	if after40, _, _ := strings.Cut(got[strings.Index(got, "\n40.000"):], "\n50.000"); strings.Contains(after40, "extra:d") || strings.Contains(got, "g:b STOPPED -> STARTING: started by the strategy") {
		t.Errorf("a group of its own was restarted with another one, or what a client has stopped was started:\n%s", got)
	}
}

// Whoever depends on a number of processes goes on when there are more or fewer of them, and a reread alone concerns nobody.
func TestDependantsGoOnWhenWhatTheyDependOnGetsMoreOrLess(t *testing.T) {
	config := func(processes int) string {
		return fmt.Sprintf("[supervisord]\n[program:work]\ncommand=/opt/work\nnumprocs=%d\nprocess_name=%%(process_num)d\n"+
			"[program:web]\ncommand=/opt/web\ndepends_on=work\ndepends_policy=restart\n", processes)
	}
	load := func(file string) (*confload.Config, error) {
		return configOf(t, config(map[string]int{"": 2, "more": 3, "less": 1}[file])), nil
	}
	got := transcript(t, config(2), "all stays up\nall stops after 1s\nat 10s reread more\nat 20s update more\nat 30s update less\nat 40s kill work:0",
		SimulateOptions{Until: time.Minute, Load: load})
	inOrder(t, got, []string{"10.000 < reread", "work:2 STARTING -> RUNNING", "< update less: work:1 removed; work:2 removed", "40.000 > kill", "web RUNNING -> STOPPING", "web RUNNING"})
	if before, _, _ := strings.Cut(got, "\n40.000"); strings.Contains(before, "web RUNNING ->") {
		t.Errorf("web was stopped:\n%s", got)
	}
}

// A group without a limit does not try a program without a pause that cannot be started.
func TestAGroupWaitsBeforeItTriesAgain(t *testing.T) {
	got := transcript(t, three("strategy=one_for_all", map[string]string{"a": "startretries=0"}), "all stays up\ng:a fails to start", SimulateOptions{Seed: 1, Until: time.Minute})
	inOrder(t, got, []string{"g:a BACKOFF -> FATAL", "a failed, and the strategy of the group is one_for_all",
		"g:a FATAL -> BACKOFF: started by the strategy of its group, after a wait of 1 s", "g:a BACKOFF -> STARTING: started by the strategy of its group, after a wait of 1 s"})
	if n := strings.Count(got, "FATAL -> BACKOFF"); n < 20 || n > 60 {
		t.Errorf("it was tried %d times in a minute:\n%s", n, got)
	}
}
