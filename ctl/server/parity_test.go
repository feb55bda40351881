package server

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// parityConfig is what fakeTree stands for.
const parityConfig = `
[supervisord]
logfile = %[1]s/s.log
pidfile = %[1]s/s.pid
childlogdir = %[1]s
[unix_http_server]
file = %[1]s/s.sock
[inet_http_server]
port = %[2]s
username = u
password = a:b
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:cat]
command = /bin/cat
startsecs = 0
[program:grp]
command = /bin/cat
process_name = a%%(process_num)d
numprocs = 2
startsecs = 0
autostart = false
directory = /tmp
user = root
exitcodes = 0,2
redirect_stderr = true
`

// startSupervisord starts the real one and returns its socket and its port, which asks for u and a:b.
func startSupervisord(t *testing.T) (socket, port string) {
	t.Helper()
	need(t, supervisord)
	dir := t.TempDir()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port = free.Addr().String()
	free.Close()
	config := filepath.Join(dir, "s.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, parityConfig, dir, port), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(supervisord, "-n", "-c", config)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("supervisord said:\n%s", &complaints)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "success: cat entered RUNNING") {
			go func() {
				for lines.Scan() {
				}
			}()
			return filepath.Join(dir, "s.sock"), port
		}
	}
	t.Fatal("supervisord did not start its program")
	return "", ""
}

// varying is what may differ between two daemons that mean the same.
var varying = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`(<name>(?:start|stop|now|pid)</name>\n<value><int>)[1-9]\d*`), "${1}N"},
	{regexp.MustCompile(`pid \d+, uptime [^<]*`), "UPTIME"},
	{regexp.MustCompile(`[A-Z][a-z][a-z] \d\d \d\d:\d\d [AP]M`), "TIME"},
	{regexp.MustCompile(`[^>]*-(stdout|stderr)[^<]*\.log`), "$1"},
}

// autorestart is a field that supervisord 4.2.5 does not have yet.
var autorestart = regexp.MustCompile(`<member>\n<name>autorestart</name>\n.*\n</member>\n`)

func sameWords(body string) string {
	for _, v := range varying {
		body = v.pattern.ReplaceAllString(body, v.with)
	}
	return autorestart.ReplaceAllString(body, "")
}

// firstDifference shows where two answers part.
func firstDifference(theirs, ours string) string {
	a, b := strings.Split(theirs, "\n"), strings.Split(ours, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			from := max(i-2, 0)
			return fmt.Sprintf("supervisord: %s\nwe:          %s", strings.Join(a[from:min(i+2, len(a))], ""), strings.Join(b[from:min(i+2, len(b))], ""))
		}
	}
	return fmt.Sprintf("supervisord has %d lines, we %d", len(a), len(b))
}

func inMulticall(method string, args ...any) string {
	s := "<value><struct><member><name>methodName</name><value><string>" + method + "</string></value></member>" +
		"<member><name>params</name><value><array><data>"
	for _, a := range args {
		s += strings.NewReplacer("<param>", "", "</param>", "").Replace(params(a))
	}
	return s + "</data></array></value></member></struct></value>"
}

func array(items ...string) xml {
	return xml("<value><array><data>" + strings.Join(items, "") + "</data></array></value>")
}

