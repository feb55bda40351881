package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flavour is whose command line is spoken.
type flavour int

const (
	asSupd        flavour = iota // foreground unless -d
	asSupervisord                // background unless -n or nodaemon=true; -d DIR is the directory
)

// daemonFlags is what the command line says.
type daemonFlags struct {
	config    string
	daemon    bool
	help      bool
	version   bool
	envFiles  pathList
	overrides map[string]string // [supervisord] options by name; "true" for switches
	flagOf    map[string]string // option → the flag as it is known, for messages
}

// option is one flag that sets an option of [supervisord].
type option struct {
	name, long, short, arg, help string
}

// daemonOptions are supervisord's own flags (compat.md §2.1).
var daemonOptions = []option{
	{"nodaemon", "nodaemon", "n", "", "stay in the foreground"},
	{"silent", "silent", "s", "", "do not print the log in the foreground"},
	{"user", "user", "u", "USER", "run as this user, by name or number"},
	{"umask", "umask", "m", "OCTAL", "umask of the daemon and its programs when it runs in the background"},
	{"directory", "directory", "", "DIR", "change to this directory when it runs in the background"},
	{"logfile", "logfile", "l", "FILE", "the main log"},
	{"logfile_maxbytes", "logfile_maxbytes", "y", "BYTES", "rotate the main log at this size, as in 50MB; 0 never"},
	{"logfile_backups", "logfile_backups", "z", "N", "how many rotated main logs to keep"},
	{"loglevel", "loglevel", "e", "LEVEL", "critical, error, warn, info, debug, trace or blather"},
	{"pidfile", "pidfile", "j", "FILE", "where to write the process id"},
	{"identifier", "identifier", "i", "NAME", "the name of this supervisor"},
	{"childlogdir", "childlogdir", "q", "DIR", "where automatic logs of programs go"},
	{"nocleanup", "nocleanup", "k", "", "keep automatic logs of earlier runs"},
	{"minfds", "minfds", "a", "N", "file descriptors that must be available"},
	{"minprocs", "minprocs", "", "N", "processes that must be available"},
	{"strip_ansi", "strip_ansi", "t", "", "strip ANSI escape sequences from the logs of programs"},
}

// once is a flag value that may be given only once.
type once struct {
	flags *daemonFlags
	opt   option
}

func (o *once) String() string { return "" }

// Type is what help calls the value.
func (o *once) Type() string {
	if o.opt.arg == "" {
		return "bool" // a switch: help shows no value
	}
	return o.opt.arg
}

func (o *once) Set(v string) error {
	if _, twice := o.flags.overrides[o.opt.name]; twice {
		return fmt.Errorf("conflicting command line option %s", o.flags.flagOf[o.opt.name])
	}
	o.flags.overrides[o.opt.name] = v
	return nil
}

