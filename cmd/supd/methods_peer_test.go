package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gwaycc/supd/ctl/server"
)

// methodsConf is the configuration both supervisors run. What their answers say of it does not depend on when they look:
// programs with startsecs=0 do not end by themselves.
const methodsConf = `
[supervisord]
nodaemon = true
logfile = DIR/main.log
pidfile = DIR/pid
childlogdir = DIR
[unix_http_server]
file = DIR/sock
[inet_http_server]
port = PORT
username = u
password = a:b
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:cat]
command = /bin/cat
stdout_logfile = DIR/cat.out
startsecs = 0
[program:team]
command = /bin/sleep 1000
process_name = member%(process_num)d
numprocs = 2
startsecs = 0
stdout_logfile = NONE
stderr_logfile = NONE
[program:manual]
command = /bin/sleep 1000
autostart = false
startsecs = 0
stdout_logfile = DIR/manual.out
stderr_logfile = DIR/manual.err
[program:merged]
command = /bin/sleep 1000
autostart = false
startsecs = 0
redirect_stderr = true
stdout_logfile = DIR/no-such-log
[program:folder]
command = /bin/sleep 1000
autostart = false
startretries = 0
stdout_logfile = DIR/folder
stderr_logfile = NONE
[program:missing]
command = /no/such/file
autostart = false
stdout_logfile = NONE
stderr_logfile = NONE
[program:notexec]
command = DIR/conf
autostart = false
stdout_logfile = NONE
stderr_logfile = NONE
[program:closed]
command = /bin/sh -c "exec 0<&-; echo ready; exec sleep 1000"
startsecs = 0
stdout_logfile = DIR/closed.out
stderr_logfile = NONE
[program:deaf]
command = /bin/sleep 1000
startsecs = 0
stdout_logfile = NONE
stderr_logfile = NONE
[program:stubborn]
command = /bin/sh -c "trap '' TERM; echo ready; while :; do sleep 0.1; done"
autostart = false
autorestart = false
startsecs = 0
stopwaitsecs = 1000
stdout_logfile = DIR/stubborn.out
stderr_logfile = NONE
`

const methodsConfNext = `
[program:fresh]
command = /bin/sleep 1000
startsecs = 0
stdout_logfile = NONE
stderr_logfile = NONE
`

// A methodStep is one thing the client does.
type methodStep struct {
	Call  string `json:"call,omitempty"`  // method; its answer is compared
	Await string `json:"await,omitempty"` // method; called until the answer contains Until
	Until string `json:"until,omitempty"`
	Args  []any  `json:"args,omitempty"`

	Write  string `json:"write,omitempty"` // file to write Text to
	Text   string `json:"text,omitempty"`
	Remove string `json:"remove,omitempty"` // file
	Pid    string `json:"pid,omitempty"`    // program whose process id is noted
	Kill   string `json:"kill,omitempty"`   // program whose noted process is killed
	Renew  string `json:"renew,omitempty"`  // program; awaited until it runs with another process id than the noted one

	unordered bool   // the order of the results depends on which program was quicker
	ours      string // a regular expression: our answer, where it is not supervisord's
	why       string // the reason for that
}

// do is a call.
func do(method string, args ...any) methodStep { return methodStep{Call: method, Args: args} }

// sup is a call of supervisor.*.
func sup(method string, args ...any) methodStep { return do("supervisor."+method, args...) }

func await(until, method string, args ...any) methodStep {
	return methodStep{Await: "supervisor." + method, Args: args, Until: until}
}

func (s methodStep) anyOrder() methodStep { s.unordered = true; return s }

// but says how our answer differs on purpose.
func (s methodStep) but(ours, why string) methodStep { s.ours, s.why = ours, why; return s }

// The reasons for differences.
const (
	whyNot500   = "a wrong parameter is a fault, not a failure of the server"
	whyText     = "XML cannot carry the byte: supervisord sends it, or fails"
	whyBuffer   = "what a program does not read yet is kept for it; supervisord keeps it, too, but fails"
	whyFull     = "too much is a fault that says so"
	whyOwnWords = "the words are our own"
	whyNothing  = "an empty name adds nothing to the text"
	whyNoEvent  = "supervisord takes any type and fails when there is a listener"
	whyRange    = "a number that is out of range becomes the nearest that is not"
)

