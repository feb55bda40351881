package ctl

import (
	"slices"
	"strings"
)

var verbStart = verb{
	name:  "start",
	short: "start programs and wait until they run",
	forms: []form{
		{"start NAME ...", "these programs"},
		{"start GROUP:* ...", "all programs of these groups"},
		{"start all", "everything that is stopped"},
	},
	notes: `Waits until each program has been up for its startsecs or has failed. A program that runs already is no error.
The exit status is 7 when a program did not come up, 2 when no name is given.`,
	example: `$ start web
$ start web:* mailer
$ start all`,
	upcheck: true,
	needs:   minimum{1, "start requires a process name", exitUsage},
	words:   wordsPrograms,
	json:    outcome{},
	run:     runStart,
}

var startWording = wording{
	done: "started",
	fine: faultAlreadyStarted,
	failures: map[faultCode]string{
		faultBadName:        "no such process",
		faultNoFile:         "no such file",
		faultNotExecutable:  "file is not executable",
		faultAlreadyStarted: "already started",
		faultSpawnError:     "spawn error",
		faultAbnormal:       "abnormal termination",
	},
}

func runStart(s *session, args []string) error {
	s.asked, s.notUp = nil, nil
	before, known := 0, false
	if !s.env.isOriginal() {
		before, known = s.latestRecord()
	}
	err := s.actOn(bulk{
		wording:  startWording,
		one:      "startProcess",
		group:    "startProcessGroup",
		all:      "startAllProcesses",
		badGroup: exitUsage,
	}, args)
	if known {
		s.adviseOnStart(before)
	}
	return err
}

// latestRecord is the number of what has happened last. known: the server keeps what happens.
func (s *session) latestRecord() (seq int, known bool) {
	var a historyAnswer
	err := s.call(&a, ownMethods+"getHistory", -1, 1, "")
	return a.Next, err == nil
}

// adviseOnStart says which programs were started because others need them, and where to learn why some did not come up.
func (s *session) adviseOnStart(before int) {
	if started := s.startedAsNeeded(before); len(started) > 0 {
		s.advise("started as well, as it is needed: %s", strings.Join(started, ", "))
	}
	for _, n := range s.notUp {
		s.advise("%s why %s tells what is in the way", s.self, n)
	}
}

// startedAsNeeded lists the programs that were started since a record and are needed by those that start was about, but are none
// of them.
func (s *session) startedAsNeeded(before int) []string {
	var a historyAnswer
	if s.call(&a, ownMethods+"getHistory", before, historyMax, "") != nil {
		return nil
	}
	var others []string
	for _, r := range a.Records {
		if r.To == "STARTING" && !slices.Contains(s.asked, r.Program) && !slices.Contains(others, r.Program) {
			others = append(others, r.Program)
		}
	}
	var groups []treeGroup
	if len(others) == 0 || s.call(&groups, ownMethods+"getTree") != nil {
		return nil
	}
	needed := graphOf(groups).below(s.asked)
	return slices.DeleteFunc(others, func(n string) bool { return !needed[n] })
}