// TestAnswersAreThoseOfSupervisord makes the same calls to supervisord and to a server whose tree has the same programs.
func TestAnswersAreThoseOfSupervisord(t *testing.T) {
	t.Parallel()
	real, _ := startSupervisord(t)
	r := newRig(t)
	for _, c := range []struct {
		method string
		args   []any
	}{
		{"supervisor.getAPIVersion", nil}, {"supervisor.getVersion", nil}, {"supervisor.getSupervisorVersion", nil},
		{"supervisor.getIdentification", nil}, {"supervisor.getState", nil}, {"supervisor.getAllConfigInfo", nil}, {"supervisor.reloadConfig", nil},
		{"supervisor.getState", []any{1}}, {"supervisor.getProcessInfo", nil}, {"supervisor.getProcessInfo", []any{"cat", "x"}},
		{"supervisor.getProcessInfo", []any{"cat"}}, {"supervisor.getProcessInfo", []any{"cat:cat"}}, {"supervisor.getProcessInfo", []any{"grp:a0"}},
		{"supervisor.getProcessInfo", []any{"grp"}}, {"supervisor.getProcessInfo", []any{"a0"}}, {"supervisor.getProcessInfo", []any{"grp:*"}},
		{"supervisor.getProcessInfo", []any{"grp:"}}, {"supervisor.getProcessInfo", []any{"a:b:c"}}, {"supervisor.getProcessInfo", []any{"grp:&lt;&#233;"}},
		{"supervisor.getProcessInfo", []any{xml("<value>cat</value>")}}, {"supervisor.getProcessInfo", []any{xml("<value><bogus>cat</bogus></value>")}},
		{"supervisor.getProcessInfo", []any{xml("<value>\n cat \n</value>")}}, {"supervisor.getProcessInfo", []any{xml("<value><base64>Y2F0</base64></value>")}},
		{"supervisor.getAllProcessInfo", nil},
		{"supervisor.startProcess", []any{"cat"}}, {"supervisor.startProcess", []any{"cat", "x"}}, {"supervisor.startProcess", []any{"cat", 0}},
		{"supervisor.startProcess", []any{"cat:*"}}, {"supervisor.startProcess", []any{"nope"}}, {"supervisor.startProcess", []any{"nope:*"}},
		{"supervisor.startProcess", []any{"grp:a0"}}, {"supervisor.startProcess", []any{"grp:*", false}}, {"supervisor.startProcess", []any{"grp:a9"}},
		{"supervisor.startProcessGroup", []any{"grp:*"}}, {"supervisor.startProcessGroup", []any{"nope"}}, {"supervisor.startProcessGroup", []any{"grp"}},
		{"supervisor.startAllProcesses", nil}, {"supervisor.startAllProcesses", []any{true, true}},
		{"supervisor.getAllProcessInfo", nil},
		{"supervisor.signalProcess", []any{"cat", "CONT"}}, {"supervisor.signalProcess", []any{"cat", "sigcont"}}, {"supervisor.signalProcess", []any{"cat", " 18 "}},
		{"supervisor.signalProcess", []any{"cat", 0}}, {"supervisor.signalProcess", []any{"cat", "0"}}, {"supervisor.signalProcess", []any{"cat", "CLD"}},
		{"supervisor.signalProcess", []any{"cat", "BOGUS"}}, {"supervisor.signalProcess", []any{"cat", 999}}, {"supervisor.signalProcess", []any{"cat", -1}},
		{"supervisor.signalProcess", []any{"cat", "18.0"}}, {"supervisor.signalProcess", []any{"cat", "RTMIN+1"}},
		{"supervisor.signalProcess", []any{"nope", "BOGUS"}}, {"supervisor.signalProcess", []any{"nope:*", "BOGUS"}}, {"supervisor.signalProcess", []any{"nope", "HUP"}},
		{"supervisor.signalProcess", []any{"grp:*", "BOGUS"}}, {"supervisor.signalProcess", []any{"grp:*", 18}},
		{"supervisor.signalProcessGroup", []any{"grp", "CONT"}}, {"supervisor.signalProcessGroup", []any{"grp", "BOGUS"}}, {"supervisor.signalProcessGroup", []any{"nope", "BOGUS"}},
		{"supervisor.signalProcessGroup", []any{"grp"}}, {"supervisor.signalAllProcesses", []any{"CONT"}}, {"supervisor.signalAllProcesses", []any{"BOGUS"}},
		{"supervisor.signalAllProcesses", nil},
		{"supervisor.addProcessGroup", []any{"cat"}}, {"supervisor.addProcessGroup", []any{"nope"}},
		{"supervisor.removeProcessGroup", []any{"cat"}}, {"supervisor.removeProcessGroup", []any{"nope"}}, {"supervisor.removeProcessGroup", []any{"cat:*"}},
		{"supervisor.stopProcess", []any{"grp:a0"}}, {"supervisor.stopProcess", []any{"grp:a0"}}, {"supervisor.stopProcess", []any{"grp:*"}},
		{"supervisor.signalProcess", []any{"grp:a0", "HUP"}}, {"supervisor.signalProcess", []any{"grp:a0", "BOGUS"}},
		{"supervisor.signalProcessGroup", []any{"grp", "BOGUS"}}, {"supervisor.signalProcess", []any{"grp:*", "CONT"}},
		{"supervisor.getProcessInfo", []any{"grp:a0"}}, {"supervisor.stopProcess", []any{"nope:*"}}, {"supervisor.stopProcessGroup", []any{"grp"}},
		{"supervisor.stopProcessGroup", []any{"nope"}}, {"supervisor.stopAllProcesses", nil}, {"supervisor.getAllProcessInfo", nil},
		{"supervisor.removeProcessGroup", []any{"grp"}}, {"supervisor.getAllProcessInfo", nil}, {"supervisor.getProcessInfo", []any{"grp:a0"}},
		{"supervisor", nil}, {"supervisor.", nil}, {".getState", nil}, {"getState", nil}, {"supervisor.getState.x", nil}, {"supervisor._update", nil},
		{"supervisor.__init__", nil}, {"supervisor.supervisord", nil}, {" supervisor.getState ", nil}, {"system", nil}, {"system.x", nil},
		{"system.methodHelp", nil}, {"system.methodHelp", []any{"nope"}}, {"system.methodHelp", []any{1}}, {"system.methodSignature", []any{"nope.x"}},
		{"system.listMethods", []any{1}}, {"system.multicall", nil}, {"system.multicall", []any{1}}, {"system.multicall", []any{array()}},
		{"system.multicall", []any{array("<value><struct></struct></value>")}}, {"system.multicall", []any{array(inMulticall(""))}},
		{"system.multicall", []any{array(inMulticall("system.multicall"))}},
		{"system.multicall", []any{array(inMulticall("supervisor.getVersion"), inMulticall("supervisor.nope"), inMulticall("supervisor.getProcessInfo"),
			inMulticall("supervisor.getProcessInfo", "nope"), inMulticall("supervisor.startProcess", "cat"), inMulticall("supervisor.stopProcess", "cat"),
			inMulticall("system.methodSignature", "supervisor.getPID"))}},
	} {
		request := post(methodCall(c.method, params(c.args...)), "Connection: close")
		theirs, ours := send(t, real, request), send(t, r.socket, request)
		if theirs.status != ours.status || sameWords(theirs.body) != sameWords(ours.body) {
			t.Errorf("%s%v: supervisord status %d, we %d\n%s", c.method, c.args, theirs.status, ours.status,
				firstDifference(sameWords(theirs.body), sameWords(ours.body)))
		}
	}

	names := func(address string) []string {
		return strings.Fields(textOf(send(t, address, post(methodCall("system.listMethods", ""))).body))
	}
	theirs := names(real)
	for _, name := range names(r.socket) {
		if !slices.Contains(theirs, name) {
			t.Errorf("supervisord has no %s", name)
			continue
		}
		request := post(methodCall("system.methodSignature", params(name)))
		if theirs, ours := send(t, real, request), send(t, r.socket, request); theirs.body != ours.body {
			t.Errorf("signature of %s: supervisord %s, we %s", name, textOf(theirs.body), textOf(ours.body))
		}
	}
}

