package actors

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/supervisor"
)

// group supervises the programs of one group: it starts them in order, stops them in reverse order, and keeps them alive
// when one of the actors has a bug.
type group struct {
	keepChildren
	entry   *groupEntry
	members []member // in start order
	nestedState

	machine *supervisor.Group // nil: programs restart themselves, each for itself
	began   time.Time
	because uint64 // number of the record of what the machine decided last
	gaveUps uint64 // how often it gave up
	retry   timer  // begins anew after giving up; nil: none is waiting

	unwanted map[*entry]uint64 // number of the last memberUnwanted of a program; nil: there was none

	launching int             // index of the member whose launch is awaited; -1 none
	launchers []*actor.PID    // who is to hear that all is launched
	launch    uint64          // number of the record of what the programs with autostart are launched for
	draining  map[*entry]bool // programs to go down before groupDown, which is owed to the parent; nil none is
	retiring  int             // programs still to end before the group does
	retired   bool
	becoming  *regroup // what it is to become when leaving has ended and the launch is over; nil: it stays as it is
	leaving   int      // programs that are to end before that
}

func newGroup(t *tree, e *groupEntry) actor.Actor {
	g := &group{keepChildren: keepChildren{t}, entry: e, launching: -1, began: t.clock.Now(), members: membersOf(e),
		nestedState: nestedState{told: supervisor.MemberDown}}
	g.machine = g.newMachine()
	return g
}

// Receive implements actor.Actor.
func (g *group) Receive(ctx actor.Context) {
	defer g.tellParent(ctx)
	switch m := ctx.Message().(type) {
	case *actor.Started:
		g.entry.pid.Store(ctx.Self())
		sockets := g.tree.socketsOf(g.entry.config)
		for _, e := range g.entry.entries {
			g.spawnProgram(ctx, e, sockets[e.program.Section])
		}
		ctx.Send(ctx.Parent(), &groupReady{g.entry})
	case *launchAll:
		g.launchAll(ctx, m)
	case *groupLaunched:
		g.memberLaunched(ctx, m.name)
	case *launched:
		if m.index == g.launching {
			g.launchFrom(ctx, m.index+1)
		}
	case *stopGroup:
		g.stop(ctx, m)
	case *programChanged:
		g.changed(ctx, m)
		g.dropStrategy(ctx)
		if m.over {
			g.programDown(ctx, m.entry)
		}
	case *cleanedUp:
		g.programDown(ctx, m.entry)
	case *memberUnwanted:
		if g.machine != nil {
			if g.unwanted == nil {
				g.unwanted = map[*entry]uint64{}
			}
			g.unwanted[m.entry] = m.number
			g.tell(ctx, m.entry.program.Name, supervisor.MemberUnwanted, m.cause)
		}
	case *startMembers:
		g.startMembers(ctx, &m.memberOrder)
	case *stopMembers:
		g.stopMembers(ctx, &m.memberOrder)
	case *memberStands:
		g.memberStands(ctx, m)
	case *tellStanding:
		g.owesStanding = true
		g.failedBefore = g.machine != nil && g.machine.GaveUp()
	case *beginAnew:
		g.beginAnew(ctx, m)
	case *regroup:
		g.regroup(ctx, m)
	case *actor.Stopping:
		g.gone = true
		if g.retry != nil {
			g.retry.Stop()
		}
	case *holdRequest, *ReopenLogs:
		for _, e := range g.entry.entries {
			ctx.Send(e.pid.Load(), m)
		}
	case *retire:
		g.retired = true
		g.retiring = len(ctx.Children())
		for _, c := range ctx.Children() {
			ctx.Send(c, &leave{}) // after what stands in its mailbox, so that nobody waits in vain
		}
		g.endIfRetired(ctx)
	case *actor.Terminated:
		g.programGone(ctx, m)
	}
}

// spawnProgram makes the actor of a program.
func (g *group) spawnProgram(ctx actor.Context, e *entry, socket *sharedSocket) {
	escalate := g.machine != nil
	pid, err := ctx.SpawnNamed(g.tree.props(func() actor.Actor { return newProgram(g.tree, e, socket, escalate) }), e.program.Name)
	if err != nil {
		panic(err) // names are unique by configuration
	}
	e.pid.Store(pid)
}

// launchAll starts the programs with autostart, and those of the groups in the group.
func (g *group) launchAll(ctx actor.Context, m *launchAll) {
	to := ctx.Sender()
	if to == nil {
		to = ctx.Parent()
	}
	g.launchers = append(g.launchers, to)
	if g.launching < 0 {
		g.launch = m.cause
		g.launchFrom(ctx, 0)
	}
}

// launchFrom goes on with the members from index i on, each when the one before stands in the spawner's queue.
func (g *group) launchFrom(ctx actor.Context, i int) {
	for ; i < len(g.members); i++ {
		e := g.members[i].entry
		if e == nil && g.launchGroup(ctx, i) {
			return
		}
		if e != nil && e.now().Autostart {
			g.launching = i
			ctx.Request(e.pid.Load(), &startRequest{name: e.program.NameSpec(), by: supervisor.ByAutostart, quiet: true, index: i, cause: g.launch})
			return
		}
	}
	g.launching = -1
	for _, to := range g.launchers {
		ctx.Send(to, &groupLaunched{g.entry.config.Name})
	}
	g.launchers = nil
	g.becomeIfReady(ctx)
}

// stop asks programs to stop at once, the last one first, as supervisord does at shutdown.
func (g *group) stop(ctx actor.Context, m *stopGroup) {
	order := slices.Clone(g.entry.entries)
	if m.only != nil {
		order = slices.Clone(m.only)
	}
	g.draining = map[*entry]bool{}
	for _, e := range order {
		if !e.info.Load().isOver() {
			g.draining[e] = true
		}
	}
	if g.endDrain(ctx) {
		return
	}
	slices.SortFunc(order, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(b.now().Priority, a.now().Priority), strings.Compare(b.program.Name, a.program.Name))
	})
	for _, e := range order {
		ctx.Send(e.pid.Load(), &stopRequest{name: e.program.NameSpec(), by: m.by, quiet: true, cause: m.cause})
	}
}

func (g *group) programDown(ctx actor.Context, e *entry) {
	if g.draining != nil {
		delete(g.draining, e)
		g.endDrain(ctx)
	}
}

// endDrain tells the parent when nothing of the group is up any more.
func (g *group) endDrain(ctx actor.Context) bool {
	if len(g.draining) > 0 {
		return false
	}
	g.draining = nil
	ctx.Send(ctx.Parent(), &groupDown{g.entry.config.Name})
	return true
}

func (g *group) programGone(ctx actor.Context, m *actor.Terminated) {
	if g.launching >= 0 && g.members[g.launching].entry != nil && m.Who.Equal(g.members[g.launching].entry.pid.Load()) {
		g.launchFrom(ctx, g.launching+1)
	}
	if to := g.becoming; to != nil && slices.ContainsFunc(to.gone, func(e *entry) bool { return m.Who.Equal(e.pid.Load()) }) {
		g.leaving--
		g.becomeIfReady(ctx)
	}
	if g.retired {
		g.retiring--
		g.endIfRetired(ctx)
	}
}

func (g *group) endIfRetired(ctx actor.Context) {
	if g.retiring <= 0 {
		ctx.Stop(ctx.Self())
	}
}
