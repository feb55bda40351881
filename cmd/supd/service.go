package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kardianos/service"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/logs"
)

// Exit statuses of "supd service status", as init scripts have them.
const (
	exitServiceStopped = 3
	exitServiceUnknown = 4
)

// serviceVerbs are what can be done with a service.
var serviceVerbs = []struct{ name, help string }{
	{"install", "write the file that describes the service, so that it starts with the system; nothing is started yet"},
	{"uninstall", "stop the service and remove that file"},
	{"start", "start it now"},
	{"stop", "stop it, and all programs with it"},
	{"restart", "stop and start it"},
	{"status", "tell whether it runs: exit status 0 it runs, 3 it does not, 4 it is not installed"},
}

// serviceFlags is what the command line says.
type serviceFlags struct {
	spec   serviceSpec
	dryRun bool
	init   string
}

// runService installs supd as a service of the system, and steers that.
func runService(name string, args []string, stdout, stderr io.Writer) int {
	var f serviceFlags
	var verbs, inits []string
	long := "Has the system start supd and keep it running: systemd, System V init or launchd, whichever runs here.\n\n"
	for _, v := range serviceVerbs {
		verbs = append(verbs, v.name)
		long += fmt.Sprintf("  %-10s %s\n", v.name, v.help)
	}
	for _, i := range initSystems {
		inits = append(inits, i.name)
	}
	cmd := newTool(name, strings.Join(verbs, "|"), long+`
All but status must be done as root. -c, --env-file and --user belong to install: they say how the service runs supd. The
programs are steered with supd ctl, as ever; a stop of the service stops them all.`,
		"  "+name+" install -c /etc/supd/supd.ini --dry-run   show what would be written and done\n"+
			"  "+name+" install -c /etc/supd/supd.ini\n"+
			"  "+name+" start\n"+
			"  "+name+" install -c /etc/other.ini --name other --user joe   a second one, not as root\n"+
			"  "+name+" uninstall --name other")
	fl := cmd.Flags()
	fl.VarP(&onceString{dst: &f.spec.Config, flag: "-c/--configuration"}, "configuration", "c", "the configuration file of the service; by default the one that supd finds here")
	fl.Var((*pathList)(&f.spec.EnvFiles), "env-file", "add the variables of this file to the environment; may be given several times")
	fl.StringVar(&f.spec.User, "user", "", "run supd as `USER`; it cannot run programs as somebody else then")
	fl.StringVar(&f.spec.Name, "name", "supd", "what the service is called: `NAME`")
	fl.BoolVar(&f.dryRun, "dry-run", false, "print what would be written and done, do nothing")
	fl.StringVar(&f.init, "init", "", "with --dry-run: as if this `SYSTEM` ran here: "+strings.Join(inits, ", "))
	return executeTool(cmd, name, args, stdout, stderr, func(rest []string) (int, error) {
		if len(rest) != 1 {
			return exitUsage, &usageError{fmt.Sprintf("say what to do with the service: %s %s", name, strings.Join(verbs, "|"))}
		}
		if !slices.Contains(verbs, rest[0]) {
			text := fmt.Sprintf("%s cannot %q, only %s", name, rest[0], strings.Join(verbs, ", "))
			if best := confload.Nearest(rest[0], verbs); best != "" {
				text += fmt.Sprintf("; did you mean %s?", best)
			}
			return exitUsage, &usageError{text}
		}
		for _, flag := range []string{"configuration", "env-file", "user"} {
			if rest[0] != "install" && fl.Changed(flag) {
				return exitUsage, &usageError{fmt.Sprintf("--%s is for install; %s needs no more than --name", flag, rest[0])}
			}
		}
		return f.run(rest[0], stdout, stderr)
	})
}

// run does one thing with the service.
func (f *serviceFlags) run(verb string, stdout, stderr io.Writer) (int, error) {
	sys, err := f.system()
	if err != nil {
		return exitUsage, err
	}
	if verb != "status" && !f.dryRun && os.Geteuid() != 0 {
		return exitUsage, fmt.Errorf("could not %s the service %s: only root may; put sudo in front, or see with --dry-run what would be done", verb, f.spec.Name)
	}
	if err := f.complete(sys, verb, stderr); err != nil {
		return exitUsage, err
	}
	text, err := sys.text(&f.spec)
	if err != nil {
		return exitUsage, err
	}
	if f.dryRun {
		return 0, sys.rehearse(verb, f.spec.Name, text, stdout)
	}
	svc, err := service.New(nobody{}, &service.Config{Name: f.spec.Name, Executable: f.spec.Executable, UserName: f.spec.User,
		Option: service.KeyValue{sys.option: text}})
	if err != nil {
		return exitUsage, fmt.Errorf("could not reach %s: %w; --dry-run shows what would be written and done", sys.name, err)
	}
	return sys.perform(verb, f.spec.Name, svc, stdout)
}

