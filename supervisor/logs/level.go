package logs

import (
	"fmt"
	"strings"

	"github.com/hashicorp/go-hclog"
)

// A Level is the weight of a line of the main log, in supervisord's numbers (compat.md §7.1). The zero value stands for
// LevelInfo where a threshold is asked for.
type Level int

// The levels of the main log.
const (
	LevelCritical Level = 50
	LevelError    Level = 40
	LevelWarn     Level = 30
	LevelInfo     Level = 20
	LevelDebug    Level = 10
	LevelTrace    Level = 5
	LevelBlather  Level = 3
)

// levels is all there is to know about levels: what the configuration calls them, the code in a line, and the level of
// hclog that carries them.
var levels = []struct {
	level Level
	name  string
	code  string
	hclog hclog.Level
}{
	{LevelCritical, "critical", "CRIT", hclog.Error},
	{LevelError, "error", "ERRO", hclog.Error},
	{LevelWarn, "warn", "WARN", hclog.Warn},
	{LevelInfo, "info", "INFO", hclog.Info},
	{LevelDebug, "debug", "DEBG", hclog.Debug},
	{LevelTrace, "trace", "TRAC", hclog.Trace},
	{LevelBlather, "blather", "BLAT", hclog.Trace},
}

// LevelNames are the names that ParseLevel knows, the heaviest first.
func LevelNames() []string {
	names := make([]string, len(levels))
	for i, l := range levels {
		names[i] = l.name
	}
	return names
}

// ParseLevel reads the name of a level, in any case: critical, error, warn, info, debug, trace, blather.
func ParseLevel(name string) (Level, error) {
	for _, l := range levels {
		if strings.EqualFold(name, l.name) {
			return l.level, nil
		}
	}
	return 0, fmt.Errorf("unknown log level %q: must be one of %s", name, strings.Join(LevelNames(), ", "))
}

// String is the level's name in the configuration.
func (l Level) String() string {
	for _, e := range levels {
		if e.level == l {
			return e.name
		}
	}
	return fmt.Sprintf("level %d", int(l))
}

// Code is the word of four letters in a line of the main log.
func (l Level) Code() string {
	for _, e := range levels {
		if e.level == l {
			return e.code
		}
	}
	return "????"
}

// hclogLevel is the level of hclog that carries l.
func (l Level) hclogLevel() hclog.Level {
	for _, e := range levels {
		if e.level == l {
			return e.hclog
		}
	}
	return hclog.Info
}

// Levels that hclog does not have are told by an argument: an error with "sev", "CRIT" is critical, a trace line with
// "sev", "BLAT" is blather. The argument is not printed.
const severityKey = "sev"

// Critical logs a critical line. Names in args should go through Clean.
func Critical(l hclog.Logger, format string, args ...any) {
	l.Error(fmt.Sprintf(format, args...), severityKey, LevelCritical.Code())
}

// Blather logs a line that is even less than trace.
func Blather(l hclog.Logger, format string, args ...any) {
	l.Trace(fmt.Sprintf(format, args...), severityKey, LevelBlather.Code())
}

// levelOf is the level of a line that came through hclog with these arguments.
func levelOf(level hclog.Level, args []any) Level {
	switch level {
	case hclog.Error:
		if hasSeverity(args, LevelCritical) {
			return LevelCritical
		}
		return LevelError
	case hclog.Warn:
		return LevelWarn
	case hclog.Debug:
		return LevelDebug
	case hclog.Trace:
		if hasSeverity(args, LevelBlather) {
			return LevelBlather
		}
		return LevelTrace
	}
	return LevelInfo
}

func hasSeverity(args []any, l Level) bool {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == severityKey && args[i+1] == l.Code() {
			return true
		}
	}
	return false
}
