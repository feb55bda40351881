package actors

import (
	"context"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
)

// ActorWorker makes a function for WithWorker out of an actor. Each life spawns the actor of props in system. When the actor
// stops, the life ends with exit status 0; when it fails, as by a panic, the actor is stopped and the life ends with 1; when
// the life is to end, the actor is stopped after the message it is at.
func ActorWorker(system *actor.ActorSystem, props *actor.Props) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		ended := make(chan error, 1)
		keeper := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return &actorKeeper{props: props, ended: ended} }))
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
		}
		system.Root.Send(keeper, &stopActor{})
		if err := <-ended; err != nil {
			return err
		}
		return ctx.Err()
	}
}

// An actorKeeper is the parent of the actor of one life, so that its failure gets no other supervisor than the tree.
type actorKeeper struct {
	props *actor.Props
	ended chan<- error
	child *actor.PID
	err   error // why the actor failed; nil: it did not
}

type stopActor struct{}

// Receive implements actor.Actor.
func (k *actorKeeper) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		k.spawn(ctx)
	case *stopActor:
		ctx.Stop(k.child)
	case *actor.Terminated:
		ctx.Stop(ctx.Self())
	case *actor.Stopped: // also when somebody else has stopped it, with the actor
		k.ended <- k.err
	}
}

// spawn makes the actor. A panic in its producer comes up here.
func (k *actorKeeper) spawn(ctx actor.Context) {
	defer func() {
		if bug := recover(); bug != nil {
			k.err = fmt.Errorf("the actor cannot be made: %v", bug)
			ctx.Stop(ctx.Self())
		}
	}()
	k.child = ctx.Spawn(k.props)
}

// HandleFailure implements actor.SupervisorStrategy.
func (k *actorKeeper) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics,
	reason, _ interface{}) {
	k.err = fmt.Errorf("the actor has failed: %v", reason)
	s.StopChildren(child)
}
