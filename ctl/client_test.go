package ctl

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fakeServer answers each method with an XML-RPC value, or with the whole body when the text begins with "<?xml".
func fakeServer(t *testing.T, values map[string]string) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(fakeHandler(values))
	t.Cleanup(srv.Close)
	return srv
}

func fakeHandler(values map[string]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, rest, _ := strings.Cut(string(body), "<methodName>")
		method, _, _ := strings.Cut(strings.TrimPrefix(rest, "supervisor."), "</methodName>")
		v, ok := values[method]
		switch {
		case !ok:
			v = fakeFault(1, "UNKNOWN_METHOD")
		case !strings.HasPrefix(v, "<?xml"):
			v = "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value>" + v +
				"</value>\n</param>\n</params>\n</methodResponse>\n"
		}
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprint(w, v)
	})
}

func fakeFault(code int, text string) string {
	return fmt.Sprintf("<?xml version='1.0'?><methodResponse><fault><value><struct><member><name>faultCode</name>"+
		"<value><int>%d</int></value></member><member><name>faultString</name><value><string>%s</string></value></member>"+
		"</struct></value></fault></methodResponse>", code, text)
}

const fakeVersion = "<string>3.0</string>"

// program is a value of getAllProcessInfo.
func program(name, group, state string, code int, description string) string {
	return fmt.Sprintf(`<value><struct>
<member><name>name</name><value><string>%s</string></value></member>
<member><name>group</name><value><string>%s</string></value></member>
<member><name>statename</name><value><string>%s</string></value></member>
<member><name>state</name><value><int>%d</int></value></member>
<member><name>description</name><value><string>%s</string></value></member>
<member><name>newer</name><value><array><data><value><nil/></value></data></array></value></member>
<member><name>spawnerr</name><value><string></string></value></member>
<member><name>pid</name><value><int>7</int></value></member>
</struct></value>`, name, group, state, code, description)
}

// run runs our client and returns the output, the error output and the exit status.
func run(env Env, args ...string) (string, string, int) {
	var out, errs bytes.Buffer
	env.Stdout, env.Stderr = &out, &errs
	status := Run(env, args)
	return out.String(), errs.String(), status
}

// emptyConfig is a configuration file that says nothing.
func emptyConfig(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ctl.conf")
	writeFile(t, path, "[supervisorctl]\n")
	return path
}

func TestServerOfAnotherVersionIsRefused(t *testing.T) {
	srv := fakeServer(t, map[string]string{"getVersion": "<string>2.0</string>"})
	conf := emptyConfig(t)
	out, _, status := run(Env{}, "-c", conf, "-s", srv.URL, "start", "x")
	if status != exitVersion || !strings.Contains(out, "API version 3.0, but the remote version is 2.0") {
		t.Errorf("start: %q, status %d", out, status)
	}
	if _, _, status = run(Env{}, "-c", conf, "-s", srv.URL, "status"); status != exitUnknown {
		t.Errorf("status: exit status %d", status)
	}
}

func TestAnswersThatAreNoneAreErrors(t *testing.T) {
	deep := strings.Repeat("<array><data><value>", 3_000_00) + strings.Repeat("</value></data></array>", 3_000_00)
	for name, answer := range map[string]string{
		"html":      "<?xml?><html>hello</html>",
		"empty":     "<?xml version='1.0'?>",
		"other":     "<array><data></data></array>",
		"deep":      deep,
		"untyped":   "<string>3.0",
		"huge":      "<string>" + strings.Repeat("x", maxReply) + "</string>",
		"entity":    "<string>&nope;</string>",
		"wrong int": "<int>x</int>",
	} {
		srv := fakeServer(t, map[string]string{"getVersion": answer})
		out, _, status := run(Env{}, "-c", emptyConfig(t), "-s", srv.URL, "version")
		if status != exitGeneric || !strings.HasPrefix(out, "error: "+srv.URL) || strings.Count(out, "\n") != 1 {
			t.Errorf("%s: %q, status %d", name, out, status)
		}
	}
}

func TestAnswersOfOtherFormAreErrors(t *testing.T) {
	srv := fakeServer(t, map[string]string{"reloadConfig": "<array><data></data></array>"})
	out, _, status := run(Env{}, "-c", emptyConfig(t), "-s", srv.URL, "update")
	if status != exitGeneric || !strings.HasPrefix(out, "error: ") {
		t.Errorf("%q, status %d", out, status)
	}
}

