package server

import (
	"context"
	"strconv"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/xmlrpc"
)

// sendProcessStdin looks at the type of the data first, as supervisord does. Bytes given as base64 arrive as they are.
func (s *service) sendProcessStdin(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	data, ok := args[1].AsText()
	if !ok {
		fault := &actors.Fault{Code: actors.IncorrectParameters}
		if args[1].Kind == xmlrpc.Int {
			fault.Extra = strconv.FormatInt(args[1].Int, 10)
		}
		return nil, fault
	}
	name, _, err := s.program(&args[0])
	if err != nil {
		return nil, err
	}
	if err := s.tree.SendStdin(ctx, name, []byte(data)); err != nil {
		return nil, err
	}
	return xmlrpc.AppendBool(dst, true), nil
}

func (s *service) sendRemoteCommEvent(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	kind, err := textArg(&args[0])
	if err != nil {
		return nil, err
	}
	data, err := textArg(&args[1])
	if err != nil {
		return nil, err
	}
	if err := s.tree.RemoteEvent(ctx, kind, data); err != nil {
		return nil, err
	}
	return xmlrpc.AppendBool(dst, true), nil
}
