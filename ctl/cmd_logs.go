package ctl

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// logLines is how many lines of each log are shown when nothing else is asked for.
const logLines = 10

// reopenWord is, alone behind logs, no program but what to do.
const reopenWord = "reopen"

var verbLogs = verb{
	name:  "logs",
	short: "show the logs of several programs together",
	forms: []form{
		{"logs", "the last 10 lines of both logs of all programs"},
		{"logs NAME ...", "of these; GROUP:*, wildcards and all work as well"},
		{"logs -f NAME ...", "the last lines, and then what is written, until Ctrl-C"},
		{"logs reopen", "make the server open all log files anew, after logrotate"},
	},
	notes: `Where more than one log is shown each line has the program in front, and "!" when it is from its error output. When
every line carries a time, the lines stand in the order of their times, otherwise one log behind the other. A time is what
log_timestamp=true, log_format=prefix and log_format=json put there, or one of the form of RFC 3339 that the program itself
begins its lines with.

-n takes lines of each log, out of its last 8 MiB; files that were rotated away are not read. --since takes how long ago
(90s, 10m, 2h, 1d) or when (22:00, the last time it was so late; 2026-11-25; 2026-11-25T22:00; with a zone as
in 2026-11-25T22:00:00Z). Lines without a time belong to the one before. Without -n all lines from then on are shown.

-f shows lines when they are whole. It takes up programs that are started later, and again those of a supd that was reloaded;
of another supervisor it follows what is there. It ends with status 0 at Ctrl-C, when nobody reads its output any more, and when
there is nothing left to follow. A program that has no log file (NONE, syslog) is left out. For -o json each line is an
object on a line of its own.

What was written before comes over XML-RPC: for control characters and bytes that are no text there may be U+FFFD. On a
terminal control characters are shown as ^X.

reopen, when it is the only word, is never a program; one of that name is shown by logs -- reopen.`,
	example: `$ logs -f
$ logs -f -n 0 web:* worker_0? | grep -i error
$ logs --since 10m --stream stderr web
$ logs -n all --no-prefix web > web.txt
$ logs -f -o json | jq -r 'select(.stream == "stderr") | .line'
$ logs reopen`,
	upcheck: true,
	words:   wordsLogs,
	flags: []form{
		{"-f, --follow", "go on with what is written, until Ctrl-C"},
		{"-n, --lines N", "the last N lines of each log, or all; 10 if not given"},
		{"--since TIME", "only lines from then on: 10m, 22:00, 2026-11-25T22:00"},
		{"--stream stdout|stderr", "only the output, or only the error output"},
		{"--no-prefix", "lines as they are, without the program in front"},
	},
	json: logRow{},
	run:  runLogs,
}

// A logRow is one line of a log, for a machine. Each is an object on a line of its own.
type logRow struct {
	Program string `json:"program" help:"the program as commands take it"`
	Stream  string `json:"stream" help:"stdout or stderr"`
	Line    string `json:"line" help:"the line as it is in the log"`
	Time    string `json:"time" help:"the time it carries, RFC 3339 in UTC, empty when it carries none"`
}

// logOptions is what is asked for of logs.
type logOptions struct {
	names    []string
	follow   bool
	lines    int       // of each log, -1 for all
	since    time.Time // zero for any
	stream   string    // "" for both
	noPrefix bool
	reopen   bool
}

// parseLogs reads the arguments of logs.
func parseLogs(args []string, now time.Time) (o logOptions, err error) {
	fl := pflag.NewFlagSet("logs", pflag.ContinueOnError)
	fl.SetOutput(io.Discard)
	fl.Usage = func() {}
	fl.BoolVarP(&o.follow, "follow", "f", false, "")
	n := fl.StringP("lines", "n", "", "")
	since := fl.String("since", "", "")
	fl.StringVar(&o.stream, "stream", "", "")
	fl.BoolVar(&o.noPrefix, "no-prefix", false, "")
	if err := fl.Parse(args); err != nil {
		return o, misuseError("Error: " + flagError(err))
	}
	if fl.Changed("since") {
		if o.since, err = parseSince(*since, now); err != nil {
			return o, misuseError("Error: " + err.Error())
		}
	}
	switch {
	case fl.Changed("lines"):
		o.lines, err = strconv.Atoi(*n)
		if *n == "all" {
			o.lines, err = -1, nil
		} else if err != nil || o.lines < 0 {
			return o, misuseError(fmt.Sprintf("Error: bad number of lines %s; give a number from 0 on, or all", quoteLine(*n)))
		}
	case o.since.IsZero():
		o.lines = logLines
	default:
		o.lines = -1
	}
	if fl.Changed("stream") && o.stream != "stdout" && o.stream != "stderr" {
		return o, misuseError(fmt.Sprintf("Error: bad stream %s; it is stdout or stderr", quoteLine(o.stream)))
	}
	o.names = fl.Args()
	o.reopen = len(args) == 1 && args[0] == reopenWord
	return o, nil
}

