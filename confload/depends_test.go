package confload

import (
	"fmt"
	"strings"
	"testing"
)

func TestDependenciesAreResolvedToPrograms(t *testing.T) {
	cfg, err := Parse("/c/supervisord.conf", []byte(`[supervisord]
[program:web]
command=x
depends_on=db, workers:healthy , jobs:migrate:exited, cache:one
depends_policy=Restart
[program:db]
command=x
numprocs=2
process_name=db%(process_num)d
[program:migrate]
command=x
[program:one]
command=x
[program:two]
command=x
[group:jobs]
programs=migrate
[group:cache]
programs=one
[group:workers]
programs=two
`), testOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range cfg.Groups {
		for _, p := range g.Programs {
			for _, d := range p.DependsOn {
				got = append(got, fmt.Sprint(p.Name, " ", d, " ", d.Condition, " ", d.Programs))
			}
			if p.Name == "web" && p.DependsPolicy != DependsRestart {
				t.Errorf("policy %d", p.DependsPolicy)
			}
		}
	}
	want := []string{"web db running [db:db0 db:db1]", "web workers:healthy healthy [workers:two]",
		"web jobs:migrate:exited exited [jobs:migrate]", "web cache:one running [cache:one]"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestMistakesInDependenciesAreToldWithTheirPlace(t *testing.T) {
	program := func(name, options string) string { return "[program:" + name + "]\ncommand=x\n" + options + "\n" }
	for _, c := range []struct{ conf, want string }{
		{program("a", "depends_on=dbb") + program("db", ""), `[program:a] depends on 'dbb', which is neither a program nor a group; did you mean 'db'? (line 4`},
		{program("a", "depends_on=db:ready") + program("db", ""), "[program:a] depends on 'db:ready', which is neither a program nor a group; " +
			"if 'ready' was meant for a condition: allowed are running, healthy, exited (line 4"},
		{program("a", "depends_on=a"), "depends_on makes a cycle: a -> a (line 4"},
		{program("a", "depends_on=b") + program("b", "depends_on=c:exited") + program("c", "depends_on=a"), "depends_on makes a cycle: a -> b -> c -> a (line 4"},
		{program("a", "depends_on=:healthy"), "an entry has no name"},
		{program("a", "depends_on=b,,c") + program("b", "") + program("c", ""), "an entry has no name"},
		{program("a", "depends_policy=maybe"), "allowed: keep, stop, restart"},
	} {
		_, err := Parse("/c/supervisord.conf", []byte("[supervisord]\n"+c.conf), testOptions(t))
		if err == nil {
			t.Errorf("%q is accepted", c.conf)
			continue
		}
		got := err.Error()
		if want := strings.ReplaceAll(c.want, " (line 4", ""); !strings.Contains(got, want) {
			t.Errorf("%q: got %v, want %s", c.conf, got, want)
		}
		if strings.Contains(c.want, "(line 4") && !strings.Contains(got, "on line 4 ") {
			t.Errorf("%q: %v has no line", c.conf, got)
		}
	}
}
