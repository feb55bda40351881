package actors

import (
	"errors"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/events"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

// eventCenter numbers events, gives them to the pools of listeners, and speaks with the listener processes (compat.md §5).
// What it decides, supervisor/events decides.
type eventCenter struct {
	tree  *tree
	root  *actor.RootContext
	self  *actor.PID
	hub   *events.Hub
	pools map[string][]listener  // by name of the pool, in the order of its processes
	told  map[string]*poolBuffer // by name of the pool: how it stands, for others to read
	ticks events.Ticks
	timer timer // nil: nobody wants ticks
}

// listener is one process of a pool in its present life.
type listener struct {
	life     uint64
	proc     osProcess
	protocol *events.Protocol
}

// Receive implements actor.Actor.
func (c *eventCenter) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		c.root, c.self = ctx.ActorSystem().Root, ctx.Self()
		c.hub, c.pools = events.NewHub(c.tree.firstSerial), map[string][]listener{}
		c.told = map[string]*poolBuffer{}
		c.tree.nextSerial.Store(int64(c.tree.firstSerial))
	case *happened:
		defer m.taken()
		c.do(c.hub.Publish(m.event))
		c.tree.nextSerial.Store(int64(c.hub.NextSerial()))
	case *groupAdded:
		c.groupAdded(ctx, m.entry)
	case *groupRemoved:
		c.groupRemoved(m.name)
	case *listenerStarted:
		if l := c.listener(m.listenerID); l != nil {
			l.proc = m.proc
		}
	case *listenerSaid:
		defer m.taken()
		c.said(m)
	case *listenerChanged:
		c.changed(m)
	case *tickDue:
		c.tick(ctx)
	case *poolRested:
		if p := c.hub.Pool(m.pool); p != nil {
			c.do(p.Rested(m.number))
		}
	case *actor.Stopping:
		close(c.tree.deaf)
		c.do(c.hub.Close())
		if c.timer != nil {
			c.timer.Stop()
		}
	}
}

// groupAdded opens the pool of a group of listeners; then the event is made, which that pool may want as well.
func (c *eventCenter) groupAdded(ctx actor.Context, e *groupEntry) {
	g := e.config
	if l := g.Listener; l != nil {
		c.tick(ctx) // what is due by now is for the pools that were there
		set, err := events.SubscribeNames(l.Events)
		if err != nil { // the configuration was checked
			logs.Critical(c.tree.logger, "pool %s gets no events: %v", logs.Clean(g.Name), err)
		}
		o := events.PoolOptions{Name: g.Name, Server: c.tree.config.Supervisord.Identifier, Events: set, BufferSize: l.BufferSize}
		if l.CountCharacters {
			o.Unit = events.Characters
		}
		for i := range g.Programs {
			o.Listeners = append(o.Listeners, logs.Clean(g.Programs[i].Name))
		}
		c.hub.AddPool(o)
		c.pools[g.Name] = make([]listener, len(g.Programs))
		c.told[g.Name] = &e.buffer
		c.tick(ctx) // it may want shorter ones than the pools before it
	}
	c.do(c.hub.Publish(events.GroupAdded(g.Name)))
}

// groupRemoved closes the pool of a group, if it was one.
func (c *eventCenter) groupRemoved(name string) {
	c.do(c.hub.RemovePool(name))
	delete(c.pools, name)
	delete(c.told, name)
	c.do(c.hub.Publish(events.GroupRemoved(name)))
}

// tick publishes the ticks that are due and sets the timer for the next one. Without subscribers there is no timer, and so
// nothing that wakes an idle daemon.
func (c *eventCenter) tick(ctx actor.Context) {
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	now := c.tree.clock.Now()
	for _, e := range c.ticks.Step(now.Unix()) {
		c.do(c.hub.Publish(e))
	}
	if at, ok := events.NextTick(now.Unix(), c.hub.Wanted()); ok {
		c.timer = c.tree.clock.AfterFunc(time.Unix(at, 0).Sub(now), func() { c.root.Send(c.self, &tickDue{}) })
	}
}

