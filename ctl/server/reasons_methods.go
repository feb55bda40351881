package server

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/xmlrpc"
)

// The bounds of the methods about the past.
const (
	maxRecords  = 4096
	defRecords  = 1000
	maxChain    = 100 // records of an answer of why
	maxWaitTime = 60  // seconds
)

func (s *service) why(_ context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	_, info, err := s.program(&args[0])
	if err != nil {
		return nil, err
	}
	a := s.tree.Why(info.Program.NameSpec())
	chain, skipped := shortened(a.Chain)
	begun, _ := shortened(a.Begun)
	dst = xmlrpc.AppendStructStart(dst)
	dst = xmlrpc.AppendMemberString(dst, "namespec", info.Program.NameSpec())
	dst = appendPresent(dst, info)
	dst = appendMember(dst, "chain", func(b []byte) []byte { return appendRecords(b, chain) })
	dst = xmlrpc.AppendMemberInt(dst, "skipped", int64(skipped))
	dst = xmlrpc.AppendMemberBool(dst, "complete", a.Complete)
	dst = appendMember(dst, "begun", func(b []byte) []byte { return appendRecords(b, begun) })
	return xmlrpc.AppendStructEnd(dst), nil
}

// shortened leaves out records before the last one of a long chain.
func shortened(chain []actors.Record) (rest []actors.Record, skipped int) {
	if len(chain) <= maxChain {
		return chain, 0
	}
	rest = append(chain[:maxChain-1:maxChain-1], chain[len(chain)-1])
	return rest, len(chain) - maxChain
}

// statusOf is what is not well with a program, or what it says of itself.
func statusOf(i *actors.Info) string {
	if i.ReadyText == "" {
		return i.StatusText
	}
	return strings.TrimSuffix(i.ReadyText+": "+i.StatusText, ": ")
}

// appendPresent appends the members about how a process is now.
func appendPresent(dst []byte, i *actors.Info) []byte {
	dst = xmlrpc.AppendMemberString(dst, "statename", i.State.String())
	dst = xmlrpc.AppendMemberBool(dst, "ready", i.Ready)
	dst = xmlrpc.AppendMemberString(dst, "status", statusOf(i))
	dst = xmlrpc.AppendMemberString(dst, "waits_for", i.WaitsFor)
	return appendMoment(dst, "until", i.Until)
}

func (s *service) getHistory(ctx context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	numbers := [4]int64{1: defRecords}
	for i := range args {
		if i == 2 {
			continue
		}
		var err error
		if numbers[i], err = intArg(&args[i]); err != nil {
			return nil, err
		}
	}
	name := ""
	if len(args) > 2 {
		var err error
		if name, err = textArg(&args[2]); err != nil {
			return nil, err
		}
	}
	records, next, missed := historyOf(ctx, s.tree, numbers[0], int(min(max(numbers[1], 1), maxRecords)), name,
		time.Duration(min(max(numbers[3], 0), maxWaitTime))*time.Second)
	return appendHistory(dst, records, next, missed), nil
}

