package ctl

import "fmt"

var verbGetEnv = verb{
	name:  "get-env",
	short: "show the environment that programs inherit from the server",
	forms: []form{
		{"get-env NAME", "the value of a variable"},
		{"get-env", "the names of all, without their values, which may be secrets"},
	},
	notes: `What env files and environment= say, and SUPERVISOR_*, comes on top of it for each program. The exit status is 1 when there is no
such variable. A server on a TCP port without a password refuses this and set-env.`,
	example: `$ get-env PATH
$ -o json get-env PATH`,
	exact: true,
	words: wordsVariable,
	json:  variable{},
	run:   runGetEnv,
}

var verbSetEnv = verb{
	name:  "set-env",
	short: "set a variable of the environment that programs inherit",
	forms: []form{
		{"set-env NAME VALUE", "for programs that start from now on"},
	},
	notes: `It wins over the environment the server was started with, and env files of the server; environment= wins over it. When the
configuration is read again, %(ENV_NAME)s is the new value. Programs that run keep what they have until they are started again. The
variable is set until the server ends, also over reload. The server does not log values, but on this machine others can see
one in the list of processes while the command runs. The programs named in command= are looked for along the PATH the server was
started with.`,
	example: `$ set-env http_proxy http://proxy:3128
$ set-env GREETING "two words"
$ set-env -- FLAGS "-o json"`,
	exact: true,
	needs: minimum{2, "set-env requires a name and a value", exitGeneric},
	words: wordsVariable,
	json:  outcome{},
	run:   runSetEnv,
}

// A variable is one of the environment, for a machine.
type variable struct {
	Name  string `json:"name" help:"its name"`
	Value string `json:"value" help:"its value, empty in the list of all names"`
}

func runGetEnv(s *session, args []string) error {
	if len(args) > 1 {
		return misuseError("Error: get-env takes one name")
	}
	var list []variable
	if len(args) == 0 {
		var names []string
		if err := s.call(&names, "supd.listEnv"); err != nil {
			return s.notOurs(err)
		}
		for _, n := range names {
			list = append(list, variable{Name: n})
		}
	} else {
		value, err := s.client.callText(s.ctx, "supd.getEnv", textArg(args[0]))
		switch {
		case codeOf(err) == faultBadName:
			fmt.Fprintf(s.problems(), "%s: ERROR (not set)\n", args[0])
			s.fail(exitGeneric)
		case err != nil:
			return s.notOurs(err)
		default:
			list = []variable{{args[0], value}}
		}
	}
	if s.format == formatJSON {
		return s.json(notNil(list))
	}
	for _, v := range list {
		if len(args) == 0 {
			v.Value = v.Name
		}
		s.printf("%s\n", v.Value)
	}
	return nil
}

func runSetEnv(s *session, args []string) error {
	if args[0] == "--" { // for values that look like flags
		args = args[1:]
	}
	if len(args) != 2 {
		return misuseError("Error: set-env takes a name and a value; put quotes around a value with blanks")
	}
	err := s.do("supd.setEnv", textArg(args[0]), textArg(args[1]))
	switch {
	case codeOf(err) == faultBadArguments:
		s.serverDid(resultFailed, "ERROR: "+faultDetail(err))
		s.fail(exitGeneric)
		return nil
	case err != nil:
		return s.notOurs(err)
	}
	s.serverDid("set", args[0]+": set")
	return nil
}
