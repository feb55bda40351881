package ctl

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestPatternsMatchNames(t *testing.T) {
	programs := []namespec{{"web", "web"}, {"zoo", "ape"}, {"zoo", "worker_01"}, {"zoo", "worker_12"}, {"farm", "worker_01"}, {"a:b", "x"}}
	for p, want := range map[string]string{
		"worker_0?":     "zoo:worker_01 farm:worker_01",
		"*:worker_0?":   "zoo:worker_01 farm:worker_01",
		"zoo:worker_*":  "zoo:worker_01 zoo:worker_12",
		"z*:*":          "zoo:ape zoo:worker_01 zoo:worker_12",
		"z*:":           "zoo:ape zoo:worker_01 zoo:worker_12",
		"w*":            "web zoo:worker_01 zoo:worker_12 farm:worker_01",
		"w[a-f]b":       "web",
		"*":             "web zoo:ape zoo:worker_01 zoo:worker_12 farm:worker_01 a:b:x",
		"worker":        "",
		"[^z]*:w*_[0]1": "farm:worker_01",
	} {
		var got []string
		for _, n := range programs {
			if matches(p, n.Group, n.Program) {
				got = append(got, n.String())
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", p, got, want)
		}
	}
	for name, want := range map[string]bool{
		"web": false, "zoo:*": false, "zoo:": false, "zoo:ape": false, "*": true, "*:*": true, "z?o:*": true, "zoo:a*": true,
		"a[": false, "a[b]": true, "": false, ":": false, `a\`: false,
	} {
		if pattern(name) != want {
			t.Errorf("pattern(%q) is %v", name, !want)
		}
	}
}

// zoo is a server with a few programs on which everything can be done. It returns its address and the calls it got,
// with their arguments.
func zoo(t *testing.T) (url string, calls func() []string) {
	t.Helper()
	var mu sync.Mutex
	var list []string
	inner := fakeHandler(map[string]string{
		"getVersion": fakeVersion,
		"getAllProcessInfo": "<array><data>" + program("web", "web", "RUNNING", 20, "pid 7") + program("worker_1", "zoo", "RUNNING", 20, "pid 7") +
			program("worker_2", "zoo", "RUNNING", 20, "pid 7") + "</data></array>",
		"getProcessInfo": program("web", "web", "RUNNING", 20, "pid 7")[len("<value>") : len(program("web", "web", "RUNNING", 20, "pid 7"))-len("</value>")],
		"supd.listEnv":   "<array><data><value><string>HOME</string></value><value><string>PATH</string></value><value><string>PWD</string></value></data></array>",
		"startProcess":   "<boolean>1</boolean>",
		"stopProcess":    "<boolean>1</boolean>",
	})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, rest, standard := strings.Cut(string(body), "<methodName>supervisor.")
		call, rest, _ := strings.Cut(rest, "</methodName>")
		if _, arg, ok := strings.Cut(rest, "<string>"); ok {
			arg, _, _ = strings.Cut(arg, "</string>")
			call += " " + arg
		}
		if standard { // what supd alone has is not known here, and is asked for in vain
			mu.Lock()
			list = append(list, call)
			mu.Unlock()
		}
		if strings.HasSuffix(call, " nope") || strings.HasSuffix(call, "*") || call == "startProcessGroup zoo" {
			_, _ = io.WriteString(w, fakeFault(10, "BAD_NAME: nope"))
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		got := list
		list = nil
		return got
	}
}

func TestPatternsStandForTheProgramsTheyMatch(t *testing.T) {
	url, calls := zoo(t)
	conf := emptyConfig(t)
	for _, c := range []struct {
		line, out string
		status    int
		calls     string
	}{
		{"start web", "web: started\n", 0, "getVersion, startProcess web"},
		{"start worker_?", "zoo:worker_1: started\nzoo:worker_2: started\n", 0,
			"getVersion, getAllProcessInfo, startProcess zoo:worker_1, startProcess zoo:worker_2"},
		{"stop w*b z*:*2 web", "web: stopped\nzoo:worker_2: stopped\nweb: stopped\n", 0,
			"getVersion, getAllProcessInfo, stopProcess web, stopProcess zoo:worker_2, stopProcess web"},
		{"start x*", "x*: ERROR (no such process)\n", exitGeneric, "getVersion, getAllProcessInfo, startProcess x*"},
		{"start nope", "nope: ERROR (no such process)\n", exitGeneric, "getVersion, startProcess nope, getAllProcessInfo"},
		{"pid w*", "7\n7\n7\n", 0, "getVersion, getAllProcessInfo, getProcessInfo web, getProcessInfo zoo:worker_1, getProcessInfo zoo:worker_2"},
		{"pid x*", "No such process x*\n", exitGeneric, "getVersion, getAllProcessInfo, getProcessInfo x*"},
		{"status *_2", "zoo:worker_2                     RUNNING   pid 7\n", 0, "getVersion, getAllProcessInfo"},
		{"status x*", "x*: ERROR (no such process)\n", exitUnknown, "getVersion, getAllProcessInfo"},
	} {
		out, _, status := run(Env{}, "-c", conf, "-s", url, c.line)
		if got := strings.Join(calls(), ", "); out != c.out || status != c.status || got != c.calls {
			t.Errorf("%s: %q, status %d, calls %s", c.line, out, status, got)
		}
	}
}

func TestUnknownNamesGetAHint(t *testing.T) {
	url, calls := zoo(t)
	conf := emptyConfig(t)
	for line, want := range map[string]string{
		"status wbe":          `hint: there is no "wbe"; did you mean web?`,
		"status worker_1":     `hint: there is no "worker_1"; did you mean zoo:worker_1?`,
		"status zo:*":         `hint: there is no "zo:*"; did you mean zoo:*?`,
		"status zoo":          `hint: there is no "zoo"; did you mean zoo:*?`,
		"status zoo:worker_3": `hint: there is no "zoo:worker_3"; did you mean zoo:worker_1?`,
		"status workr_2":      `hint: there is no "workr_2"; did you mean zoo:worker_2?`,
		"status other":        "",
		"status web":          "",
		"stats":               "hint: did you mean status? help lists the commands",
		"sart web":            "hint: did you mean start? help lists the commands",
		"frobnicate":          "hint: help lists the commands",
		"status wbe wbe worker_2": `hint: there is no "wbe"; did you mean web?` + "\n" +
			`hint: there is no "worker_2"; did you mean zoo:worker_2?`,
	} {
		_, errs, _ := run(Env{}, "-c", conf, "-s", url, line)
		if strings.TrimSuffix(errs, "\n") != want {
			t.Errorf("%s: %q", line, errs)
		}
	}
	calls()
}

func TestHintsSayWhatToDoNext(t *testing.T) {
	conf := emptyConfig(t)
	none := fakeServer(t, nil)
	_, errs, status := run(Env{}, "-c", conf, "-s", none.URL, "start", "x")
	if status != exitNoInterface || !strings.Contains(errs, "\n[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n") {
		t.Errorf("no interface: %q, status %d", errs, status)
	}
	writeFile(t, conf, "[unix_http_server]\nfile=/run/mine.sock\n")
	_, errs, status = run(Env{Name: "supervisorctl"}, "-c", conf, "version")
	if status != exitUsage || !strings.Contains(errs, "add to it:\n[supervisorctl]\nserverurl = unix:///run/mine.sock\n") {
		t.Errorf("no section: %q, status %d", errs, status)
	}
	writeFile(t, conf, "[supervisord]\n")
	_, errs, _ = run(Env{}, "-c", conf, "version")
	for _, line := range []string{"[unix_http_server]", "file = /run/supervisor.sock", "[rpcinterface:supervisor]", "[supervisorctl]", "serverurl = unix:///run/supervisor.sock"} {
		if !strings.Contains(errs, "\n"+line+"\n") {
			t.Errorf("no server section: %q lacks %s", errs, line)
		}
	}
}

func TestOutcomesForAMachine(t *testing.T) {
	url, _ := zoo(t)
	conf := emptyConfig(t)
	for line, want := range map[string][]outcome{
		"start web nope zoo:*": {
			{"web", "web", "web", "started", ""},
			{"nope", "nope", "nope", "failed", "no such process"},
			{"zoo:*", "zoo", "", "failed", "no such group"},
		},
		"stop zoo:worker_1": {{"zoo:worker_1", "zoo", "worker_1", "stopped", ""}},
		"add":               {},
	} {
		out, _, _ := run(Env{}, "-c", conf, "-s", url, "-o", "json", line)
		var got []outcome
		if err := json.Unmarshal([]byte(out), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %s", line, err, out)
		}
	}
	out, errs, status := run(Env{}, "-c", conf, "-s", url, "-o", "json", "stop", "all")
	if out != "" || status != exitGeneric || !strings.HasPrefix(errs, "error: ") {
		t.Errorf("a command that fails as a whole: %q %q, status %d", out, errs, status)
	}
}

func TestChangesForAMachine(t *testing.T) {
	conf := emptyConfig(t)
	list := func(names ...string) string {
		var b strings.Builder
		for _, n := range names {
			b.WriteString("<value><string>" + n + "</string></value>")
		}
		return "<value><array><data>" + b.String() + "</data></array></value>"
	}
	srv := fakeServer(t, map[string]string{
		"getVersion":           fakeVersion,
		"getSupervisorVersion": "<string>4.2.5</string>",
		"reloadConfig":         "<array><data><value><array><data>" + list("new") + list("other") + list("gone") + "</data></array></value></data></array>",
		"stopProcessGroup":     "<array><data></data></array>",
		"removeProcessGroup":   "<boolean>1</boolean>",
		"addProcessGroup":      "<boolean>1</boolean>",
		"shutdown":             "<boolean>1</boolean>",
		"restart":              fakeFault(6, "SHUTDOWN_STATE"),
	})
	group := func(name, result string) outcome { return outcome{name + ":*", name, "", result, ""} }
	for line, want := range map[string][]outcome{
		"update":   {group("gone", "stopped"), group("gone", "removed"), group("other", "stopped"), group("other", "updated"), group("new", "added")},
		"add a b":  {group("a", "added"), group("b", "added")},
		"remove a": {group("a", "removed")},
		"shutdown": {{Result: "shut down"}},
		"reload":   {{Result: "failed", Message: "already shutting down"}},
	} {
		out, errs, _ := run(Env{}, "-c", conf, "-s", srv.URL, "-o", "json", line)
		var got []outcome
		if err := json.Unmarshal([]byte(out), &got); err != nil || !reflect.DeepEqual(got, want) || errs != "" {
			t.Errorf("%s: %v, %s %s", line, err, out, errs)
		}
	}
	out, _, _ := run(Env{}, "-c", conf, "-s", srv.URL, "version", "-o=json")
	if strings.Join(strings.Fields(out), "") != `[{"version":"4.2.5","api":"3.0"}]` {
		t.Errorf("version: %s", out)
	}
}

func TestCompletionOffersWhatMayStandThere(t *testing.T) {
	url, _ := zoo(t)
	names := &live{session: &session{client: newClient(url, "", credentials{}, certificates{})}}
	defer names.session.client.http.CloseIdleConnections()
	for line, want := range map[string]string{
		"sta":                   "start start-group status",
		"start-group ":          "web zoo",
		"rm ":                   "web zoo:worker_1 zoo:worker_2",
		"rm web z":              "zoo:worker_1 zoo:worker_2",
		"logtail -t ":           "stdout stderr",
		"logtail -t stderr w":   "web",
		"run x --g":             "--group",
		"run x --option nic":    "nice=",
		"run x --option startr": "startretries=",
		"run x -- --g":          "",
		"get-env P":             "PATH PWD",
		"set-env PATH ":         "",
		"start ":                "web zoo:worker_1 zoo:* zoo:worker_2 all",
		"start web ":            "zoo:worker_1 zoo:* zoo:worker_2 all",
		"start web:":            "web:web web:*",
		"start zoo:worker":      "zoo:worker_1 zoo:worker_2",
		"pid w":                 "web",
		"signal ":               "HUP INT QUIT KILL USR1 USR2 ALRM TERM CONT STOP WINCH",
		"signal HUP w":          "web",
		"remove ":               "web zoo",
		"status --w":            "--watch",
		"status -o ":            "json text",
		"status -o json w":      "web",
		"help re":               "reload remove reread restart",
		"help start ":           "",
		"version ":              "",
		"nosuch ":               "",
	} {
		head, words, tail := names.completeLine(line+" x", len(line))
		if got := strings.Join(words, " "); got != want || tail != " x" || !strings.HasPrefix(line, head) {
			t.Errorf("%q: %q; %q and %q", line, got, head, tail)
		}
	}
	if head, words, _ := names.completeLine("stop zöö wë", len([]rune("stop zöö "))); head != "stop zöö " || !slices.Contains(words, "web ") {
		t.Errorf("%q %q", head, words)
	}
}