// listener returns what is known of a listener process in a life; nil when that life is over or the pool is gone.
func (c *eventCenter) listener(id listenerID) *listener {
	pool := c.pools[id.pool]
	if id.index >= len(pool) || id.life < pool[id.index].life {
		return nil
	}
	l := &pool[id.index]
	if id.life > l.life {
		*l = listener{life: id.life, protocol: &events.Protocol{Name: logs.Clean(id.name)}}
	}
	return l
}

// said reads what a listener has written to its standard output.
func (c *eventCenter) said(m *listenerSaid) {
	l := c.listener(m.listenerID)
	if l == nil {
		return
	}
	results, lines := l.protocol.Feed(m.text)
	for _, line := range lines {
		c.tree.log(line)
	}
	for _, r := range results {
		c.do(c.hub.Pool(m.pool).Told(m.index, m.life, r))
	}
}

// changed passes on a change of a listener's process.
func (c *eventCenter) changed(m *listenerChanged) {
	if c.listener(m.listenerID) == nil {
		return
	}
	p := c.hub.Pool(m.pool)
	switch m.to {
	case listenerRunning:
		c.do(p.Running(m.index, m.life))
	case listenerNotRunning:
		c.do(p.NotRunning(m.index, m.life))
	case listenerGone:
		c.do(p.Gone(m.index, m.life))
	}
}

// do carries out the effects of a decision and of those that follow from it.
func (c *eventCenter) do(effects []events.Effect) {
	for len(effects) > 0 {
		e := effects[0]
		effects = effects[1:]
		switch e := e.(type) {
		case supervisor.Log:
			c.tree.log(e)
		case events.Send:
			effects = slices.Concat(effects, c.send(e))
		case events.Rest:
			c.tree.clock.AfterFunc(e.For, func() { c.root.Send(c.self, &poolRested{e.Pool, e.Number}) })
		}
	}
	for name, b := range c.told {
		if p := c.hub.Pool(name); p != nil {
			b.waiting.Store(int64(p.Waiting()))
			b.discarded.Store(p.Discarded())
		}
	}
}

// send writes an event to a listener.
func (c *eventCenter) send(e events.Send) []events.Effect {
	pool := c.pools[e.Pool]
	if e.Listener >= len(pool) || pool[e.Listener].life != e.Life {
		return nil
	}
	l, p := &pool[e.Listener], c.hub.Pool(e.Pool)
	if !l.protocol.Sending(e.Serial) {
		return nil
	}
	err := process.ErrClosed
	if l.proc != nil {
		err = l.proc.WriteStdin(e.Bytes)
	}
	switch {
	case err == nil:
		return p.Sent(e.Listener, e.Life, e.Serial)
	case errors.Is(err, process.ErrStdinFull):
		l.protocol.NotSent()
		return p.Refused(e.Listener, e.Life, e.Serial, events.InputFull)
	}
	l.protocol.NotSent()
	return p.Refused(e.Listener, e.Life, e.Serial, events.InputClosed)
}

// publish makes an event and hands it to the event center, unless nobody wants events of its type.
func (t *tree) publish(kind events.Type, event func() events.Event) {
	if events.Set(t.wanted.Load()).Has(kind) {
		t.system.Root.Send(t.events, &happened{event: event()})
	}
}

// A delivery is a message from a goroutine that reads output, and waits until the message was dealt with: so no more than
// one piece of each stream is on its way, however fast a program writes. nil: nobody waits.
type delivery chan struct{}

// taken lets the sender go on.
func (d delivery) taken() {
	if d != nil {
		d <- struct{}{}
	}
}

// deliver sends a message with a delivery and waits until it was taken, or will never be. Without one it does not wait.
func (t *tree) deliver(m interface{}, d delivery) {
	t.system.Root.Send(t.events, m)
	if d == nil {
		return
	}
	select {
	case <-d:
	case <-t.deaf:
	}
}
