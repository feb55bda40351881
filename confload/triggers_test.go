package confload

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestTriggerOptionsReachTheirFields(t *testing.T) {
	p := program(t, `[program:x]
command=c
restart_when_binary_changed=true
restart_cmd_when_binary_changed=/bin/new "a b" %(program_name)s
restart_directory_monitor=/srv/%(program_name)s
restart_file_pattern=*.py
restart_signal_when_file_changed=HUP
cron=CRON_TZ=Asia/Tokyo   0 30 3 * * *
cron_timezone=UTC
cron_overlap=Queue`)
	if want := (BinaryTrigger{true, OnChange{Command: []string{"/bin/new", "a b", "x"}}}); !reflect.DeepEqual(p.OnBinary, want) {
		t.Errorf("got %+v", p.OnBinary)
	}
	if want := (FilesTrigger{"/srv/x", "*.py", OnChange{Signal: syscall.SIGHUP}}); !reflect.DeepEqual(p.OnFiles, want) {
		t.Errorf("got %+v", p.OnFiles)
	}
	if p.Cron.Text != "CRON_TZ=Asia/Tokyo 0 30 3 * * *" || p.Cron.Zone.String() != "Asia/Tokyo" || p.CronZone != time.UTC || p.CronOverlap != CronQueue {
		t.Errorf("got %+v, %v, %v", p.Cron, p.CronZone, p.CronOverlap)
	}
	c := mustParse(t, "[supervisord]\nreload_on_change=Update\n")
	if c.Supervisord.ReloadOnChange != ReloadUpdate {
		t.Errorf("got %v", c.Supervisord.ReloadOnChange)
	}
}

func TestBadTriggerOptionsAreRefused(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"restart_when_binary_changed=perhaps", "not a valid boolean value"},
		{"restart_cmd_when_binary_changed='x", "not a valid command value"},
		{"restart_cmd_when_file_changed=''", "the command is empty"},
		{"restart_signal_when_binary_changed=NOPE", "there is no such signal name"},
		{"restart_signal_when_file_changed=999", "not a valid signal value"},
		{"restart_directory_monitor=/etc/passwd", "it is a file (allowed: nothing, or a directory, which need not exist yet)"},
		{"restart_file_pattern=src/*.py", "it is about names, without a directory (allowed: a pattern for the name of a file, like *.py or *.[ch])"},
		{"restart_file_pattern=[a", "a bracket is not closed"},
		{"restart_file_pattern=", "it is empty"},
		{"cron=* * * *", "expected 5 to 6 fields, found 4"},
		{"cron=61 * * * * *", "above maximum"},
		{"cron=0 0 30 2 *", "there is no such day"},
		{"cron=@every 0s", "the time is less than a second (allowed: nothing; SECOND"},
		{"cron=@every -90s", "the time is less than a second"},
		{"cron=CRON_TZ=UTC @every 20ms", "the time is less than a second"},
		{"cron=@sometimes", "unrecognized descriptor"},
		{"cron=CRON_TZ=Nowhere/Land @daily", "unknown time zone Nowhere/Land"},
		{"cron=TZ=", "the name of the time zone is missing"},
		{"cron_timezone=Nowhere/Land", "unknown time zone Nowhere/Land; names are those in /usr/share/zoneinfo, package tzdata"},
		{"cron_overlap=parallel", "(allowed: skip, queue)"},
		{"[supervisord]\nreload_on_change=yes", "not a valid word value: 'yes' for reload_on_change (allowed: off, reread, update)"},
	} {
		text := "[program:x]\ncommand=c\n" + c.line
		if rest, ok := strings.CutPrefix(c.line, "[supervisord]\n"); ok {
			text = rest
		}
		_, err := Parse("/c/s.conf", []byte("[supervisord]\n"+text), testOptions(t))
		name, _, _ := strings.Cut(text[strings.LastIndex(text, "\n")+1:], "=")
		line := " on line 4 in section 'program:x'"
		if strings.HasPrefix(c.line, "[") {
			line = " on line 2 in section 'supervisord'"
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), line) {
			t.Errorf("%s: %v", c.line, err)
		}
	}
}

