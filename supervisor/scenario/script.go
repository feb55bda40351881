package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gwaycc/supd/confload"
)

// A Script is the statements of a script in their order; those without a time come first.
type Script struct{ Statements []Statement }

// A Statement is one line of a script: a Command or a Behaviour.
type Statement struct {
	File string // as it was given
	Line int
	Text string // the line, words set one blank apart

	At        time.Duration // 0 when it says nothing about that
	Command   *Command      // nil: it is a Behaviour
	Behaviour *Behaviour
}

// A Command is something that is done from outside.
type Command struct {
	Verb   string // start, stop, restart, signal, kill, add, remove, reread, update, shutdown
	Who    string // a namespec, "GROUP:*", All, or of add and remove a group; "" nobody
	Signal syscall.Signal
	File   string // of reread and update: the configuration from now on, as it was given; "" the same
	Whole  bool   // of update: whole groups, as supervisorctl has it
}

// A Behaviour is how programs behave from some time on.
type Behaviour struct {
	Who  string // a namespec, "GROUP:*" or All
	Life int    // only in this one of its lives, counted from 1; 0: in all

	change func(*Fate)
}

// All stands for all programs.
const All = "all"

// Concerns tells whether who, a namespec, "GROUP:*" or All, has a program in it.
func Concerns(who, namespec string) bool {
	group, isGroup := strings.CutSuffix(who, ":*")
	g, _, _ := strings.Cut(namespec, ":")
	return who == All || who == namespec || isGroup && g == group
}

// Change changes the fate of a life, counted from 1, if the behaviour concerns it, and tells whether it does.
func (b *Behaviour) Change(f *Fate, namespec string, life int) bool {
	if !Concerns(b.Who, namespec) || b.Life != 0 && b.Life != life {
		return false
	}
	b.change(f)
	return true
}

// A form is one way to write a command or a behaviour. Words in capitals stand for values.
type form struct {
	words  string
	help   string
	change func(*Fate, *values) // nil: it is a command
}

// values are what stood in the place of the words in capitals.
type values struct {
	number   int
	duration time.Duration
	signal   syscall.Signal
	size     int64
	text     string
	who      string
}

var behaviours = []form{
	{"stays up", "it does not end by itself", func(f *Fate, _ *values) { f.Ends = false }},
	{"exits STATUS after DURATION", "it ends by itself", func(f *Fate, v *values) {
		f.Fails, f.Ends, f.Code, f.Signal, f.After = false, true, v.number, 0, v.duration
	}},
	{"dies of SIGNAL after DURATION", "a signal ends it that nobody has sent", func(f *Fate, v *values) {
		f.Fails, f.Ends, f.Code, f.Signal, f.After = false, true, -1, v.signal, v.duration
	}},
	{"fails to start", "there is no process", func(f *Fate, _ *values) { f.Fails = true }},
	{"can start", "there is a process, again", func(f *Fate, _ *values) { f.Fails = false }},
	{"starts after DURATION", "until there is a process", func(f *Fate, v *values) { f.Fails, f.Start = false, v.duration }},
	{"stops after DURATION", "from a signal that ends it to its end", func(f *Fate, v *values) {
		f.Stop, f.Ignores, f.Hangs = v.duration, nil, Never
	}},
	{"ignores SIGNAL", "that signal has no effect", func(f *Fate, v *values) { f.Ignores = append(slices.Clone(f.Ignores), v.signal) }},
	{"hangs after DURATION", "from then on it only ends by SIGKILL, and is neither ready nor healthy", func(f *Fate, v *values) { f.Hangs = v.duration }},
	{"ready after DURATION", "when it says that it is ready, or a check finds it so", func(f *Fate, v *values) { f.Ready = v.duration }},
	{"never ready", "it does not become ready", func(f *Fate, _ *values) { f.Ready = Never }},
	{"unhealthy after DURATION", "from then on its health checks fail", func(f *Fate, v *values) { f.Unhealthy = v.duration }},
	{"healthy", "its health checks succeed", func(f *Fate, _ *values) { f.Unhealthy, f.Hangs = Never, Never }},
	{"writes TEXT after DURATION", "a line on its standard output; text with blanks stands in quotes", func(f *Fate, v *values) {
		f.Says = append(slices.Clone(f.Says), Line{v.duration, v.text})
	}},
	{"uses SIZE", "so much memory, in bytes or as 300MB", func(f *Fate, v *values) { f.Memory = v.size }},
	{"HOOK fails", "pre_start_hook, post_start_hook, pre_stop_hook or post_stop_hook", func(f *Fate, v *values) {
		f.setChore(v.text, func(c *Chore) { c.Fails = true })
	}},
	{"HOOK succeeds", "the same", func(f *Fate, v *values) { f.setChore(v.text, func(c *Chore) { c.Fails = false }) }},
	{"HOOK takes DURATION", "the same", func(f *Fate, v *values) {
		f.setChore(v.text, func(c *Chore) { c.Takes = v.duration })
	}},
}

