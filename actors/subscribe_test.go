package actors

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
)

func TestASubscriptionTellsAllThatHappensUntilTheTreeHasEnded(t *testing.T) {
	var got []string
	var last uint64
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", nil)}, func(b *bench) {
		told := make(chan struct{})
		go func() {
			defer close(told)
			for r, missed := range b.Subscribe(context.Background(), 0) {
				if last++; r.Seq != last || missed != 0 {
					t.Errorf("record %d comes as number %d, %d missed", r.Seq, last, missed)
				}
				if r.Kind == RecordTransition {
					got = append(got, fmt.Sprintf("%s -> %s", r.From, r.To))
				}
			}
		}()
		b.after(5 * time.Second)
		b.Shutdown(false)
		<-told
		for r := range b.Subscribe(context.Background(), last) {
			t.Errorf("after the end: %+v", r)
		}
		b.forget()
	})
	want := []string{"STOPPED -> STARTING", "STARTING -> RUNNING", "RUNNING -> STOPPING", "STOPPING -> STOPPED"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestASubscriptionEndsWithItsContext(t *testing.T) {
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", nil)}, func(b *bench) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		var last uint64
		for r := range b.Subscribe(ctx, 0) {
			last = r.Seq
		}
		if since := time.Since(b.began); last != 3 || since != time.Hour {
			t.Errorf("it ended after %s, the last record was %d", since, last)
		}
		b.forget()
		for r := range b.Subscribe(ctx, 0) {
			t.Errorf("the context has ended, but: %+v", r)
		}
	})
}

// A loop that is slow keeps nothing up and is told how much it has missed.
func TestASlowSubscriberIsToldWhatItHasMissed(t *testing.T) {
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", nil)}, func(b *bench) {
		b.after(2 * time.Second)
		var got []string
		for r, missed := range b.Subscribe(context.Background(), 2) {
			got = append(got, fmt.Sprintf("%d after %d missed", r.Seq, missed))
			if r.Seq == 3 {
				for range 2 * historySize {
					b.tree.history.add(Record{})
				}
			}
			if len(got) == 3 {
				break
			}
		}
		want := []string{"3 after 0 missed", fmt.Sprintf("%d after %d missed", historySize+4, historySize),
			fmt.Sprintf("%d after 0 missed", historySize+5)}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		b.forget()
	})
}
