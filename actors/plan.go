package actors

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
)

// This file tells what would happen, from the snapshots in the table, without doing it. The decisions are those of the core.

// A PlanStep is one thing that would happen.
type PlanStep struct {
	Do      string // stop, start, wait, keep, change, add, remove, "go to STATE", "give up", finish, end, nothing
	Program string // namespec, or group:*; "supd" of end
	Why     string // in words; "" there is nothing to say
}

// plan is a list of steps that grows.
type plan []PlanStep

func (p *plan) add(do, program, format string, args ...interface{}) {
	*p = append(*p, PlanStep{do, program, fmt.Sprintf(format, args...)})
}

// PlanUpdate tells what Update would do with a configuration. groups are those it is about; nil: all.
func (h *Handle) PlanUpdate(to *confload.Config, groups []string) []PlanStep {
	return h.tree.planUpdate(to, groups).steps(to)
}

// steps is the plan in the order in which it would be carried out.
func (p *updatePlan) steps(to *confload.Config) []PlanStep {
	var out plan
	whys := map[string]string{}
	for _, r := range p.rows {
		switch {
		case len(r.Options) > 0:
			whys[r.NameSpec()] = strings.Join(r.Options, ", ") + " changed"
		case r.Action == UpdateRemoved:
			whys[r.NameSpec()] = "it is not in the configuration any more"
		case r.Action == UpdateReplaced:
			whys[r.NameSpec()] = "programs of the group come or go"
		}
	}
	whyOf := func(e *entry) string {
		if why := whys[e.program.NameSpec()]; why != "" {
			return why
		}
		return whys[e.program.Group]
	}
	down := map[*entry]bool{}
	for _, wave := range waves(p.stop) {
		for _, i := range wave {
			if e := p.stop[i]; !e.info.Load().isOver() || e.info.Load().Wanted {
				out.add("stop", e.program.NameSpec(), "%s", whyOf(e))
				down[e] = true
			}
		}
	}
	out.losses(byName(down), down, func(e, lost *entry) bool {
		is := programNamed(to, e.program.NameSpec())
		return is != nil && dependsOn(is, lost.program.NameSpec())
	})
	for i := range p.groups {
		p.groupSteps(&out, &p.groups[i])
	}
	for i := range to.Groups {
		for _, e := range byPriority(newGroupEntry(&to.Groups[i], 0).entries) {
			if spec := e.program.NameSpec(); p.start[spec] {
				out.start(e.program, whys[spec])
			}
		}
	}
	for _, r := range p.rows {
		if r.Status == BadName {
			out.add("nothing", r.Group, "there is no such group")
		}
	}
	return out
}

// groupSteps are what becomes of a group and its programs between stops and starts.
func (p *updatePlan) groupSteps(out *plan, u *confload.GroupUpdate) {
	if u.Old != nil && (u.New == nil || u.Whole) {
		out.add("remove", u.Name+":*", "")
	}
	if u.New != nil && (u.Old == nil || u.Whole) {
		out.add("add", u.Name+":*", "")
		for _, e := range newGroupEntry(u.New, 0).entries {
			if e.program.Autostart {
				out.start(e.program, "autostart")
			}
		}
		return
	}
	for _, r := range p.rows {
		changed := strings.Join(r.Options, ", ") + " changed"
		switch {
		case r.Group != u.Name || u.New == nil:
		case r.Name == "":
			out.add("change", u.Name+":*", "%s", changed)
		case r.Action == UpdateRemoved:
			out.add("remove", r.NameSpec(), "")
		case r.Action == UpdateAdded:
			out.add("add", r.NameSpec(), "")
		case r.Action == UpdatePrepared:
			out.add("change", r.NameSpec(), "%s, for its next start", changed)
		case r.Action == UpdateChanged:
			out.add("change", r.NameSpec(), "%s, without a restart", changed)
		default:
			out.add("change", r.NameSpec(), "%s", changed)
		}
	}
}

// start is the start of a program, which may have to wait.
func (p *plan) start(c *confload.Program, why string) {
	var needs []string
	for _, d := range c.DependsOn {
		needs = append(needs, d.Programs...)
	}
	if len(needs) > 0 {
		why = strings.TrimPrefix(why+", when "+strings.Join(needs, ", ")+" is up", ", ")
	}
	p.add("start", c.NameSpec(), "%s", why)
}