// methodSteps call every method and bring about every fault.
func methodSteps(dir string) []methodStep {
	info := func(name string) methodStep { return sup("getProcessInfo", name) }
	call := func(name string, params ...any) map[string]any {
		return map[string]any{"methodName": name, "params": append([]any{}, params...)}
	}
	steps := []methodStep{
		await("RUNNING", "getProcessInfo", "deaf"), await("RUNNING", "getProcessInfo", "closed"), await("ready", "readProcessLog", "closed", 0, 0),
		do("system.listMethods"), do("system.listMethods", 1),
		do("system.methodHelp", "supervisor.getPID").but(`supervisor\.getPID\(\) -> int`, whyOwnWords), do("system.methodHelp", "nope"), do("system.methodHelp", 1),
		do("system.methodSignature", "nope"), do("system.methodSignature"), do("nope"), do("supervisor.nope"), do("nope.getPID"), do("supervisor._update", "x"),
		do("supervisor.getPID.x"), do("system.multicall", []any{}), do("system.multicall"),
		do("system.multicall", []any{call("supervisor.getVersion"), call("supervisor.getProcessInfo", "nobody"), call("supervisor.nope"),
			call("supervisor.startProcess", "cat", 1, 2), map[string]any{"params": []any{}}, map[string]any{"methodName": "supervisor.getIdentification"},
			call("system.multicall", []any{}), call("supervisor.startProcess", "manual"), call("supervisor.stopProcess", "manual"),
			call("system.methodSignature", "supervisor.startProcess")}),

		sup("getAPIVersion"), sup("getVersion"), sup("getSupervisorVersion"), sup("getIdentification"), sup("getState"), sup("getPID"), sup("getPID", 1),
		info("cat"), info("cat:cat"), info("team:member1"), info("manual"), info("nobody"), info("team"), info("team:*"), info("team:"), info("cat:nobody"),
		info("member1"), info("").but(`"fault": \[10, "BAD_NAME"\]`, whyNothing), sup("getProcessInfo"),
		info("<é&> ]]>"), sup("getProcessInfo", 5).but(`"fault": \[2, "INCORRECT_PARAMETERS"\]`, whyNot500),
		sup("getAllProcessInfo"), sup("getAllProcessInfo", 1), sup("getAllConfigInfo"),

		sup("startProcess", "cat"), sup("startProcess", "cat", false), sup("startProcess", "nobody"), sup("startProcess", "nobody:*"),
		sup("startProcess", "missing"), sup("startProcess", "missing", false), sup("startProcess", "notexec"), sup("startProcess", "folder"),
		await("FATAL", "getProcessInfo", "folder"), info("folder"), sup("startProcess", "folder", false), await("FATAL", "getProcessInfo", "folder"),
		sup("startProcess", "manual", false), sup("startProcess", "manual"), sup("startProcess", "team:*"), sup("startProcess"),
		sup("startProcess", 5).but(`"fault": \[2, "INCORRECT_PARAMETERS"\]`, whyNot500), sup("startProcess", "cat", true, 1),
		sup("startProcessGroup", "team"), sup("startProcessGroup", "nobody"), sup("startProcessGroup", "team:*"), sup("startProcessGroup"),
		sup("stopProcess", "manual"), info("manual"), sup("stopProcess", "manual"), sup("stopProcess", "manual", false), sup("stopProcess", "nobody"),
		sup("stopProcess", "team:*").anyOrder(), sup("stopProcess", "team:*"), sup("stopProcess", "nobody:*"), sup("stopProcess"),
		sup("stopProcessGroup", "team"), sup("startProcess", "team:", false).anyOrder(), sup("stopProcessGroup", "team", true).anyOrder(),
		sup("startProcessGroup", "team", true).anyOrder(), sup("stopProcessGroup", "nobody"), sup("stopProcessGroup"),

		sup("signalProcess", "cat", "CONT"), sup("signalProcess", "cat", "sigcont"), sup("signalProcess", "cat", "18"), sup("signalProcess", "cat", 18),
		sup("signalProcess", "cat", 0), sup("signalProcess", "cat", "BOGUS"), sup("signalProcess", "cat", 999), sup("signalProcess", "cat", "").but(`"fault": \[11, "BAD_SIGNAL"\]`, whyNothing),
		sup("signalProcess", "nobody", "BOGUS"), sup("signalProcess", "manual", "CONT"), sup("signalProcess", "team:*", "CONT"), sup("signalProcess", "nobody:*", "CONT"),
		sup("signalProcess", "cat"), sup("signalProcessGroup", "team", "CONT"), sup("signalProcessGroup", "team", "BOGUS"), sup("signalProcessGroup", "nobody", "CONT"),
		sup("signalProcessGroup", "manual", "CONT"), sup("signalProcessGroup", "team"), sup("signalAllProcesses", "CONT"), sup("signalAllProcesses", "BOGUS"),
		sup("signalAllProcesses"),
	}
	// The logs of a program that never ran hold "0123456789" and bytes XML cannot carry.
	for _, m := range []string{"readProcessStdoutLog", "readProcessLog", "tailProcessStdoutLog", "tailProcessLog"} {
		for _, w := range [][2]any{{0, 0}, {0, 4}, {3, 0}, {3, 4}, {8, 10}, {10, 0}, {10, 5}, {99, 0}, {99, 5}, {-4, 0}, {-99, 0}, {-1, 4}, {0, -1}, {7, 4}, {5, 5}, {-3, -1},
			{"3", "4"}, {" 3 ", 4}, {true, 2}, {2147483647, 5}} {
			steps = append(steps, sup(m, "manual", w[0], w[1]))
		}
		steps = append(steps, sup(m, "nobody", 0, 0), sup(m, "team:*", 0, 0), sup(m, "team:member1", 0, 5), sup(m, "merged", 0, 5), sup(m, "folder", 0, 5),
			sup(m, "manual", "x", 0).but(`"fault": \[2, "INCORRECT_PARAMETERS"\]`, whyNot500), sup(m, "nobody", "x", 0), sup(m, "merged", "x", 0), sup(m, "manual", 0),
			sup(m, "manual", []any{}, 0))
	}
	for _, m := range []string{"readProcessStderrLog", "tailProcessStderrLog"} {
		steps = append(steps, sup(m, "manual", 0, 1), sup(m, "merged", 0, 5), sup(m, "team:member0", 0, 5), sup(m, "nobody", 0, 5), sup(m, "manual"))
	}
	steps = append(steps,
		// "abé\x1b[0m\xff\n": a character, a window that cuts it, what is no character.
		sup("readProcessStderrLog", "manual", 2, 2), sup("readProcessStderrLog", "manual", 0, 3).but(`"ok": "ab�"`, whyText),
		sup("readProcessStderrLog", "manual", 3, 1).but(`"ok": "�"`, whyText), sup("readProcessStderrLog", "manual", 0, 0).but(`"ok": "abé�\[0m�\\n"`, whyText),
		sup("readProcessStderrLog", "manual", 4, 4).but(`"ok": "�\[0m"`, whyText), sup("tailProcessStderrLog", "manual", 0, 4).but(`"ok": \["0m�\\n", 10, true\]`, whyText),
		sup("tailProcessStderrLog", "manual", 0, 99).but(`"ok": \["abé�\[0m�\\n", 10, false\]`, whyText),
		sup("readProcessLog", "manual", "99999999999999999999", 0).but(`"ok": ""`, whyRange),

		sup("sendProcessStdin", "cat", "é <&>\n"), await("é <&>", "readProcessLog", "cat", 0, 0), sup("readProcessLog", "cat", 0, 0),
		sup("tailProcessLog", "cat", 0, 100), sup("sendProcessStdin", "cat", ""), sup("sendProcessStdin", "nobody", "x"), sup("sendProcessStdin", "team:*", "x"),
		sup("sendProcessStdin", "manual", "x"), sup("sendProcessStdin", "closed", "x"), sup("sendProcessStdin", "cat", 5), sup("sendProcessStdin", "nobody", 5),
		sup("sendProcessStdin", "cat"), sup("sendProcessStdin", "deaf", strings.Repeat("x", 100_000)),
		sup("sendProcessStdin", "deaf", strings.Repeat("x", 2<<20)).but(`"fault": \[30, "FAILED: deaf: standard input is full"\]`, whyFull),
		sup("sendProcessStdin", "deaf", "x").but(`"ok": true`, whyBuffer),
		sup("sendRemoteCommEvent", "deploy", "é"), sup("sendRemoteCommEvent", "", ""), sup("sendRemoteCommEvent", "x"),
		sup("sendRemoteCommEvent", 5, "x").but(`"fault": \[2, "INCORRECT_PARAMETERS"\]`, whyNoEvent),

		sup("clearProcessLogs", "cat"), sup("readProcessLog", "cat", 0, 0), sup("clearProcessLogs", "manual"), sup("readProcessLog", "manual", 0, 0),
		sup("clearProcessLog", "cat"), sup("clearProcessLogs", "nobody"), sup("clearProcessLogs", "team:*"), sup("clearProcessLogs"), sup("clearProcessLog", "merged"),
		sup("clearAllProcessLogs"), sup("clearAllProcessLogs", 1), sup("readProcessLog", "manual", 0, 0), sup("readProcessLog", "closed", 0, 0),

		sup("readLog", 0, 4), sup("readMainLog", 0, 2), sup("readLog", -1, 0), sup("readLog", -1, 1), sup("readLog", 0, -1), sup("readLog", 99999999, 5), sup("readLog"),
		sup("readLog", "x", 0).but(`"fault": \[2, "INCORRECT_PARAMETERS"\]`, whyNot500), sup("clearLog"), sup("clearLog", 1),
		methodStep{Remove: "DIR/main.log"}, sup("readLog", 0, 4), sup("readMainLog", "x", 4), sup("clearLog"),

		sup("addProcessGroup", "cat"), sup("addProcessGroup", "nobody"), sup("addProcessGroup"), sup("removeProcessGroup", "cat"), sup("removeProcessGroup", "nobody"),
		sup("removeProcessGroup"), sup("reloadConfig"), sup("reloadConfig", 1),
		methodStep{Write: "DIR/conf", Text: "CONF" + methodsConfNext}, sup("addProcessGroup", "fresh"), sup("reloadConfig"), sup("addProcessGroup", "fresh"),
		await("RUNNING", "getProcessInfo", "fresh"), sup("removeProcessGroup", "fresh"), sup("stopProcess", "fresh"), sup("removeProcessGroup", "fresh"), info("fresh"),
		sup("removeProcessGroup", "manual"), sup("addProcessGroup", "manual"),
		methodStep{Write: "DIR/conf", Text: "CONF[program:bad]\ncommand=/bin/cat\nautostart=perhaps\n"}, sup("reloadConfig"),
		methodStep{Write: "DIR/conf", Text: "CONF"}, sup("reloadConfig"),

		sup("startProcess", "stubborn"), await("ready", "readProcessLog", "stubborn", 0, 0), sup("stopProcess", "stubborn", false), info("stubborn"),
		sup("startProcess", "stubborn"), sup("startProcess", "stubborn", false), sup("stopProcess", "stubborn"), sup("sendProcessStdin", "stubborn", "x"),
		sup("signalProcess", "stubborn", "KILL"), await("STOPPED", "getProcessInfo", "stubborn"), info("stubborn"),
		sup("startAllProcesses", false).anyOrder(), sup("signalProcess", "stubborn", "KILL"), await("EXITED", "getProcessInfo", "stubborn"),
		await("FATAL", "getProcessInfo", "folder"), sup("stopAllProcesses").anyOrder(), sup("stopAllProcesses"), sup("stopAllProcesses", false, 1), sup("startAllProcesses", 1, 2),
		sup("startProcess", "cat"),

		methodStep{Pid: "cat"}, sup("restart", 1), sup("restart"), methodStep{Renew: "cat"}, sup("getState"),
		methodStep{Remove: "DIR/stubborn.out"}, sup("startProcess", "stubborn"), await("ready", "readProcessLog", "stubborn", 0, 0), methodStep{Pid: "stubborn"},
		sup("shutdown", 1), sup("shutdown"),
	)
	for _, m := range []string{"getAPIVersion", "getVersion", "getSupervisorVersion", "getIdentification", "getState", "getPID", "clearLog", "shutdown", "restart",
		"reloadConfig", "startAllProcesses", "stopAllProcesses", "getAllProcessInfo", "getAllConfigInfo", "clearAllProcessLogs"} {
		steps = append(steps, sup(m))
	}
	for _, m := range []string{"addProcessGroup", "removeProcessGroup", "startProcess", "startProcessGroup", "stopProcess", "stopProcessGroup", "signalAllProcesses",
		"getProcessInfo", "clearProcessLogs", "clearProcessLog"} {
		steps = append(steps, sup(m, "cat"))
	}
	for _, m := range []string{"readLog", "readMainLog", "signalProcess", "sendProcessStdin"} {
		steps = append(steps, sup(m, "cat", "0"))
	}
	for _, m := range []string{"readProcessStdoutLog", "readProcessLog", "readProcessStderrLog", "tailProcessStdoutLog", "tailProcessLog", "tailProcessStderrLog"} {
		steps = append(steps, sup(m, "cat", 0, 5))
	}
	// signalProcessGroup looks for the group first.
	steps = append(steps, sup("signalProcessGroup", "cat", "CONT"), sup("sendRemoteCommEvent", "late", "news"), do("system.methodSignature", "supervisor.getPID"),
		do("supervisor.nope"), sup("getPID", 1), do("system.multicall", []any{call("supervisor.getPID"), call("supervisor.sendRemoteCommEvent", "late", "news")}),
		methodStep{Kill: "stubborn"})
	for i := range steps {
		for _, text := range []*string{&steps[i].Write, &steps[i].Text, &steps[i].Remove} {
			*text = strings.ReplaceAll(strings.ReplaceAll(*text, "CONF", methodsConf), "DIR", dir)
		}
	}
	return steps
}

