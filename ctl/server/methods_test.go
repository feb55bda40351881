package server

import (
	"errors"
	"strings"
	"testing"

	"github.com/gwaycc/supd/actors"
	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/supervisor"
)

func TestMethodsReachTheTree(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		method   string
		args     []any
		commands string
		answer   string
	}{
		{"startProcess", []any{"grp:a0"}, "start grp:a0 true", "1"},
		{"startProcess", []any{"grp:a0", false}, "start grp:a0 false", "faultCode 60 faultString ALREADY_STARTED: grp:a0"},
		{"startProcess", []any{"grp:*", 0}, "start group grp false", "name a1 group grp status 80 description OK"},
		{"startProcess", []any{"grp:", "yes"}, "start group grp true", ""},
		{"startProcess", []any{"nope:*"}, "start group nope true", "faultCode 10 faultString BAD_NAME: nope:*"},
		{"startProcess", []any{1}, "", "faultCode 2 faultString INCORRECT_PARAMETERS"},
		{"startProcessGroup", []any{"nope:*"}, "start group nope:* true", "faultCode 10 faultString BAD_NAME: nope:*"},
		{"stopProcessGroup", []any{"grp", false}, "stop group grp false",
			"name a0 group grp status 80 description OK name a1 group grp status 80 description OK"},
		{"stopProcess", []any{"grp:a1"}, "stop grp:a1 true", "faultCode 70 faultString NOT_RUNNING: grp:a1"},
		{"stopAllProcesses", []any{false}, "stop all false", "name cat group cat status 80 description OK"},
		{"startAllProcesses", nil, "start all true", "name cat group cat status 80 description OK " +
			"name a0 group grp status 80 description OK name a1 group grp status 80 description OK"},
		{"startAllProcesses", []any{true, true}, "", "faultCode 2 faultString INCORRECT_PARAMETERS"},
		{"signalProcess", []any{"cat", "usr1"}, "signal cat 10", "1"},
		{"signalProcess", []any{"cat", 18}, "signal cat 18", "1"},
		{"signalProcess", []any{"cat:*", "SIGHUP"}, "signal group cat 1", "name cat group cat status 80 description OK"},
		{"signalProcess", []any{"cat", "BOGUS"}, "", "faultCode 11 faultString BAD_SIGNAL: BOGUS"},
		{"signalProcess", []any{"cat", xml("<value><array><data/></array></value>")}, "", "faultCode 2 faultString INCORRECT_PARAMETERS"},
		{"signalProcess", []any{"nope", "BOGUS"}, "", "faultCode 10 faultString BAD_NAME: nope"},
		{"signalProcess", []any{"nope:*", "BOGUS"}, "", "faultCode 10 faultString BAD_NAME: nope:*"},
		{"signalProcessGroup", []any{"grp", "BOGUS"}, "",
			"name a0 group grp status 11 description BAD_SIGNAL: BOGUS name a1 group grp status 11 description BAD_SIGNAL: BOGUS"},
		{"signalAllProcesses", []any{"0"}, "signal all 0", "name cat group cat status 80 description OK " +
			"name a0 group grp status 80 description OK name a1 group grp status 80 description OK"},
		{"getProcessInfo", []any{"grp:*"}, "", "faultCode 10 faultString BAD_NAME: grp:*"},
		{"getProcessInfo", []any{"grp:"}, "", "faultCode 10 faultString BAD_NAME: grp:"},
	} {
		if got := textOf(r.rpcCall(t, "supervisor."+c.method, c.args...)); got != c.answer {
			t.Errorf("%s%v:\n got %s\nwant %s", c.method, c.args, got, c.answer)
		}
		if got := r.tree.commands(); got != c.commands {
			t.Errorf("%s%v: carried out %q, want %q", c.method, c.args, got, c.commands)
		}
	}
}

