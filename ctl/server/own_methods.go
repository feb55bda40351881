package server

import (
	"context"
	"slices"
	"strings"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/ctl/xmlrpc"
)

// This file is the methods supervisord does not have.

func (s *service) reopenLogs(_ context.Context, dst []byte, _ []xmlrpc.Value) ([]byte, error) {
	s.daemon.ReopenLogs()
	return xmlrpc.AppendBool(dst, true), nil
}

func (s *service) runProgram(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	var run confload.Run
	var err error
	if run.Name, err = textArg(&args[0]); err != nil {
		return nil, err
	}
	if run.Command, err = textsArg(&args[1]); err != nil {
		return nil, err
	}
	if len(args) > 2 {
		if run.Options, err = textsArg(&args[2]); err != nil {
			return nil, err
		}
	}
	if len(args) > 3 {
		if run.Group, err = textArg(&args[3]); err != nil {
			return nil, err
		}
	}
	save := len(args) > 4 && args[4].Truth()
	results, err := s.daemon.RunProgram(ctx, run, save, waitArg(args, 5))
	if err != nil {
		return nil, err
	}
	return appendResults(dst, results), nil
}

func (s *service) removeProgram(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	return s.onGroup(ctx, dst, args, s.daemon.RemoveProgram)
}

func (s *service) needsReload(_ context.Context, dst []byte, _ []xmlrpc.Value) ([]byte, error) {
	return xmlrpc.AppendStrings(dst, s.daemon.NeedsReload()), nil
}

func (s *service) listEnv(_ context.Context, dst []byte, _ []xmlrpc.Value) ([]byte, error) {
	var names []string
	for _, kv := range s.daemon.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	return xmlrpc.AppendStrings(dst, slices.Compact(names)), nil
}

func (s *service) getEnv(_ context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	name, err := textArg(&args[0])
	if err != nil {
		return nil, err
	}
	for _, kv := range slices.Backward(s.daemon.Environ()) {
		if k, v, _ := strings.Cut(kv, "="); k == name {
			return xmlrpc.AppendString(dst, v), nil
		}
	}
	return nil, &actors.Fault{Code: actors.BadName, Extra: name}
}

// setEnv sets a variable. Neither its value nor a name that is refused is told to anybody: both may be secrets.
func (s *service) setEnv(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	name, err := textArg(&args[0])
	if err != nil {
		return nil, err
	}
	value, err := textArg(&args[1])
	if err != nil {
		return nil, err
	}
	if name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value, 0) {
		return nil, &actors.Fault{Code: actors.BadArguments,
			Extra: "the name of a variable is not empty and has no equals sign, and neither it nor the value has a zero byte"}
	}
	if err := s.daemon.SetEnv(ctx, name, value); err != nil {
		return nil, err
	}
	return xmlrpc.AppendBool(dst, true), nil
}

// textsArg returns an argument that must be an array of strings.
func textsArg(v *xmlrpc.Value) ([]string, error) {
	if v.Kind != xmlrpc.Array {
		return nil, incorrect()
	}
	texts := make([]string, len(v.Items))
	for i := range v.Items {
		var err error
		if texts[i], err = textArg(&v.Items[i]); err != nil {
			return nil, err
		}
	}
	return texts, nil
}
