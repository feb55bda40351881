package confload

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// A Run is a program that a client has asked for. It is read as a section [program:NAME] of the files would be; errors
// name RunSource in the place of a file.
type Run struct {
	Name    string   // letters, digits and _ . - only
	Group   string   // the group it makes, "" for one with its own name
	Command []string // program and arguments, as they are
	Options []string // "NAME=VALUE" for any option of [program:x] but command, as in a file
	// File is where the section is to be written, absolute; "" nowhere. %(here)s is its directory, else that of the main file.
	File string
}

// Mode is that of the file: one with options that may hold a secret is nobody else's to read.
func (r *Run) Mode() os.FileMode {
	for _, o := range r.Options {
		name, _, _ := strings.Cut(o, "=")
		switch name = strings.ToLower(strings.TrimSpace(name)); {
		case name == "environment", name == "liveness_check_script", name == "ready", strings.HasSuffix(name, "_hook"):
			return 0o600
		}
	}
	return 0o644
}

// RunSource stands for a file in messages about a Run.
const RunSource = "run"

// runMark begins the first line of a file that a Run was written to.
const runMark = "; written by supd ctl run"

// section is the name of the section a Run is.
func (r *Run) section() string { return "program:" + r.Name }

// GroupName is the name of the group it makes.
func (r *Run) GroupName() string {
	if r.Group != "" {
		return r.Group
	}
	return r.Name
}

// NameSpec is how clients name the program, when it is one process.
func (r *Run) NameSpec() string { return NameSpec(r.GroupName(), r.Name) }

// addRuns reads the programs of Options.Runs into the document.
func (l *loader) addRuns() {
	for i := range l.opts.Runs {
		l.addRun(&l.opts.Runs[i])
	}
}

func (l *loader) addRun(r *Run) {
	fail := func(option, format string, args ...any) {
		l.fail(&Error{File: RunSource, Section: r.section(), Option: option, Text: fmt.Sprintf(format, args...)})
	}
	for _, name := range []string{r.Name, r.GroupName()} {
		if !isRunName(name) {
			fail("", "not a valid name: %s (allowed: letters, digits and any of _ . - behind a first letter or digit; not all)",
				quoted(name))
			return
		}
		if sec := l.taken(name); sec != nil {
			l.fail(&Error{File: sec.at.file, Line: sec.at.line, Section: sec.name, Text: fmt.Sprintf("the name %s is taken by [%s]; "+
				"a program for supd ctl run needs one of its own (supd ctl rm ends one that was run)", name, sec.name)})
			return
		}
	}
	command, err := JoinCommand(r.Command)
	if err != nil {
		fail("command", "%s; give the program and its arguments behind --", err)
		return
	}
	at := place{file: RunSource}
	sec := l.doc.open(r.section(), at)
	if r.Group != "" {
		l.doc.open("group:"+r.Group, at).set("programs", r.Name, at)
	}
	sec.set("command", strings.ReplaceAll(command, "%", "%%"), at)
	for _, o := range r.Options {
		name, value, ok := strings.Cut(o, "=")
		name = strings.ToLower(strings.TrimFunc(name, isSpace))
		switch kind := findKind(sec.name); {
		case !ok:
			fail("", "an option is given as NAME=VALUE, not %s", quoted(shorten(name)))
		case name == "command":
			fail(name, "the command stands behind --, it is not given as an option")
		case !kind.knows(name):
			fail(name, "unknown option %s%s", quoted(name), nearestHint(name, kind.names()))
		case sec.keys[name] != nil:
			fail(name, "the option %s is given twice", quoted(name))
		default:
			sec.set(name, strings.TrimFunc(value, isSpace), at)
		}
	}
}

// taken returns the section that makes a program or group of a name, nil when there is none.
func (l *loader) taken(name string) *section {
	for _, sec := range l.doc.order {
		kind := kindOf(sec.name)
		if _, program := programKinds[kind]; (program || kind == "group") && sectionName(sec.name) == name {
			return sec
		}
	}
	return nil
}

