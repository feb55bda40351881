package ctl

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A recorder is a server that answers like fakeServer and keeps what it was asked.
type recorder struct {
	URL string

	mu       sync.Mutex
	calls    []string // "method|argument|argument"; arrays as [a b]
	password string   // of the last request
}

var recordedText = regexp.MustCompile(`<methodName>(.*?)</methodName>|<string>((?s:.*?))</string>|<base64>(.*?)</base64>|<boolean>(.)</boolean>|(<array>)|(</array>)`)

func record(t *testing.T, values map[string]string) *recorder {
	r := &recorder{}
	inner := fakeHandler(values)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		var parts []string
		for _, m := range recordedText.FindAllStringSubmatch(string(body), -1) {
			text := strings.Join(m[1:5], "")
			switch {
			case m[3] != "":
				b, _ := base64.StdEncoding.DecodeString(m[3])
				text = string(b)
			case m[5] != "":
				text = "["
			case m[6] != "":
				text = "]"
			}
			parts = append(parts, strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&#xA;", "\n", "&amp;", "&", "&lt;", "<", "&gt;", ">").Replace(text))
		}
		r.mu.Lock()
		r.calls = append(r.calls, strings.Join(parts, "|"))
		_, r.password, _ = req.BasicAuth()
		r.mu.Unlock()
		req.Body = io.NopCloser(strings.NewReader(string(body)))
		inner.ServeHTTP(w, req)
	}))
	t.Cleanup(srv.Close)
	r.URL = srv.URL
	return r
}

// called returns the last call and forgets all.
func (r *recorder) called() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := ""
	if len(r.calls) > 0 {
		last = r.calls[len(r.calls)-1]
	}
	r.calls = nil
	return last
}

const oneResult = "<array><data><value><struct><member><name>name</name><value><string>job</string></value></member>" +
	"<member><name>group</name><value><string>g</string></value></member><member><name>status</name><value><int>80</int></value></member>" +
	"<member><name>description</name><value><string>OK</string></value></member></struct></value></data></array>"

func ownServer(t *testing.T) *recorder {
	return record(t, map[string]string{
		"getVersion": fakeVersion, "getPID": "<int>42</int>",
		"getAllProcessInfo":    "<array><data>" + program("web", "web", "RUNNING", 20, "pid 7") + program("b", "g", "RUNNING", 20, "pid 8") + "</data></array>",
		"startProcessGroup":    oneResult,
		"stopProcessGroup":     oneResult,
		"supd.runProgram":      oneResult,
		"supd.removeProgram":   "<boolean>1</boolean>",
		"supd.setEnv":          "<boolean>1</boolean>",
		"supd.getEnv":          "<string>a b&lt;</string>",
		"supd.listEnv":         "<array><data><value><string>HOME</string></value><value><string>PATH</string></value></data></array>",
		"readProcessStderrLog": "<string>the end</string>",
		"readProcessStdoutLog": "<string>the end</string>",
	})
}

func TestWordsOfACommandReachTheServerAsTheyAre(t *testing.T) {
	r, conf := ownServer(t), emptyConfig(t)
	for _, c := range []struct {
		args []string
		call string
		out  string
	}{
		{[]string{"run", "job", "--", "/bin/sh", "-c", "echo 'a  b'", "-o", "x", "-c", "--help", "-s"}, "supd.runProgram|job|[|/bin/sh|-c|echo 'a  b'|-o|x|-c|--help|-s|]|[|]||0", "g:job: started\n"},
		{[]string{"run", "job", "--save", "--group", "g", "--option", "nice=3", "--option=user=x", "--", "c", "\x1b[31m"},
			"supd.runProgram|job|[|c|\x1b[31m|]|[|nice=3|user=x|]|g|1", "g:job: started\n"},
		{[]string{`run job -- sh -c "echo 'a  b'" ''`}, "supd.runProgram|job|[|sh|-c|echo 'a  b'||]|[|]||0", "g:job: started\n"},
		{[]string{"set-env", "A", "two  words"}, "supd.setEnv|A|two  words", "A: set\n"},
		{[]string{"set-env", "A", ""}, "supd.setEnv|A|", "A: set\n"},
		{[]string{"set-env", "--", "A", "-o json"}, "supd.setEnv|A|-o json", "A: set\n"},
		{[]string{`set-env A 'two  words'`}, "supd.setEnv|A|two  words", "A: set\n"},
		{[]string{"get-env", "A"}, "supd.getEnv|A", "a b<\n"},
		{[]string{"get-env"}, "supd.listEnv", "HOME\nPATH\n"},
		{[]string{"rm", "job"}, "supd.removeProgram|job", "job: removed\n"},
		{[]string{"start-group", "g"}, "supervisor.startProcessGroup|g", "g:job: started\n"},
		{[]string{"stop-group g"}, "supervisor.stopProcessGroup|g", "g:job: stopped\n"},
		{[]string{"logtail", "web"}, "supervisor.readProcessStdoutLog|web", "the end\n"},
		{[]string{"logtail", "-t", "stderr", "web"}, "supervisor.readProcessStderrLog|web", "the end\n"},
	} {
		out, errs, status := run(Env{}, append([]string{"-c", conf, "-s", r.URL}, c.args...)...)
		if call := r.called(); call != c.call || out != c.out || errs != "" || status != 0 {
			t.Errorf("%q: called %q, want %q; %q %q, status %d", c.args, call, c.call, out, errs, status)
		}
	}
}