func TestOtherServersAreErrors(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/", http.RedirectHandler("/elsewhere", http.StatusMovedPermanently))
	srv := httptest.NewServer(mux)
	defer srv.Close()
	out, _, status := run(Env{}, "-c", emptyConfig(t), "-s", srv.URL, "pid")
	if status != exitGeneric || !strings.Contains(out, "301 Moved Permanently") {
		t.Errorf("%q, status %d", out, status)
	}
}

func TestControlCharactersAndBrokenTextDoNotHinderDecoding(t *testing.T) {
	srv := fakeServer(t, map[string]string{
		"getVersion":           fakeVersion,
		"getSupervisorVersion": "<string>\x1b[1m4.2\x00.5\xff</string>",
	})
	out, _, status := run(Env{}, "-c", emptyConfig(t), "-s", srv.URL, "version")
	if want := "?[1m4.2?.5\uFFFD\n"; out != want || status != 0 {
		t.Errorf("%q, status %d, want %q", out, status, want)
	}
}

func TestCredentialsInTheAddressAreUsedAndNotPrinted(t *testing.T) {
	inner := fakeHandler(map[string]string{"getVersion": fakeVersion, "getPID": "<int>42</int>"})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, _ := r.BasicAuth(); u != "u" || p != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	conf := emptyConfig(t)
	addr := strings.Replace(srv.URL, "http://", "http://u:secret@", 1)
	if out, _, status := run(Env{}, "-c", conf, "-s", addr, "pid"); out != "42\n" || status != 0 {
		t.Errorf("%q, status %d", out, status)
	}
	out, _, status := run(Env{}, "-c", conf, "-s", addr, "-u", "u", "-p", "other", "pid")
	if out != "Server requires authentication\n" || status != exitGeneric {
		t.Errorf("other password: %q, status %d", out, status)
	}
	srv.Close()
	out, errs, status := run(Env{}, "-c", conf, "-s", addr, "pid")
	if !strings.HasSuffix(out, " refused connection\n") || strings.Contains(out+errs, "secret") || status != exitRefused {
		t.Errorf("closed: %q %q, status %d", out, errs, status)
	}
}

func TestServerSectionsOfTheFileAreTheDefaultServer(t *testing.T) {
	dir := t.TempDir()
	sock := filepath.Join(dir, "s.sock")
	l, err := net.Listen("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	inner := fakeHandler(map[string]string{"getVersion": fakeVersion, "getPID": "<int>42</int>"})
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, _ := r.BasicAuth(); u != "me" || p != "pw" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	defer func() { srv.Close(); <-done }()

	conf := filepath.Join(dir, "s.conf")
	writeFile(t, conf, "[inet_http_server]\nport=1\n[unix_http_server]\nfile=%(here)s/s.sock\nusername=me\npassword=pw\n[supervisorctl]\n")
	if out, errs, status := run(Env{}, "-c", conf, "pid"); out != "42\n" || status != 0 {
		t.Errorf("%q %q, status %d", out, errs, status)
	}
	if out, _, status := run(Env{}, "-c", conf, "-p", "no", "pid"); status != exitGeneric {
		t.Errorf("flag: %q, status %d", out, status)
	}
}

func TestCancellingEndsAWait(t *testing.T) {
	reached := make(chan struct{})
	release := make(chan struct{})
	inner := fakeHandler(map[string]string{"getVersion": fakeVersion})
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls == 1 {
			inner.ServeHTTP(w, r)
			return
		}
		close(reached)
		<-release
	}))
	defer srv.Close()
	defer close(release)
	ctx, cancel := context.WithCancel(context.Background())
	var errs bytes.Buffer
	cmd := Command(Env{Stderr: &errs})
	cmd.SetArgs([]string{"-c", emptyConfig(t), "-s", srv.URL, "start", "x"})
	result := make(chan error, 1)
	go func() { result <- cmd.ExecuteContext(ctx) }()
	<-reached
	cancel()
	select {
	case err := <-result:
		if ExitStatus(err) != exitInterrupted || !strings.HasPrefix(errs.String(), "interrupted") {
			t.Errorf("%v, %q", err, errs.String())
		}
	case <-time.After(deadline):
		t.Fatal("the client does not end")
	}
}

func TestFaultsAreOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"SHUTDOWN_STATE": "<Fault 6: 'SHUTDOWN_STATE'>",
		"a\n\t'b'":       `<Fault 6: "a\n\t'b'">`,
		`a "b"`:          `<Fault 6: 'a "b"'>`,
		`'a' "b"`:        `<Fault 6: '\'a\' "b"'>`,
	} {
		if got := (&fault{faultShutdownState, text}).Error(); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// TestARefusalIsExplained has the hints for those who knock at a door in the wrong way.
func TestARefusalIsExplained(t *testing.T) {
	forbidden := 0
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(max(forbidden, http.StatusUnauthorized))
	})
	plain, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	defer plain.Close()
	defer secure.Close()
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	conf := emptyConfig(t)
	for _, c := range []struct {
		token string
		args  []string
		out   string // what the output begins with
		hint  string
	}{
		{"", []string{"-s", plain.URL}, "Server requires authentication\n", "give -u and -p, or username= and password="},
		{"", []string{"-s", plain.URL, "-u", "ann", "-p", "x"}, "Server requires authentication\n", "does not know the name and password"},
		{"ann.x\n", []string{"-s", plain.URL}, "Server requires authentication\n", "does not know the token in SUPD_TOKEN"},
		{"", []string{"-s", strings.Replace(plain.URL, "http:", "https:", 1)}, "error: ", "use http:// instead of https://"},
		{"", []string{"-s", strings.Replace(secure.URL, "https:", "http:", 1)}, "error: " + strings.Replace(secure.URL, "https:", "http:", 1) + ": the server speaks TLS\n", "use https:// instead of http://"},
		{"", []string{"-s", secure.URL}, "error: ", "tls_ca= in [supervisorctl]"},
	} {
		env := Env{Getenv: func(name string) string { return map[string]string{"SUPD_TOKEN": c.token}[name] }}
		out, errs, status := run(env, append([]string{"-c", conf}, append(c.args, "pid")...)...)
		if !strings.HasPrefix(out, c.out) || !strings.HasPrefix(errs, "hint: ") || !strings.Contains(errs, c.hint) || status != exitGeneric {
			t.Errorf("%q: %q, %q, status %d", c.args, out, errs, status)
		}
	}
	forbidden = http.StatusForbidden
	if out, errs, _ := run(Env{}, "-c", conf, "-s", plain.URL, "pid"); !strings.Contains(out, "403") || !strings.Contains(errs, "its log says why") {
		t.Errorf("%q, %q", out, errs)
	}
	named := filepath.Join(t.TempDir(), "s.conf")
	writeFile(t, named, "[supervisorctl]\nserverurl=unix:///no/such.sock\n")
	if _, errs, _ := run(Env{}, "-c", named, "pid"); !strings.Contains(errs, "the address is that of "+named+"; start the server") {
		t.Errorf("%q", errs)
	}
}

// TestAQuestionIsAskedAgainWhenItsConnectionWasClosed has a server that closes the connection which is kept for the next call, as supd
// does when it is reloaded. What changes something is not sent twice.
func TestAQuestionIsAskedAgainWhenItsConnectionWasClosed(t *testing.T) {
	for method, again := range map[string]bool{"getPID": true, "startProcess": false} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		served := make(chan struct{})
		go func() {
			defer close(served)
			for first := true; ; first = false {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				in := bufio.NewReader(conn)
				for n := 0; ; n++ {
					r, err := http.ReadRequest(in)
					if err != nil {
						break
					}
					body, _ := io.ReadAll(r.Body)
					_, name, _ := strings.Cut(string(body), "supervisor.")
					name, _, _ = strings.Cut(name, "<")
					got = append(got, name)
					if first && n > 0 {
						break
					}
					value := map[string]string{"getVersion": fakeVersion, "getPID": "<int>42</int>"}[name]
					answer := "<?xml version='1.0'?><methodResponse><params><param><value>" + value + "</value></param></params></methodResponse>"
					fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer)
				}
				conn.Close()
			}
		}()
		c := newClient("http://"+l.Addr().String(), "", credentials{}, certificates{})
		var version string
		var pid int
		err1, err2 := c.call(t.Context(), &version, "getVersion"), c.call(t.Context(), &pid, method)
		c.http.CloseIdleConnections()
		l.Close()
		<-served
		want := []string{"getVersion", method}
		if again {
			want = append(want, method)
		}
		if err1 != nil || (err2 == nil) != again || !slices.Equal(got, want) || again && pid != 42 {
			t.Errorf("%s: %v, %v, %q", method, err1, err2, got)
		}
	}
}
