package ctl

import (
	"fmt"
	"io"
	"strings"
)

// A verb is one command of the client.
type verb struct {
	name  string
	short string // one line, for lists
	forms []form // how it may be called
	notes string // what else is worth knowing, whole sentences
	// example is lines of shell commands; "$" stands for the name of the client.
	example string

	noArgs  bool     // arguments are an error
	exact   bool     // arguments are taken as they are: those of a line are quoted as for a shell
	upcheck bool     // ask the server for its version before anything else
	needs   minimum  // checked after that
	words   wordKind // what the arguments name
	flags   []form   // its own flags; usage is "-w, --watch"
	// json is a row, with zero values, of what it prints for -o json; nil when it knows only text. Rows of outcomes
	// are printed by the session, all others by the verb.
	json any

	// run does the work. It prints what supervisorctl has a text for; the error it returns is anything else.
	run func(s *session, args []string) error
}

// minimum is how many arguments a verb needs at least, and what it says and exits with when there are fewer.
type minimum struct {
	args   int
	says   string
	status int
}

// A form is one way to call a verb.
type form struct{ usage, does string }

// verbs are all commands, sorted by name. A new one needs its file and a line here.
func verbs() []*verb {
	return []*verb{
		&verbAdd,
		&verbAvail,
		&verbClear,
		&verbExit,
		&verbFg,
		&verbGetEnv,
		&verbGraph,
		&verbHelp,
		&verbHistory,
		&verbLives,
		&verbLogs,
		&verbLogtail,
		&verbMaintail,
		&verbOpen,
		&verbPID,
		&verbPlan,
		&verbQuit,
		&verbReload,
		&verbRemove,
		&verbReread,
		&verbRestart,
		&verbRm,
		&verbRun,
		&verbScale,
		&verbSetEnv,
		&verbShutdown,
		&verbSignal,
		&verbStart,
		&verbStartGroup,
		&verbStatus,
		&verbStop,
		&verbStopGroup,
		&verbTail,
		&verbTop,
		&verbTree,
		&verbUpdate,
		&verbVersion,
		&verbWhy,
	}
}

// verbNames are the names of all commands.
func verbNames() []string {
	var names []string
	for _, v := range verbs() {
		names = append(names, v.name)
	}
	return names
}

// findVerb returns the verb called name, or nil.
func findVerb(name string) *verb {
	for _, v := range verbs() {
		if v.name == name {
			return v
		}
	}
	return nil
}

// help prints how v is called, a form on each line.
func (v *verb) help(w io.Writer) { printForms(w, v.forms) }

// printForms prints a form on each line, what it does in a column of its own.
func printForms(w io.Writer, forms []form) {
	for _, f := range forms {
		fmt.Fprintf(w, "%s%s%s\n", f.usage, tabsTo(32, f.usage), f.does)
	}
}

// tabsTo is the tabs between text and the given column.
func tabsTo(column int, text string) string {
	return strings.Repeat("\t", max(1, (column-len(text)+7)/8))
}
