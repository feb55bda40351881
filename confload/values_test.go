package confload

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// show is what a value type makes of a text, "!" when it refuses it.
func show[V any](t valueType[V], s string) string {
	v, err := t.parse(newLoader(Options{Environ: []string{"HOME=/root"}}), s)
	if err != nil {
		return "!"
	}
	return fmt.Sprintf("%v", v)
}

func TestValueTypes(t *testing.T) {
	dir := t.TempDir()
	types := map[string]func(string) string{
		"boolean":     func(s string) string { return show(boolType, s) },
		"integer":     func(s string) string { return show(intType, s) },
		"bytes":       func(s string) string { return show(byteType, s) },
		"octal":       func(s string) string { return show(umaskType, s) },
		"mode":        func(s string) string { return show(modeType, s) },
		"signal":      func(s string) string { v, err := ParseSignal(s); return number(int(v), err) },
		"exitcodes":   func(s string) string { return show(exitCodesType, s) },
		"autorestart": func(s string) string { return show(autorestartType, s) },
		"level":       func(s string) string { return show(logLevelType, s) },
		"directory":   func(s string) string { return show(directoryType, s) },
		"path":        func(s string) string { return show(filePathType, s) },
		"log":         func(s string) string { return show(logTargetsType, s) },
		"name":        func(s string) string { return show(nameType, s) },
		"inet":        func(s string) string { return show(inetAddressType, s) },
		"socket":      func(s string) string { return show(socketURLType, s) },
		"url":         func(s string) string { return show(ctlURLType, s) },
		"owner":       func(s string) string { return show(ownerType, s) },
		"serverurl":   func(s string) string { return show(serverURLType, s) },
	}
	cwd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ kind, text, want string }{
		{"boolean", "true", "true"}, {"boolean", "YES", "true"}, {"boolean", "On", "true"}, {"boolean", "1", "true"},
		{"boolean", "False", "false"}, {"boolean", "no", "false"}, {"boolean", "OFF", "false"}, {"boolean", "0", "false"},
		{"boolean", "", "!"}, {"boolean", "2", "!"}, {"boolean", "t", "!"}, {"boolean", "enable", "!"},
		{"integer", "1", "1"}, {"integer", "-1", "-1"}, {"integer", "+5", "5"}, {"integer", " 7 ", "7"}, {"integer", "007", "7"},
		{"integer", "1_000", "1000"}, {"integer", "1.5", "!"}, {"integer", "x", "!"}, {"integer", "", "!"}, {"integer", "0x10", "!"},
		{"integer", "99999999999", "!"}, {"integer", "-", "!"}, {"integer", "1__0", "!"},
		{"bytes", "0", "0"}, {"bytes", "10", "10"}, {"bytes", "1KB", "1024"}, {"bytes", "10kb", "10240"}, {"bytes", "1 MB", "1048576"},
		{"bytes", "2gB", "2147483648"}, {"bytes", "-1", "-1"}, {"bytes", "1M", "!"}, {"bytes", "1K", "!"}, {"bytes", "10B", "!"},
		{"bytes", "1.5MB", "!"}, {"bytes", "MB", "!"}, {"bytes", "", "!"}, {"bytes", "99999999999999GB", "!"},
		{"octal", "022", "-----w--w-"}, {"octal", "22", "-----w--w-"}, {"octal", "0o22", "-----w--w-"}, {"octal", "08", "!"},
		{"octal", "rwx", "!"}, {"octal", "-1", "!"}, {"octal", "100000", "!"}, {"octal", "0o", "!"},
		{"mode", "1777", "trwxrwxrwx"}, {"mode", "4755", "urwxr-xr-x"}, {"mode", "0700", "-rwx------"},
		{"signal", "TERM", "15"}, {"signal", "SIGTERM", "15"}, {"signal", "sigusr1", "10"}, {"signal", " hup ", "1"}, {"signal", "9", "9"},
		{"signal", "0", "0"}, {"signal", "CLD", "17"}, {"signal", "POLL", "29"}, {"signal", "IO", "29"}, {"signal", "RTMIN", "34"},
		{"signal", "RTMAX", "64"}, {"signal", "64", "64"}, {"signal", "RTMIN+3", "!"}, {"signal", "33", "!"}, {"signal", "35", "!"},
		{"signal", "99", "!"}, {"signal", "-1", "!"}, {"signal", "NOPE", "!"}, {"signal", "", "!"},
		{"exitcodes", "0,2", "[0 2]"}, {"exitcodes", "0, 2 ", "[0 2]"}, {"exitcodes", "", "[]"}, {"exitcodes", "255", "[255]"},
		{"exitcodes", "256", "!"}, {"exitcodes", "0;2", "!"}, {"exitcodes", "0,", "!"}, {"exitcodes", "-1", "!"},
		{"autorestart", "true", "2"}, {"autorestart", "NO", "1"}, {"autorestart", "Unexpected", "0"}, {"autorestart", "always", "!"},
		{"level", "INFO", "info"}, {"level", "blather", "blather"}, {"level", "warning", "!"}, {"level", "notice", "!"},
		{"directory", dir, dir}, {"directory", dir + "/nope", "!"}, {"directory", "testdata", cwd + "/testdata"}, {"directory", "~", "/root"},
		{"path", dir + "/x", dir + "/x"}, {"path", dir + "/nope/x", "!"}, {"path", "x.log", cwd + "/x.log"}, {"path", "~/x", "/root/x"},
		{"path", "/dev/stdout", "/dev/stdout"}, {"path", "", "!"}, {"path", "~nobodyatall/x", "!"},
		{"log", "NONE", "{1  false []}"}, {"log", "Off", "{1  false []}"}, {"log", "", "{1  false []}"}, {"log", "auto", "{0  false []}"},
		{"log", "SYSLOG", "{1  true []}"}, {"log", dir + "/x", "{2 " + dir + "/x false []}"}, {"log", dir + "/nope/x", "!"}, {"log", "~/x", "{2 /root/x false []}"},
		{"name", " a ", "a"}, {"name", "é世", "é世"}, {"name", "", ""}, {"name", "a b", "!"}, {"name", "a:b", "!"}, {"name", "a/b", "!"},
		{"name", "a\nb", "!"}, {"name", "a\tb", "!"},
		{"inet", "9001", "{ 9001}"}, {"inet", ":9001", "{ 9001}"}, {"inet", "*:9001", "{ 9001}"}, {"inet", "LocalHost:1", "{localhost 1}"},
		{"inet", "127.0.0.1:65535", "{127.0.0.1 65535}"}, {"inet", "[::1]:9001", "{::1 9001}"}, {"inet", "[::]:9001", "{:: 9001}"},
		{"inet", "0", "!"}, {"inet", "65536", "!"}, {"inet", "", "!"}, {"inet", "x", "!"}, {"inet", "host:", "!"}, {"inet", "::1", "!"},
		{"inet", "[::1]", "!"}, {"inet", "[x]:1", "!"}, {"inet", "[::1:1", "!"},
		{"socket", "tcp://LOCALHOST:9000", "{tcp://localhost:9000 tcp localhost:9000}"},
		{"socket", "tcp://[::1]:9000", "{tcp://[::1]:9000 tcp [::1]:9000}"},
		{"socket", "unix:///tmp//x/../y", "{unix:///tmp/y unix /tmp/y}"},
		{"socket", "unix://tmp/x", "!"}, {"socket", "tcp://:9000", "!"}, {"socket", "tcp://9000", "!"}, {"socket", "tcp://h:0", "!"},
		{"socket", "udp://h:1", "!"}, {"socket", "", "!"},
		{"url", "http://h:1", "http://h:1"}, {"url", "unix:///tmp/../x", "unix:///x"}, {"url", "unix://~/x", "unix:///root/x"},
		{"url", "unix://x", "unix://" + cwd + "/x"}, {"url", "foo", "!"}, {"url", "unix://", "!"}, {"url", "https://h", "https://h"},
		{"owner", "root", "{0 -1}"}, {"owner", "0:0", "{0 0}"}, {"owner", "root:root", "{0 0}"}, {"owner", "nosuchuser", "!"},
		{"owner", "root:nosuchgroup", "!"}, {"owner", "", "!"}, {"owner", "root:", "!"},
		{"serverurl", "auto", ""}, {"serverurl", "http://x", "http://x"},
	} {
		if got := types[c.kind](c.text); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.kind, c.text, got, c.want)
		}
	}
}

