package server

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"syscall"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/ctl/xmlrpc"
)

// wholeGroup returns the group a name stands for as a whole: "group:*" or "group:" (compat.md §4.4).
func wholeGroup(name string) (group string, ok bool) {
	group, process, colon := strings.Cut(name, ":")
	return group, colon && (process == "" || process == "*")
}

// findProgram returns what is known of the one program that has a name. The name of a whole group is none.
func findProgram(tree Tree, name string) (*actors.Info, bool) {
	if _, whole := wholeGroup(name); whole {
		return nil, false
	}
	return tree.Info(name)
}

// asTyped puts the name as the client typed it into the fault of an unknown group.
func asTyped(err error, name string) error {
	var f *actors.Fault
	if errors.As(err, &f) && f.Code == actors.BadName {
		return &actors.Fault{Code: actors.BadName, Extra: name}
	}
	return err
}

func appendResults(dst []byte, results []actors.Result) []byte {
	dst = xmlrpc.AppendArrayStart(dst)
	for i := range results {
		r := &results[i]
		dst = xmlrpc.AppendStructStart(dst)
		dst = xmlrpc.AppendMemberString(dst, "name", r.Name)
		dst = xmlrpc.AppendMemberString(dst, "group", r.Group)
		dst = xmlrpc.AppendMemberInt(dst, "status", int64(r.Status))
		dst = xmlrpc.AppendMemberString(dst, "description", r.Description)
		dst = xmlrpc.AppendStructEnd(dst)
	}
	return xmlrpc.AppendArrayEnd(dst)
}

// one is a command of the tree on one program, many one on the programs of a group.
type (
	one  func(ctx context.Context, name string, wait bool) error
	many func(ctx context.Context, group string, wait bool) ([]actors.Result, error)
)

// onProcess carries out startProcess and stopProcess.
func onProcess(ctx context.Context, dst []byte, args []xmlrpc.Value, single one, all many) ([]byte, error) {
	name, err := textArg(&args[0])
	if err != nil {
		return nil, err
	}
	wait := waitArg(args, 1)
	if group, ok := wholeGroup(name); ok {
		results, err := all(ctx, group, wait)
		if err != nil {
			return nil, asTyped(err, name)
		}
		return appendResults(dst, results), nil
	}
	if err := single(ctx, name, wait); err != nil {
		return nil, err
	}
	return xmlrpc.AppendBool(dst, true), nil
}

// onProcessGroup carries out startProcessGroup and stopProcessGroup.
func onProcessGroup(ctx context.Context, dst []byte, args []xmlrpc.Value, all many) ([]byte, error) {
	group, err := textArg(&args[0])
	if err != nil {
		return nil, err
	}
	results, err := all(ctx, group, waitArg(args, 1))
	if err != nil {
		return nil, err
	}
	return appendResults(dst, results), nil
}

func (s *service) startProcess(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	return onProcess(ctx, dst, args, s.tree.Start, s.tree.StartGroup)
}

func (s *service) startProcessGroup(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	return onProcessGroup(ctx, dst, args, s.tree.StartGroup)
}

func (s *service) startAllProcesses(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	results, err := s.tree.StartAll(ctx, waitArg(args, 0))
	if err != nil {
		return nil, err
	}
	return appendResults(dst, results), nil
}

func (s *service) stopProcess(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	return onProcess(ctx, dst, args, s.tree.Stop, s.tree.StopGroup)
}

func (s *service) stopProcessGroup(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	return onProcessGroup(ctx, dst, args, s.tree.StopGroup)
}

func (s *service) stopAllProcesses(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	results, err := s.tree.StopAll(ctx, waitArg(args, 0))
	if err != nil {
		return nil, err
	}
	return appendResults(dst, results), nil
}

func (s *service) signalProcess(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	name, err := textArg(&args[0])
	if err != nil {
		return nil, err
	}
	if group, ok := wholeGroup(name); ok {
		dst, err = s.signalGroup(ctx, dst, group, &args[1])
		return dst, asTyped(err, name)
	}
	sig, bad, err := signalArg(&args[1])
	if err != nil {
		return nil, err
	}
	if bad != nil {
		if _, ok := s.tree.Info(name); !ok {
			return nil, &actors.Fault{Code: actors.BadName, Extra: name}
		}
		return nil, bad
	}
	if err := s.tree.Signal(ctx, name, sig); err != nil {
		return nil, err
	}
	return xmlrpc.AppendBool(dst, true), nil
}

func (s *service) signalProcessGroup(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	group, err := textArg(&args[0])
	if err != nil {
		return nil, err
	}
	return s.signalGroup(ctx, dst, group, &args[1])
}

func (s *service) signalGroup(ctx context.Context, dst []byte, group string, arg *xmlrpc.Value) ([]byte, error) {
	sig, bad, err := signalArg(arg)
	if err != nil {
		return nil, err
	}
	if bad != nil {
		results, known := s.refuseSignal(bad, func(i *actors.Info) bool { return i.Program.Group == group })
		if !known {
			return nil, &actors.Fault{Code: actors.BadName, Extra: group}
		}
		return appendResults(dst, results), nil
	}
	results, err := s.tree.SignalGroup(ctx, group, sig)
	if err != nil {
		return nil, err
	}
	return appendResults(dst, results), nil
}

func (s *service) signalAllProcesses(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	sig, bad, err := signalArg(&args[0])
	if err != nil {
		return nil, err
	}
	if bad != nil {
		results, _ := s.refuseSignal(bad, func(*actors.Info) bool { return true })
		return appendResults(dst, results), nil
	}
	results, err := s.tree.SignalAll(ctx, sig)
	if err != nil {
		return nil, err
	}
	return appendResults(dst, results), nil
}

// refuseSignal returns the outcome of an unknown signal for those programs among which it would have reached; any tells
// whether there are programs among them at all.
func (s *service) refuseSignal(bad *actors.Fault, among func(*actors.Info) bool) (results []actors.Result, any bool) {
	for _, i := range s.tree.Infos() {
		if !among(i) {
			continue
		}
		any = true
		if i.State.IsSignallable() {
			results = append(results, actors.Result{Name: i.Program.Name, Group: i.Program.Group, Status: bad.Code,
				Description: bad.Error()})
		}
	}
	return results, any
}

// signalArg returns the signal an argument names, or a fault BAD_SIGNAL when it names none. err means that it is neither
// a string nor an int.
func signalArg(v *xmlrpc.Value) (sig syscall.Signal, bad *actors.Fault, err error) {
	text, ok := v.AsText()
	if v.Kind == xmlrpc.Int || v.Kind == xmlrpc.Bool {
		text, ok = strconv.FormatInt(v.Int, 10), true
	}
	if !ok {
		return 0, nil, &actors.Fault{Code: actors.IncorrectParameters}
	}
	if sig, err = confload.ParseSignal(text); err != nil {
		return 0, &actors.Fault{Code: actors.BadSignal, Extra: text}, nil
	}
	return sig, nil, nil
}