// methodsClient does the steps with Python's own client and prints a line for each answer.
const methodsClient = `
import json, os, socket, sys, time, xmlrpc.client, http.client
from supervisor.xmlrpc import SupervisorTransport
where, deadline = sys.argv[1], float(sys.argv[2])
def connect():
    if where.startswith('http'):
        return xmlrpc.client.ServerProxy(where)
    return xmlrpc.client.ServerProxy('http://127.0.0.1', transport=SupervisorTransport(None, None, 'unix://' + where))
proxy = connect()
def call(method, args):
    global proxy
    try:
        return {'ok': getattr(proxy, method)(*args)}
    except xmlrpc.client.Fault as e:
        return {'fault': [e.faultCode, e.faultString]}
    except xmlrpc.client.ProtocolError as e:
        proxy = connect()
        return {'http': e.errcode}
    except Exception as e:
        proxy = connect()
        return {'error': type(e).__name__}
def until(what, test):
    end = time.time() + deadline
    while True:
        got = test()
        if got is True: return
        if time.time() > end: sys.exit('%s does not come; the last answer was %r' % (what, got))
        time.sleep(0.02)
def pid(name):
    return call('supervisor.getProcessInfo', [name]).get('ok', {}).get('pid', 0)
pids = {}
for s in json.load(sys.stdin):
    args = s.get('args', [])
    if 'call' in s:
        print(json.dumps(call(s['call'], args), ensure_ascii=False, sort_keys=True))
    elif 'await' in s:
        def seen():
            got = json.dumps(call(s['await'], args), ensure_ascii=False)
            return True if s['until'] in got else got
        until('%s from %s %s' % (s['until'], s['await'], args), seen)
    elif 'write' in s:
        open(s['write'], 'w').write(s['text'])
    elif 'remove' in s:
        os.remove(s['remove'])
    elif 'pid' in s:
        pids[s['pid']] = pid(s['pid'])
    elif 'kill' in s:
        os.kill(pids[s['kill']], 9)
    elif 'renew' in s:
        until('a new ' + s['renew'], lambda: pid(s['renew']) not in (0, pids[s['renew']]) or 'the old one')
`