// isRunName tells whether a Run may have the name: what is neither a pattern nor a list nor a path to anybody, and can be
// the name of a file.
func isRunName(name string) bool {
	for i, c := range name {
		letter := unicode.IsLetter(c) || unicode.IsDigit(c)
		if !letter && (i == 0 || !strings.ContainsRune("_.-", c)) {
			return false
		}
	}
	return name != "" && name != "all"
}

// here is what %(here)s stands for in an entry of a section.
func (l *loader) here(sec *section, e *entry) string {
	if e.at.file != RunSource {
		return filepath.Dir(e.at.file)
	}
	for i := range l.opts.Runs {
		if r := &l.opts.Runs[i]; r.section() == sec.name && r.File != "" {
			return filepath.Dir(r.File)
		}
	}
	return filepath.Dir(l.config.Path)
}

// Text returns the Run as the text of a configuration file. The error says what a file cannot hold.
func (r *Run) Text() (string, error) {
	l := newLoader(Options{Environ: []string{}, Runs: []Run{*r}})
	l.addRuns()
	if err := l.err(); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s; supd ctl rm %s deletes this file\n", runMark, r.NameSpec())
	for _, sec := range l.doc.order {
		fmt.Fprintf(&b, "[%s]\n", sec.name)
		for _, e := range sec.order {
			fmt.Fprintf(&b, "%s = %s\n", e.name, strings.ReplaceAll(e.value(), "\n", "\n    "))
		}
	}
	back := newDocument()
	readFile(back, &report{}, RunSource, []byte(b.String()))
	for _, sec := range l.doc.order {
		for _, e := range sec.order {
			again := back.sections[sec.name]
			if again == nil || again.keys[e.name] == nil || again.keys[e.name].value() != e.value() {
				return "", &Error{File: RunSource, Section: sec.name, Option: e.name,
					Text: "the value of " + e.name + " cannot stand in a file, which has no way to write it; leave out --save"}
			}
		}
	}
	return b.String(), nil
}

// PlaceFor returns the path of a file for a program of that name which [include] files would read: NAME.ini, else NAME.conf,
// in the directory of the first pattern that takes one of them. The error says what to put into the main file.
func (c *Config) PlaceFor(name string) (string, error) {
	for _, pattern := range c.Includes {
		dir, last := filepath.Split(pattern)
		if strings.ContainsAny(dir, "*?[") {
			continue // it could be any of several
		}
		for _, file := range []string{name + ".ini", name + ".conf"} {
			if matchPart(last, file) {
				return filepath.Join(dir, file), nil
			}
		}
	}
	return "", fmt.Errorf("%s includes no file called %s.ini or %s.conf; add to it, and make the directory:\n"+
		"[include]\nfiles = conf.d/*.ini", c.Path, name, name)
}

// WrittenRun tells whether Text has made the file at path, and no other section than program, "program:NAME", and its group
// was put into it since.
func WrittenRun(path, program string) bool {
	data, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(data), runMark) {
		return false
	}
	doc := newDocument()
	readFile(doc, &report{}, path, data)
	return !slices.ContainsFunc(doc.order, func(s *section) bool { return s.name != program && kindOf(s.name) != "group" })
}

// JoinCommand writes words so that SplitCommand finds the same ones, and so that a configuration file can hold them: a
// comment would begin at a ; or # behind white space, also inside quotes. The error is that there is no first word, or a
// zero byte.
func JoinCommand(words []string) (string, error) {
	if len(words) == 0 || words[0] == "" {
		return "", fmt.Errorf("there is no command")
	}
	out := make([]string, len(words))
	for i, w := range words {
		if strings.ContainsRune(w, 0) {
			return "", fmt.Errorf("the command contains a zero byte")
		}
		out[i] = quoteWord(w)
	}
	return strings.Join(out, " "), nil
}

// wordQuoter closes the single quotes around a word before what they cannot or should not hold, and opens them again.
var wordQuoter = strings.NewReplacer("'", `'"'"'`, ";", "'';", "#", "''#", "\n", "''\n''")

// quoteWord writes one word.
func quoteWord(w string) string {
	plain := func(c rune) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("_@%+=:,./-", c)
	}
	if w != "" && strings.IndexFunc(w, func(c rune) bool { return !plain(c) }) < 0 {
		return w
	}
	return "'" + wordQuoter.Replace(w) + "'"
}
