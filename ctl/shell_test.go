package ctl

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// shellServer answers what a shell asks, and counts how often it is asked for the programs.
func shellServer(t *testing.T) (url string, asked *atomic.Int32) {
	t.Helper()
	inner := fakeHandler(map[string]string{
		"getVersion": fakeVersion,
		"getAllProcessInfo": "<array><data>" +
			program("web", "web", "RUNNING", 20, "pid 7, uptime 0:00:05") +
			program("b1", "zoo", "STOPPED", 0, "Not started") +
			program("b2", "zoo", "EXITED", 100, "") + "</data></array>",
		"getAllConfigInfo":     "<array><data></data></array>",
		"getSupervisorVersion": "<string>4.2.5</string>",
		"getPID":               "<int>42</int>",
		"shutdown":             "<boolean>1</boolean>",
	})
	asked = new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), "getAllProcessInfo") {
			asked.Add(1)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, asked
}

func TestShellOnATerminal(t *testing.T) {
	t.Parallel()
	url, _ := shellServer(t)
	x := shellOn(t, url, "prompt=night\n")
	if out := x.wait("night> "); !strings.HasPrefix(out, "web                              RUNNING   pid 7, uptime 0:00:05\n") {
		t.Errorf("status does not come first: %q", out)
	}
	x.send("version" + enter)
	if out := x.wait("\nnight> "); out != "version\n4.2.5\nnight> " {
		t.Errorf("version: %q", out)
	}
	x.send(enter)
	if out := x.wait("night> "); out != "\nnight> " {
		t.Errorf("an empty line: %q", out)
	}
	x.send("nosuch" + enter)
	x.wait("*** Unknown syntax: nosuch\nhint: help lists the commands\nnight> ")
	x.send(ctrlD)
	if status := x.end(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	x.wait("\n")
}

func TestTabCompletesInTheShell(t *testing.T) {
	t.Parallel()
	url, asked := shellServer(t)
	x := shellOn(t, url, "")
	x.wait(prompt)
	before := asked.Load()
	x.send("sta" + tab + tab)
	x.wait("\nstart  start-group  status  \n")
	x.send("r" + tab)
	x.wait("start")
	x.send(" " + tab + tab)
	x.wait("\nweb  zoo:b1  zoo:*  zoo:b2  all  \n")
	x.send("z" + tab)
	x.wait("start zoo:")
	x.send(tab + tab)
	x.wait("\nzoo:b1  zoo:*  zoo:b2  \n")
	if n := asked.Load() - before; n != 1 {
		t.Errorf("the server was asked %d times for one line", n)
	}
	x.send(ctrlC)
	x.wait("^C\n")
	x.wait(prompt)
	x.send("pid" + enter)
	x.wait("42\n" + prompt)
	x.send("status -" + tab + tab)
	x.wait("-o  --output")
	x.send(ctrlC)
	x.wait("^C\n")
	x.wait(prompt)
	x.send("stop w" + tab)
	x.wait("stop web ")
	if n := asked.Load() - before; n != 2 {
		t.Errorf("the server was asked %d times for two lines", n)
	}
	x.send(ctrlC)
	x.wait("^C\n")
	x.wait(prompt)
	x.send(ctrlD)
	x.end()
}

func TestADeadServerDoesNotBreakCompletion(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	x := shellOn(t, srv.URL, "")
	x.wait(srv.URL + " refused connection\n")
	x.wait(prompt)
	x.send("start w" + tab + "x" + tab + ctrlC)
	x.wait("start wx^C\n" + prompt)
	x.send("vers" + tab)
	x.wait("version ")
	x.send(enter)
	x.wait("refused connection\n")
	x.wait(prompt)
	x.send(ctrlD)
	if status := x.end(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

func TestACompletionThatIsNotAnsweredIsGivenUp(t *testing.T) {
	t.Parallel()
	hung := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
		case <-hung:
		}
	}))
	defer srv.Close()
	defer close(hung)
	names := &live{session: &session{client: newClient(srv.URL, "", credentials{}, certificates{})}}
	defer names.session.client.http.CloseIdleConnections()
	if got := names.complete([]string{"start"}, ""); len(got) != 0 {
		t.Errorf("%v", got)
	}
	if got := names.complete([]string{"start"}, "-"); len(got) != 2 {
		t.Errorf("flags: %v", got)
	}
}

