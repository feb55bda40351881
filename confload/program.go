package confload

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// programKinds are the kinds of sections that make programs.
var programKinds = map[string]Kind{"program": KindProgram, "fcgi-program": KindFCGI, "eventlistener": KindEventListener}

// A programReader makes the programs of one section in one group.
type programReader struct {
	*loader
	sec   *section
	kind  Kind
	name  string // of the section, checked
	group string
	scope scope
	base  Program // what is the same for all processes
	inst  instances
}

// programs returns the processes a section makes in a group, by priority and name. It reports what is wrong; the result
// is of no use then.
func (l *loader) programs(sec *section, group string) []Program {
	r := &programReader{loader: l, sec: sec, kind: programKinds[kindOf(sec.name)], group: group, scope: l.scope()}
	name, ok := l.checkName(sec, nil, sectionName(sec.name), "name of the section")
	if !ok {
		return nil
	}
	r.name = name
	r.scope.program, r.scope.group = name, group
	ok = r.readSection()
	if !r.checkTemplate() {
		fill(l, programTable, sec, &Program{}, r.scope, only("command")) // for its errors
		return nil
	}
	if !ok {
		r.readProcess(r.inst.first) // for its errors
		return nil
	}
	out := make([]Program, 0, max(0, r.inst.count))
	for i := range r.inst.count {
		p, ok := r.readProcess(r.inst.first + i)
		if !ok {
			return nil // the others would have the same errors
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b Program) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// checkName checks the name of a program, process or group.
func (l *loader) checkName(sec *section, e *entry, name, what string) (string, bool) {
	clean, err := nameType.parse(l, name)
	if err != nil {
		l.fail(l.errorAt(sec, e, fmt.Sprintf("%s: not a valid %s: %s (allowed: %s)", err, what, quoted(name), nameType.allowed)))
		return "", false
	}
	return clean, true
}

// readSection reads what is the same for all processes.
func (r *programReader) readSection() bool {
	if r.loader.program == nil {
		r.loader.program = &Program{}
		setDefaults(r.loader, programTable, r.loader.program)
	}
	r.base = *r.loader.program
	p := &r.base
	p.Group, p.Kind, p.Section, p.File, p.Line = r.group, r.kind, r.sec.name, r.sec.at.file, r.sec.at.line
	p.given = r.loader.givenOptions(r.sec)
	setDefaults(r.loader, instancesTable, &r.inst)
	ok := fill(r.loader, programTable, r.sec, p, r.scope, perSection)
	ok = fill(r.loader, instancesTable, r.sec, &r.inst, r.scope, perSection) && ok
	r.inst.count = r.scaled(r.sec, r.inst.count)
	kill, explicit := r.doc.lookup(r.sec, "killasgroup")
	switch {
	case !explicit:
		p.KillAsGroup = p.StopAsGroup
	case ok && p.StopAsGroup && !p.KillAsGroup:
		r.fail(r.errorAt(r.sec, kill, "cannot set stopasgroup=true and killasgroup=false: "+
			"a stop that signals the whole process group must also kill it"))
		ok = false
	}
	if _, explicit := r.doc.lookup(r.sec, "log_timestamp"); !explicit || p.LogFormat == "json" {
		p.LogTimestamp = p.LogFormat != "raw"
	}
	r.checkFloors()
	if r.kind == KindEventListener {
		ok = r.checkListener() && ok
	}
	if r.kind == KindFCGI {
		ok = r.socket() && ok
	}
	return ok
}

// checkTemplate checks process_name before it is expanded.
func (r *programReader) checkTemplate() bool {
	e, found := r.doc.lookup(r.sec, "process_name")
	if found {
		r.inst.template = e.value()
	}
	name, ok := r.checkName(r.sec, e, r.inst.template, "process_name")
	if !ok {
		return false
	}
	r.inst.template = name
	if r.inst.count > 1 && !strings.Contains(name, "%(process_num)") {
		if e == nil {
			e, _ = r.doc.lookup(r.sec, "numprocs")
		}
		r.fail(r.errorAt(r.sec, e, "%(process_num) must be present within process_name when numprocs > 1; "+
			"write process_name = %(program_name)s_%(process_num)02d"))
		return false
	}
	return true
}

// checkFloors warns of numbers that say no more than their floor: supervisord takes any number.
func (r *programReader) checkFloors() {
	for _, o := range []struct {
		name         string
		value, floor int
	}{
		{"startretries", r.base.StartRetries, -1},
		{"stopwaitsecs", r.base.StopWaitSecs, 0},
	} {
		if o.value < o.floor {
			e, _ := r.doc.lookup(r.sec, o.name)
			r.warn(e, fmt.Sprintf("For [%s], %s=%d means the same as 0", r.sec.name, o.name, o.value))
		}
	}
}

// checkListener refuses what would disturb the protocol of an event listener on its standard output.
func (r *programReader) checkListener() bool {
	p := &r.base
	if p.RedirectStderr {
		e, _ := r.doc.lookup(r.sec, "redirect_stderr")
		r.fail(r.errorAt(r.sec, e, fmt.Sprintf("[%s] section sets redirect_stderr=true, which is not allowed: "+
			"standard output carries the eventlistener protocol", r.sec.name)))
		return false
	}
	p.Stdout.CaptureMaxBytes, p.Stdout.EventsEnabled = 0, false
	return true
}

// readProcess reads the options of one process.
func (r *programReader) readProcess(num int) (Program, bool) {
	p := r.base
	p.ProcessNum = num
	sc := r.scope
	sc.num, sc.procs = num, r.inst.count
	process := which(perProcess)
	if !fill(r.loader, programTable, r.sec, &p, sc, process.and(only("environment"))) {
		return p, false
	}
	if len(p.Environment) > 0 {
		sc.env = append(slices.Clone(sc.env), envMap(p.Environment))
	}
	ok := fill(r.loader, programTable, r.sec, &p, sc, process.and(except("environment")))
	name, good := r.processName(sc)
	p.Name = name
	if ok {
		r.checkCommand(&p)
	}
	if r.checked != nil && ok && num == r.inst.first {
		r.noteAbsent(&p)
	}
	r.streams(&p)
	r.settleTriggers(&p)
	return p, ok && good
}

// checkCommand warns of a command that is no list of words, and tells a check of a variable that nobody expands. It is no error:
// supervisord runs the other programs. The command itself is not shown, as it may hold a secret.
func (r *programReader) checkCommand(p *Program) {
	words, err := SplitCommand(p.Command)
	e, _ := r.doc.lookup(r.sec, "command")
	if err != nil {
		r.warn(e, fmt.Sprintf("For [%s], the program cannot be started, as command cannot be split into words: %s", r.sec.name, err))
		return
	}
	if r.checked == nil || r.dollar || e == nil {
		return
	}
	for _, w := range words {
		if shellFlag.MatchString(w) {
			return // the shell expands what follows
		}
		if v := variable.FindString(w); v != "" && strings.Contains(e.value(), v) {
			r.say(Message{Level: Info, File: e.at.file, Line: e.at.line, Section: r.sec.name, Option: e.name, Text: fmt.Sprintf(
				"For [%s], the program gets %s as it is written, as no shell runs the command; %%(ENV_%s)s is the variable, "+
					"and expand_env=true in [supervisord] expands both", r.sec.name, quoted(v), strings.Trim(v, "${}"))})
			return
		}
	}
}

var (
	shellFlag = regexp.MustCompile(`^-[a-z]*c$`)
	variable  = regexp.MustCompile(`\$([A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_]*\})`)
)

// noteAbsent tells a check what a program needs and is not there. It may be there when the program is started, or the file is
// for another machine.
func (r *programReader) noteAbsent(p *Program) {
	note := func(option, text string) {
		if e, given := r.doc.lookup(r.sec, option); given && text != "" {
			r.say(Message{Level: Info, File: e.at.file, Line: e.at.line, Section: r.sec.name, Option: e.name,
				Text: fmt.Sprintf("For [%s], %s", r.sec.name, text)})
		}
	}
	if words, err := SplitCommand(p.Command); err == nil && len(words) > 0 {
		note("command", absentCommand(words[0], os.Getenv("PATH")))
	}
	if p.Directory != "" && !isDir(p.Directory) {
		note("directory", "its directory does not exist here")
	}
	for i, f := range p.EnvFiles { // whose names may be from the environment
		if _, err := os.Stat(f); err != nil {
			note("envfiles", fmt.Sprintf("its environment file %d of %d is not there, and it is not started without", i+1, len(p.EnvFiles)))
		}
	}
}

// absentCommand says why a command cannot be executed here, "" when it can, or when that depends on where it is started.
func absentCommand(command, path string) string {
	if filepath.IsAbs(command) {
		switch info, err := os.Stat(command); {
		case err != nil:
			return "its command does not exist here"
		case info.IsDir() || info.Mode()&0o111 == 0:
			return "its command cannot be executed here"
		}
		return ""
	}
	if strings.Contains(command, "/") {
		return ""
	}
	for _, dir := range filepath.SplitList(path) {
		if info, err := os.Stat(filepath.Join(dir, command)); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return ""
		}
	}
	return "its command is in no directory of the PATH here"
}

// processName expands and checks process_name.
func (r *programReader) processName(sc scope) (string, bool) {
	o := &instancesTable[0].Option
	e, found := r.doc.lookup(r.sec, o.Name)
	if !found {
		return r.name, true
	}
	v, ok := r.expandEntry(r.sec, e, o, sc)
	if !ok {
		return "", false
	}
	name, err := nameType.parse(r.loader, v.text)
	if err != nil {
		r.fail(r.errorAt(r.sec, e, fmt.Sprintf("%s: not a valid process_name: %s (allowed: %s)", err, quoted(v.shown), nameType.allowed)))
		return "", false
	}
	return name, true
}

// streams settles what the log options of a process mean together.
func (r *programReader) streams(p *Program) {
	for _, s := range []struct {
		name string
		*Stream
	}{{"stdout", &p.Stdout}, {"stderr", &p.Stderr}} {
		option := s.name + "_logfile"
		e, given := r.doc.lookup(r.sec, option)
		if given && strings.EqualFold(e.value(), "syslog") {
			r.warn(e, fmt.Sprintf("For [%s], %s=syslog is deprecated, use %s_syslog=true instead", r.sec.name, option, s.name))
		}
		if given && len(s.Extra) > 0 && unclearComma(e.value()) {
			r.warn(e, fmt.Sprintf("For [%s], the commas in %s separate several targets, where supervisord takes them as parts of "+
				"one name; put a space behind them if that is meant", r.sec.name, option))
		}
		if s.name == "stderr" && p.RedirectStderr {
			if s.Kind == LogPath {
				r.warn(e, fmt.Sprintf("For [%s], redirect_stderr=true and a file for stderr_logfile are both set, the file is ignored",
					r.sec.name))
			}
			s.Kind, s.Path, s.Extra = LogNone, "", nil
		}
		if s.Kind == LogAuto && s.MaxBytes == 0 {
			r.warn(e, fmt.Sprintf("For [%s], AUTO logging is used for %s without rollover, set %s_maxbytes > 0 so that it "+
				"does not fill the disk", r.sec.name, option, option))
		}
	}
	if r.kind == KindEventListener {
		p.Stdout.Syslog = false
		p.Stdout.Extra = slices.DeleteFunc(p.Stdout.Extra, func(t LogTarget) bool { return t.Path == "" })
	}
}

// warn adds a message about a key of the section, or about its header when e is nil.
func (r *programReader) warn(e *entry, text string) {
	m := Message{Level: Warn, Text: text, File: r.sec.at.file, Line: r.sec.at.line, Section: r.sec.name}
	if e != nil {
		m.File, m.Line, m.Option = e.at.file, e.at.line, e.name
	}
	r.say(m)
}
