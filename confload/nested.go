package confload

import (
	"fmt"
	"slices"
	"strings"
)

// This file is what groups are to each other, and which programs are significant.

// groupMember is what stands before the name of a group in programs= of another one.
const groupMember = "group:"

// GroupMember returns the name of the group that a member of a group is; false: it is a program.
func GroupMember(member string) (string, bool) { return strings.CutPrefix(member, groupMember) }

// MemberNames are the members of the group in start order, as in Members.
func (g *Group) MemberNames() []string {
	if g.Members != nil {
		return g.Members
	}
	names := make([]string, len(g.Programs))
	for i := range g.Programs {
		names[i] = g.Programs[i].Name
	}
	return names
}

// hasGroups tells whether a group is a member of the group.
func (g *Group) hasGroups() bool {
	return slices.ContainsFunc(g.Members, func(m string) bool { _, is := GroupMember(m); return is })
}

// nest connects groups with those that they are members of, and settles what that means for their options.
func (l *loader) nest(groups []Group) {
	byName := map[string]*Group{}
	for i := range groups {
		if g := &groups[i]; kindOf(g.Section) == "group" {
			byName[g.Name] = g
		}
	}
	for i := range groups {
		for _, m := range groups[i].Members {
			if name, is := GroupMember(m); is {
				l.nestOne(byName, &groups[i], name)
			}
		}
	}
	if c := parentCycle(byName); c != nil {
		l.fail(l.errorOf(byName[c[0]], "programs", fmt.Sprintf("groups are members of each other: %s; take one of these out of the programs= "+
			"of the one before", strings.Join(c, " -> "))))
		return
	}
	for i := range groups {
		l.settleSupervision(&groups[i])
	}
}

// nestOne makes the group of a name a member of another one.
func (l *loader) nestOne(byName map[string]*Group, parent *Group, name string) {
	fail := func(format string, args ...any) {
		l.fail(l.errorOf(parent, "programs", "["+parent.Section+"] "+fmt.Sprintf(format, args...)))
	}
	told := quoted(groupMember + name)
	if e, _ := l.doc.lookup(l.doc.sections[parent.Section], "programs"); l.hasEnv(e) {
		told = "a group"
	}
	g := byName[name]
	switch {
	case g == nil && l.named("program", name) != nil || g == nil && l.named("fcgi-program", name) != nil:
		fail("names %s, which is a program; write it without %s", told, groupMember)
	case g == nil:
		names := sortedKeys(byName)
		fail("names %s, and there is no such group%s", told, l.hint(name, "groups", func() []string { return names }))
	case g.Parent == parent.Name:
		fail("names %s twice", told)
	case g.Parent != "":
		fail("names %s, which is a member of [%s] already; a group can be in one other group only", told, byName[g.Parent].Section)
	default:
		g.Parent = parent.Name
		if g.Significant {
			parent.SignificantGroups = append(parent.SignificantGroups, groupMember+name)
		}
	}
}

// parentCycle returns the names of groups that are members of each other, each before a member of it, the first one again at
// the end; nil when there are none.
func parentCycle(byName map[string]*Group) []string {
	for _, name := range sortedKeys(byName) {
		path := []string{name}
		for at := byName[name].Parent; at != "" && len(path) <= len(byName); at = byName[at].Parent {
			path = append(path, at)
			if at == name {
				slices.Reverse(path)
				return path
			}
		}
	}
	return nil
}

// settleSupervision takes the supervision away from a group that asks for none, and settles what depends on its parent.
func (l *loader) settleSupervision(g *Group) {
	s := g.Supervision
	if s == nil {
		return
	}
	_, given := l.doc.lookup(l.doc.sections[g.Section], "on_give_up")
	switch {
	case g.Parent != "" && !given:
		s.OnGiveUp = GiveUpEscalate
	case g.Parent == "" && s.OnGiveUp == GiveUpEscalate:
		l.fail(l.errorOf(g, "on_give_up", fmt.Sprintf("on_give_up is escalate, and [%s] is in no other group; "+
			"write group:%s into programs= of another [group:x], or choose leave, restart or shutdown", g.Section, g.Name)))
	}
	nested := g.hasGroups()
	if !nested {
		g.Members = nil
	}
	if s.Strategy == OneForOne && s.Intensity < 0 && s.AutoShutdown == NeverShutDown && g.Parent == "" && !nested {
		g.Supervision = nil
	}
}

