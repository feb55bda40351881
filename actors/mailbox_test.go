package actors

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// TestWhatComesBeforeAnActorIsThereWaits has somebody send to a name in the moment in which it is known, but nobody is behind it yet.
func TestWhatComesBeforeAnActorIsThereWaits(t *testing.T) {
	system := actor.NewActorSystem()
	defer system.Shutdown()
	tree := &tree{mailboxes: &dispatcher{}}
	var mu sync.Mutex
	var got []string
	heard := func(m any) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, fmt.Sprintf("%T", m))
	}
	late := actor.WithOnInit(func(ctx actor.Context) {
		var all sync.WaitGroup
		all.Go(func() {
			system.Root.Send(actor.NewPID("nonhost", "again"), "early")
			system.Root.Send(ctx.Self(), 1)
			system.Root.Send(ctx.Self(), 2.0)
		})
		all.Wait()
	})
	pid, err := system.Root.SpawnNamed(tree.props(func() actor.Actor {
		return actor.ReceiveFunc(func(ctx actor.Context) { heard(ctx.Message()) })
	}, late), "again")
	if err != nil {
		t.Fatal(err)
	}
	system.Root.Send(pid, byte(3))
	proctest.Eventually(t, "all messages", func() (string, bool) {
		mu.Lock()
		defer mu.Unlock()
		all := strings.Join(got, " ")
		return all, all == "*actor.Started string int float64 uint8"
	})
	system.Root.Stop(pid)
}

// TestAStopThatIsEarlyComesAfterTheStart has a system message come early as well, and many senders in the moment in which the mailbox opens.
func TestAStopThatIsEarlyComesAfterTheStart(t *testing.T) {
	heard := make(chan string, 100)
	m := held(smallMailbox)()
	m.PostSystemMessage(&actor.Stop{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 5 {
				m.PostUserMessage(i)
			}
		})
	}
	m.RegisterHandlers(recorder(heard), &dispatcher{})
	m.PostSystemMessage(&actor.Started{})
	m.Start()
	all.Wait()
	var got []string
	for range 42 {
		got = append(got, proctest.Receive(t, "a message", heard))
	}
	if all := strings.Join(got[:2], " "); all != "*actor.Started *actor.Stop" {
		t.Errorf("it begins with %s", all)
	}
}

// recorder notes what a mailbox hands to its actor.
type recorder chan string

func (r recorder) InvokeSystemMessage(m any) { r <- fmt.Sprintf("%T", m) }
func (r recorder) InvokeUserMessage(m any)   { r <- fmt.Sprintf("%T", m) }
func (r recorder) EscalateFailure(_, _ any)  {}
