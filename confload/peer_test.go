package confload

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// asPeer shows a configuration as peer.py shows that of supervisord.
func asPeer(c *Config) map[string]any {
	groups := []any{}
	for _, g := range c.Groups {
		programs := []any{}
		for i := range g.Programs {
			programs = append(programs, programAsPeer(&g.Programs[i]))
		}
		m := map[string]any{"name": g.Name, "priority": g.Priority, "programs": programs, "events": []string{}, "buffer": 0, "socket": ""}
		if g.Listener != nil {
			m["events"], m["buffer"] = slices.Sorted(slices.Values(g.Listener.Events)), g.Listener.BufferSize
		}
		if g.Kind == KindFCGI && len(g.Programs) > 0 {
			m["socket"] = g.Programs[0].Socket.URL
		}
		groups = append(groups, m)
	}
	var inet, unix []any
	for _, s := range c.Servers {
		m := map[string]any{"section": s.Section, "path": s.Path, "host": s.Host, "port": s.Port, "mode": s.Mode, "username": s.Username, "password": s.Password}
		if s.Network == "tcp" {
			inet = append(inet, m)
		} else {
			unix = append(unix, m)
		}
	}
	s := c.Supervisord
	return map[string]any{"minfds": s.MinFDs, "identifier": s.Identifier, "nodaemon": s.NoDaemon, "umask": s.Umask, "maxbytes": s.LogFileMaxBytes,
		"environment": envMap(s.Environment), "groups": groups, "servers": append(append([]any{}, inet...), unix...)}
}

func programAsPeer(p *Program) map[string]any {
	orNil := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	m := map[string]any{"name": p.Name, "command": p.Command, "directory": orNil(p.Directory), "umask": p.Umask, "priority": p.Priority,
		"autostart": p.Autostart, "startsecs": p.StartSecs, "startretries": p.StartRetries, "uid": nil, "stopsignal": int(p.StopSignal),
		"stopwaitsecs": p.StopWaitSecs, "stopasgroup": p.StopAsGroup, "killasgroup": p.KillAsGroup, "exitcodes": append([]int{}, p.ExitCodes...),
		"redirect_stderr": p.RedirectStderr, "environment": envMap(p.Environment), "serverurl": orNil(p.ServerURL), "autorestart": int(p.Autorestart)}
	if p.User != nil {
		m["uid"] = p.User.UID
	}
	for name, s := range map[string]*Stream{"stdout": &p.Stdout, "stderr": &p.Stderr} {
		m[name+"_capture_maxbytes"], m[name+"_events_enabled"], m[name+"_syslog"] = s.CaptureMaxBytes, s.EventsEnabled, s.Syslog
		m[name+"_logfile_backups"], m[name+"_logfile_maxbytes"] = s.Backups, s.MaxBytes
		m[name+"_logfile"] = []string{"auto", "none", s.Path}[s.Kind]
	}
	return m
}

// differences names where two decoded JSON values differ.
func differences(at string, got, want any) []string {
	var out []string
	switch g := got.(type) {
	case map[string]any:
		w, _ := want.(map[string]any)
		for k := range g {
			out = append(out, differences(at+"."+k, g[k], w[k])...)
		}
		if len(g) == len(w) {
			return out
		}
	case []any:
		w, _ := want.([]any)
		if len(g) == len(w) {
			for i := range g {
				out = append(out, differences(fmt.Sprintf("%s[%d]", at, i), g[i], w[i])...)
			}
			return out
		}
	default:
		if reflect.DeepEqual(got, want) {
			return nil
		}
	}
	return append(out, fmt.Sprintf("%s: %v; supervisord: %v", at, got, want))
}

