package actors

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/supervisor"
)

// control turns requests into messages for the actors concerned. It never waits: a command on one program goes on to
// that program, which answers the client itself; a command on several gets a session of its own.
type control struct{ keepChildren }

// Receive implements actor.Actor.
func (c *control) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *StartProgram:
		c.forward(ctx, m.Name, &startRequest{name: m.Name, by: supervisor.ByAdministrator, wait: m.Wait, index: -1, client: m.By})
	case *StopProgram:
		c.forward(ctx, m.Name, &stopRequest{name: m.Name, by: supervisor.ByAdministrator, wait: m.Wait, index: -1, client: m.By})
	case *SignalProgram:
		c.forward(ctx, m.Name, &signalRequest{name: m.Name, signal: m.Signal, index: -1, client: m.By})
	case *SendStdin:
		c.forward(ctx, m.Name, &stdinRequest{name: m.Name, data: m.Data})
	case *ClearLogs:
		c.forward(ctx, m.Name, &clearRequest{name: m.Name, index: -1})
	case *RemoteEvent:
		c.tree.observeRemote(m)
		if ctx.Sender() != nil {
			ctx.Respond(done)
		}
	case *Ping:
		if ctx.Sender() != nil {
			ctx.Respond(done)
		}
	case *ManyPrograms:
		c.openSession(ctx, m)
	case *Reread, *AddGroup, *RemoveGroup, *Update, *SetEnv:
		if c.refuse(ctx) {
			return
		}
		ctx.RequestWithCustomSender(ctx.Parent(), m, ctx.Sender())
	case *retire:
		ctx.Send(m.group, m)
	case *regroup:
		ctx.Send(m.group, m)
	case *ShutDown, *ReopenLogs:
		ctx.Send(ctx.Parent(), m)
		if ctx.Sender() != nil {
			ctx.Respond(done)
		}
	}
}

// refuse answers SHUTDOWN_STATE when the tree is going down.
func (c *control) refuse(ctx actor.Context) bool {
	if c.tree.currentMood() == MoodRunning {
		return false
	}
	ctx.Respond(&Fault{Code: ShutdownState})
	return true
}

func (c *control) forward(ctx actor.Context, name string, m interface{}) {
	if c.refuse(ctx) {
		return
	}
	e := c.tree.table.find(name)
	if e == nil {
		ctx.Respond(&Fault{BadName, name})
		return
	}
	ctx.RequestWithCustomSender(e.pid.Load(), m, ctx.Sender())
}

func (c *control) openSession(ctx actor.Context, m *ManyPrograms) {
	if c.refuse(ctx) {
		return
	}
	var entries []*entry
	if m.All {
		entries = c.tree.table.inStartOrder()
	} else {
		g := c.tree.table.group(m.Group)
		if g == nil {
			ctx.Respond(&Fault{BadName, m.Group})
			return
		}
		entries = byPriority(g.entries)
	}
	client := ctx.Sender()
	ctx.Spawn(c.tree.props(func() actor.Actor { return newSession(c.tree, m, entries, client) }))
}
