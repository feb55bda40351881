package actors

import (
	"fmt"
	"maps"
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
)

// This file is groups in groups. A group that is a member stays a group like others, an actor below root. The group above
// launches it in its place, orders it up and down as a whole, and hears how it stands. Orders have numbers, so that what a
// member says is not taken for the answer to an order that it has not got yet.

// member is one member of a group: a program or a group.
type member struct {
	name  string // in the machine
	entry *entry // nil: it is a group
	group string // the name of the group
}

// membersOf lists the members of a group in start order.
func membersOf(e *groupEntry) []member {
	names := e.config.MemberNames()
	members := make([]member, len(names))
	for i, name := range names {
		members[i].name = name
		if group, is := confload.GroupMember(name); is {
			members[i].group = group
		} else {
			members[i].entry = e.find(name)
		}
	}
	return members
}

// nestedState is what a group knows as one that has groups as members, and as one that is a member.
type nestedState struct {
	ordered map[string]uint64          // member → number of the last order to it
	stands  map[string]supervisor.Fact // member → what it said last

	declines map[string]uint64 // member → number of its last decline that is known

	declined     uint64          // number of the last time that nobody in the group was wanted up any more; 0: there was none
	lastOrder    uint64          // from the group above
	heldDown     bool            // the group above has ordered it down, and not up since
	told         supervisor.Fact // what the group above was told last
	toldWanted   bool
	owesStanding bool // the group above is to be told, whether something has changed or not
	failedBefore bool // that it gave up is no news to the one that is there now
	gone         bool // this actor is ending
}

// memberGroup returns the group of a name if it is a member of this one; nil: there is none at the moment.
func (g *group) memberGroup(name string) *groupEntry {
	if e := g.tree.table.group(name); e != nil && e.config.Parent == g.entry.config.Name {
		return e
	}
	return nil
}

// specOf is how the history calls a member.
func (g *group) specOf(name string) string {
	if e := g.entry.find(name); e != nil {
		return e.program.NameSpec()
	}
	group, _ := confload.GroupMember(name)
	return group + ":*"
}

// launchGroup has the group that is member i launched; false: there is none.
func (g *group) launchGroup(ctx actor.Context, i int) bool {
	e := g.memberGroup(g.members[i].group)
	if e == nil {
		return false
	}
	g.launching = i
	ctx.Request(e.pid.Load(), &launchAll{g.launch})
	return true
}

// memberLaunched goes on when the group that was being launched is, or has ended.
func (g *group) memberLaunched(ctx actor.Context, name string) {
	if g.launching >= 0 && g.members[g.launching].group == name {
		g.launchFrom(ctx, g.launching+1)
	}
}

// order has a group that is a member start or stop as a whole. One that is not there is down.
func (g *group) order(ctx actor.Context, a supervisor.GroupAction) {
	name, _ := confload.GroupMember(a.Member)
	o := memberOrder{number: g.tree.orders.Add(1), by: g.entry.config.Name, declined: g.declines[name], why: a.Reason, cause: g.because}
	if g.ordered == nil {
		g.ordered = map[string]uint64{}
	}
	g.ordered[name] = o.number
	e := g.memberGroup(name)
	switch {
	case e == nil:
		ctx.Send(ctx.Self(), &memberStands{group: name, fact: supervisor.MemberDown, gone: true})
	case a.Do == supervisor.StopMember:
		ctx.Send(e.pid.Load(), &stopMembers{o})
	default:
		ctx.Send(e.pid.Load(), &startMembers{o})
	}
}

// memberStands hears how a group that is a member stands.
func (g *group) memberStands(ctx actor.Context, m *memberStands) {
	if m.gone {
		delete(g.ordered, m.group) // the next one of this name has got no order
		g.memberLaunched(ctx, m.group)
	}
	if g.machine == nil || g.tree.currentMood() != MoodRunning || m.order < g.ordered[m.group] {
		return
	}
	if g.stands == nil {
		g.stands, g.declines = map[string]supervisor.Fact{}, map[string]uint64{}
	}
	g.stands[m.group], g.declines[m.group] = m.fact, m.declined
	name, isLive := "group:"+m.group, m.fact == supervisor.MemberUp || m.fact == supervisor.MemberStarting
	if !m.wanted {
		g.tell(ctx, name, supervisor.MemberUnwanted, m.cause)
	}
	switch {
	case isLive && !m.wanted: // it is on its way down
	case m.again && !isLive: // and its end is known
	default:
		g.heard(ctx, name, m.fact, m.cause)
	}
}

// startMembers carries out the order of the group above to be up.
func (g *group) startMembers(ctx actor.Context, m *memberOrder) {
	if !g.obeys(m) || m.declined < g.declined {
		return // somebody who wants all of them down was quicker, and the group above takes this one for starting
	}
	var autostart []string
	for i := range g.members {
		if e := g.members[i].entry; e == nil || e.program.Autostart {
			autostart = append(autostart, g.members[i].name)
		}
	}
	g.heldDown = false
	next, actions := g.machine.Start(autostart, m.reason())
	g.take(ctx, next, actions, m.cause)
}

