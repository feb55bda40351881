package actors

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gwaycc/supd/confload"
)

// ear is a scripted listener: it records what it is sent and answers.
type ear struct {
	answer func(n int, event string) string // to its nth event, counted from 0; nil: OK and READY

	mu    sync.Mutex
	heard []string // "serial poolserial TYPE payload"
}

func (e *ear) script() script {
	return script{begun: func(p *scriptedProcess) { p.says("READY\n") }, given: e.take}
}

func (e *ear) take(p *scriptedProcess, in string) {
	head, payload, _ := strings.Cut(in, "\n")
	tokens := map[string]string{}
	for _, kv := range strings.Fields(head) {
		k, v, _ := strings.Cut(kv, ":")
		tokens[k] = v
	}
	event := tokens["eventname"] + " " + strings.ReplaceAll(payload, "\n", "|")
	e.mu.Lock()
	n := len(e.heard)
	e.heard = append(e.heard, fmt.Sprintf("%s %s %s", tokens["serial"], tokens["poolserial"], event))
	e.mu.Unlock()
	answer := "RESULT 2\nOKREADY\n"
	if e.answer != nil {
		answer = e.answer(n, event)
	}
	if answer != "" {
		p.says(answer)
	}
}

// hears compares what was heard so far, and forgets it.
func (e *ear) hears(b *bench, want ...string) {
	b.t.Helper()
	b.after(0)
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Equal(e.heard, want) {
		b.t.Errorf("heard:\n%s\nwant:\n%s", strings.Join(e.heard, "\n"), strings.Join(want, "\n"))
	}
	e.heard = nil
}

// listeners is a pool of n listeners for types of events.
func listeners(name string, n int, types ...string) confload.Group {
	g := program1(name, func(p *confload.Program) {
		p.Kind, p.Section = confload.KindEventListener, "eventlistener:"+name
	})
	g.Kind, g.Priority, g.Listener = confload.KindEventListener, -1, &confload.Listener{Events: types, BufferSize: 10}
	for i := 1; i < n; i++ {
		p := g.Programs[0]
		p.Name = fmt.Sprintf("%s%d", name, i+1)
		g.Programs = append(g.Programs, p)
	}
	return g
}

func TestAListenerHearsOfEveryTransitionInOrder(t *testing.T) {
	e := &ear{}
	h := newScriptedHost(func(name string, life int) script {
		switch {
		case name == "ear":
			return e.script()
		case life == 1:
			return script{runs: 5 * time.Second, code: 3}
		}
		return script{stops: time.Second}
	})
	slower := func(p *confload.Program) { p.StartSecs = 2 }
	inVirtualTime(t, h, []confload.Group{listeners("ear", 1, "PROCESS_STATE", "SUPERVISOR_STATE_CHANGE"), program1("web", slower)}, func(b *bench) {
		b.after(10 * time.Second)
		e.hears(b,
			"0 0 SUPERVISOR_STATE_CHANGE_RUNNING ",
			"1 1 PROCESS_STATE_STARTING processname:ear groupname:ear from_state:STOPPED tries:0",
			"2 2 PROCESS_STATE_STARTING processname:web groupname:web from_state:STOPPED tries:0",
			"3 3 PROCESS_STATE_RUNNING processname:ear groupname:ear from_state:STARTING pid:101",
			"4 4 PROCESS_STATE_RUNNING processname:web groupname:web from_state:STARTING pid:102",
			"5 5 PROCESS_STATE_EXITED processname:web groupname:web from_state:RUNNING expected:0 pid:102",
			"6 6 PROCESS_STATE_STARTING processname:web groupname:web from_state:EXITED tries:0",
			"7 7 PROCESS_STATE_RUNNING processname:web groupname:web from_state:STARTING pid:103")
		b.Shutdown(false)
		<-b.Done()
		e.hears(b,
			"8 8 SUPERVISOR_STATE_CHANGE_STOPPING ",
			"9 9 PROCESS_STATE_STOPPING processname:web groupname:web from_state:RUNNING pid:103",
			"10 10 PROCESS_STATE_STOPPED processname:web groupname:web from_state:STOPPING pid:103")
		if s := b.EventSerial(); s != 13 { // the listener's own end is numbered as well
			t.Errorf("the next serial is %d", s)
		}
	}, WithEventSerial(0))
}

