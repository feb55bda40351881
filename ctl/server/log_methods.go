package server

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/xmlrpc"
	"github.com/gwaycc/supd/supervisor/logs"
)

// maxWindow bounds what one call reads of a log, in bytes. A log that is rotated at the usual 50 MB fits.
const maxWindow = 64 << 20

// channel picks a log of a program, nil for none.
type channel func(*actors.Info) logs.Log

func stdoutLog(i *actors.Info) logs.Log { return i.Stdout() }
func stderrLog(i *actors.Info) logs.Log { return i.Stderr() }

// missing is the fault of a log that is not there; path "" when there can be none.
func missing(path string) error { return &actors.Fault{Code: actors.NoFile, Extra: path} }

// windowArgs returns the offset and the length that two arguments ask for.
func windowArgs(args []xmlrpc.Value) (offset, length int64, err error) {
	if offset, err = intArg(&args[0]); err == nil {
		length, err = intArg(&args[1])
	}
	return offset, length, err
}

// bounded refuses a window of a log of a size that is larger than one answer should be. n is its length, <= 0 without one.
func bounded(log logs.Log, size, offset, n int64) error {
	switch {
	case n <= 0 && offset < 0:
		size = min(size, -max(offset, -size))
	case n <= 0:
		size = max(0, size-offset)
	default:
		size = min(size, n)
	}
	if size <= maxWindow {
		return nil
	}
	return &actors.Fault{Code: actors.Failed, Extra: fmt.Sprintf("%d bytes of %s are too much for one answer: ask for %d at most", size, log.Name(), maxWindow)}
}

// warnUnread logs why a client was not answered with a log: the answer does not tell.
func warnUnread(logger hclog.Logger, path string, err error) {
	logger.Warn(logs.Clean(fmt.Sprintf("the log %s could not be read for a client: %v", path, err)))
}

// appendWindow appends what the two arguments ask for of a log (compat.md §4.8), nil for none.
func (s *service) appendWindow(dst []byte, log logs.Log, args []xmlrpc.Value) ([]byte, error) {
	if log == nil {
		return nil, missing("")
	}
	size, ok := log.Size()
	if !ok {
		return nil, missing(log.Name())
	}
	offset, length, err := windowArgs(args)
	if err != nil {
		return nil, err
	}
	if length >= 0 {
		if err := bounded(log, size, offset, length); err != nil {
			return nil, err
		}
	}
	data, err := log.Read(offset, length)
	switch {
	case errors.Is(err, logs.ErrBadArguments):
		return nil, &actors.Fault{Code: actors.BadArguments}
	case errors.Is(err, logs.ErrNoFile):
		return nil, missing(log.Name())
	case err != nil:
		warnUnread(s.logger, log.Name(), err)
		return nil, &actors.Fault{Code: actors.Failed}
	}
	return xmlrpc.AppendBytes(dst, data), nil
}

func (s *service) readLog(_ context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	path := s.daemon.MainLog()
	if path == "" {
		return nil, missing("syslog")
	}
	return s.appendWindow(dst, logs.At(path), args)
}

func (s *service) clearLog(_ context.Context, dst []byte, _ []xmlrpc.Value) ([]byte, error) {
	path := s.daemon.MainLog()
	if _, ok := logs.At(path).Size(); !ok {
		return nil, missing("")
	}
	if err := s.daemon.ClearMainLog(); err != nil {
		s.logger.Warn(logs.Clean(fmt.Sprintf("the log %s could not be cleared for a client: %v", path, err)))
		return nil, &actors.Fault{Code: actors.Failed}
	}
	return xmlrpc.AppendBool(dst, true), nil
}

func (s *service) readProcessLog(of channel) xmlrpc.Handler {
	return func(_ context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
		_, info, err := s.program(&args[0])
		if err != nil {
			return nil, err
		}
		return s.appendWindow(dst, of(info), args[1:])
	}
}

// tailProcessLog answers with an empty window when there is nothing to read: it has no faults but that of the name and
// that of a window that is too large.
func (s *service) tailProcessLog(of channel) xmlrpc.Handler {
	return func(_ context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
		_, info, err := s.program(&args[0])
		if err != nil {
			return nil, err
		}
		log := of(info)
		if log == nil {
			return appendTail(dst, nil, 0, false), nil
		}
		size, ok := log.Size()
		if !ok {
			return appendTail(dst, nil, 0, false), nil
		}
		offset, length, err := windowArgs(args[1:])
		if err != nil {
			return nil, err
		}
		if length > 0 {
			if err := bounded(log, size, 0, length); err != nil {
				return nil, err
			}
		}
		// An error is answered by what Tail returns with it.
		data, offset, overflow, _ := log.Tail(offset, length)
		return appendTail(dst, data, offset, overflow), nil
	}
}

func appendTail(dst, data []byte, offset int64, overflow bool) []byte {
	dst = xmlrpc.AppendArrayStart(dst)
	dst = xmlrpc.AppendBytes(dst, data)
	dst = xmlrpc.AppendInt(dst, offset)
	dst = xmlrpc.AppendBool(dst, overflow)
	return xmlrpc.AppendArrayEnd(dst)
}

func (s *service) clearProcessLogs(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	name, _, err := s.program(&args[0])
	if err != nil {
		return nil, err
	}
	if err := s.tree.ClearLogs(ctx, name); err != nil {
		return nil, err
	}
	return xmlrpc.AppendBool(dst, true), nil
}

func (s *service) clearAllProcessLogs(ctx context.Context, dst []byte, _ []xmlrpc.Value) ([]byte, error) {
	results, err := s.tree.ClearAllLogs(ctx)
	if err != nil {
		return nil, err
	}
	return appendResults(dst, results), nil
}
