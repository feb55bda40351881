package confload

import (
	"fmt"
	"strings"
)

// An Error is one thing wrong with a configuration. Values that came out of environment variables, the values of
// environment= and passwords never occur in its text.
type Error struct {
	File    string // absolute path, "" when the error concerns no file (a command line value)
	Line    int    // 1-based, 0 when unknown
	Section string // "program:web", "" when none
	Option  string // "" when none
	Text    string // what is wrong and what is allowed, without the place
}

// Error returns the text with the place: `… on line N in section 'S' (file: 'PATH')`.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Text)
	if e.Line > 0 {
		fmt.Fprintf(&b, " on line %d", e.Line)
	}
	if e.Section != "" && !strings.Contains(e.Text, "["+e.Section+"]") {
		fmt.Fprintf(&b, " in section '%s'", e.Section)
	}
	if e.File != "" {
		fmt.Fprintf(&b, " (file: '%s')", e.File)
	}
	return b.String()
}

// Errors is everything that is wrong with a configuration, in the order it was found. It is never empty.
type Errors []*Error

// Error returns one line for each error.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find each *Error.
func (es Errors) Unwrap() []error {
	out := make([]error, len(es))
	for i, e := range es {
		out[i] = e
	}
	return out
}

// maxErrors bounds how many errors of one configuration are kept.
const maxErrors = 100

// full tells whether enough errors were found.
func (r *report) full() bool { return len(r.errs) > maxErrors }

// A report collects the errors and messages of one load.
type report struct {
	main     string // path of the main file
	errs     Errors
	messages []Message
	seen     map[Message]bool
}

func (r *report) fail(e *Error) {
	for _, old := range r.errs {
		if *old == *e {
			return
		}
	}
	switch {
	case len(r.errs) < maxErrors:
		r.errs = append(r.errs, e)
	case len(r.errs) == maxErrors:
		r.errs = append(r.errs, &Error{Text: "there are more errors"})
	}
}

// say adds a message, once.
func (r *report) say(m Message) {
	if r.seen[m] {
		return
	}
	if r.seen == nil {
		r.seen = map[Message]bool{}
	}
	r.seen[m] = true
	r.messages = append(r.messages, m)
}

// err returns nil, the only error, or all of them as Errors.
func (r *report) err() error {
	switch len(r.errs) {
	case 0:
		return nil
	case 1:
		return r.errs[0]
	}
	return r.errs
}
