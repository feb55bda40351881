package logs

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
)

// maxLineBuffer is the largest line buffer kept for the next line, in bytes.
const maxLineBuffer = 16 << 10

// MainOptions say where the daemon's own log goes.
type MainOptions struct {
	// Path is the log file; "" for none.
	Path string
	// File says how it is rotated.
	File FileOptions
	// Also, if not nil, gets every line too. It is closed with the log, or when it is replaced, and must not block.
	Also Sink
	// Level is the lightest level that is logged. 0 is LevelInfo.
	Level Level
	// Echo, if not nil, gets identical lines, whole ones in each Write: standard output in the foreground. Errors are
	// ignored, and a writer that blocks holds nobody up: of what waits for it, at most 1 MiB is kept, and the rest is left
	// out with a line that says how much. Writing to os.Stdout itself kills the daemon by SIGPIPE when the reader is gone,
	// so open /dev/stdout with OpenFile for it. It is not closed.
	Echo io.Writer
}

// MainLog is the daemon's own log, in supervisord's line format (compat.md §7.1):
//
//	2026-11-22 11:20:07,503 INFO spawned: 'web' with pid 12
//
// The time is local. Arguments of hclog follow as k=v. Line breaks and tabs in a message are printed (further lines have
// no prefix), other control characters are escaped. A name that comes from a user could therefore forge a line if it
// were put into a message as it is: callers pass names through Clean, or as arguments, which are always escaped. The
// names of sub-loggers are not printed.
//
// All methods are safe for concurrent use.
type MainLog struct {
	level   atomic.Int64
	logger  hclog.InterceptLogger
	now     func() time.Time
	outputs atomic.Pointer[outputs]

	mu   sync.Mutex // one line at a time
	line []byte
}

// outputs are where lines go. They are replaced as a whole.
type outputs struct {
	file *File // nil when there is none
	to   Sink  // writes to file; nil when there is none
	also Sink  // nil when there is none
	echo *echo // may be nil
}

var _ hclog.SinkAdapter = (*MainLog)(nil)

// OpenMain opens the main log.
func OpenMain(o MainOptions) (*MainLog, error) {
	m := &MainLog{now: time.Now}
	m.outputs.Store(&outputs{})
	m.logger = hclog.NewInterceptLogger(&hclog.LoggerOptions{
		Output: io.Discard,
		// The logger's own output goes nowhere, so it need not be formatted. Its level still answers IsDebug and such.
		Exclude: func(hclog.Level, string, ...any) bool { return true },
	})
	if err := m.Reconfigure(o); err != nil {
		return nil, err
	}
	m.logger.RegisterSink(m)
	return m, nil
}

// Logger is the logger whose lines come here, also those of its sub-loggers. IsDebug and its likes answer for the level
// of the log.
func (m *MainLog) Logger() hclog.InterceptLogger { return m.logger }

// Reconfigure replaces all options, for a restart of the daemon with a new configuration. Loggers made before stay good.
// When the new file cannot be opened, everything stays as it was.
func (m *MainLog) Reconfigure(o MainOptions) error {
	var file *File
	if o.Path != "" {
		var err error
		if file, err = OpenFile(o.Path, o.File); err != nil {
			return fmt.Errorf("cannot open the main log: %w", err)
		}
	}
	m.SetLevel(o.Level)
	old, next := m.outputs.Load(), &outputs{file: file, also: o.Also, echo: newEcho(o.Echo)}
	if file != nil {
		next.to = file.unblocked()
	}
	if old.echo != nil && old.echo.w == o.Echo {
		next.echo = old.echo // what still waits for the same writer stays in front
	}
	for !m.outputs.CompareAndSwap(old, next) {
		old = m.outputs.Load()
	}
	if old.file != nil || old.also != nil {
		m.mu.Lock() // a line on its way to the old file gets there
		defer m.mu.Unlock()
		_ = old.close()
	}
	return nil
}

// close closes all but the echo.
func (o *outputs) close() error {
	var errs []error
	if o.file != nil {
		errs = append(errs, o.to.Close())
	}
	if o.also != nil {
		errs = append(errs, o.also.Close())
	}
	return errors.Join(errs...)
}

// Level is the lightest level that is logged.
func (m *MainLog) Level() Level { return Level(m.level.Load()) }

// SetLevel changes the lightest level that is logged. 0 is LevelInfo.
func (m *MainLog) SetLevel(l Level) {
	if l == 0 {
		l = LevelInfo
	}
	m.level.Store(int64(l))
	m.logger.SetLevel(l.hclogLevel())
}

// Path is the log file, or "" when there is none.
func (m *MainLog) Path() string {
	if f := m.outputs.Load().file; f != nil {
		return f.Path()
	}
	return ""
}

// Reopen opens the log file by its name again, for SIGUSR2.
func (m *MainLog) Reopen() error {
	out := m.outputs.Load()
	var errs []error
	if out.file != nil {
		errs = append(errs, out.file.Reopen())
	}
	if out.also != nil {
		errs = append(errs, out.also.Reopen())
	}
	return errors.Join(errs...)
}

// Clear empties the log file. Without one it returns ErrNoFile.
func (m *MainLog) Clear() error {
	if f := m.outputs.Load().file; f != nil {
		return f.Clear()
	}
	return fmt.Errorf("cannot clear the main log: %w", ErrNoFile)
}

// flushTime is how long Close waits for the reader of the echo.
const flushTime = time.Second

// Close closes the log file, also under a line that is stuck on its way into a pipe, and waits until the echo has the lines
// logged so far, but no longer than a second. Lines logged later go to the echo only.
func (m *MainLog) Close() error {
	old := m.outputs.Load()
	for !m.outputs.CompareAndSwap(old, &outputs{echo: old.echo}) {
		old = m.outputs.Load()
	}
	err := old.close()
	old.echo.flush(flushTime)
	return err
}

// Accept prints one line. It is called by the loggers.
func (m *MainLog) Accept(_ string, level hclog.Level, msg string, args ...any) {
	l := levelOf(level, args)
	if l < m.Level() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.outputs.Load()
	m.format(l, msg, args)
	out.echo.line(m.line)
	if out.file != nil {
		// Only the echo is left to tell that the log cannot be written. A File returns the error once.
		if _, err := out.to.Write(m.line); err != nil {
			m.format(LevelError, "cannot write the main log", []any{"error", err})
			out.echo.line(m.line)
		}
	}
	if out.also != nil {
		if _, err := out.also.Write(m.line); err != nil { // told once, to those who are left
			m.format(LevelError, "cannot write the main log", []any{"error", err})
			out.echo.line(m.line)
			if out.file != nil {
				_, _ = out.to.Write(m.line)
			}
		}
	}
	if cap(m.line) > maxLineBuffer {
		m.line = nil
	}
}

// format makes m.line one line. The caller holds m.mu.
func (m *MainLog) format(l Level, msg string, args []any) {
	b := m.now().Local().AppendFormat(m.line[:0], "2006-01-02 15:04:05,000")
	b = append(b, ' ')
	b = append(b, l.Code()...)
	b = append(b, ' ')
	b = appendClean(b, msg, "\n\t")
	b = appendArgs(b, args)
	m.line = append(b, '\n')
}
