package confload

import "slices"

// A GroupUpdate is how one group of a configuration becomes that of another one with the smallest change.
type GroupUpdate struct {
	Name     string
	Old, New *Group   // nil: there is none
	Options  []string // of the group itself that differ, in the order of the option table
	Whole    bool     // it is stopped, removed and added anew
	// Programs are those that differ: the ones that go, then the others, each in the order of their group. nil when Whole, and
	// when the group comes or goes.
	Programs []ProgramUpdate
}

// A ProgramUpdate is how one program of a group that stays becomes another one.
type ProgramUpdate struct {
	Old, New *Program // nil: there is none
	Options  []string // that differ, in the order of the option table
	Restart  bool     // one of these counts from the next start on
}

// Updates compares two Configs as Diff does and tells what has to be done: for the groups that go, in the order of old, then
// for those that change or come, in the order of new. Groups that do not differ are left out. A pool of listeners, a group
// with fcgi-programs, and one that becomes or was one of these, only changes as a whole: what its processes share belongs to
// all of them.
func Updates(old, new *Config) []GroupUpdate {
	var out []GroupUpdate
	for i := range old.Groups {
		if g := &old.Groups[i]; findGroup(new, g.Name) == nil {
			out = append(out, GroupUpdate{Name: g.Name, Old: g})
		}
	}
	for i := range new.Groups {
		g := &new.Groups[i]
		if u := updateOf(findGroup(old, g.Name), g); u != nil {
			out = append(out, *u)
		}
	}
	return out
}

func findGroup(c *Config, name string) *Group {
	i := slices.IndexFunc(c.Groups, func(g Group) bool { return g.Name == name })
	if i < 0 {
		return nil
	}
	return &c.Groups[i]
}

// updateOf tells how a group, nil for none, becomes another one; nil: they are the same.
func updateOf(was, is *Group) *GroupUpdate {
	u := &GroupUpdate{Name: is.Name, Old: was, New: is}
	if was == nil {
		return u
	}
	u.Options = ChangedGroupOptions(was, is)
	if len(u.Options) == 0 && samePrograms(was, is) {
		return nil
	}
	if shares(was) || shares(is) {
		u.Whole = true
		return u
	}
	for i := range was.Programs {
		if p := &was.Programs[i]; is.program(p.Name) == nil {
			u.Programs = append(u.Programs, ProgramUpdate{Old: p})
		}
	}
	for i := range is.Programs {
		p := &is.Programs[i]
		before := was.program(p.Name)
		if before == nil {
			u.Programs = append(u.Programs, ProgramUpdate{New: p})
		} else if options := ChangedOptions(before, p); len(options) > 0 {
			u.Programs = append(u.Programs, ProgramUpdate{before, p, options, NeedsRestart(before, p)})
		}
	}
	if len(u.Options) == 0 && len(u.Programs) == 0 {
		u.Options = []string{"programs"} // their order
	}
	return u
}

// shares tells whether the processes of a group have something in common.
func shares(g *Group) bool {
	return g.Kind == KindEventListener || slices.ContainsFunc(g.Programs, func(p Program) bool { return p.Kind != KindProgram })
}

func (g *Group) program(name string) *Program {
	i := slices.IndexFunc(g.Programs, func(p Program) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &g.Programs[i]
}

// NeedsRestart tells whether two programs differ in something that is settled when the process is started.
func NeedsRestart(a, b *Program) bool {
	return slices.ContainsFunc(programTable, func(o binding[Program]) bool { return o.Effect == EffectProgram && !o.same(a, b) })
}
