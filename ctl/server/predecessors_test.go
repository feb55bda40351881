package server

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwaycc/supd/confload"
)

// TestThePathsOfThePredecessors has the requests of their page and scripts, with the members that these read.
func TestThePathsOfThePredecessors(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "app.conf")
	log := filepath.Join(dir, "cat.log")
	for path, text := range map[string]string{secret: "key = value\n", log: "one\ntwo\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := newRig(t, func(c *Config) {
		for i := range c.Servers {
			c.Servers[i].NodeName = "node-1"
		}
		c.Accounts = []confload.Account{{Name: "bob", Password: "look", Role: confload.RoleRead}}
		tree := newFakeTree()
		tree.infos[0].Program.ConfFile, tree.infos[0].StdoutLog = secret, log
		c.Tree = tree
	})
	ask := func(user, method, path, body string) (int, string) {
		t.Helper()
		e := send(t, r.locked, method+" "+path+" HTTP/1.1\r\nHost: localhost\r\n"+basic(user)+fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n", len(body))+body)
		return e.status, e.body
	}
	status, body := ask("bob:look", "GET", "/program/list", "")
	var list []map[string]any
	if err := json.Unmarshal([]byte(body), &list); err != nil || status != 200 || len(list) != 3 {
		t.Fatalf("%d %s (%v)", status, body, err)
	}
	for _, member := range strings.Fields("node name group description start stop now state statename spawnerr exitstatus logfile stdout_logfile stderr_logfile pid directory command ini_path") {
		if _, ok := list[0][member]; !ok {
			t.Errorf("no %s in %v", member, list[0])
		}
	}
	if list[0]["node"] != "node-1" || list[0]["name"] != "cat" || list[0]["state"] != 20.0 || list[0]["pid"] != 1234.0 {
		t.Errorf("%v", list[0])
	}
	for _, c := range []struct {
		user, method, path, body string
		status                   int
		answer, done             string
	}{
		{"bob:look", "GET", "/program/info/node-1/cat", "", 200, `"statename":"RUNNING"`, ""},
		{"bob:look", "GET", "/program/info/node-1/nobody", "", 500, `{"error":"no process named nobody"}`, ""},
		{"bob:look", "GET", "/program/info/node-2/cat", "", 500, `{"error":`, ""},
		{"bob:look", "POST", "/program/stop/node-1/cat", "", 403, "", ""},
		{"u:a:b", "POST", "/program/stop/node-1/cat", "", 200, `{"success":true}`, "stop cat true"},
		{"u:a:b", "POST", "/program/stop/cat", "", 200, `{"success":true}`, "stop cat true"}, // it is down, as was wanted
		{"u:a:b", "PUT", "/program/start/cat", "", 200, `{"success":true}`, "start cat true"},
		{"u:a:b", "PUT", "/program/start/node-1/nobody", "", 200, `{"success":false}`, ""},
		{"u:a:b", "GET", "/program/stop/node-1/cat", "", 404, "", ""},
		{"u:a:b", "POST", "/program/startPrograms", `[{"node":"node-1","program":"a0"},{"program":"a1"}]`, 200, "Success to start the programs", "start grp:a0 true; start grp:a1 true"},
		{"u:a:b", "POST", "/program/stopPrograms", `["a0","nobody"]`, 200, "could not stop nobody", "stop grp:a0 true"},
		{"u:a:b", "POST", "/program/stopPrograms", `{`, 400, "", ""},
		{"bob:look", "GET", "/program/log/node-1/cat/stdout", "", 200, "one\ntwo\n", ""},
		{"bob:look", "GET", "/program/log/node-1/cat/..", "", 404, "", ""},
		{"bob:look", "GET", "/log/cat/", "", 404, "", ""},
		{"bob:look", "GET", "/supervisor/listNodes", "", 200, `[{"name":"node-1","status":"ONLINE","cpu_percent":`, ""},
		{"bob:look", "GET", "/supervisor/node-1/ping", "", 200, `{"success":true}`, ""},
		{"bob:look", "POST", "/supervisor/shutdown", "", 403, "", ""},
		{"bob:look", "POST", "/supervisor/node-1/reload", "", 403, "", ""},
		{"u:a:b", "POST", "/supervisor/node-2/reload", "", 404, "", ""},
		{"bob:look", "GET", "/conf/cat", "", 403, "", ""},
		{"u:a:b", "GET", "/conf/cat", "", 200, "key = value\n", ""},
		{"u:a:b", "GET", "/conf/a0", "", 404, "", ""},
		{"u:a:b", "GET", "/conf/..%2f..%2fetc%2fpasswd", "", 404, "", ""},
	} {
		status, body := ask(c.user, c.method, c.path, c.body)
		if done := r.config.Tree.(streamedTree).Tree.(*fakeTree).commands(); status != c.status || !strings.Contains(body, c.answer) || done != c.done {
			t.Errorf("%s %s: %d %q, done %q; want %d %q, %q", c.method, c.path, status, body, done, c.status, c.answer, c.done)
		}
	}
}