// methodsTranscript starts a supervisor, has Python drive it over one transport, and returns the answers to the calls.
func methodsTranscript(t *testing.T, daemon, transport string) (answers []string, methods []string) {
	dir := t.TempDir()
	port := freePort(t)
	steps := methodSteps(dir)
	fill := strings.NewReplacer("DIR", dir, "PORT", port)
	for i := range steps {
		steps[i].Text = strings.ReplaceAll(steps[i].Text, "PORT", port)
	}
	conf := writeFile(t, dir, "conf", fill.Replace(methodsConf))
	writeFile(t, dir, "manual.out", "0123456789")
	writeFile(t, dir, "manual.err", "abé\x1b[0m\xff\n")
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	b := startDaemon(t, "supervisord started with pid", daemon, "-c", conf)
	where := filepath.Join(dir, "sock")
	if transport == "tcp" {
		where = "http://u:a%3Ab@" + port + "/RPC2"
	}
	input, err := json.Marshal(steps)
	if err != nil {
		t.Fatal(err)
	}
	client := exec.Command("/usr/bin/python3", "-c", methodsClient, where, "60")
	client.Stdin = strings.NewReader(string(input))
	var complaints strings.Builder
	client.Stderr = &complaints
	out, err := client.Output()
	if err != nil {
		t.Fatalf("the client of %s: %v\n%s%s\n%s", daemon, err, &complaints, out, b.out)
	}
	if status := b.wait(); status != 0 {
		t.Errorf("%s ended with status %d", daemon, status)
	}
	answers = strings.Split(strings.TrimSpace(string(out)), "\n")
	for i := range answers {
		answers[i] = normaliseAnswer(dir, answers[i])
	}
	var listed struct{ OK []string }
	for i, s := range calls(steps) {
		if s.Call == "system.listMethods" && len(s.Args) == 0 && i < len(answers) {
			if err := json.Unmarshal([]byte(answers[i]), &listed); err != nil {
				t.Fatal(err)
			}
		}
	}
	return answers, listed.OK
}

