package ctl

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gwaycc/supd/confload"
)

// completeTimeout is how long completion waits for the server before it does without names.
const completeTimeout = 3 * time.Second

// A candidate is a word that may stand where one is being typed.
type candidate struct{ word, help string }

// live asks the server for the names that completion offers, once until forget.
type live struct {
	session    *session
	programs   *[]programInfo
	environ    *[]string
	configured *[]configInfo
}

// forget makes the next completion ask again.
func (l *live) forget() { l.programs, l.configured, l.environ = nil, nil, nil }

// allPrograms are the programs in use; none when the server does not answer in time.
func (l *live) allPrograms() []programInfo {
	if l.programs == nil {
		l.programs = new([]programInfo)
		l.ask(l.programs, "getAllProcessInfo")
	}
	return *l.programs
}

// allConfigured are the programs of the configuration as it was last read.
func (l *live) allConfigured() []configInfo {
	if l.configured == nil {
		l.configured = new([]configInfo)
		l.ask(l.configured, "getAllConfigInfo")
	}
	return *l.configured
}

// variables are the names of the variables that programs inherit; none when the server does not tell.
func (l *live) variables() []string {
	if l.environ == nil {
		l.environ = new([]string)
		l.ask(l.environ, "supd.listEnv")
	}
	return *l.environ
}

func (l *live) ask(reply any, method string) {
	ctx, stop := context.WithTimeout(context.Background(), completeTimeout)
	defer stop()
	_ = l.session.client.call(ctx, reply, method) // names are a convenience: without them the rest is still completed
}

// complete returns what may stand for the word that is typed as word behind the words before it, the first of which
// is the verb.
func (l *live) complete(before []string, word string) []candidate {
	var all []candidate
	switch {
	case len(before) == 0:
		all = verbCandidates()
	case findVerb(before[0]) != nil:
		all = l.completeArg(findVerb(before[0]), before[1:], word)
	}
	return slices.DeleteFunc(all, func(c candidate) bool { return !strings.HasPrefix(c.word, word) })
}

func verbCandidates() []candidate {
	var all []candidate
	for _, v := range verbs() {
		all = append(all, candidate{v.name, v.short})
	}
	return all
}

// completeArg returns what may stand behind a verb and its arguments.
func (l *live) completeArg(v *verb, args []string, word string) []candidate {
	if v.exact && slices.Contains(args, "--") {
		return nil // a command line of its own
	}
	flags := v.allFlags()
	if len(args) > 0 && v.json != nil && slices.Contains([]string{"-o", "--output"}, args[len(args)-1]) {
		return []candidate{{"json", "for a machine"}, {"text", "for people"}}
	}
	if values, ok := flagValues(v.flags, args); ok {
		return values
	}
	if strings.HasPrefix(word, "-") {
		var all []candidate
		for _, f := range flags {
			for name := range strings.SplitSeq(f.usage, ", ") {
				name, _, _ = strings.Cut(name, " ")
				all = append(all, candidate{name, f.does})
			}
		}
		return all
	}
	given := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return strings.HasPrefix(a, "-") })
	var all []candidate
	switch v.words {
	case wordsVerbs:
		if len(given) == 0 {
			all = verbCandidates()
		}
	case wordsGroups:
		for _, g := range groupsOf(l.allPrograms()) {
			all = append(all, candidate{g, ""})
		}
	case wordsNewGroups:
		for _, c := range l.allConfigured() {
			if !c.InUse {
				all = append(all, candidate{c.Group, ""})
			}
		}
	case wordsPrograms:
		all = l.programNames(word, true)
	case wordsEach:
		all = l.programNames(word, false)
	case wordsVariable:
		if len(given) == 0 {
			for _, name := range l.variables() {
				all = append(all, candidate{name, ""})
			}
		}
	case wordsProgram:
		if len(given) == 0 {
			all = l.programNames(word, false)
		}
	case wordsLogs:
		all = l.programNames(word, true)
		if len(args) == 0 {
			all = append(all, candidate{reopenWord, "make the server open all log files anew"})
		}
	case wordsLog:
		switch len(given) {
		case 0:
			all = l.programNames(word, false)
		case 1:
			all = []candidate{{"stdout", "its output"}, {"stderr", "its error output"}}
		}
	case wordsSignalled:
		if len(given) > 0 {
			all = l.programNames(word, true)
			break
		}
		for _, s := range signalNames {
			all = append(all, candidate{s, ""})
		}
	}
	var out []candidate
	for _, c := range all {
		known := func(o candidate) bool { return o.word == c.word }
		if !slices.Contains(given, c.word) && !slices.ContainsFunc(out, known) {
			out = append(out, c)
		}
	}
	return out
}