func runLogs(s *session, args []string) error {
	o, err := parseLogs(args, time.Now())
	if err != nil {
		return err
	}
	if o.reopen {
		return s.reopenLogs()
	}
	logs, err := s.namedLogs(o)
	if err != nil {
		return err
	}
	if len(logs) == 0 && (!o.follow || s.status != 0) {
		s.fail(exitGeneric)
		return nil
	}
	p := s.logPrinter(logs, o.noPrefix)
	if o.follow {
		return s.followLogs(logs, o, p)
	}
	return s.showLogs(logs, o, p)
}

// namedLogs are the logs to show. It tells about names nobody has and about programs without a log.
func (s *session) namedLogs(o logOptions) ([]*logSource, error) {
	all, err := s.allPrograms()
	if err != nil {
		return nil, err
	}
	picked := all
	if len(o.names) > 0 && !slices.Contains(o.names, "all") {
		picked = s.pick(all, o.names, s.env.Stderr, exitGeneric)
	}
	if len(all) == 0 {
		fmt.Fprintln(s.env.Stderr, "there are no programs; add a [program:NAME] section to the configuration of the server, then run update")
	}
	return logsOf(all, picked, o, func(p programInfo) { s.noLog(p.Namespec, o.stream) }), nil
}

// logsOf lists the logs of programs that were picked out of all. missing is told of each that has none; nil: nobody wants to know.
func logsOf(all, picked []programInfo, o logOptions, missing func(programInfo)) []*logSource {
	var logs []*logSource
	seen := map[string]bool{}
	for _, p := range picked {
		if seen[p.Namespec] {
			continue
		}
		seen[p.Namespec] = true
		colour := slices.IndexFunc(all, func(a programInfo) bool { return a.Namespec == p.Namespec })
		before := len(logs)
		if p.StdoutLog != "" && o.stream != "stderr" {
			logs = append(logs, &logSource{program: p.Namespec, stream: "stdout", colour: colour})
		}
		if p.StderrLog != "" && o.stream != "stdout" {
			logs = append(logs, &logSource{program: p.Namespec, stream: "stderr", colour: colour})
		}
		if len(logs) == before && missing != nil {
			missing(p)
		}
	}
	return logs
}

// noLog tells that a program has no log to show.
func (s *session) noLog(program, stream string) {
	switch stream {
	case "":
		fmt.Fprintf(s.env.Stderr, "%s has no log; stdout_logfile and stderr_logfile tell where what it prints goes\n", program)
	case "stdout":
		fmt.Fprintf(s.env.Stderr, "%s has no log of its stdout; stdout_logfile tells where it goes\n", program)
	default:
		fmt.Fprintf(s.env.Stderr, "%s has no log of its stderr; redirect_stderr and stderr_logfile tell where it goes\n", program)
	}
}

// showLogs prints the ends of the logs.
func (s *session) showLogs(logs []*logSource, o logOptions, p *logPrinter) error {
	var ends [][]logLine
	for _, l := range logs {
		end, err := s.logEnd(s.ctx, l, math.MaxInt64, o.enough())
		if err != nil {
			if codeOf(err) == 0 && statusOf(err) == 0 {
				return err
			}
			s.logProblem(l, err)
			continue
		}
		ends = append(ends, s.chosen(l, end, o, true))
	}
	return p.print(interleave(ends))
}

// reopenLogs makes the server open its log files anew.
func (s *session) reopenLogs() error {
	if s.format == formatJSON {
		fmt.Fprintf(s.env.Stderr, "error: logs %s has no output format but text; leave out -o\n", reopenWord)
		s.fail(exitUsage)
		return nil
	}
	err := s.do("supd.reopenLogs")
	switch {
	case codeOf(err) == faultUnknownMethod:
		s.problem("error: %s cannot open its logs anew when asked by a client", s.client.url)
		s.advise("the signal USR2 makes it do the same: kill -USR2 $(%s pid)", s.self)
		s.fail(exitGeneric)
		return nil
	case err != nil:
		return err
	}
	s.printf("reopened all logs\n")
	return nil
}

// parseSince reads when lines shall begin: how long ago, or when.
func parseSince(text string, now time.Time) (time.Time, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return at, nil
		}
	}
	for _, layout := range []string{time.TimeOnly, "15:04"} {
		clock, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		y, m, d := now.Date()
		at := time.Date(y, m, d, clock.Hour(), clock.Minute(), clock.Second(), 0, now.Location())
		if at.After(now) {
			at = time.Date(y, m, d-1, clock.Hour(), clock.Minute(), clock.Second(), 0, now.Location())
		}
		return at, nil
	}
	return time.Time{}, fmt.Errorf("bad time %s; give how long ago (10m, 2h, 1d) or when (22:00, 2026-11-25T22:00)", quoteLine(text))
}
