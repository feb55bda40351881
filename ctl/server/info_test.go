package server

import (
	encodingxml "encoding/xml"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
)

func TestDescription(t *testing.T) {
	local := time.Local
	time.Local = time.FixedZone("test", 3600)
	t.Cleanup(func() { time.Local = local })
	now := time.Date(2026, 11, 22, 11, 20, 7, 0, time.UTC)
	stopped := time.Date(2026, 11, 22, 10, 20, 7, 0, time.UTC)
	up := func(d time.Duration) actors.Info {
		return actors.Info{State: supervisor.Running, Pid: 123, Start: now.Add(-d)}
	}
	upBut := func(text string) actors.Info {
		i := up(5 * time.Second)
		i.ReadyText = text
		return i
	}
	for _, c := range []struct {
		info actors.Info
		want string
	}{
		{upBut("not ready"), "pid 123, uptime 0:00:05, not ready"},
		{upBut("unhealthy"), "pid 123, uptime 0:00:05, unhealthy"},
		{up(5 * time.Second), "pid 123, uptime 0:00:05"},
		{up(-time.Hour), "pid 123, uptime 0:00:00"},
		{up(23*time.Hour + 59*time.Minute + 59*time.Second), "pid 123, uptime 23:59:59"},
		{up(25*time.Hour + 61*time.Second), "pid 123, uptime 1 day, 1:01:01"},
		{up(48 * time.Hour), "pid 123, uptime 2 days, 0:00:00"},
		{actors.Info{State: supervisor.Stopped}, "Not started"},
		{actors.Info{State: supervisor.Stopped, Start: stopped}, "Not started"},
		{actors.Info{State: supervisor.Exited, Start: stopped, Stop: stopped, WaitsFor: "db, <x>"}, "waits for db, &lt;x&gt;"},
		{actors.Info{State: supervisor.Stopped, Start: stopped, Stop: stopped}, "Nov 22 11:20 AM"},
		{actors.Info{State: supervisor.Exited, Start: stopped, Stop: stopped.Add(90 * time.Minute)}, "Nov 22 12:50 PM"},
		{actors.Info{State: supervisor.Exited, Start: stopped, Stop: time.Date(2026, 1, 1, 23, 5, 0, 0, time.UTC)}, "Jan 02 12:05 AM"},
		{actors.Info{State: supervisor.Stopped, NextRun: now}, "Not started, next run Nov 22 12:20 PM"},
		{actors.Info{State: supervisor.Exited, Start: stopped, Stop: stopped, NextRun: now}, "Nov 22 11:20 AM, next run Nov 22 12:20 PM"},
		{actors.Info{State: supervisor.Starting, Pid: 1, Start: now, NextRun: now}, ""},
		{actors.Info{State: supervisor.Fatal, SpawnErr: "can't find command '<x>'"}, "can't find command '&lt;x&gt;'"},
		{actors.Info{State: supervisor.Backoff}, `unknown error (try "tail a&amp;b")`},
		{actors.Info{State: supervisor.Starting, Pid: 1, Start: now}, ""},
		{actors.Info{State: supervisor.Stopping, Pid: 1, Start: now}, ""},
		{actors.Info{State: supervisor.Unknown, SpawnErr: "x"}, ""},
	} {
		c.info.Program = program("g", "a&b")
		if got := string(appendDescription(nil, &c.info, now)); got != c.want {
			t.Errorf("%v: got %q, want %q", c.info.State, got, c.want)
		}
	}
}

// configMembers are those of compat.md §4.7.
const configMembers = "autostart autorestart directory uid command exitcodes group group_prio inuse killasgroup name process_prio redirect_stderr " +
	"startretries startsecs stdout_capture_maxbytes stdout_events_enabled stdout_logfile stdout_logfile_backups stdout_logfile_maxbytes " +
	"stdout_syslog stderr_capture_maxbytes stderr_events_enabled stderr_logfile stderr_logfile_backups stderr_logfile_maxbytes " +
	"stderr_syslog stopsignal stopwaitsecs serverurl"

func TestConfigInfosHaveThirtyMembers(t *testing.T) {
	tree := newFakeTree()
	want := []string{`<boolean>0</boolean>`, `<boolean>1</boolean>`, `<string>unexpected</string>`}
	for i, a := range []confload.Autorestart{confload.RestartNever, confload.RestartAlways, confload.RestartUnexpected} {
		p := *tree.infos[i].Program
		p.Name, p.Autorestart = strings.Repeat("x", i+1), a // in this order in the answer
		info := *tree.infos[i]
		info.Program = &p
		tree.infos[i] = &info
	}
	answer, err := (&service{tree: tree, now: time.Now}).getAllConfigInfo(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Structs []struct {
			Members []struct {
				Name  string `xml:"name"`
				Value struct {
					XML string `xml:",innerxml"`
				} `xml:"value"`
			} `xml:"member"`
		} `xml:"array>data>value>struct"`
	}
	if err := encodingxml.Unmarshal(answer, &list); err != nil || len(list.Structs) != len(want) {
		t.Fatalf("%v: %s", err, answer)
	}
	expected := strings.Fields(configMembers)
	slices.Sort(expected)
	if len(expected) != 30 {
		t.Fatalf("%d members are expected", len(expected))
	}
	for i, s := range list.Structs {
		var names []string
		for _, m := range s.Members {
			names = append(names, m.Name)
			if m.Name == "autorestart" && m.Value.XML != want[i] {
				t.Errorf("autorestart %d is %s, want %s", i, m.Value.XML, want[i])
			}
		}
		slices.Sort(names)
		if !slices.Equal(names, expected) {
			t.Errorf("the members are %v", names)
		}
	}
}

func TestEncodingInfosDoesNotAllocate(t *testing.T) {
	infos := manyPrograms(10).infos
	infos[3].State = supervisor.Exited
	buf := make([]byte, 0, 1<<20)
	now := epoch.Add(time.Hour)
	if n := testing.AllocsPerRun(100, func() {
		b := buf
		for _, i := range infos {
			b = appendInfo(b, i, now)
		}
	}); n != 0 {
		t.Errorf("%v allocations for 10 programs", n)
	}
}

func TestInfoSizeFits(t *testing.T) {
	if n := len(appendInfo(nil, manyPrograms(1).infos[0], epoch)); n > infoSize || n < infoSize*3/4 {
		t.Errorf("a program takes %d bytes, infoSize is %d", n, infoSize)
	}
}

func BenchmarkGetAllProcessInfo1000(b *testing.B) {
	s := &service{tree: manyPrograms(1000), now: time.Now}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = s.getAllProcessInfo(b.Context(), buf[:0], nil)
	}
	b.SetBytes(int64(len(buf)))
}
