package actors

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/orcaman/concurrent-map"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/scenario"
)

func init() { cmap.SHARD_COUNT = 1 } // simulations are many, and each has a table of names

// configOf reads a configuration for a simulation.
func configOf(t testing.TB, text string) *confload.Config {
	t.Helper()
	c, err := confload.Parse("/sim/supd.conf", []byte(text), confload.Options{Environ: []string{}, Hostname: "sim", TempDir: "/tmp"})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return c
}

func scriptOf(t testing.TB, text string) *scenario.Script {
	t.Helper()
	s, err := scenario.Parse("script", text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// transcript plays a script and returns what has happened, one line each.
func transcript(t testing.TB, config, script string, o SimulateOptions) string {
	t.Helper()
	c := configOf(t, config)
	o.Script = scriptOf(t, script)
	if err := o.Script.Check(c); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	o.Report = func(h Happening) { fmt.Fprintf(&b, "%.3f %s\n", h.At.Seconds(), h.Text()) }
	r, err := Simulate(c, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Programs {
		fmt.Fprintf(&b, "%s %s\n", p.Program.NameSpec(), p.State)
	}
	if r.Bugs != "" || r.Over && len(r.Pending) > 0 {
		t.Errorf("internal errors: %s\nnot answered: %s", r.Bugs, r.Pending)
	}
	return b.String()
}

// Each way for a program to behave, and each command, is to be seen in the transcript.
func TestScriptsAreObeyed(t *testing.T) {
	for _, c := range []struct {
		name, config, script string
		want                 []string // lines, in this order
		never                string   // is in no line; "" anything may be
	}{
		{"exits", "", "web exits 3 after 5s", []string{"5.001 web RUNNING -> EXITED: the process ended: exit status 3"}, ""},
		{"a signal", "", "web dies of SEGV after 5s", []string{"5.001 web RUNNING -> EXITED: the process ended: terminated by SIGSEGV"}, ""},
		{"no process", "startretries=1", "web fails to start", []string{"0.001 web STARTING -> BACKOFF: ", "web BACKOFF -> FATAL: "}, "RUNNING"},
		{"no process once", "", "web life 1 fails to start", []string{"web STARTING -> BACKOFF: ", "web STARTING -> RUNNING: "}, ""},
		{"no process for a while", "startretries=9", "web fails to start\nat 5s web can start", []string{"web STARTING -> BACKOFF: ", "5.000 > web can start", "web STARTING -> RUNNING: "}, "FATAL"},
		{"ignores", "stopwaitsecs=4", "web ignores TERM\nat 5s stop web", []string{"5.000 web RUNNING -> STOPPING: ", "9.001 web STOPPING -> STOPPED"}, ""},
		{"stops late", "", "web stops after 3s\nat 5s stop web", []string{"8.000 web STOPPING -> STOPPED", "8.000 < stop web: done"}, ""},
		{"ready", "ready=notify", "web ready after 3s", []string{"3.001 web: it is ready: it says so (READY=1)"}, ""},
		{"ready by a check", "ready=tcp://localhost:80", "web ready after 3s", []string{"web STARTING -> RUNNING", "web: it is ready: localhost:80 accepts connections"}, ""},
		{"ready by a line", "ready=log:^go$", "web writes \"not yet\" after 1s\nweb writes go after 2s", []string{`2.001 web: it is ready: it wrote "go"`}, ""},
		{"never ready", "ready=notify\nready_timeout=5", "web never ready", []string{"5.001 web: it is not ready after ready_timeout"}, "it is ready:"},
		{"unhealthy", "liveness_check_script=/bin/check\nliveness_check_period=1\nliveness_check_initial_delay=1\nliveness_check_failure_action=restart", "web unhealthy after 5s", []string{"web RUNNING -> STOPPING: "}, ""},
		{"watchdog", "watchdog_secs=2", "web hangs after 10s", []string{"web RUNNING -> STOPPING: "}, ""},
		{"memory", "restart_memory_limit=100MB", "at 1m web uses 200MB", []string{"60.006 web RUNNING -> STOPPING: it uses 200 MB"}, ""},
		{"hooks", "pre_start_hook=/bin/hook", "web pre_start_hook takes 3s", []string{"4.001 web STARTING -> RUNNING"}, ""},
		{"a hook fails", "pre_start_hook=/bin/hook", "web pre_start_hook fails", []string{"web STARTING -> BACKOFF"}, "RUNNING"},
		{"kill", "", "at 5s kill web", []string{"5.000 > kill web", "5.000 web RUNNING -> EXITED: the process ended: terminated by SIGKILL"}, ""},
		{"signal", "autorestart=false", "at 5s signal TERM web", []string{"< signal TERM web: done", "web RUNNING -> EXITED"}, ""},
		{"restart", "", "at 5s restart all", []string{"web RUNNING -> STOPPING", "web STOPPED -> STARTING", "web STARTING -> RUNNING", "< restart all: done"}, ""},
		{"refused", "", "at 5s start web", []string{"5.000 < start web: ALREADY_STARTED: web"}, ""},
		{"remove", "", "at 5s remove web\nat 6s stop web\nat 7s remove web\nat 8s add web", []string{"< remove web: STILL_RUNNING: web", "< remove web: done", "< add web: done", "web STOPPED -> STARTING"}, ""},
		{"shutdown", "", "at 5s shutdown", []string{"< shutdown: done", "web STOPPING -> STOPPED"}, ""},
		{"cron", "autostart=false\nautorestart=false\ncron=*/5 * * * *", "web exits 0 after 10s", []string{"300.000 web STOPPED -> STARTING: ", "600.000 web EXITED -> STARTING"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := "[supervisord]\n[program:web]\ncommand=/opt/web\n" + c.config + "\n"
			got := transcript(t, config, "all stays up\nall starts after 1ms\nall stops after 1ms\n"+c.script, SimulateOptions{Until: 15 * time.Minute})
			rest := got
			for _, want := range c.want {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Fatalf("no %q, or not in this order, in:\n%s", want, got)
				}
				rest = after
			}
			if c.never != "" && strings.Contains(got, c.never) {
				t.Errorf("there is %q in:\n%s", c.never, got)
			}
		})
	}
}

// However soon a program ends and is started again, time goes on.
func TestASimulationCannotStandStill(t *testing.T) {
	got := transcript(t, "[supervisord]\n[program:web]\ncommand=/opt/web\nautorestart=true\nstartsecs=0\n",
		"web starts after 0s\nweb exits 0 after 0s\n", SimulateOptions{Until: 20 * time.Millisecond})
	if n := strings.Count(got, "web EXITED -> STARTING"); n < 18 || n > 20 {
		t.Errorf("%d restarts in 20 ms:\n%s", n, got)
	}
}

// An update from another file is the smallest change, or exchanges groups as supervisorctl does.
func TestAScriptUpdatesFromAnotherFile(t *testing.T) {
	before := "[supervisord]\n[program:a]\ncommand=/opt/a\n[program:b]\ncommand=/opt/b\n[program:d]\ncommand=/opt/d\n"
	after := configOf(t, "[supervisord]\n[program:b]\ncommand=/opt/b2\n[program:c]\ncommand=/opt/c\n[program:d]\ncommand=/opt/d\nstopwaitsecs=3\n")
	for command, answer := range map[string]string{
		"update next":               "a removed; b restarted (command); c added; d changed (stopwaitsecs)",
		"update --supervisord next": "added c, changed b d, removed a",
	} {
		got := transcript(t, before, "all stays up\nat 5s "+command, SimulateOptions{Until: time.Minute,
			Load: func(file string) (*confload.Config, error) { return after, nil }})
		for _, want := range []string{"< " + command + ": " + answer + "\n", "\nb RUNNING\nc RUNNING\nd RUNNING\n"} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in:\n%s", want, got)
			}
		}
		if restarted := strings.Contains(got, "d RUNNING -> STOPPING"); restarted != strings.Contains(command, "--supervisord") {
			t.Errorf("%s: d was restarted: %v:\n%s", command, restarted, got)
		}
	}
}

