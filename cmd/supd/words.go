package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/ctl"
)

// unknownWord says what was probably meant by a word that is no subcommand: a command of the client, a configuration
// file, or a mistyped subcommand.
func unknownWord(name, word string) string {
	text := fmt.Sprintf("there is no command %q", word)
	var verbs, ours []string
	for _, c := range ctl.Command(ctl.Env{Name: name}).Commands() {
		verbs = append(verbs, c.Name())
	}
	for _, c := range subcommands {
		ours = append(ours, c.name)
	}
	switch {
	case slices.Contains(verbs, word):
		return fmt.Sprintf("%s; the client has one: %s ctl %s", text, name, word)
	case isFile(word):
		return fmt.Sprintf("%s; to run the configuration file of that name: %s -c %s", text, name, word)
	case strings.Contains(word, "/") || slices.Contains([]string{".conf", ".ini"}, filepath.Ext(word)):
		return fmt.Sprintf("%s, and no file of that name; to run a configuration file: %s -c FILE", text, name)
	}
	if best := confload.Nearest(word, ours); best != "" {
		return fmt.Sprintf("%s; did you mean %s %s?", text, name, best)
	}
	if best := confload.Nearest(word, verbs); best != "" {
		return fmt.Sprintf("%s; did you mean %s ctl %s?", text, name, best)
	}
	return text
}

func isFile(path string) bool {
	st, err := os.Stat(path)
	return err == nil && !st.IsDir()
}

// runHelp shows the help of supd or of one subcommand.
func runHelp(name string, args []string, stdout, stderr io.Writer) int {
	supd := strings.TrimSuffix(name, " help")
	if len(args) == 0 || args[0] == "-h" || args[0] == "--help" {
		return runDaemon(asSupd, supd, []string{"--help"}, stdout, stderr)
	}
	c := findSubcommand(args[0])
	switch {
	case c == nil:
		return fail(supd, &usageError{unknownWord(supd, args[0])}, stderr)
	case c.name == "help":
		return runHelp(name, nil, stdout, stderr)
	}
	return c.run(supd+" "+c.name, []string{"--help"}, stdout, stderr)
}

// newTool makes the command of a subcommand, called as name. args is what follows its flags, for its usage line.
func newTool(name, args, long, examples string) *cobra.Command {
	cmd := &cobra.Command{
		Use:                   strings.TrimSpace(name[strings.LastIndexByte(name, ' ')+1:] + " [flags] " + args),
		Annotations:           map[string]string{cobra.CommandDisplayNameAnnotation: name},
		Long:                  long,
		Example:               examples,
		DisableFlagsInUseLine: true,
		SilenceErrors:         true,
		SilenceUsage:          true,
		CompletionOptions:     cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	cmd.Flags().SortFlags = false
	return cmd
}

// executeTool runs the command of a subcommand. do gets what follows the flags and returns the exit status; its error is
// printed, and so is one about the command line.
func executeTool(cmd *cobra.Command, name string, args []string, stdout, stderr io.Writer, do func([]string) (int, error)) int {
	status := 0
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	cmd.SetArgs(args)
	ran := false
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		ran = true
		var err error
		status, err = do(args)
		return err
	}
	err := cmd.Execute()
	switch {
	case err != nil && !ran:
		return fail(name, &usageError{err.Error()}, stderr)
	case err != nil:
		return fail(name, err, stderr)
	}
	return status
}

// outputFlag is the flag -o of commands that print for people or for machines.
type outputFlag struct{ json bool }

func (o *outputFlag) String() string {
	if o.json {
		return "json"
	}
	return "text"
}
func (o *outputFlag) Type() string { return "FORMAT" }

func (o *outputFlag) Set(v string) error {
	switch v {
	case "text", "json":
		o.json = v == "json"
		return nil
	}
	return fmt.Errorf("the format must be text or json, not %q", v)
}
