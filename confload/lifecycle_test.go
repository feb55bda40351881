package confload

import (
	"os/user"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestReadinessIsRead(t *testing.T) {
	for _, c := range []struct {
		text string
		want Readiness
	}{
		{"startsecs", Readiness{}},
		{"StartSecs", Readiness{}},
		{"notify", Readiness{Kind: ReadyNotify}},
		{"log:Listening on .*:80$", Readiness{Kind: ReadyLog, Pattern: "Listening on .*:80$"}},
		{"fd:3", Readiness{Kind: ReadyFD, FD: 3}},
		{"tcp:localhost:80", Readiness{Kind: ReadyProbe, Probe: &Probe{Kind: ProbeTCP, Text: "tcp://localhost:80", Addr: "localhost:80"}}},
		{"tcp://[::1]:80", Readiness{Kind: ReadyProbe, Probe: &Probe{Kind: ProbeTCP, Text: "tcp://[::1]:80", Addr: "[::1]:80"}}},
		{"http://h/x", Readiness{Kind: ReadyProbe, Probe: &Probe{Kind: ProbeHTTP, Text: "http://h/x", URL: "http://h/x"}}},
		{"http:https://h/x", Readiness{Kind: ReadyProbe, Probe: &Probe{Kind: ProbeHTTP, Text: "https://h/x", URL: "https://h/x"}}},
		{"https://h/x", Readiness{Kind: ReadyProbe, Probe: &Probe{Kind: ProbeHTTP, Text: "https://h/x", URL: "https://h/x"}}},
		{"exec:test -e 'a b'", Readiness{Kind: ReadyProbe, Probe: &Probe{Text: "test -e 'a b'", Args: []string{"test", "-e", "a b"}}}},
		{"file:/run/x", Readiness{Kind: ReadyProbe, Probe: &Probe{Kind: ProbeFile, Text: "/run/x", Path: "/run/x"}}},
		{"file:~/x", Readiness{Kind: ReadyProbe, Probe: &Probe{Kind: ProbeFile, Text: "~/x", Path: "/root/x"}}},
	} {
		c.want.Text = c.text
		got, err := readyType.parse(newLoader(Options{Environ: []string{"HOME=/root"}}), c.text)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v (%+v), %v", c.text, got, got.Probe, err)
		}
	}
}

func TestHTTPChecksTakeTheOptionsOfCurl(t *testing.T) {
	p := program(t, `[program:x]
command=c
liveness_check_script=https://h:8443/health?a=b -H "Authorization: Basic Zm9v" --header=X-A:1 -HHost:other -d @/tmp/body
  --key-file k --cert-file "c d" --ca-file=a`)
	want := &Probe{Kind: ProbeHTTP, Text: p.Liveness.Probe.Text, URL: "https://h:8443/health?a=b", Data: "/tmp/body", HasData: true,
		DataFile: true, KeyFile: "k", CertFile: "c d", CAFile: "a", Headers: []Header{{"Authorization", "Basic Zm9v"}, {"X-A", "1"}, {"Host", "other"}}}
	if !reflect.DeepEqual(p.Liveness.Probe, want) {
		t.Errorf("got  %+v\nwant %+v", p.Liveness.Probe, want)
	}
	p = program(t, "[program:x]\ncommand=c\nliveness_check_script=http://h --data '{\"a\": 1}'")
	if c := p.Liveness.Probe; c.Data != `{"a": 1}` || !c.HasData || c.DataFile {
		t.Errorf("got %+v", c)
	}
}

