package confload

// A GivenOption is an option of a program as a file has it, or as it is without.
type GivenOption struct {
	Name    string
	Value   string // as written, names not expanded; "" of one that is Secret, and where there is no default
	File    string // where it stands; "" nowhere
	Line    int
	Default bool // no file has it
	Secret  bool // its value is not told
}

// givenOptions are the options that a section of a program has, or gets from elsewhere. Values that may be secrets are left out.
func (l *loader) givenOptions(sec *section) []GivenOption {
	entries := l.doc.entries(sec)
	out := make([]GivenOption, 0, len(entries))
	for _, e := range entries {
		o := programOption(e.name)
		if o == nil {
			continue
		}
		g := GivenOption{Name: e.name, File: e.at.file, Line: e.at.line, Secret: o.secret}
		if !o.secret {
			g.Value = e.value()
		}
		out = append(out, g)
	}
	return out
}

// programOption finds an option that sections of programs may have; nil: there is none.
func programOption(name string) *Option {
	for i := range programTable {
		if programTable[i].Name == name {
			return &programTable[i].Option
		}
	}
	for i := range instancesTable {
		if instancesTable[i].Name == name {
			return &instancesTable[i].Option
		}
	}
	for i := range fcgiTable {
		if fcgiTable[i].Name == name {
			return &fcgiTable[i].Option
		}
	}
	for i := range listenerTable {
		if listenerTable[i].Name == name {
			return &listenerTable[i].Option
		}
	}
	return nil
}

// Options are the options of a program: those that files give, in their order, then all others with their defaults, in the order of
// the reference. A program that was not loaded from a file has defaults only.
func (p *Program) Options() []GivenOption {
	given := map[string]bool{}
	out := append([]GivenOption(nil), p.given...)
	for i := range out {
		given[out[i].Name] = true
	}
	rest := func(options []Option) {
		for _, o := range options {
			if !given[o.Name] {
				given[o.Name] = true
				value := o.Default
				if o.Computed != "" {
					value = o.Computed
				}
				out = append(out, GivenOption{Name: o.Name, Value: value, Default: true})
			}
		}
	}
	rest(programTable.options())
	rest(instancesTable.options())
	switch p.Kind {
	case KindFCGI:
		rest(fcgiTable.options())
	case KindEventListener:
		rest(listenerTable.options())
	}
	return out
}
