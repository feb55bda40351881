package ctl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Run is the whole client: it runs the command line args, without the program's name, and returns the exit status.
// Ctrl-C gives up waiting for the server.
func Run(env Env, args []string) int {
	env = env.complete()
	cmd := command(&options{env: env, interrupts: []os.Signal{os.Interrupt}})
	args, err := completeLong(cmd.Flags(), args)
	if err == nil {
		cmd.SetArgs(args)
		err = cmd.ExecuteContext(context.Background())
	}
	var exit *ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintf(env.Stderr, "Error: %v\nFor help, use %s -h\n", flagError(err), env.Name)
	}
	return ExitStatus(err)
}

// Command returns the client as a command tree. Executing it prints everything but errors about flags, and returns an
// error that ExitStatus translates. The context it is executed with ends waiting for the server.
//
// It may be added to another command if the root of that tree has TraverseChildren set: only then do flags behind the
// command word stay with the command.
func Command(env Env) *cobra.Command {
	return command(&options{env: env.complete()})
}

func command(o *options) *cobra.Command {
	env := o.env
	name, _, _ := strings.Cut(env.Name, " ")
	root := &cobra.Command{
		Use:   "ctl [flags] [command [arguments]]",
		Short: "look at and steer a running supd or supervisord",
		Long: `Sends one command to a running supd or supervisord and prints the answer. The words of the command are joined
with blanks, so a command may also be one argument. Flags stand before the command. Without a command a shell is opened,
which reads commands until Ctrl-D.

The server is looked for in this order: -s; serverurl= in [supervisorctl] of the configuration file; the servers that
the file itself configures, unix sockets first, with their credentials; http://localhost:9001, or http://localhost:9002
when the file is a supd.ini. Without -c the file is looked for where the server looks for it.`,
		Example: expand(`$                                     a shell
$ status                              how all programs are
$ restart web:*                       stop and start a group
$ -c /etc/supervisord.conf update     bring a changed file into effect
$ -s unix:///run/supd.sock status     talk to this server
$ -o json status                      for a machine`, env.Name),
		Annotations:       map[string]string{cobra.CommandDisplayNameAnnotation: env.Name},
		SilenceErrors:     true,
		SilenceUsage:      true,
		TraverseChildren:  true,
		Args:              cobra.ArbitraryArgs,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.help {
				return cmd.Help()
			}
			if len(args) == 0 {
				return o.shell(cmd.Context())
			}
			return o.run(cmd.Context(), func(s *session) { s.run(strings.Join(args, " ")) })
		},
	}
	if name == env.Name {
		root.Use = strings.Replace(root.Use, "ctl", name, 1)
	}
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	o.define(root.Flags())
	o.completeFlags(root)
	for _, v := range verbs() {
		child := v.command(root, o)
		root.AddCommand(child)
		if v == &verbHelp {
			root.SetHelpCommand(child)
		}
	}
	return root
}

// command returns the verb as a command of root. Its flags are not parsed: they are arguments of the verb.
func (v *verb) command(root *cobra.Command, o *options) *cobra.Command {
	return &cobra.Command{
		Use:                   v.forms[0].usage,
		Short:                 v.short,
		Long:                  v.long(),
		Example:               expand(v.example, o.env.Name),
		Args:                  cobra.ArbitraryArgs,
		DisableFlagParsing:    true,
		DisableFlagsInUseLine: true,
		SilenceErrors:         true,
		SilenceUsage:          true,
		ValidArgsFunction:     o.completeArgs(v),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case !cmd.Root().TraverseChildren:
				return errors.New("internal error: the root of the command tree lacks TraverseChildren")
			case o.help:
				return root.Help()
			case len(args) == 1 && (args[0] == "--help" || args[0] == "-h"):
				return cmd.Help()
			}
			if v.exact {
				return o.run(cmd.Context(), func(s *session) { s.runWords(v, args) })
			}
			if slices.Contains(args, "--json") && !o.env.isOriginal() {
				return errors.New("option --json not recognized; use -o json")
			}
			if a := o.misplaced(v, args); a != "" {
				return fmt.Errorf("%s stands before the command: %s %s … %s", a, o.env.Name, a, v.name)
			}
			return o.run(cmd.Context(), func(s *session) { s.runLine(v, " "+strings.Join(args, " ")) })
		},
	}
}

// misplaced returns a flag of the client among the arguments of a verb, "" for none: it would be taken for a program, and
// the command be sent to another server than was meant. supervisorctl does that, and so does its name.
func (o *options) misplaced(v *verb, args []string) string {
	if o.env.isOriginal() {
		return ""
	}
	for _, a := range args {
		for _, f := range []string{"-c", "--configuration", "-s", "--serverurl", "-u", "--username", "-p", "-P", "--password",
			"-v", "--verbose"} {
			name, _, _ := strings.Cut(a, "=")
			if name == f && !slices.ContainsFunc(v.flags, func(own form) bool { return strings.HasPrefix(own.usage, f) }) {
				return f
			}
		}
	}
	return ""
}

// long is the text of --help.
func (v *verb) long() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s.\n\n", strings.ToUpper(v.short[:1]), v.short[1:])
	for _, f := range v.forms {
		fmt.Fprintf(&b, "  %-28s %s\n", f.usage, f.does)
	}
	for _, f := range v.flags {
		fmt.Fprintf(&b, "  %-28s %s\n", f.usage, f.does)
	}
	if v.notes != "" {
		b.WriteString("\n" + v.notes)
	}
	return strings.TrimRight(b.String(), "\n")
}

// expand indents the lines of an example and puts in the name of the client for "$ ".
func expand(example, name string) string {
	var lines []string
	for l := range strings.Lines(example) {
		lines = append(lines, "  "+strings.ReplaceAll(strings.TrimRight(l, "\n"), "$ ", name+" "))
	}
	return strings.Join(lines, "\n")
}

// flagError says what is wrong with the flags in the words of supervisorctl.
func flagError(err error) string {
	var missing *pflag.NotExistError
	var value *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &missing):
		if s := missing.GetSpecifiedShortnames(); s != "" {
			return fmt.Sprintf("option -%c not recognized", s[0])
		}
		return fmt.Sprintf("option --%s not recognized", missing.GetSpecifiedName())
	case errors.As(err, &value):
		if value.GetSpecifiedShortnames() != "" {
			return fmt.Sprintf("option -%s requires argument", value.GetSpecifiedName())
		}
		return fmt.Sprintf("option --%s requires argument", value.GetSpecifiedName())
	case errors.As(err, &invalid):
		if invalid.GetFlag().NoOptDefVal != "" {
			return fmt.Sprintf("option --%s must not have an argument", invalid.GetFlag().Name)
		}
		return fmt.Sprintf("invalid value for %s '%s': %v", flagName(invalid.GetFlag()), invalid.GetValue(), invalid.Unwrap())
	}
	return err.Error()
}

// flagName is how a flag is given shortest.
func flagName(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand
	}
	return "--" + f.Name
}
