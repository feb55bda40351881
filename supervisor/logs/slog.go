package logs

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/hashicorp/go-hclog"
)

// SlogHandler lets code that logs by log/slog, the actor library above all, write to l.
//
// What such a library finds worth an INFO is debug to an administrator, its DEBUG is trace, and what it says in the
// ordinary course of a supervision tree (a child recovers, a system starts, a message comes too late) is trace.
// Attributes that carry a message or its contents may hold secrets: only the type of their value is printed.
func SlogHandler(l hclog.Logger) slog.Handler { return &slogHandler{logger: l} }

// payloadKeys are the names of attributes by which the actor library logs messages and values, in lower case.
var payloadKeys = map[string]bool{
	"message": true, "msg": true, "request": true, "envelope": true, "payload": true, "body": true, "data": true,
	"val": true, "value": true, "values": true,
}

// routine are the beginnings, in lower case, of messages that tell of nothing unusual.
var routine = []string{"[actor] recovering", "actor system started", "[deadletter]", "deadletter", "dead letter"}

type slogHandler struct {
	logger hclog.Logger
	args   []any  // of WithAttrs, keys and values
	group  string // prefix of keys: "" or "a.b."
}

var _ slog.Handler = (*slogHandler)(nil)

// Enabled tells whether a record of this level is printed at the level of the logger.
func (h *slogHandler) Enabled(_ context.Context, level slog.Level) bool {
	return slogLevel(level) >= h.logger.GetLevel()
}

// Handle prints r. The time is that of the logger.
func (h *slogHandler) Handle(_ context.Context, r slog.Record) error {
	level := slogLevel(r.Level)
	if isRoutine(r.Message) {
		level = hclog.Trace
	}
	if level < h.logger.GetLevel() {
		return nil
	}
	args := make([]any, len(h.args), len(h.args)+2*r.NumAttrs())
	copy(args, h.args)
	r.Attrs(func(a slog.Attr) bool {
		args = appendAttr(args, h.group, a)
		return true
	})
	h.logger.Log(level, r.Message, args...)
	return nil
}

// WithAttrs returns a handler that prints attrs with every record.
func (h *slogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	n := *h
	n.args = append([]any(nil), h.args...)
	for _, a := range attrs {
		n.args = appendAttr(n.args, h.group, a)
	}
	return &n
}

// WithGroup returns a handler that puts "name." before the keys that follow.
func (h *slogHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	n := *h
	n.group = h.group + name + "."
	return &n
}

// appendAttr appends a to args: as key and value, or one pair for each member of a group.
func appendAttr(args []any, prefix string, a slog.Attr) []any {
	if a.Equal(slog.Attr{}) {
		return args
	}
	if payloadKeys[strings.ToLower(a.Key)] {
		return append(args, prefix+a.Key, fmt.Sprintf("%T", a.Value.Any())) // not resolved: that may run its code
	}
	v := a.Value.Resolve()
	if v.Kind() != slog.KindGroup {
		return append(args, prefix+a.Key, v.Any())
	}
	if a.Key != "" {
		prefix += a.Key + "."
	}
	for _, member := range v.Group() {
		args = appendAttr(args, prefix, member)
	}
	return args
}

func isRoutine(message string) bool {
	for _, r := range routine {
		if len(message) >= len(r) && strings.EqualFold(message[:len(r)], r) {
			return true
		}
	}
	return false
}

func slogLevel(l slog.Level) hclog.Level {
	switch {
	case l >= slog.LevelError:
		return hclog.Error
	case l >= slog.LevelWarn:
		return hclog.Warn
	case l >= slog.LevelInfo:
		return hclog.Debug
	}
	return hclog.Trace
}
