package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gwaycc/supd/supervisor/golden"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// exampleService is the service of docs/examples and make install.
var exampleService = serviceSpec{Name: "supd", Executable: "/usr/local/bin/supd", Config: "/etc/supd/supd.ini"}

// oddService needs quotes wherever there are any.
var oddService = serviceSpec{Name: "odd-1", Executable: "/opt/a b/supd", Config: `/etc/it's 100% $HOME "odd"\/x.ini`, EnvFiles: []string{"/etc/a b", "/etc/c<&>"}, User: "daemon"}

func fileFor(t *testing.T, init string, s serviceSpec) string {
	t.Helper()
	i := slices.IndexFunc(initSystems, func(i initSystem) bool { return i.name == init })
	text, err := initSystems[i].text(&s)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestDocsHaveTheUnitThatServiceInstalls(t *testing.T) {
	golden.Check(t, "../../docs/examples/supd.service", fileFor(t, "systemd", exampleService))
}

func TestSystemdAcceptsTheUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Fatal("systemd-analyze is missing; type: apt-get install -y systemd")
	}
	dir := t.TempDir()
	odd := oddService
	odd.Executable = filepath.Join(dir, "a b", "supd")
	if err := os.Mkdir(filepath.Dir(odd.Executable), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(supdBinary, odd.Executable); err != nil {
		t.Fatal(err)
	}
	plain := exampleService
	plain.Executable = supdBinary
	for name, s := range map[string]serviceSpec{"plain": plain, "odd": odd} {
		unit := writeFile(t, dir, name+".service", fileFor(t, "systemd", s))
		cmd := exec.Command(analyze, "verify", "--man=no", unit)
		out, err := cmd.CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	// It does find what is wrong.
	bad := writeFile(t, dir, "bad.service", strings.ReplaceAll(fileFor(t, "systemd", plain), "KillMode=mixed", "KillMode=odd"))
	if out, _ := exec.Command(analyze, "verify", "--man=no", bad).CombinedOutput(); !strings.Contains(string(out), "kill mode") {
		t.Errorf("a unit with a mistake is accepted: %s", out)
	}
}

func TestTheUnitSaysWhatSupdNeeds(t *testing.T) {
	unit := fileFor(t, "systemd", exampleService)
	for _, line := range []string{"Type=notify", "NotifyAccess=main", "WatchdogSec=30", "ExecReload=/bin/kill -HUP $MAINPID", "KillMode=mixed",
		"TimeoutStopSec=120", "Restart=on-failure", "LimitNOFILE=65536", "OOMPolicy=continue", "Delegate=yes", "ExecStart=/usr/local/bin/supd -c /etc/supd/supd.ini"} {
		if !strings.Contains(unit, "\n"+line+"\n") {
			t.Errorf("no line %s in\n%s", line, unit)
		}
	}
	odd := fileFor(t, "systemd", oddService)
	for _, line := range []string{
		`ExecStart="/opt/a b/supd" -c "/etc/it's 100%% $$HOME \"odd\"\\/x.ini" --env-file "/etc/a b" --env-file "/etc/c<&>"`,
		"User=daemon", "RuntimeDirectory=odd-1"} {
		if !strings.Contains(odd, "\n"+line+"\n") {
			t.Errorf("no line %s in\n%s", line, odd)
		}
	}
}

func TestTheFileForLaunchdIsXMLWithTheCommand(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(fileFor(t, "launchd", oddService)))
	var texts []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if text, ok := token.(xml.CharData); ok && strings.TrimSpace(string(text)) != "" {
			texts = append(texts, string(text))
		}
	}
	want := append([]string{"Label", "odd-1", "ProgramArguments"}, oddService.Command()...)
	if len(texts) < len(want) || !slices.Equal(texts[:len(want)], want) || !slices.Contains(texts, "daemon") {
		t.Errorf("it has %q", texts)
	}
}

