package ctl

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gwaycc/supd/confload"
)

// A wordKind is what the words behind a verb name. Completion and the hints for unknown names use it.
type wordKind int

const (
	wordsNone      wordKind = iota
	wordsPrograms           // programs, GROUP:* and "all"
	wordsProgram            // one program
	wordsLog                // one program, then which of its logs
	wordsLogs               // programs, or alone the word that opens all logs anew
	wordsSignalled          // a signal, then programs
	wordsGroups             // groups in use
	wordsNewGroups          // groups of the configuration that are not in use
	wordsVerbs              // one command
	wordsEach               // programs, one by one
	wordsRun                // a new name, and behind -- a command line
	wordsVariable           // a variable of the environment of the server
)

// pattern tells whether name has wildcards, * ? or [a-z], and so may stand for several programs. "group:*" names a
// whole group and is none.
func pattern(name string) bool {
	group, _ := strings.CutSuffix(name, ":*")
	if !strings.ContainsAny(group, "*?[") {
		return false
	}
	_, err := path.Match(name, "")
	return err == nil
}

// matches tells whether the pattern names the program p of the group g. A pattern with a colon is one for the group
// and one for the program; one without is for the program's own name.
func matches(pattern, g, p string) bool {
	group, program, ok := strings.Cut(pattern, ":")
	if !ok {
		group, program = "*", pattern
	}
	inGroup, _ := path.Match(group, g)
	named, _ := path.Match(program, p)
	return inGroup && (named || program == "")
}

// means tells whether a word means the program: by its name, by that of its group, or as a pattern.
func means(word string, p programInfo) bool {
	return parseNamespec(word).has(p.Group, p.Name) || pattern(word) && matches(word, p.Group, p.Name)
}

// expand replaces each pattern among names by the programs it matches, in the order of the server. A pattern that
// matches nothing stays, so that it is told as a name nobody has. Only a pattern costs a request.
func (s *session) expand(names []string) ([]string, error) {
	if !slices.ContainsFunc(names, pattern) {
		return names, nil
	}
	all, err := s.allPrograms()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, n := range names {
		before := len(out)
		if pattern(n) {
			for _, p := range all {
				if matches(n, p.Group, p.Name) {
					out = append(out, p.Namespec)
				}
			}
		}
		if len(out) == before {
			out = append(out, n)
		}
	}
	return out, nil
}

// unknown remembers a name that the server does not know, for a hint at the end of the command.
func (s *session) unknown(kind wordKind, name string) {
	if !pattern(name) && !slices.Contains(s.strangers[kind], name) {
		if s.strangers == nil {
			s.strangers = map[wordKind][]string{}
		}
		s.strangers[kind] = append(s.strangers[kind], name)
	}
}

// hintNames proposes names for those that were unknown. It asks the server for its programs; if that fails there is
// no hint.
func (s *session) hintNames() {
	strangers := s.strangers
	s.strangers = nil
	if len(strangers) == 0 || s.ctx.Err() != nil {
		return
	}
	all, err := s.allPrograms()
	if err != nil {
		return
	}
	for _, n := range strangers[wordsPrograms] {
		if near := nearPrograms(n, all); len(near) > 0 && !slices.Contains(near, n) { // it may be there by now, or have no history
			s.advise("there is no %q; did you mean %s?", n, strings.Join(near, " or "))
		}
	}
	for _, n := range strangers[wordsGroups] {
		if near := confload.Nearest(n, groupsOf(all)); near != "" {
			s.advise("there is no group %q; did you mean %s?", n, near)
		}
	}
}

// nearPrograms are the names, at most three, that a user may have meant by one that nobody has: the programs of that
// name in other groups, the group of that name, or the name that is nearest.
func nearPrograms(name string, all []programInfo) []string {
	spec := parseNamespec(name)
	var near, known []string
	for _, p := range all {
		if len(near) < 3 && !spec.wholeGroup() && p.Name == spec.Program {
			near = append(near, p.Namespec)
		}
		known = append(known, p.Namespec)
	}
	if len(near) > 0 {
		return near
	}
	groups := groupsOf(all)
	if slices.Contains(groups, name) {
		return []string{name + ":*"}
	}
	if spec.wholeGroup() {
		if g := confload.Nearest(spec.Group, groups); g != "" {
			return []string{g + ":*"}
		}
		return nil
	}
	if best := confload.Nearest(name, known); best != "" {
		return []string{best}
	}
	var bare []string
	for _, p := range all {
		bare = append(bare, p.Name)
	}
	if i := slices.Index(bare, confload.Nearest(name, bare)); i >= 0 {
		return known[i : i+1]
	}
	return nil
}

// groupsOf are the names of the groups of programs, in their order.
func groupsOf(all []programInfo) []string {
	var groups []string
	for _, p := range all {
		if !slices.Contains(groups, p.Group) {
			groups = append(groups, p.Group)
		}
	}
	return groups
}

// advise prints what to do next, on the error output, so that the output stays as scripts know it.
func (s *session) advise(text string, args ...any) {
	fmt.Fprintf(s.env.Stderr, "hint: "+text+"\n", args...)
}
