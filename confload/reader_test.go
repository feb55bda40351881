package confload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
)

type sections map[string]map[string]string

type readerCase struct {
	Name    string
	Text    string
	Want    sections
	Error   string
	Differs *struct {
		Why  string
		Want sections
	}
}

// dump returns a document as Python's items() shows it.
func dump(d *document) sections {
	out := sections{}
	for _, s := range d.order {
		m := map[string]string{}
		for _, e := range d.defaults.order {
			m[e.name] = e.value()
		}
		for _, e := range s.order {
			m[e.name] = e.value()
		}
		out[s.name] = m
	}
	return out
}

func readText(text string) (sections, []Message, error) {
	d, rep := newDocument(), &report{}
	readFile(d, rep, "x", []byte(text))
	return dump(d), rep.messages, rep.err()
}

func TestReaderCases(t *testing.T) {
	data, err := os.ReadFile("testdata/reader_cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []readerCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 77 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			want, wantErr := c.Want, c.Error != ""
			if c.Differs != nil {
				want, wantErr = c.Differs.Want, false
			}
			got, _, err := readText(c.Text)
			if wantErr {
				if err == nil {
					t.Fatalf("no error but %v; Python: %s", got, c.Error)
				}
				phrase := map[string]string{"MissingSectionHeaderError": "no section headers", "ParsingError": "parsing errors"}[c.Error]
				if !strings.Contains(err.Error(), phrase) {
					t.Errorf("error %q; Python: %s", err, c.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

func TestReaderCasesComeFromPython(t *testing.T) {
	needPeer(t)
	cmd := exec.Command(python, "reader_cases.py")
	cmd.Dir = "testdata"
	got, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/reader_cases.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("testdata/reader_cases.json is not what this Python says; run ./reader_cases.py > reader_cases.json there")
	}
}

// TestReaderAgreesWithPython compares random files made of the characters that matter. Lines with both comment
// characters are left out: there Python before 3.14 differs on purpose.
func TestReaderAgreesWithPython(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	alphabet := []string{"[a]", "[b]", "[DEFAULT]", "k", "j", "=", ":", " ", "  ", "\t", "\n", "\n", "\n", ";", "v", "w x", "\"", "'", "]", "[", "\r\n", "\u00a0", "K"}
	var texts []string
	for range 3000 {
		var b strings.Builder
		if rng.Intn(5) > 0 {
			b.WriteString("[s]\n")
		}
		for range rng.Intn(40) {
			b.WriteString(alphabet[rng.Intn(len(alphabet))])
		}
		texts = append(texts, b.String())
	}
	script := `
import configparser, json, sys
for line in sys.stdin:
    p = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    t = json.loads(line).replace("\r\n", "\n").replace("\r", "\n")
    try:
        p.read_file(iter([l + "\n" for l in t.split("\n")]))
        print(json.dumps({s: dict(p.items(s)) for s in p.sections()}))
    except configparser.Error:
        print("null")
`
	needPeer(t)
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, text := range texts {
		if err := enc.Encode(text); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(python, "-c", script)
	cmd.Stdin = &in
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(texts) {
		t.Fatalf("%d answers to %d questions", len(lines), len(texts))
	}
	for i, line := range lines {
		var want sections
		if err := json.Unmarshal([]byte(line), &want); err != nil {
			t.Fatal(err)
		}
		got, _, err := readText(texts[i])
		switch {
		case want == nil && err == nil:
			t.Errorf("%q: read as %v, Python refuses it", texts[i], got)
		case want != nil && err != nil:
			t.Errorf("%q: %v; Python: %v", texts[i], err, want)
		case want != nil && !reflect.DeepEqual(got, want):
			t.Errorf("%q:\ngot  %v\nwant %v", texts[i], got, want)
		}
	}
}

func TestCutInsideQuotesIsTold(t *testing.T) {
	for _, c := range []struct {
		text string
		line int // of the warning, 0 none
	}{
		{`k="a ; b"`, 2},
		{`k='a # b'`, 2},
		{"k=\"a\n  b ; c\"", 3},
		{"k=\"a\n  b\" ; c\"", 0},
		{`k="a" ; "b"`, 0},
		{`k=it's ; mine`, 0},
		{`k="a;b"`, 0},
		{`k="a\" ; b"`, 2},
		{`k='a\' ; b'`, 0},
	} {
		_, messages, err := readText("[s]\n" + c.text)
		if err != nil {
			t.Fatal(err)
		}
		line := 0
		for _, m := range messages {
			line = m.Line
			if m.Level != Warn || m.Section != "s" || m.Option != "k" || m.File != "x" || strings.Contains(m.Text, "a") && strings.Contains(m.Text, "\"a") {
				t.Errorf("%q: message %+v", c.text, m)
			}
		}
		if line != c.line {
			t.Errorf("%q: warning on line %d, want %d", c.text, line, c.line)
		}
	}
}

func TestAllSyntaxErrorsAreReportedWithTheirLines(t *testing.T) {
	_, _, err := readText("[a]\nx\nk=1\n=2\n[b]\ny\n")
	es, ok := err.(Errors)
	if !ok || len(es) != 3 {
		t.Fatalf("errors %v", err)
	}
	for i, line := range []int{2, 4, 6} {
		if es[i].Line != line || es[i].File != "x" {
			t.Errorf("error %d: %+v, want line %d", i, es[i], line)
		}
	}
}

func TestPlacesOfKeys(t *testing.T) {
	d, rep := newDocument(), &report{}
	readFile(d, rep, "one", []byte("[a]\nk=1\n\n[b]\nl=\n  2\n[a]\nk=3\n"))
	readFile(d, rep, "two", []byte("# c\n[b]\nl=4\n[c]\n"))
	at := func(s, k string) string {
		sec := d.sections[s]
		if k == "" {
			return fmt.Sprint(sec.at.file, ":", sec.at.line)
		}
		return fmt.Sprint(sec.keys[k].at.file, ":", sec.keys[k].at.line)
	}
	for _, c := range [][3]string{{"a", "", "one:1"}, {"a", "k", "one:8"}, {"b", "", "one:4"}, {"b", "l", "two:3"}, {"c", "", "two:4"}} {
		if got := at(c[0], c[1]); got != c[2] {
			t.Errorf("[%s] %s is at %s, want %s", c[0], c[1], got, c[2])
		}
	}
	if v := d.sections["a"].keys["k"].value(); v != "3" {
		t.Errorf("k = %q", v)
	}
	if v := d.file.Section("b").Key("l").Value(); v != "4" {
		t.Errorf("the ini model has l = %q", v)
	}
}