// TestValuesAgreeWithSupervisord compares random and chosen texts with supervisord's own converters.
func TestValuesAgreeWithSupervisord(t *testing.T) {
	rng := rand.New(rand.NewSource(5))
	words := []string{"true", "FALSE", "yes", "No", "on", "Off", "unexpected", "TERM", "sig", "SIG", "hup", "USR1", "cld", "rtmin", "kb", "MB", "Gb", "k", "m", "B",
		"-", "+", "_", " ", ",", ",", ":", "*", ".", "0o", "0", "1", "2", "7", "8", "9", "15", "22", "34", "64", "255", "256", "9001", "65535", "host", "A b"}
	var texts []string
	for range 4000 {
		var b strings.Builder
		for range 1 + rng.Intn(4) {
			b.WriteString(words[rng.Intn(len(words))])
		}
		texts = append(texts, b.String())
	}
	for i := -3; i < 70; i++ {
		texts = append(texts, strconv.Itoa(i))
	}
	for _, name := range strings.Fields("HUP INT QUIT ILL TRAP ABRT IOT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CLD CONT STOP TSTP TTIN TTOU URG " +
		"XCPU XFSZ VTALRM PROF WINCH IO POLL PWR SYS RTMIN RTMAX EMT INFO UNUSED") {
		texts = append(texts, name, "SIG"+name, strings.ToLower(name))
	}
	kinds := []struct {
		function string
		ours     func(string) string
		theirs   func(json.RawMessage) string
	}{
		{"boolean", func(s string) string { return show(boolType, s) }, raw},
		{"integer", func(s string) string { return show(intType, s) }, raw},
		{"bytes", func(s string) string { return show(byteType, s) }, raw},
		{"octal", func(s string) string { v, err := parseOctal(s); return number(int(v), err) }, raw},
		{"signal", func(s string) string { v, err := ParseSignal(s); return number(int(v), err) }, raw},
		{"exitcodes", func(s string) string { return show(exitCodesType, s) },
			func(m json.RawMessage) string { return strings.ReplaceAll(raw(m), ", ", " ") }},
		{"autorestart", func(s string) string {
			if v := show(autorestartType, s); v != "!" {
				n, _ := strconv.Atoi(v)
				return []string{"unexpected", "never", "always"}[n]
			}
			return "!"
		}, func(m json.RawMessage) string { return strings.Trim(raw(m), `"`) }},
		{"name", func(s string) string { return strconv.Quote(show(nameType, s)) }, raw},
		{"inet", func(s string) string {
			a, err := parseInetAddress(s)
			if err != nil {
				return "!"
			}
			return fmt.Sprintf("[%q, %d]", a.host, a.port)
		}, raw},
	}
	var questions [][]any
	for _, k := range kinds {
		for _, s := range texts {
			questions = append(questions, []any{k.function, s})
		}
	}
	answers := ask(t, questions)
	for n, k := range kinds {
		for i, a := range answers[n*len(texts) : (n+1)*len(texts)] {
			want := "!"
			if a.Err == nil {
				want = k.theirs(a.OK)
			}
			got := k.ours(texts[i])
			if strings.Trim(got, `"`) == strings.Trim(want, `"`) || deviates(k.function, texts[i], got, want) {
				continue
			}
			t.Errorf("%s %q: %s; supervisord: %s", k.function, texts[i], got, want)
		}
	}
}

