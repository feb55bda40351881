package ctl

import (
	"path/filepath"

	"github.com/spf13/pflag"
)

var verbPlan = verb{
	name:  "plan",
	short: "tell what would happen, without doing it",
	forms: []form{
		{"plan [GROUP ...]", "what update would do with the files as they are"},
		{"plan --apply FILE [GROUP ...]", "what it would do if that were the configuration file"},
		{"plan --stop NAME", "what a stop of a program, or of GROUP:*, would lead to"},
		{"plan --kill NAME", "what would follow if the process of a program were killed"},
	},
	notes: `The steps stand in the order in which they would come, as things are now. Those of a failure assume that what is started comes up.
FILE is read by the server, with its rights and environment; a server on a TCP port without a password refuses that.`,
	example: `$ plan
$ plan --apply /etc/supd/new.conf
$ plan --stop db
$ -o json plan --kill web:a`,
	upcheck: true,
	words:   wordsGroups,
	flags: []form{
		{"--apply FILE", "another configuration file"},
		{"--stop NAME", "a stop"},
		{"--kill NAME", "a death"},
	},
	json: planRow{},
	run:  runPlan,
}

// A planRow is one step, for a machine.
type planRow struct {
	Do      string `xmlrpc:"do" json:"do" help:"stop, start, wait, keep, change, add, remove, run HOOK, go to STATE, give up, finish, end or nothing"`
	Program string `xmlrpc:"program" json:"program" help:"the program as commands take it, GROUP:* for a whole group"`
	Why     string `xmlrpc:"why" json:"why" help:"why, for people; may be empty"`
}

func runPlan(s *session, args []string) error {
	var file, stop, kill string
	names, err := parseFlags("plan", args, func(fl *pflag.FlagSet) {
		fl.StringVar(&file, "apply", "", "")
		fl.StringVar(&stop, "stop", "", "")
		fl.StringVar(&kill, "kill", "", "")
	})
	if err != nil {
		return err
	}
	given := 0
	for _, flag := range []string{file, stop, kill} {
		if flag != "" {
			given++
		}
	}
	switch {
	case given > 1:
		return misuseError("Error: plan takes one of --apply, --stop and --kill")
	case (stop != "" || kill != "") && len(names) > 0:
		return misuseError("Error: plan --stop and --kill take one name")
	}
	var steps []planRow
	switch {
	case stop != "":
		err = s.call(&steps, ownMethods+"planStop", textArg(stop))
	case kill != "":
		err = s.call(&steps, ownMethods+"planKill", textArg(kill))
	case file != "":
		if file, err = filepath.Abs(file); err != nil {
			return err
		}
		err = s.call(&steps, ownMethods+"planUpdate", textArgs(names), textArg(file))
	default:
		err = s.call(&steps, ownMethods+"planUpdate", textArgs(names))
	}
	if err != nil {
		return s.notPlanned(stop+kill, err)
	}
	if s.format == formatJSON {
		return s.json(notNil(steps))
	}
	if len(steps) == 0 {
		s.printf("nothing would happen\n")
	}
	for i, p := range steps {
		why := ""
		if p.Why != "" {
			why = ": " + p.Why
		}
		s.printf("%3d. %s %s%s\n", i+1, p.Do, p.Program, why)
	}
	return nil
}

// notPlanned tells why there is no plan. It returns the errors it has no text for.
func (s *session) notPlanned(name string, err error) error {
	switch codeOf(err) {
	case faultBadName:
		s.problem("%s: ERROR (no such process)", name)
		s.unknown(wordsPrograms, name)
	case faultCantReread, faultFailed:
		s.problem("ERROR: %s", faultDetail(err))
	default:
		return s.notOurs(err)
	}
	s.fail(exitGeneric)
	return nil
}
