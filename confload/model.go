package confload

import (
	"gopkg.in/ini.v1"
)

// defaultSection is the section whose keys every other section has as well.
const defaultSection = "DEFAULT"

// programDefault is the section whose keys the sections of programs have as well.
const programDefault = "program-default"

// A place is where something was written.
type place struct {
	file string
	line int
}

// A document is what was read from one or more files: an ini.File that keeps sections, keys and their order, and
// the place of each. Values are read with (*ini.Key).Value only: String would expand %(name)s by ini's own rules.
type document struct {
	file     *ini.File
	sections map[string]*section
	order    []*section // first appearance; without [DEFAULT]
	defaults *section   // never nil
	common   *section   // [program-default]; nil: there is none
}

// A section is one section of a document, merged from all its occurrences.
type section struct {
	name  string
	at    place // its first header
	ini   *ini.Section
	keys  map[string]*entry
	order []*entry
	alone bool // [DEFAULT] has no part in it
	heir  bool // [program-default] has
}

// An entry is one key with the place that set its value last.
type entry struct {
	name string
	at   place
	key  *ini.Key
}

func (e *entry) value() string { return e.key.Value() }

func newDocument() *document {
	d := &document{
		// Sections are unique through the map below; ini's own check is a linear search.
		file:     ini.Empty(ini.LoadOptions{AllowNonUniqueSections: true, ChildSectionDelimiter: "\x00"}),
		sections: map[string]*section{},
	}
	d.defaults = &section{name: defaultSection, ini: d.file.Section(defaultSection), keys: map[string]*entry{}}
	d.sections[defaultSection] = d.defaults
	return d
}

// open returns the section with that name and makes it when it is new. name is not empty.
func (d *document) open(name string, at place) *section {
	if s := d.sections[name]; s != nil {
		if s.at.line == 0 {
			s.at = at
		}
		return s
	}
	sec, err := d.file.NewSection(name)
	if err != nil {
		panic("internal error: section with an empty name: " + err.Error())
	}
	kind := findKind(name)
	s := &section{name: name, at: at, ini: sec, keys: map[string]*entry{}, alone: kind != nil && (kind.any || kind.kind == programDefault),
		heir: kind != nil && (kind.kind == "program" || kind.kind == "fcgi-program")}
	if name == programDefault {
		d.common = s
	}
	d.sections[name] = s
	d.order = append(d.order, s)
	return s
}

// set gives a key its value; a later one replaces an earlier one. name is not empty.
func (s *section) set(name, value string, at place) {
	if e := s.keys[name]; e != nil {
		e.key.SetValue(value)
		e.at = at
		return
	}
	key, err := s.ini.NewKey(name, value)
	if err != nil {
		panic("internal error: key with an empty name: " + err.Error())
	}
	e := &entry{name: name, at: at, key: key}
	s.keys[name] = e
	s.order = append(s.order, e)
}

// lookup finds a key in a section, else for a program in [program-default], else in [DEFAULT]. Plugins have free options: for
// them [DEFAULT] does not count.
func (d *document) lookup(s *section, name string) (*entry, bool) {
	if e := s.keys[name]; e != nil || s.alone {
		return e, e != nil
	}
	if common := d.programDefaults(s); common != nil && common.keys[name] != nil {
		return common.keys[name], true
	}
	e := d.defaults.keys[name]
	return e, e != nil
}

// programDefaults is the section [program-default], nil when there is none or it has no part in s.
func (d *document) programDefaults(s *section) *section {
	if !s.heir {
		return nil
	}
	return d.common
}
