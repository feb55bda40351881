package actors

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/gwaycc/supd/supervisor/scenario"
)

// This file is what scripts of a simulation have done.

// theScript is who asks, for the history.
const theScript = "the script"

// obey carries out a statement whose time has come.
func (s *simulation) obey(st *scenario.Statement) {
	text := st.Text
	if st.At > 0 {
		text = strings.Join(strings.Fields(text)[2:], " ") // without "at TIME", which is told beside it
	}
	s.tell(Happening{Command: text})
	if st.Behaviour != nil {
		s.host.behave(st.Behaviour)
		return
	}
	b := &scriptedCommand{sim: s, command: text, began: s.now}
	s.pending = append(s.pending, b)
	b.begin(st.Command)
}

// tell reports h now, after all that has led to it.
func (s *simulation) tell(h Happening) {
	s.reportRecords()
	h.At = s.elapsed()
	if s.Report != nil {
		s.Report(h)
	}
}

// A scriptedCommand carries out a command that may take several requests, one after the other.
type scriptedCommand struct {
	sim     *simulation
	command string // as it is written
	began   time.Time
	wrong   []string
	said    string // what is answered when nothing is wrong; "" done
}

func (b *scriptedCommand) begin(c *scenario.Command) {
	switch c.Verb {
	case "start":
		b.ask(b.start(c.Who), b.finish)
	case "stop":
		b.ask(b.stop(c.Who), b.finish)
	case "restart":
		b.ask(b.stop(c.Who), func(any) { b.ask(b.start(c.Who), b.finish) })
	case "signal":
		m := any(&SignalProgram{Name: c.Who, Signal: c.Signal, By: theScript})
		if group, all, many := several(c.Who); many {
			m = &ManyPrograms{Do: Signal, Group: group, All: all, Signal: c.Signal, By: theScript}
		}
		b.ask(m, b.finish)
	case "kill":
		if b.sim.host.kill(c.Who) == 0 {
			b.wrong = append(b.wrong, "there is no process")
		}
		b.end()
	case "add":
		b.ask(&AddGroup{Name: c.Who, By: theScript}, b.finish)
	case "remove":
		b.ask(&RemoveGroup{Name: c.Who, By: theScript}, b.finish)
	case "reread":
		b.reread(c.File, func(*Changes) { b.end() })
	case "update":
		if c.Whole {
			b.reread(c.File, func(found *Changes) { b.exchange(found) })
		} else if b.load(c.File) {
			b.ask(&Update{By: theScript}, b.finish)
		}
	case "shutdown":
		b.sim.handle.Shutdown(false)
		b.end()
	}
}

// several tells what a name that stands for several programs stands for.
func several(who string) (group string, all, many bool) {
	group, isGroup := strings.CutSuffix(who, ":*")
	all = who == scenario.All
	return group, all, isGroup || all
}

func (b *scriptedCommand) start(who string) any {
	if group, all, many := several(who); many {
		return &ManyPrograms{Do: Start, Group: group, All: all, Wait: true, By: theScript}
	}
	return &StartProgram{Name: who, Wait: true, By: theScript}
}

func (b *scriptedCommand) stop(who string) any {
	if group, all, many := several(who); many {
		return &ManyPrograms{Do: Stop, Group: group, All: all, Wait: true, By: theScript}
	}
	return &StopProgram{Name: who, Wait: true, By: theScript}
}

// load has the next reread find a file, the first one for "". The command ends when there is no such file.
func (b *scriptedCommand) load(file string) bool {
	if b.sim.Load == nil {
		return true
	}
	next, err := b.sim.Load(file)
	if err != nil {
		b.wrong = append(b.wrong, err.Error())
		b.end()
		return false
	}
	b.sim.next = next
	return true
}

// reread reads the configuration again, from another file if there is one.
func (b *scriptedCommand) reread(file string, then func(*Changes)) {
	if !b.load(file) {
		return
	}
	b.ask(&Reread{By: theScript}, func(answer any) {
		found, ok := answer.(*Changes)
		if !ok {
			b.finish(answer)
			return
		}
		b.said = changesText(found)
		then(found)
	})
}

