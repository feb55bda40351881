// embed is an application on protoactor that keeps two programs of the system and one function of its own running, and reacts
// to what becomes of them. Ctrl-C ends it, and with it all it has started. How to embed supd is told in docs/how-to/embed.md.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
)

// The configuration is that of supervisord, with all its defaults. worker:greet is no file, but a function (WithWorker).
const programs = `
[supervisord]

[program-default]
startsecs = 0
stdout_logfile = NONE
stderr_logfile = NONE

[program:database]
command = /bin/sleep 1000

[program:flaky]
command = /bin/sh -c "sleep 0.1; exit 3"
depends_on = database

[program:greeter]
command = worker:greet "Good morning"
stdout_logfile = /dev/stdout
stdout_logfile_maxbytes = 0
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, actor.NewActorSystem()); err != nil {
		fmt.Fprintln(os.Stderr, "embed:", err)
		os.Exit(1)
	}
}

// run keeps the programs running until ctx ends.
func run(ctx context.Context, system *actor.ActorSystem) error {
	defer system.Shutdown()
	config, err := confload.Parse("embed", []byte(programs), confload.Options{})
	if err != nil {
		return err
	}
	tree, err := actors.Spawn(system, config, actors.WithEnviron(os.Environ()), actors.WithWorker("greet", greet))
	if err != nil {
		return err
	}

	// An actor of ours is told of everything that happens, from the first to the last.
	nurse := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return &nurse{tree: tree.Control()} }))
	told := make(chan struct{})
	go func() {
		defer close(told)
		for r := range tree.Subscribe(context.Background(), 0) { // ends with the tree
			system.Root.Send(nurse, r)
		}
	}()

	<-ctx.Done()
	patience, cancel := context.WithTimeout(context.Background(), 20*time.Second) // then they are killed
	defer cancel()
	err = tree.Close(patience)
	<-told
	_ = system.Root.PoisonFuture(nurse).Wait()
	return err
}

// greet is a worker: when it returns or panics it is started again, and to stop it its ctx is cancelled.
func greet(ctx context.Context) error {
	worker := actors.WorkerOf(ctx)
	fmt.Fprintf(worker.Stdout, "%s!\n", worker.Args[1])
	<-ctx.Done()
	return ctx.Err()
}

// A nurse looks after programs that fail: when one has failed three times, it tells the tree to stop it.
type nurse struct {
	tree     *actor.PID
	failures map[string]int
}

// Receive implements actor.Actor.
func (n *nurse) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		n.failures = map[string]int{}
	case actors.Record:
		if m.Kind != actors.RecordTransition {
			return
		}
		fmt.Printf("%s is %s: %s\n", m.Program, m.To, m.Reason.Text)
		if m.To != supervisor.Exited || m.Expected {
			return
		}
		if n.failures[m.Program]++; n.failures[m.Program] == 3 {
			ctx.Request(n.tree, &actors.StopProgram{Name: m.Program, Wait: true})
		}
	case *actors.Outcome: // the answer to StopProgram
		fmt.Println("a program that failed too often was stopped")
	}
}