func TestARejectedEventAndThatOfADeadListenerComeAgain(t *testing.T) {
	e, died := &ear{}, false
	h := newScriptedHost(func(name string, life int) script {
		if name != "ear" {
			return script{}
		}
		s := e.script()
		if life == 1 {
			s.given = func(p *scriptedProcess, in string) {
				e.take(p, in)
				if strings.Contains(in, "web3") {
					_ = p.Signal(9)
				}
			}
		}
		return s
	})
	e.answer = func(n int, event string) string {
		switch {
		case n == 0:
			return "RESULT 4\nFAILREADY\n"
		case strings.Contains(event, "web3") && !died:
			died = true
			return ""
		}
		return "RESULT 2\nOKREADY\n"
	}
	manual := func(p *confload.Program) { p.Autostart = false }
	groups := []confload.Group{listeners("ear", 1, "PROCESS_STATE_STARTING"), program1("web1", manual), program1("web3", manual)}
	groups[0].Programs[0].Autostart = false
	inVirtualTime(t, h, groups, func(b *bench) {
		ctx := context.Background()
		if err := b.Start(ctx, "web1", true); err != nil {
			t.Fatal(err)
		}
		b.after(0)
		if err := b.Start(ctx, "ear", true); err != nil {
			t.Fatal(err)
		}
		b.after(time.Second)
		e.mu.Lock()
		e.heard = e.heard[:2]
		e.mu.Unlock()
		if err := b.Start(ctx, "web3", true); err != nil {
			t.Fatal(err)
		}
		b.after(5 * time.Second)
		e.hears(b,
			"0 0 PROCESS_STATE_STARTING processname:web1 groupname:web1 from_state:STOPPED tries:0",
			"0 0 PROCESS_STATE_STARTING processname:web1 groupname:web1 from_state:STOPPED tries:0",
			"2 2 PROCESS_STATE_STARTING processname:web3 groupname:web3 from_state:STOPPED tries:0",
			"2 2 PROCESS_STATE_STARTING processname:web3 groupname:web3 from_state:STOPPED tries:0",
			"3 3 PROCESS_STATE_STARTING processname:ear groupname:ear from_state:EXITED tries:0")
	})
}

// A listener that rejects everything gets its event at once when it was rejected for the first time, and then ever more seldom, but
// once a second at least; what comes after it waits, in order.
func TestAListenerThatRejectsEverythingDoesNotSpin(t *testing.T) {
	e := &ear{}
	var at []time.Duration
	var began time.Time
	var accept atomic.Bool
	e.answer = func(int, string) string {
		if accept.Load() {
			return "RESULT 2\nOKREADY\n"
		}
		if began.IsZero() {
			began = time.Now()
		}
		at = append(at, time.Since(began))
		return "RESULT 4\nFAILREADY\n"
	}
	h := newScriptedHost(func(name string, _ int) script {
		if name != "ear" {
			return script{}
		}
		return e.script()
	})
	manual := func(p *confload.Program) { p.Autostart = false }
	groups := []confload.Group{listeners("ear", 1, "PROCESS_STATE_STARTING"), program1("web1", manual), program1("web2", manual)}
	inVirtualTime(t, h, groups, func(b *bench) {
		b.after(5 * time.Second)
		for _, name := range []string{"web1", "web2"} {
			if err := b.Start(context.Background(), name, true); err != nil {
				t.Fatal(err)
			}
		}
		b.after(5 * time.Second)
		accept.Store(true)
		b.after(5 * time.Second)
		e.mu.Lock()
		defer e.mu.Unlock()
		ms := func(n time.Duration) time.Duration { return n * time.Millisecond }
		if want := []time.Duration{0, 0, ms(100), ms(300), ms(700), ms(1500), ms(2500)}; len(at) > 20 || !slices.Equal(at[:len(want)], want) {
			t.Errorf("the event came at %v", at)
		}
		serials := []string{}
		for _, h := range e.heard {
			serials = append(serials, strings.Fields(h)[0])
		}
		if got := strings.Join(slices.Compact(serials), " "); got != "0 1 2" { // ear itself, web1, web2
			t.Errorf("the order is %s", got)
		}
	})
}

