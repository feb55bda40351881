package ctl

import (
	"io"

	"github.com/spf13/pflag"
)

var verbRun = verb{
	name:  "run",
	short: "add a program that is in no file, and start it",
	forms: []form{
		{"run NAME -- COMMAND ...", "the program and its arguments, as they are"},
	},
	notes: `The program is supervised as if there were a section [program:NAME] with this command and these options, [program-default]
included; what is wrong is told as for a file, which is called "run". NAME and GROUP must not be in use.
It waits until the program has been up for its startsecs or has failed; one that has failed stays, until rm or another start.

Without --save the program is there until rm or the end of the server: reread, update and reload keep it, and avail lists it. With
--save it is written to a file NAME.ini, or NAME.conf, in the directory of the first pattern in [include] files that takes such a
name, and is a program like others; an existing file is not overwritten.

A server on a TCP port without a password refuses this. Who may use a server can run any program with its rights.`,
	example: `$ run job -- /usr/local/bin/job --fast 'two words'
$ run job --group batch --option autorestart=false --option user=www-data -- job
$ run web --save --option directory=/srv/web -- ./web`,
	exact:   true,
	upcheck: true,
	needs:   minimum{1, "run requires a name and a command", exitUsage},
	words:   wordsRun,
	flags: []form{
		{"--group GROUP", "the group to make for it; it has its own name if not given"},
		{settingUsage, "an option of [program:x], as in a file; may be given several times"},
		{"--save", "write it to a file as well"},
	},
	json: outcome{},
	run:  runRun,
}

func runRun(s *session, args []string) error {
	fl := pflag.NewFlagSet("run", pflag.ContinueOnError)
	fl.SetOutput(io.Discard)
	fl.Usage = func() {}
	group := fl.String("group", "", "")
	settings := fl.StringArray("option", nil, "")
	save := fl.Bool("save", false, "")
	if err := fl.Parse(args); err != nil {
		return misuseError("Error: " + flagError(err) + "; the command and its arguments stand behind --")
	}
	switch fl.ArgsLenAtDash() {
	case 0:
		return misuseError("Error: run requires a name before --")
	case 1:
	default:
		return misuseError("Error: run takes one name, and the command and its arguments behind --: run NAME -- COMMAND ...")
	}
	if fl.NArg() == 1 {
		return misuseError("Error: run requires a command behind --")
	}
	name := fl.Arg(0)
	var results []result
	err := s.call(&results, "supd.runProgram", textArg(name), textArgs(fl.Args()[1:]), textArgs(*settings), textArg(*group), *save)
	if err != nil {
		return s.notRun(name, err)
	}
	for _, r := range results {
		s.tell(startWording, r)
		if spec := (namespec{r.Group, r.Name}).String(); r.Status != statusSuccess {
			s.advise("%s stays known: %s why %[1]s tells what is in the way, %[2]s rm %[3]s takes it away", spec, s.self, name)
		}
	}
	return nil
}

// textArgs is texts as an argument of a method.
func textArgs(texts []string) []any {
	args := []any{}
	for _, t := range texts {
		args = append(args, textArg(t))
	}
	return args
}

// notRun tells why run or rm has done nothing to a program. It returns the errors it has no text for.
func (s *session) notRun(name string, err error) error {
	text := faultDetail(err)
	switch codeOf(err) {
	case faultBadName:
		text = "no such process"
		s.unknown(wordsPrograms, name)
	case faultAlreadyAdded:
		text = "the name is taken by a group that is in use"
	case faultCantReread, faultFailed:
	default:
		return s.notOurs(err)
	}
	s.did(parseNamespec(name).outcome(resultFailed, text), "%s: ERROR (%s)", name, text)
	s.fail(exitGeneric)
	return nil
}

// notOurs explains the error of a method that only supd has.
func (s *session) notOurs(err error) error {
	if codeOf(err) == faultUnknownMethod {
		s.advise("%s is not supd, or one that does not know this command", s.client.url)
	}
	return err
}