// errorOf is an error about an option of a group, at its section when the option is not given there.
func (l *loader) errorOf(g *Group, option, text string) *Error {
	sec := l.doc.sections[g.Section]
	e, _ := l.doc.lookup(sec, option)
	return l.errorAt(sec, e, text)
}

// checkSignificant refuses, as OTP does, what is significant to nobody or never ends for good, and those that wait for the end of
// something significant when nothing is.
func (l *loader) checkSignificant() {
	byName := map[string]*Group{}
	for i := range l.config.Groups {
		byName[l.config.Groups[i].Name] = &l.config.Groups[i]
	}
	w := l.config.Supervisord.ExitWhen.Policy
	forSupd := w == ExitAnySignificant || w == ExitAllSignificant
	counts := map[string]int{} // group → its significant members
	programs := 0
	done := map[string]bool{} // errors are told once for a section
	for i := range l.config.Groups {
		g := &l.config.Groups[i]
		for j := range g.Programs {
			p := &g.Programs[j]
			if !p.Significant {
				continue
			}
			counts[g.Name]++
			programs++
			if text := whyNotSignificant(g, p, forSupd); text != "" && !done[p.Section] {
				done[p.Section] = true
				sec := l.doc.sections[p.Section]
				e, _ := l.doc.lookup(sec, "significant")
				l.fail(l.errorAt(sec, e, text))
			}
		}
		if g.Significant {
			counts[g.Parent]++
			l.checkSignificantGroup(g, byName[g.Parent])
		}
	}
	for i := range l.config.Groups {
		if g := &l.config.Groups[i]; shutsDown(g) && counts[g.Name] == 0 {
			l.fail(l.errorOf(g, "auto_shutdown", fmt.Sprintf("auto_shutdown of [%s] is set, and none of its members is significant; "+
				"set significant=true in the section of one, or leave auto_shutdown out", g.Section)))
		}
	}
	if forSupd && programs == 0 {
		sec := l.doc.sections["supervisord"]
		e, _ := l.doc.lookup(sec, "exit_when")
		l.fail(l.errorAt(sec, e, fmt.Sprintf("exit_when is %s, and no program is significant; set significant=true in the section of one",
			quoted(e.value()))))
	}
}

// shutsDown tells whether a group has auto_shutdown.
func shutsDown(g *Group) bool {
	return g != nil && g.Supervision != nil && g.Supervision.AutoShutdown != NeverShutDown
}

// whyNotSignificant tells why a program cannot be significant; "" it can.
func whyNotSignificant(g *Group, p *Program, forSupd bool) string {
	switch {
	case p.Autorestart == RestartAlways:
		return fmt.Sprintf("[%s] has significant=true and autorestart=true, which exclude each other: it never ends for good; "+
			"set autorestart to unexpected or false, or leave significant out", p.Section)
	case p.Cron.Text != "":
		return fmt.Sprintf("[%s] has significant=true and cron, which exclude each other: it never ends for good; leave one of them out", p.Section)
	case !shutsDown(g) && !forSupd:
		return fmt.Sprintf("[%s] has significant=true, and nothing goes by it: auto_shutdown of its group %s is never, and exit_when is neither "+
			"any_significant nor all_significant; set one of these, or leave significant out", p.Section, quoted(g.Name))
	}
	return ""
}

// checkSignificantGroup checks a group with significant=true, which is in the group parent; nil: it is in none.
func (l *loader) checkSignificantGroup(g, parent *Group) {
	text := ""
	switch {
	case parent == nil:
		text = "it is in no other group; write group:" + g.Name + " into programs= of another [group:x], or leave significant out"
	case !shutsDown(parent):
		text = fmt.Sprintf("auto_shutdown of [%s] is never; set it, or leave significant out", parent.Section)
	case !shutsDown(g):
		text = "its own auto_shutdown is never, so that it never ends by itself; set it, or leave significant out"
	}
	if text != "" {
		l.fail(l.errorOf(g, "significant", fmt.Sprintf("[%s] has significant=true, and %s", g.Section, text)))
	}
}