func calls(steps []methodStep) []methodStep {
	return slices.DeleteFunc(slices.Clone(steps), func(s methodStep) bool { return s.Call == "" })
}

// answerNoise is what may differ between two daemons that mean the same.
var answerNoise = append([]struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`("(?:pid|start|stop|now)": )[1-9]\d*`), "${1}N"},
	{regexp.MustCompile(`^(\{"ok": )\d+\}$`), "${1}N}"},
	{regexp.MustCompile(`"autorestart": [^,]*, `), ""}, // supervisord 4.2.5 does not tell
	{regexp.MustCompile(`[^"]*---supervisor-[^"]*\.log`), "AUTO"},
}, peerNoise...)

func normaliseAnswer(dir, s string) string {
	s = strings.ReplaceAll(s, dir, "DIR")
	for _, n := range answerNoise {
		s = n.re.ReplaceAllString(s, n.with)
	}
	return s
}

// results are the elements of an answer in an order of their own.
func sortedResults(t *testing.T, answer string) string {
	var a struct{ OK []map[string]any }
	if err := json.Unmarshal([]byte(answer), &a); err != nil {
		t.Errorf("%s: %v", answer, err)
	}
	var lines []string
	for _, r := range a.OK {
		lines = append(lines, fmt.Sprint(r))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// TestEveryMethodAndFaultIsThatOfSupervisord calls every method of both daemons over both transports, brings about every
// fault, and compares.
func TestEveryMethodAndFaultIsThatOfSupervisord(t *testing.T) {
	supervisord := peer(t, "supervisord")
	type transcript struct{ answers, methods []string }
	var got [2][2]transcript
	transports := []string{"unix", "tcp"}
	t.Run("peers", func(t *testing.T) {
		for i, transport := range transports {
			for j, daemon := range []string{supervisord, supdBinary} {
				t.Run(transport+" "+filepath.Base(daemon), func(t *testing.T) {
					t.Parallel()
					got[i][j].answers, got[i][j].methods = methodsTranscript(t, daemon, transport)
				})
			}
		}
	})
	if t.Failed() {
		return
	}
	steps := calls(methodSteps(""))
	called := map[string]bool{}
	for _, s := range steps {
		called[s.Call] = true
	}
	for i, transport := range transports {
		theirs, ours := got[i][0], got[i][1]
		for _, m := range slices.Concat(theirs.methods, ours.methods) {
			if !called[m] {
				t.Errorf("%s: no step calls %s", transport, m)
			}
		}
		if len(theirs.answers) != len(steps) || len(ours.answers) != len(steps) || len(steps) == 0 {
			t.Fatalf("%s: %d answers of supervisord and %d of supd to %d calls", transport, len(theirs.answers), len(ours.answers), len(steps))
		}
		for k, s := range steps {
			compareAnswers(t, transport, s, theirs.answers[k], ours.answers[k])
		}
		for _, f := range server.Faults() {
			text := regexp.MustCompile(fmt.Sprintf(`"(fault": \[|status": |faultCode": )%d[,}]`, f))
			for who, answers := range map[string][]string{"supervisord": theirs.answers, "supd": ours.answers} {
				if !slices.ContainsFunc(answers, text.MatchString) {
					t.Errorf("%s: %s has not answered fault %d", transport, who, f)
				}
			}
		}
	}
}

func compareAnswers(t *testing.T, transport string, s methodStep, theirs, ours string) {
	t.Helper()
	args := fmt.Sprintf("%.100v", s.Args)
	if s.unordered {
		theirs, ours = sortedResults(t, theirs), sortedResults(t, ours)
	}
	switch {
	case s.why == "" && theirs != ours:
		t.Errorf("%s: %s%s\nsupervisord: %s\nsupd:        %s", transport, s.Call, args, theirs, ours)
	case s.why != "" && theirs == ours:
		t.Errorf("%s: %s%s: supervisord answers %s, too: the exception is out of date (%s)", transport, s.Call, args, theirs, s.why)
	case s.why != "" && !regexp.MustCompile(s.ours).MatchString(ours):
		t.Errorf("%s: %s%s: supd answers %s, want %s, as %s", transport, s.Call, args, ours, s.ours, s.why)
	}
}