// PlanStop tells what a stop of a program, or of a group ("group:*"), by a client would lead to.
func (h *Handle) PlanStop(name string) ([]PlanStep, error) {
	entries := h.tree.named(name)
	if entries == nil {
		return nil, &Fault{BadName, name}
	}
	var out plan
	down := map[*entry]bool{}
	for _, wave := range waves(entries) {
		for _, i := range wave {
			switch info := entries[i].info.Load(); {
			case info.State.IsUp() || info.Wanted:
				out.add("stop", entries[i].program.NameSpec(), "asked for; it stays down")
				down[entries[i]] = true
			case h.IsOwed(info):
				out.add("stop", entries[i].program.NameSpec(), "it is down for the sake of its group, and is not started again then")
			}
		}
	}
	if len(out) == 0 {
		out.add("nothing", name, "it is not running")
	}
	out.losses(byName(down), down, nil)
	h.tree.endAfter(&out, down, nil)
	return out, nil
}

// named are the entries that a name of a program, or "group:*", stands for; nil: nobody has it.
func (t *tree) named(name string) []*entry {
	if group, whole := strings.CutSuffix(name, ":*"); whole {
		if g := t.table.group(group); g != nil {
			return byPriority(g.entries)
		}
		return nil
	}
	if e := t.table.find(name); e != nil {
		return []*entry{e}
	}
	return nil
}

// byName are the programs of a set by name.
func byName(set map[*entry]bool) []*entry {
	return slices.SortedFunc(maps.Keys(set), func(a, b *entry) int { return strings.Compare(a.program.NameSpec(), b.program.NameSpec()) })
}

// losses tells what becomes of those who need programs that go down, and of those who need these. Whoever is down already, or goes
// down for that, is in down. needs tells whether one will still need the other; nil: as it is now.
func (p *plan) losses(next []*entry, down map[*entry]bool, needs func(e, lost *entry) bool) {
	told := map[*entry]bool{}
	for ; len(next) > 0; next = next[1:] {
		lost := next[0]
		for _, e := range lost.neededBy() {
			if down[e] || told[e] || !e.info.Load().State.IsUp() || !loses(e, lost) || needs != nil && !needs(e, lost) {
				continue
			}
			name := lost.program.NameSpec()
			told[e] = true
			switch e.now().DependsPolicy {
			case confload.DependsStop:
				p.add("stop", e.program.NameSpec(), "it is stopped for lack of %s (depends_policy)", name)
			case confload.DependsRestart:
				p.add("stop", e.program.NameSpec(), "until %s is up again (depends_policy)", name)
			default:
				p.add("keep", e.program.NameSpec(), "it goes on without %s (depends_policy)", name)
				continue
			}
			down[e] = true
			next = append(next, e)
		}
	}
}

// endAfter tells whether supd would end when programs have gone down, and what it would stop then. ended is how those stand that have
// ended by themselves; the others in down were stopped.
func (t *tree) endAfter(out *plan, down map[*entry]bool, ended map[*entry]*Info) {
	if t.ends == nil {
		return
	}
	var infos []*Info
	for _, e := range *t.table.sorted.Load() {
		i := e.info.Load()
		switch {
		case ended[e] != nil:
			i = ended[e]
		case down[e]:
			stopped := *i
			stopped.State, stopped.Pid = supervisor.Stopped, 0
			if e.now().DependsPolicy == confload.DependsRestart && slices.ContainsFunc(e.needed(), func(n need) bool { return down[n.entry] }) {
				stopped.WaitsFor = "what it depends on"
			}
			i = &stopped
		}
		infos = append(infos, i)
	}
	if why := t.ends(infos); why != "" {
		out.end(t, why, down)
	}
}

// end tells that supd ends, and whom it stops for that: all but those that are down.
func (p *plan) end(t *tree, why string, down map[*entry]bool) {
	p.add("end", "supd", "%s", why)
	for _, s := range stages(t.table.stretches()) {
		for _, e := range s.entries {
			if e.info.Load().State.IsUp() && !down[e] {
				p.add("stop", e.program.NameSpec(), "supd ends")
			}
		}
	}
}

// loses tells whether a program needs another one to be up, and has that.
func loses(e, other *entry) bool {
	return slices.ContainsFunc(e.needed(), func(n need) bool {
		return n.entry == other && n.condition != confload.NeedsExited && n.met()
	})
}

// follow tells the effects of a step of a program. It returns whether its group has to decide.
func (p *plan) follow(name string, effects []supervisor.Effect) (escalated bool) {
	for _, e := range effects {
		switch e := e.(type) {
		case supervisor.Transition:
			if e.To == supervisor.Starting {
				p.add("start", name, "%s", e.Reason.Text)
				continue
			}
			p.add("go to "+e.To.String(), name, "%s", e.Reason.Text)
		case supervisor.RunHook:
			p.add("run "+e.Hook.String(), name, "")
		case supervisor.Arm:
			if e.Timer == supervisor.BackoffTimer || e.Timer == supervisor.PauseTimer {
				p.add("wait", name, "for %s, then it is started", e.After.Round(time.Millisecond))
			}
		case supervisor.Escalate:
			escalated = true
		}
	}
	return escalated
}