// stopMembers carries out the order of the group above to be down.
func (g *group) stopMembers(ctx actor.Context, m *memberOrder) {
	if !g.obeys(m) {
		return
	}
	g.heldDown = true
	next, actions := g.machine.Stop(m.reason())
	g.take(ctx, next, actions, m.cause)
}

// leaveParent brings back what the group above has down, which is not there any more to do it. was is the machine before.
func (g *group) leaveParent(ctx actor.Context, was *supervisor.Group, cause uint64) {
	if was == nil || !g.heldDown {
		return
	}
	g.heldDown = false
	alone := supervisor.Reason{Code: "group-alone", Text: "the group that had it stopped is not the one that it is in any more"}
	g.record(g.entry.config.Name+":*", alone, cause)
	if g.machine != nil {
		next, actions := g.machine.Start(nil, alone)
		g.take(ctx, next, actions, g.because)
		return
	}
	for _, e := range g.entry.entries {
		if was.Owes(e.program.Name) {
			g.start(ctx, e)
		}
	}
}

// forgetGroups forgets what is known of groups that are no members any more.
func (g *group) forgetGroups() {
	isGone := func(name string) bool {
		return !slices.ContainsFunc(g.members, func(m member) bool { return m.entry == nil && m.group == name })
	}
	maps.DeleteFunc(g.ordered, func(name string, _ uint64) bool { return isGone(name) })
	maps.DeleteFunc(g.stands, func(name string, _ supervisor.Fact) bool { return isGone(name) })
	maps.DeleteFunc(g.declines, func(name string, _ uint64) bool { return isGone(name) })
}

// obeys takes note of an order, and that what is done from now on comes of it; false: there is nothing to be done about it.
func (g *group) obeys(m *memberOrder) bool {
	if m.by != g.entry.config.Parent {
		return false // it has left that group
	}
	g.lastOrder, g.owesStanding, g.because = m.number, true, m.cause
	return g.machine != nil && g.tree.currentMood() == MoodRunning
}

// reason is why a group does what the one above has ordered.
func (m *memberOrder) reason() supervisor.Reason {
	return supervisor.Reason{Code: m.why.Code, Text: fmt.Sprintf("the group %s asks for it: %s", m.by, m.why.Text)}
}

// tellParent tells the group above how this one stands, when that has changed or is owed.
func (g *group) tellParent(ctx actor.Context) {
	name := g.entry.config.Parent
	if name == "" || g.machine == nil || g.tree.currentMood() != MoodRunning {
		return
	}
	fact, wanted := g.machine.Standing(), g.machine.IsWanted()
	if fact == supervisor.MemberFailed && (!wanted || g.failedBefore || g.entry.config.Supervision.OnGiveUp != confload.GiveUpEscalate) {
		fact = supervisor.MemberDown
	}
	g.failedBefore = g.failedBefore && g.machine.GaveUp()
	if g.toldWanted && !wanted {
		g.declined = g.tree.orders.Add(1)
	}
	if g.gone {
		fact, wanted = supervisor.MemberDown, false
	} else if fact == g.told && wanted == g.toldWanted && !g.owesStanding {
		return
	}
	again := fact == g.told && !g.owesStanding && !g.gone
	g.told, g.toldWanted, g.owesStanding = fact, wanted, false
	if e := g.tree.table.parentOf(g.entry); e != nil {
		ctx.Send(e.pid.Load(), &memberStands{group: g.entry.config.Name, fact: fact, wanted: wanted, order: g.lastOrder,
			again: again, declined: g.declined, gone: g.gone, cause: g.because})
	}
}

// askMembers has the groups that are members of a new one tell how they stand, as they may have been there before it.
func (r *root) askMembers(ctx actor.Context, e *groupEntry) {
	for _, name := range e.config.Members {
		if group, is := confload.GroupMember(name); is && r.groups[group] != nil {
			ctx.Send(r.groups[group], &tellStanding{})
		}
	}
}

// tops lists the groups that are in no other group that is there, in start order.
func (t *table) tops() []*groupEntry {
	var out []*groupEntry
	for _, g := range *t.groups.Load() {
		if t.parentOf(g) == nil {
			out = append(out, g)
		}
	}
	return out
}

// parentOf returns the group that g is a member of; nil: there is none at the moment, or it is of a configuration that does not
// know g.
func (t *table) parentOf(g *groupEntry) *groupEntry {
	if g.config.Parent == "" {
		return nil
	}
	if p := t.group(g.config.Parent); p != nil && slices.Contains(p.config.MemberNames(), "group:"+g.config.Name) {
		return p
	}
	return nil
}

// stretches lists all programs in start order, in stretches of programs of one group. Without groups in groups there is one of
// each group.
func (t *table) stretches() []stage {
	var out []stage
	for _, g := range t.tops() {
		out = t.appendStretches(out, g)
	}
	return out
}

func (t *table) appendStretches(out []stage, g *groupEntry) []stage {
	s := stage{group: g.config.Name}
	if g.config.Members == nil {
		s.entries = g.entries
		return append(out, s)
	}
	for _, m := range membersOf(g) {
		if m.entry != nil {
			s.entries = append(s.entries, m.entry)
			continue
		}
		if inner := t.group(m.group); inner != nil && inner.config.Parent == g.config.Name {
			out = t.appendStretches(append(out, s), inner)
			s.entries = nil
		}
	}
	return append(out, s)
}
