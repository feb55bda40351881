package server

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/ctl/xmlrpc"
)

// withLogs gives the rig's daemon and cat logs of its own and returns their folder.
func (r *rig) withLogs(t *testing.T, stdout string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"main": "main log", "out": stdout} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.daemon.log = filepath.Join(dir, "main")
	info := *r.tree.infos[0]
	info.StdoutLog, info.StderrLog = filepath.Join(dir, "out"), ""
	r.tree.infos[0] = &info
	return dir
}

func TestLogMethods(t *testing.T) {
	r := newRig(t)
	dir := r.withLogs(t, "0123456789")
	for _, c := range []struct {
		method string
		args   []any
		answer string
	}{
		{"readLog", []any{-3, 0}, "log"},
		{"readMainLog", []any{0, 4}, "main"},
		{"readLog", []any{-3, 1}, "faultCode 3 faultString BAD_ARGUMENTS"},
		{"readLog", []any{"x", 1}, "faultCode 2 faultString INCORRECT_PARAMETERS"},
		{"readLog", []any{1, xml("<value><double>2.9</double></value>")}, "ai"},
		{"readProcessLog", []any{"cat", 8, 9}, "89"},
		{"readProcessStderrLog", []any{"cat", 0, 0}, "faultCode 20 faultString NO_FILE"},
		{"readProcessLog", []any{"cat:*", 0, 0}, "faultCode 10 faultString BAD_NAME: cat:*"},
		{"tailProcessLog", []any{"cat", 0, 4}, "6789 10 1"},
		{"tailProcessStderrLog", []any{"cat", "x", 4}, "0 0"},
		{"clearLog", nil, "1"},
		{"clearProcessLogs", []any{"cat:"}, "faultCode 10 faultString BAD_NAME: cat:"},
		{"clearProcessLog", []any{"cat"}, "1"},
		{"sendProcessStdin", []any{"cat", xml("<value><base64>/w==</base64></value>")}, "1"},
		{"sendProcessStdin", []any{"grp:a0", "x"}, "faultCode 70 faultString NOT_RUNNING: grp:a0"},
		{"sendRemoteCommEvent", []any{"a", "b"}, "1"},
	} {
		if got := textOf(r.rpcCall(t, "supervisor."+c.method, c.args...)); got != c.answer {
			t.Errorf("%s%v:\n got %s\nwant %s", c.method, c.args, got, c.answer)
		}
	}
	if got, want := r.tree.commands(), `clear cat; stdin cat "\xff"; stdin grp:a0 "x"; event "a" "b"`; got != want {
		t.Errorf("carried out %s, want %s", got, want)
	}
	if r.daemon.cleared != 1 {
		t.Errorf("the main log was cleared %d times", r.daemon.cleared)
	}
	r.daemon.err = errors.New("disk on fire")
	if got := textOf(r.rpcCall(t, "supervisor.clearLog")); got != "faultCode 30 faultString FAILED" {
		t.Error(got)
	}
	if want := r.daemon.log + " could not be cleared for a client: disk on fire"; !strings.Contains(r.log.String(), want) {
		t.Errorf("no %q in the log:\n%s", want, r.log)
	}
	if err := os.Remove(filepath.Join(dir, "main")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{r.daemon.log, ""} {
		r.daemon.log = path
		want := "faultCode 20 faultString NO_FILE: " + path
		if path == "" {
			want += "syslog"
		}
		if got := textOf(r.rpcCall(t, "supervisor.readLog", 0, 0)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got := textOf(r.rpcCall(t, "supervisor.clearLog")); got != "faultCode 20 faultString NO_FILE" {
			t.Error(got)
		}
	}
}

// TestEveryWindowOfALogIsWellFormed cuts a log at every place and holds the answer against what a decoder makes of it.
func TestEveryWindowOfALogIsWellFormed(t *testing.T) {
	r := newRig(t)
	text := "a<&>]]>\x00\x1b[0m\xff\xfe\xed\xa0\x80 é€\U0001f600\r\n\uffff\u2028\x7f\xf0\x9f"
	r.withLogs(t, text)
	for from := range len(text) + 1 {
		for length := range len(text) + 1 - from {
			if from > 0 && length == 0 {
				continue
			}
			body := r.rpcDirect(t, "supervisor.readProcessStdoutLog", "cat", from, length)
			value := body[strings.Index(body, "<value>") : strings.LastIndex(body, "</value>")+len("</value>")]
			call, err := xmlrpc.Decode([]byte("<methodCall><methodName>a.b</methodName><params><param>"+value+"</param></params></methodCall>"), xmlrpc.Limits{})
			if err != nil {
				t.Fatalf("window %d, %d: %v in %q", from, length, err, body)
			}
			window := text[from:]
			if length > 0 {
				window = window[:length]
			}
			want := strings.Map(func(r rune) rune {
				if r < ' ' && !strings.ContainsRune("\t\r\n", r) || r == '\uffff' {
					return '\uFFFD'
				}
				return r
			}, window)
			if got := call.Args[0].Text; got != want {
				t.Fatalf("window %d, %d: got %q, want %q", from, length, got, want)
			}
		}
	}
}

// rpcDirect is rpcCall without HTTP.
func (r *rig) rpcDirect(t *testing.T, method string, args ...any) string {
	t.Helper()
	call, err := xmlrpc.Decode([]byte(methodCall(method, params(args...))), xmlrpc.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return string(r.rpc.table.Respond(asAdmin(), nil, &call))
}

func TestWindowThatIsTooLargeIsRefused(t *testing.T) {
	r := newRig(t)
	dir := r.withLogs(t, "")
	if err := os.Truncate(filepath.Join(dir, "out"), 1<<40); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method         string
		offset, length any
		refused        bool
	}{
		{"readProcessStdoutLog", 0, 0, true}, {"readProcessStdoutLog", 0, maxWindow + 1, true}, {"readProcessStdoutLog", -(maxWindow + 1), 0, true},
		{"readProcessStdoutLog", 0, 10, false}, {"readProcessStdoutLog", -10, 0, false}, {"readProcessStdoutLog", "1099511627770", 0, false},
		{"tailProcessStdoutLog", 0, maxWindow + 1, true}, {"tailProcessStdoutLog", 0, 10, false}, {"tailProcessStdoutLog", 0, -1, false},
	} {
		body := r.rpcDirect(t, "supervisor."+c.method, "cat", c.offset, c.length)
		if refused := strings.Contains(body, "are too much for one answer"); refused != c.refused {
			t.Errorf("%s(%v, %v): %.200s", c.method, c.offset, c.length, body)
		}
	}
	if got := r.rpcDirect(t, "supervisor.readProcessStdoutLog", "cat", 0, 0); !strings.Contains(got, "<int>30</int>") {
		t.Error(got)
	}
}

func TestFaultsOfTheTreeReachTheClient(t *testing.T) {
	for _, f := range faultRows {
		got := wireError(&actors.Fault{Code: f.code, Extra: "x"})
		if fault := xmlrpc.AsFault(got); fault.Code != int(f.code) || fault.Text != f.code.String()+": x" {
			t.Errorf("%v becomes %+v", f.code, fault)
		}
	}
}