// randomConfig makes a configuration file, mostly a valid one. It keeps to what both read in the same way.
func randomConfig(rng *rand.Rand, dir string) string {
	pick := func(s ...string) string { return s[rng.Intn(len(s))] }
	var b strings.Builder
	option := func(chance int, name string, values ...string) {
		if rng.Intn(100) < chance {
			fmt.Fprintf(&b, "%s%s%s\n", name, pick("=", " = ", ": "), strings.ReplaceAll(pick(values...), "DIR", dir))
		}
	}
	b.WriteString("[supervisord]\n")
	option(30, "minfds", "5", "-3", "+7")
	option(30, "identifier", "me", "%(here)s x", "100%%")
	option(30, "nodaemon", "Yes", "off")
	option(30, "umask", "077", "0o27", "22")
	option(30, "logfile_maxbytes", "0", "10kb", "3 MB")
	option(30, "environment", `A="1",B=2`, `A="%(here)s",X="a,b"`)
	programs := func(kind, name string) {
		fmt.Fprintf(&b, "[%s:%s]\n", kind, name)
		option(99, "command", "/bin/cat", "cat %(program_name)s %(process_num)d", `sh -c "a;b"`, "c %(group_name)s ; comment", "a\n   b\n\n   c", "x %(ENV_HOME)s")
		if rng.Intn(3) == 0 {
			option(100, "numprocs", "2", "3", "1", "0")
			option(97, "process_name", "%(program_name)s_%(process_num)02d", "p%(process_num)s", "%(process_num)x")
			option(30, "numprocs_start", "5", "-1")
		}
		option(20, "priority", "1", "-5", "1000")
		option(20, "autostart", "no", "TRUE")
		option(20, "autorestart", "true", "False", "unexpected")
		option(20, "startsecs", "0", "-1", "%(ENV_N)s")
		option(20, "startretries", "0", "9")
		option(20, "exitcodes", "0,2", "", " 1 , 3")
		option(20, "stopsignal", "INT", "sigusr2", "9", "0")
		option(20, "stopwaitsecs", "1")
		option(20, "stopasgroup", "true", "false")
		option(10, "killasgroup", "true", "false")
		option(10, "user", "root", "0", "nosuchuser")
		option(20, "umask", "022", "7")
		option(20, "directory", "/tmp", "/nope/%(program_name)s")
		if kind != "eventlistener" {
			option(20, "redirect_stderr", "true", "false")
			option(20, "stdout_capture_maxbytes", "1MB", "5")
			option(20, "stdout_events_enabled", "on")
			option(20, "stdout_syslog", "true")
			option(20, "stdout_logfile", "NONE", "auto", "DIR/%(program_name)s.log", "/dev/null", "syslog")
		}
		option(20, "stderr_logfile", "off", "AUTO", "DIR/%(host_node_name)s.log", "/no/such/dir/x")
		option(20, "stderr_logfile_maxbytes", "0", "1GB")
		option(20, "stderr_logfile_backups", "0", "1")
		option(20, "stderr_events_enabled", "1")
		option(20, "environment", `A="2",C="%(process_num)d"`, "D=/x:y", `E="";F='a b'`)
		option(20, "serverurl", "AUTO", "auto", "http://h:1")
		option(3, "startsecs", "1.5", "x")
		option(3, "autostart", "maybe", "%(nope)s")
	}
	names := []string{"web", "db", "Cache", "é"}
	rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names[:1+rng.Intn(3)] {
		programs("program", name)
	}
	if rng.Intn(3) == 0 {
		b.WriteString("[group:all]\n")
		option(95, "programs", names[0], names[0]+" ,"+names[1], names[0]+",nope")
		option(40, "priority", "3", "%(here)s")
	}
	if rng.Intn(3) == 0 {
		programs("eventlistener", "lis")
		option(95, "events", "TICK_5", "process_state, EVENT", "NOPE")
		option(30, "buffer_size", "5", "0")
	}
	if rng.Intn(4) == 0 {
		programs("fcgi-program", "php")
		option(95, "socket", "tcp://LOCALHOST:9000", "unix://DIR/%(program_name)s.sock", "unix://rel", "tcp://x:0")
		option(20, "socket_mode", "0777")
	}
	if rng.Intn(3) == 0 {
		b.WriteString("[unix_http_server]\n")
		option(95, "file", "DIR/../s.sock", "%(here)s/s")
		option(30, "chmod", "0770", "9")
		option(30, "username", "u")
		option(30, "password", "p%%", "x")
	}
	if rng.Intn(3) == 0 {
		b.WriteString("[inet_http_server:x]\n")
		option(95, "port", "9001", "*:1", "Host:2", ":3", "0")
	}
	return b.String()
}

// TestWholeFilesAgreeWithSupervisord loads random files with both and compares everything they made of them.
func TestWholeFilesAgreeWithSupervisord(t *testing.T) {
	rng := rand.New(rand.NewSource(6))
	dir := t.TempDir()
	t.Setenv("N", "7")
	t.Setenv("HOME", "/home/me")
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	const files = 1000
	var questions [][]any
	for i := range files {
		path := filepath.Join(dir, fmt.Sprintf("%d.conf", i))
		if err := os.WriteFile(path, []byte(randomConfig(rng, dir)), 0o600); err != nil {
			t.Fatal(err)
		}
		questions = append(questions, []any{"config", path})
	}
	good := 0
	for i, a := range ask(t, questions) {
		path := questions[i][1].(string)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Load(path, Options{Environ: []string{"N=7", "HOME=/home/me"}, Hostname: host, TempDir: "/tmp"})
		if a.Err != nil || err != nil {
			if (a.Err == nil) != (err == nil) {
				told := "nothing"
				if a.Err != nil {
					told = *a.Err
				}
				t.Errorf("%v; supervisord: %s\n%s", err, told, text)
			}
			continue
		}
		good++
		ours, err := json.Marshal(asPeer(c))
		if err != nil {
			t.Fatal(err)
		}
		var got, want map[string]any
		if err := json.Unmarshal(ours, &got); err != nil {
			t.Fatal(err)
		}
		a.into(t, &want)
		for _, g := range want["groups"].([]any) {
			if g := g.(map[string]any); len(g["programs"].([]any)) == 0 {
				g["socket"] = "" // nobody shares it
			}
		}
		if d := differences("", got, want); d != nil {
			t.Errorf("%s\n%s", strings.Join(d, "\n"), text)
		}
	}
	if good < files/5 || good == files {
		t.Errorf("%d of %d files were good", good, files)
	}
}
