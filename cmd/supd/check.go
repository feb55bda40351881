package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/gwaycc/supd/confload"
)

// exitStrict is the exit status of a check that found no more than warnings, with --strict.
const exitStrict = 1

// checkFlags is what the command line of a check says.
type checkFlags struct {
	file     string
	strict   bool
	print    bool
	against  string
	output   outputFlag
	envFiles pathList
}

// A problem is one thing a check found.
type problem struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Level   string `json:"level"` // error, warning or note
	Section string `json:"section,omitempty"`
	Option  string `json:"option,omitempty"`
	Text    string `json:"text"`
}

// A usedOption is an option of the file and how supervisord stands to it.
type usedOption struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Section  string `json:"section"`
	Option   string `json:"option"`
	Standing string `json:"standing"`
	Note     string `json:"note,omitempty"`
}

// checkReport is what "supd check -o json" prints.
type checkReport struct {
	File          string       `json:"file"`
	OK            bool         `json:"ok"`
	Errors        int          `json:"errors"`
	Warnings      int          `json:"warnings"`
	Problems      []problem    `json:"problems"`
	Options       []usedOption `json:"options,omitempty"`       // with --against
	Configuration string       `json:"configuration,omitempty"` // with --print
}

// runCheck checks a configuration file.
func runCheck(name string, args []string, stdout, stderr io.Writer) int {
	var f checkFlags
	cmd := newTool(name, "[FILE]", `Reads a configuration file with all it includes, as the daemon and the client would, and prints everything that is
wrong with it as FILE:LINE: error: … or FILE:LINE: warning: …, and as note: … what may be meant. Nothing is started or
changed. Without FILE it is looked for where the daemon looks.

Exit status: 0 the file can be used; 1 there are warnings, with --strict; 2 there are errors.`,
		"  "+name+" supervisord.conf                         what is wrong\n"+
			"  "+name+" --print supervisord.conf                 what is in force, and where it is said\n"+
			"  "+name+" --against supervisord supervisord.conf   what supervisord would make of it")
	fl := cmd.Flags()
	fl.VarP(&onceString{dst: &f.file, flag: "-c/--configuration"}, "configuration", "c", "the file, instead of as an argument")
	fl.BoolVar(&f.strict, "strict", false, "exit with status 1 when there are warnings")
	fl.BoolVar(&f.print, "print", false, "print what is in force: includes put in, names expanded, each value with its place; passwords are masked")
	fl.StringVar(&f.against, "against", "", "print how `PROGRAM` stands to each option used; the only one is supervisord")
	fl.VarP(&f.output, "output", "o", "text or json")
	fl.Var(&f.envFiles, "env-file", "add the variables of this file to the environment, as the daemon would")
	return executeTool(cmd, name, args, stdout, stderr, func(rest []string) (int, error) { return f.run(name, rest, stdout, stderr) })
}

func (f *checkFlags) run(name string, rest []string, stdout, stderr io.Writer) (int, error) {
	switch {
	case len(rest) > 1 || len(rest) == 1 && f.file != "":
		return exitUsage, &usageError{fmt.Sprintf("%s checks one file at a time; name the others in [include] files, or check them one by one", name)}
	case f.against != "" && f.against != "supervisord":
		return exitUsage, &usageError{fmt.Sprintf("--against knows supervisord, not %q", f.against)}
	case len(rest) == 1:
		f.file = rest[0]
	}
	if f.file == "" {
		found, err := findConfig()
		if err != nil {
			return exitUsage, err
		}
		f.file = found
	}
	c, err := confload.Check(f.file, confload.Options{EnvFiles: f.envFiles})
	if err != nil {
		return exitUsage, err
	}
	r := newCheckReport(c)
	if f.against != "" {
		r.Options = usedOptions(c)
	}
	if f.print {
		r.Configuration = c.Print()
	}
	write := r.text
	if f.output.json {
		write = func(stdout, _ io.Writer) error { return writeJSON(stdout, r) }
	}
	if err := write(stdout, stderr); err != nil {
		return exitUsage, err
	}
	switch {
	case r.Errors > 0:
		return exitUsage, nil
	case r.Warnings > 0 && f.strict:
		return exitStrict, nil
	}
	return 0, nil
}

func newCheckReport(c *confload.Checked) *checkReport {
	r := &checkReport{File: c.Path, OK: len(c.Errors) == 0, Errors: len(c.Errors), Problems: []problem{}}
	for _, e := range c.Errors {
		r.Problems = append(r.Problems, problem{e.File, e.Line, "error", e.Section, e.Option, e.Text})
	}
	for _, m := range c.Messages {
		level := "note"
		switch {
		case m.Level != confload.Info:
			level = "warning"
			r.Warnings++
		case m.Line == 0: // which files were included is seen with --print
			continue
		}
		r.Problems = append(r.Problems, problem{m.File, m.Line, level, m.Section, m.Option, m.Text})
	}
	order := map[string]int{} // files in the order in which they are first named
	for _, p := range r.Problems {
		if _, seen := order[p.File]; !seen {
			order[p.File] = len(order)
		}
	}
	order[c.Path] = -1
	slices.SortStableFunc(r.Problems, func(a, b problem) int {
		return cmp.Or(cmp.Compare(order[a.File], order[b.File]), cmp.Compare(a.Line, b.Line))
	})
	return r
}

// usedOptions tells of each option of the file how supervisord stands to it.
func usedOptions(c *confload.Checked) []usedOption {
	out := []usedOption{}
	for _, sec := range c.Sections {
		for _, s := range sec.Settings {
			o := usedOption{s.File, s.Line, sec.Name, s.Name, s.Peer.String(), s.PeerNote}
			if s.Ignored {
				o.Standing = "ignored by both"
			}
			out = append(out, o)
		}
	}
	return out
}

// text prints the report for people. What --print shows has standard output for itself: it may be redirected.
func (r *checkReport) text(stdout, stderr io.Writer) error {
	problems := stdout
	if r.Configuration != "" {
		problems = stderr
	}
	var errs []error
	say := func(w io.Writer, format string, args ...any) {
		_, err := fmt.Fprintf(w, format, args...)
		errs = append(errs, err)
	}
	for _, p := range r.Problems {
		say(problems, "%s%s: %s\n", place(p.File, p.Line), p.Level, p.Text)
	}
	standings := map[string]int{}
	for _, o := range r.Options {
		note := ""
		if o.Note != "" {
			note = ": " + o.Note
		}
		standings[o.Standing]++
		say(stdout, "%s[%s] %s: %s%s\n", place(o.File, o.Line), o.Section, o.Option, o.Standing, note)
	}
	say(stdout, "%s", r.Configuration)
	verdict := "ok"
	if !r.OK {
		verdict = count(r.Errors, "error")
	}
	if r.Warnings > 0 {
		verdict += ", " + count(r.Warnings, "warning")
	}
	for _, s := range []string{"same", "better", "not in supervisord", "not in supd", "ignored by both"} {
		if n := standings[s]; n > 0 {
			verdict += fmt.Sprintf(", %s %s", count(n, "option"), s)
		}
	}
	say(problems, "%s: %s\n", r.File, verdict)
	return errors.Join(errs...)
}

// place is "FILE:LINE: " as far as it is known.
func place(file string, line int) string {
	switch {
	case file == "":
		return ""
	case line == 0:
		return file + ": "
	}
	return fmt.Sprintf("%s:%d: ", file, line)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
