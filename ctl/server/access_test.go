package server

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/gwaycc/supd/confload"
	"github.com/gwaycc/supd/confload/credential"
	"github.com/gwaycc/supd/ctl/api"
	"github.com/gwaycc/supd/ctl/xmlrpc"
	"github.com/gwaycc/supd/supervisor/process/proctest"
)

// asAdmin is the context of a call by somebody who may do everything.
func asAdmin() context.Context { return as(api.Admin) }

func as(role api.Role) context.Context {
	return context.WithValue(context.Background(), callerKey{}, caller{name: "ann", role: role})
}

// TestEveryMethodNeedsItsRole has the whole table: what only looks, what operates programs, and the rest.
func TestEveryMethodNeedsItsRole(t *testing.T) {
	r := newRig(t)
	looks := "getAPIVersion getSupervisorVersion getIdentification getState getPID getProcessInfo getAllProcessInfo getAllConfigInfo getAllProcessOrigins readLog " +
		"readProcessStdoutLog readProcessStderrLog tailProcessStdoutLog tailProcessStderrLog why getHistory getTree getLives needsReload planUpdate planStop planKill"
	operates := "startProcess startProcessGroup startAllProcesses stopProcess stopProcessGroup stopAllProcesses signalProcess signalProcessGroup signalAllProcesses " +
		"clearProcessLogs clearAllProcessLogs sendProcessStdin sendRemoteCommEvent"
	s := &service{tree: r.tree, daemon: r.config.Daemon, logger: r.Server.logger, now: time.Now}
	for _, row := range s.allRows() {
		m := row.method("x")
		name := strings.TrimPrefix(m.Name, "x.")
		want := api.Admin
		switch {
		case inWords(looks, name):
			want = api.Read
		case inWords(operates, name):
			want = api.Operate
		}
		for _, role := range []api.Role{"", api.Read, api.Operate, api.Admin} {
			args := make([]xmlrpc.Value, len(m.Params)-m.Optional)
			_, err := s.guard(&row)(as(role), nil, args)
			refused := err != nil && strings.Contains(err.Error(), "needs the role")
			if refused == may(role, want) {
				t.Errorf("%s with the role %q: %v", name, role, err)
			}
		}
	}
	r.tree.commands()
}

func inWords(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}

// TestUsersHaveTheirOwnPasswordsTokensAndRoles has every form of credential, and those that do not fit.
func TestUsersHaveTheirOwnPasswordsTokensAndRoles(t *testing.T) {
	hashed, err := credential.Hash("pa55")
	if err != nil {
		t.Fatal(err)
	}
	token, err := credential.Hash("bob.t0ken")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(c *Config) {
		c.Accounts = []confload.Account{{Name: "ann", Password: hashed, Role: confload.RoleOperate}, {Name: "bob", Token: token, Role: confload.RoleRead},
			{Name: "eve", Password: "plain", Servers: []string{"elsewhere"}}}
	})
	for _, c := range []struct {
		header string
		role   api.Role // "": not let in
		user   string
	}{
		{"", "", ""},
		{basicAuth("u", "a:b"), api.Admin, "u"},
		{basicAuth("ann", "pa55"), api.Operate, "ann"},
		{basicAuth("ann", "pa55"), api.Operate, "ann"}, // from the cache
		{basicAuth("ann", "pa56"), "", ""},
		{basicAuth("bob", "bob.t0ken"), "", ""}, // a token is no password
		{"Bearer bob.t0ken", api.Read, "bob"},
		{"Bearer bob.T0ken", "", ""},
		{"Bearer ann.pa55", "", ""},
		{basicAuth("eve", "plain"), "", ""},
		{basicAuth("nobody", "pa55"), "", ""},
		{"Digest x", "", ""},
		{"Bearer opensesame", "", ""},
	} {
		status, body := r.rest(t, "GET", "/server", c.header, "")
		want := fmt.Sprintf(`"user":%q,"role":%q`, c.user, c.role)
		if c.role == "" && status != http.StatusUnauthorized || c.role != "" && (status != 200 || !strings.Contains(body, want)) {
			t.Errorf("%q: %d %s", c.header, status, body)
		}
	}
	for _, c := range []struct {
		header string
		status int
	}{{"Bearer bob.t0ken", 403}, {basicAuth("ann", "pa55"), 200}} {
		if status, body := r.rest(t, "POST", "/actions", c.header, `{"do":"stop","names":["cat"]}`); status != c.status {
			t.Errorf("%q: %d %s", c.header, status, body)
		}
		if status, body := r.rest(t, "POST", "/config/reread", c.header, ""); status != 403 || !strings.Contains(body, "needs the role admin") {
			t.Errorf("%q: %d %s", c.header, status, body)
		}
	}
	if e := send(t, r.locked, post(methodCall("supervisor.stopProcess", params("cat")), "Authorization: Bearer bob.t0ken")); !strings.Contains(e.body, "needs the role operate") {
		t.Errorf("%+v", e)
	}
	for _, want := range []string{"refused: GET /api/v1/server from 127.0.0.1 at [inet_http_server:locked]: no credentials", "credentials that do not fit, of nobody", "refused: POST /api/v1/actions by bob with the role read, from 127.0.0.1 at [inet_http_server:locked]",
		"refused: stopProcess cat by bob with the role read, from 127.0.0.1 at [inet_http_server:locked]", "[inet_http_server:locked]: credentials that do not fit\n"} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("no %q in\n%s", want, r.log)
		}
	}
	for _, secret := range []string{"opensesame", "pa55", "pa56", "t0ken", "plain"} {
		if strings.Contains(strings.ReplaceAll(r.log.String(), "text/plain", ""), secret) {
			t.Errorf("%s is in the log:\n%s", secret, r.log)
		}
	}
}

