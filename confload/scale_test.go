package confload

import (
	"strings"
	"testing"
)

func TestAScaleCountsUntilTheFilesSaySomethingElse(t *testing.T) {
	const text = "[program:web]\ncommand=c %(numprocs)s\nprocess_name=%(process_num)d\nnumprocs=2\n[program:web2]\ncommand=c\n"
	count := func(text string, scales ...Scale) (int, []Scale) {
		t.Helper()
		c, err := Parse("s.conf", []byte("[supervisord]\n"+text), Options{Environ: []string{}, Scales: scales})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, g := range c.Groups {
			for _, p := range g.Programs {
				if p.Section == "program:web" {
					n++
				}
			}
		}
		return n, c.Scales
	}
	n, inForce := count(text, Scale{Name: "web", Count: 5})
	if n != 5 || len(inForce) != 1 || *inForce[0].Of != 2 {
		t.Errorf("%d processes, %+v", n, inForce)
	}
	if n, again := count(text+"[program:other]\ncommand=c\n", inForce...); n != 5 || len(again) != 1 {
		t.Errorf("another change of the files: %d processes", n)
	}
	if n, again := count(strings.Replace(text, "=2", "=3", 1), inForce...); n != 3 || len(again) != 0 {
		t.Errorf("another numprocs: %d processes, %+v", n, again)
	}
	if n, again := count("[program:web2]\ncommand=c\n", inForce...); n != 0 || len(again) != 0 {
		t.Errorf("without the section: %d processes, %+v", n, again)
	}
}

func TestAScaleThatCannotBeHadIsRefused(t *testing.T) {
	for _, c := range []struct {
		scale Scale
		want  string
	}{
		{Scale{Name: "wbe", Count: 2}, "there is no section [program:wbe]; a program is scaled by the name of its section; did you mean 'web'?"},
		{Scale{Name: "web", Count: 2}, "%(process_num) must be present within process_name when numprocs > 1"},
		{Scale{Name: "web", Count: -1}, "'web' cannot have -1 processes (allowed: 0 to 100000)"},
		{Scale{Name: "web", Count: maxProcs + 1}, "'web' cannot have 100001 processes"},
	} {
		_, err := Parse("s.conf", []byte("[supervisord]\n[program:web]\ncommand=c\n"), Options{Environ: []string{}, Scales: []Scale{c.scale}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.scale, err)
		}
	}
}