func TestNewVerbsCalledWronglySayHowTheyAreCalled(t *testing.T) {
	r, conf := ownServer(t), emptyConfig(t)
	for _, c := range []struct {
		args   []string
		says   string
		status int
	}{
		{[]string{"run"}, "Error: run requires a name and a command", exitUsage},
		{[]string{"run", "job", "/bin/x"}, "Error: run takes one name, and the command and its arguments behind --", exitGeneric},
		{[]string{"run", "--", "/bin/x"}, "Error: run requires a name before --", exitGeneric},
		{[]string{"run", "job", "--"}, "Error: run requires a command behind --", exitGeneric},
		{[]string{"run", "job", "-c", "x"}, "Error: option -c not recognized; the command and its arguments stand behind --", exitGeneric},
		{[]string{"run job -- 'x"}, "Error: No closing quotation", exitGeneric},
		{[]string{"set-env", "A"}, "Error: set-env requires a name and a value", exitGeneric},
		{[]string{"set-env", "A", "b", "c"}, "put quotes around a value with blanks", exitGeneric},
		{[]string{"get-env", "A", "B"}, "Error: get-env takes one name", exitGeneric},
		{[]string{"rm"}, "Error: rm requires a process name", exitGeneric},
		{[]string{"start-group"}, "Error: start-group requires a group name", exitUsage},
		{[]string{"stop-group"}, "Error: stop-group requires a group name", exitGeneric},
		{[]string{"logtail", "a", "b"}, "Error: logtail takes the name of one process", exitGeneric},
		{[]string{"logtail", "-t", "x", "a"}, "Error: bad channel 'x'", exitGeneric},
	} {
		out, errs, status := run(Env{}, append([]string{"-c", conf, "-s", r.URL}, c.args...)...)
		if !strings.Contains(out, c.says) || status != c.status {
			t.Errorf("%q: %q %q, status %d", c.args, out, errs, status)
		}
		if call := r.called(); call != "" && call != "supervisor.getVersion" {
			t.Errorf("%q called %q", c.args, call)
		}
	}
}

func TestOwnMethodsAreNotAskedInVain(t *testing.T) {
	conf := emptyConfig(t)
	for fault, want := range map[string]string{
		fakeFault(1, "UNKNOWN_METHOD"):                   "error: <Fault 1: 'UNKNOWN_METHOD'>",
		fakeFault(92, "CANT_REREAD: unknown option 'x'"): "job: ERROR (unknown option 'x')",
		fakeFault(30, "FAILED: not for strangers"):       "job: ERROR (not for strangers)",
		fakeFault(90, "ALREADY_ADDED: job"):              "job: ERROR (the name is taken by a group that is in use)",
	} {
		url := fakeServer(t, map[string]string{"getVersion": fakeVersion, "supd.runProgram": fault}).URL
		out, errs, status := run(Env{}, "-c", conf, "-s", url, "run", "job", "--", "x")
		if out != want+"\n" || status != exitGeneric || strings.Contains(fault, "UNKNOWN_METHOD") != strings.Contains(errs, "is not supd") {
			t.Errorf("%q %q, status %d, want %q", out, errs, status, want)
		}
	}
}

