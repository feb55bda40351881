package ctl

import "slices"

var verbUpdate = verb{
	name:  "update",
	short: "read the configuration again and bring it into effect",
	forms: []form{
		{"update", "all groups that differ"},
		{"update all", "the same"},
		{"update GROUP ...", "only these groups"},
	},
	notes: `Groups that are no longer in the configuration are stopped and removed, changed ones are stopped and added anew,
new ones are added; added programs with autostart are started. All other groups are left alone. Nothing is printed
when nothing differs.`,
	example: `$ update
$ update web`,
	words: wordsGroups,
	json:  outcome{},
	run:   runUpdate,
}

func runUpdate(s *session, args []string) error {
	ch, err := s.reload()
	if codeOf(err) == faultShutdownState {
		s.serverDid(resultFailed, "ERROR: already shutting down")
		s.fail(exitGeneric)
		return nil
	}
	if err != nil {
		return err
	}
	wanted := func(string) bool { return true }
	if len(args) > 0 && !slices.Contains(args, "all") {
		if err := s.checkGroups(args, ch.added); err != nil {
			return err
		}
		wanted = func(g string) bool { return slices.Contains(args, g) }
	}
	for _, step := range []struct {
		groups []string
		do     func(group string) error
	}{{ch.removed, s.dropGroup}, {ch.changed, s.replaceGroup}, {ch.added, s.takeGroup}} {
		for _, g := range step.groups {
			if !wanted(g) {
				continue
			}
			if err := step.do(g); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkGroups tells about names that are neither a group in use nor one of the added.
func (s *session) checkGroups(names, added []string) error {
	all, err := s.allPrograms()
	if err != nil {
		return err
	}
	var told []string
	for _, n := range names {
		known := slices.Contains(added, n) || slices.ContainsFunc(all, func(p programInfo) bool { return p.Group == n })
		if known || slices.Contains(told, n) {
			continue
		}
		told = append(told, n)
		s.groupFailed(n, "ERROR: no such group: "+n, "no such group")
		s.fail(exitGeneric)
		s.unknown(wordsGroups, n)
	}
	return nil
}

// stopGroup stops a group and tells whether all of it stopped.
func (s *session) stopGroup(g string) (bool, error) {
	var results []result
	if err := s.call(&results, "stopProcessGroup", g); err != nil {
		return false, err
	}
	s.groupDid(g, "stopped", "stopped")
	return !slices.ContainsFunc(results, func(r result) bool { return r.Status == faultFailed }), nil
}

// dropGroup stops and removes a group that is no longer in the configuration.
func (s *session) dropGroup(g string) error {
	clean, err := s.stopGroup(g)
	if err != nil {
		return err
	}
	if !clean {
		s.groupFailed(g, g+": has problems; not removing", "has problems; not removing")
		s.fail(exitGeneric)
		return nil
	}
	if err := s.do("removeProcessGroup", g); err != nil {
		return err
	}
	s.groupDid(g, "removed", "removed process group")
	return nil
}

// replaceGroup stops a group that has changed and takes its new form into use.
func (s *session) replaceGroup(g string) error {
	if _, err := s.stopGroup(g); err != nil {
		return err
	}
	if err := s.do("removeProcessGroup", g); err != nil {
		return err
	}
	if err := s.do("addProcessGroup", g); err != nil {
		return err
	}
	s.groupDid(g, "updated", "updated process group")
	return nil
}

// takeGroup takes a new group into use.
func (s *session) takeGroup(g string) error {
	if err := s.do("addProcessGroup", g); err != nil {
		return err
	}
	s.groupDid(g, "added", "added process group")
	return nil
}
