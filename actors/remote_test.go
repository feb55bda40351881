package actors

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/process"
)

func TestRemoteEventsReachTheirObserversUntilTheTreeHasEnded(t *testing.T) {
	var got []string
	observe := WithRemoteObserver(func(typ, data string) { got = append(got, typ+" "+data) })
	broken := WithRemoteObserver(func(string, string) { panic("a bug") })
	inVirtualTime(t, lives(script{stops: 5 * time.Second}), []confload.Group{program1("web", nil)}, func(b *bench) {
		ctx := context.Background()
		tell := func(data string) {
			if err := b.RemoteEvent(ctx, "deploy", data); err != nil {
				t.Errorf("%s: %v", data, err)
			}
		}
		tell("before")
		b.after(2 * time.Second)
		b.Shutdown(false)
		b.after(time.Second)
		wantFault(t, b.Stop(ctx, "web", true), ShutdownState)
		tell("during \x00\xff")
		<-b.Done()
		wantFault(t, b.RemoteEvent(ctx, "deploy", "after"), ShutdownState)
		if want := []string{"deploy before", "deploy during \x00\xff"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}, broken, observe)
}

func TestStartWithoutWaitingTellsNothingOfWhatBecameOfTheChild(t *testing.T) {
	h := lives(script{err: &process.ChildError{Op: process.OpChdir, Lines: []string{"supervisor: couldn't chdir to /no: ENOENT"},
		Err: errors.New("no such directory")}})
	groups := []confload.Group{program1("web", func(p *confload.Program) { p.Autostart, p.StartRetries = false, 0 })}
	inVirtualTime(t, h, groups, func(b *bench) {
		ctx := context.Background()
		if err := b.Start(ctx, "web", false); err != nil {
			t.Errorf("without waiting: %v", err)
		}
		results, err := b.StartAll(ctx, false)
		if err != nil || len(results) != 1 || results[0].Status != Success {
			t.Errorf("all without waiting: %v, %v", results, err)
		}
		wantFault(t, b.Start(ctx, "web", true), SpawnError)
	})
	inVirtualTime(t, lives(script{err: &process.SpawnError{Text: "no fork"}}), groups, func(b *bench) {
		wantFault(t, b.Start(context.Background(), "web", false), SpawnError)
	})
}
