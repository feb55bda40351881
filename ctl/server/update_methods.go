package server

import (
	"context"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/ctl/xmlrpc"
)

func (s *service) update(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	groups, err := groupsArg(args)
	if err != nil {
		return nil, err
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

// groupsArg is the first argument: names of groups, nil for all.
func groupsArg(args []xmlrpc.Value) ([]string, error) {
	if len(args) == 0 {
		return nil, nil
	}
	groups, err := textsArg(&args[0])
	if len(groups) == 0 {
		groups = nil
	}
	return groups, err
}

func (s *service) planUpdate(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	groups, err := groupsArg(args)
	if err != nil {
		return nil, err
	}
	file := ""
	if len(args) > 1 {
		if file, err = textArg(&args[1]); err != nil {
			return nil, err
		}
	}
	if file != "" && !knowsClient(ctx) {
		return nil, &actors.Fault{Code: actors.Failed, Extra: strangersText}
	}
	if file != "" {
		if err := permit(ctx, api.Admin, "planUpdate with a file"); err != nil {
			return nil, &actors.Fault{Code: actors.Failed, Extra: roleText(callerOf(ctx).role, api.Admin)}
		}
	}
	cfg, err := preview(ctx, s.daemon, file)
	if err != nil {
		return nil, err
	}
	return appendPlan(dst, s.tree.PlanUpdate(cfg, groups)), nil
}

// preview reads the configuration for a plan. What is wrong with it is told with its lines, which only an administrator may see.
func preview(ctx context.Context, d Daemon, file string) (*confload.Config, error) {
	cfg, err := d.Preview(file)
	if err != nil && !may(callerOf(ctx).role, api.Admin) {
		return nil, &actors.Fault{Code: actors.CantReread, Extra: "there is a mistake in the configuration files; the role admin is told which"}
	}
	return cfg, err
}

func (s *service) planStop(_ context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	return planned(dst, args, s.tree.PlanStop)
}

func (s *service) planKill(_ context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	return planned(dst, args, s.tree.PlanKill)
}

func planned(dst []byte, args []xmlrpc.Value, plan func(string) ([]actors.PlanStep, error)) ([]byte, error) {
	name, err := textArg(&args[0])
	if err != nil {
		return nil, err
	}
	steps, err := plan(name)
	if err != nil {
		return nil, err
	}
	return appendPlan(dst, steps), nil
}

func appendPlan(dst []byte, steps []actors.PlanStep) []byte {
	dst = xmlrpc.AppendArrayStart(dst)
	for _, p := range steps {
		dst = xmlrpc.AppendStructStart(dst)
		dst = xmlrpc.AppendMemberString(dst, "do", p.Do)
		dst = xmlrpc.AppendMemberString(dst, "program", p.Program)
		dst = xmlrpc.AppendMemberString(dst, "why", p.Why)
		dst = xmlrpc.AppendStructEnd(dst)
	}
	return xmlrpc.AppendArrayEnd(dst)
}
