package ctl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gwaycc/supd/confload"
)

// apiVersion is the version of the API this client speaks.
const apiVersion = "3.0"

// errShape says that an answer has a form no supervisor gives it.
var errShape = errors.New("the server gave an answer of an unknown form; is it a supervisor?")

// format is how listings are printed.
type format int

const (
	formatText format = iota // as supervisorctl does
	formatJSON               // an array of objects with the same keys each
)

// A session runs command lines against one server and remembers the exit status.
type session struct {
	ctx     context.Context
	env     Env
	client  *client
	format  format
	self    string // how a user runs another command on the same server: "supd ctl -c FILE"
	confirm bool   // ask before shutdown and reload, and for credentials that the server wants
	in      *input
	status  int
	done    bool // quit or exit was run; a shell ends

	outcomes  []outcome             // what the running verb did, for -o json
	asked     []string              // programs that start was about
	notUp     []string              // those of them that did not come up
	strangers map[wordKind][]string // names the server did not know, for hints
}

// run runs one command line (compat.md §8.1): the first word, which ends at the first character that is not a letter,
// a digit or an underscore, is the verb, and "?" stands for help. A verb with a hyphen must be followed by white space. An
// empty line does nothing.
func (s *session) run(line string) {
	line = strings.TrimSpace(line)
	if line == "" {
		return
	}
	if word := strings.Fields(line)[0]; strings.Contains(word, "-") && findVerb(word) != nil {
		s.runLine(findVerb(word), line[len(word):])
		return
	}
	text := line
	if rest, ok := strings.CutPrefix(line, "?"); ok {
		text = "help " + rest
	}
	end := strings.IndexFunc(text, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	if end < 0 {
		end = len(text)
	}
	name := text[:end]
	if name == "EOF" { // what the end of the input means to a shell
		name = verbExit.name
	}
	v := findVerb(name)
	if v == nil {
		s.printf("*** Unknown syntax: %s\n", line)
		s.fail(exitGeneric)
		if near := confload.Nearest(name, verbNames()); near != "" {
			s.advise("did you mean %s? help lists the commands", near)
		} else {
			s.advise("help lists the commands")
		}
		return
	}
	s.runLine(v, text[end:])
}

// runLine runs a verb with what stands behind it on a line.
func (s *session) runLine(v *verb, rest string) {
	args := strings.Fields(rest)
	if v.exact {
		var err error
		if args, err = confload.SplitCommand(rest); err != nil {
			s.misuse(v, "Error: "+err.Error(), exitGeneric)
			return
		}
	}
	s.runWords(v, args)
}

// runWords runs a verb with its arguments.
func (s *session) runWords(v *verb, args []string) {
	s.runVerb(v, args)
	s.hintNames()
}

// runVerb runs one verb and prints the error it returns. In a session with questions it runs it again with other
// credentials as long as the server wants them.
func (s *session) runVerb(v *verb, args []string) {
	err := s.attempt(v, args)
	for s.confirm && errors.Is(err, errAuth) {
		if err = s.login(); err == nil {
			err = s.attempt(v, args)
		}
	}
	s.report(err)
}

// attempt runs one verb. It returns the errors that have not been printed yet.
func (s *session) attempt(v *verb, args []string) error {
	defer func(f format) { s.format = f }(s.format)
	if v.json != nil {
		var err error
		if args, err = s.takeOutputFlag(args); err != nil {
			s.report(err)
			s.fail(exitUsage)
			return nil
		}
	}
	if s.format != formatText && v.json == nil {
		fmt.Fprintf(s.env.Stderr, "error: %s has no output format but text; leave out -o\n", v.name)
		s.fail(exitUsage)
		return nil
	}
	if v.noArgs && len(args) > 0 {
		s.misuse(v, "Error: "+v.name+" accepts no arguments", exitGeneric)
		return nil
	}
	if v.upcheck {
		if up, err := s.upcheck(); err != nil || !up {
			return err
		}
	}
	if len(args) < v.needs.args {
		s.misuse(v, "Error: "+v.needs.says, v.needs.status)
		return nil
	}
	err := v.run(s, args)
	var wrong misuseError
	if errors.As(err, &wrong) {
		s.misuse(v, string(wrong), exitGeneric)
		return nil
	}
	if _, ok := v.json.(outcome); ok && s.format == formatJSON {
		list := s.outcomes
		s.outcomes = nil
		if err == nil || len(list) > 0 {
			err = errors.Join(err, s.json(notNil(list)))
		}
	}
	return err
}

// A misuseError is returned by a verb that was called wrongly; it is printed as it is, with how the verb is called.
type misuseError string

func (e misuseError) Error() string { return string(e) }

// takeOutputFlag takes -o FORMAT out of the arguments of a listing, so that it may stand behind the verb as well. Behind --
// it is one of somebody else.
func (s *session) takeOutputFlag(args []string) ([]string, error) {
	for i, a := range args {
		if a == "--" {
			break
		}
		name, value, attached := strings.Cut(a, "=")
		if name != "-o" && name != "--output" {
			continue
		}
		rest := args[i+1:]
		if !attached {
			if len(rest) == 0 {
				return nil, fmt.Errorf("%s needs a format: json or text", a)
			}
			value, rest = rest[0], rest[1:]
		}
		if err := s.format.Set(value); err != nil {
			return nil, err
		}
		return append(args[:i:i], rest...), nil
	}
	return args, nil
}

// upcheck tells whether the server answers and speaks our version; if not, it has said so and set the exit status.
func (s *session) upcheck() (bool, error) {
	var version string
	err := s.call(&version, "getVersion")
	switch {
	case refused(err):
		s.problem("%s refused connection", s.client.url)
		s.hint(err)
		s.fail(exitRefused)
	case noSocket(err):
		s.problem("%s no such file", s.client.url)
		s.hint(err)
		s.fail(exitNotRunning)
	case codeOf(err) == faultUnknownMethod:
		s.problem("%s", noInterfaceText)
		s.fail(exitNoInterface)
		s.advise("add to the configuration file of the server and restart it:\n%s", interfaceLines)
	case err != nil:
		return false, err
	case version != apiVersion:
		s.problem(versionText, apiVersion, version)
		s.fail(exitVersion)
	default:
		return true, nil
	}
	return false, nil
}

// What supervisorctl says to a server it cannot use.
const (
	noInterfaceText = "Sorry, supervisord responded but did not recognize the supervisor namespace commands that " +
		"supervisorctl uses to control it.  Please check that the [rpcinterface:supervisor] section is enabled in the " +
		"configuration file (see sample.conf)."
	versionText = "Sorry, this version of supervisorctl expects to talk to a server with API version %s, but the " +
		"remote version is %s."
)

// interfaceLines is what a configuration needs so that a client can steer the server.
const interfaceLines = `[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface`

// call calls a method of the server.
func (s *session) call(reply any, method string, args ...any) error {
	return s.client.call(s.ctx, reply, method, args...)
}

// hangUp closes the connection that is kept between calls.
func (s *session) hangUp() { s.client.http.CloseIdleConnections() }

// do calls a method whose answer is only that it was done.
func (s *session) do(method string, args ...any) error {
	var ok bool
	return s.call(&ok, method, args...)
}

// fail sets the exit status. The last failure counts.
func (s *session) fail(status int) { s.status = status }

// printf prints to the output.
func (s *session) printf(text string, args ...any) { fmt.Fprintf(s.env.Stdout, text, args...) }

// problem prints a line about something that went wrong: where supervisorctl does, on the output, except when the
// output is for a machine.
func (s *session) problem(text string, args ...any) {
	fmt.Fprintf(s.problems(), text+"\n", args...)
}

// problems is where problem writes.
func (s *session) problems() io.Writer {
	if s.format == formatJSON {
		return s.env.Stderr
	}
	return s.env.Stdout
}

// misuse says that a verb was called wrongly and how it is called.
func (s *session) misuse(v *verb, text string, status int) {
	s.problem("%s", text)
	v.help(s.problems())
	s.fail(status)
}

// report prints an error that no verb has a fixed text for. It accepts nil.
func (s *session) report(err error) {
	switch {
	case err == nil:
		return
	case s.ctx.Err() != nil:
		if errors.Is(err, errNotAnswered) {
			fmt.Fprintln(s.env.Stderr, "\ninterrupted; the server was asked nothing")
		} else {
			fmt.Fprintln(s.env.Stderr, "interrupted; the server carries on with what it was asked to do")
		}
		s.fail(exitInterrupted)
		return
	case errors.Is(err, errAuth):
		s.problem("Server requires authentication")
	default:
		s.problem("error: %v", err)
	}
	s.hint(err)
	s.fail(exitGeneric)
}

// hint says on the error output what to do about err, so that the output stays as scripts know it.
func (s *session) hint(err error) {
	if a := s.client.advice(err); a != "" {
		s.advise("%s", a)
	}
}

// errNotAnswered says that a question got no answer, so that nothing was done.
var errNotAnswered = errors.New("no answer could be read")

// ask asks a question whose answer may be no, and tells whether it is yes.
func (s *session) ask(question string) (bool, error) {
	fmt.Fprintf(s.problems(), "%s y/N? ", question)
	answer, err := s.input().line(s.ctx)
	if err != nil {
		return false, fmt.Errorf("%w (%w); leave out -i to do it without a question", errNotAnswered, err)
	}
	return strings.HasPrefix(strings.ToLower(answer), "y"), nil
}

// json prints v, a slice, for a machine.
func (s *session) json(v any) error {
	enc := json.NewEncoder(s.env.Stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