func TestHistoryIsKeptInAFile(t *testing.T) {
	t.Parallel()
	url, _ := shellServer(t)
	path := filepath.Join(t.TempDir(), "history")
	writeFile(t, path, "version\n\xff\xfe\npid nope\n")
	config := "history_file=" + path + "\n"
	x := shellOn(t, url, config)
	x.wait(prompt)
	x.send(up + up + enter)
	x.wait("4.2.5\n" + prompt)
	x.send("nosuch http://u:secret@host:9001" + enter)
	x.wait("*** Unknown syntax: nosuch http://u:secret@host:9001\n")
	x.wait(prompt)
	x.send(" pid all" + enter)
	x.wait("7\n" + prompt)
	x.send("pid" + enter)
	x.wait("42\n" + prompt)
	x.send("pid" + enter)
	x.wait("42\n" + prompt)
	x.send("shutdown" + enter)
	x.wait("Really shut the remote supervisord process down y/N? ")
	x.send("no" + enter)
	x.wait(prompt)
	// A shell that is killed has lost nothing, and the terminal is as it was.
	if err := x.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	x.end()
	data, err := os.ReadFile(path)
	if want := "version\n\xff\xfe\npid nope\nversion\npid\nshutdown\n"; err != nil || string(data) != want {
		t.Errorf("%q, %v, want %q", data, err, want)
	}

	other := filepath.Join(t.TempDir(), "other")
	x = shellOn(t, url, config, "-r", other)
	x.wait(prompt)
	x.send("version" + enter)
	x.wait("4.2.5\n" + prompt)
	x.send(ctrlD)
	x.end()
	info, err := os.Stat(other)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestHistoryThatCannotBeKeptIsTold(t *testing.T) {
	t.Parallel()
	url, _ := shellServer(t)
	x := shellOn(t, url, "", "-r", filepath.Join(t.TempDir(), "no", "history"))
	x.wait(prompt)
	x.send("version" + enter)
	x.wait("hint: the history is not kept: ")
	x.wait("4.2.5\n" + prompt)
	x.send("version" + enter)
	if out := x.wait("4.2.5\n" + prompt); strings.Contains(out, "hint") {
		t.Errorf("told again: %q", out)
	}
	x.send(ctrlD)
	x.end()
}

func TestLongHistoryIsCut(t *testing.T) {
	h := history{filepath.Join(t.TempDir(), "history")}
	writeFile(t, h.path, strings.Repeat("old\n", 2*historyLimit)+"new\n")
	lines, err := h.load()
	if err != nil || len(lines) != historyLimit || lines[historyLimit-1] != "new" {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	if data, _ := os.ReadFile(h.path); strings.Count(string(data), "\n") != historyLimit {
		t.Errorf("the file has %d lines", strings.Count(string(data), "\n"))
	}
}

func TestCtrlCClearsTheLineAndStays(t *testing.T) {
	t.Parallel()
	url, _ := shellServer(t)
	x := shellOn(t, url, "")
	x.wait(prompt)
	for range 3 {
		x.send("shutdown")
		x.wait("shutdown")
		x.send(ctrlC)
		x.wait("^C\n")
		x.wait(prompt)
	}
	if !strings.Contains(x.text(), "hint: Ctrl-D or quit leaves the shell\n") {
		t.Error("no hint how to leave")
	}
	x.send("version" + enter)
	x.wait("version\n4.2.5\n" + prompt)
	x.send(ctrlD)
	if status := x.end(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

func TestCtrlCEndsACommandAndStays(t *testing.T) {
	t.Parallel()
	inner := fakeHandler(map[string]string{"getVersion": fakeVersion, "getAllProcessInfo": "<array><data></data></array>", "getPID": "<int>42</int>"})
	started, given := make(chan struct{}, 1), make(chan struct{}, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), "startProcess") {
			started <- struct{}{}
			<-r.Context().Done()
			given <- struct{}{}
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		inner.ServeHTTP(w, r)
	}))
	defer srv.Close()
	x := shellOn(t, srv.URL, "")
	for range 2 {
		x.wait(prompt)
		x.send("start slow" + enter)
		<-started
		x.send(ctrlC)
		x.wait("interrupted; the server carries on with what it was asked to do\n")
		<-given
	}
	x.wait(prompt)
	x.send("pid" + enter)
	x.wait("42\n" + prompt)
	x.send(ctrlD)
	x.end()
}

// locked is a server that wants a name and a password.
func locked(t *testing.T) string {
	t.Helper()
	inner := fakeHandler(map[string]string{"getVersion": fakeVersion, "getAllProcessInfo": "<array><data></data></array>", "getPID": "<int>42</int>"})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, _ := r.BasicAuth(); u != "me" || p != "open sesame" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestShellAsksForThePassword(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history")
	x := shellOn(t, locked(t), "history_file="+path+"\n")
	x.wait("Server requires authentication\nUsername:")
	x.send("me" + enter)
	x.wait("Password:")
	x.send("wrong" + enter)
	x.wait("Server requires authentication\nUsername:")
	x.send(ctrlC)
	x.wait("interrupted")
	x.wait(prompt)
	x.send("pid" + enter)
	x.wait("Username:")
	x.send("me" + enter)
	x.wait("Password:")
	x.send("open sesame" + enter)
	x.wait("42\n" + prompt)
	x.send("pid" + enter)
	x.wait("42\n" + prompt)
	x.send(ctrlD)
	x.end()
	data, err := os.ReadFile(path)
	if err != nil || string(data) != "pid\n" || strings.Contains(x.text(), "sesame") {
		t.Errorf("%q, %v; the terminal shows %q", data, err, x.text())
	}
}

func TestPipedShellReadsTheCredentialsFromThePipe(t *testing.T) {
	proctest.LeakCheck(t)
	out, _, status := run(Env{Stdin: strings.NewReader("me\nopen sesame\npid\n")}, "-c", emptyConfig(t), "-s", locked(t))
	if want := "Server requires authentication\nUsername:\n" + prompt + "42\n" + prompt + "\n"; out != want || status != 0 {
		t.Errorf("%q, status %d, want %q", out, status, want)
	}
}

func TestShellOnAServerOfAnotherVersion(t *testing.T) {
	t.Parallel()
	srv := fakeServer(t, map[string]string{"getVersion": "<string>2.0</string>"})
	x := shellOn(t, srv.URL, "")
	x.wait("expects to talk to a server with API version 3.0, but the remote version is 2.0.\n" + prompt)
	x.send(ctrlD)
	if status := x.end(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

func TestShellAsksBeforeAShutdown(t *testing.T) {
	t.Parallel()
	url, _ := shellServer(t)
	x := shellOn(t, url, "")
	x.wait(prompt)
	x.send("shutdown" + enter)
	x.wait("Really shut the remote supervisord process down y/N? ")
	x.send(enter)
	if out := x.wait(prompt); out != "\n"+prompt {
		t.Errorf("no: %q", out)
	}
	x.send("shutdown" + enter)
	x.wait("y/N? ")
	x.send("y" + enter)
	x.wait("Shut down\n" + prompt)
	x.send(ctrlD)
	x.end()
}

func TestShellOnADumbTerminal(t *testing.T) {
	t.Parallel()
	url, _ := shellServer(t)
	x := shellOn(t, url, "", dumb)
	x.wait(prompt)
	x.send("pid" + "\n")
	x.wait("42\n" + prompt)
	x.send("shutdown")
	x.wait("shutdown")
	x.send(ctrlC)
	x.wait(prompt)
	x.send("pid\n")
	x.wait("42\n" + prompt)
	x.send(ctrlD)
	if status := x.end(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

func TestPipedShellIsThatOfSupervisorctl(t *testing.T) {
	t.Parallel()
	config := strings.Replace(programConfig, "[supervisorctl]\n", "[supervisorctl]\nprompt=it\n", 1)
	var steps []step
	steps = append(steps, started...)
	for _, input := range []string{
		"",
		"\n",
		"version",
		"version\n",
		"pid off\nnosuch\n\n   \nstart nope\nstatus cat\n",
		"?\nhelp nope\n!ls\nstatus cat # x\n",
		"shutdown\nn\nversion\n",
		"shutdown\n",
		"reload\n\n\nversion\n",
		"start off\nstop off\nrestart off\r\n",
		"EOF\nversion\n",
		"quit\nversion\n",
		"exit 1\nversion\n",
		"tail nope\nclear off\nfg off\n",
		"  avail\navail x\n",
	} {
		steps = append(steps, step{stdin: input})
	}
	steps = append(steps, step{args: []string{"-i"}, stdin: "version\n"}, step{stdin: "shutdown\nyes\n"})
	sideBySide(t, config, steps)
}
