package actors

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor/process"
)

// metricsOf returns what was counted of a program.
func (b *bench) metricsOf(name string) ProgramMetrics {
	b.t.Helper()
	b.after(0)
	for _, p := range b.Metrics().Programs {
		if p.Program.NameSpec() == name {
			return p
		}
	}
	b.t.Fatalf("no program %s", name)
	return ProgramMetrics{}
}

// counted is the counts of a program in words.
func (b *bench) counted(name string) string {
	b.t.Helper()
	c := b.metricsOf(name).Counts
	s := fmt.Sprintf("starts %d restarts %d", c.Starts, c.Restarts())
	for cause, n := range c.Ends {
		if n > 0 {
			s += fmt.Sprintf(" %s %d", EndCause(cause), n)
		}
	}
	return s
}

func TestEveryLifeIsCountedOnceByHowItEnded(t *testing.T) {
	noFile := &process.SpawnError{Text: "no"}
	for _, c := range []struct {
		name  string
		lives []script // the last one again and again
		do    func(*bench)
		want  string
	}{
		{"never asked for anything", []script{{stops: time.Second}}, nil, "starts 1 restarts 0"},
		{"exits as expected", []script{{runs: 5 * time.Second}}, nil, "starts 1 restarts 0 expected 1"},
		{"exits otherwise, then as expected", []script{{runs: 5 * time.Second, code: 7}, {runs: 5 * time.Second}}, nil,
			"starts 2 restarts 1 expected 1 unexpected 1"},
		{"killed by somebody else", []script{{begun: func(p *scriptedProcess) {
			<-time.After(3 * time.Second)
			_ = p.Signal(11)
		}}, {runs: 5 * time.Second}}, nil, "starts 2 restarts 1 expected 1 signal 1"},
		{"gives up", []script{{runs: 500 * time.Millisecond, code: 1}}, nil, "starts 4 restarts 3 failed_start 3 gave_up 1"},
		{"cannot be started once", []script{{err: noFile}, {stops: time.Second}}, nil, "starts 2 restarts 1 failed_start 1"},
		{"stopped and started again", []script{{stops: time.Second}}, func(b *bench) {
			if err := b.Stop(context.Background(), "web", true); err != nil {
				b.t.Error(err)
			}
			if err := b.Start(context.Background(), "web", true); err != nil {
				b.t.Error(err)
			}
		}, "starts 2 restarts 1 stopped 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newScriptedHost(func(_ string, life int) script { return c.lives[min(life, len(c.lives))-1] })
			inVirtualTime(t, h, []confload.Group{program1("web", nil)}, func(b *bench) {
				b.after(time.Minute)
				if c.do != nil {
					c.do(b)
				}
				if got := b.counted("web"); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			})
		})
	}
}

func TestAStopInBackoffEndsNoLife(t *testing.T) {
	inVirtualTime(t, lives(script{err: &process.SpawnError{Text: "no"}}), []confload.Group{program1("web", nil)}, func(b *bench) {
		b.after(1500 * time.Millisecond)
		if n := b.metricsOf("web").Failures; n != 2 {
			t.Errorf("%d failures in a row, want 2", n)
		}
		if err := b.Stop(context.Background(), "web", true); err != nil {
			t.Error(err)
		}
		if got, want := b.counted("web"), "starts 2 restarts 1 failed_start 2"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestAGroupTellsHowItsBudgetStands(t *testing.T) {
	g := team(confload.Supervision{Intensity: 1, Period: time.Minute})
	inVirtualTime(t, dyingOnce(1, 2), []confload.Group{g}, func(b *bench) {
		check := func(after time.Duration, want GroupMetrics) {
			t.Helper()
			b.after(after)
			if got := b.Metrics().Groups; len(got) != 1 || got[0] != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
		check(4*time.Second, GroupMetrics{Name: "team", Used: 0, Left: 1})
		check(2*time.Second, GroupMetrics{Name: "team", Used: 1, Left: 0})
		check(20*time.Second, GroupMetrics{Name: "team", Used: 1, Left: 0, GaveUp: true})
		check(time.Minute, GroupMetrics{Name: "team", Used: 0, Left: 1, GaveUp: true})
	})
	inVirtualTime(t, dyingOnce(1), []confload.Group{team(confload.Supervision{Intensity: -1}), program1("web", nil)}, func(b *bench) {
		b.after(time.Minute)
		if got := b.Metrics().Groups; len(got) != 1 || got[0].Left != -1 {
			t.Errorf("without a limit: %+v", got)
		}
	})
}

func TestAPoolTellsWhatWaitsAndWhatWasDiscarded(t *testing.T) {
	e := &ear{answer: func(int, string) string { return "" }} // busy with its first event for ever
	h := newScriptedHost(func(string, int) script { return e.script() })
	pool := listeners("ear", 1, "REMOTE_COMMUNICATION")
	pool.Listener.BufferSize = 3
	inVirtualTime(t, h, []confload.Group{pool}, func(b *bench) {
		b.after(5 * time.Second)
		for n, want := range []PoolMetrics{{"ear", 0, 0}, {"ear", 1, 0}, {"ear", 2, 0}, {"ear", 3, 0}, {"ear", 3, 1}, {"ear", 3, 2}} {
			if err := b.RemoteEvent(context.Background(), "x", "y"); err != nil {
				t.Fatal(err)
			}
			b.after(0)
			if got := b.Metrics().Pools; len(got) != 1 || got[0] != want {
				t.Errorf("after %d events: got %+v, want %+v", n+1, got, want)
			}
		}
	})
}

func TestWhatGoesIntoLogsIsCountedOverAllLives(t *testing.T) {
	said := strings.Repeat("x", 99) + "\n"
	h := newScriptedHost(func(_ string, life int) script {
		return script{runs: 5 * time.Second, code: min(1, 2-life), begun: func(p *scriptedProcess) {
			p.says(said)
			_, _ = p.spec.Stderr.Write([]byte("oh\n"))
		}}
	})
	path := filepath.Join(t.TempDir(), "web.log")
	g := program1("web", func(p *confload.Program) {
		p.Stdout = confload.Stream{Kind: confload.LogPath, Path: path}
		p.Stderr = confload.Stream{Kind: confload.LogPath, Path: "/dev/full"}
	})
	inVirtualTime(t, h, []confload.Group{g}, func(b *bench) {
		b.after(time.Minute)
		m := b.metricsOf("web")
		if want := (OutputMetrics{Bytes: 200}); m.Stdout != want {
			t.Errorf("stdout: got %+v, want %+v", m.Stdout, want)
		}
		if want := (OutputMetrics{Bytes: 6, Dropped: 6}); m.Stderr != want {
			t.Errorf("stderr: got %+v, want %+v", m.Stderr, want)
		}
	})
}

func TestPingIsAnsweredUntilTheTreeHasEnded(t *testing.T) {
	inVirtualTime(t, lives(script{stops: 5 * time.Second}), []confload.Group{program1("web", nil)}, func(b *bench) {
		if err := b.Ping(context.Background()); err != nil {
			t.Error(err)
		}
		b.after(2 * time.Second)
		b.Shutdown(false)
		b.after(time.Second)
		if err := b.Ping(context.Background()); err != nil {
			t.Errorf("while it shuts down: %v", err)
		}
		<-b.Done()
		wantFault(t, b.Ping(context.Background()), ShutdownState)
	})
}