// TestTheInitScriptRunsSupd does with the script what init does.
func TestTheInitScriptRunsSupd(t *testing.T) {
	dir, conf := site(t, "[program:cat]\ncommand=/bin/cat\n")
	odd := filepath.Join(dir, "it's 100% $HOME.ini")
	if err := os.Rename(conf, odd); err != nil {
		t.Fatal(err)
	}
	script := writeFile(t, dir, "script", fileFor(t, "sysv", serviceSpec{Name: "mine", Executable: supdBinary, Config: odd}))
	t.Setenv("RUNDIR", dir)
	do := func(verb string) (string, int) { return runTool(t, dir, "/bin/sh", script, verb) }
	expect := func(verb, says string, status int) {
		t.Helper()
		if out, got := do(verb); got != status || !strings.Contains(out, says) {
			t.Errorf("%s: status %d: %s, want %d: %s", verb, got, out, status, says)
		}
	}
	t.Cleanup(func() { _, _ = do("stop") })
	expect("status", "Stopped\n", 3)
	expect("stop", "mine does not run", 0)
	expect("reload", "mine does not run", 7)
	expect("odd", "usage: ", 2)
	expect("start", "", 0)
	pid := strings.TrimSpace(read(t, filepath.Join(dir, "mine", "mine.pid")))
	expect("status", "Running with pid "+pid, 0)
	expect("start", "runs already with pid "+pid, 0)
	first, _ := ctlIn(t, odd, "pid", "cat")
	expect("reload", "", 0)
	proctest.Eventually(t, "the soft restart", func() (string, bool) {
		out, status := ctlIn(t, odd, "pid", "cat")
		return out, status == 0 && out != first && out != "0\n"
	})
	expect("restart", "", 0)
	if now := strings.TrimSpace(read(t, filepath.Join(dir, "mine", "mine.pid"))); now == pid {
		t.Errorf("after a restart it is still process %s", pid)
	}
	expect("stop", "", 0)
	expect("status", "Stopped\n", 3)
	other := exec.Command("/bin/sleep", "1000")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	}()
	writeFile(t, dir, "mine/mine.pid", fmt.Sprintln(other.Process.Pid)) // a stale pidfile: the pid is somebody else's by now
	expect("status", "Stopped\n", 3)
	writeFile(t, dir, filepath.Base(odd), "[supervisord]\nloglevel=loud\n")
	expect("start", "not a valid log level", exitUsage)
}

// TestServiceInstallsSteersAndUninstalls runs against a systemctl that writes down what it is asked, with /etc and /run of
// its own.
func TestServiceInstallsSteersAndUninstalls(t *testing.T) {
	dir, conf := site(t, "")
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	systemctl := writeFile(t, bin, "systemctl", `#!/bin/sh
echo "systemctl $*" >> DIR/calls
case $1 in
list-unit-files) cd /etc/systemd/system && ls ;;
is-active) cat DIR/state; grep -q ^active DIR/state ;;
enable) test ! -e DIR/refuse ;;
start) echo active > DIR/state ;;
stop) echo inactive > DIR/state ;;
esac
`)
	writeFile(t, bin, "systemctl", strings.ReplaceAll(read(t, systemctl), "DIR", dir))
	if err := os.Chmod(systemctl, 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "state", "inactive\n")
	script := writeFile(t, dir, "script", `set -u
mount -t tmpfs none /run && mkdir -p /run/systemd/system && mount -t tmpfs none /etc/systemd/system && mount -t tmpfs none /var/log || exit 99
PATH=BIN:$PATH
supd() { echo "\$ supd service $*"; : > DIR/calls; SUPD service "$@" 2>&1; status=$?; grep -v -e is-active -e list-unit DIR/calls; echo "= $status"; }
supd status
supd start
touch DIR/refuse
supd install -c DIR/conf
rm DIR/refuse
supd install -c DIR/conf
cp /etc/systemd/system/supd.service DIR/installed
supd install -c DIR/conf
supd status
supd start
supd status
supd restart
echo deactivating > DIR/state
supd status
echo failed > DIR/state
supd status
supd stop
supd uninstall
supd uninstall
ls -d /etc/systemd/system/* /run/supd /var/log/supd 2>/dev/null
true
`)
	writeFile(t, dir, "script", strings.NewReplacer("DIR", dir, "BIN", bin, "SUPD", supdBinary).Replace(read(t, script)))
	args := []string{"-m", "/bin/sh", script}
	if os.Getuid() != 0 {
		args = append([]string{"--user", "--map-root-user"}, args...)
	}
	out, status := runTool(t, dir, "/usr/bin/unshare", args...)
	want := `$ supd service status
supd is not installed
= 4
$ supd service start
Error: could not start the service supd: it is not installed; do that first: supd service install -c FILE
= 2
$ supd service install -c DIR/conf
Error: could not install the service supd with systemd: exit status 1; more: systemctl status supd; journalctl -u supd
systemctl enable supd.service
= 2
$ supd service install -c DIR/conf
wrote /etc/systemd/system/supd.service
supd starts with the system; to start it now: supd service start
systemctl enable supd.service
systemctl daemon-reload
= 0
$ supd service install -c DIR/conf
Error: could not install the service supd: /etc/systemd/system/supd.service exists and was not touched; first: supd service uninstall
= 2
$ supd service status
supd does not run
= 3
$ supd service start
supd: start done
systemctl start supd.service
= 0
$ supd service status
supd runs
= 0
$ supd service restart
supd: restart done
systemctl restart supd.service
= 0
$ supd service status
supd is starting, stopping or reloading; more: systemctl status supd; journalctl -u supd
= 0
$ supd service status
supd does not run: service in failed state; more: systemctl status supd; journalctl -u supd
= 3
$ supd service stop
supd: stop done
systemctl stop supd.service
= 0
$ supd service uninstall
supd: uninstall done
systemctl disable supd.service
systemctl daemon-reload
= 0
$ supd service uninstall
Error: could not uninstall the service supd: it is not installed; do that first: supd service install -c FILE
= 2
/run/supd
/var/log/supd
`
	if want = strings.ReplaceAll(want, "DIR", dir); status != 0 || out != want {
		t.Errorf("status %d:\n%s\nwant\n%s", status, out, want)
	}
	if got := read(t, filepath.Join(dir, "installed")); got != fileFor(t, "systemd", serviceSpec{Name: "supd", Executable: supdBinary, Config: conf}) {
		t.Errorf("it has installed\n%s", got)
	}
}

func TestServiceSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	good := writeFile(t, dir, "good.ini", "[supervisord]\n")
	rooted := writeFile(t, dir, "rooted.ini", "[supervisord]\nuser=root\n")
	bad := writeFile(t, dir, "bad.ini", "[supervisord]\nloglevel=loud\n")
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{nil, exitUsage, "say what to do with the service: supd service install|uninstall"},
		{[]string{"strat"}, exitUsage, "did you mean start?"},
		{[]string{"start", "-c", good}, exitUsage, "--configuration is for install"},
		{[]string{"install", "-c", good, "--init", "systemd"}, exitUsage, "--init is for --dry-run"},
		{[]string{"install", "-c", good, "--init", "upstart", "--dry-run"}, exitUsage, "only for systemd, sysv, launchd"},
		{[]string{"start", "--init", "systemd", "--dry-run", "--name", "../x"}, exitUsage, `cannot be called "../x"`},
		{[]string{"install", "-c", good, "--init", "systemd", "--dry-run", "--user", "a b"}, exitUsage, "not the name of a user"},
		{[]string{"install", "-c", dir + "/{{x", "--init", "systemd", "--dry-run"}, exitUsage, "control characters or {{"},
		{[]string{"install", "-c", bad, "--init", "systemd", "--dry-run"}, 0, "has mistakes (1), a service with it would not start; supd check " + bad},
		{[]string{"install", "-c", good, "--init", "systemd", "--dry-run", "--user", "nobody-of-that-name"}, 0, "useradd --system nobody-of-that-name"},
		{[]string{"install", "-c", rooted, "--init", "systemd", "--dry-run", "--user", "daemon"}, 0, "another user= in [supervisord] than --user daemon"},
		{[]string{"install", "-c", good, "--init", "systemd", "--dry-run"}, 0, "would do: systemctl enable supd.service\nwould do: systemctl daemon-reload\n"},
		{[]string{"uninstall", "--init", "sysv", "--dry-run", "--name", "b"}, 0, "would do: service b stop\nwould do: remove /etc/rc?.d/[SK]??b\nwould do: remove /etc/init.d/b\n"},
	} {
		out, errs, status := called("supd", append([]string{"service"}, c.args...)...)
		if status != c.status || !strings.Contains(out+errs, c.says) {
			t.Errorf("%q: status %d: %s%s\nwant %d: %s", c.args, status, out, errs, c.status, c.says)
		}
	}
	out, _, _ := called("supd", "service", "install", "-c", good, "--init", "systemd", "--dry-run", "--name", "b")
	exe, _ := filepath.EvalSymlinks("/proc/self/exe")
	if !strings.HasPrefix(out, "would make, unless they are there: /run/b /var/log/b\nwould write /etc/systemd/system/b.service:\n\n"+fileFor(t, "systemd", serviceSpec{Name: "b", Executable: exe, Config: good})) {
		t.Errorf("dry run:\n%s", out)
	}
}
