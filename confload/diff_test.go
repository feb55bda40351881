package confload

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestDiff(t *testing.T) {
	dir := t.TempDir()
	const base = "[program:a]\ncommand=c\n"
	const nests = base + "significant=true\n[supervisord]\nexit_when=any_significant\n[program:b]\ncommand=c\n[group:i]\nprograms=b\n[group:o]\n"
	for _, c := range []struct {
		name, old, new          string
		added, changed, removed string
	}{
		{"same", base, base, "", "", ""},
		{"other order of options", base + "startsecs=1\nexitcodes=0", base + "exitcodes=0", "", "", ""},
		{"place in the file", base, "\n\n" + base, "", "", ""},
		{"added and removed", base + "[program:r]\ncommand=c", base + "[program:n]\ncommand=c\n[program:m]\ncommand=c\npriority=1", "m n", "", "r"},
		{"command", base, "[program:a]\ncommand=d", "", "a", ""},
		{"explicit to AUTO", base + "stdout_logfile=DIR/x", base, "", "a", ""},
		{"AUTO to explicit", base, base + "stdout_logfile=DIR/x", "", "a", ""},
		{"AUTO spelt out", base, base + "stdout_logfile=auto", "", "", ""},
		{"explicit to no user", base + "user=root", base, "", "a", ""},
		{"umask to none", base + "umask=022", base, "", "a", ""},
		{"global environment", base, "[supervisord]\nenvironment=A=1\n" + base, "", "a", ""},
		{"order of environment", base + "environment=A=1,B=2", base + "environment=B=2,A=1", "", "", ""},
		{"identifier", base, "[supervisord]\nidentifier=x\n" + base, "", "", ""},
		{"server", base, base + "[inet_http_server]\nport=1", "", "", ""},
		{"into a group", base, base + "[group:g]\nprograms=a", "g", "", "a"},
		{"group order", base + "[program:b]\ncommand=c\n[group:g]\nprograms=a,b", base + "[program:b]\ncommand=c\n[group:g]\nprograms=b,a", "", "g", ""},
		{"group priority", base + "[group:g]\nprograms=a", base + "[group:g]\nprograms=a\npriority=2", "", "g", ""},
		{"a group into a group", nests + "programs=a", nests + "programs=a,group:i", "", "i o", ""},
		{"order of a group in a group", nests + "programs=a,group:i", nests + "programs=group:i,a", "", "o", ""},
		{"group auto_shutdown", nests + "programs=a\nauto_shutdown=any_significant", nests + "programs=a\nauto_shutdown=all_significant", "", "o", ""},
		{"numprocs", base + "process_name=%(process_num)d", base + "process_name=%(process_num)d\nnumprocs=2", "", "a", ""},
		{"kind", base, "[eventlistener:a]\ncommand=c\nevents=EVENT\npriority=999", "", "a", ""},
		{"listener events", "[eventlistener:a]\ncommand=c\nevents=EVENT", "[eventlistener:a]\ncommand=c\nevents=TICK_5", "", "a", ""},
		{"listener order of events", "[eventlistener:a]\ncommand=c\nevents=EVENT,TICK", "[eventlistener:a]\ncommand=c\nevents=TICK,EVENT", "", "", ""},
		{"listener length", "[eventlistener:a]\ncommand=c\nevents=EVENT", "[eventlistener:a]\ncommand=c\nevents=EVENT\npayload_length=Characters", "", "a", ""},
		{"listener same length", "[eventlistener:a]\ncommand=c\nevents=EVENT", "[eventlistener:a]\ncommand=c\nevents=EVENT\npayload_length=bytes", "", "", ""},
		{"listener buffer", "[eventlistener:a]\ncommand=c\nevents=EVENT", "[eventlistener:a]\ncommand=c\nevents=EVENT\nbuffer_size=11", "", "a", ""},
		{"socket", "[fcgi-program:a]\ncommand=c\nsocket=tcp://h:1", "[fcgi-program:a]\ncommand=c\nsocket=tcp://h:2", "", "a", ""},
	} {
		text := func(s string) *Config { return mustParse(t, strings.ReplaceAll(s, "DIR", dir)) }
		got := Diff(text(c.old), text(c.new))
		if strings.Join(got.Added, " ") != c.added || strings.Join(got.Changed, " ") != c.changed || strings.Join(got.Removed, " ") != c.removed {
			t.Errorf("%s: %+v", c.name, got)
		}
		if got.Empty() != (c.added+c.changed+c.removed == "") {
			t.Errorf("%s: Empty says %v", c.name, got.Empty())
		}
	}
}

