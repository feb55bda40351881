package confload

import (
	"fmt"
	"strings"
)

// String is the effect in the words of the reference.
func (e Effect) String() string {
	return [...]string{"restart of the group (`update`)", "restart of supd", "next start of the client", "next reread"}[e]
}

// Reference renders the option table as the reference of the configuration file, in Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString("# Configuration file: sections and options\n\n")
	b.WriteString("Made from the option table of supd; a test keeps it so. The rules of the file itself (comments, continuation lines, `%(…)s`\n")
	b.WriteString("expressions, includes) are supervisord's. `Felt after` says what a changed value needs.\n")
	kind := ""
	for _, o := range Table() {
		if o.Kind != kind {
			kind = o.Kind
			fmt.Fprintf(&b, "\n## [%s]\n\n| option | type | default | felt after | |\n|---|---|---|---|---|\n", kind)
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

// cell makes text fit into a Markdown table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(s)
}