// Equal seeds give equal transcripts to the byte, with any number of processors; other seeds give others.
func TestEqualSeedsGiveEqualTranscripts(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	seen := map[string]uint64{}
	for seed := range uint64(20) {
		c := randomCase(seed)
		first := ""
		for _, procs := range []int{1, 2, 8} {
			runtime.GOMAXPROCS(procs)
			got := transcript(t, c.config(), c.script(), SimulateOptions{Seed: seed, Until: c.until})
			if first == "" {
				first = got
			}
			if got != first {
				t.Fatalf("seed %d, %d processors:\n%s\nbefore:\n%s", seed, procs, got, first)
			}
		}
		if other, same := seen[first]; same {
			t.Errorf("seeds %d and %d have the same transcript", seed, other)
		}
		seen[first] = seed
	}
}

// realTime are the files that may use the clock of the system or start goroutines, each with its reason.
var realTime = map[string]string{
	"announce.go": "the ways by which real processes speak are read by goroutines",
	"checker.go":  "jobs of the real world run on goroutines",
	"command.go":  "commands of the real world are awaited on goroutines",
	"history.go":  "a history without a tree has the clock of the system",
	"worker.go":   "workers are functions, which a simulation does not have",
	"world.go":    "it is the seam",
}

var usesRealTime = regexp.MustCompile(`(?m)\btime\.(Now|Since|Until|After|AfterFunc|NewTimer|NewTicker|Tick|Sleep)\(|^\s*go (func|\w+[.(])`)

// What actors do in time, or beside their mailboxes, goes through the clock and the world of the tree: otherwise simulations would
// not repeat themselves.
func TestActorsUseTheClockAndTheWorldOfTheTree(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || realTime[file] != "" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range usesRealTime.FindAllString(string(text), -1) {
			t.Errorf("%s has %q: use tree.clock or tree.world, or name the file in realTime with a reason", file, strings.TrimSpace(found))
		}
	}
	if !usesRealTime.MatchString("\tgo func() {") || !usesRealTime.MatchString("x := time.Now()") {
		t.Error("nothing would be found")
	}
}
