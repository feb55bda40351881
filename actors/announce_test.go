package actors

import (
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

func TestLinesOfOutputAreMatchedWholeAndToALimit(t *testing.T) {
	long := strings.Repeat("x", maxReadyLine)
	for _, c := range []struct {
		pattern string
		pieces  []string
		want    string // the line that matched; "" none
	}{
		{"^up$", []string{"up\n"}, "up"},
		{"^up$", []string{"up\r\n"}, "up"},
		{"^up$", []string{"u", "", "p", "\n"}, "up"},
		{"^up$", []string{"not up\nup"}, ""}, // the line is not at its end
		{"^up$", []string{"not up\nup", "\n"}, "up"},
		{"^$", []string{"x\n\n"}, ""},
		{"up", []string{long + "up\n"}, ""},
		{"up", []string{long[:100], long, "up\n", "up again\n"}, "up again"},
		{"x$", []string{long + "up\n"}, "x"},
		{"^up", []string{"a\nb\nup 1\nup 2\n", "up 3\n"}, "up 1"},
		{"é", []string{"caf\xe9\n", "caf\u00e9\n"}, "caf\u00e9"},
	} {
		found := []string{}
		var out strings.Builder
		w := &lineWatcher{Writer: &out, log: &readyLog{pattern: regexp.MustCompile(c.pattern), found: func(line string) { found = append(found, line) }}}
		for _, p := range c.pieces {
			if n, err := w.Write([]byte(p)); n != len(p) || err != nil {
				t.Fatal(n, err)
			}
		}
		switch {
		case out.String() != strings.Join(c.pieces, ""):
			t.Errorf("%.20q: the output is %.20q", c.pieces, out.String())
		case c.pattern == "^$" && len(found) == 1 && found[0] == "": // an empty line matches
		case c.want == "" && len(found) > 0, c.want != "" && (len(found) != 1 || !strings.HasPrefix(found[0], c.want)):
			t.Errorf("%s in %.40q: found %.40q, want %q", c.pattern, c.pieces, found, c.want)
		case len(w.line) > maxReadyLine || w.log.over.Load() && w.line != nil:
			t.Errorf("%.20q: %d bytes are kept", c.pieces, len(w.line))
		}
	}
}

// announcements is an announcer that sends to nobody.
func announcements(t *testing.T, kind confload.ReadyKind) *announcer {
	t.Helper()
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(io.Discard, nil))
	}))
	t.Cleanup(system.Shutdown)
	to := system.Root.Spawn(actor.PropsFromFunc(func(actor.Context) {}))
	return &announcer{tree: &tree{system: system}, prog: &confload.Program{Name: "web", Ready: confload.Readiness{Kind: kind}}, life: 3, to: to}
}

func TestWhatTheMessagesOfSdNotifyMean(t *testing.T) {
	ready := supervisor.ReadinessChanged{Life: 3, Ready: true, Why: "it says so (READY=1)"}
	stops := supervisor.ReadinessChanged{Life: 3, Why: "it says that it is stopping (STOPPING=1)"}
	status := func(s string) supervisor.Event { return supervisor.StatusTold{Life: 3, Text: s} }
	fed := supervisor.WatchdogFed{Life: 3}
	a := announcements(t, confload.ReadyNotify)
	for _, c := range []struct {
		text string
		want []supervisor.Event
	}{
		{"READY=1", []supervisor.Event{ready}},
		{"READY=1\n", []supervisor.Event{ready}},
		{"READY=0", nil},
		{"READY", nil},
		{"", nil},
		{"\n\n=\n", nil},
		{"MAINPID=1\nERRNO=5\nX_Y=z", nil},
		{"STATUS=a = b\nREADY=1\nWATCHDOG=1", []supervisor.Event{ready, status("a = b"), fed}},
		{"STATUS=", []supervisor.Event{status("")}},
		{"STATUS=a\x1b[31m\xff", []supervisor.Event{status(`a\x1b[31m\xff`)}},
		{"STATUS=" + strings.Repeat("é", 1000), []supervisor.Event{status(strings.Repeat("é", maxStatus/2) + "…")}},
		{"RELOADING=1\nMONOTONIC_USEC=5", []supervisor.Event{status("reloading")}},
		{"READY=1", []supervisor.Event{ready, status("")}}, // it is not reloading any more
		{"READY=1", []supervisor.Event{ready}},
		{"RELOADING=1\nSTATUS=halfway", []supervisor.Event{status("halfway")}},
		{"STOPPING=1", []supervisor.Event{stops}},
	} {
		a.told(c.text)
		if got := a.take(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%.50q: got %+v, want %+v", c.text, got, c.want)
		}
	}
	a = announcements(t, confload.ReadyStartSecs) // with a watchdog: what it says of its readiness means nothing
	a.told("READY=1\nWATCHDOG=1\nSTOPPING=1")
	if got := a.take(); !reflect.DeepEqual(got, []supervisor.Event{fed}) {
		t.Errorf("got %+v", got)
	}
}

// TestAFloodOfWordsIsOneMessage says much while nobody listens.
func TestAFloodOfWordsIsOneMessage(t *testing.T) {
	a := announcements(t, confload.ReadyNotify)
	got := make(chan *announced, 10_000)
	a.to = a.tree.system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		if m, ok := ctx.Message().(*announced); ok {
			got <- m
		}
	}))
	for i := range 5000 {
		a.told(fmt.Sprintf("STATUS=%d\nWATCHDOG=1", i))
	}
	m := proctest.Receive(t, "the message", got)
	want := []supervisor.Event{supervisor.StatusTold{Life: 3, Text: "4999"}, supervisor.WatchdogFed{Life: 3}}
	if news := m.by.take(); !reflect.DeepEqual(news, want) || len(got) > 0 {
		t.Errorf("got %+v and %d more messages", news, len(got))
	}
	a.told("READY=1")
	proctest.Receive(t, "the next message", got)
}

func FuzzSdNotify(f *testing.F) {
	f.Add("READY=1\nSTATUS=x")
	f.Fuzz(func(t *testing.T, text string) {
		a := &announcer{prog: &confload.Program{Ready: confload.Readiness{Kind: confload.ReadyNotify}}, underWay: true}
		a.told(text)
		for _, e := range a.take() {
			if s, ok := e.(supervisor.StatusTold); ok && (len(s.Text) > 10*maxStatus || strings.ContainsAny(s.Text, "\n\x1b")) {
				t.Errorf("%q became %q", text, s.Text)
			}
		}
	})
}