func TestTheNextRunOfASchedule(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct{ options, after, want string }{
		{"cron=*/5 * * * * *", "2026-11-26T10:00:00Z", "2026-11-26T10:00:05Z"},
		{"cron=*/5 * * * *", "2026-11-26T10:00:00Z", "2026-11-26T10:05:00Z"},
		{"cron=@daily", "2026-11-26T10:00:00Z", "2026-11-27T00:00:00Z"},
		{"cron=@every 90s", "2026-11-26T10:00:00Z", "2026-11-26T10:01:30Z"},
		{"cron=0 0 9 * * mon-fri", "2026-11-27T10:00:00Z", "2026-11-30T09:00:00Z"},
		{"cron=0 0 29 feb *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"},
		{"cron=@daily\ncron_timezone=Asia/Tokyo", "2026-11-26T10:00:00Z", "2026-11-26T15:00:00Z"},
		{"cron=CRON_TZ=UTC @daily\ncron_timezone=Asia/Tokyo", "2026-11-26T10:00:00Z", "2026-11-27T00:00:00Z"},
		{"cron=TZ=Asia/Tokyo 0 0 3 * * *\ncron_timezone=UTC", "2026-11-26T10:00:00Z", "2026-11-26T18:00:00Z"},
		// The clock is set forward from 2 to 3: what lies between does not come that day, and back from 3 to 2: it comes twice.
		{"cron=0 30 2 * * *\ncron_timezone=Europe/Berlin", "2027-03-27T12:00:00Z", "2027-03-29T00:30:00Z"},
		{"cron=0 30 2 * * *\ncron_timezone=Europe/Berlin", "2027-10-30T12:00:00Z", "2027-10-31T00:30:00Z"},
		{"cron=0 30 2 * * *\ncron_timezone=Europe/Berlin", "2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z"},
	} {
		p := program(t, "[program:x]\ncommand=c\n"+c.options+"\n"+defaultZone(c.options))
		if got := p.NextRun(at(c.after)); !got.Equal(at(c.want)) {
			t.Errorf("%s: after %s comes %s, want %s", c.options, c.after, got.UTC().Format(time.RFC3339), c.want)
		}
	}
	p := program(t, "[program:x]\ncommand=c\ncron=* * * * * *")
	if got := p.NextRun(time.Now()).String(); strings.Contains(got, "m=") {
		t.Errorf("the next run goes by the monotonic clock: %s", got)
	}
	if p := program(t, "[program:x]\ncommand=c"); !p.NextRun(time.Now()).IsZero() {
		t.Error("a program without a schedule has a next run")
	}
}

// defaultZone makes options mean the same on every machine.
func defaultZone(options string) string {
	if strings.Contains(options, "cron_timezone") {
		return ""
	}
	return "cron_timezone=UTC"
}

func TestAScheduledProgramIsAJobByDefault(t *testing.T) {
	p := program(t, "[program:x]\ncommand=c\ncron=@daily")
	if p.StartSecs != 0 || p.Autorestart != RestartNever {
		t.Errorf("startsecs %d, autorestart %v", p.StartSecs, p.Autorestart)
	}
	p = program(t, "[program-default]\nautorestart=true\n[program:x]\ncommand=c\ncron=@daily\nstartsecs=5")
	if p.StartSecs != 5 || p.Autorestart != RestartAlways {
		t.Errorf("startsecs %d, autorestart %v", p.StartSecs, p.Autorestart)
	}
}

func TestTriggerOptionsWithoutEffectAreWarnedOf(t *testing.T) {
	c := mustParse(t, `[program:x]
command=c
restart_signal_when_binary_changed=HUP
restart_file_pattern=*.py
cron_overlap=queue
[program:y]
command=c
restart_directory_monitor=/x
restart_cmd_when_file_changed=a
restart_signal_when_file_changed=HUP
`)
	var got []string
	for _, m := range c.Messages {
		if strings.HasPrefix(m.Section, "program:") {
			got = append(got, m.Text)
		}
	}
	if want := []string{
		"For [program:x], restart_signal_when_binary_changed has no effect without restart_when_binary_changed=true",
		"For [program:x], restart_file_pattern has no effect without restart_directory_monitor",
		"For [program:x], cron_overlap has no effect without cron",
		"For [program:y], restart_signal_when_file_changed has no effect beside restart_cmd_when_file_changed",
	}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestSourcesOfAConfiguration(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"main": "[supervisord]\n[include]\nfiles=one.conf sub*/*.conf DIR/two.conf suba/no/x*\n", "two.conf": "", "suba/x.conf": "", "subb/y.txt": ""} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "DIR", dir)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load(filepath.Join(dir, "main"), testOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	files, dirs := c.Sources()
	if want := []string{dir + "/main", dir + "/suba/x.conf", dir + "/two.conf"}; !slices.Equal(files, want) {
		t.Errorf("files %q, want %q", files, want)
	}
	if want := []string{dir + "/one.conf", dir, dir + "/suba", dir + "/subb", dir + "/suba/no"}; !slices.Equal(dirs, want) {
		t.Errorf("directories %q, want %q", dirs, want)
	}
}
