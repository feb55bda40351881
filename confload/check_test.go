package confload

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func check(t *testing.T, text string) *Checked {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, map[string]string{"s.conf": text})
	c, err := Check(filepath.Join(dir, "s.conf"), testOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCheckTellsErrorsAndWarningsTogether(t *testing.T) {
	c := check(t, "[supervisord]\nloglevel=loud\nodd=1\n[program:a]\nautostart=x\n[program:b]\ncommand=true\nstartsecs=y\n[supervisorctl]\nserverurl=foo\n[inet_http_server]\n")
	var lines []int
	for _, e := range c.Errors {
		lines = append(lines, e.Line)
	}
	want := map[int]bool{2: true, 4: true, 5: true, 8: true, 10: true, 11: true}
	for _, n := range lines {
		delete(want, n)
	}
	if len(want) > 0 || c.Config != nil {
		t.Errorf("no errors on lines %v: %v", want, c.Errors)
	}
	if len(c.Messages) != 1 || c.Messages[0].Option != "odd" || c.Messages[0].Line != 3 {
		t.Errorf("%+v", c.Messages)
	}
}

func TestACommandThatIsNoListOfWordsIsWarnedOfOnce(t *testing.T) {
	c := check(t, "[supervisord]\n[program:a]\ncommand=/bin/a \"%(process_num)d\nnumprocs=2\nprocess_name=a_%(process_num)d\n"+
		"[program:b]\ncommand=/bin/b x\\\n[program:c]\ncommand=/bin/cat \"x\"\n")
	if c.Config == nil || len(c.Messages) != 3 { // the third: there is no server
		t.Fatalf("%v, %+v", c.Errors, c.Messages)
	}
	for i, want := range []struct {
		line int
		text string
	}{{3, "No closing quotation"}, {7, "No escaped character"}} {
		if m := c.Messages[i]; m.Line != want.line || m.Option != "command" || !strings.Contains(m.Text, want.text) || strings.Contains(m.Text, "/bin/") {
			t.Errorf("%+v", m)
		}
	}
}

func TestCheckOfWhatCannotBeRead(t *testing.T) {
	if _, err := Check("/no/such/file", testOptions(t)); err == nil {
		t.Error("no error")
	}
	c := check(t, "[supervisord]\njunk\nloglevel=info\nmore junk\n")
	if len(c.Errors) != 2 || c.Errors[0].Line != 2 || c.Errors[1].Line != 4 {
		t.Errorf("%v", c.Errors)
	}
	if c = check(t, "[program:x]\nautostart=y\n"); len(c.Errors) != 3 {
		t.Errorf("without [supervisord]: %v", c.Errors)
	}
	if c = check(t, "x=1\n"); len(c.Errors) != 1 {
		t.Errorf("%v", c.Errors)
	}
}

const printed = `[DEFAULT]
startsecs = 3
password = hunter2
username = u
[supervisord]
identifier = 100%% %(here)s
environment = TOKEN="hunter2",B=1
[program:web]
command = serve %(process_num)d %(ENV_N)s
  -x ; with a comment
numprocs = 2
process_name = %(program_name)s_%(process_num)d
directory = /%(program_name)s
environment = X="hunter2"
pasword = hunter2
[inet_http_server]
port = 1
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
key = hunter2
[supervisorctl]
prompt = me
[nonsense]
a = hunter2
[include]
files = none/*.conf
`

func TestPrintShowsWhatIsInForceAndNoSecret(t *testing.T) {
	c := check(t, printed)
	if c.Errors != nil {
		t.Fatal(c.Errors)
	}
	dir := filepath.Dir(c.Path)
	got := regexp.MustCompile(`DIR +;`).ReplaceAllString(strings.ReplaceAll(c.Print(), dir, "DIR"), "DIR ;")
	for _, want := range []string{
		"identifier = 100%% DIR ; DIR/s.conf:6\n",
		"environment = TOKEN=\"***\",B=\"***\"                ; DIR/s.conf:7\n",
		"command = serve %(process_num)d %(ENV_N)s        ; DIR/s.conf:9\n    -x\n" +
			";   group web, process_num 0: serve 0 7\\n-x\n;   group web, process_num 1: serve 1 7\\n-x\n",
		"directory = /web ", "startsecs = 3                                    ; DIR/s.conf:2\n", ";pasword = ***", ", ignored\n",
		"password = *** ", "username = *** ", ";[nonsense] ", ";a = ***", ";[include] ", ";files = none/*.conf ", "prompt = me ", "key = *** ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("does not say %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "hunter2") || strings.Contains(got, "[DEFAULT]") {
		t.Errorf("a secret, or [DEFAULT], is shown:\n%s", got)
	}
	again, err := Parse(dir+"/s.conf", []byte(c.Print()), testOptions(t))
	if err != nil {
		t.Fatalf("%v in\n%s", err, got)
	}
	again.Groups[0].Line = c.Config.Groups[0].Line
	for i := range again.Groups[0].Programs {
		a, b := &again.Groups[0].Programs[i], &c.Config.Groups[0].Programs[i]
		a.Environment = b.Environment // masked
	}
	if d := Diff(c.Config, again); !d.Empty() || again.Supervisord.Identifier != c.Config.Supervisord.Identifier {
		t.Errorf("loaded again it is another configuration: %+v\n%s", d, got)
	}
}

func TestCheckedSettingsSayHowSupervisordStandsToThem(t *testing.T) {
	c := check(t, printed+"[program:x]\ncommand=c\nstdout_logfile=NONE\ndepends_on=web\n[rpcinterface:other]\nsupervisor.rpcinterface_factory=a:b\n")
	got := map[string]Peer{}
	for _, sec := range c.Sections {
		for _, s := range sec.Settings {
			if (s.Peer == PeerSame) != (s.PeerNote == "") {
				t.Errorf("%s.%s: %+v", sec.Name, s.Name, s)
			}
			got[sec.Name+"."+s.Name] = s.Peer
		}
	}
	for name, want := range map[string]Peer{
		"program:x.command": PeerSame, "program:x.depends_on": PeerOnlySupd, "program:x.stdout_logfile": PeerBetter, "inet_http_server.port": PeerBetter,
		"rpcinterface:supervisor.supervisor.rpcinterface_factory": PeerSame, "rpcinterface:other.supervisor.rpcinterface_factory": PeerMissing,
	} {
		if p, ok := got[name]; !ok || p != want {
			t.Errorf("%s: %s, want %s", name, p, want)
		}
	}
}

// TestACheckNotesWhatIsNotThere is about what a start needs. It is no warning, as the file may be for another machine.
func TestACheckNotesWhatIsNotThere(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	write(t, dir, map[string]string{"plain": "no program"})
	c := check(t, "[supervisord]\n[program:a]\ncommand=/no/such/file\ndirectory=/no/such/directory\nenvFiles="+plain+", /no/such/env\n"+
		"[program:b]\ncommand=no-such-command-anywhere\nnumprocs=3\nprocess_name=%(process_num)d\n"+
		"[program:c]\ncommand="+plain+"\n[program:d]\ncommand=cat\ndirectory="+dir+"\n[program:e]\ncommand=./relative\n")
	var got []string
	for _, m := range c.Messages {
		if strings.HasPrefix(m.Text, "For [") {
			got = append(got, fmt.Sprintf("%d %s %d: %s", m.Level, m.Option, m.Line, m.Text))
		}
	}
	want := []string{
		"0 command 3: For [program:a], its command does not exist here",
		"0 directory 4: For [program:a], its directory does not exist here",
		"0 envfiles 5: For [program:a], its environment file 2 of 2 is not there, and it is not started without",
		"0 command 7: For [program:b], its command is in no directory of the PATH here",
		"0 command 11: For [program:c], its command cannot be executed here",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	// The daemon does not look: at its start it would be too late, and a reread must be cheap.
	if got := texts(mustParse(t, "[program:a]\ncommand=/no/such/file\n"), Info); strings.Contains(strings.Join(got, ""), "does not exist") {
		t.Errorf("%q", got)
	}
}
