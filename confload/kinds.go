package confload

import (
	"fmt"
	"slices"
	"strings"
)

// A sectionKind is one kind of section and what belongs to it.
type sectionKind struct {
	kind    string
	named   bool // the kind is followed by a colon and a name
	prefix  bool // anything may follow the kind
	any     bool // any option is allowed
	options [][]Option
}

// sectionKinds are all kinds of sections.
var sectionKinds = []sectionKind{
	{kind: "supervisord", options: [][]Option{supervisordTable.options()}},
	{kind: "supervisorctl", options: [][]Option{ctlTable.options()}},
	{kind: "include", options: [][]Option{includeTable.options()}},
	{kind: "unix_http_server", prefix: true, options: [][]Option{unixTable.options()}},
	{kind: "inet_http_server", prefix: true, options: [][]Option{inetTable.options()}},
	{kind: "user", named: true, options: [][]Option{userTable.options()}},
	{kind: programDefault, options: [][]Option{onlyHere(programTable.options()), onlyHere(instancesTable.options())}},
	{kind: "program", named: true, options: [][]Option{programTable.options(), instancesTable.options()}},
	{kind: "fcgi-program", named: true, options: [][]Option{programTable.options(), instancesTable.options(), fcgiTable.options()}},
	{kind: "eventlistener", named: true, options: [][]Option{programTable.options(), instancesTable.options(), listenerTable.options()}},
	{kind: "group", named: true, options: [][]Option{groupTable.options()}},
	{kind: "rpcinterface", named: true, any: true, options: [][]Option{rpcTable.options()}},
	{kind: "ctlplugin", named: true, any: true, options: [][]Option{ctlPluginTable.options()}},
}

// onlyHere are options as they stand in a section that supervisord does not have.
func onlyHere(options []Option) []Option {
	for i := range options {
		options[i].Peer, options[i].PeerNote = PeerOnlySupd, "supervisord ignores the section ["+programDefault+"]"
	}
	return options
}

// Kinds returns the kinds of sections: those of the option table's Kind, in the order of the reference.
func Kinds() []string {
	out := make([]string, len(sectionKinds))
	for i, k := range sectionKinds {
		out[i] = k.kind
	}
	return out
}

// findKind returns the kind of a section, nil when it is unknown.
func findKind(section string) *sectionKind {
	for i := range sectionKinds {
		k := &sectionKinds[i]
		switch {
		case k.named && strings.HasPrefix(section, k.kind) && strings.HasPrefix(section[len(k.kind):], ":"),
			k.prefix && strings.HasPrefix(section, k.kind),
			section == k.kind && !k.named:
			return k
		}
	}
	return nil
}

// kindOf returns the name of the kind of a section, "" when it is unknown.
func kindOf(section string) string {
	if k := findKind(section); k != nil {
		return k.kind
	}
	return ""
}

// sectionName is what stands after the first colon, trimmed.
func sectionName(section string) string {
	_, name, _ := strings.Cut(section, ":")
	return strings.TrimFunc(name, isSpace)
}

// names returns the names of all options of a kind.
func (k *sectionKind) names() []string {
	var out []string
	for _, os := range k.options {
		for _, o := range os {
			out = append(out, o.Name)
		}
	}
	return out
}

func (k *sectionKind) knows(option string) bool { return k.find(option) != nil }

// find returns the description of an option, nil when it is unknown. Nothing is known of an unknown kind, nil. Of two
// rows of one name the later one says what the kind adds to a program.
func (k *sectionKind) find(option string) *Option {
	if k == nil {
		return nil
	}
	for _, os := range slices.Backward(k.options) {
		for i := range os {
			if os[i].Name == option {
				return &os[i]
			}
		}
	}
	return nil
}

// warnUnknown says which sections and options mean nothing to supd.
func (l *loader) warnUnknown() {
	all := map[string]bool{}
	for i := range sectionKinds {
		for _, name := range sectionKinds[i].names() {
			all[name] = true
		}
	}
	for _, e := range l.doc.defaults.order {
		if !all[e.name] {
			l.warnOption(l.doc.defaults, e, func() []string { return sortedKeys(all) })
		}
	}
	for _, sec := range l.doc.order {
		k := findKind(sec.name)
		if k == nil {
			l.say(Message{Level: Warn, File: sec.at.file, Line: sec.at.line, Section: sec.name,
				Text: fmt.Sprintf("unknown section [%s] is ignored%s", sec.name, nearestSection(sec.name))})
			continue
		}
		for _, e := range sec.order {
			if !k.any && !k.knows(e.name) {
				l.warnOption(sec, e, k.names)
			}
		}
	}
}

func (l *loader) warnOption(sec *section, e *entry, known func() []string) {
	l.say(Message{Level: Warn, File: e.at.file, Line: e.at.line, Section: sec.name, Option: e.name,
		Text: fmt.Sprintf("unknown option %s in section [%s] is ignored%s", quoted(e.name), sec.name,
			l.hint(e.name, kindOf(sec.name), known))})
}

// hint is belongsTo or nearestHint with a memory for the time of a load. of names the list of known names.
func (l *loader) hint(name, of string, known func() []string) string {
	key := of + "\x00" + name
	h, found := l.hints[key]
	if !found {
		if h = belongsTo(name); h == "" {
			h = nearestHint(name, known())
		}
		l.hints[key] = h
	}
	return h
}

// belongsTo says in which sections an option has its place that is unknown where it stands, "" for in none.
func belongsTo(name string) string {
	var in []string
	for i := range sectionKinds {
		k := &sectionKinds[i]
		switch {
		case k.any || k.kind == programDefault || !k.knows(name):
		case k.named:
			in = append(in, "["+k.kind+":NAME]")
		default:
			in = append(in, "["+k.kind+"]")
		}
	}
	switch last := len(in) - 1; last {
	case -1:
		return ""
	case 0:
		return "; it belongs to " + in[0]
	default:
		return "; it belongs to " + strings.Join(in[:last], ", ") + " or " + in[last]
	}
}

// nearestSection proposes a section for an unknown one.
func nearestSection(section string) string {
	kind, name, hasName := strings.Cut(section, ":")
	best := Nearest(strings.ToLower(kind), Kinds())
	if best == "" {
		return ""
	}
	for _, k := range sectionKinds {
		if k.kind == best && k.named {
			if !hasName || name == "" {
				name = "NAME"
			}
			return "; did you mean [" + best + ":" + name + "]?"
		}
	}
	return "; did you mean [" + best + "]?"
}

// nearestHint proposes the known name nearest to an unknown one, "" when none is near.
func nearestHint(name string, known []string) string {
	if best := Nearest(name, known); best != "" {
		return "; did you mean " + quoted(best) + "?"
	}
	return ""
}

// Nearest returns the known name with the fewest differences, "" when there are too many.
func Nearest(name string, known []string) string {
	if len(name) > 100 {
		return ""
	}
	best, least := "", 1+max(1, len(name)/3)
	for _, k := range known {
		if d := distance(name, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance counts the letters to add, take away, replace or swap with the next to make b of a.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	var before, last []int // rows i-2 and i-1
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		before, last, row = last, row, make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(y)]
}