var commands = []form{
	{words: "start PROGRAMS", help: "as a client does it, waiting for the answer"},
	{words: "stop PROGRAMS", help: "the same"},
	{words: "restart PROGRAMS", help: "a stop, then a start"},
	{words: "signal SIGNAL PROGRAMS", help: "has supd send a signal"},
	{words: "kill PROGRAM", help: "SIGKILL from somebody else than supd"},
	{words: "reread", help: "the file of the configuration is read again"},
	{words: "reread FILE", help: "another file in its place, from now on"},
	{words: "update --supervisord", help: "reread; then stop, remove and add the groups that differ, as supervisorctl does"},
	{words: "update --supervisord FILE", help: "the same with another file"},
	{words: "update", help: "the configuration is read again, and the smallest change made that brings it into effect"},
	{words: "update FILE", help: "the same with another file"},
	{words: "add GROUP", help: "of the configuration read last"},
	{words: "remove GROUP", help: "one whose programs are down"},
	{words: "shutdown", help: "everything is stopped; the simulation ends with it"},
}

// Forms lists what can be written after PROGRAMS (behaviours) and after "at TIME" (commands), each with its help.
func Forms() (behaviour, command [][2]string) {
	for _, f := range behaviours {
		behaviour = append(behaviour, [2]string{f.words, f.help})
	}
	for _, f := range commands {
		command = append(command, [2]string{f.words, f.help})
	}
	return behaviour, command
}

// Parse reads a script. The error names each line that is wrong, with file as its file.
func Parse(file, text string) (*Script, error) {
	s := &Script{}
	var wrong []string
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		st, err := parseLine(line)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s:%d: %v", file, n, err))
			continue
		}
		st.File, st.Line, st.Text = file, n, strings.Join(strings.Fields(line), " ")
		s.Statements = append(s.Statements, *st)
	}
	if wrong != nil {
		return nil, fmt.Errorf("%s", strings.Join(wrong, "\n"))
	}
	slices.SortStableFunc(s.Statements, func(a, b Statement) int { return cmp.Compare(a.At, b.At) })
	return s, nil
}

func parseLine(line string) (*Statement, error) {
	words, err := confload.SplitCommand(line)
	if err != nil {
		return nil, err
	}
	st := &Statement{}
	timed := words[0] == "at"
	if timed {
		if len(words) < 3 {
			return nil, fmt.Errorf("'at' needs a time and what happens then, such as: at 10s stop web")
		}
		if st.At, err = parseDuration(words[1]); err != nil {
			return nil, err
		}
		words = words[2:]
	}
	if isVerb(words[0]) {
		if !timed {
			return nil, fmt.Errorf("a command needs a time: at 10s %s", line)
		}
		st.Command, err = parseCommand(words)
		return st, err
	}
	if _, err := parseDuration(words[0]); err == nil && !timed && len(words) > 1 {
		return nil, fmt.Errorf("'at' is missing before the time: at %s", line)
	}
	if len(words) < 2 || !beginsBehaviour(words[1]) {
		return nil, strange(words, timed)
	}
	st.Behaviour, err = parseBehaviour(words)
	return st, err
}

// strange is the error about a line that is neither a command, which has a time, nor about a program.
func strange(words []string, timed bool) error {
	var verbs []string
	for _, f := range commands {
		if verb, _, _ := strings.Cut(f.words, " "); !slices.Contains(verbs, verb) {
			verbs = append(verbs, verb)
		}
	}
	text := ""
	if timed {
		if near := confload.Nearest(words[0], verbs); near != "" {
			return fmt.Errorf("there is no command %q; did you mean %q?", words[0], near)
		}
		text = fmt.Sprintf("there is no command %q, only %s; and ", words[0], strings.Join(verbs, ", "))
	}
	if len(words) < 2 {
		return fmt.Errorf("%snothing is said of a program %q", text, words[0])
	}
	return fmt.Errorf("%s%q is nothing that can be said of a program, which is %s", text, words[1], quotedForms(behaviours))
}

func beginsBehaviour(word string) bool {
	return word == "life" || slices.Contains(hooks, word) || slices.ContainsFunc(behaviours, func(f form) bool {
		first, _, _ := strings.Cut(f.words, " ")
		return first == word
	})
}

func quotedForms(forms []form) string {
	var all []string
	for _, f := range forms {
		all = append(all, "'"+f.words+"'")
	}
	return strings.Join(all, ", ")
}

func isVerb(word string) bool {
	return slices.ContainsFunc(commands, func(f form) bool { return strings.Fields(f.words)[0] == word })
}

func parseCommand(words []string) (*Command, error) {
	f, v, err := match(commands, words, "commands")
	if err != nil {
		return nil, err
	}
	return &Command{Verb: words[0], Who: v.who, Signal: v.signal, File: v.text, Whole: strings.Contains(f.words, "--supervisord")}, nil
}

