package confload

import (
	"fmt"
	"slices"
)

// A Scale is how many processes a client wants a program to have, in the place of numprocs=.
type Scale struct {
	Name  string // of the section, behind the colon: "web" for [program:web]
	Count int    // 0–100000
	// Of is what numprocs= was when the client said so: when the files say something else since, they count. nil: whatever it is,
	// and it is an error when there is no such section.
	Of *int
}

// scaled is how many processes a section has whose numprocs= is count.
func (l *loader) scaled(sec *section, count int) int {
	for _, s := range l.opts.Scales {
		if s.Name != sectionName(sec.name) || s.Of != nil && *s.Of != count {
			continue
		}
		s.Of = &count
		if !slices.ContainsFunc(l.config.Scales, func(o Scale) bool { return o.Name == s.Name }) {
			l.config.Scales = append(l.config.Scales, s)
		}
		return s.Count
	}
	return count
}

// checkScales refuses numbers that are asked for of programs that are not there, or that cannot be had.
func (l *loader) checkScales() {
	for _, s := range l.opts.Scales {
		if s.Of != nil {
			continue
		}
		switch {
		case s.Count < 0 || s.Count > maxProcs:
			l.fail(&Error{Text: fmt.Sprintf("%s cannot have %d processes (allowed: 0 to %d)", quoted(s.Name), s.Count, maxProcs)})
		case !slices.ContainsFunc(l.config.Scales, func(o Scale) bool { return o.Name == s.Name }):
			hint := l.hint(s.Name, "programs", l.programNames)
			l.fail(&Error{Text: "there is no section [program:" + s.Name + "]; a program is scaled by the name of its section" + hint})
		}
	}
}
