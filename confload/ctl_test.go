package confload

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func loadCtl(t *testing.T, text string) (*Ctl, error) {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, map[string]string{"s.conf": text})
	return LoadCtl(filepath.Join(dir, "s.conf"), testOptions(t))
}

func TestClientSection(t *testing.T) {
	c, err := loadCtl(t, "[supervisorctl]\nserverurl=unix://%(here)s/../s.sock\nusername=%(ENV_N)s\npassword=p%%\nprompt=me\nhistory_file=~/.h\n")
	if err != nil {
		t.Fatal(err)
	}
	want := Ctl{Path: c.Path, HasSection: true, ServerURL: "unix://" + filepath.Dir(filepath.Dir(c.Path)) + "/s.sock", Username: "7", Password: "p%",
		Prompt: "me", HistoryFile: "/home/me/.h"}
	if c.HasSection != want.HasSection || c.ServerURL != want.ServerURL || c.Username != want.Username || c.Password != want.Password ||
		c.Prompt != want.Prompt || c.HistoryFile != want.HistoryFile || len(c.Servers) != 0 {
		t.Errorf("got  %+v\nwant %+v", *c, want)
	}
	if got, want := c.Target(), (Target{c.ServerURL, "7", "p%"}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestClientReadsWhatTheDaemonWouldRefuse: a client must work with a file that has errors elsewhere.
func TestClientReadsWhatTheDaemonWouldRefuse(t *testing.T) {
	c, err := loadCtl(t, "[include]\n[program:x]\nautostart=maybe\ncommand=%(nope)s\n[supervisord]\nloglevel=odd\n"+
		"[unix_http_server]\nfile=%(nope)s\n[inet_http_server]\nport=*:9002\nusername=u\npassword=p\n[supervisorctl]\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Servers) != 1 || len(c.Messages) != 1 || !strings.Contains(c.Messages[0].Text, "'nope'") {
		t.Errorf("%+v", c)
	}
	if got, want := c.Target(), (Target{"http://localhost:9002", "u", "p"}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestWhereTheClientFindsTheServer(t *testing.T) {
	const unix = "[unix_http_server]\nfile=/s\nusername=a\npassword=b\n"
	const inet = "[inet_http_server]\nport=1\n"
	for _, c := range []struct {
		text string
		want Target
	}{
		{"", Target{"http://localhost:9001", "", ""}},
		{"[supervisorctl]\n", Target{"http://localhost:9001", "", ""}},
		{inet, Target{"http://localhost:1", "", ""}},
		{inet + unix, Target{"unix:///s", "a", "b"}},
		{unix + "[supervisorctl]\nusername=c\npassword=d", Target{"unix:///s", "c", "d"}},
		{unix + "[supervisorctl]\nserverurl=http://h:2", Target{"http://h:2", "", ""}},
		{"[unix_http_server]\nfile=/s\nusername=a\npassword={SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d\n", Target{"unix:///s", "", ""}},
	} {
		ctl, err := loadCtl(t, c.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := ctl.Target(); got != c.want {
			t.Errorf("%q: %+v, want %+v", c.text, got, c.want)
		}
		if ctl.Prompt != "supervisor" || ctl.HasSection != strings.Contains(c.text, "[supervisorctl]") {
			t.Errorf("%q: %+v", c.text, ctl)
		}
	}
}

// The supervisor in Go that has files called supd.ini looks for its server at port 9002.
func TestASupdIniThatNamesNoServerMeansPort9002(t *testing.T) {
	for name, text := range map[string]string{
		"http://localhost:9002": "[supervisorctl]\n",
		"http://localhost:1":    "[inet_http_server]\nport=1\n",
		"http://h:2":            "[supervisorctl]\nserverurl=http://h:2\n",
	} {
		dir := t.TempDir()
		write(t, dir, map[string]string{"supd.ini": text})
		c, err := LoadCtl(dir+"/supd.ini", testOptions(t))
		if err != nil || c.Target().URL != name || !c.IsSupdIni() {
			t.Errorf("%q: %+v, %v", text, c.Target(), err)
		}
	}
}

func TestClientErrors(t *testing.T) {
	_, err := loadCtl(t, "[supervisorctl]\nserverurl=foo")
	wantError(t, err, "not a valid URL value: 'foo'", "in section 'supervisorctl'")
	_, err = loadCtl(t, "nothing")
	wantError(t, err, "no section headers")
	_, err = LoadCtl("/no/such/file", Options{})
	wantError(t, err, "could not find config file /no/such/file")
	if _, err := ParseServerURL("foo"); err == nil {
		t.Error("foo is taken for a URL")
	}
	if u, err := ParseServerURL("unix:///a/../b"); err != nil || u != "unix:///b" {
		t.Errorf("%q, %v", u, err)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	o := FindOptions{Executable: dir + "/opt/bin/supd", Dir: dir + "/cwd"}
	write(t, dir, map[string]string{"cwd/x": "", "opt/bin/x": ""})
	path, tried, err := Find(o)
	want := []string{dir + "/opt/etc/supervisord.conf", dir + "/opt/supervisord.conf", dir + "/cwd/supervisord.conf", dir + "/cwd/etc/supervisord.conf",
		"/etc/supervisord.conf", "/etc/supervisor/supervisord.conf", dir + "/cwd/supervisord.ini", dir + "/cwd/supd.ini",
		dir + "/cwd/etc/supd.ini", "/etc/supd/supd.ini", dir + "/opt/etc/supd/supd.ini", dir + "/opt/supd.ini"}
	switch {
	case err != nil:
		t.Fatal(err)
	case path == "":
		if !slices.Equal(tried, want) {
			t.Errorf("tried %q", tried)
		}
	case !strings.HasPrefix(path, "/etc/"): // a file of this machine
		t.Errorf("found %s", path)
	}
	for i := len(want) - 1; i >= 0; i-- {
		if strings.HasPrefix(want[i], "/etc/") || i > 5 && path != "" {
			continue
		}
		write(t, "/", map[string]string{want[i]: ""})
		if got, _, err := Find(o); err != nil || got != want[i] {
			t.Errorf("found %s, want %s (%v)", got, want[i], err)
		}
	}
	o.Executable = "supd"
	if _, tried, _ := Find(FindOptions{Executable: "supd", Dir: dir + "/nothing"}); tried[0] != dir+"/nothing/etc/supervisord.conf" {
		t.Errorf("without a slash in argv[0]: %q", tried)
	}
}

func TestCheckPath(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a": ""})
	t.Chdir(dir)
	if got, err := CheckPath("a"); err != nil || got != dir+"/a" {
		t.Errorf("%q, %v", got, err)
	}
	_, err := CheckPath("b")
	wantError(t, err, "could not find config file "+dir+"/b")
	_, err = CheckPath(dir)
	wantError(t, err, "could not read config file "+dir, "directory")
	_, err = CheckPath("a/b")
	wantError(t, err, "could not read config file")
	_, err = Load("b", Options{})
	wantError(t, err, "could not find config file")
}
