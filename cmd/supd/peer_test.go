package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// peerConf is the configuration both supervisors run. DIR stands for a directory of their own. No program in it ends at
// once with startsecs=0: what supervisord says of such a start depends on when it looks, and changes from run to run.
const peerConf = `
[supervisord]
nodaemon = true
logfile = DIR/log
pidfile = DIR/pid
childlogdir = DIR
[unix_http_server]
file = DIR/sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl = unix://DIR/sock
[program:cat]
command = /bin/cat
[program:sleeper]
command = /bin/sleep 1000
process_name = %(program_name)s_%(process_num)02d
numprocs = 3
priority = 5
[program:manual]
command = /bin/sleep 1000
autostart = false
[program:quick]
command = /bin/sh -c "sleep 0.3; exit 1"
autostart = false
startsecs = 5
startretries = 0
[program:instant]
command = /bin/sleep 1000
autostart = false
startsecs = 0
[program:missing]
command = /no/such/file
autostart = false
[program:notexec]
command = DIR/conf
autostart = false
[program:badquote]
command = /bin/echo "
autostart = false
[program:stubborn]
command = /bin/sh -c "trap '' TERM; while :; do sleep 0.1; done"
stopwaitsecs = 1
stopasgroup = true
autostart = false
[program:talker]
command = /bin/sh -c "echo one; echo two; echo three >&2; exec sleep 1000"
priority = 6
[program:quiet]
command = /bin/sleep 1000
stdout_logfile = NONE
stderr_logfile = NONE
[program:member1]
command = /bin/cat
[program:member2]
command = /bin/sleep 1000
[group:team]
programs = member2,member1
priority = 7
`

const peerConfNext = `
[program:fresh]
command = /bin/cat
`

// A peerStep is one command line, or a change of the configuration file.
type peerStep struct {
	ctl       string
	conf      func(string) string
	unordered bool // programs that end at nearly the same moment may stand in any order
}

var peerSteps = []peerStep{
	{ctl: "status"}, {ctl: "status cat team:* sleeper:sleeper_01"}, {ctl: "status nobody"}, {ctl: "status nobody:*"},
	{ctl: "avail"}, {ctl: "version"}, {ctl: "pid cat"}, {ctl: "pid manual"}, {ctl: "pid nobody"}, {ctl: "pid all"}, {ctl: "pid"},
	{ctl: "start cat"}, {ctl: "start manual"}, {ctl: "start nobody"}, {ctl: "start nobody:*"}, {ctl: "start"},
	{ctl: "start quick"}, {ctl: "status quick"}, {ctl: "start instant"}, {ctl: "start missing"}, {ctl: "start notexec"},
	{ctl: "start badquote"}, {ctl: "start stubborn"}, {ctl: "stop stubborn"}, {ctl: "status stubborn"},
	{ctl: "stop manual"}, {ctl: "stop manual"}, {ctl: "stop nobody"}, {ctl: "stop nobody:*"}, {ctl: "stop"},
	{ctl: "stop team:*", unordered: true}, {ctl: "status team:*"}, {ctl: "start team:*", unordered: true}, {ctl: "start team:member1 cat manual"},
	{ctl: "restart cat"}, {ctl: "restart team:*", unordered: true}, {ctl: "restart nobody"}, {ctl: "restart quick"}, {ctl: "restart"},
	{ctl: "signal CONT manual"}, {ctl: "status manual"}, {ctl: "signal 0 cat"}, {ctl: "signal BOGUS cat"}, {ctl: "signal usr1 nobody"},
	{ctl: "signal CONT team:*"}, {ctl: "signal CONT all"}, {ctl: "signal HUP quick"}, {ctl: "signal"}, {ctl: "signal HUP"},
	{ctl: "start sleeper:sleeper_00"}, {ctl: "stop sleeper:*", unordered: true}, {ctl: "start sleeper:*", unordered: true},
	{ctl: "tail talker"}, {ctl: "tail -6 talker"}, {ctl: "tail -100 talker"}, {ctl: "tail talker stderr"}, {ctl: "tail talker stdout"},
	{ctl: "tail talker bogus"}, {ctl: "tail nobody"}, {ctl: "tail quiet"}, {ctl: "tail quiet stderr"}, {ctl: "tail team:*"},
	{ctl: "tail"}, {ctl: "tail -x talker"}, {ctl: "tail a b c"}, {ctl: "maintail bogus"}, {ctl: "maintail -x"},
	{ctl: "tail -f nobody"}, {ctl: "clear talker"}, {ctl: "tail talker"}, {ctl: "clear nobody"}, {ctl: "clear quiet talker nobody"},
	{ctl: "clear"}, {ctl: "clear all", unordered: true}, {ctl: "fg"}, {ctl: "fg nobody"}, {ctl: "fg cat talker"}, {ctl: "fg quick"},
	{ctl: "open http://127.0.0.1:1"}, {ctl: "open bogus"}, {ctl: "help"}, {ctl: "help tail"}, {ctl: "help nonsense"},
	{ctl: "reread"}, {ctl: "update"}, {ctl: "add cat"}, {ctl: "add nobody"}, {ctl: "remove cat"}, {ctl: "remove nobody"},
	{ctl: "reread extra"}, {ctl: "avail extra"}, {ctl: "version extra"}, {ctl: "reload extra"}, {ctl: "shutdown extra"},
	{conf: func(s string) string { return s + peerConfNext }},
	{ctl: "reread"}, {ctl: "avail"}, {ctl: "update"}, {ctl: "status fresh"},
	{conf: func(s string) string { return strings.Replace(s, "/bin/cat", "/bin/cat -u", 1) }},
	{ctl: "reread"}, {ctl: "update"}, {ctl: "status"},
	{conf: func(s string) string { return strings.Replace(s, "[program:manual]", "[program:renamed]", 1) }},
	{ctl: "reread"}, {ctl: "remove manual"}, {ctl: "add renamed"}, {ctl: "status renamed"}, {ctl: "update nobody"},
	{conf: func(s string) string { return s + "[program:bad]\ncommand=/bin/cat\nautostart=perhaps\n" }},
	{ctl: "reread"}, {ctl: "status cat"},
	{conf: func(s string) string { return s }},
	{ctl: "nonsense"}, {ctl: "stop all", unordered: true}, {ctl: "status"},
	{ctl: "start all", unordered: true}, {ctl: "restart all", unordered: true},
	{ctl: "reload"}, {ctl: "shutdown"},
}

