package server

import (
	"context"
	"strings"
	"testing"

	"github.com/gwaycc/supd/actors"
)

// texts is an array of strings.
func texts(words ...string) xml {
	var items []string
	for _, w := range words {
		items = append(items, "<value><string>"+w+"</string></value>")
	}
	return array(items...)
}

func TestOwnMethodsReachTheDaemon(t *testing.T) {
	r := newRig(t)
	const refused = "faultCode 2 faultString INCORRECT_PARAMETERS"
	for _, c := range []struct {
		method   string
		args     []any
		requests string
		answer   string
	}{
		{"runProgram", []any{"web", texts("/bin/x", "a b")}, "run {Name:web Group: Command:[/bin/x a b] Options:[] File:} false true",
			"name web group web status 80 description OK"},
		{"runProgram", []any{"web", texts("x"), texts("nice=3", "startsecs=0"), "g", true, false},
			"run {Name:web Group:g Command:[x] Options:[nice=3 startsecs=0] File:} true false", "name web group g status 80 description OK"},
		{"runProgram", []any{"web", array("<value><base64>YQ1i</base64></value>")}, "run {Name:web Group: Command:[a\rb] Options:[] File:} false true",
			"name web group web status 80 description OK"},
		{"runProgram", []any{"web", "x"}, "", refused},
		{"runProgram", []any{"web", array("<value><int>1</int></value>")}, "", refused},
		{"runProgram", []any{1, texts("x")}, "", refused},
		{"runProgram", []any{"web", texts("x"), "nice=3"}, "", refused},
		{"runProgram", []any{"web", texts("x"), texts(), 3}, "", refused},
		{"runProgram", []any{"web"}, "", refused},
		{"removeProgram", []any{"web"}, "remove web", "1"},
		{"removeProgram", []any{7}, "", refused},
		{"scaleProgram", []any{"web", 3}, "scale web 3", "group web name 1 action added options status 80 description OK"},
		{"scaleProgram", []any{"web", texts()}, "", refused},
		{"scaleProgram", []any{"web"}, "", refused},
		{"planUpdate", nil, `preview ""`, "do update program why so"},
		{"planUpdate", []any{texts("a", "b"), "/etc/x.conf"}, `preview "/etc/x.conf"`, "do update program a b why so"},
		{"planUpdate", []any{texts(), 7}, "", refused},
		{"planStop", []any{"web"}, "", "do stop program web why"},
		{"planKill", []any{"web"}, "", "do kill program web why"},
		{"planKill", []any{7}, "", refused},
		{"listEnv", nil, "", "A B EMPTY"},
		{"getEnv", []any{"A"}, "", "1"},
		{"getEnv", []any{"EMPTY"}, "", ""},
		{"getEnv", []any{"NOPE"}, "", "faultCode 10 faultString BAD_NAME: NOPE"},
		{"getEnv", []any{1}, "", refused},
		{"setEnv", []any{"A", "x y"}, `set A "x y"`, "1"},
		{"setEnv", []any{"A", ""}, `set A ""`, "1"},
		{"setEnv", []any{"A", 1}, "", refused},
		{"setEnv", []any{"A"}, "", refused},
	} {
		if got := textOf(r.rpcCall(t, "supd."+c.method, c.args...)); got != c.answer {
			t.Errorf("%s%v:\n got %s\nwant %s", c.method, c.args, got, c.answer)
		}
		if got := r.daemon.requests(); got != c.requests {
			t.Errorf("%s%v: asked for %q, want %q", c.method, c.args, got, c.requests)
		}
	}
	for _, bad := range [][]any{{"", "x"}, {"A=hunter2", "x"}, {"A", xml("<value><base64>aAB1</base64></value>")}} {
		got := textOf(r.rpcCall(t, "supd.setEnv", bad...))
		if !strings.HasPrefix(got, "faultCode 3 faultString BAD_ARGUMENTS: the name of a variable") || strings.Contains(got, "hunter2") || r.daemon.requests() != "" {
			t.Errorf("%q: %s", bad, got)
		}
	}
	r.daemon.err = &actors.Fault{Code: actors.CantReread, Extra: "unknown option"}
	if got := textOf(r.rpcCall(t, "supd.runProgram", "web", texts("x"))); got != "faultCode 92 faultString CANT_REREAD: unknown option" {
		t.Error(got)
	}
}

// Whoever can reach a port without a password can steer programs, but not bring ones of its own or read the environment.
func TestOwnMethodsThatGivePowerAreNotForStrangers(t *testing.T) {
	r := newRig(t)
	calls := []struct {
		method string
		args   []any
	}{
		{"runProgram", []any{"web", texts("/bin/sh")}}, {"removeProgram", []any{"web"}}, {"listEnv", nil}, {"getEnv", []any{"A"}},
		{"setEnv", []any{"LD_PRELOAD", "/tmp/x.so"}},
	}
	refused := "faultCode 30 faultString FAILED: " + strangersText
	for _, c := range calls {
		body := methodCall("supd."+c.method, params(c.args...))
		if got := textOf(send(t, r.tcp, post(body)).body); got != refused {
			t.Errorf("%s from a stranger: %s", c.method, got)
		}
		inside := strings.ReplaceAll(string(inMulticall("supd."+c.method, c.args...)), "\n", "")
		if got := textOf(send(t, r.tcp, post(methodCall("system.multicall", params(array(inside))))).body); got != refused {
			t.Errorf("%s from a stranger, inside of multicall: %s", c.method, got)
		}
		if asked := r.daemon.requests(); asked != "" {
			t.Errorf("%s from a stranger was carried out: %s", c.method, asked)
		}
		for where, answer := range map[string]string{
			"a password":    send(t, r.locked, post(body, "Authorization: Basic dTphOmI=")).body,
			"a unix socket": r.rpcCall(t, "supd."+c.method, c.args...),
		} {
			if strings.Contains(answer, "fault") {
				t.Errorf("%s with %s: %s", c.method, where, textOf(answer))
			}
		}
		r.daemon.requests()
	}
	r.daemon.Shutdown(context.Background())
	for _, c := range calls {
		if got := textOf(r.rpcCall(t, "supd."+c.method, c.args...)); got != "faultCode 6 faultString SHUTDOWN_STATE" {
			t.Errorf("%s during a shutdown: %s", c.method, got)
		}
	}
}
