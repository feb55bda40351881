package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// The tests here prove by the pids that update touches nothing but what has changed.

// A town is a daemon whose configuration changes.
type town struct {
	*stage
	text string
}

func settle(t *testing.T, sections string) *town {
	t.Helper()
	s := onStage(t, sections)
	w := &town{s, read(t, s.conf)}
	proctest.Eventually(t, "all are up", func() (string, bool) {
		out, _ := ctlIn(t, s.conf, "status")
		return out, !strings.Contains(out, "STARTING") && !strings.Contains(out, "STOPPED  ")
	})
	return w
}

// edit replaces pairs of texts in the configuration; what was replaced before stays so.
func (w *town) edit(pairs ...string) {
	w.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(w.text, pairs[i]) {
			w.t.Fatalf("there is no %q", pairs[i])
		}
		w.text = strings.Replace(w.text, pairs[i], pairs[i+1], 1)
	}
	writeFile(w.t, w.dir, "conf", w.text)
}

var statusPid = regexp.MustCompile(`(?m)^(\S+) +RUNNING +pid (\d+)`)

// pids are the process ids of what is RUNNING, by namespec.
func (w *town) pids() map[string]string {
	w.t.Helper()
	out, _ := ctlIn(w.t, w.conf, "status")
	pids := map[string]string{}
	for _, m := range statusPid.FindAllStringSubmatch(out, -1) {
		pids[m[1]] = m[2]
	}
	return pids
}

