package actors

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
)

// This file is what is recorded of the tree as a whole.

// codeEnding is the code of the record that says that everything ends.
const codeEnding = "ending"

// codeRead is the code of the record of a reread.
const codeRead = "config-read"

// A reading is what a reread has found.
type reading struct {
	changes confload.Changes
	record  uint64            // its number
	options map[string]string // what differs of the groups that have changed, in words
}

// recordBegin records that programs are started because the tree has begun, and returns the number of the record.
func (t *tree) recordBegin() uint64 {
	r := Record{Kind: RecordTree, Reason: supervisor.Reason{Code: "began", Text: "supd has started"}}
	if r.Cause = t.history.lastOf(RecordTree, codeEnding); r.Cause != 0 {
		r.Reason.Text = "supd has begun anew"
	}
	return t.history.add(r)
}

// recordEnd records that everything is to end, and why.
func (t *tree) recordEnd(m *ShutDown) uint64 {
	r := Record{Kind: RecordRequest, Reason: m.Why, Cause: m.cause}
	if r.Reason == (supervisor.Reason{}) {
		r.Reason = supervisor.Reason{Code: "client-shutdown", Text: aClient("") + "asked for the end"}
	}
	what := "supd ends"
	if m.Restart {
		what = "supd stops everything to begin anew"
	}
	return t.history.add(Record{Kind: RecordTree, Cause: t.history.add(r), Reason: supervisor.Reason{Code: codeEnding, Text: what}})
}

// recordRead records what a reread has found, if anything.
func (r *root) recordRead(old, new *confload.Config, d confload.Changes, client string) {
	if d.Empty() {
		return
	}
	r.read = reading{changes: d, options: map[string]string{}}
	var parts []string
	say := func(what string, names []string) {
		for _, name := range names {
			part := logs.Clean(name) + " " + what
			if options := strings.Join(changedOptions(groupNamed(old, name), groupNamed(new, name)), ", "); options != "" {
				r.read.options[name] = options
				part += " (" + options + ")"
			}
			parts = append(parts, part)
		}
	}
	say("is new", d.Added)
	say("has changed", d.Changed)
	say("is gone", d.Removed)
	r.read.record = r.tree.asked("", codeRead, client, "had the configuration read: "+strings.Join(parts, ", "))
}

func groupNamed(c *confload.Config, name string) *confload.Group {
	for i := range c.Groups {
		if c.Groups[i].Name == name {
			return &c.Groups[i]
		}
	}
	return nil
}

// changedOptions names the options in which two groups differ, and those in which their programs do.
func changedOptions(a, b *confload.Group) []string {
	if a == nil || b == nil {
		return nil
	}
	names := confload.ChangedGroupOptions(a, b)
	for i := range b.Programs {
		for j := range a.Programs {
			if a.Programs[j].Name != b.Programs[i].Name {
				continue
			}
			for _, name := range confload.ChangedOptions(&a.Programs[j], &b.Programs[i]) {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// recordAdded records that a client has put a group to work, and what for as far as the last reread tells.
func (r *root) recordAdded(name, client string) uint64 {
	rec := Record{Kind: RecordRequest, Program: name + ":*", Reason: supervisor.Reason{Code: "group-added",
		Text: fmt.Sprintf("%sput the group %s to work", aClient(client), logs.Clean(name))}}
	switch {
	case slices.Contains(r.read.changes.Changed, name):
		rec.Cause = r.read.record
		rec.Reason.Text += " again, as its configuration has changed"
		if options := r.read.options[name]; options != "" {
			rec.Reason.Text += ": " + options
		}
	case slices.Contains(r.read.changes.Added, name):
		rec.Cause = r.read.record
		rec.Reason.Text += ", which is new in the configuration"
	}
	return r.tree.history.add(rec)
}

// recordRemoved records that a client has removed a group.
func (r *root) recordRemoved(name, client string, cause uint64) uint64 {
	return r.tree.history.add(Record{Kind: RecordRequest, Program: name + ":*", Cause: cause, Reason: supervisor.Reason{Code: "group-removed",
		Text: fmt.Sprintf("%sremoved the group %s", aClient(client), logs.Clean(name))}})
}

// programNamed is a program of a configuration; nil: it has none of that name.
func programNamed(c *confload.Config, namespec string) *confload.Program {
	for g := range c.Groups {
		for p := range c.Groups[g].Programs {
			if p := &c.Groups[g].Programs[p]; p.NameSpec() == namespec {
				return p
			}
		}
	}
	return nil
}