func changesText(c *Changes) string {
	var parts []string
	for _, p := range []struct {
		what  string
		names []string
	}{{"added", c.Added}, {"changed", c.Changed}, {"removed", c.Removed}} {
		if len(p.names) > 0 {
			parts = append(parts, p.what+" "+strings.Join(p.names, " "))
		}
	}
	if parts == nil {
		return "nothing has changed"
	}
	return strings.Join(parts, ", ")
}

// exchange does to groups what supervisorctl does: those that have changed and those that are not there any more are stopped and
// removed, then those that are new or have changed are added.
func (b *scriptedCommand) exchange(found *Changes) {
	var todo []any
	for _, g := range slices.Concat(found.Removed, found.Changed) {
		todo = append(todo, &ManyPrograms{Do: Stop, Group: g, Wait: true, By: theScript}, &RemoveGroup{Name: g, By: theScript})
	}
	for _, g := range slices.Concat(found.Changed, found.Added) {
		todo = append(todo, &AddGroup{Name: g, By: theScript})
	}
	b.askAll(todo)
}

func (b *scriptedCommand) askAll(todo []any) {
	if len(todo) == 0 {
		b.end()
		return
	}
	b.ask(todo[0], func(answer any) {
		b.note(answer)
		b.askAll(todo[1:])
	})
}

// finish takes the last answer.
func (b *scriptedCommand) finish(answer any) {
	b.note(answer)
	b.end()
}

// note keeps what is wrong in an answer.
func (b *scriptedCommand) note(answer any) {
	switch a := answer.(type) {
	case *Outcome:
		if a.Fault != nil {
			b.wrong = append(b.wrong, a.Fault.Error())
		}
	case *Fault:
		b.wrong = append(b.wrong, a.Error())
	case Results:
		for _, r := range a {
			if r.Status != Success {
				b.wrong = append(b.wrong, r.Description)
			}
		}
	case []Updated:
		b.said = cmp.Or(updatesText(a), "nothing has changed")
		for i := range a {
			if a[i].Status != Success {
				b.wrong = append(b.wrong, a[i].NameSpec()+": "+a[i].Description)
			}
		}
	case *actor.DeadLetterResponse:
		b.wrong = append(b.wrong, (&Fault{Code: ShutdownState}).Error())
	}
}

func (b *scriptedCommand) end() {
	b.sim.pending = slices.DeleteFunc(b.sim.pending, func(o *scriptedCommand) bool { return o == b })
	text := b.said
	switch {
	case len(b.wrong) > 0:
		text = strings.Join(b.wrong, "; ")
	case text == "":
		text = "done"
	}
	b.sim.tell(Happening{Of: b.command, Answer: text})
}

// ask sends a request to control; then gets the answer.
func (b *scriptedCommand) ask(m any, then func(answer any)) {
	system := b.sim.handle.tree.system
	a := &answerTaker{then: then}
	pid, _ := system.ProcessRegistry.Add(a, "script"+system.ProcessRegistry.NextId())
	a.forget = func() { system.ProcessRegistry.Remove(pid) }
	system.Root.RequestWithCustomSender(b.sim.handle.control, m, pid)
}

// answerTaker is the sender of one request: it takes the first answer.
type answerTaker struct {
	then   func(any)
	forget func()
}

var _ actor.Process = (*answerTaker)(nil)

// SendUserMessage implements actor.Process.
func (a *answerTaker) SendUserMessage(_ *actor.PID, message any) {
	_, answer, _ := actor.UnwrapEnvelope(message)
	if a.then == nil {
		return
	}
	then := a.then
	a.then = nil
	a.forget()
	then(answer)
}

// SendSystemMessage implements actor.Process.
func (a *answerTaker) SendSystemMessage(*actor.PID, any) {}

// Stop implements actor.Process.
func (a *answerTaker) Stop(*actor.PID) {}

// Text is what has happened, for people.
func (h *Happening) Text() string {
	switch {
	case h.Record != nil:
		return h.Record.text()
	case h.Command != "":
		return "> " + h.Command
	}
	return fmt.Sprintf("< %s: %s", h.Of, h.Answer)
}

func (r *Record) text() string {
	whom := r.Program
	if whom == "" {
		whom = "all"
	}
	if r.Kind == RecordTransition {
		return fmt.Sprintf("%s %s -> %s: %s", whom, r.From, r.To, r.Reason.Text)
	}
	return whom + ": " + r.Reason.Text
}