// differ lists what a command has done to the pids: "web:a new", "web:b other", "web:c gone".
func (w *town) differ(before map[string]string) string {
	w.t.Helper()
	var out []string
	after := w.pids()
	for name, pid := range after {
		switch was := before[name]; was {
		case pid:
		case "":
			out = append(out, name+" new")
		default:
			out = append(out, name+" other")
		}
	}
	for name := range before {
		if after[name] == "" {
			out = append(out, name+" gone")
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// update has a command print says, and checks what became of the pids.
func (w *town) update(what, says, differ string, args ...string) {
	w.t.Helper()
	if args == nil {
		args = []string{"update"}
	}
	before := w.pids()
	out, status := ctlIn(w.t, w.conf, args...)
	if out != says || status != 0 {
		w.t.Errorf("%s: status %d, it says\n%swant\n%s", what, status, out, says)
	}
	proctest.Eventually(w.t, what, func() (string, bool) {
		got := w.differ(before)
		return "pids: " + got + ", want " + differ, got == differ
	})
}

const crowd = `
[program:a]
command = /bin/sleep 1001
startsecs = 0
[program:b]
command = /bin/sleep 1002
startsecs = 0
[program:c]
command = /bin/sleep 1003
startsecs = 0
[group:web]
programs = a,b,c
[program:many]
command = /bin/sleep 1004
process_name = %(process_num)d
numprocs = 2
startsecs = 0
[program:idle]
command = /bin/sleep 1005
startsecs = 0
`

func TestUpdateTouchesNothingButWhatHasChanged(t *testing.T) {
	t.Parallel()
	w := settle(t, crowd)
	w.update("nothing", "", "")
	w.edit("sleep 1002\nstartsecs = 0", "sleep 1002\nstartsecs = 0\nautorestart = true\nexitcodes = 7\nstopwaitsecs = 3")
	w.update("in place", "web:b: autorestart, exitcodes, stopwaitsecs changed, applied\n", "")
	w.edit("sleep 1002", "sleep 2002", "sleep 1001\n", "sleep 1001\npriority = 5\n")
	w.update("restart", "web:a: priority changed, applied\nweb:b: restarted (command changed)\n", "web:b other")
	w.edit("[program:idle]", "[program:d]\ncommand=/bin/sleep 1006\nstartsecs=0\n[program:idle]", "a,b,c", "d,a,b,c")
	w.update("a member comes", "web:d: added\n", "web:d new")
	w.edit("d,a,b,c", "d,a,b", "[program:c]\ncommand = /bin/sleep 1003\nstartsecs = 0\n", "")
	w.update("a member goes", "web:c: removed\n", "web:c gone")
	w.edit("numprocs = 2", "numprocs = 4")
	w.update("more processes", "many:2: added\nmany:3: added\n", "many:2 new, many:3 new")
	w.edit("numprocs = 4", "numprocs = 1")
	w.update("fewer processes", "many:1: removed\nmany:2: removed\nmany:3: removed\n", "many:1 gone, many:2 gone, many:3 gone")
	w.edit("programs = d,a,b", "programs = d,a,b\nstrategy = one_for_all\nintensity = 9\npriority = 3")
	w.update("options of the group", "web: priority, strategy, intensity changed, applied\n", "")
	w.edit("programs = d,a,b", "programs = b,a,d")
	w.update("order", "web: programs changed, applied\n", "")
	w.edit("[program:idle]\ncommand = /bin/sleep 1005", "[program:new]\ncommand = /bin/sleep 1007")
	w.update("groups", "idle: removed\nnew: added\n", "idle gone, new new")
	w.edit("numprocs = 1", "numprocs = 1\nenvironment = X=1")
	w.update("environment", "many:0: restarted (environment changed)\n", "many:0 other")
}

// What was changed in place counts: for the next death, the next stop, and the strategy.
func TestWhatUpdateHasAppliedCounts(t *testing.T) {
	t.Parallel()
	w := settle(t, crowd)
	w.edit("sleep 1001\n", "sleep 1001\nautorestart = false\n")
	w.update("autorestart", "web:a: autorestart changed, applied\n", "")
	w.kill("web:a")
	proctest.Eventually(t, "it stays down", func() (string, bool) {
		out, _ := ctlIn(t, w.conf, "status", "web:a")
		return out, strings.Contains(out, "EXITED")
	})
	if out, status := ctlIn(t, w.conf, "start", "web:a"); status != 0 {
		t.Fatal(out)
	}
	w.edit("programs = a,b,c", "programs = a,b,c\nstrategy = one_for_all", "autorestart = false\n", "")
	w.update("strategy", "web: strategy changed, applied\nweb:a: autorestart changed, applied\n", "")
	before := w.pids()
	w.kill("web:b")
	proctest.Eventually(t, "all of the group are restarted", func() (string, bool) {
		got := w.differ(before)
		return got, got == "web:a other, web:b other, web:c other"
	})
	w.edit("sleep 1003\n", "sleep 1003\nstopsignal = KILL\n")
	w.update("stopsignal", "web:c: stopsignal changed, applied\n", "")
	ctlIn(t, w.conf, "stop", "web:c")
	w.out.WaitFor(t, "stopped: c (terminated by SIGKILL)")
}

func (w *town) kill(name string) {
	w.t.Helper()
	var pid int
	if _, err := fmt.Sscan(w.pids()[name], &pid); err != nil {
		w.t.Fatalf("%s has no pid: %v", name, err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		w.t.Fatal(err)
	}
}

func TestUpdateLeavesStoppedProgramsStoppedAndMendsFailedOnes(t *testing.T) {
	t.Parallel()
	w := settle(t, "[program:web]\ncommand=/bin/sleep 1000\nstartsecs=0\n[program:bad]\ncommand=DIR/nothing\nstartretries=0\n")
	w.commands(command{[]string{"stop", "web"}, "web: stopped", 0})
	w.edit("sleep 1000\n", "sleep 1001\n", w.dir+"/nothing\n", "/bin/sleep 1002\nstartsecs=0\n")
	w.update("mended", "bad: started (command, startsecs changed)\nweb: command changed, for its next start\n", "bad new")
	w.commands(command{[]string{"start", "web"}, "web: started", 0})
	if got, _ := ctlIn(t, w.conf, "-o", "json", "status", "web"); !strings.Contains(got, "RUNNING") {
		t.Error(got)
	}
}

// Pools and fcgi-programs share something: they are exchanged as a whole.
func TestUpdateExchangesWhatSharesSomethingAsAWhole(t *testing.T) {
	t.Parallel()
	w := settle(t, `
[eventlistener:ear]
command = `+python+`SCRIPTS/listener.py deaf DIR/diary
process_name = %(process_num)d
numprocs = 2
events = TICK_3600
startsecs = 0
[fcgi-program:fast]
command = /bin/sleep 1001
process_name = %(process_num)d
numprocs = 2
socket = unix://DIR/fast.sock
startsecs = 0
[program:idle]
command = /bin/sleep 1005
startsecs = 0
`)
	w.edit("TICK_3600", "TICK_60", "sleep 1001\n", "sleep 1001\nstopwaitsecs = 3\n")
	w.update("both", "ear: replaced (events changed)\nfast: replaced (stopwaitsecs changed)\n", "ear:0 other, ear:1 other, fast:0 other, fast:1 other")
}

// The answers for machines, for names that are not there, and for a file with a mistake.
func TestWhatUpdateSays(t *testing.T) {
	t.Parallel()
	w := settle(t, crowd)
	w.edit("sleep 1002", "sleep 2002", "sleep 1005", "sleep 2005")
	w.update("one group", "idle: restarted (command changed)\n", "idle other", "update", "idle")
	before := w.pids()
	out, status := ctlIn(t, w.conf, "-o", "json", "update", "web", "nobody")
	var rows []map[string]string
	if err := json.Unmarshal([]byte(out), &rows); err != nil || status != 1 || len(rows) != 2 {
		t.Fatalf("status %d %v: %s", status, err, out)
	}
	if rows[0]["result"] != "failed" || rows[0]["message"] != "no such group" || rows[1]["namespec"] != "web:b" ||
		rows[1]["result"] != "restarted" || rows[1]["message"] != "command" {
		t.Errorf("%s", out)
	}
	proctest.Eventually(t, "one", func() (string, bool) { got := w.differ(before); return got, got == "web:b other" })
	w.edit("sleep 2002", "sleep 3002", "sleep 2005\n", "sleep 2005\nautostart=perhaps\n")
	before = w.pids()
	if out, status := ctlIn(t, w.conf, "update"); status == 0 || !strings.Contains(out, "autostart") || w.differ(before) != "" {
		t.Errorf("status %d, pids %s: %s", status, w.differ(before), out)
	}
	out, _ = ctlIn(t, w.conf, "why", "web:b")
	if !strings.Contains(out, "web:b restarted (command)") {
		t.Errorf("why does not name what has changed:\n%s", out)
	}
}

// Clients of supervisord, and those who ask for it, get supervisord's update.
func TestSupervisordsUpdateExchangesWholeGroups(t *testing.T) {
	t.Parallel()
	w := settle(t, crowd)
	all := "web:a other, web:b other, web:c other"
	w.edit("sleep 1002", "sleep 2002")
	w.update("asked for", "web: stopped\nweb: updated process group\n", all, "update", "--supervisord")
	link := filepath.Join(w.dir, "supervisorctl")
	if err := os.Symlink(supdBinary, link); err != nil {
		t.Fatal(err)
	}
	for i, tool := range []string{peer(t, "supervisorctl"), link} {
		w.edit("1003", "1003"+strings.Repeat("0", i+1))
		before := w.pids()
		out, status := runTool(t, w.dir, tool, "-c", w.conf, "update")
		if out != "web: stopped\nweb: updated process group\n" || status != 0 {
			t.Errorf("%s: status %d: %s", tool, status, out)
		}
		proctest.Eventually(t, tool, func() (string, bool) { got := w.differ(before); return got, got == all })
	}
}

func TestScaleStartsAndStopsOnlyTheDifference(t *testing.T) {
	t.Parallel()
	w := settle(t, crowd)
	w.update("up", "many:2: added\nmany:3: added\n", "many:2 new, many:3 new", "scale", "many", "4")
	if out, _ := ctlIn(t, w.conf, "why", "many:3"); !strings.Contains(out, "asked for 4 processes of many: many:2 added; many:3 added") {
		t.Errorf("why many:3:\n%s", out)
	}
	w.update("the same", "many: unchanged (it has that many processes)\n", "", "scale", "many", "4")
	w.update("update keeps it", "", "")
	w.edit("sleep 1005", "sleep 2005")
	w.update("and so do other changes", "idle: restarted (command changed)\n", "idle other")
	w.update("down", "many:1: removed\nmany:2: removed\nmany:3: removed\n", "many:1 gone, many:2 gone, many:3 gone", "scale", "many", "1")
	w.edit("numprocs = 2", "numprocs = 3")
	w.update("the file overtakes it", "many:1: added\nmany:2: added\n", "many:1 new, many:2 new")
	w.edit("numprocs = 3", "numprocs = 2")
	w.update("and it is forgotten", "many:2: removed\n", "many:2 gone")
	w.update("none", "many:0: removed\nmany:1: removed\n", "many:0 gone, many:1 gone", "scale", "many", "0")
	w.commands(
		command{[]string{"scale", "many", "x"}, "bad number of processes 'x'", 1},
		command{[]string{"scale", "mayn", "3"}, "mayn: ERROR (there is no section [program:mayn]; a program is scaled by the name of its section; did you mean 'many'?)", 1},
		command{[]string{"scale", "a", "2"}, "%(process_num) must be present within process_name", 1},
		command{[]string{"scale", "a"}, "scale requires a name and a number of processes", 1},
	)
	if out, _ := ctlIn(t, w.conf, "-o", "json", "scale", "many", "1"); !strings.Contains(out, `"result": "added"`) {
		t.Error(out)
	}
}

func TestPlanTellsWhatWouldHappenAndDoesNothing(t *testing.T) {
	t.Parallel()
	w := settle(t, strings.Replace(crowd, "programs = a,b,c", "programs = a,b,c\nstrategy = one_for_all", 1)+
		"[program:needy]\ncommand = /bin/sleep 1008\nstartsecs = 0\ndepends_on = idle\ndepends_policy = stop\n")
	w.update("nothing", "nothing would happen\n", "", "plan")
	w.update("a stop", "  1. stop idle: asked for; it stays down\n  2. stop needy: it is stopped for lack of idle (depends_policy)\n", "", "plan", "--stop", "idle")
	w.update("a death", "  1. go to EXITED web:b: the process ended: terminated by SIGKILL\n"+
		"  2. stop web:c: b failed, and the strategy of the group is one_for_all\n  3. stop web:a: b failed, and the strategy of the group is one_for_all\n"+
		"  4. start web:a: b failed, and the strategy of the group is one_for_all\n  5. start web:b: b failed, and the strategy of the group is one_for_all\n"+
		"  6. start web:c: b failed, and the strategy of the group is one_for_all\n", "", "plan", "--kill", "web:b")
	other := writeFile(t, w.dir, "other.conf", strings.Replace(w.text, "sleep 1002", "sleep 2002", 1))
	w.update("another file", "  1. stop web:b: command changed\n  2. change web:b: command changed\n  3. start web:b: command changed\n", "",
		"plan", "--apply", other)
	w.edit("numprocs = 2", "numprocs = 3")
	w.update("the file", "  1. add many:2\n  2. start many:2\n", "", "plan")
	out, _ := ctlIn(t, w.conf, "-o", "json", "plan")
	var rows []map[string]string
	if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows) != 2 || rows[1]["do"] != "start" || rows[1]["program"] != "many:2" {
		t.Errorf("%v %s", err, out)
	}
	w.update("update does it", "many:2: added\n", "many:2 new")
	writeFile(t, w.dir, "other.conf", "[supervisord]\n[program:x]\n")
	w.commands(
		command{[]string{"plan", "--apply", other}, "program section program:x does not specify a command", 1},
		command{[]string{"plan", "--stop", "nobody"}, "nobody: ERROR (no such process)", 1},
		command{[]string{"plan", "--kill", "nobody"}, "nobody: ERROR (no such process)", 1},
		command{[]string{"plan", "--kill", "a", "--stop", "b"}, "plan takes one of --apply, --stop and --kill", 1},
	)
}

// TestWhatOnlyAReloadBringsIntoForceIsTold is about the options that are none of a program.
func TestWhatOnlyAReloadBringsIntoForceIsTold(t *testing.T) {
	w := settle(t, "[program:web]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
	hint := func(verb, want string) {
		t.Helper()
		if _, errs, _ := called("supd", "ctl", "-c", w.conf, verb); errs != want {
			t.Errorf("%s: %q, want %q", verb, errs, want)
		}
	}
	hint("reread", "")
	w.edit("[supervisord]\n", "[supervisord]\nminfds=1100\n")
	changed := "hint: [supervisord] minfds: changed, and in force after supd ctl -c " + w.conf + " reload\n"
	hint("reread", changed)
	hint("update", changed)
	w.out.WaitFor(t, "WARN these options have changed, and come into force with a reload (supd ctl reload): [supervisord] minfds")
	if n := strings.Count(w.out.String(), "these options have changed"); n != 1 {
		t.Errorf("the log says it %d times:\n%s", n, w.out)
	}
	w.edit("minfds=1100\n", "")
	hint("update", "")
	w.edit("[supervisord]\n", "[supervisord]\nminfds=1100\n")
	if out, status := ctlIn(t, w.conf, "reload"); status != 0 {
		t.Fatal(out)
	}
	proctest.Eventually(t, "the next generation answers", func() (string, bool) {
		out, _ := ctlIn(t, w.conf, "status")
		return out, strings.Contains(out, "RUNNING")
	})
	hint("update", "")
}
