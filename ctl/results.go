package ctl

// A wording is how a verb speaks of what became of one program.
type wording struct {
	done string
	// fine is a failure that is none for the exit status; 0 for none.
	fine faultCode
	// failures are the texts of the failures that have one. Others are told with the text of the server.
	failures map[faultCode]string
}

// tell prints what became of one program and sets the exit status.
func (s *session) tell(w wording, r result) {
	name := namespec{r.Group, r.Name}
	if r.Status == statusSuccess {
		s.printf("%s: %s\n", name, w.done)
		return
	}
	text, ok := w.failures[r.Status]
	if !ok {
		text = r.Description
	}
	s.printf("%s: ERROR (%s)\n", name, text)
	switch r.Status {
	case w.fine:
	case faultSpawnError, faultAbnormal, faultNotRunning:
		s.fail(exitNotRunning)
	default:
		s.fail(exitGeneric)
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
// other names are.
func (s *session) actOn(b bulk, names []string) error {
	for _, n := range names {
		if n == "all" {
			return s.actOnMany(b, b.all, b.args...)
		}
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
			s.printf("%s: ERROR (no such group)\n", spec.Group)
			s.fail(b.badGroup)
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
