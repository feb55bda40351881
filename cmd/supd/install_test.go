package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// treeOf lists the files and links below a directory.
func treeOf(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			name, _ := filepath.Rel(dir, path)
			out = append(out, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// anInstallation is a way to install: what runs for a verb, with the environment.
type anInstallation struct {
	name                  string
	install, again, clean func(t *testing.T, env ...string) (string, int)
}

func runWith(t *testing.T, env []string, name string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// waysToInstall are make, the script in a source checkout, and the script in a folder with a program.
func waysToInstall(t *testing.T) []anInstallation {
	folder := t.TempDir()
	for name, from := range map[string]string{"setup.sh": "setup.sh", "supd": supdBinary, "supd.service": "../../docs/examples/supd.service",
		"supd.ini": "../../docs/examples/supd.ini", "example.ini": "../../docs/examples/example.ini"} {
		if out, status := runTool(t, ".", "/bin/cp", "-p", from, filepath.Join(folder, name)); status != 0 {
			t.Fatal(out)
		}
	}
	script := func(path, verb string, more ...string) func(*testing.T, ...string) (string, int) {
		return func(t *testing.T, env ...string) (string, int) { return runWith(t, append(env, more...), path, verb) }
	}
	mk := func(target string) func(*testing.T, ...string) (string, int) {
		return func(t *testing.T, env ...string) (string, int) {
			return runWith(t, nil, "make", append([]string{"--no-print-directory", "-C", "../..", target, "SUPD=" + supdBinary}, env...)...)
		}
	}
	source, binary := "./setup.sh", filepath.Join(folder, "setup.sh")
	built := "SUPD=" + supdBinary
	return []anInstallation{
		{"make", mk("install"), mk("install"), mk("uninstall")},
		{"source", script(source, "install", built), script(source, "upgrade", built), script(source, "clean", built)},
		{"folder", script(binary, "install"), script(binary, "upgrade"), script(binary, "clean")},
	}
}

func TestInstallUpgradeAndRemoveBelowDESTDIR(t *testing.T) {
	for _, way := range waysToInstall(t) {
		t.Run(way.name, func(t *testing.T) {
			for _, c := range []struct{ prefix, units string }{{"/usr", "usr/lib/systemd/system"}, {"/opt/supd", "etc/systemd/system"}} {
				dir := t.TempDir()
				env := []string{"DESTDIR=" + dir, "PREFIX=" + c.prefix, "LINKS=yes"}
				bin := filepath.Join(c.prefix, "bin")[1:]
				if err := os.MkdirAll(filepath.Join(dir, bin), 0o755); err != nil {
					t.Fatal(err)
				}
				writeFile(t, dir, bin+"/supervisorctl", "python's own")
				out, status := way.install(t, env...)
				if status != 0 || !strings.Contains(out, "supervisorctl, which is not a link to supd") {
					t.Fatalf("status %d: %s", status, out)
				}
				want := []string{"etc/supd/conf.d/example.ini", "etc/supd/supd.ini", bin + "/supd", bin + "/supervisorctl", bin + "/supervisord", c.units + "/supd.service"}
				slices.Sort(want)
				if got := treeOf(t, dir); !slices.Equal(got, want) {
					t.Errorf("installed %q, want %q", got, want)
				}
				s := exampleService
				s.Executable = c.prefix + "/bin/supd"
				if got := read(t, filepath.Join(dir, c.units, "supd.service")); got != fileFor(t, "systemd", s) {
					t.Errorf("the unit is\n%s", got)
				}
				if out, status := runTool(t, dir, filepath.Join(dir, bin, "supd"), "version"); status != 0 || out != version+"\n" {
					t.Errorf("the program: status %d: %s", status, out)
				}

				writeFile(t, dir, "etc/supd/supd.ini", "mine")
				_ = os.Remove(filepath.Join(dir, "etc/supd/conf.d/example.ini"))
				writeFile(t, dir, bin+"/supd", "an old one")
				if out, status := way.again(t, env...); status != 0 || !strings.Contains(out, "kept "+dir+"/etc/supd/supd.ini") {
					t.Errorf("status %d: %s", status, out)
				}
				if read(t, filepath.Join(dir, "etc/supd/supd.ini")) != "mine" || read(t, filepath.Join(dir, bin, "supd")) == "an old one" {
					t.Error("the configuration was replaced, or the program was not")
				}

				if out, status := way.clean(t, env...); status != 0 {
					t.Errorf("status %d: %s", status, out)
				}
				if got := treeOf(t, dir); !slices.Equal(got, []string{"etc/supd/supd.ini", bin + "/supervisorctl"}) &&
					!slices.Equal(got, []string{bin + "/supervisorctl", "etc/supd/supd.ini"}) {
					t.Errorf("left are %q", got)
				}
			}
		})
	}
}

func TestSetupSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	empty := t.TempDir()
	for _, c := range []struct {
		env    []string
		args   []string
		status int
		says   string
	}{
		{nil, nil, 2, "./setup.sh upgrade"},
		{nil, []string{"--help"}, 0, "./setup.sh upgrade"},
		{nil, []string{"reinstall"}, 2, "there is no reinstall, only install, upgrade and clean"},
		{[]string{"PREFIX=usr"}, []string{"install"}, 1, "not an absolute path"},
		{[]string{"PREFIX=/a|b"}, []string{"install"}, 1, "characters that a unit cannot carry"},
		{[]string{"DESTDIR=" + dir}, []string{"upgrade"}, 1, "./setup.sh install puts one there"},
		{[]string{"DESTDIR=" + dir}, []string{"clean"}, 1, "there is no " + dir + "/usr/local/bin/supd to remove"},
		{[]string{"DESTDIR=" + dir, "SUPD=" + dir + "/none"}, []string{"install"}, 1, "there is no " + dir + "/none to install"},
	} {
		if out, status := runWith(t, c.env, "./setup.sh", c.args...); status != c.status || !strings.Contains(out, c.says) {
			t.Errorf("%q %q: status %d: %s", c.env, c.args, status, out)
		}
	}
	if got := treeOf(t, dir); len(got) > 0 {
		t.Errorf("something was installed: %q", got)
	}
	// Somebody who is not root, by a program id that says so.
	id := writeFile(t, empty, "id", "#!/bin/sh\necho 1000\n")
	if err := os.Chmod(id, 0o755); err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprintf("PATH=%s:%s", empty, os.Getenv("PATH"))
	for _, verb := range []string{"install", "upgrade", "clean"} {
		if out, status := runWith(t, []string{path, "PREFIX=" + dir}, "./setup.sh", verb); status != 1 || !strings.Contains(out, "only root may") {
			t.Errorf("%s without root: status %d: %s", verb, status, out)
		}
	}
}

func TestScriptsPassShellcheck(t *testing.T) {
	shellcheck, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Fatal("shellcheck is missing; type: apt-get install -y shellcheck")
	}
	init := writeFile(t, t.TempDir(), "init.sh", fileFor(t, "sysv", oddService))
	for _, script := range []string{"setup.sh", init} {
		if out, status := runTool(t, ".", shellcheck, "-e", "SC2016", script); status != 0 {
			t.Errorf("%s", out)
		}
	}
}

// TestTheSampleOfTheServiceIsAccepted: the configuration that is installed, with its directories moved.
func TestTheSampleOfTheServiceIsAccepted(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "conf.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "conf.d/example.ini", strings.ReplaceAll(read(t, "../../docs/examples/example.ini"), "www-data", "daemon"))
	conf := writeFile(t, dir, "supd.ini", strings.NewReplacer("/run/supd", dir, "/var/log/supd", dir).Replace(read(t, "../../docs/examples/supd.ini")))
	if out, status := runTool(t, dir, supdBinary, "check", "--strict", conf); status != 0 {
		t.Errorf("status %d: %s", status, out)
	}
	example := strings.NewReplacer("\n;", "\n", "/var/www", dir, "/var/log/supd", dir).Replace(read(t, filepath.Join(dir, "conf.d/example.ini")))
	writeFile(t, dir, "conf.d/example.ini", example)
	if out, status := runTool(t, dir, supdBinary, "check", "--strict", conf); status != 0 || !strings.Contains(example, "\n[program:web]\n") {
		t.Errorf("with the program switched on: status %d: %s", status, out)
	}
}

// TestTheContainerOfTheExample runs the example for containers as process 1 in a directory that has, as an image made from
// scratch, nothing but static programs.
func TestTheContainerOfTheExample(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	for _, d := range []string{"usr/bin", "etc/supd", "run", "app", "proc", "dev"} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	source := writeFile(t, dir, "app.go", `package main
import ("fmt"; "os"; "time")
func main() {
	fmt.Println("hello")
	if os.Args[0] == "/app/worker" { os.Exit(3) }
	time.Sleep(time.Hour)
}
`)
	for name, what := range map[string]string{"usr/bin/supd": ".", "app/web": source, "app/worker": source} {
		cmd := exec.Command("go", "build", "-tags", "osusergo,netgo", "-o", filepath.Join(root, name), what)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	conf := strings.Replace(read(t, "../../docs/examples/container.ini"), "depends_on = web\n", "depends_on = web\nstartretries = 0\n", 1)
	writeFile(t, root, "etc/supd/supd.ini", conf)
	for _, name := range []string{"etc/passwd", "etc/group"} {
		writeFile(t, root, name, read(t, "/"+name))
	}
	script := writeFile(t, dir, "script", `set -e
mount --rbind /dev "$1/dev"
mount -t proc proc "$1/proc"
exec chroot "$1" /usr/bin/supd -c /etc/supd/supd.ini
`)
	args := []string{"-pfm", "--kill-child", "/bin/sh", script, root}
	if os.Getuid() != 0 {
		args = append([]string{"--user", "--map-root-user"}, args...)
	}
	b := startDaemon(t, up, "/usr/bin/unshare", args...)
	if status := b.wait(); status != 1 {
		t.Errorf("exit status %d", status)
	}
	b.out.WaitFor(t, "exit_when is any_fatal")
	out := b.out.String()
	for _, want := range []string{"web", "worker"} {
		if !strings.Contains(linesWith(out, "hello"), want) {
			t.Errorf("no hello from %s", want)
		}
	}
	if strings.Count(out, up) != 1 || strings.Contains(out, "as root") {
		t.Errorf("the log is not there once, or has complaints")
	}
	if t.Failed() {
		t.Log(out)
	}
}