// variable parts of an answer: process ids, times, the directory.
var peerNoise = []struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`pid \d+`), "pid N"},
	{regexp.MustCompile(`uptime \d+:\d\d:\d\d`), "uptime T"},
	{regexp.MustCompile(`[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M`), "DATE"},
	{regexp.MustCompile(`(?m)^\d+$`), "N"},
	// supd says more about a mistake in the configuration: the option, what is allowed, the line.
	{regexp.MustCompile(` for [a-z_]+ \(allowed: [^)]*\) on line \d+`), ""},
}

func normalise(dir, s string) string {
	s = strings.ReplaceAll(s, dir, "DIR")
	for _, n := range peerNoise {
		s = n.re.ReplaceAllString(s, n.with)
	}
	return s
}

// peerTranscript starts a supervisor, has the real supervisorctl drive it, and returns what that printed.
func peerTranscript(t *testing.T, ctl, daemon string) []string {
	dir := t.TempDir()
	conf := strings.ReplaceAll(peerConf, "DIR", dir)
	path := writeFile(t, dir, "conf", conf)
	b := startDaemon(t, "supervisord started with pid", daemon, "-c", path)
	b.out.WaitFor(t, "success: sleeper_02 entered RUNNING state")
	b.out.WaitFor(t, "success: cat entered RUNNING state")
	b.out.WaitFor(t, "success: member1 entered RUNNING state")
	b.out.WaitFor(t, "success: member2 entered RUNNING state")
	b.out.WaitFor(t, "success: talker entered RUNNING state")
	b.out.WaitFor(t, "success: quiet entered RUNNING state")
	var out []string
	for _, s := range peerSteps {
		if s.conf != nil {
			next := s.conf(conf)
			writeFile(t, dir, "conf", next)
			continue
		}
		args := append([]string{"-c", path}, strings.Fields(s.ctl)...)
		text, status := runTool(t, dir, ctl, args...)
		if strings.HasPrefix(s.ctl, "status") { // how long STARTING is seen depends on the machine
			proctest.Eventually(t, "everything to have started", func() (string, bool) {
				if strings.Contains(text, "STARTING") {
					text, status = runTool(t, dir, ctl, args...)
				}
				return text, !strings.Contains(text, "STARTING")
			})
		}
		if strings.HasPrefix(s.ctl, "reload") && status == 0 {
			b.waitForStarts(2)
		}
		if s.unordered {
			lines := strings.SplitAfter(text, "\n")
			slices.Sort(lines)
			text = strings.Join(lines, "")
		}
		out = append(out, fmt.Sprintf("$ supervisorctl %s\n%s[exit status %d]", s.ctl, normalise(dir, text), status))
	}
	if status := b.wait(); status != 0 {
		t.Errorf("%s ended with status %d", filepath.Base(daemon), status)
	}
	return out
}

// TestSupervisorctlSeesNoDifference is the promise of a drop-in: the client of Debian's supervisor prints the same lines
// and exits with the same statuses.
func TestSupervisorctlSeesNoDifference(t *testing.T) {
	ctl, supervisord := peer(t, "supervisorctl"), peer(t, "supervisord")
	var want, got []string
	t.Run("peers", func(t *testing.T) {
		t.Run("supervisord", func(t *testing.T) { t.Parallel(); want = peerTranscript(t, ctl, supervisord) })
		t.Run("supd", func(t *testing.T) { t.Parallel(); got = peerTranscript(t, ctl, supdBinary) })
	})
	if len(want) != len(got) || len(got) == 0 {
		t.Fatalf("supervisord %d answers, supd %d", len(want), len(got))
	}
	for i := range want {
		if want[i] != got[i] {
			t.Errorf("supervisord:\n%s\nsupd:\n%s", want[i], got[i])
		}
	}
}