// newDaemonCommand makes the command that runs the daemon. Its Run is called with what the command line says.
func newDaemonCommand(f flavour, name string, do func(*daemonFlags) error) (*cobra.Command, *daemonFlags) {
	d := &daemonFlags{overrides: map[string]string{}, flagOf: map[string]string{}}
	cmd := &cobra.Command{
		Use:               name + " [flags]",
		Long:              daemonHelp[f].long + wherePart,
		Example:           strings.ReplaceAll(daemonHelp[f].examples, "$", name),
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE:              func(*cobra.Command, []string) error { return do(d) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.SetInterspersed(false)
	fl.VarP(&onceString{dst: &d.config, flag: "-c/--configuration"}, "configuration", "c", "the configuration file")
	if f == asSupd {
		fl.BoolVarP(&d.daemon, "daemon", "d", false, "run in the background; returns when the daemon answers")
	}
	fl.Var(&d.envFiles, "env-file", "add the variables of this file (KEY=VALUE lines) to the environment; may be given several times")
	fl.BoolVarP(&d.version, "version", "v", false, "print the version")
	fl.BoolVarP(&d.help, "help", "h", false, "this help")
	fl.BoolVarP(&d.help, "?", "?", false, "this help")
	_ = fl.MarkHidden("?")
	for _, o := range daemonOptions {
		if o.name == "directory" && f == asSupervisord {
			o.short = "d"
		}
		flag := fl.VarPF(&once{d, o}, o.long, o.short, o.help)
		if o.arg == "" {
			flag.NoOptDefVal = "true"
		}
		d.flagOf[o.name] = "--" + o.long
		if o.short != "" {
			d.flagOf[o.name] = "-" + o.short + "/--" + o.long
		}
	}
	fl.String("profile_options", "", "accepted and ignored")
	_ = fl.MarkHidden("profile_options")
	return cmd, d
}

// daemonHelp is what --help says in each flavour; $ stands for the name of the program.
var daemonHelp = map[flavour]struct{ long, examples string }{
	asSupd: {`Starts the programs of a configuration file and keeps them running, in the foreground unless -d is given.
`, `  $ -c supervisord.conf        run in the foreground, Ctrl-C ends it
  $ -c supervisord.conf -d     run in the background; returns when it answers
  $ ctl status                 how the programs are doing
  $ check supervisord.conf     what is wrong with a file
  $ init -o supervisord.conf   a file to start from
  $ help ctl                   help for a command`},
	asSupervisord: {`Starts the programs of a configuration file and keeps them running, in the background unless -n or nodaemon=true
is given. This is supd under the name of supervisord; it takes supervisord's command line.
`, `  $ -c supervisord.conf        run in the background; returns when it answers
  $ -c supervisord.conf -n     run in the foreground, Ctrl-C ends it
  supervisorctl status                   how the programs are doing`},
}

const wherePart = `
Without -c the file is looked for where supervisord looks (../etc/supervisord.conf and ../supervisord.conf beside the
program, ./supervisord.conf, ./etc/supervisord.conf, /etc/supervisord.conf, /etc/supervisor/supervisord.conf), then where
supervisors in Go do (./supervisord.ini, ./supd.ini, ./etc/supd.ini, /etc/supd/supd.ini, and beside the program
../etc/supd/supd.ini and ../supd.ini). Options win over the file, the file over the defaults. Exit status: 0 after a
clean shutdown, 2 when something is wrong with the command line, the configuration, the sockets or the limits.`

// pathList is a flag that may be given several times. Its paths are absolute: the daemon may change its directory.
type pathList []string

func (l *pathList) String() string { return "" }
func (l *pathList) Type() string   { return "FILE" }

func (l *pathList) Set(v string) error {
	path, err := filepath.Abs(v)
	if err == nil {
		*l = append(*l, path)
	}
	return err
}

// onceString is a text flag that may be given only once.
type onceString struct {
	dst  *string
	flag string
	set  bool
}

func (o *onceString) String() string { return "" }
func (o *onceString) Type() string   { return "FILE" }

func (o *onceString) Set(v string) error {
	if o.set {
		return fmt.Errorf("conflicting command line option %s", o.flag)
	}
	*o.dst, o.set = v, true
	return nil
}

// completeLong spells out long flags that are given by a unique beginning, as supervisord's command line allows.
func completeLong(flags *pflag.FlagSet, args []string) ([]string, error) {
	out := make([]string, 0, len(args))
	for i, a := range args {
		if a == "--" || !strings.HasPrefix(a, "-") || a == "-" {
			// The value of a flag before, or the first positional argument: nothing after it is touched unless
			// it is a value.
			if i > 0 && takesValue(flags, out[len(out)-1]) {
				out = append(out, a)
				continue
			}
			return append(out, args[i:]...), nil
		}
		if !strings.HasPrefix(a, "--") || i > 0 && takesValue(flags, out[len(out)-1]) {
			out = append(out, a)
			continue
		}
		name, value, hasValue := strings.Cut(a[2:], "=")
		if flags.Lookup(name) == nil {
			var hits []string
			flags.VisitAll(func(f *pflag.Flag) {
				if strings.HasPrefix(f.Name, name) {
					hits = append(hits, f.Name)
				}
			})
			switch len(hits) {
			case 0:
			case 1:
				name = hits[0]
			default:
				return nil, fmt.Errorf("option --%s not a unique prefix (--%s)", name, strings.Join(hits, ", --"))
			}
		}
		a = "--" + name
		if hasValue {
			a += "=" + value
		}
		out = append(out, a)
	}
	return out, nil
}

// takesValue tells whether the next argument is the value of the flag arg.
func takesValue(flags *pflag.FlagSet, arg string) bool {
	var f *pflag.Flag
	switch {
	case strings.HasPrefix(arg, "--"):
		if strings.Contains(arg, "=") {
			return false
		}
		f = flags.Lookup(arg[2:])
	case strings.HasPrefix(arg, "-") && len(arg) > 1:
		// In a bundle of short switches only the last can wait for its value.
		for i := 1; i < len(arg); i++ {
			f = flags.ShorthandLookup(arg[i : i+1])
			if f == nil {
				return false
			}
			if f.NoOptDefVal == "" {
				return i == len(arg)-1
			}
		}
	}
	return f != nil && f.NoOptDefVal == ""
}

// runDaemon runs the daemon as the command line says and returns the exit status.
func runDaemon(f flavour, name string, args []string, stdout, stderr io.Writer) int {
	status := 0
	cmd, d := newDaemonCommand(f, name, func(d *daemonFlags) error {
		var err error
		status, err = daemonMain(f, d, args, stdout, stderr)
		return err
	})
	args, err := completeLong(cmd.Flags(), args)
	if err != nil {
		return fail(name, &usageError{err.Error()}, stderr)
	}
	if f == asSupd {
		for _, c := range subcommands {
			cmd.AddCommand(&cobra.Command{Use: c.name, Short: c.help, Run: func(*cobra.Command, []string) {}})
		}
	}
	if err := cmd.ParseFlags(args); err != nil {
		return fail(name, &usageError{err.Error()}, stderr)
	}
	switch {
	case d.help:
		cmd.SetOut(stdout)
		_ = cmd.Help()
		return 0
	case d.version:
		if f == asSupervisord {
			fmt.Fprintln(stdout, interfaceVersion)
		} else {
			fmt.Fprintln(stdout, version)
		}
		return 0
	}
	if rest := cmd.Flags().Args(); len(rest) > 0 {
		text := "positional arguments are not supported: " + strings.Join(rest, " ")
		if f == asSupd {
			text = unknownWord(name, rest[0])
		}
		return fail(name, &usageError{text}, stderr)
	}
	if err := cmd.RunE(cmd, nil); err != nil {
		return fail(name, err, stderr)
	}
	return status
}