// flagValues tells whether the last of args is a flag that takes a value, and returns the values it may have if those are
// known.
func flagValues(flags []form, args []string) (values []candidate, ok bool) {
	if len(args) == 0 {
		return nil, false
	}
	for _, f := range flags {
		names, value, takes := f.usage, "", false
		if i := strings.LastIndexByte(f.usage, ' '); i > 0 && !strings.HasPrefix(f.usage[i+1:], "-") {
			names, value, takes = f.usage[:i], f.usage[i+1:], true
		}
		if !takes || !slices.Contains(strings.Split(names, ", "), args[len(args)-1]) {
			continue
		}
		switch {
		case strings.Contains(value, "|"):
			for v := range strings.SplitSeq(value, "|") {
				values = append(values, candidate{v, ""})
			}
		case f.usage == settingUsage:
			values = settingCandidates()
		}
		return values, true
	}
	return nil, false
}

// settingUsage is the flag that takes an option of a program.
const settingUsage = "--option NAME=VALUE"

// settingCandidates are the options of programs as that flag takes them.
func settingCandidates() []candidate {
	var all []candidate
	for _, o := range confload.Table() {
		if o.Kind == "program" && o.Name != "command" {
			all = append(all, candidate{o.Name + "=", o.Help})
		}
	}
	return all
}

// programNames are the programs as a user types them: a program of a group of its own without the group unless a colon
// was typed, any other with it. Where several are taken there are GROUP:* and "all", too.
func (l *live) programNames(word string, several bool) []candidate {
	var all []candidate
	for _, p := range l.allPrograms() {
		if p.Name == p.Group && !strings.Contains(word, ":") {
			all = append(all, candidate{p.Name, p.StateName})
			continue
		}
		all = append(all, candidate{p.Group + ":" + p.Name, p.StateName})
		if several {
			all = append(all, candidate{p.Group + ":*", "the whole group"})
		}
	}
	if several && len(all) > 0 {
		all = append(all, candidate{"all", "everything"})
	}
	return all
}

// allFlags are the flags that may stand behind the verb.
func (v *verb) allFlags() []form {
	flags := slices.Clone(v.flags)
	if v.json != nil {
		flags = append(flags, form{"-o, --output FORMAT", "how to print: text or json"})
	}
	return flags
}

// completeLine completes a line of the shell at the cursor, which is before the rune pos.
func (l *live) completeLine(line string, pos int) (head string, words []string, tail string) {
	runes := []rune(line)
	head, tail = string(runes[:pos]), string(runes[pos:])
	word := head[strings.LastIndexByte(head, ' ')+1:]
	head = strings.TrimSuffix(head, word)
	for _, c := range l.complete(strings.Fields(head), word) {
		if !strings.HasPrefix(tail, " ") {
			c.word += " "
		}
		words = append(words, c.word)
	}
	return head, words, tail
}

// completeArgs completes the arguments of a verb for the shells of the operating system.
func (o *options) completeArgs(v *verb) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		t, err := o.target()
		if err != nil {
			t.url = "" // the words that need no server are completed all the same
		}
		names := &live{session: &session{env: o.env, client: o.connect(t)}}
		defer names.session.hangUp()
		var all []string
		for _, c := range names.complete(append([]string{v.name}, args...), word) {
			all = append(all, cobra.CompletionWithDesc(c.word, c.help))
		}
		how := cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
		switch {
		case v.exact && slices.Contains(args, "--"):
			how = cobra.ShellCompDirectiveDefault
		case len(all) > 0 && strings.Contains(all[0], "=\t"):
			how |= cobra.ShellCompDirectiveNoSpace
		}
		return all, how
	}
}

// completeFlags completes the values of the global flags, where they are no files.
func (o *options) completeFlags(root *cobra.Command) {
	formats := cobra.FixedCompletions([]string{"json", "text"}, cobra.ShellCompDirectiveNoFileComp)
	for name, f := range map[string]cobra.CompletionFunc{
		"serverurl": cobra.NoFileCompletions,
		"username":  cobra.NoFileCompletions,
		"password":  cobra.NoFileCompletions,
		"output":    formats,
	} {
		_ = root.RegisterFlagCompletionFunc(name, f)
	}
}

// signalNames are signals that people send.
var signalNames = []string{"HUP", "INT", "QUIT", "KILL", "USR1", "USR2", "ALRM", "TERM", "CONT", "STOP", "WINCH"}
