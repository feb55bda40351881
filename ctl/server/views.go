package server

import (
	"html"
	"time"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/supervisor"
	"github.com/gwaycc/supd/supervisor/process"
)

// This file turns what the tree tells into the types of package api.

func groupView(g *actors.GroupInfo) api.Group {
	v := api.Group{Name: g.Name, Priority: g.Priority, Listener: g.Listener, Strategy: g.Strategy, AutoShutdown: g.AutoShutdown, Done: g.Done,
		Parent: g.Parent, Significant: g.Significant, Members: g.Members}
	if b := g.Budget; b != nil {
		v.Budget = &api.Budget{Intensity: b.Intensity, Period: b.Period.Seconds(), Used: b.Used, Left: b.Left, Refill: b.Refill.Seconds(), GaveUp: b.GaveUp}
	}
	return v
}

// treeView is groups with their programs.
func treeView(groups []actors.GroupInfo, version string, now time.Time) *api.Tree {
	t := &api.Tree{Version: version, Groups: make([]api.Group, len(groups))}
	for i := range groups {
		t.Groups[i] = wholeGroupView(&groups[i], now)
	}
	return t
}

func wholeGroupView(g *actors.GroupInfo, now time.Time) api.Group {
	v := groupView(g)
	v.Programs = make([]api.Program, len(g.Programs))
	for i := range g.Programs {
		v.Programs[i] = programView(&g.Programs[i], now)
	}
	return v
}

func programView(p *actors.ProgramInfo, now time.Time) api.Program {
	i := p.Info
	v := api.Program{Name: i.Program.Name, Group: i.Program.Group, Namespec: i.Program.NameSpec(), Priority: i.Program.Priority,
		Autostart: i.Program.Autostart, Significant: i.Program.Significant, State: i.State.String(),
		Description: html.UnescapeString(string(appendDescription(nil, i, now))), Pid: i.Pid, Life: i.Life, Start: i.Start, Stop: i.Stop,
		ExitStatus: i.ExitStatus, Expected: i.Expected, SpawnError: i.SpawnErr, Ready: i.Ready, Unhealthy: i.Unhealthy, Status: statusOf(i),
		WaitsFor: i.WaitsFor, Until: i.Until, NextRun: i.NextRun, Wanted: i.Wanted, Failures: i.Failures, Restarts: i.Counts.Restarts(),
		Reason: reasonView(i.Reason), Stdout: i.StdoutLog, Stderr: i.StderrLog}
	if i.ExitSignal != 0 {
		v.ExitSignal = process.SignalName(i.ExitSignal)
	}
	for _, n := range p.Needs {
		need := api.Need{Program: n.Program, Condition: n.Condition, Met: n.Met}
		if n.Known {
			need.State = n.State.String()
		}
		v.Needs = append(v.Needs, need)
	}
	return v
}

func reasonView(r supervisor.Reason) api.Reason { return api.Reason{Code: r.Code, Text: r.Text} }

func recordView(r *actors.Record) api.Record {
	v := api.Record{Seq: r.Seq, Cause: r.Cause, At: r.At, Kind: r.Kind.String(), Program: r.Program, Life: r.Life, Pid: r.Pid, Tries: r.Tries,
		Reason: reasonView(r.Reason)}
	if r.Kind == actors.RecordTransition {
		v.From, v.To = r.From.String(), r.To.String()
	}
	return v
}

func recordViews(records []actors.Record) []api.Record {
	out := make([]api.Record, len(records))
	for i := range records {
		out[i] = recordView(&records[i])
	}
	return out
}

func lifeView(l *actors.Life) api.Life {
	v := api.Life{Number: l.Number, Pid: l.Pid, Start: l.Start, End: l.End, Exit: l.Exit, ExitStatus: l.Code, Core: l.Core, User: l.User.Seconds(),
		System: l.System.Seconds(), MaxRSS: l.MaxRSS, Record: l.Record, Reason: reasonView(l.Reason), Stdout: l.Stdout, Stderr: l.Stderr}
	if l.Signal != 0 {
		v.Signal = process.SignalName(l.Signal)
	}
	return v
}

func stepViews(steps []actors.PlanStep) []api.Step {
	out := make([]api.Step, len(steps))
	for i, s := range steps {
		out[i] = api.Step{Do: s.Do, Program: s.Program, Why: s.Why}
	}
	return out
}

func updatedViews(rows []actors.Updated) []api.Updated {
	out := make([]api.Updated, len(rows))
	for i, r := range rows {
		out[i] = api.Updated{Group: r.Group, Program: r.Name, Action: string(r.Action), Options: orEmpty(r.Options), OK: r.Status == actors.Success}
		if !out[i].OK {
			out[i].Error = r.Description
		}
	}
	return out
}

func resultView(r *actors.Result) api.Result {
	name := r.Group + ":" + r.Name
	if r.Group == r.Name {
		name = r.Name
	}
	v := api.Result{Program: name, OK: r.Status == actors.Success, Code: int(r.Status)}
	if !v.OK {
		v.Error = r.Description
	}
	return v
}

// orEmpty has an empty list told as one.
func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
