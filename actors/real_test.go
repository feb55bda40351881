package actors

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// A realTree is a tree with real processes, and what its main log says.
type realTree struct {
	*Handle
	t   *testing.T
	log *proctest.Output
}

// spawnReal puts up a tree that goes down with the test, after which nothing may be left.
func spawnReal(t *testing.T, groups []confload.Group, opts ...Option) *realTree {
	t.Helper()
	proctest.LeakCheck(t)
	r := &realTree{t: t, log: &proctest.Output{}}
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(io.Discard, nil))
	}))
	t.Cleanup(func() {
		system.Shutdown()
		system = nil // it knows the tree for ever, and what the last processes have left hangs on that
	})
	h, err := Spawn(system, &confload.Config{Groups: groups}, append([]Option{WithEnviron(os.Environ()), WithLogger(logTo(r.log))}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	r.Handle = h
	h = nil
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := r.Close(ctx); err != nil {
			t.Error(err)
		}
		r.Handle = nil
		for _, c := range proctest.Children() {
			t.Errorf("left behind: %s", c.Text)
		}
		if t.Failed() {
			t.Logf("the log:\n%s", r.log)
		}
	})
	return r
}

// logTo is a main log that a test can look at.
func logTo(o *proctest.Output) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Output: o, Level: hclog.Info})
}

// await waits until what is known of a program is as wanted.
func (r *realTree) await(name, what string, is func(*Info) bool) *Info {
	r.t.Helper()
	var i *Info
	proctest.Eventually(r.t, name+" to be "+what, func() (string, bool) {
		i, _ = r.Info(name)
		return fmt.Sprintf("%s %+v\nthe log:\n%s", i.State, i, r.log), is(i)
	})
	return i
}

// child makes a program one whose process does the steps of proctest, and is RUNNING at once.
func child(steps ...string) func(*confload.Program) {
	return func(p *confload.Program) {
		p.Command = strings.ReplaceAll(proctest.CommandLine(steps...), "%%", "%")
		p.Environment = []string{proctest.Variable()}
		p.StartSecs, p.StopWaitSecs = 0, 5
	}
}

// both applies several changes to a program.
func both(edits ...func(*confload.Program)) func(*confload.Program) {
	return func(p *confload.Program) {
		for _, edit := range edits {
			edit(p)
		}
	}
}