func TestLifecycleOptionsReachTheirFields(t *testing.T) {
	p := program(t, `[program:x]
command=c
ready=fd:4
ready_timeout=1.5
ready_timeout_action=Restart
watchdog_secs=10
liveness_check_script=/usr/bin/Probe --Loud
liveness_check_initial_delay=0
liveness_check_period=5
liveness_check_timeout=0.5
liveness_check_success_threshold=2
liveness_check_success_action=/bin/log OK
liveness_check_failure_threshold=4
liveness_check_failure_action=touch /var/Fail.LOG
backoff=Exponential
backoff_base=0.5
backoff_jitter=0.25
backoff_reset=30
restartpause=2
killwaitsecs=3
stopsignal=INT TERM,QUIT
startretries=-1
`)
	if p.Ready.FD != 4 || p.ReadyTimeout != 1500*time.Millisecond || p.ReadyTimeoutAction != ReadyTimeoutRestart || p.Watchdog != 10*time.Second {
		t.Errorf("readiness: %+v", p)
	}
	live := Liveness{Probe: &Probe{Text: "/usr/bin/Probe --Loud", Args: []string{"/usr/bin/Probe", "--Loud"}}, Period: 5 * time.Second,
		Timeout: time.Second / 2, SuccessThreshold: 2, FailureThreshold: 4,
		OnSuccess: Action{ActionCommand, []string{"/bin/log", "OK"}}, OnFailure: Action{ActionCommand, []string{"touch", "/var/Fail.LOG"}}}
	if !reflect.DeepEqual(p.Liveness, live) {
		t.Errorf("got %+v, want %+v", p.Liveness, live)
	}
	if want := (Backoff{Kind: BackoffExponential, Base: time.Second / 2, Jitter: 0.25, Reset: 30 * time.Second}); p.Backoff != want || p.Backoff.Limit() != 5*time.Minute {
		t.Errorf("got %+v, at most %v", p.Backoff, p.Backoff.Limit())
	}
	if p.RestartPause != 2*time.Second || p.KillWaitSecs != 3 || p.StartRetries != -1 {
		t.Errorf("restarts: %+v", p)
	}
	if p.StopSignal != syscall.SIGINT || !reflect.DeepEqual(p.LaterStopSignals, []syscall.Signal{syscall.SIGTERM, syscall.SIGQUIT}) {
		t.Errorf("stop signals: %v %v", p.StopSignal, p.LaterStopSignals)
	}
	for text, want := range map[string]time.Duration{"": 0, "backoff_cap=7": 7 * time.Second, "backoff=exponential\nbackoff_cap=0": 0} {
		if p := program(t, "[program:x]\ncommand=c\n"+text); p.Backoff.Limit() != want {
			t.Errorf("%q: a wait is at most %v", text, p.Backoff.Limit())
		}
	}
}

func TestAProgramMayHaveAnotherGroup(t *testing.T) {
	daemon, err := user.LookupGroup("daemon")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"root:daemon", "0:" + daemon.Gid, "root : daemon"} {
		p := program(t, "[program:x]\ncommand=c\nuser="+text)
		if u := p.User; u.Name != "root" || u.UID != 0 || u.GID != 1 || !u.OtherGID || u.Groups[0] != 1 {
			t.Errorf("%s: got %+v", text, u)
		}
		plain := program(t, "[program:x]\ncommand=c\nuser=root")
		if got := ChangedOptions(&plain, &p); !reflect.DeepEqual(got, []string{"user"}) {
			t.Errorf("changed: %v", got)
		}
	}
}