func TestASlowListenerHoldsNoProgramUpAndItsPoolLosesTheOldestEvents(t *testing.T) {
	e := &ear{answer: func(int, string) string { return "" }}
	h := newScriptedHost(func(name string, _ int) script {
		if name == "ear" {
			return e.script()
		}
		return script{runs: time.Second, code: 1}
	})
	always := func(p *confload.Program) { p.Autorestart, p.StartSecs = confload.RestartAlways, 0 }
	inVirtualTime(t, h, []confload.Group{listeners("ear", 1, "PROCESS_STATE_EXITED"), program1("web", always)}, func(b *bench) {
		b.after(time.Minute + time.Second/2)
		e.hears(b, "0 0 PROCESS_STATE_EXITED processname:web groupname:web from_state:RUNNING expected:0 pid:102")
		if n := h.lives["web"]; n != 61 {
			t.Errorf("%d lives", n)
		}
	})
}

func TestTicksComeOnTheWallClockAndOnlyWhenSomebodyListens(t *testing.T) {
	e := &ear{}
	h := newScriptedHost(func(string, int) script { return e.script() })
	inVirtualTime(t, h, []confload.Group{listeners("ear", 1, "TICK_5", "TICK_60")}, func(b *bench) {
		began := time.Now().Unix() // a multiple of 3600 in virtual time
		b.after(61 * time.Second)
		var want []string
		serial := 0
		for s := int64(5); s <= 60; s += 5 {
			want = append(want, fmt.Sprintf("%d %d TICK_5 when:%d", serial, serial, began+s))
			serial++
		}
		want = append(want, fmt.Sprintf("%d %d TICK_60 when:%d", serial, serial, began+60))
		e.hears(b, want...)
	})
	inVirtualTime(t, lives(script{}), []confload.Group{listeners("deaf", 1, "PROCESS_STATE"), program1("web", nil)}, func(b *bench) {
		b.after(time.Minute)
		if s := b.EventSerial(); s != 4 {
			t.Errorf("the next serial is %d", s)
		}
	})
}

func TestAPoolThatComesLaterGetsShorterTicks(t *testing.T) {
	hourly, often := &ear{}, &ear{}
	h := newScriptedHost(func(name string, _ int) script {
		if name == "hourly" {
			return hourly.script()
		}
		return often.script()
	})
	config := []confload.Group{listeners("hourly", 1, "TICK_3600"), listeners("often", 1, "TICK_5")}
	inVirtualTime(t, h, config, func(b *bench) {
		ctx := context.Background()
		began := time.Now().Unix()
		b.after(6 * time.Second)
		often.hears(b, fmt.Sprintf("0 0 TICK_5 when:%d", began+5))
		if err := b.Stop(ctx, "often", true); err != nil {
			t.Fatal(err)
		}
		if err := b.RemoveGroup(ctx, "often"); err != nil {
			t.Fatal(err)
		}
		b.after(101 * time.Second)
		if err := b.AddGroup(ctx, "often"); err != nil {
			t.Fatal(err)
		}
		b.after(4 * time.Second)
		often.hears(b, fmt.Sprintf("1 0 TICK_5 when:%d", began+110))
		hourly.hears(b)
		b.after(time.Hour)
		hourly.hears(b, fmt.Sprintf("%d 0 TICK_3600 when:%d", (3600-110)/5+2, began+3600))
	})
}

