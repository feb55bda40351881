package actors

import (
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// A mailbox holds back what comes before its actor is there. The library makes a name known before the mailbox behind it has its actor
// and its dispatcher, so who still sends to the actor that had the name before would call what is nil, and a panic on a goroutine that is not an
// actor's is the end of supd.
type mailbox struct {
	actor.Mailbox
	open  atomic.Bool // the actor is there: everything is passed on
	mu    sync.Mutex
	early *earlyMessage // the first one
}

// An earlyMessage waits until the actor is there.
type earlyMessage struct {
	next    *earlyMessage
	system  bool
	message any
}

// held has a mailbox of the library hold back what is early.
func held(of actor.MailboxProducer) actor.MailboxProducer {
	return func() actor.Mailbox { return &mailbox{Mailbox: of()} }
}

// PostUserMessage implements actor.Mailbox.
func (m *mailbox) PostUserMessage(message any) {
	if m.open.Load() || !m.hold(false, message) {
		m.Mailbox.PostUserMessage(message)
	}
}

// PostSystemMessage implements actor.Mailbox.
func (m *mailbox) PostSystemMessage(message any) {
	// Started is posted by who makes the actor, in time, and comes first.
	if _, first := message.(*actor.Started); first || m.open.Load() || !m.hold(true, message) {
		m.Mailbox.PostSystemMessage(message)
	}
}

// Start implements actor.Mailbox: the actor is there, and has been told that it is started.
func (m *mailbox) Start() {
	m.Mailbox.Start()
	m.mu.Lock()
	defer m.mu.Unlock()
	for e := m.early; e != nil; e = e.next {
		if e.system {
			m.Mailbox.PostSystemMessage(e.message)
		} else {
			m.Mailbox.PostUserMessage(e.message)
		}
	}
	m.early = nil
	m.open.Store(true)
}

// hold keeps a message until Start. It returns false when that has been.
func (m *mailbox) hold(system bool, message any) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.open.Load() {
		return false
	}
	end := &m.early
	for *end != nil {
		end = &(*end).next
	}
	*end = &earlyMessage{nil, system, message}
	return true
}