// system returns the init system that runs here, or the one asked for.
func (f *serviceFlags) system() (*initSystem, error) {
	var names []string
	for i := range initSystems {
		if initSystems[i].name == f.init {
			if !f.dryRun {
				return nil, &usageError{"--init is for --dry-run; without it the service goes to the system that runs here"}
			}
			return &initSystems[i], nil
		}
		names = append(names, initSystems[i].name)
	}
	if f.init != "" {
		return nil, &usageError{fmt.Sprintf("there is no file for the init system %q, only for %s", f.init, strings.Join(names, ", "))}
	}
	chosen := "none"
	if s := service.ChosenSystem(); s != nil {
		chosen = s.String()
	}
	i := slices.IndexFunc(initSystems, func(i initSystem) bool { return i.library == chosen })
	if i < 0 {
		return nil, fmt.Errorf("supd has no file for the init system of this machine (%s), only for %s; write one that runs supd -c FILE", chosen, strings.Join(names, ", "))
	}
	if initSystems[i].name == "sysv" { // what the library takes when it knows no better
		if first, err := os.ReadFile("/proc/1/comm"); err == nil && strings.TrimSpace(string(first)) != "init" {
			return nil, fmt.Errorf("no init system runs here that could start supd: process 1 is %s, and /run/systemd/system is missing; "+
				"in a container make supd process 1, or see with --dry-run --init systemd what a service would be", logs.Clean(strings.TrimSpace(string(first))))
		}
	}
	return &initSystems[i], nil
}

// complete fills in what the command line has left open, and checks what an installed service would stumble over.
func (f *serviceFlags) complete(sys *initSystem, verb string, stderr io.Writer) error {
	exe, err := os.Executable()
	if err == nil {
		exe, err = filepath.EvalSymlinks(exe)
	}
	if err != nil {
		return fmt.Errorf("could not find out where supd is: %w", err)
	}
	f.spec.Executable = exe
	if verb != "install" {
		return nil // the file of the service is not made, and checked, without a look at spec
	}
	if f.spec.Config == "" {
		if f.spec.Config, err = findConfig(); err != nil {
			return err
		}
	}
	if f.spec.Config, err = filepath.Abs(f.spec.Config); err != nil {
		return err
	}
	err = f.check(sys)
	if err != nil && f.dryRun {
		fmt.Fprintf(stderr, "Warning: this would be refused: %v\n", err)
		err = nil
	}
	return err
}

// check tells what keeps the service from running.
func (f *serviceFlags) check(sys *initSystem) error {
	if err := f.spec.check(); err != nil {
		return err
	}
	var owner *user.User
	if f.spec.User != "" {
		var err error
		if owner, err = user.Lookup(f.spec.User); err != nil {
			return fmt.Errorf("could not find the user %s that is to run the service; make one (useradd --system %[1]s)", f.spec.User)
		}
	}
	if _, err := confload.CheckPath(f.spec.Config); err != nil {
		return err
	}
	if !f.dryRun {
		if err := sys.makeDirs(f.spec.Name, owner); err != nil {
			return err
		}
	}
	c, err := confload.Check(f.spec.Config, confload.Options{EnvFiles: f.spec.EnvFiles})
	if err != nil {
		return err
	}
	if f.dryRun { // these would be made
		c.Errors = slices.DeleteFunc(c.Errors, func(e *confload.Error) bool {
			return slices.ContainsFunc(sys.dirs, func(dir string) bool { return strings.Contains(e.Text, named(dir, f.spec.Name)) })
		})
	}
	if len(c.Errors) > 0 {
		return fmt.Errorf("%s has mistakes (%d), a service with it would not start; supd check %[1]s tells them", f.spec.Config, len(c.Errors))
	}
	if owner != nil && c.Config != nil && c.Config.Supervisord.User != nil && fmt.Sprint(c.Config.Supervisord.User.UID) != owner.Uid {
		return fmt.Errorf("%s has another user= in [supervisord] than --user %s, which only root could become; take one of them away", f.spec.Config, f.spec.User)
	}
	return nil
}

// makeDirs makes the directories of the service. owner nil: they are root's.
func (i *initSystem) makeDirs(name string, owner *user.User) error {
	for _, dir := range i.dirs {
		dir = named(dir, name)
		err := os.Mkdir(dir, 0o755)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil && owner != nil {
			uid, _ := strconv.Atoi(owner.Uid)
			gid, _ := strconv.Atoi(owner.Gid)
			err = os.Chown(dir, uid, gid)
		}
		if err != nil {
			return fmt.Errorf("could not make the directory %s of the service: %w", dir, err)
		}
	}
	return nil
}

