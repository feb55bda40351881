package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gwaycc/supd/ctl"
)

// bashCompletion asks supd what may stand at the cursor, in the protocol of cobra that the scripts for zsh and fish
// speak as well: a word on each line, then a colon and how to treat them. It needs no package beside bash: bash ends
// words at colons, so the line is taken apart here and what stands before the last colon is not repeated.
const bashCompletion = `# bash completion for supd
_supd() {
	local line=${COMP_LINE:0:COMP_POINT} words word answer directive candidate before
	read -ra words <<<"$line"
	word=
	if [[ $line != *[[:space:]] ]]; then
		word=${words[${#words[@]}-1]}
		unset "words[${#words[@]}-1]"
	fi
	answer=$("${words[0]/#\~\//$HOME/}" __completeNoDesc "${words[@]:1}" "$word" 2>/dev/null) || return
	directive=${answer##*:}
	answer=${answer%:*}
	before=
	if [[ $COMP_WORDBREAKS == *:* && $word == *:* ]]; then
		before=${word%:*}:
	fi
	COMPREPLY=()
	while IFS= read -r candidate; do
		[[ -n $candidate && $candidate == "$word"* ]] && COMPREPLY+=("${candidate#"$before"}")
	done <<<"$answer"
	if (( directive & 2 )); then
		compopt -o nospace
	fi
	if (( ${#COMPREPLY[@]} == 0 && ! (directive & 4) )); then
		compopt -o default
	fi
}
complete -o nosort -F _supd supd 2>/dev/null || complete -F _supd supd
`

// runCompletion prints the script that teaches a shell to complete supd's command lines.
func runCompletion(name string, args []string, stdout, stderr io.Writer) int {
	root := completionTree(stdout)
	scripts := map[string]func() error{
		"bash": func() error { _, err := io.WriteString(stdout, bashCompletion); return err },
		"zsh":  func() error { return root.GenZshCompletion(stdout) },
		"fish": func() error { return root.GenFishCompletion(stdout, true) },
	}
	if len(args) == 1 && (args[0] == "-h" || args[0] == "--help") {
		fmt.Fprintf(stdout, `Prints a script that completes the command lines of supd in a shell, with the names of the programs of the server
that the command line would talk to.

Usage: %[1]s bash|zsh|fish

  bash   %[1]s bash > /etc/bash_completion.d/supd      or, for you: source <(%[1]s bash)
  zsh    %[1]s zsh > "${fpath[1]}/_supd"
  fish   %[1]s fish > ~/.config/fish/completions/supd.fish
`, name)
		return 0
	}
	if len(args) != 1 || scripts[args[0]] == nil {
		fmt.Fprintf(stderr, "Error: %s needs the name of a shell: bash, zsh or fish\nFor help, use %s -h\n", name, name)
		return exitUsage
	}
	if err := scripts[args[0]](); err != nil {
		return fail(name, fmt.Errorf("cannot print the script: %w", err), stderr)
	}
	return 0
}

// isCompletion tells whether the command line is a question of a completion script.
func isCompletion(args []string) bool {
	return len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
}

// complete answers a completion script.
func complete(args []string, stdout, stderr io.Writer) int {
	root := completionTree(stdout)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetArgs(args)
	if err := root.Execute(); err != nil {
		return exitUsage
	}
	return 0
}

// completionTree is all of supd's command lines as one tree of commands, for completion only.
func completionTree(stdout io.Writer) *cobra.Command {
	root, _ := newDaemonCommand(asSupd, "supd", func(*daemonFlags) error { return nil })
	root.TraverseChildren = true
	for _, c := range subcommands {
		child := &cobra.Command{Use: c.name, Short: c.help, Run: func(*cobra.Command, []string) {}}
		switch c.name {
		case "ctl":
			child = ctl.Command(ctl.Env{Name: "supd ctl", Stdout: stdout, Getenv: os.Getenv})
		case "completion":
			child.ValidArgsFunction = cobra.FixedCompletions([]string{"bash", "zsh", "fish"}, cobra.ShellCompDirectiveNoFileComp)
		}
		root.AddCommand(child)
	}
	tolerate(root)
	return root
}

// tolerate makes flags that may be given once, or only with some values, take anything: the completion reads a command
// line more than once, and one that is being typed may be wrong.
func tolerate(c *cobra.Command) {
	c.Flags().VisitAll(func(f *pflag.Flag) { f.Value = tolerant{f.Value} })
	for _, child := range c.Commands() {
		tolerate(child)
	}
}

// tolerant is a flag whose value may be anything.
type tolerant struct{ pflag.Value }

func (t tolerant) Set(v string) error {
	_ = t.Value.Set(v)
	return nil
}
