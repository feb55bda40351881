package actors_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
)

// newSystem is the application's actor system, without its log.
func newSystem() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }))
}

// A tree with one program is put up, followed until the program runs, asked, and closed.
func Example() {
	system := newSystem()
	defer system.Shutdown()
	config, err := confload.Parse("app", []byte(`
[supervisord]
[program:web]
command = /bin/sleep 1000
startsecs = 0
stdout_logfile = NONE
stderr_logfile = NONE
`), confload.Options{})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	tree, err := actors.Spawn(system, config, actors.WithEnviron(os.Environ()))
	if err != nil {
		panic(err)
	}
	for r := range tree.Subscribe(ctx, 0) {
		if r.Kind == actors.RecordTransition {
			fmt.Println(r.Program, r.To)
		}
		if r.To == supervisor.Running {
			break
		}
	}
	err = tree.Stop(ctx, "web", true)
	info, _ := tree.Info("web")
	fmt.Println("stopped:", info.State, err)

	var fault *actors.Fault
	if err := tree.Start(ctx, "db", true); errors.As(err, &fault) {
		fmt.Println("no such program:", fault.Code == actors.BadName)
	}
	fmt.Println("closed:", tree.Close(ctx))
	// Output:
	// web STARTING
	// web RUNNING
	// stopped: STOPPED <nil>
	// no such program: true
	// closed: <nil>
}

// A function of the application is supervised: it fails at first, is started again, and then ends well.
func ExampleWithWorker() {
	system := newSystem()
	defer system.Shutdown()
	config, err := confload.Parse("app", []byte(`
[supervisord]
[program:import]
command = worker:import daily
startsecs = 0
stdout_logfile = NONE
stderr_logfile = NONE
`), confload.Options{})
	if err != nil {
		panic(err)
	}
	tries := 0
	run := func(ctx context.Context) error {
		worker := actors.WorkerOf(ctx)
		tries++
		fmt.Fprintln(worker.Stdout, "importing", worker.Args[1]) // into the log of the program
		if tries == 1 {
			return errors.New("no connection")
		}
		return nil
	}
	tree, err := actors.Spawn(system, config, actors.WithWorker("import", run))
	if err != nil {
		panic(err)
	}
	for r := range tree.Subscribe(context.Background(), 0) {
		if r.Kind == actors.RecordTransition {
			fmt.Println(r.To)
		}
		if r.To == supervisor.Exited && r.Expected {
			break
		}
	}
	fmt.Println("closed:", tree.Close(context.Background()))
	// Output:
	// STARTING
	// RUNNING
	// EXITED
	// STARTING
	// RUNNING
	// EXITED
	// closed: <nil>
}