func TestOutputIsCapturedAndMadeEventsOf(t *testing.T) {
	e := &ear{}
	log := filepath.Join(t.TempDir(), "log")
	h := newScriptedHost(func(name string, _ int) script {
		if name == "ear" {
			return e.script()
		}
		return script{begun: func(p *scriptedProcess) {
			<-time.After(2 * time.Second)
			p.says("hello ")
			p.says("<!--XSUPERVISOR:BE")
			p.says("GIN-->secret<!--XSUPERVISOR:END-->bye <!--X")
		}, stops: time.Second}
	})
	logged := program1("web", func(p *confload.Program) {
		p.Stdout = confload.Stream{Kind: confload.LogPath, Path: log, EventsEnabled: true, CaptureMaxBytes: 100}
	})
	quiet := program1("quiet", nil)
	groups := []confload.Group{listeners("ear", 1, "PROCESS_COMMUNICATION", "PROCESS_LOG"), logged, quiet}
	inVirtualTime(t, h, groups, func(b *bench) {
		b.after(5 * time.Second)
		e.hears(b,
			"0 0 PROCESS_LOG_STDOUT processname:web groupname:web pid:102 channel:stdout|hello ",
			"1 1 PROCESS_COMMUNICATION_STDOUT processname:web groupname:web pid:102|secret",
			"2 2 PROCESS_LOG_STDOUT processname:web groupname:web pid:102 channel:stdout|bye ")
		if err := b.Stop(context.Background(), "web", true); err != nil {
			t.Error(err)
		}
		e.hears(b, "3 3 PROCESS_LOG_STDOUT processname:web groupname:web pid:102 channel:stdout|<!--X")
		if got, err := os.ReadFile(log); err != nil || string(got) != "hello bye <!--X" {
			t.Errorf("the log has %q, %v", got, err)
		}
	})
}

func TestGroupsThatComeAndGoAreTold(t *testing.T) {
	e := &ear{}
	h := newScriptedHost(func(name string, _ int) script {
		if name == "ear" {
			return e.script()
		}
		return script{}
	})
	manual := func(p *confload.Program) { p.Autostart = false }
	config := []confload.Group{listeners("ear", 1, "PROCESS_GROUP"), program1("b", manual), program1("a", manual)}
	inVirtualTime(t, h, config, func(b *bench) {
		ctx := context.Background()
		b.after(2 * time.Second)
		for _, err := range []error{b.RemoveGroup(ctx, "a"), b.AddGroup(ctx, "a")} {
			if err != nil {
				t.Error(err)
			}
		}
		e.hears(b, "0 0 PROCESS_GROUP_ADDED groupname:ear|", "1 1 PROCESS_GROUP_ADDED groupname:b|", "2 2 PROCESS_GROUP_ADDED groupname:a|",
			"3 3 PROCESS_GROUP_REMOVED groupname:a|", "4 4 PROCESS_GROUP_ADDED groupname:a|")
	})
}

func TestAListenerThatBreaksTheProtocolGetsNothingMoreUntilItsNextLife(t *testing.T) {
	e := &ear{}
	h := newScriptedHost(func(name string, life int) script {
		s := e.script()
		if life == 1 {
			s.begun = func(p *scriptedProcess) { p.says("rubbish\n") }
			s.runs, s.code = 20*time.Second, 1
		}
		return s
	})
	inVirtualTime(t, h, []confload.Group{listeners("ear", 1, "TICK_5")}, func(b *bench) {
		b.after(19 * time.Second)
		e.hears(b)
		b.after(3 * time.Second)
		e.mu.Lock()
		n := len(e.heard)
		e.mu.Unlock()
		if n != 4 {
			t.Errorf("%d of 4 events that waited came to the next life", n)
		}
	})

}
