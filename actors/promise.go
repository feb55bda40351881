package actors

import (
	"github.com/asynkron/protoactor-go/actor"
)

// promise is the sender of one request: it takes the first answer and drops the rest. The library's Future has a fixed
// time limit and cannot be waited for together with a context.
type promise struct{ answer chan interface{} }

var _ actor.Process = (*promise)(nil)

func newPromise(system *actor.ActorSystem) (*promise, *actor.PID) {
	p := &promise{answer: make(chan interface{}, 1)}
	pid, _ := system.ProcessRegistry.Add(p, "ask"+system.ProcessRegistry.NextId())
	return p, pid
}

// SendUserMessage implements actor.Process.
func (p *promise) SendUserMessage(_ *actor.PID, message interface{}) {
	_, answer, _ := actor.UnwrapEnvelope(message)
	select {
	case p.answer <- answer:
	default:
	}
}

// SendSystemMessage implements actor.Process.
func (p *promise) SendSystemMessage(*actor.PID, interface{}) {}

// Stop implements actor.Process.
func (p *promise) Stop(*actor.PID) {}
