package ctl

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/gwaycc/supd/supervisor/golden"
)

// TestDocsReference keeps the reference of the client what the table of verbs says.
func TestDocsReference(t *testing.T) {
	golden.Check(t, "../docs/reference/ctl.md", reference())
}

const referenceHead = `# The client: supd ctl

Made from the table of commands of supd; a test keeps it so. What supervisorctl prints is printed the same on the standard
output; hints what to do next are on the error output.

## Names

A program is ` + "`group:program`" + `, or ` + "`program`" + ` when the group has the same name. ` + "`group:*`" + ` is a whole group, ` + "`all`" + ` everything.
Names of programs may have wildcards: ` + "`*`" + ` any letters, ` + "`?`" + ` one letter, ` + "`[a-f]`" + ` one of these, ` + "`[^a-f]`" + ` none of these. With a
colon the parts before and after it are matched with the group and the program, without one the pattern is for the
program's own name: ` + "`worker_0?`" + `, ` + "`*:worker_0?`" + `, ` + "`web-*:*`" + `. A pattern stands for the names it matches, one after the other in the
order of ` + "`status`" + `; one that matches nothing is an unknown name. Quote patterns in a shell of the system.

## The shell

Without a command ` + "`supd ctl`" + ` shows the status and reads commands. On a terminal there are the keys of readline (Ctrl-A, Ctrl-E,
Ctrl-W, Ctrl-R and so on), the history, and completion with TAB; a pipe or a terminal with TERM=dumb is read line by line.

* Ctrl-C clears the line, and during a command ends waiting for the server, which carries on. It does not leave the shell.
* Ctrl-D leaves it. The exit status of the shell is 0.
* ` + "`shutdown`" + ` and ` + "`reload`" + ` ask first. A server that wants a password is given what is typed at ` + "`Username:`" + ` and ` + "`Password:`" + `.
* The history is kept in the file of ` + "`-r`" + ` or ` + "`history_file=`" + ` in [supervisorctl], which only its owner can read. Each line is
  added when it is entered. Lines that begin with a blank, with credentials in an address, or with values of variables, are not.
* The prompt is ` + "`prompt=`" + ` in [supervisorctl] and ` + "`> `" + `.

Scripts that complete command lines in bash, zsh and fish come from ` + "`supd completion`" + `.

## For a machine

With ` + "`-o json`" + `, before or behind the command, the standard output is one array of objects, each with all of the keys listed with
the command, whatever their values. What is not about one of the objects, such as a server that does not answer, is told on the error
output, and then there may be no array. The exit status is the same as without the flag. ` + "`status -w -o json`" + ` and
` + "`logs -o json`" + ` print an object on each line instead.

Colours are used on a terminal only, and not when NO_COLOR is set or TERM is dumb.
`

// reference renders the flags and the table of verbs.
func reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	b.WriteString("\n## Flags before the command\n\n| flag | |\n|---|---|\n")
	Command(Env{}).Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		kind, usage := pflag.UnquoteUsage(f)
		fmt.Fprintf(&b, "| `%s` | %s |\n", strings.TrimSpace("-"+f.Shorthand+", --"+f.Name+" "+kind), cell(usage))
	})
	b.WriteString("\n## Commands\n")
	shown := map[reflect.Type]string{}
	for _, v := range verbs() {
		fmt.Fprintf(&b, "\n### %s\n\n%s%s.\n\n| | |\n|---|---|\n", v.name, strings.ToUpper(v.short[:1]), v.short[1:])
		for _, f := range append(v.forms[:len(v.forms):len(v.forms)], v.allFlags()...) {
			fmt.Fprintf(&b, "| `%s` | %s |\n", strings.ReplaceAll(f.usage, "|", `\|`), cell(f.does))
		}
		if v.notes != "" {
			fmt.Fprintf(&b, "\n%s\n", v.notes)
		}
		fmt.Fprintf(&b, "\n```\n%s\n```\n", strings.ReplaceAll(strings.TrimSpace(v.example), "$ ", "supd ctl "))
		if v.json == nil {
			continue
		}
		row := reflect.TypeOf(v.json)
		if as, ok := shown[row]; ok {
			fmt.Fprintf(&b, "\nThe objects of `-o json` are those of [%s](#%s).\n", as, as)
			continue
		}
		shown[row] = v.name
		b.WriteString("\n| key of `-o json` | type | |\n|---|---|---|\n")
		for i := range row.NumField() {
			f := row.Field(i)
			kind := map[reflect.Kind]string{reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "number", reflect.Int64: "number",
				reflect.Float64: "number", reflect.Slice: "array"}[f.Type.Kind()]
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Tag.Get("json"), kind, cell(f.Tag.Get("help")))
		}
	}
	return b.String()
}

// cell makes text fit into a Markdown table.
func cell(s string) string { return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(s) }

// TestJSONRowsAreDocumented keeps every key of every listing named and explained.
func TestJSONRowsAreDocumented(t *testing.T) {
	for _, v := range verbs() {
		if v.json == nil {
			continue
		}
		row := reflect.TypeOf(v.json)
		for i := range row.NumField() {
			f := row.Field(i)
			if f.Tag.Get("help") == "" || f.Tag.Get("json") == "" || strings.Contains(f.Tag.Get("json"), ",") {
				t.Errorf("%s: %s has no key or no help, or may be left out", v.name, f.Name)
			}
		}
	}
}

// TestVerbsThatTakeNamesComplete keeps the table from forgetting what the arguments of a verb are.
func TestVerbsThatTakeNamesComplete(t *testing.T) {
	for _, v := range verbs() {
		takes := false
		for _, f := range v.forms {
			takes = takes || strings.Contains(f.usage, "NAME") || strings.Contains(f.usage, "GROUP") || strings.Contains(f.usage, "COMMAND")
		}
		if takes != (v.words != wordsNone) {
			t.Errorf("%s: forms %v, words %d", v.name, v.forms, v.words)
		}
	}
}
