package ctl

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func twoPrograms(t *testing.T) string {
	t.Helper()
	return fakeServer(t, map[string]string{
		"getVersion": fakeVersion,
		"getAllProcessInfo": "<array><data>" +
			program("web", "web", "RUNNING", 20, "pid 7, uptime 0:00:05") +
			program("b", "g", "FATAL", 200, `"&lt;no&gt;"`) +
			program("c", "g", "EXITED", 100, "") + "</data></array>",
		"getAllConfigInfo": "<array><data></data></array>",
		"reloadConfig": "<array><data><value><array><data><value><array><data><value><string>n</string></value></data></array>" +
			"</value><value><array><data></data></array></value><value><array><data><value><string>a</string></value></data>" +
			"</array></value></data></array></value></data></array>",
		"getPID": "<int>42</int>",
	}).URL
}

func TestStatusForAMachine(t *testing.T) {
	url, conf := twoPrograms(t), emptyConfig(t)
	for _, args := range [][]string{
		{"-o", "json", "status"},
		{"status", "-o", "json"},
		{"--output=json", "status all"},
		{"status", "web", "--output=json", "g:*"},
	} {
		out, _, status := run(Env{}, append([]string{"-c", conf, "-s", url}, args...)...)
		var got []map[string]any
		if err := json.Unmarshal([]byte(out), &got); err != nil || len(got) != 3 || status != exitStopped {
			t.Fatalf("%q: %v, status %d:\n%s", args, err, status, out)
		}
		if got[0]["namespec"] != "web" || got[1]["namespec"] != "g:b" || got[1]["state"] != "FATAL" || got[1]["description"] != `"<no>"` {
			t.Errorf("%q: %v", args, got)
		}
	}
	out, errs, status := run(Env{}, "-c", conf, "-s", url, "-o", "json", "status", "nope")
	if out != "[]\n" || status != exitUnknown || errs != "nope: ERROR (no such process)\n" {
		t.Errorf("unknown name: %q %q, status %d", out, errs, status)
	}
}

func TestListingsForAMachineAreArrays(t *testing.T) {
	url, conf := twoPrograms(t), emptyConfig(t)
	for line, want := range map[string]string{
		"reread":  `[{"group":"a","change":"disappeared"},{"group":"n","change":"available"}]`,
		"avail":   `[]`,
		"pid":     `[{"namespec":"","pid":42}]`,
		"pid all": `[{"namespec":"web","pid":7},{"namespec":"g:b","pid":7},{"namespec":"g:c","pid":7}]`,
	} {
		out, _, status := run(Env{}, "-c", conf, "-s", url, "-o", "json", line)
		var b bytes.Buffer
		if err := json.Compact(&b, []byte(out)); err != nil || strings.TrimSpace(b.String()) != want || status != 0 {
			t.Errorf("%s: %v, status %d:\n%s", line, err, status, out)
		}
	}
	if out, errs, status := run(Env{}, "-c", conf, "-s", url, "-o", "json", "help"); status != exitUsage || out != "" {
		t.Errorf("help: %q %q, status %d", out, errs, status)
	}
	if out, errs, status := run(Env{}, "-c", conf, "-s", url, "status", "-o", "xml"); status != exitUsage {
		t.Errorf("xml: %q %q, status %d", out, errs, status)
	}
}

func TestStateWordIsColouredOnATerminalOnly(t *testing.T) {
	url, conf := twoPrograms(t), emptyConfig(t)
	plain, _, _ := run(Env{}, "-c", conf, "-s", url, "status")
	for _, c := range []struct {
		name     string
		terminal bool
		env      map[string]string
		colour   bool
	}{
		{"file", false, nil, false},
		{"terminal", true, nil, true},
		{"NO_COLOR", true, map[string]string{"NO_COLOR": "1"}, false},
		{"empty NO_COLOR", true, map[string]string{"NO_COLOR": ""}, true},
		{"dumb", true, map[string]string{"TERM": "dumb"}, false},
	} {
		env := Env{IsTerminal: func() bool { return c.terminal }, Getenv: func(k string) string { return c.env[k] }}
		out, _, _ := run(env, "-c", conf, "-s", url, "status")
		if !c.colour && out != plain {
			t.Errorf("%s: %q", c.name, out)
		}
		want := strings.NewReplacer("RUNNING", "\x1b[32mRUNNING\x1b[0m", "FATAL", "\x1b[31mFATAL\x1b[0m").Replace(plain)
		if c.colour && out != want {
			t.Errorf("%s: %q, want %q", c.name, out, want)
		}
	}
}

func TestHelpFlagsPrintHelp(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"--help"}, {"-?"}, {"-h", "status"}, {"--he"}, {"-s", "unix:///x", "-h", "start", "x"}} {
		if out, errs, status := run(Env{Name: "supervisorctl"}, args...); status != 0 || !strings.Contains(out, "supervisorctl [flags]") {
			t.Errorf("%q: %q %q, status %d", args, out, errs, status)
		}
	}
	for _, v := range verbs() {
		out, errs, status := run(Env{}, v.name, "--help")
		if status != 0 || !strings.Contains(out, "  supd ctl "+v.forms[0].usage+"\n") || !strings.Contains(out, "Examples:\n  supd ctl ") {
			t.Errorf("%s: %q %q, status %d", v.name, out, errs, status)
		}
		out, _, _ = run(Env{}, "help", v.name)
		for _, f := range slices.Concat(v.forms, v.flags) {
			if !strings.Contains(out, f.usage+"\t") || !strings.Contains(out, "\t"+f.does+"\n") {
				t.Errorf("help %s does not tell of %s: %q", v.name, f.usage, out)
			}
		}
	}
}

