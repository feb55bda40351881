package confload

import (
	"slices"
)

// Changes are the names of groups that differ between two Configs. Added and Changed are in the order of the new one's
// groups, Removed in that of the old one's.
type Changes struct {
	Added, Changed, Removed []string
}

// Empty tells whether nothing differs.
func (c Changes) Empty() bool { return len(c.Added)+len(c.Changed)+len(c.Removed) == 0 }

// Diff compares the groups of two Configs by name. A group is changed when its kind, its priority, the options of its
// listener, or the number, order, names or options of its processes are not the same (compat.md §1.9; going back from
// an explicit value to the default counts as well).
func Diff(old, new *Config) Changes {
	before := make(map[string]*Group, len(old.Groups))
	for i := range old.Groups {
		before[old.Groups[i].Name] = &old.Groups[i]
	}
	var c Changes
	after := make(map[string]bool, len(new.Groups))
	for i := range new.Groups {
		g := &new.Groups[i]
		after[g.Name] = true
		switch was := before[g.Name]; {
		case was == nil:
			c.Added = append(c.Added, g.Name)
		case len(ChangedGroupOptions(was, g)) > 0 || !samePrograms(was, g):
			c.Changed = append(c.Changed, g.Name)
		}
	}
	for i := range old.Groups {
		if name := old.Groups[i].Name; !after[name] {
			c.Removed = append(c.Removed, name)
		}
	}
	return c
}

func samePrograms(a, b *Group) bool {
	return slices.EqualFunc(a.Programs, b.Programs, func(x, y Program) bool {
		return x.Name == y.Name && x.Kind == y.Kind && sameOptions(programTable, &x, &y) &&
			(x.Socket == nil) == (y.Socket == nil) && (x.Socket == nil || sameOptions(fcgiTable, x.Socket, y.Socket))
	})
}

func sameOptions[T any](t table[T], a, b *T) bool {
	for i := range t {
		if t[i].Effect.byUpdate() && !t[i].same(a, b) {
			return false
		}
	}
	return true
}

// changed returns the names of the options in which a and b differ, in the order of the table.
func changed[T any](t table[T], a, b *T) []string {
	var out []string
	for i := range t {
		if t[i].Effect.byUpdate() && !t[i].same(a, b) {
			out = append(out, t[i].Name)
		}
	}
	return out
}

// ChangedOptions returns the names of the options in which two programs differ, in the order of the option table;
// process_name when their names differ, environment when the merged one does. nil: they are the same.
func ChangedOptions(a, b *Program) []string {
	out := changed(programTable, a, b)
	if a.Name != b.Name {
		out = append(out, instancesTable[0].Name)
	}
	none := &Socket{UID: -1, GID: -1}
	as, bs := a.Socket, b.Socket
	if as == nil {
		as = none
	}
	if bs == nil {
		bs = none
	}
	return append(out, changed(fcgiTable, as, bs)...)
}

// ChangedGroupOptions returns the names of the options in which two groups differ, apart from their programs: priority,
// those of a listener, "kind" when the kind of section is another one, "parent" when it is part of another group, and programs
// when the groups in it, or their order among the programs, are others. nil: they are the same.
func ChangedGroupOptions(a, b *Group) []string {
	var out []string
	if a.Kind != b.Kind {
		out = append(out, "kind")
	}
	al, bl := listenerSection{priority: a.Priority}, listenerSection{priority: b.Priority}
	if a.Listener != nil {
		al.Listener = *a.Listener
	}
	if b.Listener != nil {
		bl.Listener = *b.Listener
	}
	if a.Parent != b.Parent {
		out = append(out, "parent")
	}
	if !slices.Equal(a.Members, b.Members) || !slices.Equal(a.SignificantGroups, b.SignificantGroups) {
		out = append(out, groupTable[0].Name)
	}
	out = append(out, changed(listenerTable, &al, &bl)...)
	as, bs := groupSection{priority: a.Priority, significant: a.Significant}, groupSection{priority: a.Priority, significant: b.Significant}
	setSupervision(&as, a)
	setSupervision(&bs, b)
	return append(out, changed(groupTable, &as, &bs)...)
}

// setSupervision gives a section what makes a group without a strategy, when it has none.
func setSupervision(s *groupSection, g *Group) {
	if g.Supervision != nil {
		s.Supervision = *g.Supervision
		return
	}
	var defaults groupSection
	setDefaults(&loader{}, groupTable, &defaults)
	s.Supervision = defaults.Supervision
}
