package ctl

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSinceIsHowLongAgoOrWhen(t *testing.T) {
	zone := time.FixedZone("", 3600)
	now := time.Date(2026, 11, 25, 8, 30, 15, 0, zone)
	for text, want := range map[string]string{
		"90s":                       "2026-11-25T08:28:45+01:00",
		"2h":                        "2026-11-25T06:30:15+01:00",
		"1d":                        "2026-11-24T08:30:15+01:00",
		"0s":                        "2026-11-25T08:30:15+01:00",
		"08:00":                     "2026-11-25T08:00:00+01:00",
		"22:00":                     "2026-11-24T22:00:00+01:00",
		"08:30:16":                  "2026-11-24T08:30:16+01:00",
		"2026-11-25":                "2026-11-25T00:00:00+01:00",
		"2026-11-24T22:00":          "2026-11-24T22:00:00+01:00",
		"2026-11-24T22:00Z":         "2026-11-24T22:00:00Z",
		"2026-11-24T22:00:01":       "2026-11-24T22:00:01+01:00",
		"2026-11-24T22:00:01.5Z":    "2026-11-24T22:00:01.5Z",
		"2026-11-24T22:00:01+03:00": "2026-11-24T22:00:01+03:00",
	} {
		at, err := parseSince(text, now)
		if got := at.Format(time.RFC3339Nano); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "yesterday", "-5m", "25:00", "10", "-1d"} {
		if at, err := parseSince(text, now); err == nil {
			t.Errorf("%q: %v", text, at)
		}
	}
}

