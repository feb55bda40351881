package confload

import (
	"fmt"
	"slices"
)

// supervisord reads the [supervisord] section and the command line over it. Its environment is known as ENV_ names to
// all sections read afterwards.
func (l *loader) supervisord() {
	sec := l.doc.sections["supervisord"]
	s := &l.config.Supervisord
	setDefaults(l, supervisordTable, s)
	fill(l, supervisordTable, sec, s, l.scope(), every)
	l.override(s)
	if s.ChildLogDir == "" {
		dir, err := directoryType.parse(l, l.opts.TempDir)
		if err != nil {
			l.fail(&Error{Option: "childlogdir",
				Text: "the directory for temporary files, the default of childlogdir, cannot be used: " + err.Error()})
		}
		s.ChildLogDir = dir
	}
	if len(s.Environment) > 0 {
		l.env = append(slices.Clone(l.env), envMap(s.Environment))
	}
}

// override puts the values of the command line over those of the file.
func (l *loader) override(s *Supervisord) {
	for _, name := range sortedKeys(l.opts.Overrides) {
		text := l.opts.Overrides[name]
		i := slices.IndexFunc(supervisordTable, func(b binding[Supervisord]) bool { return b.Name == name })
		flag := l.opts.OverrideFlags[name]
		if flag == "" {
			flag = "--" + name
		}
		if i < 0 {
			l.fail(&Error{Option: name, Text: fmt.Sprintf("%s sets %s, which is no option of [supervisord]", flag, quoted(name))})
			continue
		}
		b := &supervisordTable[i]
		if err := b.read(l, s, text); err != nil {
			shown := quoted(text)
			if b.secret {
				shown = "(not shown)"
			}
			l.fail(&Error{Option: name, Text: fmt.Sprintf("invalid value for %s: %s", flag, badValue(&b.Option, shown, err))})
		}
	}
}
