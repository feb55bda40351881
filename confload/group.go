package confload

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// buildGroups makes all groups: those of [group:x], then the implied ones of the programs no group names, in the order
// of their priority and name.
func (l *loader) buildGroups() {
	grouped := map[*section]bool{}
	for _, sec := range l.sectionsOf("group") {
		l.explicitGroup(sec, grouped)
	}
	for _, sec := range l.doc.order {
		if kind, is := programKinds[kindOf(sec.name)]; is && !grouped[sec] {
			l.impliedGroup(sec, kind)
		}
	}
	groups := l.config.Groups
	l.refuseTwins(groups)
	l.nest(groups)
	slices.SortStableFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Name, b.Name))
	})
}

// explicitGroup makes the group of a [group:x] section and marks the sections it names.
func (l *loader) explicitGroup(sec *section, grouped map[*section]bool) {
	name, ok := l.checkName(sec, nil, sectionName(sec.name), "group name")
	var gs groupSection
	setDefaults(l, groupTable, &gs)
	if ok = fill(l, groupTable, sec, &gs, l.scope(), every) && ok; !ok {
		return
	}
	g := Group{Name: name, Priority: gs.priority, Kind: KindProgram, Section: sec.name, File: sec.at.file, Line: sec.at.line}
	g.Supervision, g.Significant = &gs.Supervision, gs.significant // nest takes it away where there is none
	e, _ := l.doc.lookup(sec, "programs")
	secret := l.hasEnv(e)
	for i, program := range gs.programs {
		told := quoted(program)
		if secret {
			told = fmt.Sprintf("number %d of programs", i+1)
		}
		if strings.HasPrefix(program, groupMember) {
			g.Members = append(g.Members, program)
			continue
		}
		member := l.member(sec, e, program, told)
		if member == nil {
			continue
		}
		grouped[member] = true
		for _, p := range l.programs(member, name) {
			g.Programs, g.Members = append(g.Programs, p), append(g.Members, p.Name)
		}
	}
	l.config.Groups = append(l.config.Groups, g)
}

// member finds the section of a program that e, the programs= of a [group:x] section, names; nil after an error. told is
// what the error may call it.
func (l *loader) member(sec *section, e *entry, program, told string) *section {
	plain, fcgi := l.named("program", program), l.named("fcgi-program", program)
	if l.full() {
		return nil
	}
	switch {
	case plain != nil && fcgi != nil:
		l.fail(l.errorAt(sec, e, fmt.Sprintf("[%s] name %s is ambiguous (exists as program and fcgi-program)", sec.name, told)))
		return nil
	case plain != nil:
		return plain
	case fcgi != nil:
		return fcgi
	case l.named("eventlistener", program) != nil:
		l.fail(l.errorAt(sec, e, fmt.Sprintf("[%s] names %s, which is an eventlistener; eventlisteners cannot be in a group",
			sec.name, told)))
		return nil
	}
	hint := ""
	if told == quoted(program) {
		hint = l.hint(program, "programs", l.programNames)
	}
	l.fail(l.errorAt(sec, e, fmt.Sprintf("[%s] names unknown program or fcgi-program %s%s", sec.name, told, hint)))
	return nil
}

// named returns the section [kind:name]; white space around the name does not count.
func (l *loader) named(kind, name string) *section {
	if l.byName == nil {
		l.byName = map[string]*section{}
		for _, s := range l.doc.order {
			k := kindOf(s.name)
			if _, is := programKinds[k]; is {
				l.byName[k+":"+sectionName(s.name)] = s
			}
		}
	}
	return l.byName[kind+":"+name]
}

// programNames returns what programs= can name.
func (l *loader) programNames() []string {
	var out []string
	for _, s := range l.doc.order {
		if k := kindOf(s.name); k == "program" || k == "fcgi-program" {
			out = append(out, sectionName(s.name))
		}
	}
	return out
}

// hasEnv tells whether the value of a key may come from the environment: then it is not told.
func (l *loader) hasEnv(e *entry) bool {
	return e != nil && (strings.Contains(e.value(), "%(ENV_") || l.dollar && strings.Contains(e.value(), "$"))
}

// impliedGroup makes the group of a section that no [group:x] names.
func (l *loader) impliedGroup(sec *section, kind Kind) {
	name, ok := l.checkName(sec, nil, sectionName(sec.name), "name of the section")
	if !ok {
		return
	}
	g := Group{Name: name, Kind: kind, Section: sec.name, File: sec.at.file, Line: sec.at.line}
	sc := l.scope()
	sc.program, sc.group = name, name
	if kind == KindEventListener {
		var ls listenerSection
		setDefaults(l, listenerTable, &ls)
		fill(l, listenerTable, sec, &ls, sc, every)
		g.Priority, g.Listener = ls.priority, &ls.Listener
	} else {
		g.Priority = l.programPriority(sec, sc)
	}
	g.Programs = l.programs(sec, name)
	l.config.Groups = append(l.config.Groups, g)
}

// programPriority reads the priority of a program for its implied group, which may have no processes.
func (l *loader) programPriority(sec *section, sc scope) int {
	var p Program
	setDefaults(l, programPriority, &p)
	fill(l, programPriority, sec, &p, sc, every)
	return p.Priority
}

// programPriority is the row of the program table of that name.
var programPriority = func() table[Program] {
	i := slices.IndexFunc(programTable, func(b binding[Program]) bool { return b.Name == "priority" })
	return programTable[i : i+1]
}()

// refuseTwins reports groups with the same name and processes with the same name in one group.
func (l *loader) refuseTwins(groups []Group) {
	byName := map[string]*Group{}
	for i := range groups {
		g := &groups[i]
		if twin := byName[g.Name]; twin != nil {
			l.fail(l.errorAt(l.doc.sections[g.Section], nil, fmt.Sprintf("the sections [%s] and [%s] both make a group named %s",
				twin.Section, g.Section, quoted(g.Name))))
		}
		byName[g.Name] = g
		processes := map[string]bool{}
		for j := range g.Programs {
			p := &g.Programs[j]
			if processes[p.Name] {
				sec := l.doc.sections[p.Section]
				told := quoted(p.Name)
				if e, _ := l.doc.lookup(sec, "process_name"); l.hasEnv(e) {
					told = quoted(e.value())
				}
				l.fail(l.errorAt(sec, nil, fmt.Sprintf("the group %s has more than one process named %s", quoted(g.Name), told)))
			}
			processes[p.Name] = true
		}
	}
}
