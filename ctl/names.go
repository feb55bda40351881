package ctl

import "strings"

// A namespec is how a user names a program or, with a Program of "", a whole group (compat.md §4.4).
type namespec struct{ Group, Program string }

// parseNamespec reads "group:program", "group:*", "group:" or "program", which stands for "program:program".
func parseNamespec(s string) namespec {
	group, program, ok := strings.Cut(s, ":")
	switch {
	case !ok:
		return namespec{s, s}
	case program == "*":
		return namespec{Group: group}
	}
	return namespec{group, program}
}

// wholeGroup tells whether n names all programs of a group.
func (n namespec) wholeGroup() bool { return n.Program == "" }

// has tells whether n names the program p of the group g.
func (n namespec) has(g, p string) bool { return n.Group == g && (n.wholeGroup() || n.Program == p) }

// String is how n is printed: "group:program", or the name alone when both are the same.
func (n namespec) String() string {
	if n.Group == n.Program {
		return n.Program
	}
	return n.Group + ":" + n.Program
}
