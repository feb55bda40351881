package confload

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// switchedOn takes the ; away from every line that is an option or a header, except options that only supd knows when
// forPeer is true.
func switchedOn(sample string, forPeer bool) string {
	ours := map[string]bool{}
	for _, o := range Table() {
		ours[o.Kind+"."+o.Name] = o.Peer == PeerOnlySupd
	}
	kind := ""
	var out []string
	for _, line := range strings.Split(sample, "\n") {
		if bare, off := strings.CutPrefix(line, ";"); off && bare != "" && bare[0] != ' ' {
			line = bare
		}
		if strings.HasPrefix(line, "[") {
			kind = kindOf(strings.Trim(line, "[]"))
		}
		name, _, _ := strings.Cut(line, " = ")
		if forPeer && ours[kind+"."+name] {
			continue
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func TestSampleHasEveryOption(t *testing.T) {
	text := Sample(false)
	kind, seen := "", map[string]bool{}
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimPrefix(line, ";")
		if strings.HasPrefix(line, "[") {
			kind = kindOf(strings.Trim(line, "[]"))
		}
		if name, _, ok := strings.Cut(line, " = "); ok {
			seen[kind+"."+name] = true
		}
	}
	for _, o := range Table() {
		if !seen[o.Kind+"."+o.Name] {
			t.Errorf("%s.%s is not in the sample", o.Kind, o.Name)
		}
		if !strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(text, "\n;", " ")), " "), o.Help) {
			t.Errorf("the help of %s.%s is not in the sample", o.Kind, o.Name)
		}
	}
	for n, line := range strings.Split(text, "\n") {
		if len(line) > 130 && !strings.Contains(line, " = ") {
			t.Errorf("line %d is %d bytes long", n+1, len(line))
		}
	}
}

// TestSamplesLoad loads the samples as they are and with everything switched on, here and with supervisord's own parser,
// and compares what both made of them.
func TestSamplesLoad(t *testing.T) {
	dir, certificates := t.TempDir(), makeCertificates(t)
	for name, text := range map[string]string{
		"plain": Sample(false), "minimal": Sample(true), "on": switchedOn(Sample(false), false), "minimal on": switchedOn(Sample(true), false),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			text := strings.ReplaceAll(text, "/etc/supd/", certificates+"/")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := Load(path, Options{TempDir: "/tmp"})
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			for _, m := range c.Messages {
				if m.Level != Info && (name != "on" || !strings.Contains(m.Text, "No file matches") && !strings.Contains(m.Text, "[ctlplugin:example]") &&
					!strings.Contains(m.Text, "has no effect beside")) {
					t.Errorf("%+v", m)
				}
			}
			if on := strings.Contains(name, "on"); on != (len(c.Groups) > 0) || len(c.Servers) == 0 || len(c.RPCInterfaces) != 1 {
				t.Errorf("%+v", c)
			}
			ctl, err := LoadCtl(path, Options{})
			if err != nil || !ctl.HasSection || ctl.Target().URL != "unix:///tmp/supervisor.sock" {
				t.Errorf("client: %+v, %v", ctl, err)
			}
			if err := os.WriteFile(path, []byte(switchedOnIf(strings.Contains(name, "on"), text)), 0o600); err != nil {
				t.Fatal(err)
			}
			a := ask(t, [][]any{{"config", path}})[0]
			if a.Err != nil {
				t.Fatalf("supervisord: %s", *a.Err)
			}
			var want struct {
				Groups  []struct{ Name string }
				Servers []struct{ Section string }
			}
			a.into(t, &want)
			var theirs, ours []string
			for _, g := range want.Groups {
				theirs = append(theirs, g.Name)
			}
			for _, g := range c.Groups {
				ours = append(ours, g.Name)
			}
			if !reflect.DeepEqual(theirs, ours) || len(want.Servers) != len(c.Servers) {
				t.Errorf("groups %q, servers %d; supervisord: %q, %d", ours, len(c.Servers), theirs, len(want.Servers))
			}
		})
	}
}

func switchedOnIf(on bool, text string) string {
	if on {
		return switchedOn(text, true)
	}
	return text
}

// TestSampleOptionsSayWhatTheyAre sees to it that a reader of the sample gets the default or an example that is allowed.
func TestSampleOptionsSayWhatTheyAre(t *testing.T) {
	for _, o := range Table() {
		if o.sampleValue() == "" {
			t.Errorf("%s.%s has neither a default nor an example", o.Kind, o.Name)
		}
		if (o.Peer == PeerSame) != (o.PeerNote == "") || regexp.MustCompile(`[.\n]$`).MatchString(o.PeerNote) {
			t.Errorf("%s.%s: note %q of %s", o.Kind, o.Name, o.PeerNote, o.Peer)
		}
	}
}
