package ctl

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

var verbUpdate = verb{
	name:  "update",
	short: "read the configuration again and bring it into effect",
	forms: []form{
		{"update", "all groups that differ"},
		{"update all", "the same"},
		{"update GROUP ...", "only these groups"},
		{"update --supervisord ...", "whole groups, as supervisord does it"},
	},
	notes: `A program is restarted only when its own options have changed and one of these belongs to the start of a process, as command does;
other options, as startsecs, take effect without that. A program that comes into a group, or leaves it, concerns no other one. Added programs
with autostart are started; a program that was stopped by hand stays stopped, one that has failed is started when it was restarted
otherwise. Pools of event listeners and groups with fcgi-programs are exchanged as a whole. Nothing is printed when nothing differs.
supd ctl plan tells beforehand what would be done.

With --supervisord, for a client that was called supervisorctl, and from a server that is supervisord, groups that have changed are stopped and added anew, with all their programs.`,
	example: `$ update
$ update web
$ -o json update`,
	words: wordsGroups,
	flags: []form{{"--supervisord", "exchange whole groups"}},
	json:  outcome{},
	run:   runUpdate,
}

// An updated is what supd.update tells of one program or group.
type updated struct {
	Group       string    `xmlrpc:"group"`
	Name        string    `xmlrpc:"name"`
	Action      string    `xmlrpc:"action"`
	Options     []string  `xmlrpc:"options"`
	Status      faultCode `xmlrpc:"status"`
	Description string    `xmlrpc:"description"`
}

func runUpdate(s *session, args []string) error {
	whole := s.env.isOriginal()
	args, err := parseFlags("update", args, func(fl *pflag.FlagSet) { fl.BoolVar(&whole, "supervisord", whole, "") })
	if err != nil {
		return err
	}
	if slices.Contains(args, "all") {
		args = nil
	}
	if !whole {
		var rows []updated
		err := s.call(&rows, ownMethods+"update", textArgs(args))
		if err == nil {
			s.tellUpdated(rows)
			s.adviseReload()
			return nil
		}
		if codeOf(err) != faultUnknownMethod {
			return s.notUpdated(err)
		}
	}
	return s.updateGroups(args)
}

// notUpdated tells that nothing was done because the server ends; other errors are returned.
func (s *session) notUpdated(err error) error {
	if codeOf(err) != faultShutdownState {
		return err
	}
	s.serverDid(resultFailed, "ERROR: already shutting down")
	s.fail(exitGeneric)
	return nil
}

// tellUpdated prints what was done.
func (s *session) tellUpdated(rows []updated) {
	for _, u := range rows {
		spec := namespec{u.Group, u.Name}
		name := u.Group
		if u.Name != "" {
			name = spec.String()
		}
		switch u.Status {
		case statusSuccess:
			s.did(spec.outcome(u.Action, strings.Join(u.Options, ", ")), "%s: %s", name, u.line())
		case faultBadName:
			s.noGroup(u.Group)
		default:
			s.did(spec.outcome(resultFailed, u.Description), "%s: ERROR (%s)", name, u.Description)
			s.fail(exitGeneric)
		}
	}
}

// line says what was done.
func (u *updated) line() string {
	changed := strings.Join(u.Options, ", ") + " changed"
	switch {
	case len(u.Options) == 0:
		return u.Action
	case u.Action == "changed":
		return changed + ", applied"
	case u.Action == "prepared":
		return changed + ", for its next start"
	}
	return u.Action + " (" + changed + ")"
}

// updateGroups does what supervisord's update does, group by group. names are the groups it is about; none: all.
func (s *session) updateGroups(args []string) error {
	ch, err := s.reload()
	if err != nil {
		return s.notUpdated(err)
	}
	wanted := func(string) bool { return true }
	if len(args) > 0 {
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
		s.noGroup(n)
	}
	return nil
}

// noGroup tells that there is no such group.
func (s *session) noGroup(name string) {
	s.groupFailed(name, "ERROR: no such group: "+name, "no such group")
	s.fail(exitGeneric)
	s.unknown(wordsGroups, name)
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
