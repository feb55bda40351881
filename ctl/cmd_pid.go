package ctl

import "slices"

var verbPID = verb{
	name:  "pid",
	short: "print process ids",
	forms: []form{
		{"pid", "that of the server"},
		{"pid NAME ...", "those of these programs, one on each line"},
		{"pid all", "those of all programs"},
	},
	notes: `A program that does not run has 0; asking for it by name gives exit status 7.`,
	example: `$ pid
$ pid web
$ -o json pid all`,
	upcheck: true,
	words:   wordsPrograms,
	json:    pidInfo{},
	run:     runPID,
}

// pidInfo is a line of pid for a machine. The server itself has no name.
type pidInfo struct {
	Name string `json:"namespec" help:"the program as it was asked for, empty for the server"`
	PID  int    `json:"pid" help:"its process id, 0 when it does not run"`
}

func runPID(s *session, args []string) error {
	var list []pidInfo
	switch {
	case len(args) == 0:
		var pid int
		if err := s.call(&pid, "getPID"); err != nil {
			return err
		}
		list = append(list, pidInfo{"", pid})
	case slices.Contains(args, "all"):
		all, err := s.allPrograms()
		if err != nil {
			return err
		}
		for _, p := range all {
			list = append(list, pidInfo{p.Namespec, p.PID})
		}
	default:
		return s.pidsOf(args)
	}
	return s.pids(list)
}

// pidsOf prints the process ids of the named programs.
func (s *session) pidsOf(names []string) error {
	names, err := s.expand(names)
	if err != nil {
		return err
	}
	var list []pidInfo
	for _, n := range names {
		var p programInfo
		err := s.call(&p, "getProcessInfo", n)
		switch {
		case codeOf(err) == faultBadName:
			s.problem("No such process %s", n)
			s.fail(exitGeneric)
			s.unknown(wordsPrograms, n)
			continue
		case err != nil:
			return err
		case p.PID == 0:
			s.fail(exitNotRunning)
		}
		info := pidInfo{n, p.PID}
		if s.format == formatJSON {
			list = append(list, info)
			continue
		}
		s.printf("%d\n", p.PID)
	}
	if s.format == formatJSON {
		return s.pids(list)
	}
	return nil
}

// pids prints process ids.
func (s *session) pids(list []pidInfo) error {
	if s.format == formatJSON {
		return s.json(notNil(list))
	}
	for _, p := range list {
		s.printf("%d\n", p.PID)
	}
	return nil
}
