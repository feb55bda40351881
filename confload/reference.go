package confload

import (
	"fmt"
	"strings"
)

// String is the effect in the words of the reference.
func (e Effect) String() string {
	return [...]string{"restart of the program (`update`)", "restart of the group (`update`)", "`update`, without a restart",
		"restart of supd", "next start of the client", "next reread"}[e]
}

// programDefaultNote tells of the section that has no options of its own.
const programDefaultNote = "All of these may stand in a section `[program-default]`, in any file: there they count for every `[program:x]` and\n" +
	"`[fcgi-program:x]` that does not give them, but not for event listeners. The program's own section wins over it, and it wins over\n" +
	"`[DEFAULT]`. An `environment` of the program replaces that of the section.\n\n"

// Reference renders the option table as the reference of the configuration file, in Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString("# Configuration file: sections and options\n\n")
	b.WriteString("Made from the option table of supd; a test keeps it so. The rules of the file itself (comments, continuation lines, `%(…)s`\n")
	b.WriteString("expressions, includes) are supervisord's. `Felt after` says what a changed value needs. Options that differ from supervisord's\n")
	b.WriteString("are listed in [coming from supervisord](../how-to/from-supervisord.md).\n")
	kind := ""
	for _, o := range Table() {
		if o.Kind != kind {
			kind = o.Kind
			fmt.Fprintf(&b, "\n## [%s]\n\n", kind)
			if kind == "program" {
				b.WriteString(programDefaultNote)
			}
			b.WriteString("| option | type | default | felt after | |\n|---|---|---|---|---|\n")
		}
		value := o.Computed
		switch {
		case o.Required:
			value = "required"
		case o.Default != "":
			value = "`" + o.Default + "`"
		}
		help := o.Help
		if o.Allowed != "" {
			help += " Allowed: " + o.Allowed + "."
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", o.Name, o.Type, cell(value), o.Effect, cell(help))
	}
	return b.String()
}

// Comparison renders, in Markdown, how the options of each kind of section stand to supervisord's.
func Comparison() string {
	var b strings.Builder
	b.WriteString("| section | the same in both | other |\n|---|---|---|\n")
	for _, kind := range Kinds() {
		var same, other []string
		for _, o := range Table() {
			switch {
			case o.Kind != kind:
			case o.Peer == PeerSame:
				same = append(same, "`"+o.Name+"`")
			default:
				other = append(other, fmt.Sprintf("`%s` %s: %s", o.Name, o.Peer, o.PeerNote))
			}
		}
		if kind == programDefault {
			other = []string{"the section is " + PeerOnlySupd.String() + ": it has the options of programs, for all of them"}
		}
		fmt.Fprintf(&b, "| `[%s]` | %s | %s |\n", kind, cell(strings.Join(same, " ")), strings.Join(cells(other), "<br>"))
	}
	return b.String()
}

// cell makes text fit into a Markdown table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(s)
}

func cells(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = cell(t)
	}
	return out
}
