package confload

import (
	"fmt"
	"slices"
	"strings"
)

// A Checked is what Check found in a configuration.
type Checked struct {
	Path string // of the main file, absolute
	// Config is nil when there are errors.
	Config   *Config
	Errors   Errors    // in the order found
	Messages []Message // with errors as well
	// Sections are the sections of all files in order of first appearance, [DEFAULT] left out: its options stand in the
	// sections that know them. Those of [program-default] stand there and in the sections of programs.
	Sections []CheckedSection

	dollar bool // expand_env is on
}

// A CheckedSection is one section, merged from all places where it is opened.
type CheckedSection struct {
	Name     string
	File     string // where it is opened first
	Line     int
	Known    bool // not one of those that are ignored
	Settings []Setting
}

// A Setting is one option that a file gives.
type Setting struct {
	Name    string
	File    string
	Line    int
	Ignored bool // the option is unknown
	Secret  bool // do not show Written and Values
	Written string
	// Values are what became of it: one value; one for each process when they differ; none when it was never read, as in
	// a section that is ignored, or could not be expanded.
	Values   []SettingValue
	Peer     Peer
	PeerNote string
}

// A SettingValue is an expanded value. Group and Process say of which process when there are several.
type SettingValue struct {
	Text    string
	Group   string
	Process int
}

// Check loads the file at path as Load does and tells all there is to say about it, for daemon and client. It goes on
// after errors, and takes for an error what keeps a daemon from starting now but is no reason to refuse a reread. The
// error is an *Error when the file cannot be read at all.
func Check(path string, opts Options) (*Checked, error) {
	abs, data, err := opts.readConfig(path)
	if err != nil {
		return nil, err
	}
	l := newLoader(opts)
	l.checked = map[settingKey][]SettingValue{}
	l.load(abs, data)
	l.checkClient()
	c := &Checked{Path: abs, Errors: l.errs, Messages: l.messages, dollar: l.dollar}
	if len(l.errs) == 0 {
		c.Config = l.config
		c.Config.Messages = l.messages
	}
	for _, sec := range l.doc.order {
		c.Sections = append(c.Sections, l.checkedSection(sec))
	}
	return c, nil
}

// checkClient checks the section of the client, which a daemon does not read.
func (l *loader) checkClient() {
	if sec := l.doc.sections["supervisorctl"]; sec != nil {
		fill(l, ctlTable, sec, &Ctl{}, l.scope(), every)
	}
}

// settingKey is an option of a section; it may stand in [DEFAULT].
type settingKey struct {
	sec *section
	e   *entry
}

// note keeps the expanded value of an option for Check.
func (l *loader) note(sec *section, e *entry, sc *scope, text string) {
	if l.checked == nil {
		return
	}
	key := settingKey{sec, e}
	v := SettingValue{Text: text, Group: sc.group, Process: sc.num}
	if !slices.Contains(l.checked[key], v) {
		l.checked[key] = append(l.checked[key], v)
	}
}

func (l *loader) checkedSection(sec *section) CheckedSection {
	k := findKind(sec.name)
	c := CheckedSection{Name: sec.name, File: sec.at.file, Line: sec.at.line, Known: k != nil}
	common := l.doc.programDefaults(sec)
	for _, e := range l.doc.entries(sec) {
		s := Setting{Name: e.name, File: e.at.file, Line: e.at.line, Written: e.value(), Values: distinct(l.checked[settingKey{sec, e}])}
		o := k.find(e.name)
		if common != nil && common.keys[e.name] == e {
			o = findKind(common.name).find(e.name)
		}
		switch {
		case o != nil:
			s.Secret, s.Peer, s.PeerNote = o.secret, o.Peer, o.PeerNote
			if s.Peer == PeerMissing && o.peerSame != "" && s.Written == o.peerSame {
				s.Peer, s.PeerNote = PeerSame, ""
			}
		case k != nil && k.any: // options of a plugin: any may be a password
			s.Secret = true
		default:
			s.Ignored, s.Secret = true, true // it may be a mistyped password
		}
		c.Settings = append(c.Settings, s)
	}
	return c
}

// entries are the keys of a section, then those it has from [program-default] and [DEFAULT].
func (d *document) entries(sec *section) []*entry {
	k, common := findKind(sec.name), d.programDefaults(sec)
	entries := slices.Clone(sec.order)
	if common != nil {
		for _, e := range common.order {
			if sec.keys[e.name] == nil && k.knows(e.name) {
				entries = append(entries, e)
			}
		}
	}
	if k != nil && !sec.alone {
		for _, e := range d.defaults.order {
			if sec.keys[e.name] == nil && k.knows(e.name) && (common == nil || common.keys[e.name] == nil) {
				entries = append(entries, e)
			}
		}
	}
	return entries
}

// distinct is one value when all are the same.
func distinct(values []SettingValue) []SettingValue {
	for i := range values {
		if values[i].Text != values[0].Text {
			return values
		}
	}
	return values[:min(1, len(values))]
}

// masked stands for a value that is not shown.
const masked = "***"

// Print renders what is in force as a configuration file: includes put in, names expanded, with the place of each value
// in a comment. Passwords and values of variables are masked. What is ignored is a comment. The result can be loaded, as
// long as no value holds what a file cannot: a comment sign after white space.
func (c *Checked) Print() string {
	var b strings.Builder
	for _, sec := range c.Sections {
		off := ""
		if !sec.Known || sec.Name == "include" {
			off = ";"
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%-48s ; %s:%d\n", off+"["+sec.Name+"]", sec.File, sec.Line)
		for _, s := range sec.Settings {
			s.print(&b, off, c.literal)
		}
	}
	return b.String()
}

// literal writes a text as a value that stands for it.
func (c *Checked) literal(text string) string {
	text = strings.ReplaceAll(text, "%", "%%")
	if c.dollar {
		text = strings.ReplaceAll(text, "$", "$$")
	}
	return text
}

func (s *Setting) print(b *strings.Builder, off string, literal func(string) string) {
	place := fmt.Sprintf("%s:%d", s.File, s.Line)
	switch {
	case s.Ignored:
		fmt.Fprintf(b, "%-48s ; %s, ignored\n", ";"+s.Name+" = "+masked, place)
		return
	case len(s.Values) != 1: // written for each process, or by a plugin of the client
		writeSetting(b, off, s.Name, s.show(s.Written), place)
	default:
		writeSetting(b, off, s.Name, s.show(literal(s.Values[0].Text)), place)
	}
	if len(s.Values) > 1 {
		for _, v := range s.Values {
			fmt.Fprintf(b, ";   group %s, process_num %d: %s\n", v.Group, v.Process, strings.ReplaceAll(s.show(v.Text), "\n", `\n`))
		}
	}
}

// show masks a secret text.
func (s *Setting) show(text string) string {
	if !s.Secret || text == "" {
		return text
	}
	if s.Name == "environment" {
		if env, err := parsePairs(text); err == nil {
			for i, kv := range env {
				key, _, _ := strings.Cut(kv, "=")
				env[i] = key + `="` + masked + `"`
			}
			return strings.Join(env, ",")
		}
	}
	return masked
}

func writeSetting(b *strings.Builder, off, name, value, place string) {
	first, rest, more := strings.Cut(value, "\n")
	fmt.Fprintf(b, "%-48s ; %s\n", off+name+" = "+first, place)
	for more {
		first, rest, more = strings.Cut(rest, "\n")
		fmt.Fprintf(b, "%s    %s\n", off, first)
	}
}
