package ctl

import (
	"slices"
	"strings"
)

var verbReread = verb{
	name:  "reread",
	short: "read the configuration again and list what differs",
	forms: []form{
		{"reread", "make the server read its configuration; nothing is started or stopped"},
	},
	notes: `Lists groups that are new (available), differ (changed) or are no longer there (disappeared). Bring the
changes into effect with update, or for single groups with add and remove.`,
	example: `$ reread
$ reread && $ update`,
	noArgs: true,
	json:   groupChange{},
	run:    runReread,
}

// groupChange is a line of reread for a machine.
type groupChange struct {
	Group  string `json:"group" help:"the group"`
	Change string `json:"change" help:"available (new), changed or disappeared"`
}

func runReread(s *session, _ []string) error {
	ch, err := s.reload()
	switch codeOf(err) {
	case faultShutdownState:
		s.problem("ERROR: supervisor shutting down")
		s.fail(exitGeneric)
		return nil
	case faultCantReread:
		s.problem("ERROR: %s", asFault(err).Text)
		s.fail(exitGeneric)
		return nil
	}
	if err != nil {
		return err
	}
	var list []groupChange
	for _, kind := range []struct {
		groups []string
		change string
	}{{ch.added, "available"}, {ch.changed, "changed"}, {ch.removed, "disappeared"}} {
		for _, g := range kind.groups {
			list = append(list, groupChange{g, kind.change})
		}
	}
	slices.SortFunc(list, func(a, b groupChange) int { return strings.Compare(a.Group, b.Group) })
	defer s.adviseReload()
	if s.format == formatJSON {
		return s.json(notNil(list))
	}
	for _, c := range list {
		s.printf("%s: %s\n", c.Group, c.Change)
	}
	if len(list) == 0 {
		s.printf("No config updates to processes\n")
	}
	return nil
}

// adviseReload says what neither reread nor update brings into effect.
func (s *session) adviseReload() {
	if s.env.isOriginal() {
		return
	}
	var names []string
	if s.call(&names, ownMethods+"needsReload") == nil && len(names) > 0 {
		s.advise("%s: changed, and in force after %s reload", strings.Join(names, ", "), s.self)
	}
}
