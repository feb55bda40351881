package main

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
)

// initSystem is one of the systems that start services, and what a service is to it.
type initSystem struct {
	name, library string                      // library is what the library calls it
	dirs          []string                    // for the pidfile, the socket and logs: the service has them, and so must whoever checks its configuration
	path          string                      // of the file that describes the service; NAME stands for its name here and below
	option        string                      // of the library, by which it is given the text of the file
	template      string                      // of the text
	fill          func(*serviceSpec) []string // what stands in the template, and what takes its place, in turn
	does          map[string][]string         // what the library does for each verb besides writing or removing the file
	look          string                      // what tells more when something went wrong
}

//go:embed service/systemd.service
var systemdText string

//go:embed service/sysv.sh
var sysvText string

//go:embed service/launchd.plist
var launchdText string

// initSystems are the systems supd has a file for.
var initSystems = []initSystem{
	{"systemd", "linux-systemd", []string{"/run/NAME", "/var/log/NAME"}, "/etc/systemd/system/NAME.service", "SystemdScript", systemdText, fillSystemd, map[string][]string{
		"install":   {"systemctl enable NAME.service", "systemctl daemon-reload"},
		"uninstall": {"systemctl stop NAME.service", "systemctl disable NAME.service", removeFile, "systemctl daemon-reload"},
		"start":     {"systemctl start NAME.service"},
		"stop":      {"systemctl stop NAME.service"},
		"restart":   {"systemctl restart NAME.service"},
		"status":    {"systemctl is-active NAME.service"},
	}, "systemctl status NAME; journalctl -u NAME"},
	{"sysv", "unix-systemv", []string{"/run/NAME", "/var/log/NAME"}, "/etc/init.d/NAME", "SysvScript", sysvText, fillSysv, map[string][]string{
		"install":   {"link /etc/rc[2345].d/S50NAME and /etc/rc[016].d/K02NAME to /etc/init.d/NAME"},
		"uninstall": {"service NAME stop", "remove /etc/rc?.d/[SK]??NAME", removeFile},
		"start":     {"service NAME start"},
		"stop":      {"service NAME stop"},
		"restart":   {"service NAME stop", "service NAME start"},
		"status":    {"service NAME status"},
	}, "/etc/init.d/NAME status"},
	{"launchd", "darwin-launchd", []string{"/var/log/NAME"}, "/Library/LaunchDaemons/NAME.plist", "LaunchdConfig", launchdText, fillLaunchd, map[string][]string{
		"install":   nil,
		"uninstall": {"launchctl unload /Library/LaunchDaemons/NAME.plist", removeFile},
		"start":     {"launchctl load /Library/LaunchDaemons/NAME.plist"},
		"stop":      {"launchctl unload /Library/LaunchDaemons/NAME.plist"},
		"restart":   {"launchctl unload /Library/LaunchDaemons/NAME.plist", "launchctl load /Library/LaunchDaemons/NAME.plist"},
		"status":    {"launchctl list NAME"},
	}, "launchctl list NAME"},
}

// removeFile stands for the removal of the file in what is done for a verb.
const removeFile = "remove the file"

// steps are what is done for a verb.
func (i *initSystem) steps(verb, name string) []string {
	var out []string
	for _, step := range i.does[verb] {
		if step == removeFile {
			step = "remove " + i.path
		}
		out = append(out, named(step, name))
	}
	return out
}

// serviceSpec is a service: what runs, as whom.
type serviceSpec struct {
	Name       string // of the service
	Executable string // absolute path of supd
	Config     string // absolute path of the configuration
	EnvFiles   []string
	User       string // empty: root
}

// Args are the arguments of supd.
func (s *serviceSpec) Args() []string {
	args := []string{"-c", s.Config}
	for _, f := range s.EnvFiles {
		args = append(args, "--env-file", f)
	}
	return args
}

// Command is supd and its arguments.
func (s *serviceSpec) Command() []string { return append([]string{s.Executable}, s.Args()...) }

var (
	serviceNames = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)
	userNames    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*\$?$`)
)

// check tells what in a service cannot be written into the files of init systems.
func (s *serviceSpec) check() error {
	if !serviceNames.MatchString(s.Name) {
		return &usageError{fmt.Sprintf("the service cannot be called %q: a name is letters, digits, and . _ - after the first", s.Name)}
	}
	if s.User != "" && !userNames.MatchString(s.User) {
		return &usageError{fmt.Sprintf("--user: %q is not the name of a user", s.User)}
	}
	for _, path := range s.Command() {
		if strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f }) || strings.Contains(path, "{{") {
			return fmt.Errorf("the path %q has control characters or {{, which service files cannot carry; rename it", path)
		}
	}
	return nil
}

// text is the file that describes the service to the init system.
func (i *initSystem) text(s *serviceSpec) (string, error) {
	if err := s.check(); err != nil {
		return "", err
	}
	return strings.NewReplacer(i.fill(s)...).Replace(i.template), nil
}

// file is where that file is.
func (i *initSystem) file(name string) string { return named(i.path, name) }

// named puts the name of a service into a text of an init system.
func named(text, name string) string { return strings.ReplaceAll(text, "NAME", name) }

func fillSystemd(s *serviceSpec) []string {
	line := ""
	if s.User != "" {
		line = "User=" + s.User + "\n"
	}
	return []string{"@NAME@", s.Name, "@COMMAND@", quoteAll(quoteForSystemd, s.Command()), "@USER@", line}
}

func fillSysv(s *serviceSpec) []string {
	return []string{"@NAME@", s.Name, "@CONFIG@", s.Config, "@USER@", s.User,
		"@EXECUTABLE@", quoteForShell(s.Executable), "@ARGUMENTS@", quoteAll(quoteForShell, s.Args())}
}

func fillLaunchd(s *serviceSpec) []string {
	xml := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	command, user := "", ""
	for _, word := range s.Command() {
		command += "\t\t<string>" + xml.Replace(word) + "</string>\n"
	}
	if s.User != "" {
		user = "\t<key>UserName</key>\n\t<string>" + s.User + "</string>\n"
	}
	return []string{"@NAME@", s.Name, "@COMMAND@", command, "@USER@", user}
}

func quoteAll(quote func(string) string, words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = quote(w)
	}
	return strings.Join(out, " ")
}

// plainWords need no quotes anywhere.
var plainWords = regexp.MustCompile(`^[A-Za-z0-9_./:=@,+-]+$`)

// quoteForSystemd quotes a word of a command line (systemd.service(5)): specifiers and variables are not to be expanded.
func quoteForSystemd(word string) string {
	if plainWords.MatchString(word) {
		return word
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`, `$`, `$$`).Replace(word) + `"`
}

func quoteForShell(word string) string {
	if plainWords.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
