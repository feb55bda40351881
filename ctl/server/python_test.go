package server

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/supervisor"
)

const (
	python3     = "/usr/bin/python3"
	supervisord = "/usr/bin/supervisord"
)

// need fails the test when a program it speaks with is not there.
func need(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: apt-get install -y supervisor", err)
	}
}

// pythonScript asks with Python's own client, and with supervisor's transport over the unix socket.
const pythonScript = `
import sys, xmlrpc.client, http.client
from supervisor.xmlrpc import SupervisorTransport
socket, tcp, locked = sys.argv[1:]
def unix(): return xmlrpc.client.ServerProxy('http://127.0.0.1', transport=SupervisorTransport(None, None, 'unix://' + socket))
def check(what, got, want):
    if got != want: print('%s: got %r, want %r' % (what, got, want))
def fault(f, *args):
    try: return f(*args)
    except xmlrpc.client.Fault as e: return (e.faultCode, e.faultString)
def status(url):
    try: xmlrpc.client.ServerProxy(url).supervisor.getPID(); return 200
    except xmlrpc.client.ProtocolError as e: return e.errcode

for name, s in (('unix', unix()), ('tcp', xmlrpc.client.ServerProxy('http://' + tcp)), ('auth', xmlrpc.client.ServerProxy('http://u:a%3Ab@' + locked + '/RPC2'))):
    check(name, s.supervisor.getAPIVersion(), '3.0')
    check(name, s.supervisor.getVersion(), '3.0')
    check(name, s.supervisor.getSupervisorVersion(), '4.2.5')
    check(name, s.supervisor.getIdentification(), 'supervisor')
    check(name, s.supervisor.getState(), {'statecode': 1, 'statename': 'RUNNING'})
    check(name, s.supervisor.getPID(), 77)
    check(name, s.supervisor.reloadConfig(), [[[], [], []]])
    check(name, fault(s.supervisor.nope), (1, 'UNKNOWN_METHOD'))
    check(name, fault(s.supervisor.getPID, 1), (2, 'INCORRECT_PARAMETERS'))
    check(name, fault(s.supervisor.getProcessInfo, 'nope'), (10, 'BAD_NAME: nope'))
check('wrong password', status('http://u:x@' + locked), 401)
check('no password', status('http://' + locked), 401)

s = unix()
info = s.supervisor.getProcessInfo('cat')
check('fields', sorted(info), sorted('name group description start stop now state statename spawnerr exitstatus logfile stdout_logfile stderr_logfile pid'.split()))
check('spawnerr', info['spawnerr'], 'bad \ufffd[31m\ufffd <é>\r\n')
check('types', [type(info[k]) for k in ('start', 'pid', 'name')], [int, int, str])
check('names', [i['name'] for i in s.supervisor.getAllProcessInfo()], ['cat', 'a0', 'a1'])
check('config', [(i['name'], i['autostart'], i['uid'], i['exitcodes'], i['stdout_logfile'], i['directory']) for i in s.supervisor.getAllConfigInfo()],
    [('a0', False, 0, [0, 2], '/tmp/a0-stdout.log', '/tmp'), ('a1', False, 0, [0, 2], '/tmp/a1-stdout.log', '/tmp'), ('cat', True, 'none', [0], '/tmp/cat-stdout.log', 'none')])
check('start', s.supervisor.startProcess('grp:a0'), True)
check('start again', fault(s.supervisor.startProcess, 'grp:a0', False), (60, 'ALREADY_STARTED: grp:a0'))
check('start group', s.supervisor.startProcess('grp:*'), [{'name': 'a1', 'group': 'grp', 'status': 80, 'description': 'OK'}])
check('signal', s.supervisor.signalProcess('cat', 18), True)
check('binary', s.supervisor.signalProcess('cat', xmlrpc.client.Binary(b'CONT')), True)
check('multicall', s.system.multicall([{'methodName': 'supervisor.getPID', 'params': []}, {'methodName': 'supervisor.getProcessInfo', 'params': ['nope']}]),
    [77, {'faultCode': 10, 'faultString': 'BAD_NAME: nope'}])
check('methods', 'supervisor.getPID' in s.system.listMethods(), True)
check('signature', s.system.methodSignature('supervisor.startProcess'), ['boolean', 'string', 'boolean'])
check('help', 'process' in s.system.methodHelp('supervisor.startProcess'), True)
big = xmlrpc.client.ServerProxy('http://' + tcp)
try: big.supervisor.getProcessInfo('x' * 5000000); print('5 MB were accepted')
except xmlrpc.client.ProtocolError as e: check('too large', e.errcode, 413)
print('done')
`

func TestPythonsClientUnderstandsUs(t *testing.T) {
	t.Parallel()
	need(t, python3)
	need(t, supervisord)
	r := newRig(t)
	r.tree.infos[0] = &actors.Info{Program: r.tree.infos[0].Program, State: supervisor.Running, Start: epoch, Pid: 1234,
		SpawnErr: "bad \x1b[31m\xff <é>\r\n", StdoutLog: "/tmp/cat-stdout.log", StderrLog: "/tmp/cat-stderr.log"}
	script := filepath.Join(t.TempDir(), "client.py")
	if err := os.WriteFile(script, []byte(pythonScript), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python3, script, r.socket, r.tcp, r.locked).CombinedOutput()
	if got := strings.TrimSpace(string(out)); err != nil || got != "done" {
		t.Errorf("%v\n%s", err, got)
	}
}
