package ctl

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAuthenticationIsThatOfSupervisorctl(t *testing.T) {
	t.Parallel()
	config := strings.Replace(serverConfig, "[rpcinterface", `username=u
password=p
[inet_http_server]
port=127.0.0.1:PORT
username=u
password=a:b
[rpcinterface`, 1)
	var steps []step
	for _, flags := range [][]string{
		nil,
		{"-u", "u", "-p", "p"},
		{"-u", "u", "-p", "wrong"},
		{"-u", "u"},
		{"-p", "p"},
		{"-u", "u", "-p", ""},
		{"-s", "http://127.0.0.1:PORT"},
		{"-s", "http://127.0.0.1:PORT", "-u", "u", "-p", "a:b"},
		{"-s", "http://127.0.0.1:PORT/", "-u", "u", "-p", "a:b"},
		{"-s", "http://127.0.0.1:PORT/x/RPC2", "-u", "u", "-p", "a:b"},
	} {
		for _, cmd := range []string{"status", "avail"} {
			steps = append(steps, step{args: append(slices.Clone(flags), cmd)})
		}
	}
	steps = append(steps, lines(`
		start x
		reread
		update
		add x
		remove x
		pid
		version
		tail
		tail x
		tail -f x
		maintail -f
		maintail
		clear x
		fg
		fg x
		open unix://DIR/s.sock
		-u u -p p open unix://DIR/s.sock
		-u u -p a:b open http://127.0.0.1:PORT
		-u u -p p open http://127.0.0.1:PORT
		quit
		reload
		shutdown
	`)...)
	withFile := strings.Replace(config, "serverurl", "username=u\npassword=p\nserverurl", 1)
	steps = append(steps, step{config: withFile})
	steps = append(steps, lines(`
		version
		-p wrong version
		-u wrong avail
	`)...)
	sideBySide(t, config, steps)
}

func TestServerWithoutInterfaceIsToldAsBySupervisorctl(t *testing.T) {
	t.Parallel()
	config := strings.Replace(serverConfig, "[rpcinterface:supervisor]", "[ignored]", 1)
	sideBySide(t, config, lines(`
		status
		start
		start x
		stop x
		pid
		version
		avail
		reread
		update
		add x
		remove x
		tail
		tail x
		tail -f x
		maintail
		maintail -f
		clear x
		fg x
		open unix://DIR/s.sock
		exit
		reload
		shutdown
	`))
}

func TestMissingServerIsToldAsBySupervisorctl(t *testing.T) {
	t.Parallel()
	needPeers(t)
	d := newDaemon(t, serverConfig)
	if err := os.WriteFile(filepath.Join(d.dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var steps []step
	for _, cmd := range []string{
		"status", "status x", "start", "start x", "stop", "restart", "signal", "pid", "version", "version x", "avail",
		"avail x", "reread", "update", "update x", "add", "add x", "remove", "remove x", "reload", "reload x", "shutdown",
		"help", "help start", "nosuch", "tail", "tail x", "tail -f x", "tail -f", "tail a b c d", "maintail", "maintail x",
		"maintail -f", "maintail -f x", "clear", "clear x", "clear all", "fg", "fg x", "fg x y", "quit", "exit", "open x",
	} {
		steps = append(steps,
			step{args: strings.Fields(cmd)},
			step{args: append([]string{"-s", "http://127.0.0.1:PORT"}, strings.Fields(cmd)...)})
	}
	for _, server := range []string{
		"unix://DIR/file", "unix://nope.sock", "unix://~/nope.sock", "foo://127.0.0.1:PORT", "http://127.0.0.1:x",
		"127.0.0.1:PORT", "", "http://", "unix://", "http", "HTTP:x", "http://nosuchhost.invalid:1",
	} {
		steps = append(steps,
			step{args: []string{"-s", server, "version"}},
			step{args: []string{"-s", server, "shutdown"}},
			step{args: []string{"-s", server, "maintail"}},
			step{args: []string{"open", server}},
			step{args: []string{"-s", server, "help", "nope"}},
		)
	}
	steps = append(steps, lines(`
		-Z version
		--nosuch version
		-s
		--user
		-u a -u b version
		--interactive=3 version
		--help=x
		-r hist version
		--history_file hist version
		--history-file hist version
	`)...)
	compareWith(t, theirs(t), func(*testing.T) *daemon { return d }, steps)
}

func TestConfigurationFileIsReadAsBySupervisorctl(t *testing.T) {
	t.Parallel()
	needPeers(t)
	d := newDaemon(t, serverConfig)
	steps := lines(`
		-c
		--con
		-c DIR/nope.conf status
		-c DIR status
		-c DIR/nope.conf help nope
		-c x -c y version
	`)
	for name, text := range map[string]string{
		"nosection": "[supervisord]\n",
		"empty":     "",
		"default":   "[supervisorctl]\n",
		"here":      "[supervisorctl]\nserverurl=unix://%(here)s/x.sock\n",
		"spaces":    "; comment\n\n[supervisorctl]\nserverurl = unix:///x.sock ; comment\n",
		"noenv":     "[supervisorctl]\nserverurl=%(ENV_SUPD_TEST_NOPE)s\n",
		"home":      "[supervisorctl]\nserverurl=unix://%(ENV_HOME)s/x.sock\n",
		"scheme":    "[supervisorctl]\nserverurl=ftp:///x.sock\n",
		"inet":      "[supervisorctl]\nserverurl=http://127.0.0.1:PORT\nusername=u\npassword=p\n",
	} {
		path := filepath.Join(d.dir, name)
		if err := os.WriteFile(path, []byte(d.fill(text)), 0o600); err != nil {
			t.Fatal(err)
		}
		steps = append(steps,
			step{args: []string{"-c", path, "version"}},
			step{args: []string{"-c", path, "help", "nope"}},
			step{args: []string{"-c", path, "-s", "unix:///y.sock", "version"}},
		)
	}
	compareWith(t, theirs(t), func(*testing.T) *daemon { return d }, steps)
}
