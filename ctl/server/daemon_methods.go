package server

import (
	"context"

	"github.com/gwaycc/supd/ctl/xmlrpc"
)

func (s *service) getAPIVersion(_ context.Context, dst []byte, _ []xmlrpc.Value) ([]byte, error) {
	return xmlrpc.AppendString(dst, apiVersion), nil
}

func (s *service) getSupervisorVersion(_ context.Context, dst []byte, _ []xmlrpc.Value) ([]byte, error) {
	return xmlrpc.AppendString(dst, s.version), nil
}

func (s *service) getIdentification(_ context.Context, dst []byte, _ []xmlrpc.Value) ([]byte, error) {
	return xmlrpc.AppendString(dst, s.daemon.Identification()), nil
}

func (s *service) getState(_ context.Context, dst []byte, _ []xmlrpc.Value) ([]byte, error) {
	code, name := s.daemon.State()
	dst = xmlrpc.AppendStructStart(dst)
	dst = xmlrpc.AppendMemberInt(dst, "statecode", int64(code))
	dst = xmlrpc.AppendMemberString(dst, "statename", name)
	return xmlrpc.AppendStructEnd(dst), nil
}

func (s *service) getPID(_ context.Context, dst []byte, _ []xmlrpc.Value) ([]byte, error) {
	return xmlrpc.AppendInt(dst, int64(s.daemon.Pid())), nil
}

func (s *service) shutdown(ctx context.Context, dst []byte, _ []xmlrpc.Value) ([]byte, error) {
	s.daemon.Shutdown(ctx)
	return xmlrpc.AppendBool(dst, true), nil
}

func (s *service) restart(ctx context.Context, dst []byte, _ []xmlrpc.Value) ([]byte, error) {
	if err := s.daemon.Restart(ctx); err != nil {
		return nil, err
	}
	return xmlrpc.AppendBool(dst, true), nil
}

// reloadConfig answers with the three lists inside an array of one element, as supervisord does.
func (s *service) reloadConfig(ctx context.Context, dst []byte, _ []xmlrpc.Value) ([]byte, error) {
	changes, err := s.tree.Reread(ctx)
	if err != nil {
		return nil, err
	}
	dst = xmlrpc.AppendArrayStart(xmlrpc.AppendArrayStart(dst))
	for _, names := range [][]string{changes.Added, changes.Changed, changes.Removed} {
		dst = xmlrpc.AppendStrings(dst, names)
	}
	return xmlrpc.AppendArrayEnd(xmlrpc.AppendArrayEnd(dst)), nil
}

func (s *service) addProcessGroup(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	return s.onGroup(ctx, dst, args, s.tree.AddGroup)
}

func (s *service) removeProcessGroup(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	return s.onGroup(ctx, dst, args, s.tree.RemoveGroup)
}

func (s *service) onGroup(ctx context.Context, dst []byte, args []xmlrpc.Value, do func(context.Context, string) error) ([]byte, error) {
	name, err := textArg(&args[0])
	if err != nil {
		return nil, err
	}
	if err := do(ctx, name); err != nil {
		return nil, err
	}
	return xmlrpc.AppendBool(dst, true), nil
}
