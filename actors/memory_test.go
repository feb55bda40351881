package actors

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// withMemory has processes use as much memory as f says.
func withMemory(f func(pid int) (int64, error)) Option { return func(o *options) { o.tree.memory = f } }

func limited(p *confload.Program) {
	p.RestartMemoryLimit, p.RestartMemoryPeriod = 512<<20, 30*time.Second
}

func TestAProgramThatUsesTooMuchMemoryIsRestarted(t *testing.T) {
	var used atomic.Int64
	used.Store(500 << 20)
	var looks atomic.Int32
	var log proctest.Output
	memory := func(pid int) (int64, error) {
		looks.Add(1)
		return used.Load(), nil
	}
	inVirtualTime(t, lives(script{stops: time.Second}), []confload.Group{program1("web", limited), program1("free", nil)}, func(b *bench) {
		b.after(70 * time.Second)
		if n := looks.Load(); n != 2 {
			t.Errorf("it was looked at %d times", n)
		}
		b.forget()
		used.Store(812 << 20)
		b.after(25 * time.Second)
		used.Store(1 << 20)
		b.want(" 90.0s web RUNNING -> STOPPING", " 91.0s web STOPPING -> STOPPED", " 91.0s web STOPPED -> STARTING", " 92.0s web STARTING -> RUNNING")
		why := "it uses 812 MB, restart_memory_limit is 512 MB"
		log.WaitFor(t, "web is restarted: "+why)
		history, _ := b.History(0, 0)
		if !strings.Contains(reasons(history), "memory-limit: "+why) {
			t.Errorf("the history has %s", reasons(history))
		}
		if err := b.Stop(context.Background(), "web", true); err != nil {
			t.Error(err)
		}
		looks.Store(0)
		b.after(time.Hour)
		if n := looks.Load(); n != 0 {
			t.Errorf("it was looked at %d times while it was down", n)
		}
		b.forget()
	}, withMemory(memory), WithLogger(logTo(&log)))
}

func TestMemoryThatCannotBeMeasuredIsToldOnceInALife(t *testing.T) {
	var log proctest.Output
	none := func(int) (int64, error) { return 0, errors.New("that is not supported on plan9") }
	inVirtualTime(t, lives(script{}), []confload.Group{program1("web", limited)}, func(b *bench) {
		b.after(10 * time.Minute)
		want := "restart_memory_limit of web has no effect: how much memory it uses cannot be found out: that is not supported on plan9"
		if n := strings.Count(log.String(), want); n != 1 {
			t.Errorf("told %d times:\n%s", n, log.String())
		}
		b.forget()
	}, withMemory(none), WithLogger(logTo(&log)))
}

// reasons are the reasons in a history, one a line.
func reasons(history []Record) string {
	var out strings.Builder
	for _, r := range history {
		out.WriteString(r.Reason.Code + ": " + r.Reason.Text + "\n")
	}
	return out.String()
}