func parseBehaviour(words []string) (*Behaviour, error) {
	b := &Behaviour{Who: words[0]}
	words = words[1:]
	if len(words) >= 2 && words[0] == "life" {
		n, err := strconv.Atoi(words[1])
		if err != nil || n < 1 {
			return nil, fmt.Errorf("the lives of a program are numbered from 1, not %q", words[1])
		}
		b.Life, words = n, words[2:]
	}
	f, v, err := match(behaviours, words, "of a program")
	if err != nil {
		return nil, err
	}
	b.change = func(fate *Fate) { f.change(fate, v) }
	return b, nil
}

// match finds the form that words are written in.
func match(forms []form, words []string, what string) (*form, *values, error) {
	var because error
	for i := range forms {
		v, fits, err := forms[i].match(words)
		if fits && err == nil {
			return &forms[i], v, nil
		}
		if fits {
			because = err
		}
	}
	if because != nil {
		return nil, nil, because
	}
	if same := slices.DeleteFunc(slices.Clone(forms), func(f form) bool { return strings.Fields(f.words)[0] != words[0] }); len(same) > 0 {
		forms = same // of this verb
	}
	return nil, nil, fmt.Errorf("cannot make sense of '%s'; allowed %s: %s", strings.Join(words, " "), what, quotedForms(forms))
}

// match reads words. fits: they are of this form, but for an error in a value.
func (f *form) match(words []string) (v *values, fits bool, err error) {
	pattern := strings.Fields(f.words)
	if len(pattern) != len(words) {
		return nil, false, nil
	}
	for i, p := range pattern {
		if strings.ToUpper(p) != p && p != words[i] || p == "HOOK" && !slices.Contains(hooks, words[i]) {
			return nil, false, nil
		}
	}
	v = &values{}
	for i, p := range pattern {
		if err := v.take(p, words[i]); err != nil {
			return nil, true, err
		}
	}
	return v, true, nil
}

var hooks = []string{"pre_start_hook", "post_start_hook", "pre_stop_hook", "post_stop_hook"}

func (v *values) take(kind, word string) (err error) {
	switch kind {
	case "DURATION":
		v.duration, err = parseDuration(word)
	case "STATUS":
		if v.number, err = strconv.Atoi(word); err != nil || v.number < 0 || v.number > 255 {
			err = fmt.Errorf("an exit status is a number from 0 to 255, not %q", word)
		}
	case "SIGNAL":
		if v.signal, err = confload.ParseSignal(word); err != nil {
			err = fmt.Errorf("%q is no signal: %w", word, err)
		}
	case "SIZE":
		v.size, err = parseSize(word)
	case "TEXT", "HOOK", "FILE":
		v.text = word
	case "PROGRAM", "PROGRAMS", "GROUP":
		v.who = word
	}
	return err
}

func parseDuration(word string) (time.Duration, error) {
	d, err := time.ParseDuration(word)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no time; write 500ms, 10s, 1m30s or 2h", word)
	}
	return d, nil
}

func parseSize(word string) (int64, error) {
	number, factor := word, int64(1)
	for i, unit := range []string{"KB", "MB", "GB"} {
		if n, has := strings.CutSuffix(word, unit); has {
			number, factor = n, 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/factor {
		return 0, fmt.Errorf("%q is no size; write a number of bytes, or 300KB, 300MB or 2GB", word)
	}
	return n * factor, nil
}

// Check tells which statements name programs or groups that none of the configurations has.
func (s *Script) Check(configs ...*confload.Config) error {
	known, groups := map[string]bool{All: true}, map[string]bool{}
	for _, c := range configs {
		for i := range c.Groups {
			groups[c.Groups[i].Name], known[c.Groups[i].Name+":*"] = true, true
			for j := range c.Groups[i].Programs {
				known[c.Groups[i].Programs[j].NameSpec()] = true
			}
		}
	}
	names := make([]string, 0, len(known))
	for n := range known {
		names = append(names, n)
	}
	slices.Sort(names)
	var wrong []string
	for _, st := range s.Statements {
		who, ok := "", true
		switch c := st.Command; {
		case st.Behaviour != nil:
			who, ok = st.Behaviour.Who, known[st.Behaviour.Who]
		case c.Verb == "add" || c.Verb == "remove":
			who, ok = c.Who, groups[c.Who]
		case c.Who != "":
			who, ok = c.Who, known[c.Who]
		}
		if ok {
			continue
		}
		text := fmt.Sprintf("%s:%d: there is no program %q in the configuration", st.File, st.Line, who)
		if best := confload.Nearest(who, names); best != "" {
			text += "; did you mean " + best + "?"
		}
		wrong = append(wrong, text)
	}
	if wrong != nil {
		return fmt.Errorf("%s", strings.Join(wrong, "\n"))
	}
	return nil
}

// FateOf is the fate of a life, counted from 1: made up with a seed, then changed by the behaviours of the script up to a time.
func (s *Script) FateOf(seed uint64, namespec string, life int, now time.Duration) Fate {
	f := Made(seed, namespec, life)
	for i := range s.Statements {
		if st := &s.Statements[i]; st.Behaviour != nil && st.At <= now {
			st.Behaviour.Change(&f, namespec, life)
		}
	}
	return f
}