// TestMistakesInLifecycleOptions has one bad value at least for every option, and what the error must say besides the file,
// the line, the option and what is allowed.
func TestMistakesInLifecycleOptions(t *testing.T) {
	says := map[string]bool{}
	for _, c := range []struct{ option, value, want string }{
		{"ready", "notfy", "did you mean 'notify'?"},
		{"ready", "notify:x", "allowed: startsecs, notify, log:REGEX, tcp:HOST:PORT"},
		{"ready", "log", "log:REGEX"},
		{"ready", "log:", "nothing after the colon"},
		{"ready", "log:(", "missing closing )"},
		{"ready", "tcp:host", "HOST:PORT"},
		{"ready", "tcp:host:0", "1 to 65535"},
		{"ready", "http:ftp://h/", "no check by 'ftp'"},
		{"ready", "http:/only/path", "something else"},
		{"ready", "http://", "no host"},
		{"ready", "exec:", "nothing after the colon"},
		{"ready", "exec:'", "No closing quotation"},
		{"ready", "exec:http://h/", "something else"},
		{"ready", "file:x", "not absolute"},
		{"ready", "fd:2", "3 to 255"},
		{"ready", "fd:x", "3 to 255"},
		{"ready", "", "''"},
		{"ready_timeout", "soon", "a number of seconds"},
		{"ready_timeout_action", "stop", "allowed: report, restart"},
		{"watchdog_secs", "-1", "a number of seconds"},
		{"liveness_check_script", "tcp://h", "HOST:PORT"},
		{"liveness_check_script", "tcp://h:1 x", "after the address"},
		{"liveness_check_script", "http://h --heder x", "did you mean '--header'?"},
		{"liveness_check_script", "http://h -H", "-H has no value"},
		{"liveness_check_script", "http://h -H nocolon", "NAME: VALUE"},
		{"liveness_check_script", "http://h -H 'a b: c'", "NAME: VALUE"},
		{"liveness_check_script", "http://h -d a -d b", "twice"},
		{"liveness_check_script", "http://h -d @", "names no file"},
		{"liveness_check_script", "http://h x", "after the URL"},
		{"liveness_check_script", "http://h --key-file x", "needed both"},
		{"liveness_check_script", "http://h:port/", "cannot be read"},
		{"liveness_check_script", "'", "No closing quotation"},
		{"liveness_check_script", "''", "the command is empty"},
		{"liveness_check_initial_delay", "1e3", "a number of seconds"},
		{"liveness_check_period", "0", "at least 0.1"},
		{"liveness_check_timeout", "0", "at least 0.1"},
		{"liveness_check_success_threshold", "0", "at least 1"},
		{"liveness_check_success_action", "'", "No closing quotation"},
		{"liveness_check_failure_threshold", "x", "at least 1"},
		{"liveness_check_failure_action", "''", "the command is empty"},
		{"backoff", "quadratic", "allowed: linear, constant, exponential"},
		{"backoff_base", "0", "at least 0.001"},
		{"backoff_cap", "-1", "a number of seconds"},
		{"backoff_jitter", "1.5", "from 0 to 1"},
		{"backoff_jitter", "half", "from 0 to 1"},
		{"backoff_reset", "9999999999", "out of range"},
		{"restartpause", "..", "a number of seconds"},
		{"killwaitsecs", "0", "at least 1"},
		{"stopsignal", "INT NOPE", "'NOPE': there is no such signal name"},
		{"stopsignal", strings.Repeat("TERM ", 17), "more than 16"},
		{"stopsignal", ",", "there is no such signal name"},
		{"user", "root:nosuchgroup", "no group with that name"},
		{"user", "nosuchuser:root", "no account with that name"},
	} {
		says[c.option] = true
		_, err := Parse("/c/supervisord.conf", []byte("[supervisord]\n[program:x]\ncommand=c\n"+c.option+"="+c.value+"\n"), testOptions(t))
		if err == nil {
			t.Errorf("%s=%s is accepted", c.option, c.value)
			continue
		}
		for _, want := range []string{c.want, "on line 4 ", "/c/supervisord.conf", " for " + c.option, "(allowed: "} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s=%s: %q does not say %q", c.option, c.value, err, want)
			}
		}
	}
	for _, o := range lifecycleTable {
		if !says[o.Name] {
			t.Errorf("no bad value for %s", o.Name)
		}
	}
}

func TestAWrongCheckDoesNotShowItsSecrets(t *testing.T) {
	_, err := Parse("/c/s.conf", []byte("[supervisord]\n[program:x]\ncommand=c\nliveness_check_script=http://h -H 'Authorization: hunter2' --nope\n"), testOptions(t))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}