// TestRefusalsDoNotFillTheDisk has no more than some lines a minute.
func TestRefusalsDoNotFillTheDisk(t *testing.T) {
	r := newRig(t)
	for range 3 * refusalsLogged {
		r.rest(t, "GET", "/server", basicAuth("u", "x"), "")
	}
	if n := strings.Count(r.log.String(), "refused: GET /api/v1/server"); n != refusalsLogged {
		t.Errorf("%d lines", n)
	}
}

// TestRefusalsOfOthersAreLoggedAllTheSame has a source that is refused too often, and what is told of it in the end.
func TestRefusalsOfOthersAreLoggedAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log proctest.Output
		f := &refusals{logger: hclog.New(&hclog.LoggerOptions{Output: &log, DisableTime: true})}
		for n := range 100 {
			f.tell("in 192.0.2.1", "refused: no. %d", n)
		}
		f.tell("in 192.0.2.2", "refused: another")
		if got := log.String(); strings.Count(got, "no.") != refusalsLogged || !strings.Contains(got, "refused: another") {
			t.Errorf("got\n%s", got)
		}
		<-time.After(refusalPeriod)
		synctest.Wait()
		if got := log.String(); !strings.Contains(got, "80 more requests were refused, the last of them: refused: no. 99") {
			t.Errorf("got\n%s", got)
		}
		before := len(log.String())
		for n := range 10_000 {
			f.tell(fmt.Sprint("in ", n), "refused")
		}
		f.close()
		f.tell("in x", "refused")
		if got := log.String()[before:]; strings.Count(got, "refused\n") != refusalSources+refusalsLogged+2 || !strings.Contains(got, "more requests") {
			t.Errorf("%d lines", strings.Count(got, "\n"))
		}
	})
}

// TestAServerMayBeForReadingOnly has the most that a server gives.
func TestAServerMayBeForReadingOnly(t *testing.T) {
	r := newRig(t, func(c *Config) {
		for i := range c.Servers {
			c.Servers[i].Role = confload.RoleRead
		}
	})
	if status, body := r.rest(t, "POST", "/actions", basicAuth("u", "a:b"), `{"do":"stop","names":["cat"]}`); status != 403 {
		t.Errorf("%d %s", status, body)
	}
	if e := send(t, r.locked, post(methodCall("supervisor.stopProcess", params("cat")), basic("u:a:b"))); !strings.Contains(e.body, "needs the role operate, yours is read") {
		t.Errorf("%+v", e)
	}
	if e := send(t, r.locked, "GET /index.html?action=stopall HTTP/1.1\r\nHost: x\r\n"+basic("u:a:b")+"\r\n\r\n"); e.status != 403 {
		t.Errorf("%+v", e)
	}
	if got := r.tree.commands(); got != "" {
		t.Errorf("done: %s", got)
	}
}

// TestHostsThatAreAllowedAndNoOthers has allowed_hosts guard a server with a password, too.
func TestHostsThatAreAllowedAndNoOthers(t *testing.T) {
	r := newRig(t, func(c *Config) {
		for i := range c.Servers {
			c.Servers[i].AllowedHosts = []string{"supd.example.com"}
		}
	})
	for host, status := range map[string]int{"supd.example.com": 200, "supd.example.com:9001": 200, "127.0.0.1": 200, "evil.example.com": 403} {
		if e := send(t, r.locked, "GET /api/v1/server HTTP/1.1\r\nHost: "+host+"\r\n"+basic("u:a:b")+"\r\n\r\n"); e.status != status {
			t.Errorf("%s: %+v", host, e)
		}
	}
}

func basicAuth(user, password string) string {
	return strings.TrimPrefix(basic(user+":"+password), "Authorization: ")
}

// rest sends a request to the REST interface of the server that asks for a password.
func (r *rig) rest(t *testing.T, method, path, authorization, body string) (status int, answer string) {
	t.Helper()
	text := method + " " + restPath + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " + fmt.Sprint(len(body)) + "\r\n"
	if authorization != "" {
		text += "Authorization: " + authorization + "\r\n"
	}
	e := send(t, r.locked, text+"\r\n"+body)
	return e.status, e.body
}