// TestHTTPIsThatOfSupervisord sends the same requests to supervisord and to us.
func TestHTTPIsThatOfSupervisord(t *testing.T) {
	t.Parallel()
	socket, port := startSupervisord(t)
	r := newRig(t)
	length := fmt.Sprintf("Content-Length: %d\r\n", len(getPID))
	for _, c := range []struct {
		name, request string
		// What differs, and why.
		ours  int  // our status
		alive bool // not compared: whether the connection is alive
	}{
		{"1.1", post(getPID), 0, false},
		{"1.1 close", post(getPID, "Connection: close"), 0, false},
		{"1.1 Close", post(getPID, "CONNECTION: Close"), 0, false},
		{"1.0", "POST /RPC2 HTTP/1.0\r\n" + length + "\r\n" + getPID, 0, false},
		{"1.0 keep-alive", "POST /RPC2 HTTP/1.0\r\nConnection: keep-alive\r\n" + length + "\r\n" + getPID, 0, false},
		{"1.0 Keep-Alive", "POST /RPC2 HTTP/1.0\r\nCONNECTION: Keep-Alive\r\n" + length + "\r\n" + getPID, 0, false},
		{"1.0 error keep-alive", "GET /nope HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 0, true}, // they close after an error
		{"longer path", "POST /RPC2xyz?q=1 HTTP/1.1\r\nHost: x\r\n" + length + "\r\n" + getPID, 0, false},
		{"get", "GET /RPC2 HTTP/1.1\r\nHost: x\r\n\r\n", 0, false},
		{"put", "PUT /RPC2 HTTP/1.1\r\nHost: x\r\n" + length + "\r\n" + getPID, 0, true}, // they take the body for a request
		{"no length", "POST /RPC2 HTTP/1.1\r\nHost: x\r\n\r\n", 0, false},
		{"chunked", "POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, true}, // the same
		{"length is no number", "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n", 400, true},   // they fail with 500
		{"garbage", post("abc"), 0, false},
		{"no method name", post("<methodCall></methodCall>"), 0, false},
		{"empty method name", post(methodCall("", "")), 0, false},
		{"cut off", post("<methodCall><methodName>supervisor.getPID</methodName>"), 0, false},
		{"trailing", post(getPID + "x"), 0, false},
		{"param without value", post(methodCall("supervisor.getProcessInfo", "<param></param>")), 0, false},
		{"bad int", post(methodCall("supervisor.getProcessInfo", "<param><value><int>x</int></value></param>")), 0, false},
		{"bad date", post(methodCall("supervisor.getProcessInfo", "<param><value><dateTime.iso8601>x</dateTime.iso8601></value></param>")), 0, false},
		{"no params", post("<methodCall><methodName>supervisor.getPID</methodName></methodCall>"), 0, false},
		{"not found", "GET /nope HTTP/1.1\r\nHost: x\r\n\r\n", 0, false},
		{"name is no string", post(methodCall("supervisor.getProcessInfo", params(5))), 200, false},                      // a fault 2, not a 500
		{"multicall of no list", post(methodCall("system.multicall", params("x"))), 200, false},                          // the same
		{"doctype", post("<!DOCTYPE a><methodCall><methodName>supervisor.getPID</methodName></methodCall>"), 400, false}, // refused
	} {
		ask := send
		if c.alive {
			ask = answerOnly
		}
		theirs, ours := ask(t, socket, c.request), ask(t, r.socket, c.request)
		compareHTTP(t, c.name, theirs, ours, c.ours)
	}
	for _, c := range []struct {
		name, header string
		ours         int
	}{
		{"right", basic("u:a:b"), 0}, {"wrong password", basic("u:a"), 0}, {"wrong user", basic("v:a:b"), 0}, {"none", "X: y", 0},
		{"lower case scheme", strings.Replace(basic("u:a:b"), "Basic", "basic", 1), 0},
		{"other scheme", "Authorization: Bearer x", 0}, {"empty", "Authorization:", 0}, {"only the scheme", "Authorization: Basic", 0},
		{"not base64", "Authorization: Basic !!!", 401}, {"no colon", "Authorization: Basic dQ==", 401}, {"binary", "Authorization: Basic /////w==", 401},
	} {
		for _, request := range []string{post(getPID, c.header), "GET /nope HTTP/1.1\r\nHost: x\r\n" + c.header + "\r\n\r\n"} {
			theirs, ours := answerOnly(t, port, request), answerOnly(t, r.locked, request)
			// Whether the connection is alive is not compared: they announce that they close it, and do not.
			compareHTTP(t, "auth "+c.name, theirs, ours, c.ours)
		}
	}
}

// answerOnly is send without a look at what becomes of the connection.
func answerOnly(t testing.TB, address, request string) exchange {
	t.Helper()
	e, c, _ := sendOnly(t, address, request)
	c.Close()
	return e
}

func compareHTTP(t *testing.T, name string, theirs, ours exchange, status int) {
	t.Helper()
	if status == 0 {
		status = theirs.status
	} else if status == theirs.status {
		t.Errorf("%s: supervisord gives status %d, too: the exception is out of date", name, status)
	}
	if ours.status != status || ours.proto != theirs.proto {
		t.Errorf("%s: supervisord %s %d, we %s %d: %s", name, theirs.proto, theirs.status, ours.proto, ours.status, ours.body)
	}
	if theirs.alive != ours.alive {
		t.Errorf("%s: after the answer, supervisord's connection is alive: %v, ours: %v", name, theirs.alive, ours.alive)
	}
	if ours.status != theirs.status {
		return
	}
	for _, h := range []string{"Content-Type", "Server", "Www-Authenticate"} {
		if theirs.header.Get(h) != ours.header.Get(h) {
			t.Errorf("%s: %s: supervisord %q, we %q", name, h, theirs.header.Get(h), ours.header.Get(h))
		}
	}
	if c := theirs.header.Get("Connection"); c != "" && c != ours.header.Get("Connection") {
		t.Errorf("%s: Connection: supervisord %q, we %q", name, c, ours.header.Get("Connection"))
	}
	for _, text := range []string{"Error response", fmt.Sprintf("Error code %d.", theirs.status), "Message: "} {
		if strings.Contains(theirs.body, text) != strings.Contains(ours.body, text) {
			t.Errorf("%s: pages differ in %q:\n%s\n%s", name, text, theirs.body, ours.body)
		}
	}
}
