package server

import (
	"context"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/xmlrpc"
)

func (s *service) update(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	var groups []string
	if len(args) > 0 {
		var err error
		if groups, err = textsArg(&args[0]); err != nil {
			return nil, err
		}
	}
	if len(groups) == 0 {
		groups = nil
	}
	rows, err := s.tree.Update(ctx, groups)
	if err != nil {
		return nil, err
	}
	return appendUpdated(dst, rows), nil
}

func (s *service) scaleProgram(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	name, err := textArg(&args[0])
	if err != nil {
		return nil, err
	}
	count, err := intArg(&args[1])
	if err != nil {
		return nil, err
	}
	rows, err := s.daemon.Scale(ctx, name, int(count))
	if err != nil {
		return nil, err
	}
	return appendUpdated(dst, rows), nil
}

func appendUpdated(dst []byte, rows []actors.Updated) []byte {
	dst = xmlrpc.AppendArrayStart(dst)
	for i := range rows {
		r := &rows[i]
		dst = xmlrpc.AppendStructStart(dst)
		dst = xmlrpc.AppendMemberString(dst, "group", r.Group)
		dst = xmlrpc.AppendMemberString(dst, "name", r.Name)
		dst = xmlrpc.AppendMemberString(dst, "action", string(r.Action))
		dst = xmlrpc.AppendMemberStart(dst, "options")
		dst = xmlrpc.AppendStrings(dst, r.Options)
		dst = xmlrpc.AppendMemberEnd(dst)
		dst = xmlrpc.AppendMemberInt(dst, "status", int64(r.Status))
		dst = xmlrpc.AppendMemberString(dst, "description", r.Description)
		dst = xmlrpc.AppendStructEnd(dst)
	}
	return xmlrpc.AppendArrayEnd(dst)
}
