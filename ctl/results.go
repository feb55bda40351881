package ctl

import "strings"

// A wording is how a verb speaks of what became of one program.
type wording struct {
	done string
	// fine is a failure that is none for the exit status; 0 for none.
	fine faultCode
	// failures are the texts of the failures that have one. Others are told with the text of the server.
	failures map[faultCode]string
}

// An outcome is what a command did to one program, one group or the server, for a machine.
type outcome struct {
	Namespec string `json:"namespec" help:"the program as commands take it, GROUP:* for a whole group, empty for the server"`
	Group    string `json:"group" help:"its group, empty for the server"`
	Name     string `json:"name" help:"its name in the group, empty for a whole group or the server"`
	Result   string `json:"result" help:"what was done, in a word that is the command's; unchanged when there was nothing to do; failed"`
	Message  string `json:"message" help:"why it failed or there was nothing to do; for update the options that have changed; else empty"`
}

// What Result says besides what was done.
const (
	resultUnchanged = "unchanged"
	resultFailed    = "failed"
)

// outcome is what was done to n, a program or a whole group.
func (n namespec) outcome(result, message string) outcome {
	o := outcome{n.String(), n.Group, n.Program, result, message}
	if n.wholeGroup() && n.Group != "" {
		o.Namespec = n.Group + ":*"
	}
	return o
}

// did tells what a command did: by a line, as supervisorctl does, or for a machine, at the end of the command.
func (s *session) did(o outcome, line string, args ...any) {
	if s.format == formatJSON {
		s.outcomes = append(s.outcomes, o)
		return
	}
	s.printf(line+"\n", args...)
}

// groupDid tells what was done to a whole group.
func (s *session) groupDid(group, result, text string) {
	s.did(namespec{Group: group}.outcome(result, ""), "%s: %s", group, text)
}

// groupFailed tells why nothing was done to a group; line is the words of supervisorctl.
func (s *session) groupFailed(group, line string, message string) {
	s.did(namespec{Group: group}.outcome(resultFailed, message), "%s", line)
}

// serverDid tells what was done to the server, or, with a result of resultFailed, not done. line is the words of
// supervisorctl.
func (s *session) serverDid(result, line string) {
	o := outcome{Result: result}
	if result == resultFailed || result == resultUnchanged {
		o.Message = strings.TrimPrefix(line, "ERROR: ")
	}
	s.did(o, "%s", line)
}

// tell prints what became of one program and sets the exit status.
func (s *session) tell(w wording, r result) {
	name := namespec{r.Group, r.Name}
	s.asked = append(s.asked, name.String())
	if r.Status == statusSuccess {
		s.did(name.outcome(w.done, ""), "%s: %s", name, w.done)
		return
	}
	text, ok := w.failures[r.Status]
	if _, why, _ := strings.Cut(r.Description, ": "); !ok || r.Status == faultFailed && why != "" && why != name.String() && why != r.Name {
		text = r.Description // supd says why, supervisord only whom
	}
	o := name.outcome(resultFailed, text)
	if r.Status == w.fine {
		o.Result = resultUnchanged
	}
	s.did(o, "%s: ERROR (%s)", name, text)
	switch r.Status {
	case w.fine:
	case faultSpawnError, faultAbnormal, faultNotRunning:
		s.fail(exitNotRunning)
		if r.Status != faultNotRunning {
			s.notUp = append(s.notUp, name.String())
		}
	default:
		s.fail(exitGeneric)
	}
	if r.Status == faultBadName {
		s.unknown(wordsPrograms, name.String())
	}
}

// A bulk is a verb that acts on one program, on a group or on all, by one method each.
type bulk struct {
	wording
	one, group, all string
	args            []any // what the methods want besides the name
	badGroup        int   // exit status for a group that does not exist
}

// actOn runs b on each name and prints what became of it. "all" among the names means all programs, whatever the
// other names are. A pattern stands for the programs it matches, as if they were named one by one.
func (s *session) actOn(b bulk, names []string) error {
	for _, n := range names {
		if n == "all" {
			return s.actOnMany(b, b.all, b.args...)
		}
	}
	names, err := s.expand(names)
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := s.actOnName(b, n); err != nil {
			return err
		}
	}
	return nil
}

// actOnName runs b on one program or group.
func (s *session) actOnName(b bulk, name string) error {
	spec := parseNamespec(name)
	if spec.wholeGroup() {
		err := s.actOnMany(b, b.group, append([]any{spec.Group}, b.args...)...)
		if codeOf(err) == faultBadName {
			s.did(spec.outcome(resultFailed, "no such group"), "%s: ERROR (no such group)", spec.Group)
			s.fail(b.badGroup)
			s.unknown(wordsPrograms, name)
			return nil
		}
		return err
	}
	r := result{Name: spec.Program, Group: spec.Group, Status: statusSuccess}
	if err := s.do(b.one, append([]any{name}, b.args...)...); err != nil {
		f := asFault(err)
		if f == nil {
			return err
		}
		r.Status, r.Description = f.Code, f.Text
	}
	s.tell(b.wording, r)
	return nil
}

// actOnMany calls a method that answers with a result for each program it concerned.
func (s *session) actOnMany(b bulk, method string, args ...any) error {
	var results []result
	if err := s.call(&results, method, args...); err != nil {
		return err
	}
	for _, r := range results {
		s.tell(b.wording, r)
	}
	return nil
}