func TestNewVerbsForAMachine(t *testing.T) {
	r, conf := ownServer(t), emptyConfig(t)
	for _, c := range []struct {
		args []string
		want map[string]string
	}{
		{[]string{"-o", "json", "run", "job", "--", "x"}, map[string]string{"namespec": "g:job", "result": "started"}},
		{[]string{"run", "job", "-o", "json", "--", "x"}, map[string]string{"namespec": "g:job", "result": "started"}},
		{[]string{"rm", "job", "-o", "json"}, map[string]string{"namespec": "job", "result": "removed"}},
		{[]string{"get-env", "A", "-o=json"}, map[string]string{"name": "A", "value": "a b<"}},
		{[]string{"-o", "json", "set-env", "A", "b"}, map[string]string{"namespec": "", "result": "set"}},
		{[]string{"-o", "json", "start-group", "g"}, map[string]string{"namespec": "g:job", "result": "started"}},
	} {
		out, errs, status := run(Env{}, append([]string{"-c", conf, "-s", r.URL}, c.args...)...)
		var rows []map[string]string
		if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows) != 1 || status != 0 {
			t.Fatalf("%q: %v: %q %q, status %d", c.args, err, out, errs, status)
		}
		for k, v := range c.want {
			if rows[0][k] != v {
				t.Errorf("%q: %v", c.args, rows)
			}
		}
	}
}

func TestBothLettersOfThePasswordFlag(t *testing.T) {
	r, conf := ownServer(t), emptyConfig(t)
	for _, args := range [][]string{{"-u", "ann", "-P", "secret"}, {"-u", "ann", "-p", "secret"}, {"--user", "ann", "--password=secret"}} {
		if out, errs, status := run(Env{}, slices.Concat([]string{"-c", conf, "-s", r.URL}, args, []string{"pid"})...); status != 0 || r.password != "secret" {
			t.Errorf("%q: password %q; %q %q, status %d", args, r.password, out, errs, status)
		}
	}
	if _, errs, status := run(Env{}, "-P", "a", "-p", "b", "pid"); status != exitUsage || !strings.Contains(errs, "give it once") {
		t.Errorf("%q, status %d", errs, status)
	}
	for _, flag := range []string{"-P", "-v", "--verbose"} {
		if _, errs, status := run(Env{Name: "supervisorctl"}, flag, "pid"); status != exitUsage || !strings.Contains(errs, "not recognized") {
			t.Errorf("supervisorctl %s: %q, status %d", flag, errs, status)
		}
	}
	if _, errs, status := run(Env{}, "pid", "-P", "x"); status != exitUsage || !strings.Contains(errs, "-P stands before the command") {
		t.Errorf("%q, status %d", errs, status)
	}
}

func TestVerboseTellsWhichServerAndHowLongButNoPassword(t *testing.T) {
	r := ownServer(t)
	dir := t.TempDir()
	conf := filepath.Join(dir, "conf")
	host := strings.TrimPrefix(r.URL, "http://")
	for _, c := range []struct {
		file string
		args []string
		says []string
	}{
		{"[supervisorctl]\nserverurl=" + r.URL + "\nusername=ann\npassword=hunter2\n", nil,
			[]string{"server: " + r.URL + " (serverurl= in [supervisorctl])\n", "file: " + conf + " (-c)\n", "user: ann ([supervisorctl])\n"}},
		{"[inet_http_server]\nport=" + host + "\nusername=bob\npassword=hunter2\n", nil,
			[]string{"server: " + r.URL + " ([inet_http_server])\n", "user: bob ([inet_http_server])\n"}},
		{"[supervisorctl]\n", []string{"-s", r.URL, "-u", "eve", "-p", "hunter2"}, []string{"server: " + r.URL + " (-s)\n", "user: eve (-u)\n"}},
		{"[supervisorctl]\n", []string{"-s", "http://zoe:hunter2@" + host}, []string{"server: http://zoe:xxxxx@" + host + " (-s)\n", "user: zoe"}},
		{"[supervisorctl]\n", []string{"-s", r.URL}, []string{"user: none\n"}},
	} {
		writeFile(t, conf, c.file)
		out, errs, status := run(Env{}, slices.Concat([]string{"-c", conf}, c.args, []string{"-v", "pid"})...)
		if out != "42\n" || status != 0 || strings.Contains(errs, "hunter2") {
			t.Errorf("%q: %q %q, status %d", c.args, out, errs, status)
		}
		for _, want := range append(c.says, "supervisor.getVersion: ", "supervisor.getPID: ") {
			if !strings.Contains(errs, want) {
				t.Errorf("%q: no %q in %q", c.args, want, errs)
			}
		}
	}
	writeFile(t, conf, "[supervisorctl]\nserverurl=http://127.0.0.1:1\n")
	if _, errs, _ := run(Env{}, "-c", conf, "--verb", "pid"); !regexp.MustCompile(`(?m)^supervisor\.getVersion: .*, failed$`).MatchString(errs) {
		t.Error(errs)
	}
}

