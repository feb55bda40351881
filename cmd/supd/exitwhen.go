package main

import (
	"fmt"
	"slices"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
)

// A verdict is that supd is to end by itself, with an exit status.
type verdict struct {
	status int
	reason string
}

// judge tells whether exit_when= asks for the end, given what is known of all programs; nil: it does not. It looks at what
// is, not at what has changed, so that it does not matter how often and when it is asked.
// owed tells whether the group of a program is to start it again.
func judge(w confload.ExitWhen, infos []*actors.Info, owed func(*actors.Info) bool) *verdict {
	infos = slices.Clone(infos)
	for n, i := range infos {
		if owed(i) { // it is as good as up
			up := *i
			up.State = supervisor.Starting
			infos[n] = &up
		}
	}
	switch w.Policy {
	case confload.ExitAnyFatal:
		for _, i := range infos {
			if i.State == supervisor.Fatal {
				return &verdict{max(1, exitStatus(i)), i.Program.NameSpec() + " is FATAL and exit_when is any_fatal"}
			}
		}
	case confload.ExitAnySignificant:
		for _, i := range infos {
			if i.Program.Significant && ended(i) {
				return &verdict{exitStatus(i), fmt.Sprintf("%s is significant and %s, and exit_when is any_significant", i.Program.NameSpec(), i.State)}
			}
		}
	case confload.ExitAllSignificant:
		return judgeSignificant(infos)
	case confload.ExitOfAProgram:
		for _, i := range infos {
			if i.Program.NameSpec() == w.Program && ended(i) {
				return &verdict{exitStatus(i), fmt.Sprintf("%s is %s and exit_when is program:%s", w.Program, i.State, w.Program)}
			}
		}
	case confload.ExitAllExited:
		return judgeAll(infos, "nothing runs any more and exit_when is all_exited")
	}
	return nil
}

// judgeSignificant is all_significant: all_exited, as far as significant programs are concerned.
func judgeSignificant(infos []*actors.Info) *verdict {
	var significant []*actors.Info
	one := false
	for _, i := range infos {
		switch {
		case !i.Program.Significant:
			continue
		case i.State == supervisor.Exited || i.State == supervisor.Fatal:
			one = true
		}
		significant = append(significant, i)
	}
	if !one { // somebody has stopped them all
		return nil
	}
	return judgeAll(significant, "no significant program runs any more and exit_when is all_significant")
}

// judgeAll is all_exited: every program that is started by itself has been, something has run, and nothing is up or waits.
// The status is that of the first program, in the order of status, that did not end well.
func judgeAll(infos []*actors.Info, why string) *verdict {
	ran, status := false, 0
	for _, i := range infos {
		switch {
		case i.Start.IsZero() && i.State == supervisor.Stopped && (i.Program.Autostart || i.WaitsFor != ""):
			return nil // its turn is still to come
		case !i.State.IsDown() || i.WaitsFor != "" || !i.NextRun.IsZero():
			return nil
		}
		ran = ran || !i.Start.IsZero()
		if status == 0 && ended(i) {
			status = exitStatus(i)
		}
	}
	if !ran {
		return nil
	}
	return &verdict{status, why}
}

// ended tells whether a program has ended and nobody asked it to, nor is to be started by its schedule.
func ended(i *actors.Info) bool {
	return (i.State == supervisor.Exited || i.State == supervisor.Fatal) && i.WaitsFor == "" && i.NextRun.IsZero()
}

// exitStatus is how a shell would tell the end of a program: 0 for an expected status, 128 and the signal for a death by
// signal, 1 for a program that could not be started.
func exitStatus(i *actors.Info) int {
	switch {
	case i.State == supervisor.Fatal:
		return 1
	case i.Expected:
		return 0
	case i.ExitSignal != 0:
		return 128 + int(i.ExitSignal)
	}
	return max(1, i.ExitStatus)
}
