package logs

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

type secret struct{ Password string }

// LogValue would be called if the handler looked into the value.
func (s secret) LogValue() slog.Value { return slog.StringValue(s.Password) }

func TestSlogHandler(t *testing.T) {
	for _, tt := range []struct {
		name string
		log  func(l *slog.Logger)
		want string
	}{
		{"error", func(l *slog.Logger) { l.Error("x", slog.Any("error", errors.New("e"))) }, "ERRO x error=e"},
		{"warn", func(l *slog.Logger) { l.Warn("x") }, "WARN x"},
		{"info is debug", func(l *slog.Logger) { l.Info("x") }, "DEBG x"},
		{"debug is trace", func(l *slog.Logger) { l.Debug("x") }, "TRAC x"},
		{"recovering", func(l *slog.Logger) { l.Info("[ACTOR] Recovering", "self", "p") }, "TRAC [ACTOR] Recovering self=p"},
		{"started", func(l *slog.Logger) { l.Info("actor system started", "id", "1") }, "TRAC actor system started id=1"},
		{"dead letter", func(l *slog.Logger) {
			l.Info("[DeadLetter]", slog.Any("pid", "p"), slog.Any("message", &secret{"hunter2"}), slog.Any("sender", nil))
		}, "TRAC [DeadLetter] pid=p message=*logs.secret sender=<nil>"},
		{"supervision", func(l *slog.Logger) {
			l.Error("[Supervision]", slog.Any("actor", "p"), slog.Any("message", secret{"hunter2"}), slog.Any("exception", "boom"))
		}, "ERRO [Supervision] actor=p message=logs.secret exception=boom"},
		{"text payload", func(l *slog.Logger) { l.Warn("x", "msg", "hunter2") }, "WARN x msg=string"},
		{"payload kept with the logger", func(l *slog.Logger) { l.With("Message", secret{"hunter2"}).Warn("x") }, "WARN x Message=logs.secret"},
		{"payload in a group", func(l *slog.Logger) {
			l.WithGroup("a").Warn("x", slog.Group("b", "message", "hunter2", "c", 1), "d", 2)
		}, "WARN x a.b.message=string a.b.c=1 a.d=2"},
		{"value that resolves", func(l *slog.Logger) { l.Warn("x", "who", secret{"shown on purpose"}) }, `WARN x who="shown on purpose"`},
		{"empty attribute", func(l *slog.Logger) { l.Warn("x", slog.Attr{}) }, "WARN x"},
		{"order", func(l *slog.Logger) { l.With("a", 1).WithGroup("g").With("b", 2).Warn("x", "c", 3) }, "WARN x a=1 g.b=2 g.c=3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, out := mainLog(t, LevelTrace)
			tt.log(slog.New(SlogHandler(m.Logger())))
			if got, want := out.String(), stamp+tt.want+"\n"; got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			if strings.Contains(out.String(), "hunter2") {
				t.Error("a secret got out")
			}
		})
	}
}

func TestSlogHandlerKeepsToTheLevel(t *testing.T) {
	m, out := mainLog(t, LevelInfo)
	h := SlogHandler(m.Logger())
	l := slog.New(h)
	l.Info("x")
	l.Debug("x")
	l.Error("[DeadLetter]") // routine, whatever its level
	if out.Len() != 0 {
		t.Errorf("got %q", out.String())
	}
	if h.Enabled(context.Background(), slog.LevelInfo) || !h.Enabled(context.Background(), slog.LevelWarn) {
		t.Error("enabled does not keep to the level")
	}
	m.SetLevel(LevelDebug)
	if !h.Enabled(context.Background(), slog.LevelInfo) {
		t.Error("a change of the level is not seen")
	}
}
