package confload

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// canonical writes a document in a form that must read as the same document.
func canonical(d *document) string {
	var b strings.Builder
	section := func(s *section) {
		b.WriteString("[" + s.name + "]\n")
		for _, e := range s.order {
			b.WriteString(e.name + "=" + strings.ReplaceAll(e.value(), "\n", "\n ") + "\n")
		}
	}
	if len(d.defaults.order) > 0 {
		section(d.defaults)
	}
	for _, s := range d.order {
		section(s)
	}
	return b.String()
}

func FuzzReader(f *testing.F) {
	data, err := os.ReadFile("testdata/reader_cases.json")
	if err != nil {
		f.Fatal(err)
	}
	var cases []readerCase
	if err := json.Unmarshal(data, &cases); err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		if len(c.Text) < 2000 { // longer seeds take the fuzzer's time for making them shorter
			f.Add(c.Text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, rep := newDocument(), &report{}
		readFile(d, rep, "x", []byte(text))
		if rep.err() != nil {
			return
		}
		if len(d.order) > len(text) {
			t.Errorf("%d sections out of %d bytes", len(d.order), len(text))
		}
		once := canonical(d)
		again, rep2 := newDocument(), &report{}
		readFile(again, rep2, "x", []byte(once))
		if rep2.err() != nil || !reflect.DeepEqual(dump(d), dump(again)) {
			t.Errorf("%q\nwas read as %q\nand that as %q (%v)", text, dump(d), dump(again), rep2.err())
		}
	})
}

func FuzzExpand(f *testing.F) {
	for _, s := range []string{"", "%%", "%(here)s", "%(process_num)02d", "%(ENV_PCT)s", "%s", "%(", "%(a(b)c)s", "%(numprocs)#+-010.5x", "%(nope)s", "100%",
		"$N", "${N}$$", "$5 ${", "%(ENV_N)s$N"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, format string) {
		sc := testScope()
		sc.dollar = true
		if v, err := sc.expand(format); err == nil && strings.Contains(v.shown, "hunter2") && !strings.Contains(format, "hunter2") {
			t.Errorf("with expand_env %q: %+v", format, v)
		}
		sc.dollar = false
		v, err := sc.expand(format)
		if err != nil {
			return
		}
		if len(v.text) > maxExpanded || strings.Contains(v.shown, "hunter2") && !strings.Contains(format, "hunter2") {
			t.Errorf("%q: %+v", format, v)
		}
		sc.dollar = true
		if same, err := sc.expand(strings.NewReplacer("%", "%%", "$", "$$").Replace(v.text)); err != nil || same.text != v.text {
			t.Errorf("with expand_env %q became %q (%v)", v.text, same.text, err)
		}
		sc.dollar = false
		if !strings.Contains(format, "%") && v.text != format {
			t.Errorf("%q without a %% became %q", format, v.text)
		}
		// A result with every % doubled expands to itself.
		same, err := sc.expand(strings.ReplaceAll(v.text, "%", "%%"))
		if err != nil || same.text != v.text {
			t.Errorf("%q: %q became %q (%v)", format, v.text, same.text, err)
		}
	})
}

func FuzzEnvironment(f *testing.F) {
	for _, s := range []string{"", `A="1",B="2"`, "A=1;B=2", `A="a\"b"`, "A=a b", "A=http://x/y?z=1", "A=#", `A='x',`, "A=\\ b", `"`, "é=×"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		env, err := parsePairs(text)
		if err != nil {
			if env != nil {
				t.Errorf("%q: %q and %v", text, env, err)
			}
			return
		}
		// What was read can be written in double quotes and is read as the same.
		var b strings.Builder
		quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
		for _, kv := range env {
			k, v, ok := strings.Cut(kv, "=")
			if !ok || k == "" {
				t.Fatalf("%q: %q", text, env)
			}
			b.WriteString(`"` + quote.Replace(k) + `"="` + quote.Replace(v) + `",`)
		}
		if again, err := parsePairs(b.String()); err != nil || !slices.Equal(again, env) {
			t.Errorf("%q: %q, again %q (%v)", text, env, again, err)
		}
	})
}

func FuzzSplitCommand(f *testing.F) {
	for _, s := range []string{"", "a b", `"a b" 'c'`, `a\ b`, `''`, `"\"\\\n"`, `"`, `\`, "a\nb", "世\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words, err := SplitCommand(text)
		if err != nil {
			if words != nil || err != errNoClosing && err != errNoEscaped {
				t.Errorf("%q: %q and %v", text, words, err)
			}
			return
		}
		var b strings.Builder
		for _, w := range words {
			b.WriteString(" '" + strings.ReplaceAll(w, "'", `'\''`) + "'")
			if utf8.ValidString(text) && !utf8.ValidString(w) {
				t.Errorf("%q was cut inside a character: %q", text, w)
			}
		}
		if again, err := SplitCommand(b.String()); err != nil || !slices.Equal(again, words) {
			t.Errorf("%q: %q, again %q (%v)", text, words, again, err)
		}
	})
}

// FuzzParse: whatever the file, there is no panic, and what is accepted is the same the second time.
func FuzzParse(f *testing.F) {
	f.Add("[supervisord]\n[program:x]\ncommand=c\nnumprocs=2\nprocess_name=%(process_num)d\nenvironment=A=1\n")
	f.Add("[supervisord]\n[eventlistener:x]\ncommand=c\nevents=TICK_5\n[group:g]\nprograms=x\n")
	f.Add("[supervisord]\n[fcgi-program:x]\ncommand=c\nsocket=tcp://h:1\n[group:g]\nprograms=x\n[inet_http_server]\nport=[::1]:1\n")
	o := Options{Environ: []string{"SECRET=hunter2", "HOME=/"}, Hostname: "box", TempDir: "/"}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "include") || strings.Contains(text, "hunter2") || strings.Contains(text, "numprocs") && len(text) > 200 {
			return
		}
		c, err := Parse("/x/s.conf", []byte(text), o)
		if err != nil {
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v tells the value of an environment variable", err)
			}
			return
		}
		again, err := Parse("/x/s.conf", []byte(text), o)
		if err != nil || !reflect.DeepEqual(c, again) || !Diff(c, again).Empty() {
			t.Errorf("not the same the second time: %v", err)
		}
		for _, m := range c.Messages {
			if strings.Contains(m.Text, "hunter2") {
				t.Errorf("%+v tells the value of an environment variable", m)
			}
		}
	})
}