func TestVerbsAreCompleteAndSorted(t *testing.T) {
	all := verbs()
	if !slices.IsSortedFunc(all, func(a, b *verb) int { return strings.Compare(a.name, b.name) }) {
		t.Error("not sorted")
	}
	for _, v := range all {
		if v.short == "" || len(v.forms) == 0 || v.example == "" || v.run == nil {
			t.Errorf("%s lacks something", v.name)
		}
		for _, f := range v.forms {
			if strings.Fields(f.usage)[0] != v.name || f.does == "" {
				t.Errorf("%s has the form %+v", v.name, f)
			}
		}
	}
}

func TestMountedBelowAnotherCommand(t *testing.T) {
	url, conf := twoPrograms(t), emptyConfig(t)
	var out, errs bytes.Buffer
	mount := func(traverse bool) error {
		out.Reset()
		root := &cobra.Command{Use: "supd", TraverseChildren: traverse, SilenceErrors: true}
		root.AddCommand(Command(Env{Stdout: &out, Stderr: &errs}))
		root.SetArgs([]string{"ctl", "-c", conf, "-s", url, "status", "-f", "web"})
		return root.Execute()
	}
	err := mount(true)
	want := "-f: ERROR (no such process)\nweb                              RUNNING   pid 7, uptime 0:00:05\n"
	if ExitStatus(err) != exitUnknown || out.String() != want {
		t.Errorf("%v: %q %q", err, out.String(), errs.String())
	}
	if err := mount(false); err == nil || !strings.Contains(err.Error(), "TraverseChildren") {
		t.Errorf("without TraverseChildren: %v", err)
	}
}

func TestUnwantedFlagsSayWhatIsWrong(t *testing.T) {
	for line, want := range map[string]string{
		"-Z version":         "option -Z not recognized",
		"--nosuch version":   "option --nosuch not recognized",
		"-c":                 "option -c requires argument",
		"--config":           "option --configuration requires argument",
		"--help=3":           "option --help must not have an argument",
		"--h":                "option --h not a unique prefix: it may be --history_file or --help",
		"-s web version":     "invalid value for -s 'web': value 'web' is not a URL; use http://host:port or unix:///path",
		"-u a -u b version":  "invalid value for -u 'b': the flag was given before; give it once",
		"-o yaml status":     `invalid value for -o 'yaml': there is no output format "yaml"; the formats are text and json`,
		"-c /nope/x version": "could not find config file /nope/x",
	} {
		out, errs, status := run(Env{Name: "supervisorctl"}, strings.Fields(line)...)
		if status != exitUsage || out != "" || errs != "Error: "+want+"\nFor help, use supervisorctl -h\n" {
			t.Errorf("%s: %q %q, status %d", line, out, errs, status)
		}
	}
}

func TestConfigurationWithASyntaxErrorIsToldCleanly(t *testing.T) {
	conf := emptyConfig(t)
	writeFile(t, conf, "[supervisorctl]\nnonsense\n")
	out, errs, status := run(Env{}, "-c", conf, "version")
	if status != exitUsage || out != "" || !strings.HasPrefix(errs, "Error: ") || !strings.Contains(errs, conf) || !strings.Contains(errs, "2") {
		t.Errorf("%q %q, status %d", out, errs, status)
	}
}

func TestLongFlagsMayBeShortened(t *testing.T) {
	flags := Command(Env{}).Flags()
	for in, want := range map[string]string{
		"--conf x --serv=y status --conf": "--configuration x --serverurl=y status --conf",
		"-c --conf status":                "-c --conf status",
		"-ic --user --pass --out":         "-ic --user --password --out",
		"-i --int - --conf":               "-i --interactive - --conf",
		"-- --conf":                       "-- --conf",
		"-sx --o json --zzz 1 --u":        "-sx --output json --zzz 1 --u",
	} {
		got, err := completeLong(flags, strings.Fields(in))
		if err != nil || !reflect.DeepEqual(got, strings.Fields(want)) {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
}

func TestColumnsFillFromTheTop(t *testing.T) {
	for _, c := range []struct {
		words string
		width int
		want  string
	}{
		{"a", 80, "a\n"},
		{"a bb ccc", 80, "a  bb  ccc\n"},
		{"a bb ccc dddd", 9, "a   ccc \nbb  dddd\n"},
		{"a bb ccc dddd", 8, "a   \nbb  \nccc \ndddd\n"},
		{"a bb ccc", 3, "a  \nbb \nccc\n"},
	} {
		if got := columns(strings.Fields(c.words), c.width); got != c.want {
			t.Errorf("%s in %d: %q, want %q", c.words, c.width, got, c.want)
		}
	}
}

func TestAFlagForJSONIsExplained(t *testing.T) {
	asked := fakeServer(t, nil)
	_, errs, status := run(Env{Name: "supd ctl"}, "-s", asked.URL, "why", "web", "--json")
	if want := "Error: option --json not recognized; use -o json\nFor help, use supd ctl -h\n"; errs != want || status != exitUsage {
		t.Errorf("%q, status %d", errs, status)
	}
}

func TestAFlagBehindTheCommandIsRefused(t *testing.T) {
	for _, name := range []string{"supd ctl", "supervisorctl"} {
		asked := fakeServer(t, nil)
		other := emptyConfig(t)
		_, errs, status := run(Env{Name: name}, "-s", asked.URL, "stop", "all", "-c", other)
		refused := status == exitUsage && strings.Contains(errs, "-c stands before the command")
		if refused != (name == "supd ctl") {
			t.Errorf("%s: status %d, %s", name, status, errs)
		}
	}
}