func TestLinesAreInTheOrderOfTheirTimes(t *testing.T) {
	log := func(name, text string) []logLine {
		lines, _ := splitLines(&logSource{program: name}, []byte(text))
		return lines
	}
	a := log("a", "2026-11-25T10:00:00.000Z one\n2026-11-25T10:00:02.000Z three\n2026-11-25T10:00:01.500Z set back\n")
	b := log("b", `{"time":"2026-11-25T10:00:01.000Z","program":"b","message":"two"}`+"\n2026-11-25T12:00:02+02:00 b stdout 1 | four\n")
	order := func(lines []logLine) (names string) {
		for _, l := range lines {
			names += l.from.program
		}
		return names
	}
	for want, logs := range map[string][][]logLine{
		"abaab": {a, b},
		"abbaa": {a[:1], b, a[1:]}, // one of a time comes as the logs do
		"aaabb": {a, b, nil},
		"aaac":  {a, log("c", "no time\n")},
		"":      nil,
	} {
		if want == "aaabb" {
			logs[1] = append(slices.Clone(b), log("b", "2026-13-25T10:00:00.000Z is no time\n")...)
			want = "aaabbb"
		}
		if got := order(interleave(logs)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestLinesWithoutATimeBelongToTheOneBefore(t *testing.T) {
	lines, _ := splitLines(nil, []byte("old\n2026-11-25T10:00:00.000Z a\n  more\n2026-11-25T10:00:01.000Z b\n  more\n"))
	got, known := linesSince(lines, time.Date(2026, 11, 25, 10, 0, 1, 0, time.UTC))
	if len(got) != 2 || string(got[1].text) != "  more" || !known {
		t.Errorf("%d lines, %v", len(got), known)
	}
	if got, known := linesSince(lines[:1], time.Time{}); len(got) > 0 || known {
		t.Errorf("%d lines, %v", len(got), known)
	}
}

// logsFixture is a supervisord whose programs have these logs.
func logsFixture(t *testing.T) *daemon {
	t.Helper()
	needPeers(t)
	d := startDaemon(t, logConfig)
	for range 3 {
		d.wait(t, "entered RUNNING")
	}
	d.append(t, "out.log", "out 1\nout 2\r\nout 3")
	d.append(t, "err.log", "err 1\n\x1b[2Jerr 2\n")
	d.append(t, "0.log", "2026-11-25T10:00:00.000Z first\n2026-11-25T10:00:02.000Z third\n")
	d.append(t, "1.log", `{"time":"2026-11-25T10:00:01.000Z","program":"m:m1","stream":"stdout","life":1,"message":"second"}`+"\n")
	return d
}

func TestLogsShowsTheEndsOfSeveralLogs(t *testing.T) {
	t.Parallel()
	d := logsFixture(t)
	long := strings.Repeat(strings.Repeat("ä", 100)+"\n", 1000)
	d.append(t, "offerr.log", long)
	const json1 = `{"time":"2026-11-25T10:00:01.000Z","program":"m:m1","stream":"stdout","life":1,"message":"second"}`
	for _, c := range []struct {
		args, out, errs string
		status          int
	}{
		{"logs cat", "cat   | out 1\ncat   | out 2\r\ncat   | out 3\ncat ! | err 1\ncat ! | \x1b[2Jerr 2\n", "", 0},
		{"logs cat -n 1", "cat   | out 3\ncat ! | \x1b[2Jerr 2\n", "", 0},
		{"logs -n0 cat", "", "", 0},
		{"logs cat cat:* --no-prefix --lines=all", "out 1\nout 2\r\nout 3\nerr 1\n\x1b[2Jerr 2\n", "", 0},
		{"logs --stream stderr cat", "err 1\n\x1b[2Jerr 2\n", "", 0},
		{"logs m:*", "m:m0 | 2026-11-25T10:00:00.000Z first\nm:m1 | " + json1 + "\nm:m0 | 2026-11-25T10:00:02.000Z third\n", "", 0},
		{"logs m? -n 1", "m:m1 | " + json1 + "\nm:m0 | 2026-11-25T10:00:02.000Z third\n", "", 0},
		{"logs m:m0", "2026-11-25T10:00:00.000Z first\n2026-11-25T10:00:02.000Z third\n", "", 0},
		{"logs m:* --since 2026-11-25T10:00:01Z", "m:m1 | " + json1 + "\nm:m0 | 2026-11-25T10:00:02.000Z third\n", "", 0},
		{"logs m:* -n1 --since 2026-11-25T10:00:02Z", "m:m0 | 2026-11-25T10:00:02.000Z third\n", "", 0},
		{"logs m:m0 cat --since 2026-11-25T10:00:01Z --stream stdout", "m:m0 | 2026-11-25T10:00:02.000Z third\n",
			"error: the lines of stdout of cat carry no time; log_timestamp=true ", 1},
		{"logs m:m1 cat -n 1 -o json", `{"program":"m:m1","stream":"stdout","line":"{\"time\":\"2026-11-25T10:00:01.000Z\",\"program\":\"m:m1\",\"stream\":\"stdout\",\"life\":1,\"message\":\"second\"}","time":"2026-11-25T10:00:01Z"}
{"program":"cat","stream":"stdout","line":"out 3","time":""}
{"program":"cat","stream":"stderr","line":"\u001b[2Jerr 2","time":""}
`, "", 0},
		{"logs none", "", "none has no log; ", 1},
		{"logs m:m0 none --stream stderr", "", "m:m0 has no log of its stderr; ", 1},
		{"logs none m:m0 -n 1", "2026-11-25T10:00:02.000Z third\n", "none has no log; ", 0},
		{"logs cst m:m0 -n 1", "2026-11-25T10:00:02.000Z third\n", "cst: ERROR (no such process)\nhint: there is no \"cst\"; did you mean cat?\n", 1},
		{"logs off --stream stderr -n 1000", long, "", 0},
		{"logs off --stream stderr -n 200", long[:len(long)/5], "", 0},
		{"logs reopen", "error: unix://" + d.socket + " cannot open its logs anew when asked by a client\n", "hint: the signal USR2 makes it do the same: kill -USR2 $(supd ctl -c " + d.client + " pid)\n", 1},
		{"logs -- reopen", "", "reopen: ERROR (no such process)\n", 1},
		{"logs -n x", "Error: bad number of lines 'x'; ", "", 1},
		{"logs --stream both", "Error: bad stream 'both'; ", "", 1},
		{"logs --since never", "Error: bad time 'never'; ", "", 1},
		{"logs --folow", "Error: option --folow not recognized\n", "", 1},
	} {
		out, errs, status := run(Env{}, append([]string{"-c", d.client}, strings.Fields(c.args)...)...)
		same := out == c.out || strings.HasPrefix(c.out, "Error: ") && strings.HasPrefix(out, c.out)
		if !same || !strings.HasPrefix(errs, c.errs) || c.errs == "" && errs != "" || status != c.status {
			t.Errorf("%s: %.500q, %q, status %d\nwant %.500q, %q, status %d", c.args, out, errs, status, c.out, c.errs, c.status)
		}
	}
}

func TestLogsAreColouredAndHarmlessOnATerminal(t *testing.T) {
	t.Parallel()
	d := logsFixture(t)
	terminal := Env{IsTerminal: func() bool { return true }}
	args := []string{"-c", d.client, "logs", "cat", "m:m0", "-n", "1"}
	out, _, _ := run(terminal, args...)
	want := "\x1b[36mcat   | \x1b[0mout 3\n\x1b[36mcat ! | \x1b[0m^[[2Jerr 2\n\x1b[33mm:m0  | \x1b[0m2026-11-25T10:00:02.000Z third\n"
	if out != want {
		t.Errorf("%q, want %q", out, want)
	}
	terminal.Getenv = func(name string) string { return map[string]string{"NO_COLOR": "1"}[name] }
	if plain, _, _ := run(terminal, args...); plain != strings.NewReplacer("\x1b[36m", "", "\x1b[33m", "", "\x1b[0m", "").Replace(want) {
		t.Errorf("NO_COLOR: %q", plain)
	}
}

// fakeLogs is a server of programs a and b whose logs are those files, with streams that end at once.
func fakeLogs(t *testing.T, a, b string) string {
	t.Helper()
	window := func(text string) string {
		return fmt.Sprintf("<array><data><value><string>%s</string></value><value><int>%d</int></value><value><boolean>0</boolean></value></data></array>", text, len(text))
	}
	info := func(name string) string {
		member := "<member><name>stdout_logfile</name><value><string>/log</string></value></member></struct>"
		return strings.Replace(program(name, name, "RUNNING", 20, ""), "</struct>", member, 1)
	}
	handler := func(text string) http.Handler {
		return fakeHandler(map[string]string{
			"getVersion":           fakeVersion,
			"getAllProcessInfo":    "<array><data>" + info("a") + info("b") + "</data></array>",
			"tailProcessStdoutLog": window(text),
		})
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "u" || password != "p" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		switch r.URL.Path {
		case "/RPC2":
			body, _ := io.ReadAll(r.Body)
			if strings.Contains(string(body), "<methodName>supd.reopenLogs</methodName>") {
				fmt.Fprint(w, "<?xml version='1.0'?><methodResponse><params><param><value><boolean>1</boolean></value></param></params></methodResponse>")
				return
			}
			text := a
			if strings.Contains(string(body), "<string>b</string>") {
				text = b
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			handler(text).ServeHTTP(w, r)
		case "/logtail/a/stdout":
			fmt.Fprint(w, a[max(0, len(a)-streamBacklog):]+"the end of a\nno end")
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestStreamsThatEndAreTold(t *testing.T) {
	url := fakeLogs(t, "2026-11-25T10:00:00Z 1\n2026-11-25T10:00:02Z 2\n", "x\n")
	conf := filepath.Join(t.TempDir(), "conf")
	writeFile(t, conf, "[supervisorctl]\nusername=u\npassword=p\n")
	out, errs, status := run(Env{}, "-c", conf, "-s", url, "logs", "-f", "-n", "1")
	if want := "a | 2026-11-25T10:00:02Z 2\na | the end of a\na | no end\n"; out != want || status != 0 {
		t.Errorf("%q, status %d", out, status)
	}
	for _, told := range []string{
		"stdout of a is not followed any more\nhint: " + url + " has ended the stream; ",
		"stdout of b is not followed: there is no file yet; ",
	} {
		if strings.Count(errs, told) != 1 {
			t.Errorf("%q is not in %q", told, errs)
		}
	}
}

func TestLogsReopenIsAWordOfItsOwn(t *testing.T) {
	url := fakeLogs(t, "", "")
	conf := filepath.Join(t.TempDir(), "conf")
	writeFile(t, conf, "[supervisorctl]\nusername=u\npassword=p\n")
	if out, errs, status := run(Env{}, "-c", conf, "-s", url, "logs", "reopen"); out != "reopened all logs\n" || errs != "" || status != 0 {
		t.Errorf("%q %q, status %d", out, errs, status)
	}
	if out, errs, status := run(Env{}, "-c", conf, "-s", url, "logs", "reopen", "-o", "json"); out != "" || errs == "" || status != exitUsage {
		t.Errorf("%q %q, status %d", out, errs, status)
	}
}

func TestLogsCompletesNamesFlagsAndValues(t *testing.T) {
	url := twoPrograms(t)
	for line, want := range map[string]string{
		"logs |":              "web g:b g:* g:c all reopen",
		"logs web |":          "g:b g:* g:c all",
		"logs -f |w":          "web",
		"logs -|":             "-f --follow -n --lines --since --stream --no-prefix -o --output",
		"logs --stream |":     "stdout stderr",
		"logs --stream |stdo": "stdout",
		"logs -n |":           "",
		"logs --since |":      "",
		"logs -o |":           "json text",
		"logs --no-prefix |g": "g:b g:* g:c",
	} {
		typed, word, _ := strings.Cut(line, "|")
		if word == "" && strings.HasSuffix(line, "-|") {
			typed, word = "logs ", "-"
		}
		l := &live{session: &session{client: newClient(url, "", credentials{}, certificates{})}}
		var got []string
		for _, c := range l.complete(strings.Fields(typed), word) {
			got = append(got, c.word)
		}
		l.session.hangUp()
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