// deviates tells whether a difference from supervisord is on purpose.
func deviates(function, text, got, want string) bool {
	n, err := strconv.ParseFloat(want, 64)
	switch function {
	case "integer": // bounded, so that seconds stay below the limit of time.Duration
		return got == "!" && err == nil && (n > maxInt32 || n < minInt32)
	case "bytes":
		return got == "!" && err == nil && (n > 1<<62 || n < -1<<62)
	case "octal": // permission bits only
		return got == "!" && err == nil && (n > 0o7777 || n < 0)
	case "exitcodes": // white space alone is an empty list nowhere
		return false
	case "inet": // IPv6 needs brackets: supervisord would fail to bind; white space around the host is trimmed
		return got == "!" && strings.Count(text, ":") > 1 || strings.Contains(want, " ") || strings.Contains(want, `["*"`)
	}
	return false
}

func raw(m json.RawMessage) string { return string(m) }

func number(n int, err error) string {
	if err != nil {
		return "!"
	}
	return strconv.Itoa(n)
}

func TestUsers(t *testing.T) {
	u, err := lookupUser("root")
	if err != nil || u.Name != "root" || u.UID != 0 || u.GID != 0 || len(u.Groups) == 0 || u.Groups[0] != 0 {
		t.Errorf("root: %+v, %v", u, err)
	}
	byNumber, err := lookupUser("0")
	if err != nil || byNumber.Name != "root" {
		t.Errorf("0: %+v, %v", byNumber, err)
	}
	for _, s := range []string{"nosuchuser", "4000000", "", "-1"} {
		if u, err := lookupUser(s); err == nil {
			t.Errorf("%q: %+v", s, u)
		}
	}
	// An account that is in groups of others: the primary one comes first.
	data, err := os.ReadFile("/etc/group")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(data), "\n") {
		f := strings.Split(line, ":")
		if len(f) != 4 || f[3] == "" {
			continue
		}
		name := strings.Split(f[3], ",")[0]
		u, err := lookupUser(name)
		if err != nil {
			continue
		}
		gid, _ := strconv.Atoi(f[2])
		found := false
		for _, g := range u.Groups {
			found = found || int(g) == gid
		}
		if !found || u.Groups[0] != u.GID {
			t.Errorf("%s: %+v lacks group %s or the primary one is not first", name, u, line)
		}
	}
}

func TestExpandUser(t *testing.T) {
	l := newLoader(Options{Environ: []string{"HOME=/h"}})
	for in, want := range map[string]string{"~": "/h", "~/x": "/h/x", "~root/x": "/root/x", "~root": "/root", "/a/~": "/a/~", "~nosuchuser/x": "~nosuchuser/x", "": ""} {
		if got, err := l.expandUser(in); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
	}
	l = newLoader(Options{Environ: []string{}})
	if got, err := l.expandUser("~/x"); err != nil || !filepath.IsAbs(got) {
		t.Errorf("without HOME: %q, %v", got, err)
	}
}
