package confload

import (
	"fmt"
	"strings"
)

// ExitPolicy tells what makes supd end by itself.
type ExitPolicy int

// The values of exit_when=.
const (
	ExitNever          ExitPolicy = iota // nothing: supervisord's behaviour
	ExitAllExited                        // nothing runs any more and nothing is to be started
	ExitAnyFatal                         // a program has gone FATAL
	ExitAnySignificant                   // a significant program has ended and is not restarted
	ExitAllSignificant                   // as ExitAllExited, for the significant programs
	ExitOfAProgram                       // one certain program has ended for good
)

// ExitWhen is the value of exit_when=.
type ExitWhen struct {
	Policy  ExitPolicy
	Program string // namespec; only for ExitOfAProgram
}

var exitWhenType = valueType[ExitWhen]{
	name: "word", allowed: "never, all_exited, any_fatal, any_significant, all_significant, program:NAME",
	parse: func(_ *loader, s string) (ExitWhen, error) {
		if name, ok := strings.CutPrefix(s, "program:"); ok && name != "" {
			return ExitWhen{ExitOfAProgram, name}, nil
		}
		i, err := wordOf(s, "never", "all_exited", "any_fatal", "any_significant", "all_significant")
		return ExitWhen{Policy: ExitPolicy(i)}, err
	},
	same: equal[ExitWhen],
}

// checkExitWhen checks that exit_when= names a program that is there.
func (l *loader) checkExitWhen() {
	w := l.config.Supervisord.ExitWhen
	if w.Policy != ExitOfAProgram {
		return
	}
	var names []string
	for i := range l.config.Groups {
		for j := range l.config.Groups[i].Programs {
			name := l.config.Groups[i].Programs[j].NameSpec()
			if name == w.Program {
				return
			}
			names = append(names, name)
		}
	}
	sec := l.doc.sections["supervisord"]
	e, _ := l.doc.lookup(sec, "exit_when")
	hint := nearestHint(w.Program, names)
	if hint == "" {
		hint = "; a program of a group is GROUP:NAME, as supd ctl status shows it"
	}
	l.fail(l.errorAt(sec, e, fmt.Sprintf("exit_when names %s, and there is no such program%s", quoted(w.Program), hint)))
}