func TestStatusShowsTheGroupAlwaysWhenAsked(t *testing.T) {
	r, conf := ownServer(t), emptyConfig(t)
	for _, c := range []struct{ name, value, want string }{
		{"supd ctl", "true", "web:web "}, {"supd ctl", "Y", "web:web "}, {"supd ctl", "", "web "}, {"supd ctl", "no", "web "}, {"supervisorctl", "true", "web "},
	} {
		env := Env{Name: c.name, Getenv: func(k string) string { return map[string]string{"SUPERVISOR_GROUP_DISPLAY": c.value}[k] }}
		out, _, status := run(env, "-c", conf, "-s", r.URL, "status")
		if !strings.HasPrefix(out, c.want) || !strings.Contains(out, "\ng:b ") || status != 0 {
			t.Errorf("%+v: status %d\n%s", c, status, out)
		}
		if out, _, _ = run(env, "-c", conf, "-s", r.URL, "-o", "json", "status"); !strings.Contains(out, `"namespec": "web",`) {
			t.Errorf("%+v: %s", c, out)
		}
	}
}

func TestValuesOfVariablesAreNotRemembered(t *testing.T) {
	for line, want := range map[string]bool{
		"set-env A secret": false, "run job --option environment=A=secret -- x": false, "run job -- x": true, "get-env A": true,
		"open http://u:p@host:1": false, "status set-env": true,
	} {
		if memorable(line, "") != want {
			t.Errorf("%q: %v", line, !want)
		}
	}
}

// A supd.ini that says nothing about a server stands for port 9002, under the name supervisorctl for an error.
func TestASupdIniThatSaysNothingMeansPort9002(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	writeFile(t, filepath.Join(dir, "supd.ini"), "[supervisord]\n")
	path := filepath.Join(dir, "supd.ini")
	tgt, err := readTarget(&path, false)
	if err != nil || tgt.url != "http://localhost:9002" {
		t.Errorf("%+v, %v", tgt, err)
	}
	if _, err := readTarget(&path, true); err == nil {
		t.Error("supervisorctl takes a file without its section")
	}
}

// TestHintsAfterMistakes has what helps who has mixed something up, on the error output.
func TestHintsAfterMistakes(t *testing.T) {
	failed := "<array><data><value><struct><member><name>name</name><value><string>job</string></value></member>" +
		"<member><name>group</name><value><string>job</string></value></member><member><name>status</name><value><int>20</int></value></member>" +
		"<member><name>description</name><value><string>NO_FILE</string></value></member></struct></value></data></array>"
	url := fakeServer(t, map[string]string{"getVersion": fakeVersion, "supd.runProgram": failed}).URL
	for _, c := range []struct {
		args []string
		hint string
	}{
		{[]string{"run", "job", "--", "/nope"}, "hint: job stays known: supd ctl -s " + url + " why job tells what is in the way, supd ctl -s " + url + " rm job takes it away\n"},
		{[]string{"signal", "web", "HUP"}, "hint: the signal comes first: supd ctl -s " + url + " signal HUP web\n"},
		{[]string{"signal", "HUPP", "web"}, "hint: did you mean HUP?\n"},
	} {
		if _, errs, status := run(Env{Name: "supd ctl"}, append([]string{"-s", url}, c.args...)...); !strings.Contains(errs, c.hint) || status == 0 {
			t.Errorf("%q: %q, status %d", c.args, errs, status)
		}
	}
	if _, errs, _ := run(Env{Name: "supervisorctl"}, "-c", emptyConfig(t), "-s", url, "signal", "web", "HUP"); strings.Contains(errs, "comes first") {
		t.Errorf("supervisorctl says: %q", errs)
	}
}