func TestReloadConfigTellsWhatIsBad(t *testing.T) {
	r := newRig(t)
	r.tree.err = &actors.Fault{Code: actors.CantReread, Extra: "s.conf:3: no <value>"}
	if got := textOf(r.rpcCall(t, "supervisor.reloadConfig")); got != "faultCode 92 faultString CANT_REREAD: s.conf:3: no &lt;value&gt;" {
		t.Error(got)
	}
	r.tree.err = errors.New("disk on fire")
	if got := textOf(r.rpcCall(t, "supervisor.reloadConfig")); got != "faultCode 30 faultString FAILED: disk on fire" {
		t.Error(got)
	}
}

func TestDaemonThatGoesDownRefusesAllButSystem(t *testing.T) {
	for _, how := range []string{"shutdown", "restart"} {
		r := newRig(t)
		if got := textOf(r.rpcCall(t, "supervisor."+how)); got != "1" {
			t.Errorf("%s: %s", how, got)
		}
		for _, name := range r.rpc.table.Names() {
			if !strings.HasPrefix(name, "supervisor.") {
				continue
			}
			m, _ := r.rpc.table.Method(name)
			var args []any
			for range len(m.Params) - m.Optional {
				args = append(args, "cat")
			}
			want := "faultCode 6 faultString SHUTDOWN_STATE"
			if name == "supervisor.sendRemoteCommEvent" {
				want = "1"
			}
			if got := textOf(r.rpcCall(t, name, args...)); got != want {
				t.Errorf("%s after %s: %s, want %s", name, how, got, want)
			}
		}
		if got := textOf(r.rpcCall(t, "system.methodHelp", "supervisor.getPID")); !strings.Contains(got, "process id") {
			t.Errorf("system.methodHelp after %s: %s", how, got)
		}
	}
}

func TestInterfacesAreWhatTheConfigurationNames(t *testing.T) {
	for _, c := range []struct {
		interfaces []confload.Plugin
		method     string
		answer     string
		log        string
	}{
		{nil, "supervisor.getPID", "UNKNOWN_METHOD", ""},
		{nil, "system.listMethods", "system.listMethods", ""},
		{supervisorInterface, "supervisor.getPID", "77", "RPC interface 'supervisor' initialized"},
		{[]confload.Plugin{{Name: "other", Factory: supervisorFactory}}, "other.getPID", "77", "RPC interface 'other' initialized"},
		{[]confload.Plugin{{Name: "twiddler", Factory: "supervisor_twiddler.rpcinterface:make"}}, "twiddler.x", "UNKNOWN_METHOD",
			"rpc interface 'twiddler' is left out: supd does not have supervisor_twiddler.rpcinterface:make"},
	} {
		r := newRig(t, func(config *Config) { config.Interfaces = c.interfaces })
		if got := textOf(r.rpcCall(t, c.method)); !strings.Contains(got, c.answer) {
			t.Errorf("%v: %s: %s", c.interfaces, c.method, got)
		}
		if !strings.Contains(r.log.String(), c.log) {
			t.Errorf("%v: no %q in\n%s", c.interfaces, c.log, r.log)
		}
	}
	twice := append(supervisorInterface, supervisorInterface...)
	if _, err := New(Config{Tree: newFakeTree(), Daemon: &fakeDaemon{}, Interfaces: twice}); err == nil {
		t.Error("one namespace twice is accepted")
	}
}

func TestUnknownSignalReachesOnlyWhoCouldTakeOne(t *testing.T) {
	r := newRig(t)
	r.tree.infos[1].State = supervisor.Stopping
	if got := textOf(r.rpcCall(t, "supervisor.signalAllProcesses", 999)); got != "name cat group cat status 11 description BAD_SIGNAL: 999 "+
		"name a0 group grp status 11 description BAD_SIGNAL: 999" {
		t.Error(got)
	}
}

func TestOwnMethodsCanBeCalledButAreNotListed(t *testing.T) {
	r := newRig(t)
	if answer := r.rpcCall(t, "supd.reopenLogs"); !strings.Contains(answer, "<boolean>1</boolean>") || r.daemon.reopened.Load() != 1 {
		t.Errorf("got %s", answer)
	}
	if list := r.rpcCall(t, "system.listMethods"); strings.Contains(list, "supd.") || strings.Count(list, "<string>") != 41 {
		t.Errorf("got %s", list)
	}
}
