package confload

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/robfig/cron/v3"
)

// OnChange is what is done with a program when files of its have changed. With a command it is run, with a signal that is
// sent; otherwise the program is restarted.
type OnChange struct {
	Command []string       // words; nil: none
	Signal  syscall.Signal // 0: none
}

// BinaryTrigger has a program act when the file it executes has changed.
type BinaryTrigger struct {
	Watch bool
	OnChange
}

// FilesTrigger has a program act when files in a directory, or below it, have changed.
type FilesTrigger struct {
	Directory string // absolute; it need not exist; "": none is watched
	Pattern   string // of names, as filepath.Match has it
	OnChange
}

// Cron is when a program is started. The zero value is never.
type Cron struct {
	Text     string         // as it is written; "" never
	Zone     *time.Location // nil: cron_timezone counts
	schedule cron.Schedule
}

// CronOverlap tells what comes of a start by cron= while the program is still up.
type CronOverlap int

// The values of cron_overlap=.
const (
	CronSkip  CronOverlap = iota // it is left out
	CronQueue                    // it comes when the program has ended, once
)

// NextRun is the next time after t at which cron= starts the program; zero: never.
func (p *Program) NextRun(t time.Time) time.Time {
	zone := p.Cron.Zone
	if zone == nil {
		zone = p.CronZone
	}
	if p.Cron.schedule == nil {
		return time.Time{}
	}
	if zone != nil {
		t = t.In(zone)
	}
	t = t.Round(0) // a schedule goes by the wall clock alone, which may be set
	return p.Cron.schedule.Next(t)
}

// ParseCron reads a schedule as cron= does. "" is never.
func ParseCron(text string) (Cron, error) { return cronType.parse(nil, text) }

var cronParser = cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// zonePrefixes are how a schedule says its own time zone.
var zonePrefixes = []string{"CRON_TZ=", "TZ="}

// cronReference is a time from which every day of a year comes within the years that are searched.
var cronReference = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

var cronType = valueType[Cron]{
	name: "schedule", allowed: "nothing; SECOND MINUTE HOUR DAY MONTH WEEKDAY, or these without SECOND, each *, a number, a range, a " +
		"list or */STEP; @hourly, @daily, @weekly, @monthly, @yearly; @every 90s; CRON_TZ=ZONE may stand before it",
	parse: func(l *loader, s string) (Cron, error) {
		c := Cron{Text: strings.Join(strings.Fields(s), " ")}
		if c.Text == "" {
			return c, nil
		}
		spec, err := c.zone(l, c.Text)
		if err != nil {
			return c, err
		}
		if c.schedule, err = cronParser.Parse(spec); err != nil {
			return c, err
		}
		if period, ok := strings.CutPrefix(spec, "@every "); ok {
			if d, err := time.ParseDuration(period); err == nil && d < time.Second {
				return c, errors.New("the time is less than a second") // the parser takes it for one second
			}
		}
		if c.schedule.Next(cronReference).IsZero() {
			return c, errors.New("there is no such day")
		}
		return c, nil
	},
	same: func(a, b Cron) bool { return a.Text == b.Text },
}

// zone takes the time zone in front of a schedule and returns the rest.
func (c *Cron) zone(l *loader, spec string) (string, error) {
	for _, prefix := range zonePrefixes {
		rest, ok := strings.CutPrefix(spec, prefix)
		if !ok {
			continue
		}
		name, rest, _ := strings.Cut(rest, " ")
		zone, err := zoneType.parse(l, name)
		if err == nil && zone == nil {
			err = errors.New("the name of the time zone is missing")
		}
		c.Zone = zone
		return rest, err
	}
	return spec, nil
}

// zoneType is the type of time zones; nil: the one of the machine.
var zoneType = valueType[*time.Location]{
	name: "time zone", allowed: "nothing, or a name of the time zone database, like UTC or Europe/Berlin",
	parse: func(_ *loader, s string) (*time.Location, error) {
		if s == "" {
			return nil, nil
		}
		zone, err := time.LoadLocation(s)
		if err != nil {
			return nil, fmt.Errorf("%w; names are those in /usr/share/zoneinfo, package tzdata", err)
		}
		return zone, nil
	},
	same: func(a, b *time.Location) bool {
		return (a == nil) == (b == nil) && (a == nil || a.String() == b.String())
	},
}

// watchedDirType is the type of directories that are watched; the result is absolute.
var watchedDirType = valueType[string]{
	name: "directory", allowed: "nothing, or a directory, which need not exist yet",
	parse: func(l *loader, s string) (string, error) {
		path, err := l.expandUser(strings.TrimFunc(s, isSpace))
		if err != nil || path == "" {
			return "", err
		}
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return "", errors.New("it is a file")
		}
		return filepath.Abs(path)
	},
	same: equal[string],
}

// namePatternType is the type of patterns for the names of files.
var namePatternType = valueType[string]{
	name: "pattern", allowed: "a pattern for the name of a file, like *.py or *.[ch]",
	parse: func(_ *loader, s string) (string, error) {
		switch _, err := filepath.Match(s, ""); {
		case s == "":
			return "", errors.New("it is empty")
		case err != nil:
			return "", errors.New("a bracket is not closed, or a backslash ends it")
		case strings.Contains(s, "/"):
			return "", errors.New("it is about names, without a directory")
		}
		return s, nil
	},
	same: equal[string],
}

// commandType is the type of commands that are run for a program; nil: none.
var commandType = valueType[[]string]{
	name: "command", allowed: "nothing, or a command",
	parse: func(_ *loader, s string) ([]string, error) {
		words, err := SplitCommand(s)
		if err == nil && len(words) > 0 && words[0] == "" {
			err = errors.New("the command is empty")
		}
		return words, err
	},
	same: slices.Equal[[]string],
}

// settleTriggers warns of options that have no effect, and sets what is other by default for a program with a schedule: it
// is a job, for which ending soon is no failure, and which comes back when it is due.
func (r *programReader) settleTriggers(p *Program) {
	r.needs(p.OnBinary.Watch, "restart_when_binary_changed=true", "restart_cmd_when_binary_changed", "restart_signal_when_binary_changed")
	r.needs(p.OnFiles.Directory != "", "restart_directory_monitor", "restart_file_pattern", "restart_cmd_when_file_changed",
		"restart_signal_when_file_changed")
	r.needs(p.Cron.Text != "", "cron", "cron_timezone", "cron_overlap")
	for what, on := range map[string]OnChange{"binary": p.OnBinary.OnChange, "file": p.OnFiles.OnChange} {
		if on.Command != nil && on.Signal != 0 {
			e, _ := r.doc.lookup(r.sec, "restart_signal_when_"+what+"_changed")
			r.warn(e, fmt.Sprintf("For [%s], restart_signal_when_%s_changed has no effect beside restart_cmd_when_%[2]s_changed", r.sec.name, what))
		}
	}
	if p.Cron.Text == "" {
		return
	}
	if _, given := r.doc.lookup(r.sec, "startsecs"); !given {
		p.StartSecs = 0
	}
	if _, given := r.doc.lookup(r.sec, "autorestart"); !given {
		p.Autorestart = RestartNever
	}
}

// needs warns of options that are given in the section itself and mean nothing without another one.
func (r *programReader) needs(met bool, other string, options ...string) {
	for _, o := range options {
		if e := r.sec.keys[o]; e != nil && e.value() != "" && !met {
			r.warn(e, fmt.Sprintf("For [%s], %s has no effect without %s", r.sec.name, o, other))
		}
	}
}