// TestDiffSeesEveryOption changes each option of the program table by itself: none can be forgotten.
func TestDiffSeesEveryOption(t *testing.T) {
	dir := t.TempDir()
	values := map[string]string{
		"command": "d", "priority": "1", "autostart": "false", "autorestart": "true", "startsecs": "2", "startretries": "2",
		"exitcodes": "1", "stopsignal": "INT", "stopwaitsecs": "1", "stopasgroup": "true", "killasgroup": "true", "umask": "077",
		"user": "root", "directory": "/", "environment": "A=1", "serverurl": "http://h", "conf_file": "/etc/x", "redirect_stderr": "true", "process_name": "q",
		"depends_on": "b", "depends_policy": "stop", "significant": "true",
		"ready": "notify", "ready_timeout": "1", "ready_timeout_action": "restart", "watchdog_secs": "2",
		"liveness_check_script": "tcp://h:1", "liveness_check_initial_delay": "1", "liveness_check_period": "1", "liveness_check_timeout": "1",
		"liveness_check_success_threshold": "2", "liveness_check_success_action": "x", "liveness_check_failure_threshold": "2",
		"liveness_check_failure_action": "restart", "backoff": "constant", "backoff_base": "2", "backoff_cap": "0", "backoff_jitter": "0.5",
		"backoff_reset": "1", "restartpause": "1", "killwaitsecs": "1",
		"restart_when_binary_changed": "true", "restart_cmd_when_binary_changed": "x", "restart_signal_when_binary_changed": "HUP",
		"restart_directory_monitor": "/x", "restart_file_pattern": "*.py", "restart_cmd_when_file_changed": "x",
		"restart_signal_when_file_changed": "HUP", "cron": "@daily", "cron_timezone": "UTC", "cron_overlap": "queue",
		"login_env": "true", "envfiles": "/x", "nice": "0", "oom_score_adj": "0",
		"pre_start_hook": "x", "post_start_hook": "x", "pre_stop_hook": "tcp://h:1", "post_stop_hook": "http://h", "hook_timeout": "1",
		"pre_start_hook_failure": "ignore", "restart_memory_limit": "1MB", "restart_memory_period": "1",
		"cgroup_memory_max": "1MB", "cgroup_memory_high": "unlimited", "cgroup_cpu_max": "0.5", "cgroup_pids_max": "7",
		"log_format": "json", "log_timestamp": "true", "log_marks": "true", "syslog_facility": "mail", "syslog_tag": "t",
	}
	for _, r := range Resources {
		values["rlimit_"+r] = "7"
	}
	for _, s := range []string{"stdout", "stderr"} {
		values[s+"_logfile"], values[s+"_logfile_maxbytes"], values[s+"_logfile_backups"] = dir+"/x", "1", "1"
		values[s+"_capture_maxbytes"], values[s+"_events_enabled"], values[s+"_syslog"] = "1", "true", "true"
		values[s+"_logfile_rotate_every"], values[s+"_logfile_compress"], values["syslog_"+s+"_priority"] = "day", "true", "err"
	}
	was := program(t, "[program:a]\ncommand=c")
	for _, o := range Table() {
		if o.Kind != "program" || strings.HasPrefix(o.Name, "numprocs") {
			continue
		}
		v, known := values[o.Name]
		if !known {
			t.Errorf("no other value for %s", o.Name)
			continue
		}
		text := "[program:a]\n"
		if o.Name != "command" {
			text += "command=c\n"
		}
		if o.Name == "significant" {
			text = "[supervisord]\nexit_when=any_significant\n" + text // or nothing would go by it
		}
		is := mustParse(t, text+o.Name+"="+v+"\n[program:b]\ncommand=c\npriority=1000").Groups[0].Programs[0]
		if got := ChangedOptions(&was, &is); !slices.Contains(got, o.Name) {
			t.Errorf("%s=%s: changed are %q", o.Name, v, got)
		}
		if got := ChangedOptions(&is, &was); !slices.Contains(got, o.Name) {
			t.Errorf("back from %s=%s: changed are %q", o.Name, v, got)
		}
		if got := ChangedOptions(&is, &is); got != nil {
			t.Errorf("%s differs from itself in %q", o.Name, got)
		}
	}
	f := program(t, "[fcgi-program:a]\ncommand=c\nsocket=tcp://h:1")
	if got := ChangedOptions(&was, &f); !slices.Contains(got, "socket") {
		t.Errorf("%q", got)
	}
	a, b := mustParse(t, "[eventlistener:a]\ncommand=c\nevents=EVENT"), mustParse(t, "[eventlistener:a]\ncommand=c\nevents=TICK\nbuffer_size=1\npriority=3\npayload_length=characters")
	if got := ChangedGroupOptions(&a.Groups[0], &b.Groups[0]); !slices.Equal(got, []string{"events", "buffer_size", "payload_length", "priority"}) {
		t.Errorf("%q", got)
	}
}

// TestOptionTable checks what the table must have for all its uses.
func TestOptionTable(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range Table() {
		if seen[o.Kind+"."+o.Name] {
			t.Errorf("%s.%s is there twice", o.Kind, o.Name)
		}
		seen[o.Kind+"."+o.Name] = true
		if o.Kind == "" || o.Name == "" || o.Name != strings.ToLower(o.Name) || o.Type == "" || o.Allowed == "" ||
			!strings.HasSuffix(o.Help, ".") || strings.Count(o.Help, "\n") > 0 {
			t.Errorf("incomplete: %+v", o)
		}
		if o.Required && o.Default+o.Computed != "" || o.Default != "" && o.Computed != "" {
			t.Errorf("required, default or computed: %+v", o)
		}
		if !slices.Contains(Kinds(), o.Kind) {
			t.Errorf("unknown kind: %+v", o)
		}
	}
	// compat.md §1.6 is where the names come from.
	data, err := os.ReadFile("testdata/options.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range strings.Fields(string(data)) {
		if !seen[want] {
			t.Errorf("%s is not in the table", want)
		}
		delete(seen, want)
	}
	for name := range seen {
		t.Errorf("%s is not in testdata/options.txt", name)
	}
}
