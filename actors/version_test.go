package actors

import (
	"context"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
)

// Whoever waits for a version is told of the next change, and of one that came before it began to wait.
func TestTheVersionGrowsWithEveryChangeOfTheTable(t *testing.T) {
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", nil)}, func(b *bench) {
		b.after(5 * time.Second)
		v := b.Version()
		select {
		case <-b.VersionAfter(v):
			t.Error("nothing has changed")
		default:
		}
		<-b.VersionAfter(v - 1)
		news := b.VersionAfter(v)
		b.Stop(context.Background(), "web", true)
		<-news
		if b.Version() <= v {
			t.Errorf("version %d after a stop, %d before", b.Version(), v)
		}
		v = b.Version()
		news = b.VersionAfter(v)
		if err := b.RemoveGroup(context.Background(), "web"); err != nil {
			t.Fatal(err)
		}
		<-news
	})
}