// rehearse prints what perform would do.
func (i *initSystem) rehearse(verb, name, text string, stdout io.Writer) error {
	var b strings.Builder
	if verb == "install" {
		fmt.Fprintf(&b, "would make, unless they are there: %s\n", named(strings.Join(i.dirs, " "), name))
		fmt.Fprintf(&b, "would write %s:\n\n%s\n", i.file(name), text)
	}
	for _, step := range i.steps(verb, name) {
		fmt.Fprintf(&b, "would do: %s\n", step)
	}
	_, err := io.WriteString(stdout, b.String())
	return err
}

// perform does one thing with the service through the library.
func (i *initSystem) perform(verb, name string, svc service.Service, stdout io.Writer) (int, error) {
	file := i.file(name)
	_, err := os.Lstat(file)
	exists := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return exitUsage, fmt.Errorf("could not look for the service %s: %w", name, err)
	}
	if verb == "install" {
		return i.install(name, svc, exists, stdout)
	}
	status, err := svc.Status()
	var exit interface{ ExitCode() int }                                          // of an exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == exitServiceStopped && exists { // an init script says so
		status, err = service.StatusStopped, nil
	}
	between := exists && errors.Is(err, service.ErrNotInstalled) // reloading, deactivating: words the library does not know
	missing := !exists && (errors.Is(err, service.ErrNotInstalled) || err != nil && i.name == "sysv")
	switch {
	case missing && verb == "status":
		_, err := fmt.Fprintf(stdout, "%s is not installed\n", name)
		return exitServiceUnknown, err
	case missing:
		return exitUsage, fmt.Errorf("could not %s the service %s: it is not installed; do that first: supd service install -c FILE%s", verb, name, nameOption(name))
	case verb == "status" && between:
		_, err := fmt.Fprintf(stdout, "%s is starting, stopping or reloading; more: %s\n", name, named(i.look, name))
		return 0, err
	case verb == "status":
		return i.report(name, status, err, stdout)
	case verb == "uninstall" && !exists:
		return exitUsage, fmt.Errorf("could not uninstall the service %s: %s is missing, so it was installed in another way; remove it as it was installed (make uninstall, the package manager)", name, file)
	case verb == "uninstall":
		if status != service.StatusStopped {
			if err := svc.Stop(); err != nil {
				return exitUsage, i.failed("stop", name, err)
			}
		}
		if i.name == "sysv" { // the library leaves them behind
			links, _ := filepath.Glob("/etc/rc?.d/[SK]??" + name)
			for _, link := range links {
				_ = os.Remove(link)
			}
		}
	}
	if err := service.Control(svc, verb); err != nil {
		return exitUsage, i.failed(verb, name, err)
	}
	_, err = fmt.Fprintf(stdout, "%s: %s done\n", name, verb)
	return 0, err
}

func (i *initSystem) install(name string, svc service.Service, exists bool, stdout io.Writer) (int, error) {
	file := i.file(name)
	if exists {
		return exitUsage, fmt.Errorf("could not install the service %s: %s exists and was not touched; first: supd service uninstall%s", name, file, nameOption(name))
	}
	if err := svc.Install(); err != nil {
		_ = os.Remove(file) // half a service would stand in the way of the next try
		return exitUsage, i.failed("install", name, err)
	}
	_, err := fmt.Fprintf(stdout, "wrote %s\n%s starts with the system; to start it now: supd service start%s\n", file, name, nameOption(name))
	return 0, err
}

// report prints the status. failed is the library's word for a service that has ended badly.
func (i *initSystem) report(name string, status service.Status, failed error, stdout io.Writer) (int, error) {
	text, code := "does not run", exitServiceStopped
	switch {
	case status == service.StatusRunning:
		text, code = "runs", 0
	case failed != nil:
		text = fmt.Sprintf("does not run: %s; more: %s", logs.Clean(failed.Error()), named(i.look, name))
	}
	_, err := fmt.Fprintf(stdout, "%s %s\n", name, text)
	return code, err
}

func (i *initSystem) failed(verb, name string, err error) error {
	return fmt.Errorf("could not %s the service %s with %s: %w; more: %s", verb, name, i.name, err, named(i.look, name))
}

// nameOption is how to name the service on the command line.
func nameOption(name string) string {
	if name == "supd" {
		return ""
	}
	return " --name " + name
}

// nobody is what the library wants for services that run inside it, which ours does not.
type nobody struct{}

func (nobody) Start(service.Service) error { return nil }
func (nobody) Stop(service.Service) error  { return nil }
