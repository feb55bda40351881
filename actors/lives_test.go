package actors

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/logs"
	"github.com/gwaycc/supd/supervisor/process"
)

func TestATailIsTheLastLines(t *testing.T) {
	for _, c := range []struct {
		name   string
		writes []string
		want   string
	}{
		{"nothing", nil, ""},
		{"less than there is room for", []string{"one\n", "two"}, "one\ntwo"},
		{"the last lines", []string{"1\n2\n", "3\n4\n5\n"}, "3\n4\n5\n"},
		{"with one that has no end", []string{"1\n2\n3\n4"}, "2\n3\n4"},
		{"whole lines only", []string{strings.Repeat("x", 30) + "\n", "end\n"}, "end\n"},
		{"whole lines only, after much", []string{strings.Repeat("long line\n", 100), "end\n"}, "long line\nend\n"},
		{"one long line", []string{strings.Repeat("x", 30)}, strings.Repeat("x", 16)},
		{"a long line in pieces", []string{strings.Repeat("x", 10), strings.Repeat("y", 10), strings.Repeat("z", 20)}, strings.Repeat("z", 16)},
		{"empty lines", []string{"\n\n\n\n\n"}, "\n\n\n"},
	} {
		tl := &tail{size: 16}
		for _, w := range c.writes {
			_, _ = tl.Write([]byte(w))
		}
		if got := tl.lines(3); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if len(tl.buf) > 2*tl.size {
			t.Errorf("%s: it holds %d bytes", c.name, len(tl.buf))
		}
	}
	if got := (*tail)(nil).lines(3); got != "" {
		t.Errorf("none: %q", got)
	}
}

func TestTheLastLivesAreRemembered(t *testing.T) {
	h := newScriptedHost(func(_ string, life int) script {
		say := func(p *scriptedProcess) { p.says(fmt.Sprintf("life %d speaks\n", life)) }
		switch {
		case life == 1:
			return script{err: &process.SpawnError{Text: "no process"}}
		case life <= 12:
			return script{begun: say, runs: 2 * time.Second, code: life}
		}
		return script{begun: say, stops: time.Second}
	})
	inVirtualTime(t, h, []confload.Group{program1("web", nil)}, func(b *bench) {
		b.after(1500 * time.Millisecond)
		lives, _ := b.Lives("web")
		if len(lives) != 1 || lives[0].Number != 1 || lives[0].Pid != 0 || lives[0].Exit != "no process" || lives[0].Reason.Code != "start-failed" {
			t.Errorf("got %+v", lives)
		}
		b.after(time.Minute)
		lives, _ = b.Lives("web")
		if len(lives) != livesKept || lives[0].Number != 12 || lives[9].Number != 3 {
			t.Fatalf("got %+v", lives)
		}
		l := lives[0]
		if l.Code != 12 || l.Signal != 0 || l.End.Sub(l.Start) != 2*time.Second || l.Exit != "exit status 12" || l.Stdout != "life 12 speaks\n" ||
			l.Reason.Text != "the process ended: exit status 12" {
			t.Errorf("got %+v", l)
		}
		if err := b.Stop(context.Background(), "web", true); err != nil {
			t.Error(err)
		}
		lives, _ = b.Lives("web")
		l = lives[0]
		if l.Code != -1 || l.Signal != syscall.SIGTERM || l.Reason.Code != "stop-requested" || l.Record == 0 {
			t.Errorf("got %+v", l)
		}
		if records, _ := b.History(l.Record-1, 1); records[0].To != supervisor.Stopped {
			t.Errorf("got %+v", records)
		}
	})
}

func TestTheOutputOfLivesIsBounded(t *testing.T) {
	h := newScriptedHost(func(_ string, life int) script {
		return script{begun: func(p *scriptedProcess) { p.says(strings.Repeat("0123456789abcde\n", 10000)) }, runs: 2 * time.Second, code: 1}
	})
	inVirtualTime(t, h, []confload.Group{program1("web", nil)}, func(b *bench) {
		b.after(time.Minute)
		lives, _ := b.Lives("web")
		total := 0
		for _, l := range lives {
			total += len(l.Stdout)
		}
		if n := strings.Count(lives[0].Stdout, "\n"); n != linesKept || total > outputsBytes || len(lives) != livesKept {
			t.Errorf("%d lines, %d bytes, %d lives", n, total, len(lives))
		}
	})
}

func TestLivesAndRecordsGoOnInTheNextTree(t *testing.T) {
	var past *Past
	run := func(f func(*bench), opts ...Option) {
		h := newScriptedHost(func(string, int) script { return script{runs: 2 * time.Second, code: 5} })
		once := func(p *confload.Program) { p.Autorestart = confload.RestartNever }
		inVirtualTime(t, h, []confload.Group{program1("web", once)}, f, opts...)
	}
	run(func(b *bench) {
		b.after(5 * time.Second)
		b.ShutdownFor(true, supervisor.Reason{Code: "signal", Text: "SIGHUP was received"})
		<-b.Done()
		past = b.Past()
	})
	run(func(b *bench) {
		b.after(1500 * time.Millisecond)
		lives, _ := b.Lives("web")
		if len(lives) != 1 || lives[0].Code != 5 {
			t.Errorf("got %+v", lives)
		}
		chain := b.Why("web").Chain
		last := chain[len(chain)-1]
		if chain[0].To != supervisor.Running || last.Reason.Text != "SIGHUP was received" || chain[0].Life != lives[0].Number+1 {
			t.Errorf("got %+v", chain)
		}
		records, missed := b.History(0, 0)
		for i, r := range records {
			if r.Seq != uint64(i+1) || missed != 0 {
				t.Errorf("record %d has number %d", i+1, r.Seq)
			}
		}
		if records[0].Reason.Code != "began" {
			t.Errorf("got %+v", records[0])
		}
	}, WithPast(past))
}

// What remembering the end of output costs a write, for lines and at full speed.
func BenchmarkRememberedSink(b *testing.B) {
	for _, size := range []int{80, 64 << 10} {
		p := []byte(strings.Repeat("x", size-1) + "\n")
		for name, s := range map[string]logs.Sink{"without": logs.Discard, "with": &rememberedSink{Sink: logs.Discard, tail: tail{size: outputKept}}} {
			b.Run(fmt.Sprintf("%d bytes %s", size, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_, _ = s.Write(p)
				}
			})
		}
	}
}