// historyOf returns the records about name after number since, at most limit; with a negative one the last -since. When there is none
// after since it waits for one.
func historyOf(ctx context.Context, tree Tree, since int64, limit int, name string, wait time.Duration) (records []actors.Record, next, missed uint64) {
	if since < 0 {
		records, _ = tree.History(0, 0)
		if len(records) > 0 {
			next = records[len(records)-1].Seq
		}
		records = about(records, name)
		return records[max(0, len(records)-int(min(-since, int64(limit)))):], next, 0
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return awaitRecords(ctx, tree, uint64(since), limit, name)
}

// knownSince is the number of a record that a client has seen, or 0 when the numbers have begun anew since.
func knownSince(tree Tree, since uint64) uint64 {
	if r, _ := tree.History(since-min(1, since), 1); len(r) == 0 {
		return 0
	}
	return since
}

// awaitRecords returns the records after number since about name, at most limit. When there is none it waits for one until ctx
// ends.
func awaitRecords(ctx context.Context, tree Tree, since uint64, limit int, name string) (records []actors.Record, next, missed uint64) {
	next = knownSince(tree, since)
	for {
		all, lost := tree.History(next, 0)
		missed += lost
		if len(all) > 0 {
			next = all[len(all)-1].Seq
		}
		if records = about(all, name); len(records) > 0 {
			break
		}
		select {
		case <-tree.HistoryAfter(next):
		case <-tree.Done():
			return nil, next, missed
		case <-ctx.Done():
			return nil, next, missed
		}
	}
	if len(records) > limit {
		records = records[:limit]
		next = records[limit-1].Seq
	}
	return records, next, missed
}

// about are the records that concern name: a process, a whole group, or everything.
func about(records []actors.Record, name string) []actors.Record {
	if name == "" {
		return records
	}
	group, whole := wholeGroup(name)
	var out []actors.Record
	for _, r := range records {
		g, _, _ := strings.Cut(r.Program, ":")
		if r.Program == name || whole && g == group {
			out = append(out, r)
		}
	}
	return out
}

func appendHistory(dst []byte, records []actors.Record, next, missed uint64) []byte {
	dst = xmlrpc.AppendStructStart(dst)
	dst = appendMember(dst, "records", func(b []byte) []byte { return appendRecords(b, records) })
	dst = xmlrpc.AppendMemberInt(dst, "next", int64(next))
	dst = xmlrpc.AppendMemberInt(dst, "missed", int64(missed))
	return xmlrpc.AppendStructEnd(dst)
}

func appendRecords(dst []byte, records []actors.Record) []byte {
	dst = xmlrpc.AppendArrayStart(dst)
	for i := range records {
		dst = appendRecord(dst, &records[i])
	}
	return xmlrpc.AppendArrayEnd(dst)
}

func appendRecord(dst []byte, r *actors.Record) []byte {
	from, to := "", ""
	if r.Kind == actors.RecordTransition {
		from, to = r.From.String(), r.To.String()
	}
	dst = xmlrpc.AppendStructStart(dst)
	dst = xmlrpc.AppendMemberInt(dst, "seq", int64(r.Seq))
	dst = xmlrpc.AppendMemberInt(dst, "cause", int64(r.Cause))
	dst = appendMoment(dst, "at", r.At)
	dst = xmlrpc.AppendMemberString(dst, "kind", r.Kind.String())
	dst = xmlrpc.AppendMemberString(dst, "program", r.Program)
	dst = xmlrpc.AppendMemberString(dst, "from", from)
	dst = xmlrpc.AppendMemberString(dst, "to", to)
	dst = xmlrpc.AppendMemberInt(dst, "life", int64(r.Life))
	dst = xmlrpc.AppendMemberInt(dst, "pid", int64(r.Pid))
	dst = xmlrpc.AppendMemberInt(dst, "tries", int64(r.Tries))
	dst = xmlrpc.AppendMemberString(dst, "code", r.Reason.Code)
	dst = xmlrpc.AppendMemberString(dst, "text", r.Reason.Text)
	return xmlrpc.AppendStructEnd(dst)
}

// appendMember appends a member whose value is appended by value.
func appendMember(dst []byte, name string, value func([]byte) []byte) []byte {
	return xmlrpc.AppendMemberEnd(value(xmlrpc.AppendMemberStart(dst, name)))
}

func appendDouble(dst []byte, name string, f float64) []byte {
	return appendMember(dst, name, func(b []byte) []byte { return xmlrpc.AppendDouble(b, f) })
}

// appendMoment appends a time in Unix seconds, to the millisecond; 0 for the zero time.
func appendMoment(dst []byte, name string, t time.Time) []byte {
	if t.IsZero() {
		return appendDouble(dst, name, 0)
	}
	return appendDouble(dst, name, float64(t.UnixMilli())/1000)
}

func (s *service) getTree(_ context.Context, dst []byte, _ []xmlrpc.Value) ([]byte, error) {
	dst = xmlrpc.AppendArrayStart(dst)
	for _, g := range s.tree.Groups() {
		dst = appendGroup(dst, &g)
	}
	return xmlrpc.AppendArrayEnd(dst), nil
}

func appendGroup(dst []byte, g *actors.GroupInfo) []byte {
	budget := actors.BudgetInfo{Intensity: -1, Left: -1}
	if g.Budget != nil {
		budget = *g.Budget
	}
	dst = xmlrpc.AppendStructStart(dst)
	dst = xmlrpc.AppendMemberString(dst, "name", g.Name)
	dst = xmlrpc.AppendMemberInt(dst, "priority", int64(g.Priority))
	dst = xmlrpc.AppendMemberBool(dst, "listener", g.Listener)
	dst = xmlrpc.AppendMemberString(dst, "strategy", g.Strategy)
	dst = xmlrpc.AppendMemberString(dst, "auto_shutdown", g.AutoShutdown)
	dst = xmlrpc.AppendMemberBool(dst, "done", g.Done)
	dst = xmlrpc.AppendMemberString(dst, "parent", g.Parent)
	dst = xmlrpc.AppendMemberBool(dst, "significant", g.Significant)
	dst = appendMember(dst, "members", func(b []byte) []byte { return xmlrpc.AppendStrings(b, g.Members) })
	dst = xmlrpc.AppendMemberBool(dst, "gave_up", budget.GaveUp)
	dst = xmlrpc.AppendMemberInt(dst, "intensity", int64(budget.Intensity))
	dst = appendDouble(dst, "period", budget.Period.Seconds())
	dst = xmlrpc.AppendMemberInt(dst, "used", int64(budget.Used))
	dst = xmlrpc.AppendMemberInt(dst, "left", int64(budget.Left))
	dst = appendDouble(dst, "refill", budget.Refill.Seconds())
	dst = appendMember(dst, "processes", func(b []byte) []byte {
		b = xmlrpc.AppendArrayStart(b)
		for i := range g.Programs {
			b = appendProgram(b, &g.Programs[i])
		}
		return xmlrpc.AppendArrayEnd(b)
	})
	return xmlrpc.AppendStructEnd(dst)
}

func appendProgram(dst []byte, p *actors.ProgramInfo) []byte {
	dst = xmlrpc.AppendStructStart(dst)
	dst = xmlrpc.AppendMemberString(dst, "name", p.Program.Name)
	dst = xmlrpc.AppendMemberString(dst, "group", p.Program.Group)
	dst = xmlrpc.AppendMemberString(dst, "namespec", p.Program.NameSpec())
	dst = xmlrpc.AppendMemberInt(dst, "priority", int64(p.Program.Priority))
	dst = xmlrpc.AppendMemberBool(dst, "autostart", p.Program.Autostart)
	dst = xmlrpc.AppendMemberBool(dst, "significant", p.Program.Significant)
	dst = xmlrpc.AppendMemberInt(dst, "pid", int64(p.Pid))
	dst = appendMoment(dst, "start", p.Start)
	dst = xmlrpc.AppendMemberBool(dst, "wanted", p.Wanted)
	dst = appendPresent(dst, p.Info)
	dst = xmlrpc.AppendMemberString(dst, "code", p.Reason.Code)
	dst = xmlrpc.AppendMemberString(dst, "text", p.Reason.Text)
	dst = appendMember(dst, "needs", func(b []byte) []byte {
		b = xmlrpc.AppendArrayStart(b)
		for _, n := range p.Needs {
			b = appendNeed(b, &n)
		}
		return xmlrpc.AppendArrayEnd(b)
	})
	return xmlrpc.AppendStructEnd(dst)
}

func appendNeed(dst []byte, n *actors.NeedInfo) []byte {
	state := ""
	if n.Known {
		state = n.State.String()
	}
	dst = xmlrpc.AppendStructStart(dst)
	dst = xmlrpc.AppendMemberString(dst, "program", n.Program)
	dst = xmlrpc.AppendMemberString(dst, "condition", n.Condition)
	dst = xmlrpc.AppendMemberBool(dst, "met", n.Met)
	dst = xmlrpc.AppendMemberString(dst, "statename", state)
	return xmlrpc.AppendStructEnd(dst)
}

func (s *service) getLives(_ context.Context, dst []byte, args []xmlrpc.Value) ([]byte, error) {
	_, info, err := s.program(&args[0])
	if err != nil {
		return nil, err
	}
	lives, err := livesOf(s.tree, info)
	if err != nil {
		return nil, err
	}
	dst = xmlrpc.AppendArrayStart(dst)
	for i := range lives {
		dst = appendLife(dst, &lives[i])
	}
	return xmlrpc.AppendArrayEnd(dst), nil
}

// livesOf lists the lives of a program, the last one first: the present one, if there is one, and those that have ended.
func livesOf(tree Tree, info *actors.Info) ([]actors.Life, error) {
	lives, ok := tree.Lives(info.Program.NameSpec())
	if !ok {
		return nil, &actors.Fault{Code: actors.BadName, Extra: info.Program.NameSpec()}
	}
	if info.Pid != 0 && (len(lives) == 0 || lives[0].Number != info.Life) {
		lives = slices.Insert(slices.Clone(lives), 0, actors.Life{Number: info.Life, Pid: info.Pid, Start: info.Start})
	}
	return lives, nil
}

func appendLife(dst []byte, l *actors.Life) []byte {
	dst = xmlrpc.AppendStructStart(dst)
	dst = xmlrpc.AppendMemberInt(dst, "number", int64(l.Number))
	dst = xmlrpc.AppendMemberInt(dst, "pid", int64(l.Pid))
	dst = appendMoment(dst, "start", l.Start)
	dst = appendMoment(dst, "end", l.End)
	dst = xmlrpc.AppendMemberString(dst, "exit", l.Exit)
	dst = xmlrpc.AppendMemberInt(dst, "exitstatus", int64(l.Code))
	dst = xmlrpc.AppendMemberInt(dst, "signal", int64(l.Signal))
	dst = xmlrpc.AppendMemberBool(dst, "core", l.Core)
	dst = appendDouble(dst, "user", l.User.Seconds())
	dst = appendDouble(dst, "system", l.System.Seconds())
	dst = xmlrpc.AppendMemberInt(dst, "maxrss", l.MaxRSS/1024)
	dst = xmlrpc.AppendMemberInt(dst, "record", int64(l.Record))
	dst = xmlrpc.AppendMemberString(dst, "code", l.Reason.Code)
	dst = xmlrpc.AppendMemberString(dst, "text", l.Reason.Text)
	dst = xmlrpc.AppendMemberString(dst, "stdout", l.Stdout)
	dst = xmlrpc.AppendMemberString(dst, "stderr", l.Stderr)
	return xmlrpc.AppendStructEnd(dst)
}
