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
	fill(l, supervisordTable, sec, s, l.scope(), only("make_log_dirs")) // logfile depends on it
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

// readExpandEnv reads expand_env, which counts for all other options of all files, those of [include] among them. Its own
// value is expanded without.
func (l *loader) readExpandEnv() {
	if sec := l.doc.sections["supervisord"]; sec != nil {
		var s Supervisord
		fill(l, supervisordTable, sec, &s, l.scope(), only("expand_env"))
		l.dollar = s.ExpandEnv
	}
}

// checkExpandEnv refuses an expand_env in an included file: what was read before it was read without.
func (l *loader) checkExpandEnv() {
	sec := l.doc.sections["supervisord"]
	if sec == nil {
		return
	}
	if e, found := l.doc.lookup(sec, "expand_env"); found && e.at.file != l.main {
		l.fail(l.errorAt(sec, e, "expand_env stands in an included file; move it to [supervisord] of "+l.main))
	}
}
